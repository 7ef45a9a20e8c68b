/* Real children: shells that exit, crash, refuse to end or leave orphans behind. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "provision/node/supervisor.h"
#include "runtime/base/clock.h"

#define SECOND ((int64_t)1000000000)

static char folder[] = "/tmp/supervisor_test.XXXXXX";

static void set(octi_daemon *daemon, const char *name, const char *const *argv)
{
    *daemon = (octi_daemon){.name = name, .argv = argv};
    assert_int_equal(octi_daemon_init(daemon, NULL), OCT_OK);
}

static octi_supervisor supervise(octi_daemon *daemons, size_t count)
{
    octi_supervisor supervisor;
    oct_error err = OCT_ERROR_INIT;
    if (octi_supervisor_init(&supervisor, daemons, count, -1, &err) != OCT_OK)
        fail_msg("%s", err.what);
    for (size_t i = 0; i < count; i++)
        octi_daemon_want(&daemons[i], true);
    return supervisor;
}

static void release(octi_supervisor *supervisor)
{
    octi_supervisor_stop(supervisor);
    for (size_t i = 0; i < supervisor->count; i++) {
        assert_int_equal(supervisor->daemons[i].pid, 0);
        octi_daemon_deinit(&supervisor->daemons[i]);
    }
    octi_supervisor_deinit(supervisor);
}

/* Runs the loop until the daemon is in that state with that many restarts. */
static void run_until(octi_supervisor *supervisor, const octi_daemon *daemon, octi_daemon_state state,
                      unsigned restarts)
{
    int64_t until = octi_clock_ns() + 5 * SECOND;
    while (daemon->state != state || daemon->restarts < restarts) {
        if (octi_clock_ns() > until)
            fail_msg("%s is in state %d with %u restarts", daemon->name, (int)daemon->state,
                     daemon->restarts);
        octi_supervisor_wait(supervisor, until);
    }
}

static void a_daemon_that_exits_is_started_again_and_its_last_words_are_kept(void **state)
{
    (void)state;
    static const char *const ARGV[] = {"sh", "-c", "echo hello; echo fatal: no disk >&2; echo bye; exit 3",
                                       NULL};
    octi_daemon daemon;
    set(&daemon, "failing", ARGV);
    octi_supervisor supervisor = supervise(&daemon, 1);
    run_until(&supervisor, &daemon, OCTI_DAEMON_WAITING, 2);
    assert_string_equal(daemon.last_exit, "exited with status 3");
    assert_string_equal(daemon.last_words, "fatal: no disk");
    release(&supervisor);
}

static void a_daemon_that_crashes_is_started_again_and_the_signal_is_named(void **state)
{
    (void)state;
    static const char *const ARGV[] = {"sh", "-c", "kill -SEGV $$", NULL};
    octi_daemon daemon;
    set(&daemon, "crashing", ARGV);
    octi_supervisor supervisor = supervise(&daemon, 1);
    run_until(&supervisor, &daemon, OCTI_DAEMON_WAITING, 1);
    assert_string_equal(daemon.last_exit, "killed by signal 11 (Segmentation fault)");
    release(&supervisor);
}

static void a_daemon_that_keeps_failing_is_tried_ever_more_rarely(void **state)
{
    (void)state;
    static const char *const ARGV[] = {"false", NULL};
    octi_daemon daemon;
    set(&daemon, "hopeless", ARGV);
    octi_supervisor supervisor = supervise(&daemon, 1);
    int64_t start = octi_clock_ns();
    run_until(&supervisor, &daemon, OCTI_DAEMON_WAITING, 4);
    int64_t took = octi_clock_ns() - start;
    /* Pauses of 0.1, 0.2 and 0.4 s lie between four failures. */
    assert_in_range(took, 7 * SECOND / 10, 3 * SECOND);
    release(&supervisor);
}

