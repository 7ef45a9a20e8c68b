/* Runs a program of its own one of whose tasks kills it, and plays the launcher between its lives. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oct/oct.h"

enum { TASKS = 12, KILLER = 7 };

/* With four workers, 4 to 6 are always under way when 7 kills the program: they take longer. */
OCT_TASK(int, work, int, item, oct_doubles, more)
{
    oct_sleep(item == KILLER ? 0.02 : 0.04);
    if (item == KILLER)
        kill(getpid(), SIGKILL);
    return item * 2 + (int)more.data[0];
}

/* 0 when all but the killer have their results, and it has failed as it should. */
static int program(void)
{
    double values[] = {1, 2};
    oct_doubles more = {values, 2};
    oct_future *futures[TASKS];
    oct_pool *pool;
    int wrong = 0;
    if (oct_pool_open_spec("threads:4", &pool, NULL) != OCT_OK)
        return 1;
    for (int i = 0; i < TASKS; i++)
        futures[i] = oct_submit(pool, work, i, more);
    for (int i = 0; i < TASKS; i++) {
        int value = 0;
        oct_err code = oct_result(futures[i], &value);
        if (i != KILLER) {
            wrong += code != OCT_OK || value != 2 * i + 1;
            continue;
        }
        const oct_error *error = oct_last_error();
        wrong += code != OCT_E_LOST || !strstr(error->what, "3 nodes were lost while it ran on them") ||
                 !strstr(error->hint, "--fresh");
        oct_release(futures[i]);
    }
    (void)oct_pool_close(pool);
    return wrong;
}

static int live(void)
{
    pid_t child = fork();
    if (child == 0)
        execl("/proc/self/exe", "suspects_test", "program", (char *)NULL);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* What 'octavo run' does with the notes of a node that was lost. */
static void report_loss(const char *folder, int attempt)
{
    char host[64], from[256], to[256];
    assert_int_equal(gethostname(host, sizeof(host)), 0);
    snprintf(from, sizeof(from), "%s/journal.on-%s.0", folder, host);
    snprintf(to, sizeof(to), "%s/journal.lost-%d-%s.0", folder, attempt, host);
    assert_int_equal(rename(from, to), 0);
}

static void the_task_that_kills_its_node_three_times_fails_and_the_rest_goes_on(void **state)
{
    (void)state;
    char folder[] = "/tmp/suspects-XXXXXX", journal[64], command[128];
    int deaths = 0, status;
    assert_non_null(mkdtemp(folder));
    snprintf(journal, sizeof(journal), "%s/journal", folder);
    setenv("OCTAVO_JOURNAL", journal, 1);
    for (; WIFSIGNALED(status = live()) && deaths < 5; deaths++)
        report_loss(folder, deaths + 1);
    snprintf(command, sizeof(command), "rm -r %s", folder);
    assert_int_equal(system(command), 0);
    assert_int_equal(deaths, 3);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_loss_that_nobody_reports_is_nobodys_fault(void **state)
{
    (void)state;
    char folder[] = "/tmp/suspects-XXXXXX", journal[64], command[128];
    assert_non_null(mkdtemp(folder));
    snprintf(journal, sizeof(journal), "%s/journal", folder);
    setenv("OCTAVO_JOURNAL", journal, 1);
    for (int i = 0; i < 5; i++)
        assert_true(WIFSIGNALED(live()));
    snprintf(command, sizeof(command), "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc == 2)
        return program();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_task_that_kills_its_node_three_times_fails_and_the_rest_goes_on),
        cmocka_unit_test(a_loss_that_nobody_reports_is_nobodys_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
