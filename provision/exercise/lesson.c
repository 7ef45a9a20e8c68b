#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "provision/exercise/lesson.h"

static const char *const stage_names[OCTI_STAGES] = {
    "compile", "answer", "processes", "cluster", "race", "leak", "speed",
};

const char *octi_stage_name(octi_stage stage)
{
    return stage < OCTI_STAGES ? stage_names[stage] : "?";
}

octi_stage octi_stage_find(const char *name)
{
    octi_stage stage = 0;
    while (stage < OCTI_STAGES && strcmp(stage_names[stage], name) != 0)
        stage++;
    return stage;
}

/* --- reading; each reader names the key --- */

struct reading {
    const octi_lesson *lesson;
    oct_error *err;
};

static oct_err wrong(const struct reading *at, const char *key, const char *expected)
{
    return oct_fail(at->err, OCT_E_INVALID, "'%s' in %s/lesson.json is not %s", key, at->lesson->folder,
                    expected);
}

static bool is_file_name(const char *text)
{
    return text && *text && *text != '.' && !strchr(text, '/');
}

/* The name of a file beside lesson.json. */
static oct_err read_file_name(const struct reading *at, const json_t *object, const char *key,
                              const char **out)
{
    *out = json_string_value(json_object_get(object, key));
    return is_file_name(*out) ? OCT_OK : wrong(at, key, "the name of a file beside it");
}

static oct_err read_texts(const struct reading *at, const json_t *object, const char *key,
                          const char *out[OCTI_LESSON_LIST], size_t *count)
{
    const json_t *list = json_object_get(object, key);
    size_t index;
    json_t *value;
    if (list && (!json_is_array(list) || json_array_size(list) >= OCTI_LESSON_LIST))
        return wrong(at, key, "a list of at most 15 texts");
    json_array_foreach(list, index, value)
    {
        if (!json_is_string(value))
            return wrong(at, key, "a list of texts");
        out[index] = json_string_value(value);
    }
    if (count)
        *count = json_array_size(list);
    return OCT_OK;
}

static oct_err read_number(const struct reading *at, const json_t *object, const char *key, double low,
                           double high, double *out)
{
    const json_t *value = json_object_get(object, key);
    if (!value)
        return OCT_OK;
    double number = json_number_value(value);
    if (!json_is_number(value) || number < low || number > high)
        return wrong(at, key, "a number in its range");
    *out = number;
    return OCT_OK;
}

static oct_err read_data(const struct reading *at, const json_t *object, octi_lesson *out)
{
    json_t *data = json_object_get(object, "data"), *value;
    const char *name;
    if (data && !json_is_object(data))
        return wrong(at, "data", "an object of data sets");
    json_object_foreach(data, name, value)
    {
        const char *size = json_string_value(json_object_get(value, "size"));
        const char *speed_size = json_string_value(json_object_get(value, "speed_size"));
        if (out->data_count == OCTI_LESSON_DATA || !is_file_name(name) || !size)
            return wrong(at, "data", "at most four data sets with a size each");
        out->data[out->data_count++] =
            (octi_lesson_data){.name = name, .size = size, .speed_size = speed_size ? speed_size : size};
    }
    return OCT_OK;
}

static oct_err read_seeds(const struct reading *at, const json_t *object, octi_lesson *out)
{
    const json_t *seeds = json_object_get(object, "seeds");
    size_t index;
    json_t *value;
    out->seeds[0] = 42;
    out->seed_count = 1;
    if (!seeds)
        return OCT_OK;
    if (!json_is_array(seeds) || json_array_size(seeds) < 1 || json_array_size(seeds) > OCTI_LESSON_SEEDS)
        return wrong(at, "seeds", "a list of one to four whole numbers");
    json_array_foreach(seeds, index, value)
    {
        if (!json_is_integer(value) || json_integer_value(value) < 0)
            return wrong(at, "seeds", "a list of one to four whole numbers");
        out->seeds[index] = (uint64_t)json_integer_value(value);
    }
    out->seed_count = json_array_size(seeds);
    return OCT_OK;
}

static oct_err read_compare(const struct reading *at, const json_t *object, octi_lesson *out)
{
    static const char *const names[] = {"exact", "lines", "numbers"};
    const json_t *value = json_object_get(object, "compare");
    if (!value)
        return OCT_OK;
    for (size_t i = 0; json_is_string(value) && i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(json_string_value(value), names[i]) == 0) {
            out->compare = (octi_compare)i;
            return OCT_OK;
        }
    return wrong(at, "compare", "exact, lines or numbers");
}

/* All stages apply unless the list says which. */
static oct_err read_stages(const struct reading *at, const json_t *object, octi_lesson *out)
{
    const json_t *list = json_object_get(object, "stages");
    size_t index;
    json_t *value;
    if (list && !json_is_array(list))
        return wrong(at, "stages", "a list of stages");
    for (octi_stage stage = 0; stage < OCTI_STAGES; stage++)
        out->stages[stage] = !list;
    json_array_foreach(list, index, value)
    {
        octi_stage stage = json_is_string(value) ? octi_stage_find(json_string_value(value)) : OCTI_STAGES;
        if (stage == OCTI_STAGES)
            return wrong(at, "stages", "a list of stages");
        out->stages[stage] = true;
    }
    out->stages[OCTI_STAGE_COMPILE] = true;
    return OCT_OK;
}

