#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provision/cli/exercise.h"
#include "provision/cli/interrupt.h"
#include "provision/cli/report.h"
#include "provision/cli/term.h"
#include "provision/exercise/changes.h"

/* The check runs in a child, so that a key or a save can end it at any moment; the child ends what it
 * tries (trial.h) and notes what it found. */
struct watching {
    cli_exercise *exercise;
    octi_lesson lesson;
    octi_changes changes;
    pid_t checker; /* 0: none */
    bool asking;   /* whether to reset */
};

/* --- the check --- */

static void begin_check(struct watching *watching)
{
    fflush(NULL);
    printf("\033[2J\033[H");
    fflush(stdout);
    pid_t parent = getpid();
    watching->checker = fork();
    if (watching->checker > 0)
        return;
    if (watching->checker < 0) {
        printf("cannot start a check: %s\n", strerror(errno));
        watching->checker = 0;
        return;
    }
    oct_error err = OCT_ERROR_INIT;
    bool passed;
    cli_term_leave(); /* told to end, it would undo what keys are read by */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(CLI_EXIT_FAILED);
    oct_err code = cli_exercise_check(watching->exercise, &watching->lesson, OCTI_STAGE_COMPILE, OCTI_STAGES,
                                      &passed, &err);
    if (code != OCT_OK && code != OCT_E_CANCELLED)
        cli_fail(watching->exercise->cli, &err, NULL);
    fflush(NULL);
    _exit(code == OCT_OK ? CLI_EXIT_OK : CLI_EXIT_FAILED); /* atexit is the parent's */
}

/* Asked more than once, as a child that has just begun may not count yet what it is told; and not for ever:
 * what it tries ends with it (trial.c). */
static void end_check(struct watching *watching)
{
    enum { TICK_MS = 50, TICKS = 100 };
    pid_t ended = 0;
    for (int tick = 0; watching->checker && (ended == 0 || (ended < 0 && errno == EINTR)); tick++) {
        kill(watching->checker, tick < TICKS ? SIGTERM : SIGKILL);
        poll(NULL, 0, tick == 0 ? 1 : TICK_MS);
        ended = waitpid(watching->checker, NULL, WNOHANG);
    }
    watching->checker = 0;
}

/* What the child noted. */
static void read_record(struct watching *watching)
{
    octi_record now;
    if (octi_record_open(watching->exercise->course.folder, &now, NULL) != OCT_OK)
        return;
    octi_record_close(&watching->exercise->record);
    watching->exercise->record = now;
}

static void show_keys(const struct watching *watching)
{
    char bar[64];
    cli_exercise_bar(watching->exercise, bar, sizeof(bar));
    printf("\n%s, waiting for %s to be saved\n", bar, watching->lesson.exercise);
    printf("h hint  n next  l list  r reset  s solution  q quit\n");
    fflush(stdout);
}

static void notice_end(struct watching *watching)
{
    if (watching->checker == 0 || waitpid(watching->checker, NULL, WNOHANG) == 0)
        return;
    watching->checker = 0;
    read_record(watching);
    show_keys(watching);
}

/* --- lessons --- */

static oct_err enter(struct watching *watching, const char *name, oct_error *err)
{
    char folder[OCTI_PATH];
    octi_lesson lesson;
    cli_exercise *exercise = watching->exercise;
    oct_err code = cli_exercise_lesson(exercise, name, &lesson, err);
    if (code != OCT_OK)
        return code;
    octi_course_lesson(&exercise->course, lesson.name, folder);
    if (!octi_has_file(folder)) {
        code = octi_course_start(&exercise->course, &lesson, err);
        if (code == OCT_OK) {
            octi_record_start(&exercise->record, lesson.name);
            code = octi_record_save(&exercise->record, err);
        }
    }
    octi_changes changes;
    if (code == OCT_OK)
        code = octi_changes_open(folder, lesson.solution, &changes, err);
    if (code != OCT_OK) {
        octi_lesson_deinit(&lesson);
        return code;
    }
    octi_changes_close(&watching->changes);
    octi_lesson_deinit(&watching->lesson);
    watching->changes = changes;
    watching->lesson = lesson;
    return OCT_OK;
}

static oct_err next_lesson(struct watching *watching, oct_error *err)
{
    const cli_exercise *exercise = watching->exercise;
    const char *next = cli_exercise_next(exercise, watching->lesson.name);
    if (!octi_record_right(&exercise->record, watching->lesson.name)) {
        printf("%s has not passed yet; 'octavo exercise watch LESSON' goes to another\n",
               watching->lesson.name);
        return OCT_OK;
    }
    next = next ? next : cli_exercise_next(exercise, NULL);
    if (!next) {
        printf("all lessons have passed\n");
        return OCT_OK;
    }
    end_check(watching);
    oct_err code = enter(watching, next, err);
    if (code == OCT_OK)
        begin_check(watching);
    return code;
}

