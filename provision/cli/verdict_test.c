#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "provision/cli/verdict.h"
#include "runtime/base/buffer.h"

static oct_err keep(void *ctx, const void *bytes, size_t size)
{
    return octi_buffer_append(ctx, bytes, size);
}

/* Feeds text in pieces of that size; what is seen goes to *seen. Returns the status. */
static int feed(const char *text, size_t piece, octi_buffer *seen)
{
    cli_verdict verdict = {.output = keep, .ctx = seen};
    for (size_t at = 0, length = strlen(text); at < length; at += piece) {
        size_t size = length - at < piece ? length - at : piece;
        assert_int_equal(cli_verdict_feed(&verdict, text + at, size), OCT_OK);
    }
    assert_int_equal(cli_verdict_finish(&verdict), OCT_OK);
    return verdict.status;
}

static const char crash[] =
    "octavo: dev-3: rank 3: killed by signal 11 (Segmentation fault)\n"
    "srun: error: dev-3: task 3: Exited with exit code 139\n"
    "srun: Terminating StepId=3.0\n"
    "srun: launch/slurm: _step_signal: Terminating StepId=3.0\n"
    "slurmstepd-dev-0: error: *** STEP 3.0 ON dev-0 CANCELLED AT 2026-01-01T00:00:00 ***\n"
    "octavo: dev-0: rank 0: exited with status 3\n"
    "slurmstepd-dev-2: error:  mpi/pmix_v4: _errhandler: dev-2 [1]: pmixp_client_v2.c:211: Error handler "
    "invoked: status = -61, source = [slurm.pmix.1.3:1]\n"
    "srun: error: Timed out waiting for job step to complete\n"
    "srun: error: dev-1: tasks 1,4: Terminated\n"
    "srun: Force Terminated StepId=3.0\n";

static void the_first_rank_that_failed_decides_and_slurms_report_is_held_back(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < sizeof(crash); piece++) {
        octi_buffer seen = {0};
        assert_int_equal(feed(crash, piece, &seen), 139);
        assert_string_equal(seen.data, "octavo: dev-3: rank 3: killed by signal 11 (Segmentation fault)\n"
                                       "octavo: dev-0: rank 0: exited with status 3\n");
        octi_buffer_deinit(&seen);
    }
}

static void the_programs_own_words_pass_untouched(void **state)
{
    (void)state;
    static const char words[] = "srun is a word\noctavo: dev: rank 3\noctavo: dev: rank "
                                "3:\n10%\r20%\roctavo: nothing\nslurmstepd-\nsrun: job 6 queued and waiting\n"
                                "\n\nsrun: error: unknown\n  srun: error: dev-1: task 1: x\nno newline";
    for (size_t piece = 1; piece < sizeof(words); piece++) {
        octi_buffer seen = {0};
        assert_int_equal(feed(words, piece, &seen), 0);
        assert_string_equal(seen.data, words);
        octi_buffer_deinit(&seen);
    }
}

/* Of a rank that was killed from outside, the others end too, and may be told of sooner. */
static void a_rank_that_was_killed_goes_before_those_that_ended_of_it(void **state)
{
    (void)state;
    static const char *const orders[] = {
        "octavo: dev-1: rank 1: exited with status 14\noctavo: dev-2: rank 2: killed by signal 9 (Killed)\n",
        "octavo: dev-2: rank 2: killed by signal 9 (Killed)\noctavo: dev-1: rank 1: exited with status 14\n"
        "octavo: dev-0: rank 0: killed by signal 9 (Killed)\nsrun: error: Node failure on dev-0\n",
    };
    for (size_t i = 0; i < 2; i++) {
        octi_buffer seen = {0};
        cli_verdict verdict = {.output = keep, .ctx = &seen, .keeps_ends = true};
        assert_int_equal(cli_verdict_feed(&verdict, orders[i], strlen(orders[i])), OCT_OK);
        assert_int_equal(verdict.status, 137);
        assert_true(verdict.foreign);
        assert_string_equal(verdict.node, "dev-2");
        assert_string_equal(verdict.ended, "rank 2: killed by signal 9 (Killed)");
        assert_int_equal(seen.size, 0);
        octi_buffer_deinit(&seen);
    }
}

static void a_frozen_rank_counts_as_killed(void **state)
{
    (void)state;
    static const char line[] = "octavo: dev-2: rank 2: frozen (stopped by a signal), and killed for that\n";
    octi_buffer seen = {0};
    assert_int_equal(feed(line, 7, &seen), 137);
    assert_string_equal(seen.data, line);
    octi_buffer_deinit(&seen);
}

static void a_prompt_is_seen_before_its_line_ends(void **state)
{
    (void)state;
    octi_buffer seen = {0};
    cli_verdict verdict = {.output = keep, .ctx = &seen};
    assert_int_equal(cli_verdict_feed(&verdict, "name? ", 6), OCT_OK);
    assert_string_equal(seen.data, "name? ");
    octi_buffer_deinit(&seen);
}

static void a_watched_line_without_end_is_not_kept_forever(void **state)
{
    (void)state;
    char line[3 * CLI_VERDICT_HELD];
    memset(line, 'x', sizeof(line) - 1);
    memcpy(line, "octavo: ", 8);
    line[sizeof(line) - 1] = '\0';
    octi_buffer seen = {0};
    assert_int_equal(feed(line, 100, &seen), 0);
    assert_string_equal(seen.data, line);
    octi_buffer_deinit(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_rank_that_failed_decides_and_slurms_report_is_held_back),
        cmocka_unit_test(the_programs_own_words_pass_untouched),
        cmocka_unit_test(a_rank_that_was_killed_goes_before_those_that_ended_of_it),
        cmocka_unit_test(a_frozen_rank_counts_as_killed),
        cmocka_unit_test(a_prompt_is_seen_before_its_line_ends),
        cmocka_unit_test(a_watched_line_without_end_is_not_kept_forever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
