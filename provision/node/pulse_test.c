#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "provision/node/pulse.h"
#include "provision/probe/probe.h"

#define MS ((int64_t)1000000)

static const octi_member members[] = {{"dev-0", "127.0.0.9"}, {"dev-1", "127.0.0.1"}, {"dev-2", "127.0.0.2"}};
static const octi_config config = {.cluster = "dev", .node_count = 3, .nodes = (octi_member *)members};

static char lost[256];

static void keep(const char *node, const char *reason, bool again, void *ctx)
{
    (void)ctx;
    size_t used = strlen(lost);
    snprintf(lost + used, sizeof(lost) - used, "%s%s: %s;", again ? "again " : "", node, reason);
}

/* A port of this process's own, so that tests can run side by side. */
static uint16_t port(void)
{
    return (uint16_t)(20000 + getpid() % 20000);
}

/* Both nodes are this one socket; only 127.0.0.1 answers from the address that it was asked at. */
static void open_pulse(octi_pulse *pulse)
{
    lost[0] = '\0';
    assert_int_equal(octi_pulse_init(pulse, port(), NULL), OCT_OK);
    assert_int_equal(octi_pulse_watch(pulse, &config, NULL), OCT_OK);
    assert_int_equal(pulse->count, 3);
}

/* One turn at `now`: asks, then takes questions and answers until no more come. */
static void turn(octi_pulse *pulse, int64_t now)
{
    octi_pulse_beat(pulse, now, keep, NULL);
    for (int i = 0; i < 3; i++) {
        usleep(2000);
        octi_pulse_hear(pulse, now);
    }
}

static void a_node_that_answers_is_not_lost(void **state)
{
    (void)state;
    octi_pulse pulse;
    open_pulse(&pulse);
    for (int64_t now = 1000 * MS; now < 20000 * MS; now += 500 * MS)
        turn(&pulse, now);
    assert_string_equal(lost, "");
    octi_pulse_deinit(&pulse);
}

static void a_node_that_falls_silent_is_told_once(void **state)
{
    (void)state;
    octi_pulse pulse;
    open_pulse(&pulse);
    turn(&pulse, 1000 * MS);
    turn(&pulse, 1500 * MS);
    int64_t silent = 1500 * MS;
    for (int64_t now = silent + 500 * MS; now < silent + 8000 * MS; now += 500 * MS) {
        octi_pulse_beat(&pulse, now, keep, NULL);
        assert_true(now - silent > 2500 * MS || !lost[0]);
    }
    assert_string_equal(lost, "dev-1: it is frozen or cut off: it has not answered for 3.0 s;");
    octi_pulse_deinit(&pulse);
}

/* Slurm forgets it: its own controller reaches a node whose disk is full. */
static void a_loss_is_known_and_told_again_until_the_node_answers(void **state)
{
    (void)state;
    octi_pulse pulse;
    open_pulse(&pulse);
    turn(&pulse, 1000 * MS);
    turn(&pulse, 1500 * MS);
    unsigned changes = pulse.changes;
    int64_t now = 2000 * MS;
    for (; now < 15000 * MS; now += 500 * MS)
        octi_pulse_beat(&pulse, now, keep, NULL);
    assert_non_null(strstr(lost, ";again dev-1: it is frozen or cut off: it has not answered for 13.0 s;"));
    assert_int_equal(pulse.changes, changes + 1);
    json_t *list = octi_pulse_lost(&pulse);
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "node")), "dev-1");
    json_decref(list);
    turn(&pulse, now);
    list = octi_pulse_lost(&pulse);
    assert_int_equal(json_array_size(list), 0);
    json_decref(list);
    assert_int_equal(pulse.changes, changes + 2);
    octi_pulse_deinit(&pulse);
}

static void a_head_that_slept_blames_nobody(void **state)
{
    (void)state;
    octi_pulse pulse;
    open_pulse(&pulse);
    turn(&pulse, 1000 * MS);
    turn(&pulse, 60000 * MS);
    assert_string_equal(lost, "");
    octi_pulse_deinit(&pulse);
}

static void a_turn_comes_every_half_second(void **state)
{
    (void)state;
    octi_pulse pulse;
    open_pulse(&pulse);
    assert_int_equal(octi_pulse_beat(&pulse, 1000 * MS, keep, NULL), 1500 * MS);
    assert_int_equal(octi_pulse_beat(&pulse, 1200 * MS, keep, NULL), 1500 * MS);
    assert_int_equal(octi_pulse_watch(&pulse, NULL, NULL), OCT_OK);
    assert_int_equal(octi_pulse_beat(&pulse, 1500 * MS, keep, NULL), INT64_MAX);
    octi_pulse_deinit(&pulse);
}

static void nobody_answers_where_nobody_listens(void **state)
{
    (void)state;
    assert_false(octi_probe_alive("127.0.0.1", port(), 50));
    assert_false(octi_probe_alive("nonsense", port(), 50));
}

static void a_port_that_is_taken_is_said_so(void **state)
{
    (void)state;
    octi_pulse first, second;
    oct_error err = OCT_ERROR_INIT;
    assert_int_equal(octi_pulse_init(&first, port(), NULL), OCT_OK);
    assert_int_equal(octi_pulse_init(&second, port(), &err), OCT_E_IO);
    assert_non_null(strstr(err.what, "in use"));
    octi_pulse_deinit(&second);
    octi_pulse_deinit(&first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_that_answers_is_not_lost),
        cmocka_unit_test(a_node_that_falls_silent_is_told_once),
        cmocka_unit_test(a_loss_is_known_and_told_again_until_the_node_answers),
        cmocka_unit_test(a_head_that_slept_blames_nobody),
        cmocka_unit_test(a_turn_comes_every_half_second),
        cmocka_unit_test(nobody_answers_where_nobody_listens),
        cmocka_unit_test(a_port_that_is_taken_is_said_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
