#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "provision/exercise/lesson.h"
#include "provision/exercise/scaffold.h"

static bool is_lesson_name(const char *name)
{
    size_t length = strlen(name);
    if (length < 4 || length > 40 || !isdigit((unsigned char)name[0]) || !isdigit((unsigned char)name[1]) ||
        name[2] != '-')
        return false;
    for (const char *at = name + 3; *at; at++)
        if (!islower((unsigned char)*at) && !isdigit((unsigned char)*at) && *at != '-')
            return false;
    return true;
}

/* A lesson is meant by its number too ('check 1'), so two of one number would have none. */
static oct_err refuse_taken(const char *root, const char *name, oct_error *err)
{
    bool taken[100] = {false};
    char by[64] = "";
    char **names;
    size_t count, free_one = 1;
    oct_err code = octi_lesson_names(root, &names, &count, err);
    if (code != OCT_OK)
        return code;
    for (size_t i = 0; i < count; i++) {
        size_t number = (size_t)strtoul(names[i], NULL, 10);
        taken[number < 100 ? number : 0] = true;
        if (strncmp(names[i], name, 3) == 0)
            snprintf(by, sizeof(by), "%s", names[i]);
    }
    octi_lesson_names_free(names, count);
    if (!by[0])
        return OCT_OK;
    while (free_one < 99 && taken[free_one])
        free_one++;
    oct_fail(err, OCT_E_EXISTS, "the number of '%s' is that of '%s'", name, by);
    return oct_hint(err, "choose another: %02zu is free", free_one);
}

/* Copies a file of the template, in which the word "template" stands for the lesson's name. */
static oct_err copy_file(const char *from, const char *to, const char *name, oct_error *err)
{
    static const char word[] = "template";
    octi_buffer text = {0}, named = {0};
    oct_err code = octi_read_file(from, 1 << 20, &text, err);
    const char *at = text.data ? text.data : "";
    for (const char *found; code == OCT_OK && (found = strstr(at, word)); at = found + strlen(word)) {
        code = octi_buffer_append(&named, at, (size_t)(found - at));
        if (code == OCT_OK)
            code = octi_buffer_append(&named, name, strlen(name));
    }
    if (code == OCT_OK)
        code = octi_buffer_append(&named, at, strlen(at));
    if (code == OCT_OK)
        code = octi_write_file(to, named.data, named.size, err);
    octi_buffer_deinit(&text);
    octi_buffer_deinit(&named);
    return code;
}

static oct_err copy_all(const char *from, const char *to, const char *name, oct_error *err)
{
    DIR *folder = opendir(from);
    if (!folder)
        return oct_fail(err, OCT_E_NOTFOUND, "cannot read '%s': %s", from, strerror(errno));
    oct_err code = OCT_OK;
    for (struct dirent *entry; code == OCT_OK && (entry = readdir(folder));) {
        char source[OCTI_PATH], target[OCTI_PATH];
        if (entry->d_name[0] != '.')
            code = copy_file(octi_path(source, from, entry->d_name), octi_path(target, to, entry->d_name),
                             name, err);
    }
    closedir(folder);
    return code;
}

oct_err octi_scaffold(const char *root, const char *name, char folder[OCTI_PATH], oct_error *err)
{
    if (!is_lesson_name(name)) {
        oct_fail(err, OCT_E_INVALID, "'%.60s' is no name for a lesson", name);
        return oct_hint(err, "two digits, '-' and a word, such as 09-primes");
    }
    oct_err code = refuse_taken(root, name, err);
    if (code != OCT_OK)
        return code;
    snprintf(folder, OCTI_PATH, "%.4000s/examples/%s", root, name);
    if (mkdir(folder, 0777) != 0) {
        int why = errno;
        oct_fail(err,
                 why == EEXIST   ? OCT_E_EXISTS
                 : why == EACCES ? OCT_E_DENIED
                                 : OCT_E_IO,
                 "cannot make '%s': %s", folder, strerror(why));
        return why == EEXIST ? oct_hint(err, "choose another name") : (err ? err->code : OCT_E_IO);
    }
    char from[OCTI_PATH];
    code = copy_all(octi_path(from, root, "examples/template"), folder, name, err);
    if (code != OCT_OK)
        octi_remove_folder(folder);
    return code;
}
