/* Drives the real octavo-node, whose path is the first argument. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *program;

/* Runs `octavo-node task -- sh -c script` with stderr into `said`; when the script prints
 * anything, sends it `signal` (unless 0). Returns the exit status as a shell has it. */
static int run_task(const char *script, int signal, char *said, size_t size)
{
    int out[2], err[2];
    assert_int_equal(pipe(out) | pipe(err), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        close(out[0]);
        close(err[0]);
        setenv("PMIX_RANK", "5", 1);
        execl(program, program, "task", "--", "sh", "-c", script, (char *)NULL);
        _exit(99);
    }
    close(out[1]);
    close(err[1]);
    char byte;
    if (signal && read(out[0], &byte, 1) == 1)
        kill(pid, signal);

    size_t used = 0;
    ssize_t got;
    while (used < size - 1 && (got = read(err[0], said + used, size - 1 - used)) > 0)
        used += (size_t)got;
    said[used] = '\0';
    int status;
    waitpid(pid, &status, 0);
    close(out[0]);
    close(err[0]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void expect_line(const char *said, const char *end)
{
    char host[64] = "", line[256];
    gethostname(host, sizeof(host) - 1);
    snprintf(line, sizeof(line), "octavo: %s: rank 5: %s\n", host, end);
    assert_string_equal(said, line);
}

static void success_is_silent(void **state)
{
    (void)state;
    char said[256];
    assert_int_equal(run_task("exit 0", 0, said, sizeof(said)), 0);
    assert_string_equal(said, "");
}

static void a_status_is_passed_on_and_told(void **state)
{
    (void)state;
    char said[256];
    assert_int_equal(run_task("exit 3", 0, said, sizeof(said)), 3);
    expect_line(said, "exited with status 3");
}

static void a_crash_becomes_a_status_and_is_told_with_its_signal(void **state)
{
    (void)state;
    char said[256];
    assert_int_equal(run_task("kill -SEGV $$", 0, said, sizeof(said)), 139);
    expect_line(said, "killed by signal 11 (Segmentation fault)");
}

static void a_signal_reaches_the_program(void **state)
{
    (void)state;
    char said[256];
    assert_int_equal(
        run_task("trap 'exit 42' TERM; echo; while :; do sleep 0.01; done", SIGTERM, said, sizeof(said)), 42);
    expect_line(said, "exited with status 42");
}

static void a_program_that_ends_of_the_signal_sent_to_it_is_not_news(void **state)
{
    (void)state;
    char said[256];
    assert_int_equal(run_task("echo; exec sleep 10", SIGTERM, said, sizeof(said)), 1);
    assert_string_equal(said, "");
}

static void a_program_that_ends_before_the_signal_reaches_its_runner_is_not_news_either(void **state)
{
    (void)state;
    char said[256];
    assert_int_equal(run_task("(sleep 0.02; kill -TERM $PPID) & kill -TERM $$", 0, said, sizeof(said)), 1);
    assert_string_equal(said, "");
}

static void a_killed_runner_takes_the_program_along(void **state)
{
    (void)state;
    char said[256];
    /* Reading its stderr to the end returns only when nobody holds it any more. */
    assert_int_equal(run_task("echo; exec sleep 10", SIGKILL, said, sizeof(said)), 137);
}

static void a_program_that_is_stopped_is_killed_and_told(void **state)
{
    (void)state;
    char said[256];
    assert_int_equal(run_task("kill -STOP $$", 0, said, sizeof(said)), 137);
    expect_line(said, "frozen (stopped by a signal), and killed for that");
}

static void a_program_that_is_stopped_for_a_moment_goes_on(void **state)
{
    (void)state;
    char said[256];
    assert_int_equal(
        run_task("(sleep 0.3; kill -CONT $$) & kill -STOP $$; sleep 2.5; exit 0", 0, said, sizeof(said)), 0);
    assert_string_equal(said, "");
}

static void a_program_that_is_not_there_is_named(void **state)
{
    (void)state;
    char command[512], said[256] = "";
    snprintf(command, sizeof(command), "PMIX_RANK=5 '%s' task -- /nonexistent/prog 2>&1", program);
    FILE *file = popen(command, "r");
    assert_non_null(file);
    assert_non_null(fgets(said, sizeof(said), file));
    assert_int_equal(WEXITSTATUS(pclose(file)), 127);
    expect_line(said, "cannot run '/nonexistent/prog': No such file or directory");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(success_is_silent),
        cmocka_unit_test(a_status_is_passed_on_and_told),
        cmocka_unit_test(a_crash_becomes_a_status_and_is_told_with_its_signal),
        cmocka_unit_test(a_signal_reaches_the_program),
        cmocka_unit_test(a_program_that_ends_of_the_signal_sent_to_it_is_not_news),
        cmocka_unit_test(a_program_that_ends_before_the_signal_reaches_its_runner_is_not_news_either),
        cmocka_unit_test(a_killed_runner_takes_the_program_along),
        cmocka_unit_test(a_program_that_is_stopped_is_killed_and_told),
        cmocka_unit_test(a_program_that_is_stopped_for_a_moment_goes_on),
        cmocka_unit_test(a_program_that_is_not_there_is_named),
    };
    if (argc < 2)
        return 2;
    program = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