static oct_err read_headings(const struct reading *at, const json_t *object, octi_lesson *out)
{
    json_t *read = json_object_get(object, "read"), *value;
    const char *name;
    if (read && !json_is_object(read))
        return wrong(at, "read", "an object of stages and headings");
    for (octi_stage stage = 0; stage < OCTI_STAGES; stage++)
        out->read[stage] = "What to do";
    json_object_foreach(read, name, value)
    {
        octi_stage stage = octi_stage_find(name);
        if (stage == OCTI_STAGES || !json_is_string(value))
            return wrong(at, "read", "an object of stages and headings");
        out->read[stage] = json_string_value(value);
    }
    return OCT_OK;
}

static oct_err read_exercise(const struct reading *at, const json_t *exercise, octi_lesson *out)
{
    out->seconds = 20;
    out->speed = 0.4;
    out->tolerance = 1e-9;
    oct_err code = read_texts(at, exercise, "hints", out->hints, &out->hint_count);
    if (code == OCT_OK)
        code = read_data(at, exercise, out);
    if (code == OCT_OK)
        code = read_seeds(at, exercise, out);
    if (code == OCT_OK)
        code = read_compare(at, exercise, out);
    if (code == OCT_OK)
        code = read_stages(at, exercise, out);
    if (code == OCT_OK)
        code = read_headings(at, exercise, out);
    if (code == OCT_OK)
        code = read_number(at, exercise, "seconds", 0.1, 600, &out->seconds);
    if (code == OCT_OK)
        code = read_number(at, exercise, "speed", 0, 1, &out->speed);
    if (code == OCT_OK)
        code = read_number(at, exercise, "tolerance", 0, 1, &out->tolerance);
    return code;
}

static oct_err read_lesson(const json_t *document, octi_lesson *out, oct_error *err)
{
    struct reading at = {out, err};
    const json_t *exercise = json_object_get(document, "exercise");
    out->title = json_string_value(json_object_get(document, "title"));
    out->part = json_string_value(json_object_get(document, "part"));
    if (!exercise)
        return oct_fail(err, OCT_E_NOTFOUND, "'%s' is no lesson with an exercise", out->name);
    if (!json_is_object(exercise))
        return wrong(&at, "exercise", "an object");
    if (!out->title)
        return wrong(&at, "title", "a text");
    oct_err code = read_file_name(&at, document, "sequential", &out->exercise);
    if (code == OCT_OK)
        code = read_file_name(&at, document, "program", &out->solution);
    if (code == OCT_OK)
        code = read_texts(&at, document, "sources", out->sources, NULL);
    if (code == OCT_OK)
        code = read_texts(&at, document, "libraries", out->libraries, NULL);
    if (code == OCT_OK)
        code = read_texts(&at, document, "arguments", out->arguments, NULL);
    return code == OCT_OK ? read_exercise(&at, exercise, out) : code;
}

oct_err octi_lesson_load(const char *root, const char *name, octi_lesson *out, oct_error *err)
{
    char path[OCTI_PATH];
    octi_lesson lesson = {0};
    json_error_t where;
    if (!is_file_name(name) || strlen(name) >= sizeof(lesson.name))
        return oct_fail(err, OCT_E_NOTFOUND, "there is no lesson '%.60s'", name);
    snprintf(lesson.name, sizeof(lesson.name), "%s", name);
    if ((size_t)snprintf(lesson.folder, sizeof(lesson.folder), "%s/examples/%s", root, name) >=
        sizeof(lesson.folder) - 64)
        return oct_fail(err, OCT_E_INVALID, "the path '%.60s...' is too long", root);
    octi_path(path, lesson.folder, "lesson.json");
    if (!octi_has_file(path))
        return oct_fail(err, OCT_E_NOTFOUND, "there is no lesson '%s'", name);
    lesson.document = json_load_file(path, 0, &where);
    if (!lesson.document)
        return oct_fail(err, OCT_E_INVALID, "%s:%d: %s", path, where.line, where.text);
    oct_err code = read_lesson(lesson.document, &lesson, err);
    if (code == OCT_OK)
        *out = lesson;
    else
        json_decref(lesson.document);
    return code;
}

void octi_lesson_deinit(octi_lesson *lesson)
{
    json_decref(lesson->document);
    *lesson = (octi_lesson){0};
}

/* --- the catalogue --- */

static int has_exercise(const struct dirent *entry)
{
    return entry->d_name[0] >= '0' && entry->d_name[0] <= '9';
}

oct_err octi_lesson_names(const char *root, char ***names, size_t *count, oct_error *err)
{
    char path[OCTI_PATH];
    struct dirent **entries;
    octi_path(path, root, "examples");
    int found = scandir(path, &entries, has_exercise, alphasort);
    if (found < 0)
        return oct_fail(err, OCT_E_NOTFOUND, "cannot read the lessons in '%s': %s", path, strerror(errno));
    char **list = calloc((size_t)found + 1, sizeof(*list));
    size_t kept = 0;
    for (int i = 0; i < found; i++) {
        octi_lesson lesson;
        /* One that is spoilt is listed, so that using it tells what is wrong. */
        oct_err code = octi_lesson_load(root, entries[i]->d_name, &lesson, NULL);
        if (code == OCT_OK)
            octi_lesson_deinit(&lesson);
        if (list && code != OCT_E_NOTFOUND && (list[kept] = strdup(entries[i]->d_name)))
            kept++;
        free(entries[i]);
    }
    free(entries);
    if (!list)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    *names = list;
    *count = kept;
    return OCT_OK;
}

void octi_lesson_names_free(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}