static void a_program_that_is_not_there_is_reported_by_name(void **state)
{
    (void)state;
    static const char *const ARGV[] = {"/nonexistent/slurmd", NULL};
    octi_daemon daemon;
    set(&daemon, "slurmd", ARGV);
    octi_supervisor supervisor = supervise(&daemon, 1);
    run_until(&supervisor, &daemon, OCTI_DAEMON_WAITING, 1);
    assert_string_equal(daemon.last_exit, "cannot be started");
    assert_string_equal(daemon.last_words, "'/nonexistent/slurmd': No such file or directory");
    release(&supervisor);
}

static void a_daemon_that_ignores_the_end_is_killed_after_a_second(void **state)
{
    (void)state;
    static const char *const ARGV[] = {"sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.05; done",
                                       NULL};
    octi_daemon daemon;
    for (int64_t more = 0; more < 2; more++) { /* and a later one when its owner says so */
        set(&daemon, "stubborn", ARGV);
        daemon.patience_ns = more * 3 * SECOND / 2;
        octi_supervisor supervisor = supervise(&daemon, 1);
        while (strcmp(daemon.last_words, "deaf") != 0)
            octi_supervisor_wait(&supervisor, octi_clock_ns() + SECOND);
        int64_t start = octi_clock_ns(), least = more ? daemon.patience_ns : SECOND;
        release(&supervisor);
        assert_in_range(octi_clock_ns() - start, least, least + SECOND);
        assert_string_equal(daemon.last_exit, "killed by signal 9 (Killed)");
    }
}

static void a_daemon_that_is_renewed_starts_at_once_and_counts_as_no_failure(void **state)
{
    (void)state;
    static const char *const ARGV[] = {"sleep", "60", NULL};
    octi_daemon daemon;
    set(&daemon, "sleeping", ARGV);
    octi_supervisor supervisor = supervise(&daemon, 1);
    run_until(&supervisor, &daemon, OCTI_DAEMON_RUNNING, 0);
    pid_t before = daemon.pid;
    octi_daemon_renew(&daemon, octi_clock_ns());
    int64_t until = octi_clock_ns() + 5 * SECOND;
    while ((daemon.pid == before || daemon.pid == 0) && octi_clock_ns() < until)
        octi_supervisor_wait(&supervisor, until);
    assert_int_equal(daemon.state, OCTI_DAEMON_RUNNING);
    assert_int_not_equal(daemon.pid, before);
    assert_int_equal(daemon.restarts, 0);
    release(&supervisor);
}

static void listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 8), 0);
}

static void a_daemon_waits_until_the_one_it_needs_listens(void **state)
{
    (void)state;
    static const char *const ARGV[] = {"sleep", "60", NULL};
    static char path[100];
    octi_daemon daemons[2];
    snprintf(path, sizeof(path), "%s/socket", folder);
    set(&daemons[0], "needed", ARGV);
    set(&daemons[1], "needing", ARGV);
    daemons[0].socket = path;
    daemons[1].needs = &daemons[0];
    octi_supervisor supervisor = supervise(daemons, 2);

    run_until(&supervisor, &daemons[0], OCTI_DAEMON_RUNNING, 0);
    octi_supervisor_wait(&supervisor, octi_clock_ns() + SECOND / 10);
    assert_int_equal(daemons[1].state, OCTI_DAEMON_WAITING);
    listen_at(path);
    run_until(&supervisor, &daemons[1], OCTI_DAEMON_RUNNING, 0);
    assert_true(daemons[0].ready);
    release(&supervisor);
}

