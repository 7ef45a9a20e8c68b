#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provision/cli/program.h"
#include "provision/cli/suggest.h"

/* --- lists of strings --- */

static oct_err append(char ***list, size_t *count, const char *text, oct_error *err)
{
    char **grown = realloc(*list, (*count + 1) * sizeof(*grown));
    if (grown)
        *list = grown;
    char *copy = grown ? strdup(text) : NULL;
    if (!copy)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    grown[(*count)++] = copy;
    return OCT_OK;
}

/* A NULL after the last. */
static oct_err end_list(char ***list, size_t count, oct_error *err)
{
    char **grown = realloc(*list, (count + 1) * sizeof(*grown));
    if (!grown)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    grown[count] = NULL;
    *list = grown;
    return OCT_OK;
}

static void free_list(char **list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i]);
    free(list);
}

void cli_program_deinit(cli_program *program)
{
    free_list(program->sources, program->source_count);
    free_list(program->arguments, program->argument_count);
    free_list(program->flags, program->flag_count);
    free_list(program->data, program->data_count);
    *program = (cli_program){0};
}

/* --- names --- */

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length > end_length && strcmp(text + length - end_length, end) == 0;
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The executable of "src/search.c" is "search". */
static void name_after(const char *source, cli_program *out)
{
    const char *base = base_of(source);
    int length = (int)strlen(base) - (ends_with(base, ".c") ? 2 : 0);
    snprintf(out->name, sizeof(out->name), "%.*s", length, base);
}

/* --- files and folders --- */

static oct_err set_folder(const char *path, cli_program *out, oct_error *err)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    if (length + 2 > sizeof(out->folder))
        return oct_fail(err, OCT_E_INVALID, "the path '%.60s...' is too long", path);
    snprintf(out->folder, sizeof(out->folder), "%.*s/", (int)length, path);
    return OCT_OK;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static oct_err use_folder(const char *path, cli_program *out, oct_error *err)
{
    oct_err code = set_folder(path, out, err);
    if (code != OCT_OK)
        return code;
    DIR *folder = opendir(path);
    if (!folder)
        return oct_fail(err, OCT_E_IO, "cannot read folder '%s': %s", path, strerror(errno));
    for (struct dirent *entry; code == OCT_OK && (entry = readdir(folder));)
        if (ends_with(entry->d_name, ".c") && entry->d_name[0] != '.')
            code = append(&out->sources, &out->source_count, entry->d_name, err);
    closedir(folder);
    if (code != OCT_OK)
        return code;
    if (out->source_count == 0)
        return oct_fail(err, OCT_E_NOTFOUND, "folder '%s' holds no .c file", path);
    qsort(out->sources, out->source_count, sizeof(*out->sources), compare);

    char resolved[4096];
    out->whole_folder = true;
    snprintf(out->name, sizeof(out->name), "%.127s",
             realpath(path, resolved) ? base_of(resolved) : "program");
    return OCT_OK;
}

/* --- lessons --- */

static oct_err read_strings(const json_t *lesson, const char *key, char ***list, size_t *count,
                            const char *path, oct_error *err)
{
    const json_t *array = json_object_get(lesson, key);
    size_t index;
    json_t *value;
    if (array && !json_is_array(array))
        return oct_fail(err, OCT_E_INVALID, "'%s' in %s is not a list", key, path);
    json_array_foreach(array, index, value)
    {
        if (!json_is_string(value))
            return oct_fail(err, OCT_E_INVALID, "'%s' in %s holds something else than text", key, path);
        oct_err code = append(list, count, json_string_value(value), err);
        if (code != OCT_OK)
            return code;
    }
    return OCT_OK;
}

/* What every program of the folder is compiled with. */
static oct_err read_build(const json_t *lesson, const char *path, cli_program *out, oct_error *err)
{
    char **libraries = NULL;
    size_t count = 0;
    oct_err code = read_strings(lesson, "sources", &out->sources, &out->source_count, path, err);
    if (code == OCT_OK)
        code = read_strings(lesson, "libraries", &libraries, &count, path, err);
    for (size_t i = 0; i < count && code == OCT_OK; i++) {
        char flag[80];
        snprintf(flag, sizeof(flag), "-l%.70s", libraries[i]);
        code = append(&out->flags, &out->flag_count, flag, err);
    }
    free_list(libraries, count);
    return code;
}

static oct_err read_lesson(const json_t *lesson, const char *path, cli_lesson_part part, cli_program *out,
                           oct_error *err)
{
    const char *key = part == CLI_LESSON_SOLUTION ? "program" : "sequential";
    const char *source = json_string_value(json_object_get(lesson, key));
    if (!source || strchr(source, '/') || !ends_with(source, ".c"))
        return oct_fail(err, OCT_E_INVALID, "'%s' in %s does not name a .c file beside it", key, path);
    oct_err code = append(&out->sources, &out->source_count, source, err);
    if (code == OCT_OK)
        code = read_build(lesson, path, out, err);
    if (code == OCT_OK)
        code = read_strings(lesson, "arguments", &out->arguments, &out->argument_count, path, err);
    if (code == OCT_OK)
        code = read_strings(lesson, "data", &out->data, &out->data_count, path, err);
    /* Lists that others walk to their NULL. */
    if (code == OCT_OK && out->argument_count > 0)
        code = end_list(&out->arguments, out->argument_count, err);
    return code;
}

