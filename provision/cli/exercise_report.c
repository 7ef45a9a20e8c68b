#include <string.h>

#include "provision/cli/exercise.h"
#include "provision/cli/report.h"

/* One student's folder. */
struct student {
    const char *folder;
    char name[64];
    octi_record record;
    oct_error err; /* code is OCT_OK when the record was read */
};

static bool has_record(const char *folder)
{
    char path[OCTI_PATH];
    return octi_has_file(octi_path(path, folder, "progress.json"));
}

/* Named after the folder that was given; "ada/exercises" is ada's too. */
static void read_student(const char *folder, struct student *out)
{
    char below[OCTI_PATH];
    size_t length = strlen(folder);
    *out = (struct student){.folder = folder, .err = OCT_ERROR_INIT};
    while (length > 1 && folder[length - 1] == '/')
        length--;
    size_t first = length;
    while (first > 0 && folder[first - 1] != '/')
        first--;
    snprintf(out->name, sizeof(out->name), "%.*s", (int)(length - first), folder + first);
    octi_path(below, folder, "exercises");
    const char *where = has_record(folder) ? folder : below;
    if (!has_record(where)) {
        oct_fail(&out->err, OCT_E_NOTFOUND, "no progress.json in '%s'", folder);
        return;
    }
    out->err.code = octi_record_open(where, &out->record, &out->err);
}

static size_t passed_of(const cli_exercise *exercise, const octi_record *record)
{
    size_t passed = 0;
    for (size_t i = 0; i < exercise->name_count; i++)
        passed += octi_record_passed(record, exercise->names[i]);
    return passed;
}

/* Columns that a name takes: its bytes but for those that go on with a character (UTF-8). */
static size_t columns_of(const char *name)
{
    size_t columns = 0;
    for (; *name; name++)
        columns += ((unsigned char)*name & 0xc0) != 0x80;
    return columns;
}

/* No wider than what is in it, so that a course of many lessons is still a table on a terminal. */
static size_t width_of(const char *lesson, const struct student *students, size_t count)
{
    size_t width = 2;
    for (size_t s = 0; s < count; s++) {
        size_t one =
            students[s].err.code == OCT_OK ? strlen(octi_record_state(&students[s].record, lesson)) : 0;
        width = one > width ? one : width;
    }
    return width;
}

static void print_cell(const char *text, size_t width)
{
    size_t columns = columns_of(text);
    printf("%s%*s ", text, (int)(columns < width ? width - columns : 0), "");
}

static void print_table(const cli_exercise *exercise, const struct student *students, size_t count)
{
    size_t names = sizeof("student") - 1;
    for (size_t s = 0; s < count; s++)
        names = columns_of(students[s].name) > names ? columns_of(students[s].name) : names;
    print_cell("student", names);
    for (size_t i = 0; i < exercise->name_count; i++)
        printf("%-*.2s ", (int)width_of(exercise->names[i], students, count),
               exercise->names[i]); /* its number */
    printf("passed\n");
    for (size_t s = 0; s < count; s++) {
        const struct student *student = &students[s];
        print_cell(student->name, names);
        if (student->err.code != OCT_OK) {
            printf("%s\n", student->err.what);
            continue;
        }
        for (size_t i = 0; i < exercise->name_count; i++)
            print_cell(octi_record_state(&student->record, exercise->names[i]),
                       width_of(exercise->names[i], students, count));
        printf("%zu of %zu\n", passed_of(exercise, &student->record), exercise->name_count);
    }
}

/* How many are stuck at each stage of a lesson, where any are: what to explain again. */
static void print_stuck(const cli_exercise *exercise, const struct student *students, size_t count)
{
    bool any = false;
    for (size_t i = 0; i < exercise->name_count; i++)
        for (octi_stage stage = 0; stage < OCTI_STAGES; stage++) {
            size_t stuck = 0;
            for (size_t s = 0; s < count; s++) {
                const octi_record *record = &students[s].record;
                stuck += students[s].err.code == OCT_OK && !octi_record_passed(record, exercise->names[i]) &&
                         strcmp(octi_record_state(record, exercise->names[i]), octi_stage_name(stage)) == 0;
            }
            if (stuck == 0)
                continue;
            printf("%s%s: %zu stuck at '%s'\n", any ? "" : "\n", exercise->names[i], stuck,
                   octi_stage_name(stage));
            any = true;
        }
}

static void print_json(const cli_exercise *exercise, const struct student *students, size_t count)
{
    json_t *list = json_array();
    for (size_t s = 0; s < count; s++) {
        const struct student *student = &students[s];
        json_t *lessons = json_object();
        bool read = student->err.code == OCT_OK;
        for (size_t i = 0; read && i < exercise->name_count; i++) {
            const char *name = exercise->names[i];
            const json_t *known = octi_record_lesson(&student->record, name);
            json_object_set_new(lessons, name,
                                json_pack("{s:s, s:O*}", "state", octi_record_state(&student->record, name),
                                          "record", known));
        }
        json_array_append_new(list, json_pack("{s:s, s:s, s:i, s:o, s:s*}", "student", student->name,
                                              "folder", student->folder, "passed",
                                              read ? (int)passed_of(exercise, &student->record) : 0,
                                              "lessons", lessons, "error", read ? NULL : student->err.what));
    }
    cli_print_json(json_pack("{s:s, s:i, s:o}", "command", "exercise report", "lessons",
                             (int)exercise->name_count, "students", list));
}

int cli_exercise_report(cli_exercise *exercise, int argc, char **argv)
{
    if (argc == 0)
        return cli_usage(exercise->cli, "'exercise report' needs the folders of students");
    struct student *students = calloc((size_t)argc, sizeof(*students));
    size_t read = 0, count = (size_t)argc;
    oct_error err = OCT_ERROR_INIT;
    if (!students) {
        oct_fail(&err, OCT_E_NOMEM, "out of memory");
        return cli_fail(exercise->cli, &err, NULL);
    }
    for (size_t s = 0; s < count; s++) {
        read_student(argv[s], &students[s]);
        read += students[s].err.code == OCT_OK;
    }
    int status = CLI_EXIT_OK;
    if (read == 0) {
        status = cli_fail(exercise->cli, &students[0].err, NULL);
    } else if (exercise->cli->json) {
        print_json(exercise, students, count);
    } else {
        print_table(exercise, students, count);
        print_stuck(exercise, students, count);
    }
    for (size_t s = 0; s < count; s++)
        octi_record_close(&students[s].record);
    free(students);
    return status;
}
