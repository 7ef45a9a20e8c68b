#include <string.h>
#include <unistd.h>

#include "provision/cli/commands.h"
#include "provision/cli/exercise.h"
#include "provision/cli/report.h"
#include "provision/cli/suggest.h"
#include "provision/exercise/reference.h"

/* --- lessons --- */

const char *cli_exercise_next(const cli_exercise *exercise, const char *name)
{
    bool after = !name;
    for (size_t i = 0; i < exercise->name_count; i++) {
        if (after && !octi_record_passed(&exercise->record, exercise->names[i]))
            return exercise->names[i];
        after = after || strcmp(exercise->names[i], name) == 0;
    }
    return NULL;
}

/* "1" and "map" mean "01-map" as well, where they mean no other. */
static const char *meant(const cli_exercise *exercise, const char *named)
{
    const char *found = NULL;
    for (size_t i = 0; i < exercise->name_count; i++) {
        const char *name = exercise->names[i], *word = strchr(name, '-');
        char *end;
        long number = strtol(named, &end, 10);
        bool by_number = end != named && !*end && number == strtol(name, NULL, 10);
        if (strcmp(name, named) == 0)
            return name;
        if (by_number || (word && strcmp(word + 1, named) == 0)) {
            if (found)
                return NULL;
            found = name;
        }
    }
    return found;
}

oct_err cli_exercise_lesson(const cli_exercise *exercise, const char *named, octi_lesson *out, oct_error *err)
{
    const char *name = named ? meant(exercise, named) : NULL;
    if (!named && exercise->course.lesson[0])
        name = meant(exercise, exercise->course.lesson);
    for (size_t i = 0; !named && !name && i < exercise->name_count; i++)
        if (octi_record_started(&exercise->record, exercise->names[i]) &&
            !octi_record_passed(&exercise->record, exercise->names[i]))
            name = exercise->names[i];
    if (name)
        return octi_lesson_load(exercise->cli->root, name, out, err);
    if (!named) {
        const char *next = cli_exercise_next(exercise, NULL);
        oct_fail(err, OCT_E_NOTFOUND, "no lesson is under way in '%s'", exercise->course.folder);
        return oct_hint(err, "'octavo exercise start %s' begins one", next ? next : "01-map");
    }
    const char *near = cli_nearest(named, (const char *const *)exercise->names, exercise->name_count);
    oct_fail(err, OCT_E_NOTFOUND, "there is no lesson '%.60s'", named);
    return near ? oct_hint(err, "did you mean '%s'?", near)
                : oct_hint(err, "'octavo exercise list' shows those there are");
}

/* --- list and progress --- */

void cli_exercise_bar(const cli_exercise *exercise, char *text, size_t size)
{
    enum { WIDTH = 20 };
    size_t passed = 0, all = exercise->name_count;
    for (size_t i = 0; i < all; i++)
        passed += octi_record_passed(&exercise->record, exercise->names[i]);
    int full = all ? (int)(WIDTH * passed / all) : 0;
    snprintf(text, size, "[%.*s%.*s] %zu of %zu", full, "####################", WIDTH - full,
             "....................", passed, all);
}

/* As wide as the longest name that is not absurd: what follows names stands below each other. */
static int name_width(const cli_exercise *exercise)
{
    enum { ABSURD = 40 };
    size_t width = 0;
    for (size_t i = 0; i < exercise->name_count; i++) {
        size_t length = strlen(exercise->names[i]);
        width = length > width && length < ABSURD ? length : width;
    }
    return (int)width;
}

/* A heading where another part of the course begins. */
static void print_part(const octi_lesson *lesson, char part[64], FILE *out)
{
    if (lesson->part && strncmp(lesson->part, part, 63) != 0)
        fprintf(out, "\n%s:\n", lesson->part);
    snprintf(part, 64, "%s", lesson->part ? lesson->part : "");
}

void cli_exercise_print_list(const cli_exercise *exercise, FILE *out)
{
    char bar[64], part[64] = "";
    for (size_t i = 0; i < exercise->name_count; i++) {
        octi_lesson lesson;
        oct_error err = OCT_ERROR_INIT;
        const char *name = exercise->names[i];
        bool loaded = octi_lesson_load(exercise->cli->root, name, &lesson, &err) == OCT_OK;
        if (loaded)
            print_part(&lesson, part, out);
        char title[96];
        snprintf(title, sizeof(title), "%-*s %-10s ", name_width(exercise), name,
                 octi_record_state(&exercise->record, name));
        cli_exercise_wrapped(out, title, loaded ? lesson.title : err.what);
        if (loaded)
            octi_lesson_deinit(&lesson);
    }
    cli_exercise_bar(exercise, bar, sizeof(bar));
    fprintf(out, "%s passed\n", bar);
}

