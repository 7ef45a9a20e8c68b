#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "provision/exercise/changes.h"

static char folder[64];
static octi_changes changes;

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/changes.XXXXXX");
    return mkdtemp(folder) && octi_changes_open(folder, "solution.c", &changes, NULL) == OCT_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    octi_changes_close(&changes);
    octi_remove_folder(folder);
    return 0;
}

static void write_to(const char *name)
{
    char path[OCTI_PATH];
    FILE *file = fopen(octi_path(path, folder, name), "w");
    assert_non_null(file);
    fputs("text\n", file);
    fclose(file);
}

static void move(const char *from, const char *to)
{
    char source[OCTI_PATH], target[OCTI_PATH];
    assert_int_equal(rename(octi_path(source, folder, from), octi_path(target, folder, to)), 0);
}

static void a_save_in_place_is_seen_once(void **state)
{
    (void)state;
    assert_false(octi_changes_take(&changes));
    write_to("exercise.c");
    assert_true(octi_changes_take(&changes));
    assert_false(octi_changes_take(&changes));
}

static void a_file_renamed_over_is_seen(void **state)
{
    (void)state;
    write_to("exercise.c");
    assert_true(octi_changes_take(&changes));
    write_to("4913");
    assert_false(octi_changes_take(&changes));
    move("4913", "exercise.c");
    assert_true(octi_changes_take(&changes));
}

static void other_files_do_not_count(void **state)
{
    (void)state;
    write_to(".exercise.c.swp");
    write_to(".#exercise.c");
    write_to("speed-up.svg");
    write_to("solution.c");
    assert_false(octi_changes_take(&changes));
    write_to("prices.h");
    assert_true(octi_changes_take(&changes));
}

static void a_folder_made_anew_is_watched_again(void **state)
{
    (void)state;
    char away[OCTI_PATH];
    snprintf(away, sizeof(away), "%s.away", folder);
    assert_int_equal(rename(folder, away), 0);
    assert_int_equal(octi_make_folder(folder, NULL), OCT_OK);
    assert_true(octi_changes_take(&changes));
    assert_false(octi_changes_take(&changes));
    write_to("exercise.c");
    assert_true(octi_changes_take(&changes));
    assert_false(octi_changes_take(&changes));
    octi_remove_folder(away);
}

static void a_folder_that_is_not_there_is_told(void **state)
{
    (void)state;
    octi_changes none;
    oct_error err;
    assert_int_equal(octi_changes_open("/nowhere", "", &none, &err), OCT_E_NOTFOUND);
    assert_non_null(strstr(err.what, "/nowhere"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_save_in_place_is_seen_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_renamed_over_is_seen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_files_do_not_count, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_made_anew_is_watched_again, set_up, tear_down),
        cmocka_unit_test(a_folder_that_is_not_there_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