static oct_err reset(struct watching *watching, oct_error *err)
{
    char backup[OCTI_PATH];
    end_check(watching);
    oct_err code = octi_course_reset(&watching->exercise->course, &watching->lesson, backup, err);
    if (code == OCT_OK)
        printf("begun anew; what you had is in\n  %s\n", backup);
    return code;
}

/* --- keys --- */

/* *quit tells. Errors are told and do not end the watch. */
static void press(struct watching *watching, char key, bool *quit)
{
    oct_error err = OCT_ERROR_INIT;
    oct_err code = OCT_OK;
    bool asked = watching->asking;
    if (watching->checker)
        printf("\r\033[K"); /* the stage under way */
    watching->asking = false;
    if (asked && key != 'y')
        printf("nothing was changed\n");
    switch (asked ? (key == 'y' ? 'Y' : 0) : key) {
    case 'h':
        code = cli_exercise_hint(watching->exercise, &watching->lesson, stdout, &err);
        break;
    case 'n':
        code = next_lesson(watching, &err);
        break;
    case 'l':
        cli_exercise_print_list(watching->exercise, stdout);
        break;
    case 'r':
        printf("begin %s anew? What is there is kept as a backup. [y/n]\n", watching->lesson.name);
        watching->asking = true;
        break;
    case 'Y':
        code = reset(watching, &err);
        break;
    case 's':
        code = cli_exercise_solution(watching->exercise, &watching->lesson, false, stdout, &err);
        break;
    case 'q':
        *quit = true;
        break;
    default:
        break;
    }
    if (code != OCT_OK)
        printf("%s%s%s\n", err.what, err.hint[0] ? "\n  " : "", err.hint);
    if (!watching->asking && !watching->checker && !*quit)
        show_keys(watching); /* they went out of sight with what was shown, or were not known */
    fflush(stdout);
}

static void wait_for_changes(struct watching *watching)
{
    enum { TICK_MS = 50 };
    bool quit = false;
    while (!quit && cli_interrupts() == 0) {
        struct pollfd from[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                                {.fd = watching->changes.fd, .events = POLLIN}};
        if (poll(from, 2, watching->checker ? TICK_MS : 1000) < 0 && errno != EINTR)
            return;
        char key;
        if (from[0].revents && read(STDIN_FILENO, &key, 1) != 1)
            return; /* the terminal is gone */
        if (from[0].revents)
            press(watching, key, &quit);
        if (from[1].revents && octi_changes_take(&watching->changes)) {
            poll(NULL, 0, TICK_MS); /* an editor may write several files */
            (void)octi_changes_take(&watching->changes);
            end_check(watching);
            begin_check(watching);
        }
        notice_end(watching);
    }
}

int cli_exercise_watch(cli_exercise *exercise, int argc, char **argv)
{
    oct_error err = OCT_ERROR_INIT;
    octi_kit kit;
    struct watching watching = {.exercise = exercise, .changes = {.fd = -1}};
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        oct_fail(&err, OCT_E_STATE, "'exercise watch' needs a terminal, for its keys");
        oct_hint(&err, "'octavo exercise check' looks once, anywhere");
        return cli_fail(exercise->cli, &err, NULL);
    }
    const char *named = argc > 0 ? argv[0] : NULL;
    bool begun = false;
    for (size_t i = 0; !named && i < exercise->name_count; i++)
        begun = begun || (octi_record_started(&exercise->record, exercise->names[i]) &&
                          !octi_record_passed(&exercise->record, exercise->names[i]));
    if (!named && !begun && !exercise->course.lesson[0])
        named = cli_exercise_next(exercise, NULL);
    oct_err code = octi_kit_find(&kit, &err);
    if (code == OCT_OK)
        code = enter(&watching, named, &err);
    if (code == OCT_OK)
        code = cli_term_keys(STDIN_FILENO, &err);
    if (code != OCT_OK) {
        octi_changes_close(&watching.changes);
        octi_lesson_deinit(&watching.lesson);
        return cli_fail(exercise->cli, &err, NULL);
    }
    cli_interrupt_count(true);
    begin_check(&watching);
    wait_for_changes(&watching);
    end_check(&watching);
    bool interrupted = cli_interrupts() > 0;
    cli_interrupt_count(false);
    cli_term_restore();
    octi_changes_close(&watching.changes);
    octi_lesson_deinit(&watching.lesson);
    return interrupted ? cli_exit_of(OCT_E_CANCELLED) : CLI_EXIT_OK;
}
