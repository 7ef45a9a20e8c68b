#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "provision/cli/hangup.h"
#include "runtime/base/buffer.h"

#define RULE "--------------------------------------------------------------------------\n"
#define BEGINNING RULE "An MPI communication peer process has unexpectedly disconnected.  This\n"
#define REPORT                                                                                               \
    BEGINNING                                                                                                \
    "usually indicates a failure in the peer process (e.g., a crash or\n"                                    \
    "otherwise exiting without calling MPI_FINALIZE first).\n"                                               \
    "\n"                                                                                                     \
    "  Local host: a\n"                                                                                      \
    "  Peer host:  b\n" RULE

#define UNREACHED                                                                                            \
    RULE "WARNING: Open MPI failed to TCP connect to a peer MPI process.  This\nshould not happen.\n" RULE

static oct_err keep(void *ctx, const void *bytes, size_t size)
{
    return octi_buffer_append(ctx, bytes, size);
}

/* Feeds text in pieces of each size, and expects that to be seen and that report to be kept. */
static void expect(const char *text, const char *wanted, const char *report)
{
    size_t length = strlen(text);
    for (size_t piece = 1; piece <= length; piece++) {
        octi_buffer seen = {0};
        cli_hangup hangup = {.output = keep, .ctx = &seen};
        for (size_t at = 0; at < length; at += piece)
            assert_int_equal(cli_hangup_feed(&hangup, text + at, length - at < piece ? length - at : piece),
                             OCT_OK);
        assert_int_equal(cli_hangup_finish(&hangup), OCT_OK);
        assert_string_equal(seen.data ? seen.data : "", wanted);
        assert_string_equal(hangup.first.data ? hangup.first.data : "", report);
        octi_buffer_deinit(&seen);
        cli_hangup_deinit(&hangup);
    }
}

static void each_report_is_taken_out_and_the_first_kept(void **state)
{
    (void)state;
    expect("before\n" REPORT REPORT "between\n" UNREACHED "after", "before\nbetween\nafter", REPORT);
    expect(UNREACHED REPORT, "", UNREACHED);
}

static void other_reports_and_rules_pass(void **state)
{
    (void)state;
    static const char others[] =
        RULE "MPI_ABORT was invoked on rank 1\n" RULE RULE "\n--\n-\nx" RULE
             "An MPI communication peer\n" RULE "WARNING: Open MPI has failed\n" RULE;
    expect(others, others, "");
    expect(RULE REPORT "x\n" RULE, RULE "x\n" RULE, REPORT);
}

static void a_line_without_end_is_passed_at_the_end(void **state)
{
    (void)state;
    expect("-----", "-----", "");
    expect(RULE "An MPI", RULE "An MPI", "");
    expect(RULE "WARNING: ", RULE "WARNING: ", "");
}

static void a_report_without_end_takes_little_with_it(void **state)
{
    (void)state;
#define LINES "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n"
    expect(BEGINNING LINES "20\n", "20\n", BEGINNING LINES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_report_is_taken_out_and_the_first_kept),
        cmocka_unit_test(other_reports_and_rules_pass),
        cmocka_unit_test(a_line_without_end_is_passed_at_the_end),
        cmocka_unit_test(a_report_without_end_takes_little_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
