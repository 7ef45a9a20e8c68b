#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "oct/error.h"
#include "runtime/base/buffer.h"
#include "runtime/base/clock.h"
#include "runtime/base/cpus.h"
#include "runtime/base/log.h"

static void fail_returns_its_code_and_keeps_errno(void **state)
{
    (void)state;
    oct_error err = OCT_ERROR_INIT;
    errno = ENOENT;
    assert_int_equal(oct_fail(&err, OCT_E_IO, "cannot open '%s'", "x"), OCT_E_IO);
    assert_int_equal(errno, ENOENT);
    assert_string_equal(err.what, "cannot open 'x'");
    assert_string_equal(err.hint, "");
    assert_int_equal(oct_hint(&err, "create it"), OCT_E_IO);
    assert_string_equal(err.hint, "create it");
}

static void fail_without_an_error_still_returns_the_code(void **state)
{
    (void)state;
    assert_int_equal(oct_fail(NULL, OCT_E_NOMEM, "x"), OCT_E_NOMEM);
}

static void a_hint_without_an_error_returns_the_code_of_the_failure_before(void **state)
{
    (void)state;
    oct_fail(NULL, OCT_E_DENIED, "x");
    assert_int_equal(oct_hint(NULL, "ask"), OCT_E_DENIED);
    oct_error err = OCT_ERROR_INIT;
    oct_fail(&err, OCT_E_IO, "x");
    oct_fail(NULL, OCT_E_LOST, "y");
    assert_int_equal(oct_hint(&err, "ask"), OCT_E_IO);
}

static void a_long_message_is_cut_with_an_ellipsis(void **state)
{
    (void)state;
    oct_error err = OCT_ERROR_INIT;
    char text[600];
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    oct_fail(&err, OCT_E_INVALID, "%s", text);
    assert_int_equal(strlen(err.what), sizeof(err.what) - 1);
    assert_string_equal(err.what + sizeof(err.what) - 4, "...");
    oct_prefix(&err, "in '%s'", text);
    assert_int_equal(strlen(err.what), sizeof(err.what) - 1);
    assert_string_equal(err.what + sizeof(err.what) - 4, "...");
}

static void a_message_may_quote_the_error_it_replaces(void **state)
{
    (void)state;
    oct_error err = OCT_ERROR_INIT;
    oct_fail(&err, OCT_E_IO, "inner");
    oct_fail(&err, OCT_E_LOST, "outer: %s", err.what);
    assert_string_equal(err.what, "outer: inner");
}

static void every_code_has_a_name(void **state)
{
    (void)state;
    for (int code = OCT_OK; code <= OCT_E_DEADLOCK; code++)
        assert_string_not_equal(oct_err_name((oct_err)code), "unknown");
    assert_string_equal(oct_err_name((oct_err)-1), "unknown");
    assert_string_equal(oct_err_name((oct_err)1000), "unknown");
}

static void a_thread_that_is_bound_has_one_processor(void **state)
{
    (void)state;
    cpu_set_t before, one;
    assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
    assert_int_equal(octi_usable_cpus(), CPU_COUNT(&before));
    CPU_ZERO(&one);
    for (int cpu = 0; CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &before))
            CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
    assert_int_equal(octi_usable_cpus(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
}

static void a_buffer_keeps_its_nul_while_it_grows_and_shrinks(void **state)
{
    (void)state;
    octi_buffer buffer = {0};
    for (int i = 0; i < 1000; i++)
        assert_int_equal(octi_buffer_printf(&buffer, "%d,", i), OCT_OK);
    assert_int_equal(strlen(buffer.data), buffer.size);
    octi_buffer_consume(&buffer, 2);
    assert_memory_equal(buffer.data, "1,2,", 4);
    octi_buffer_consume(&buffer, SIZE_MAX);
    assert_int_equal(buffer.size, 0);
    assert_string_equal(buffer.data, "");
    octi_buffer_deinit(&buffer);
}

static void a_buffer_refuses_an_absurd_size_and_stays_whole(void **state)
{
    (void)state;
    octi_buffer buffer = {0};
    assert_int_equal(octi_buffer_append(&buffer, "ab", 2), OCT_OK);
    assert_int_equal(octi_buffer_reserve(&buffer, SIZE_MAX - 1), OCT_E_NOMEM);
    assert_string_equal(buffer.data, "ab");
    octi_buffer_deinit(&buffer);
}

static void count_line(oct_log_level level, const char *line, void *ctx)
{
    (void)level;
    assert_string_equal(line, "seen 1");
    ++*(int *)ctx;
}

static int64_t system_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* For so long the clock is the system's, or ahead of it by so much. */
static void expect_the_time(int64_t lasts_ns, int64_t ahead_ns)
{
    enum { MAY_DIFFER_NS = 20000 };
    int64_t latest = 0, end = system_ns() + lasts_ns;
    for (int64_t before = 0; before < end;) {
        before = system_ns();
        int64_t now = octi_clock_ns();
        assert_true(now >= latest);
        assert_true(now >= before - MAY_DIFFER_NS && now <= system_ns() + MAY_DIFFER_NS + ahead_ns);
        latest = now;
    }
}

/* For many of the times that the processor's counter is counted on. */
static void the_clock_is_the_systems_and_never_runs_backwards(void **state)
{
    (void)state;
    expect_the_time(50000000, 0);
}

/* As it does when the machine slept, or moved to another host. */
static void a_counter_that_leaps_is_not_counted_on(void **state)
{
    (void)state;
    const uint64_t leaps[] = {UINT64_C(1) << 42, UINT64_C(1) << 52, 0 - (UINT64_C(1) << 42)};
    for (size_t i = 0; i < sizeof(leaps) / sizeof(leaps[0]); i++) {
        expect_the_time(5000000, 0);
        octi_clock_here.ticks -= leaps[i];
        expect_the_time(2000000, 1000000);
        expect_the_time(5000000, 0);
    }
}

static void the_log_is_silent_until_asked_and_obeys_its_level(void **state)
{
    (void)state;
    int seen = 0;
    octi_log(OCT_LOG_ERROR, "lost");
    oct_log_set(count_line, OCT_LOG_WARN, &seen);
    octi_log(OCT_LOG_WARN, "seen %d", 1);
    octi_log(OCT_LOG_INFO, "not seen");
    oct_log_set(NULL, OCT_LOG_ERROR, NULL);
    octi_log(OCT_LOG_ERROR, "lost");
    assert_int_equal(seen, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fail_returns_its_code_and_keeps_errno),
        cmocka_unit_test(fail_without_an_error_still_returns_the_code),
        cmocka_unit_test(a_hint_without_an_error_returns_the_code_of_the_failure_before),
        cmocka_unit_test(a_long_message_is_cut_with_an_ellipsis),
        cmocka_unit_test(a_message_may_quote_the_error_it_replaces),
        cmocka_unit_test(every_code_has_a_name),
        cmocka_unit_test(a_thread_that_is_bound_has_one_processor),
        cmocka_unit_test(a_buffer_keeps_its_nul_while_it_grows_and_shrinks),
        cmocka_unit_test(a_buffer_refuses_an_absurd_size_and_stays_whole),
        cmocka_unit_test(the_clock_is_the_systems_and_never_runs_backwards),
        cmocka_unit_test(a_counter_that_leaps_is_not_counted_on),
        cmocka_unit_test(the_log_is_silent_until_asked_and_obeys_its_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
