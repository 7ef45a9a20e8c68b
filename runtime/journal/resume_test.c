/* Runs a program of its own, kills it at random, and runs it again until it ends. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oct/oct.h"
#include "runtime/journal/format.h"

/* Three that work and a sum for each number, and one that fails; one of those that work fails too. */
enum { TASKS = 150, WORKERS = 2, JOBS = 4 * TASKS + 1, FAILING = 2 };

/* Leaves a byte in the file of all runs. */
static void leave_a_byte(const char *runs)
{
    int file = open(runs, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || write(file, "x", 1) != 1)
        oct_fail(oct_task_error(), OCT_E_IO, "cannot write '%s'", runs);
    close(file);
}

/* The value tells all arguments apart. */
OCT_TASK(oct_doubles, work, const char *, runs, int, x, double, y)
{
    leave_a_byte(runs);
    oct_sleep(0.001);
    oct_doubles values = {malloc(3 * sizeof(double)), 3};
    for (int i = 0; i < 3; i++)
        values.data[i] = x * 10 + i + y;
    return values;
}

OCT_TASK(double, sum, const char *, runs, oct_doubles, values, double, more)
{
    leave_a_byte(runs);
    for (size_t i = 0; i < values.count; i++)
        more += values.data[i];
    return more;
}

OCT_TASK(oct_err, fails, const char *, runs)
{
    oct_doubles values = work(runs, 0, 0);
    free(values.data);
    return OCT_E_NOTFOUND;
}

OCT_TASK(char *, label, int, x, const char *, runs)
{
    oct_doubles values = work(runs, x, 0.25);
    char *text = NULL;
    if (asprintf(&text, "%g", values.data[1]) < 0)
        text = NULL;
    free(values.data);
    if (x != 7)
        return text;
    free(text);
    oct_fail(oct_task_error(), OCT_E_IO, "seven never works");
    return NULL;
}

/* One item fails whenever it runs. */
static int map_items(oct_pool *pool, const char *runs)
{
    int x[TASKS], wrong = 0;
    char *out[TASKS], wanted[32];
    for (int i = 0; i < TASKS; i++)
        x[i] = i;
    wrong += oct_map(pool, label, x, TASKS, out, runs) != OCT_E_IO;
    for (int i = 0; i < TASKS; i++) {
        snprintf(wanted, sizeof(wanted), "%g", i * 10 + 1.25);
        wrong += i == 7 ? out[i] != NULL : !out[i] || strcmp(out[i], wanted) != 0;
        free(out[i]);
    }
    return wrong;
}

/* Each task twice, and what needs its value; exits with 0 when all is as it should be. */
static int program(const char *spec, const char *runs)
{
    static oct_future *first[TASKS], *again[TASKS], *sums[TASKS];
    oct_pool *pool;
    oct_error err = OCT_ERROR_INIT;
    if (oct_pool_open_spec(spec, &pool, &err) != OCT_OK) {
        fprintf(stderr, "%s\n", err.what);
        return 10 + (int)err.code;
    }
    for (int i = 0; i < TASKS; i++) {
        first[i] = oct_submit(pool, work, runs, i, 0.5);
        again[i] = oct_submit(pool, work, runs, i, 0.5);
        sums[i] = oct_submit(pool, sum, runs, first[i], 1.0);
    }
    int wrong = 0;
    for (int i = 0; i < TASKS; i++) {
        double total = 0;
        oct_doubles values = {0};
        wrong += oct_result(sums[i], &total) != OCT_OK || total != 30.0 * i + 3 + 1.5 + 1;
        wrong +=
            oct_result(again[i], &values) != OCT_OK || values.count != 3 || values.data[2] != i * 10 + 2.5;
        free(values.data);
        oct_release(first[i]);
    }
    wrong += oct_result(oct_submit(pool, fails, runs), NULL) != OCT_E_NOTFOUND;
    wrong += map_items(pool, runs);
    return oct_pool_close(pool) == OCT_OK && wrong == 0 ? 0 : 1;
}

static long size_of(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? (long)status.st_size : 0;
}

/* How many jobs' values the journal holds that the next program will find. */
static long recorded_in(const char *path)
{
    static char bytes[1 << 20];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = file < 0 ? 0 : read(file, bytes, sizeof(bytes));
    if (file >= 0)
        close(file);
    assert_in_range(size, 0, sizeof(bytes) - 1);
    long count = 0;
    octi_journal_record record;
    for (size_t at = OCTI_JOURNAL_HEAD, length; at < (size_t)size; at += length, count++)
        if ((length = octi_journal_check(bytes + at, (size_t)size - at, &record)) == 0)
            break;
    return count;
}

/* The workers of a program that is killed end a moment after it, and may leave a byte until then. */
static void wait_for_group(pid_t group)
{
    for (int i = 0; i < 5000 && kill(-group, 0) == 0; i++)
        usleep(1000);
}