static void stopping_ends_those_that_need_others_first(void **state)
{
    (void)state;
    static char first[200], second[200], log[100];
    snprintf(log, sizeof(log), "%s/log", folder);
    snprintf(first, sizeof(first),
             "trap 'echo needed >>%s; exit' TERM; echo up; while :; do sleep 0.01; done", log);
    snprintf(second, sizeof(second),
             "trap 'echo needing >>%s; exit' TERM; echo up; while :; do sleep 0.01; done", log);
    const char *const first_argv[] = {"sh", "-c", first, NULL}, *const second_argv[] = {"sh", "-c", second,
                                                                                        NULL};
    octi_daemon daemons[2];
    set(&daemons[0], "needed", first_argv);
    set(&daemons[1], "needing", second_argv);
    daemons[1].needs = &daemons[0];
    octi_supervisor supervisor = supervise(daemons, 2);
    int64_t until = octi_clock_ns() + 5 * SECOND;
    while ((!daemons[0].last_words[0] || !daemons[1].last_words[0]) && octi_clock_ns() < until)
        octi_supervisor_wait(&supervisor, until);
    release(&supervisor);

    char text[64] = "";
    FILE *file = fopen(log, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(text, "needing\nneeded\n");
}

/* The shell's child outlives it, is handed to us, ends, and must not stay a zombie. */
static void orphans_are_reaped(void **state)
{
    (void)state;
    static char script[200], path[100];
    snprintf(path, sizeof(path), "%s/orphan", folder);
    snprintf(script, sizeof(script), "(sleep 0.2 & echo $! >%s); exec sleep 60", path);
    const char *const argv[] = {"sh", "-c", script, NULL};
    octi_daemon daemon;
    set(&daemon, "parent", argv);
    octi_supervisor supervisor = supervise(&daemon, 1);
    int64_t until = octi_clock_ns() + SECOND;
    while (octi_clock_ns() < until)
        octi_supervisor_wait(&supervisor, until);

    int orphan = 0;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%d", &orphan), 1);
    fclose(file);
    assert_int_equal(kill(orphan, 0), -1);
    assert_int_equal(errno, ESRCH);
    release(&supervisor);
}

static void signals_are_told_to_the_caller(void **state)
{
    (void)state;
    octi_supervisor supervisor = supervise(NULL, 0);
    kill(getpid(), SIGTERM);
    assert_int_equal(octi_supervisor_wait(&supervisor, octi_clock_ns() + SECOND), OCTI_WOKE_END);
    kill(getpid(), SIGHUP);
    assert_int_equal(octi_supervisor_wait(&supervisor, octi_clock_ns() + SECOND), OCTI_WOKE_AGAIN);
    release(&supervisor);
}

static void endless_lines_and_binary_noise_do_no_harm(void **state)
{
    (void)state;
    static const char *const ARGV[] = {"sh", "-c",
                                       "head -c 1000000 /dev/zero | tr '\\0' x; echo; head -c 100000 "
                                       "/dev/urandom; echo; echo end",
                                       NULL};
    octi_daemon daemon;
    set(&daemon, "noisy", ARGV);
    octi_supervisor supervisor = supervise(&daemon, 1);
    run_until(&supervisor, &daemon, OCTI_DAEMON_WAITING, 1);
    assert_true(daemon.line_size < sizeof(daemon.line));
    release(&supervisor);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[100];
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_daemon_that_exits_is_started_again_and_its_last_words_are_kept),
        cmocka_unit_test(a_daemon_that_crashes_is_started_again_and_the_signal_is_named),
        cmocka_unit_test(a_daemon_that_keeps_failing_is_tried_ever_more_rarely),
        cmocka_unit_test(a_program_that_is_not_there_is_reported_by_name),
        cmocka_unit_test(a_daemon_that_ignores_the_end_is_killed_after_a_second),
        cmocka_unit_test(a_daemon_that_is_renewed_starts_at_once_and_counts_as_no_failure),
        cmocka_unit_test(a_daemon_waits_until_the_one_it_needs_listens),
        cmocka_unit_test(stopping_ends_those_that_need_others_first),
        cmocka_unit_test(orphans_are_reaped),
        cmocka_unit_test(signals_are_told_to_the_caller),
        cmocka_unit_test(endless_lines_and_binary_noise_do_no_harm),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