static json_t *load_lesson(const char *path, oct_error *err)
{
    json_error_t where;
    json_t *lesson = json_load_file(path, 0, &where);
    if (!lesson)
        oct_fail(err, OCT_E_INVALID, "%s:%d: %s", path, where.line, where.text);
    return lesson;
}

static oct_err use_lesson(const char *name, const char *folder, const char *path, cli_lesson_part part,
                          cli_program *out, oct_error *err)
{
    json_t *lesson = load_lesson(path, err);
    if (!lesson)
        return err ? err->code : OCT_E_INVALID;
    oct_err code = set_folder(folder, out, err);
    if (code == OCT_OK)
        code = read_lesson(lesson, path, part, out, err);
    json_decref(lesson);
    out->whole_folder = true;
    snprintf(out->lesson, sizeof(out->lesson), "%s", name);
    snprintf(out->name, sizeof(out->name), "%s", name);
    return code;
}

/* A file of a lesson's folder is compiled as the lesson says. */
static oct_err use_file(const char *path, cli_program *out, oct_error *err)
{
    const char *base = base_of(path);
    char beside[sizeof(out->folder) + 16];
    if ((size_t)(base - path) >= sizeof(out->folder))
        return oct_fail(err, OCT_E_INVALID, "the path '%.60s...' is too long", path);
    snprintf(out->folder, sizeof(out->folder), "%.*s", (int)(base - path), path);
    snprintf(beside, sizeof(beside), "%slesson.json", out->folder);
    name_after(path, out);
    oct_err code = append(&out->sources, &out->source_count, base, err);
    if (code != OCT_OK || access(beside, F_OK) != 0)
        return code;
    json_t *lesson = load_lesson(beside, err);
    if (!lesson)
        return err ? err->code : OCT_E_INVALID;
    code = read_build(lesson, beside, out, err);
    json_decref(lesson);
    return code;
}

static bool is_plain_name(const char *text)
{
    return *text && *text != '.' && !strchr(text, '/');
}

/* The lesson nearest to a mistyped name, into out. */
static bool nearest_lesson(const char *root, const char *typed, char *out, size_t size)
{
    char examples[4096];
    snprintf(examples, sizeof(examples), "%s/examples", root);
    DIR *folder = opendir(examples);
    if (!folder)
        return false;
    unsigned fewest = (unsigned)strlen(typed) / 3 + 1;
    bool found = false;
    for (struct dirent *entry; (entry = readdir(folder));) {
        unsigned distance = cli_edit_distance(typed, entry->d_name);
        if (entry->d_name[0] == '.' || distance >= fewest)
            continue;
        fewest = distance;
        found = true;
        snprintf(out, size, "%s", entry->d_name);
    }
    closedir(folder);
    return found;
}

static oct_err not_found(const char *what, const char *root, oct_error *err)
{
    char nearest[256];
    oct_fail(err, OCT_E_NOTFOUND, "cannot run '%s': %s", what, strerror(ENOENT));
    if (root && is_plain_name(what) && nearest_lesson(root, what, nearest, sizeof(nearest)))
        return oct_hint(err, "did you mean the lesson '%s'?", nearest);
    return oct_hint(err, "give a lesson, a .c file, a folder of .c files, or a program in the cluster");
}

/* A name such as "01-map" can only be meant as a lesson. */
static bool looks_like_lesson(const char *name)
{
    return name[0] >= '0' && name[0] <= '9' && name[1] >= '0' && name[1] <= '9' && name[2] == '-';
}

oct_err cli_program_find(const char *what, const char *root, cli_lesson_part part, cli_program *out,
                         oct_error *err)
{
    struct stat stat_what, stat_lesson;
    char folder[4096], lesson[4200];
    *out = (cli_program){0};
    if (!*what)
        return oct_fail(err, OCT_E_INVALID, "nothing to run was named");

    snprintf(folder, sizeof(folder), "%s/examples/%s", root ? root : "", what);
    snprintf(lesson, sizeof(lesson), "%s/lesson.json", folder);
    bool here = stat(what, &stat_what) == 0;
    oct_err code;
    if (root && is_plain_name(what) && stat(lesson, &stat_lesson) == 0) {
        code = use_lesson(what, folder, lesson, part, out, err);
    } else if (here && S_ISDIR(stat_what.st_mode)) {
        code = use_folder(what, out, err);
    } else if (here && ends_with(what, ".c")) {
        code = use_file(what, out, err);
    } else if (ends_with(what, ".c") || ends_with(what, "/") || looks_like_lesson(what)) {
        code = not_found(what, root, err);
    } else {
        name_after(what, out);
        snprintf(out->remote, sizeof(out->remote), "%s", what);
        code = strlen(what) < sizeof(out->remote) ? OCT_OK
                                                  : oct_fail(err, OCT_E_INVALID, "the name is too long");
    }
    if (code != OCT_OK)
        cli_program_deinit(out);
    return code;
}
