#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <time.h>

#include "runtime/frame/turns.h"

enum { TURNS = 1000, FAILS = 300 };

static oct_pool *pool;

static oct_err count_turn(size_t turn, void *ctx, oct_error *err)
{
    int *ran = ctx;
    (void)err;
    ran[turn]++;
    return OCT_OK;
}

static void each_turn_runs_once(void **state)
{
    int ran[TURNS] = {0};
    (void)state;
    assert_int_equal(octi_turns(pool, TURNS, count_turn, ran, NULL), OCT_OK);
    for (size_t i = 0; i < TURNS; i++)
        if (ran[i] != 1)
            fail_msg("turn %zu ran %d times", i, ran[i]);
}

static oct_err fail_from_some_on(size_t turn, void *ctx, oct_error *err)
{
    (void)count_turn(turn, ctx, err);
    return turn < FAILS ? OCT_OK : oct_fail(err, OCT_E_INVALID, "turn %zu", turn);
}

static void the_first_failure_is_told_and_the_other_turns_run(void **state)
{
    int ran[TURNS] = {0};
    oct_error error = OCT_ERROR_INIT;
    (void)state;
    assert_int_equal(octi_turns(pool, TURNS, fail_from_some_on, ran, &error), OCT_E_INVALID);
    assert_string_equal(error.what, "turn 300");
    for (size_t i = 0; i < TURNS; i++)
        assert_int_equal(ran[i], 1);
}

typedef struct meeting {
    pthread_mutex_t lock;
    pthread_cond_t all_here;
    size_t here, wanted; /* under the lock */
} meeting;

/* Waits for the other turns: only those that run at once meet. */
static oct_err meet(size_t turn, void *ctx, oct_error *err)
{
    meeting *m = ctx;
    struct timespec end;
    int late = 0;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 20;
    pthread_mutex_lock(&m->lock);
    if (++m->here == m->wanted)
        pthread_cond_broadcast(&m->all_here);
    while (m->here < m->wanted && late == 0)
        late = pthread_cond_timedwait(&m->all_here, &m->lock, &end);
    pthread_mutex_unlock(&m->lock);
    return late == 0 ? OCT_OK : oct_fail(err, OCT_E_TIMEOUT, "turn %zu met nobody", turn);
}

static void as_many_turns_as_are_told_run_at_once(void **state)
{
    meeting m = {.lock = PTHREAD_MUTEX_INITIALIZER,
                 .all_here = PTHREAD_COND_INITIALIZER,
                 .wanted = octi_turns_at_once(pool)};
    oct_error error = OCT_ERROR_INIT;
    (void)state;
    assert_in_range(m.wanted, 1, 3);
    if (octi_turns(pool, m.wanted, meet, &m, &error) != OCT_OK)
        fail_msg("%s", error.what);
}

int main(void)
{
    static const char *const pools[] = {"threads:3", "processes:3"};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_turn_runs_once),
        cmocka_unit_test(the_first_failure_is_told_and_the_other_turns_run),
        cmocka_unit_test(as_many_turns_as_are_told_run_at_once),
    };
    int failed = 0;
    for (size_t i = 0; i < sizeof(pools) / sizeof(pools[0]); i++) {
        if (oct_pool_open_spec(pools[i], &pool, NULL) != OCT_OK)
            return 1;
        failed += cmocka_run_group_tests_name(pools[i], tests, NULL, NULL);
        oct_pool_close(pool);
    }
    return failed;
}
