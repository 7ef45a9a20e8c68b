#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "provision/cli/suggest.h"

static void an_edit_is_an_insertion_a_deletion_a_replacement_or_a_swap(void **state)
{
    (void)state;
    assert_int_equal(cli_edit_distance("status", "status"), 0);
    assert_int_equal(cli_edit_distance("staus", "status"), 1);
    assert_int_equal(cli_edit_distance("statuss", "status"), 1);
    assert_int_equal(cli_edit_distance("stapus", "status"), 1);
    assert_int_equal(cli_edit_distance("sattus", "status"), 1);
    assert_int_equal(cli_edit_distance("", "run"), 3);
    assert_int_equal(cli_edit_distance("kitten", "sitting"), 3);
}

static void a_very_long_name_is_compared_by_its_beginning(void **state)
{
    (void)state;
    char name[1000];
    for (size_t i = 0; i < sizeof(name) - 1; i++)
        name[i] = 'a';
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(cli_edit_distance(name, name), 0);
    assert_int_equal(cli_edit_distance(name, ""), 40);
}

static void the_nearest_name_wins_and_a_far_one_is_none(void **state)
{
    (void)state;
    static const char *const names[] = {"up", "down", "status", "run"};
    assert_string_equal(cli_nearest("dwon", names, 4), "down");
    assert_string_equal(cli_nearest("rnu", names, 4), "run");
    assert_null(cli_nearest("teleport", names, 4));
    assert_null(cli_nearest("up", names, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_edit_is_an_insertion_a_deletion_a_replacement_or_a_swap),
        cmocka_unit_test(a_very_long_name_is_compared_by_its_beginning),
        cmocka_unit_test(the_nearest_name_wins_and_a_far_one_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
