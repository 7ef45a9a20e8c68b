#include <langinfo.h>
#include <string.h>
#include <unistd.h>

#include "provision/cli/exercise.h"
#include "provision/cli/interrupt.h"
#include "provision/cli/report.h"
#include "provision/cli/term.h"

/* What is shown while a check goes on. */
struct showing {
    const cli_context *cli;
    const octi_lesson *lesson;
    bool live; /* a terminal: the stage under way is told on a line that goes away */
};

bool cli_exercise_interrupted(void)
{
    return cli_interrupts() > 0;
}

static void stage_begins(void *ctx, octi_stage stage)
{
    const struct showing *showing = ctx;
    if (showing->live) {
        fprintf(stderr, "\r\033[K  ...   %s", octi_stage_name(stage));
        fflush(stderr);
    }
}

static oct_err stage_cluster(void *ctx, octi_workbench *bench, octi_verdict *verdict, oct_error *err)
{
    const struct showing *showing = ctx;
    return cli_exercise_cluster(showing->cli, bench, verdict, err);
}

static size_t width_of(FILE *out)
{
    enum { USUAL = 92, LEAST = 40 };
    unsigned short rows, columns;
    if (!isatty(fileno(out)))
        return USUAL;
    cli_term_size(fileno(out), &rows, &columns);
    return columns > USUAL ? USUAL : columns > LEAST ? columns : LEAST;
}

/* How many columns it takes: colours take none. */
static size_t columns_of(const char *text)
{
    size_t columns = 0;
    for (; *text; text++) {
        if (*text == '\033')
            text += strcspn(text, "m");
        else
            columns++;
        if (!*text)
            break;
    }
    return columns;
}