static json_t *references_json(const cli_exercise *exercise)
{
    octi_reference references[OCTI_REFERENCES];
    size_t count = octi_references(exercise->cli->root, references);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(
            list, json_pack("{s:s, s:s}", "name", references[i].name, "title", references[i].title));
    return list;
}

static void print_references(const cli_exercise *exercise)
{
    octi_reference references[OCTI_REFERENCES];
    size_t count = octi_references(exercise->cli->root, references);
    if (count == 0)
        return;
    printf("\nto read and to measure (octavo run -n 1 examples/reference/%s.c):\n", references[0].name);
    for (size_t i = 0; i < count; i++) {
        char title[96];
        snprintf(title, sizeof(title), "%-*.64s ", name_width(exercise), references[i].name);
        cli_exercise_wrapped(stdout, title, references[i].title);
    }
}

static json_t *list_json(const cli_exercise *exercise)
{
    json_t *lessons = json_array();
    for (size_t i = 0; i < exercise->name_count; i++) {
        const char *name = exercise->names[i];
        octi_lesson lesson;
        if (octi_lesson_load(exercise->cli->root, name, &lesson, NULL) != OCT_OK)
            continue;
        const json_t *known = octi_record_lesson(&exercise->record, name);
        json_array_append_new(lessons,
                              json_pack("{s:s, s:s, s:s, s:O*}", "name", name, "title", lesson.title, "state",
                                        octi_record_state(&exercise->record, name), "record", known));
        octi_lesson_deinit(&lesson);
    }
    return json_pack("{s:s, s:s, s:o, s:o}", "command", "exercise list", "folder", exercise->course.folder,
                     "lessons", lessons, "references", references_json(exercise));
}

static int list(cli_exercise *exercise, int argc, char **argv)
{
    (void)argv;
    if (argc > 0)
        return cli_usage(exercise->cli, "'exercise list' takes no lesson");
    if (exercise->cli->json) {
        cli_print_json(list_json(exercise));
    } else {
        cli_exercise_print_list(exercise, stdout);
        print_references(exercise);
    }
    return CLI_EXIT_OK;
}

/* One line a lesson that was begun: what each stage said last, and the speed-up. */
static int progress(cli_exercise *exercise, int argc, char **argv)
{
    char bar[64];
    (void)argv;
    if (argc > 0)
        return cli_usage(exercise->cli, "'exercise progress' takes no lesson");
    if (exercise->cli->json) {
        cli_print_json(list_json(exercise));
        return CLI_EXIT_OK;
    }
    for (size_t i = 0; i < exercise->name_count; i++) {
        const char *name = exercise->names[i], *stage;
        json_t *known = (json_t *)octi_record_lesson(&exercise->record, name), *outcome;
        if (!known)
            continue;
        int checks = (int)json_integer_value(json_object_get(known, "checks"));
        size_t hints = octi_record_hints(&exercise->record, name);
        printf("%-*s %-10s %d check%s, %zu hint%s", name_width(exercise), name,
               octi_record_state(&exercise->record, name), checks, checks == 1 ? "" : "s", hints,
               hints == 1 ? "" : "s");
        if (json_is_real(json_object_get(known, "speed_up")))
            printf(", %.2f times as fast", json_real_value(json_object_get(known, "speed_up")));
        printf("\n");
        json_object_foreach(json_object_get(known, "stages"), stage, outcome)
        {
            if (octi_stage_find(stage) < OCTI_STAGES && json_is_string(outcome))
                printf("    %-12s %s\n", stage, json_string_value(outcome));
        }
    }
    cli_exercise_bar(exercise, bar, sizeof(bar));
    printf("%s passed\n", bar);
    return CLI_EXIT_OK;
}

/* --- start, reset, hint, solution --- */

static int fail(const cli_exercise *exercise, const oct_error *err)
{
    return cli_fail(exercise->cli, err, NULL);
}

