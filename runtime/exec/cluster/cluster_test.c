/* Runs cases.c on real ranks, by mpirun on this host. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/base/buffer.h"
#include "runtime/base/clock.h"

#define PROGRAM "runtime/exec/cluster/cases"
#define OTHER_BUILD "runtime/exec/cluster/cases_other"
#define SHARED "--pool=cluster"
#define ISOLATED "--pool=cluster:2,isolated"

enum { LIMIT_S = 50 };

typedef struct outcome {
    int status; /* exit status, or 128 and a signal; -1: it hung and was killed */
    double seconds;
    octi_buffer text; /* stdout and stderr */
} outcome;

static void read_all(int fd, outcome *self)
{
    char bytes[4096];
    for (ssize_t got; (got = read(fd, bytes, sizeof(bytes))) > 0;)
        assert_int_equal(octi_buffer_append(&self->text, bytes, (size_t)got), OCT_OK);
}

/* timeout(1) ends a run that hangs, mpirun and all: it is the leader of the process group. */
static outcome run(const char *const *command)
{
    outcome self = {0};
    int ends[2];
    int64_t began = octi_clock_ns();
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        execvp(command[0], (char *const *)command);
        _exit(127);
    }
    close(ends[1]);
    read_all(ends[0], &self);
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    self.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    self.seconds = (double)(octi_clock_ns() - began) / 1e9;
    if (self.status == 124)
        self.status = -1;
    return self;
}

static outcome run_case(const char *pool, const char *ranks, const char *name, const char *argument)
{
    char limit[16];
    snprintf(limit, sizeof(limit), "%d", LIMIT_S);
    const char *const command[] = {"timeout", "-k", "2",  limit,    "mpirun", "--oversubscribe", "-n", ranks,
                                   PROGRAM,   pool, name, argument, NULL};
    return run(command);
}

static bool says(const outcome *self, const char *text)
{
    return self->text.data && strstr(self->text.data, text);
}

static void expect_done(const char *pool, const char *ranks, const char *name, const char *argument)
{
    outcome self = run_case(pool, ranks, name, argument);
    if (self.status != 0 || !says(&self, "done\n"))
        print_error("%s of %s on %s ranks: status %d\n%s\n", name, pool, ranks, self.status,
                    self.text.data ? self.text.data : "");
    assert_int_equal(self.status, 0);
    assert_true(says(&self, "done\n"));
    octi_buffer_deinit(&self.text);
}

#define ON_RANKS(sentence, name)                                                                             \
    static void sentence(void **state)                                                                       \
    {                                                                                                        \
        (void)state;                                                                                         \
        expect_done(SHARED, "2", name, NULL);                                                                \
        expect_done(SHARED, "5", name, NULL);                                                                \
    }

#define ISOLATED_ON_RANKS(sentence, name)                                                                    \
    static void sentence(void **state)                                                                       \
    {                                                                                                        \
        (void)state;                                                                                         \
        expect_done(ISOLATED, "1", name, NULL);                                                              \
        expect_done(ISOLATED, "3", name, NULL);                                                              \
    }