void cli_exercise_wrapped(FILE *out, const char *title, const char *text)
{
    size_t margin = columns_of(title), column = margin, width = width_of(out);
    fputs(title, out);
    for (bool first = true; *text; first = false) {
        size_t word = strcspn(text, " ");
        if (!first && column + 1 + word > width) {
            fprintf(out, "\n%*s", (int)margin, "");
            column = margin;
        } else if (!first) {
            column += (size_t)fprintf(out, " ");
        }
        column += (size_t)fprintf(out, "%.*s", (int)word, text);
        text += word;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

static void print_seen(const octi_verdict *verdict)
{
    for (const char *line = verdict->seen.data ? verdict->seen.data : ""; *line;) {
        size_t length = strcspn(line, "\n");
        printf("        | %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

static void stage_ends(void *ctx, const octi_verdict *verdict)
{
    static const struct {
        const char *word, *colour;
    } how[] = {{"ok", "\033[32m"}, {"FAIL", "\033[1;31m"}, {"skip", "\033[33m"}};
    const struct showing *showing = ctx;
    if (showing->live)
        fputs("\r\033[K", stderr);
    if (showing->cli->json)
        return;
    char title[64], said[sizeof(verdict->said) + 32];
    bool colour = cli_term_coloured(STDOUT_FILENO);
    snprintf(title, sizeof(title), "  %s%-5s%s %-10s ", colour ? how[verdict->outcome].colour : "",
             how[verdict->outcome].word, colour ? "\033[0m" : "", octi_stage_name(verdict->stage));
    snprintf(said, sizeof(said), "%s (%.1f s)", verdict->said, verdict->seconds);
    if (isatty(STDOUT_FILENO))
        cli_exercise_wrapped(stdout, title, said);
    else
        printf("%s%s\n", title, said); /* a line a stage, for scripts */
    print_seen(verdict);
    if (verdict->outcome == OCTI_FAILED) {
        char where[160];
        cli_exercise_wrapped(stdout, "        means   ", octi_cause_means(verdict->cause));
        snprintf(where, sizeof(where), "README.md, \"%.80s\"", showing->lesson->read[verdict->stage]);
        cli_exercise_wrapped(stdout, "        read    ", where);
    }
    if (verdict->next[0])
        cli_exercise_wrapped(stdout, "        next    ", verdict->next);
    fflush(stdout);
}

/* --- after it --- */

static oct_err draw(const octi_check *check, const char *folder, bool quiet, oct_error *err)
{
    char path[OCTI_PATH];
    octi_buffer text = {0};
    unsigned short rows, columns;
    cli_term_size(STDOUT_FILENO, &rows, &columns);
    bool unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    oct_err code = octi_scaling_table(&check->scaling, columns, unicode, &text);
    if (code == OCT_OK && !quiet)
        printf("\n%s", text.data);
    octi_buffer_deinit(&text);
    if (code == OCT_OK)
        code = octi_scaling_svg(&check->scaling, check->lesson->title, &text);
    octi_path(path, folder, "speed-up.svg");
    code = code == OCT_OK ? octi_write_file(path, text.data, text.size, err)
                          : oct_fail(err, OCT_E_NOMEM, "out of memory");
    if (code == OCT_OK && !quiet)
        printf("  the picture: %s\n", path);
    octi_buffer_deinit(&text);
    return code;
}

static json_t *scaling_json(const octi_scaling *scaling)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < scaling->row_count && scaling->rounds > 0; i++) {
        const octi_scaling_row *row = &scaling->rows[i];
        json_array_append_new(rows, json_pack("{s:i, s:[f,f,f], s:[f,f,f]}", "workers", (int)row->workers,
                                              "seconds", row->time.low, row->time.median, row->time.high,
                                              "speed_up", row->speed_up.low, row->speed_up.median,
                                              row->speed_up.high));
    }
    return json_pack("{s:i, s:f, s:f, s:o}", "cores", (int)scaling->cores, "capacity", scaling->capacity,
                     "wanted", scaling->wanted, "rows", rows);
}

static void print_check_json(const octi_check *check, const char *folder)
{
    static const char *const outcomes[] = {"passed", "failed", "skipped"};
    json_t *stages = json_array();
    for (size_t i = 0; i < check->count; i++) {
        const octi_verdict *verdict = &check->verdicts[i];
        bool failed = verdict->outcome == OCTI_FAILED;
        json_array_append_new(
            stages, json_pack("{s:s, s:s, s:s, s:s, s:f, s:s*, s:s*, s:s*, s:s*}", "stage",
                              octi_stage_name(verdict->stage), "outcome", outcomes[verdict->outcome], "said",
                              verdict->said, "seen", verdict->seen.data ? verdict->seen.data : "", "seconds",
                              verdict->seconds, "cause", failed ? octi_cause_name(verdict->cause) : NULL,
                              "means", failed ? octi_cause_means(verdict->cause) : NULL, "read",
                              failed ? check->lesson->read[verdict->stage] : NULL, "next",
                              verdict->next[0] ? verdict->next : NULL));
    }
    cli_print_json(json_pack("{s:s, s:s, s:s, s:b, s:o, s:o*}", "command", "exercise check", "lesson",
                             check->lesson->name, "folder", folder, "passed", check->passed, "stages", stages,
                             "speed", check->scaling.rounds > 0 ? scaling_json(&check->scaling) : NULL));
}

static void say_end(const cli_exercise *exercise, const octi_check *check)
{
    const char *name = check->lesson->name, *next = cli_exercise_next(exercise, name);
    bool failed = false;
    for (size_t i = 0; i < check->count; i++)
        failed = failed || check->verdicts[i].outcome == OCTI_FAILED;
    if (check->passed)
        printf("\n%s has passed. 'octavo exercise solution %s' shows another answer%s%s%s.\n", name, name,
               next ? "; 'octavo exercise start " : "", next ? next : "", next ? "' goes on" : "");
    else if (check->right)
        printf("\n%s is right; how fast it is could not be told now.\n"
               "'octavo exercise solution %s' shows another answer meanwhile%s%s%s.\n",
               name, name, next ? ",\n'octavo exercise start " : "", next ? next : "",
               next ? "' goes on" : "");
    else if (failed)
        printf("\n'octavo exercise hint %s' helps.\n", name);
    else
        printf("\nright so far; without --from and --until all stages are looked at.\n");
}

oct_err cli_exercise_check(cli_exercise *exercise, const octi_lesson *lesson, octi_stage first,
                           octi_stage last, bool *passed, oct_error *err)
{
    char folder[OCTI_PATH];
    octi_kit kit;
    octi_check check;
    struct showing showing = {exercise->cli, lesson,
                              cli_term_capable(STDERR_FILENO) && !exercise->cli->quiet};
    octi_course_lesson(&exercise->course, lesson->name, folder);
    if (!octi_has_file(folder)) {
        oct_fail(err, OCT_E_NOTFOUND, "'%s' was not started in '%s'", lesson->name, exercise->course.folder);
        return oct_hint(err, "'octavo exercise start %s' does", lesson->name);
    }
    oct_err code = octi_kit_find(&kit, err);
    if (code != OCT_OK)
        return code;
    if (!exercise->cli->json)
        printf("%s: %s\n", lesson->name, lesson->title);
    fflush(stdout);
    const octi_check_options options = {.first = first,
                                        .last = last,
                                        .stop = cli_exercise_interrupted,
                                        .begin = stage_begins,
                                        .end = stage_ends,
                                        .ctx = &showing,
                                        .cluster = stage_cluster};
    cli_interrupt_count(true);
    code = octi_check_run(lesson, &kit, folder, lesson->exercise, &options, &check, err);
    cli_interrupt_count(false);
    if (showing.live)
        fputs("\r\033[K", stderr);
    if (code == OCT_OK) {
        octi_record_complete(&exercise->record, &check);
        octi_record_check(&exercise->record, &check);
        code = octi_record_save(&exercise->record, err);
    }
    if (code == OCT_OK && check.scaling.rounds > 0)
        code = draw(&check, folder, exercise->cli->json, err);
    if (code == OCT_OK && exercise->cli->json)
        print_check_json(&check, folder);
    else if (code == OCT_OK)
        say_end(exercise, &check);
    *passed = true;
    for (size_t i = 0; i < check.count; i++)
        *passed = *passed && check.verdicts[i].outcome != OCTI_FAILED;
    octi_check_deinit(&check);
    return code;
}