static int start(cli_exercise *exercise, int argc, char **argv)
{
    octi_lesson lesson;
    oct_error err = OCT_ERROR_INIT;
    char folder[OCTI_PATH];
    const char *named = argc > 0 ? argv[0] : cli_exercise_next(exercise, NULL);
    if (cli_exercise_lesson(exercise, named, &lesson, &err) != OCT_OK)
        return fail(exercise, &err);
    octi_course_lesson(&exercise->course, lesson.name, folder);
    if (exercise->cli->dry_run) {
        cli_say(exercise->cli, "would copy the lesson '%s' to '%s'", lesson.name, folder);
        octi_lesson_deinit(&lesson);
        return CLI_EXIT_OK;
    }
    oct_err code = octi_course_start(&exercise->course, &lesson, &err);
    if (code == OCT_OK) {
        octi_record_start(&exercise->record, lesson.name);
        code = octi_record_save(&exercise->record, &err);
    }
    if (code == OCT_OK && !exercise->cli->json)
        printf("%s: %s\n\n"
               "  read   %s/README.md\n"
               "  edit   %s/%s\n"
               "  check  octavo exercise check %s     (or watch: again at each save)\n",
               lesson.name, lesson.title, folder, folder, lesson.exercise, lesson.name);
    else if (code == OCT_OK)
        cli_print_json(json_pack("{s:s, s:s, s:s}", "command", "exercise start", "lesson", lesson.name,
                                 "folder", folder));
    octi_lesson_deinit(&lesson);
    return code == OCT_OK ? CLI_EXIT_OK : fail(exercise, &err);
}

static int reset(cli_exercise *exercise, int argc, char **argv)
{
    octi_lesson lesson;
    oct_error err = OCT_ERROR_INIT;
    char folder[OCTI_PATH], backup[OCTI_PATH];
    if (cli_exercise_lesson(exercise, argc > 0 ? argv[0] : NULL, &lesson, &err) != OCT_OK)
        return fail(exercise, &err);
    octi_course_lesson(&exercise->course, lesson.name, folder);
    bool edited = octi_has_file(folder) && octi_course_edited(&exercise->course, &lesson);
    oct_err code = OCT_OK;
    int status = CLI_EXIT_OK;
    if (exercise->cli->dry_run) {
        cli_say(exercise->cli, "would begin '%s' anew, after moving '%s' away", lesson.name, folder);
    } else if (edited && !exercise->cli->yes && !cli_may_ask(exercise->cli)) {
        oct_fail(&err, OCT_E_DENIED, "%s in '%s' was edited, and there is nobody to ask", lesson.exercise,
                 folder);
        code = oct_hint(&err, "--yes begins anew all the same; what is there is kept as a backup");
    } else if (edited && !cli_confirm(exercise->cli, "%s was edited. Begin anew? (It is kept as a backup.)",
                                      lesson.exercise)) {
        cli_say(exercise->cli, "nothing was changed");
        status = CLI_EXIT_FAILED;
    } else if ((code = octi_course_reset(&exercise->course, &lesson, backup, &err)) == OCT_OK) {
        if (exercise->cli->json)
            cli_print_json(json_pack("{s:s, s:s, s:s, s:s}", "command", "exercise reset", "lesson",
                                     lesson.name, "folder", folder, "backup", backup));
        else
            printf("%s is as it was handed out; what you had is in\n  %s\n", lesson.name, backup);
    }
    octi_lesson_deinit(&lesson);
    return code == OCT_OK ? status : fail(exercise, &err);
}

oct_err cli_exercise_hint(cli_exercise *exercise, const octi_lesson *lesson, FILE *out, oct_error *err)
{
    size_t shown = octi_record_hints(&exercise->record, lesson->name);
    if (lesson->hint_count == 0) {
        if (out)
            fprintf(out, "%s has no hints\n", lesson->name);
        return OCT_OK;
    }
    size_t from = shown < lesson->hint_count ? shown : 0;
    size_t to = shown < lesson->hint_count ? shown + 1 : lesson->hint_count;
    for (size_t i = from; out && i < to; i++) {
        char title[48];
        snprintf(title, sizeof(title), "hint %zu of %zu: ", i + 1, lesson->hint_count);
        cli_exercise_wrapped(out, title, lesson->hints[i]);
    }
    if (out && to == lesson->hint_count)
        fprintf(out, "\nThat is all. 'octavo exercise solution %s --anyway' shows one answer.\n",
                lesson->name);
    octi_record_hint(&exercise->record, lesson->name, to);
    return octi_record_save(&exercise->record, err);
}