ON_RANKS(results_come_back_from_any_rank, "results")
ON_RANKS(thousands_of_tasks_each_return_their_own_result, "many")
ON_RANKS(long_tasks_are_spread_over_all_ranks, "spread")
ON_RANKS(what_a_task_submits_is_spread_over_all_ranks, "spread_by_a_task")
ON_RANKS(tasks_leave_a_value_that_is_soon_moved, "spread_from_value")
ON_RANKS(many_large_values_are_gathered_in_order, "gathered")
ON_RANKS(a_small_value_keeps_no_task_where_it_is, "spread_with_value")
ON_RANKS(a_task_for_a_node_runs_there, "bound")
ON_RANKS(a_failure_tells_what_where_and_why_and_is_retried, "failure")
ON_RANKS(large_arguments_and_results_arrive_whole, "large")
ON_RANKS(a_task_goes_to_the_data_and_data_moves_when_it_must, "data")
ON_RANKS(a_map_runs_on_all_ranks_and_keeps_its_order, "mapped")
ON_RANKS(tasks_submit_tasks_and_wait_for_them, "nested")
ON_RANKS(a_running_task_elsewhere_hears_that_it_is_not_wanted, "cancelled")
ON_RANKS(closing_waits_for_what_was_submitted, "close_with_work")
ISOLATED_ON_RANKS(isolated_results_come_back_from_any_rank, "results")
ISOLATED_ON_RANKS(isolated_thousands_each_return_their_own_result, "many")
ISOLATED_ON_RANKS(isolated_long_tasks_are_spread_over_all_ranks, "spread")
ISOLATED_ON_RANKS(isolated_tasks_know_where_they_are, "bound")
ISOLATED_ON_RANKS(isolated_large_values_arrive_whole, "large")
ISOLATED_ON_RANKS(isolated_tasks_go_to_their_data, "data")
ISOLATED_ON_RANKS(isolated_maps_keep_their_order, "mapped")
ISOLATED_ON_RANKS(isolated_tasks_submit_tasks, "nested")
ISOLATED_ON_RANKS(isolated_tasks_crash_alone, "crashes")
ISOLATED_ON_RANKS(isolated_tasks_are_killed_when_late_or_unwanted, "limits")
ISOLATED_ON_RANKS(isolated_actors_keep_their_state, "actors")
ISOLATED_ON_RANKS(isolated_workers_leave_their_locks_to_the_next, "locks")
ISOLATED_ON_RANKS(isolated_work_is_waited_for_when_the_pool_closes, "close_with_work")

static void a_process_without_a_launcher_is_a_cluster_of_one(void **state)
{
    (void)state;
    const char *const command[] = {"timeout", "20", PROGRAM, "--pool=cluster:2", "results", NULL};
    outcome self = run(command);
    assert_int_equal(self.status, 0);
    assert_true(says(&self, "done\n"));
    octi_buffer_deinit(&self.text);
}

static void closing_waits_for_what_tasks_left_behind(void **state)
{
    (void)state;
    char path[] = "/tmp/octavo-cluster-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    expect_done(SHARED, "3", "orphans", path);
    unlink(path);
}

static void a_program_that_exits_early_takes_its_ranks_along(void **state)
{
    (void)state;
    outcome self = run_case(SHARED, "3", "exit_early", NULL);
    assert_int_equal(self.status, 3);
    assert_true(self.seconds < 10);
    octi_buffer_deinit(&self.text);
}

static void another_build_on_one_rank_is_refused_by_its_node(void **state)
{
    (void)state;
    char node[256] = "", wanted[300];
    gethostname(node, sizeof(node) - 1);
    snprintf(wanted, sizeof(wanted), "rank 1 on '%s'", node);
    const char *const command[] = {"timeout", "20",    "mpirun",         "--oversubscribe", "-n",
                                   "1",       PROGRAM, "--pool=cluster", "results",         ":",
                                   "-n",      "1",     OTHER_BUILD,      "--pool=cluster",  "results",
                                   NULL};
    outcome self = run(command);
    assert_int_equal(self.status, 1);
    if (!says(&self, wanted))
        print_error("%s\n", self.text.data);
    assert_true(says(&self, wanted));
    assert_true(says(&self, "another program"));
    octi_buffer_deinit(&self.text);
}

/* What a rank that dies leaves behind is mpirun's to end; that no rank of ours outlives it, and
 * that somebody says which it was, is what counts. */
static void expect_end(const char *ranks, const char *name, const char *argument, const char *naming)
{
    outcome self = run_case(SHARED, ranks, name, argument);
    if (self.status == 0 || self.status == -1 || !says(&self, naming))
        print_error("%s %s: status %d\n%s\n", name, argument ? argument : "", self.status,
                    self.text.data ? self.text.data : "");
    assert_int_not_equal(self.status, 0);
    assert_int_not_equal(self.status, -1);
    assert_true(self.seconds < 10);
    assert_true(says(&self, naming));
    octi_buffer_deinit(&self.text);
}

