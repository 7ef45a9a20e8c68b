#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

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
    oct_err code = copy_all(octi_path(from, root, "examples/template"), folder, name, err);
    if (code != OCT_OK)
        octi_remove_folder(folder);
    return code;
}