oct_err cli_exercise_solution(cli_exercise *exercise, const octi_lesson *lesson, bool anyway, FILE *out,
                              oct_error *err)
{
    char from[OCTI_PATH], folder[OCTI_PATH], to[OCTI_PATH];
    if (!octi_record_right(&exercise->record, lesson->name) && !anyway) {
        oct_fail(err, OCT_E_DENIED, "the solution of '%s' opens when yours has passed", lesson->name);
        return oct_hint(err, "'octavo exercise hint %s' helps; --anyway opens it now", lesson->name);
    }
    octi_path(from, lesson->folder, lesson->solution);
    octi_course_lesson(&exercise->course, lesson->name, folder);
    octi_path(to, folder, lesson->solution);
    if (!octi_has_file(folder)) {
        oct_fail(err, OCT_E_NOTFOUND, "'%s' was not started in '%s'", lesson->name, exercise->course.folder);
        return oct_hint(err, "'octavo exercise start %s' does", lesson->name);
    }
    oct_err code = octi_copy_file(from, to, err);
    if (code == OCT_OK) {
        if (out)
            fprintf(out, "one answer, beside yours: %s\n", to);
        octi_record_solution(&exercise->record, lesson->name);
        code = octi_record_save(&exercise->record, err);
    }
    return code;
}

/* The hints that were shown so far. */
static json_t *hints_json(const cli_exercise *exercise, const octi_lesson *lesson)
{
    json_t *hints = json_array();
    size_t shown = octi_record_hints(&exercise->record, lesson->name);
    for (size_t i = 0; i < shown && i < lesson->hint_count; i++)
        json_array_append_new(hints, json_string(lesson->hints[i]));
    return json_pack("{s:s, s:s, s:i, s:o}", "command", "exercise hint", "lesson", lesson->name, "of",
                     (int)lesson->hint_count, "hints", hints);
}

static int hint(cli_exercise *exercise, int argc, char **argv)
{
    octi_lesson lesson;
    oct_error err = OCT_ERROR_INIT;
    oct_err code = cli_exercise_lesson(exercise, argc > 0 ? argv[0] : NULL, &lesson, &err);
    if (code == OCT_OK) {
        code = octi_make_folder(exercise->course.folder, &err);
        if (code == OCT_OK)
            code = cli_exercise_hint(exercise, &lesson, exercise->cli->json ? NULL : stdout, &err);
        if (code == OCT_OK && exercise->cli->json)
            cli_print_json(hints_json(exercise, &lesson));
        octi_lesson_deinit(&lesson);
    }
    return code == OCT_OK ? CLI_EXIT_OK : fail(exercise, &err);
}

static void print_solution_json(const cli_exercise *exercise, const octi_lesson *lesson)
{
    char folder[OCTI_PATH], file[OCTI_PATH];
    octi_course_lesson(&exercise->course, lesson->name, folder);
    cli_print_json(json_pack("{s:s, s:s, s:s}", "command", "exercise solution", "lesson", lesson->name,
                             "file", octi_path(file, folder, lesson->solution)));
}

static int solution(cli_exercise *exercise, int argc, char **argv)
{
    octi_lesson lesson;
    oct_error err = OCT_ERROR_INIT;
    oct_err code = cli_exercise_lesson(exercise, argc > 0 ? argv[0] : NULL, &lesson, &err);
    if (code == OCT_OK) {
        bool json = exercise->cli->json;
        code = cli_exercise_solution(exercise, &lesson, cli_given(exercise->cli, "anyway"),
                                     json ? NULL : stdout, &err);
        if (code == OCT_OK && json)
            print_solution_json(exercise, &lesson);
        octi_lesson_deinit(&lesson);
    }
    return code == OCT_OK ? CLI_EXIT_OK : fail(exercise, &err);
}

/* The stage that an option names; false when there is none of that name. */
static bool read_stage(const cli_exercise *exercise, const char *option, octi_stage *stage)
{
    const char *name = cli_value(exercise->cli, option);
    if (!name || (*stage = octi_stage_find(name)) < OCTI_STAGES)
        return true;
    (void)cli_usage(exercise->cli,
                    "'%s' is no stage; there are compile, answer, processes, cluster, race, leak, speed",
                    name);
    return false;
}