static void a_rank_that_is_killed_ends_all_at_any_moment(void **state)
{
    (void)state;
    static const char *const moments[] = {"0", "3", "30", "150"};
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++)
        expect_end("4", "lose_rank", moments[i], "rank 3");
}

static void a_rank_that_exits_ends_all(void **state)
{
    (void)state;
    expect_end("4", "leave_rank", NULL, "exit");
}

int main(void)
{
    /* Open MPI leaves memory to the end of the process; leaks of ours show on the other pools. */
    setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
    /* mpirun refuses root otherwise. */
    setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
    setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
    /* In sandboxes with process numbers of their own two mpiruns may think that they are one:
     * each test gets a folder, at a short path because sockets are made in it. */
    char folder[] = "/tmp/octavo.XXXXXX";
    if (!mkdtemp(folder))
        return 1;
    setenv("TMPDIR", folder, 1);
    setenv("OMPI_MCA_btl_vader_backing_directory", folder, 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_come_back_from_any_rank),
        cmocka_unit_test(thousands_of_tasks_each_return_their_own_result),
        cmocka_unit_test(long_tasks_are_spread_over_all_ranks),
        cmocka_unit_test(what_a_task_submits_is_spread_over_all_ranks),
        cmocka_unit_test(many_large_values_are_gathered_in_order),
        cmocka_unit_test(tasks_leave_a_value_that_is_soon_moved),
        cmocka_unit_test(a_small_value_keeps_no_task_where_it_is),
        cmocka_unit_test(a_task_for_a_node_runs_there),
        cmocka_unit_test(a_failure_tells_what_where_and_why_and_is_retried),
        cmocka_unit_test(large_arguments_and_results_arrive_whole),
        cmocka_unit_test(a_task_goes_to_the_data_and_data_moves_when_it_must),
        cmocka_unit_test(a_map_runs_on_all_ranks_and_keeps_its_order),
        cmocka_unit_test(tasks_submit_tasks_and_wait_for_them),
        cmocka_unit_test(a_running_task_elsewhere_hears_that_it_is_not_wanted),
        cmocka_unit_test(closing_waits_for_what_was_submitted),
        cmocka_unit_test(isolated_results_come_back_from_any_rank),
        cmocka_unit_test(isolated_thousands_each_return_their_own_result),
        cmocka_unit_test(isolated_long_tasks_are_spread_over_all_ranks),
        cmocka_unit_test(isolated_tasks_know_where_they_are),
        cmocka_unit_test(isolated_large_values_arrive_whole),
        cmocka_unit_test(isolated_tasks_go_to_their_data),
        cmocka_unit_test(isolated_maps_keep_their_order),
        cmocka_unit_test(isolated_tasks_submit_tasks),
        cmocka_unit_test(isolated_tasks_crash_alone),
        cmocka_unit_test(isolated_tasks_are_killed_when_late_or_unwanted),
        cmocka_unit_test(isolated_actors_keep_their_state),
        cmocka_unit_test(isolated_workers_leave_their_locks_to_the_next),
        cmocka_unit_test(isolated_work_is_waited_for_when_the_pool_closes),
        cmocka_unit_test(a_process_without_a_launcher_is_a_cluster_of_one),
        cmocka_unit_test(closing_waits_for_what_tasks_left_behind),
        cmocka_unit_test(a_program_that_exits_early_takes_its_ranks_along),
        cmocka_unit_test(another_build_on_one_rank_is_refused_by_its_node),
        cmocka_unit_test(a_rank_that_is_killed_ends_all_at_any_moment),
        cmocka_unit_test(a_rank_that_exits_ends_all),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    const char *const remove[] = {"rm", "-rf", folder, NULL};
    outcome removed = run(remove);
    return failed > 0 || removed.status != 0;
}