/* The exit status, or -1 when it was killed after so many microseconds. */
static int run_and_kill(const char *spec, const char *runs, useconds_t after)
{
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        execl("/proc/self/exe", "resume_test", spec, runs, (char *)NULL);
        _exit(99);
    }
    if (after > 0) {
        usleep(after);
        kill(pid, SIGKILL);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    wait_for_group(pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Runs the program once: nothing that the journal holds runs again. */
static int run_and_count(const char *spec, const char *journal, const char *runs, useconds_t after)
{
    long recorded = recorded_in(journal), before = size_of(runs);
    int status = run_and_kill(spec, runs, after);
    assert_in_range(size_of(runs) - before, 0, JOBS - recorded);
    return status;
}

/* How often it was killed, and how many jobs ran by then in all. */
static int kill_until_done(const char *spec, long *ran)
{
    char folder[] = "/tmp/octavo-resume-XXXXXX", journal[64], runs[64];
    assert_non_null(mkdtemp(folder));
    snprintf(journal, sizeof(journal), "%s/journal", folder);
    snprintf(runs, sizeof(runs), "%s/runs", folder);
    setenv("OCTAVO_JOURNAL", journal, 1);

    int kills = 0, status;
    srand(11);
    while (kills < 200 &&
           (status = run_and_count(spec, journal, runs, 5000 + (useconds_t)(rand() % 60000))) == -1)
        kills++;
    if (kills == 200)
        status = run_and_count(spec, journal, runs, 0);
    assert_int_equal(status, 0);
    assert_true(kills > 0);
    assert_int_equal(recorded_in(journal), JOBS - FAILING);
    *ran = size_of(runs);
    assert_int_equal(run_and_count(spec, journal, runs, 0), 0);
    unlink(journal);
    unlink(runs);
    rmdir(folder);
    return kills;
}

/* The option beats the environment. */
static void a_pool_is_told_of_its_journal(void **state)
{
    char folder[] = "/tmp/octavo-resume-XXXXXX", spec[128], runs[64], unused[64];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(spec, sizeof(spec), "threads:2,journal=%s/journal,limit=1000", folder);
    snprintf(runs, sizeof(runs), "%s/runs", folder);
    snprintf(unused, sizeof(unused), "%s/unused", folder);
    setenv("OCTAVO_JOURNAL", unused, 1);
    assert_int_equal(run_and_kill(spec, runs, 0), 0);
    long before = size_of(runs);
    assert_int_equal(run_and_kill(spec, runs, 0), 0);
    assert_int_equal(size_of(runs), before + FAILING);
    assert_int_equal(access(unused, F_OK), -1);
    unlink(runs);
    snprintf(spec, sizeof(spec), "%s/journal", folder);
    unlink(spec);
    rmdir(folder);
}

/* The same program with the same arguments may run twice at once. */
static void a_journal_of_the_environment_that_is_in_use_has_a_second(void **state)
{
    char folder[] = "/tmp/octavo-resume-XXXXXX", journal[64], second[80], runs[64];
    int ready[2], go[2];
    char byte;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(journal, sizeof(journal), "%s/journal", folder);
    snprintf(second, sizeof(second), "%s.1", journal);
    snprintf(runs, sizeof(runs), "%s/runs", folder);
    assert_true(pipe(ready) == 0 && pipe(go) == 0);
    pid_t other = fork();
    if (other == 0) { /* holds the lock, as a program that runs does */
        struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int file = open(journal, O_RDWR | O_CREAT, 0600);
        bool held = fcntl(file, F_SETLK, &whole) == 0 && write(ready[1], "", 1) == 1;
        _exit(held && read(go[0], &byte, 1) == 1 ? 0 : 1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    setenv("OCTAVO_JOURNAL", journal, 1);
    assert_int_equal(run_and_kill("threads:2", runs, 0), 0);
    assert_int_equal(access(second, F_OK), 0);
    assert_int_equal(size_of(journal), 0);
    assert_int_equal(write(go[1], "", 1), 1);
    int status;
    assert_int_equal(waitpid(other, &status, 0), other);
    assert_int_equal(status, 0);
    unlink(journal);
    unlink(second);
    unlink(runs);
    rmdir(folder);
}

static void a_journal_without_a_path_is_refused(void **state)
{
    char spec[5000] = "threads:2,journal=";
    oct_pool *pool = NULL;
    oct_error err = OCT_ERROR_INIT;
    (void)state;
    assert_int_equal(oct_pool_open_spec(spec, &pool, &err), OCT_E_INVALID);
    assert_non_null(strstr(err.what, "a journal is a file's path"));
    memset(spec + strlen(spec), 'x', 4500);
    assert_int_equal(oct_pool_open_spec(spec, &pool, &err), OCT_E_INVALID);
    assert_int_equal(oct_pool_open_spec("threads:2,journal=/nowhere/at/all", &pool, &err), OCT_E_IO);
    assert_non_null(strstr(err.what, "/nowhere/at/all"));
    assert_null(pool);
}

/* What ran when it was killed may run once more: one job a worker, and one of whoever waits. Those that
 * fail are not recorded, and run each time that the program gets so far. */
static void threads_run_nothing_twice(void **state)
{
    long ran;
    (void)state;
    int kills = kill_until_done("threads:2", &ran);
    assert_in_range(ran, JOBS, JOBS + kills * (WORKERS + 1 + FAILING));
}

/* Here a worker goes on with its line before anybody has seen, and recorded, what it ended: how much
 * of that is lost with the program is a matter of time. */
static void processes_run_nothing_twice(void **state)
{
    long ran;
    (void)state;
    kill_until_done("processes:2", &ran);
    assert_true(ran >= JOBS);
}

int main(int argc, char **argv)
{
    if (argc == 3)
        return program(argv[1], argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pool_is_told_of_its_journal),
        cmocka_unit_test(a_journal_of_the_environment_that_is_in_use_has_a_second),
        cmocka_unit_test(a_journal_without_a_path_is_refused),
        cmocka_unit_test(threads_run_nothing_twice),
        cmocka_unit_test(processes_run_nothing_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