static int check(cli_exercise *exercise, int argc, char **argv)
{
    octi_lesson lesson;
    oct_error err = OCT_ERROR_INIT;
    bool passed = false;
    octi_stage first = OCTI_STAGE_COMPILE, last = OCTI_STAGES;
    if (!read_stage(exercise, "from", &first) || !read_stage(exercise, "until", &last))
        return CLI_EXIT_USAGE;
    if (first > last)
        return cli_usage(exercise->cli, "'%s' comes after '%s'", octi_stage_name(first),
                         octi_stage_name(last));
    if (cli_given(exercise->cli, "lesson") && first > OCTI_STAGE_COMPILE)
        return cli_usage(exercise->cli, "--lesson looks at all stages up to --until, from the first on");
    if (cli_given(exercise->cli, "lesson"))
        return cli_exercise_prove(exercise, cli_value(exercise->cli, "lesson"), last);
    oct_err code = cli_exercise_lesson(exercise, argc > 0 ? argv[0] : NULL, &lesson, &err);
    if (code == OCT_OK) {
        code = cli_exercise_check(exercise, &lesson, first, last, &passed, &err);
        octi_lesson_deinit(&lesson);
    }
    if (code != OCT_OK)
        return fail(exercise, &err);
    return passed ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

/* --- verbs --- */

static const struct verb {
    const char *name;
    int (*run)(cli_exercise *exercise, int argc, char **argv);
    bool many;  /* takes more than one operand */
    bool apart; /* is not about the student's own folder */
} verbs[] = {
    {"list", list, false, false},
    {"start", start, false, false},
    {"watch", cli_exercise_watch, false, false},
    {"check", check, false, false},
    {"hint", hint, false, false},
    {"solution", solution, false, false},
    {"reset", reset, false, false},
    {"progress", progress, false, false},
    {"report", cli_exercise_report, true, true},
    {"new", cli_exercise_new, false, true},
};

enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

static int unknown_verb(cli_context *cli, const char *name)
{
    const char *names[VERBS];
    for (size_t i = 0; i < VERBS; i++)
        names[i] = verbs[i].name;
    const char *near = cli_nearest(name, names, VERBS);
    if (near)
        return cli_usage(cli, "'exercise %s' is not known; did you mean '%s'?", name, near);
    return cli_usage(cli, "'exercise %s' is not known", name);
}

static int exercise_command(cli_context *cli, int argc, char **argv)
{
    const char *name = argc > 0 ? argv[0] : "list";
    const struct verb *verb = NULL;
    for (size_t i = 0; i < VERBS; i++)
        if (strcmp(verbs[i].name, name) == 0)
            verb = &verbs[i];
    if (!verb)
        return unknown_verb(cli, name);
    if (argc > 2 && !verb->many)
        return cli_usage(cli, "'exercise %s' takes one lesson, not '%s' too", name, argv[2]);
    oct_error err = OCT_ERROR_INIT;
    if (!cli->root) {
        oct_fail(&err, OCT_E_NOTFOUND, "there are no lessons here");
        oct_hint(&err, "start it as ./octavo in the repository");
        return cli_fail(cli, &err, NULL);
    }
    cli_exercise exercise = {.cli = cli};
    oct_err code = octi_lesson_names(cli->root, &exercise.names, &exercise.name_count, &err);
    if (code == OCT_OK)
        code = octi_course_find(cli_value(cli, "folder"), &exercise.course, &err);
    if (code == OCT_OK && !verb->apart)
        code = octi_record_open(exercise.course.folder, &exercise.record, &err);
    int status = code == OCT_OK ? verb->run(&exercise, argc > 1 ? argc - 1 : 0, argv + (argc > 0))
                                : cli_fail(cli, &err, NULL);
    octi_record_close(&exercise.record);
    octi_lesson_names_free(exercise.names, exercise.name_count);
    return status;
}

static const cli_option options[] = {
    {"folder", 0, "FOLDER", "where your lessons are [exercises, or the folder you are in]"},
    {"anyway", 0, NULL, "open the solution before yours has passed"},
    {"from", 0, "STAGE", "after compiling, begin with this stage"},
    {"until", 0, "STAGE", "check no further than this stage"},
    {"lesson", 0, "LESSON", "check the lesson itself: it fails as handed out and passes with its solution"},
    {NULL, 0, NULL, NULL},
};

const cli_command cli_command_exercise = {
    .name = "exercise",
    .operands = "[VERB] [LESSON]",
    .summary = "learn: start a lesson, check your program, get hints",
    .about = "The lessons as exercises. VERB is list, start (copies a lesson into your folder), check "
             "(compiles your "
             "program and tells, stage by stage, whether its answer is right, on which workers, whether it "
             "has races or "
             "leaks, and how much faster it is), watch (checks at each save; keys for the rest), hint (one "
             "more each "
             "time), solution (once yours has passed), reset (begins anew and keeps a backup) or progress. "
             "Your folder "
             "holds a folder a lesson and progress.json. Without LESSON the one whose folder you are in is "
             "meant, or the "
             "one under way. For teachers: report FOLDER... over students' folders, new NAME for a lesson to "
             "fill in, and "
             "check --lesson LESSON.",
    .examples =
        {
            {"octavo exercise start 01-map", "copy the first lesson to exercises/01-map"},
            {"octavo exercise watch", "check the lesson under way at each save, with hints at a key"},
            {"octavo exercise report class/*", "who passed what, and where they are stuck"},
        },
    .options = options,
    .takes_files = true,
    .run = exercise_command,
};
