#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provision/node/file.h"
#include "provision/node/key.h"
#include "provision/node/membership.h"

typedef struct fixture {
    char state[64], run[64], host[64];
    octi_paths paths;
    octi_membership membership;
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof(*f));
    if (!f)
        return -1;
    strcpy(f->state, "/tmp/membership_state.XXXXXX");
    strcpy(f->run, "/tmp/membership_run.XXXXXX");
    if (!mkdtemp(f->state) || !mkdtemp(f->run))
        return -1;
    setenv("OCTAVO_STATE", f->state, 1);
    setenv("OCTAVO_RUN", f->run, 1);
    gethostname(f->host, sizeof(f->host) - 1);
    octi_paths_init(&f->paths);
    *state = f;
    return octi_membership_init(&f->membership, &f->paths, NULL);
}

static int tear_down(void **state)
{
    fixture *f = *state;
    char command[200];
    octi_membership_deinit(&f->membership);
    snprintf(command, sizeof(command), "rm -rf '%s' '%s'", f->state, f->run);
    free(f);
    return system(command);
}

static void configure(fixture *f, const char *text)
{
    assert_int_equal(octi_file_replace(f->paths.config, text, strlen(text), 0644, NULL), OCT_OK);
}

/* A cluster of two, this host at `index`, the other at the address given. */
static void configure_pair(fixture *f, int index, const char *other)
{
    char text[512], mine[128], theirs[128];
    snprintf(mine, sizeof(mine), "{\"name\":\"%.40s\",\"address\":\"10.0.0.1\"}", f->host);
    snprintf(theirs, sizeof(theirs), "{\"name\":\"other\",\"address\":\"%s\"}", other);
    snprintf(text, sizeof(text), "{\"version\":1,\"cluster\":\"dev\",\"generation\":1,\"nodes\":[%s,%s]}",
             index == 0 ? mine : theirs, index == 0 ? theirs : mine);
    configure(f, text);
}

static void without_a_file_the_node_waits(void **state)
{
    fixture *f = *state;
    assert_int_equal(octi_membership_update(&f->membership), OCTI_MEMBERSHIP_SAME);
    assert_false(f->membership.member);
    assert_string_equal(f->membership.reason, "not configured yet");
}

static void the_head_makes_a_key_that_nobody_else_may_read(void **state)
{
    fixture *f = *state;
    struct stat shared, copy;
    configure_pair(f, 0, "10.0.0.2");
    assert_int_equal(octi_membership_update(&f->membership), OCTI_MEMBERSHIP_FILES | OCTI_MEMBERSHIP_KEY);
    assert_true(f->membership.head);
    assert_int_equal(stat(f->paths.shared_key, &shared), 0);
    assert_int_equal(stat(f->paths.key, &copy), 0);
    assert_int_equal(shared.st_mode & 07777, 0400);
    assert_int_equal(copy.st_mode & 07777, 0400);
    assert_int_equal(shared.st_size, 128);
}

static void another_node_waits_for_the_head_to_make_the_key(void **state)
{
    fixture *f = *state;
    configure_pair(f, 1, "10.0.0.2");
    assert_int_equal(octi_membership_update(&f->membership), OCTI_MEMBERSHIP_SAME);
    assert_false(f->membership.member);
    assert_true(f->membership.waiting);
    assert_int_equal(octi_key_ensure(f->paths.shared_key, NULL), OCT_OK);
    assert_int_equal(octi_membership_update(&f->membership), OCTI_MEMBERSHIP_FILES | OCTI_MEMBERSHIP_KEY);
    assert_true(f->membership.member);
}

static void the_same_file_again_disturbs_nobody(void **state)
{
    fixture *f = *state;
    configure_pair(f, 0, "10.0.0.2");
    octi_membership_update(&f->membership);
    configure_pair(f, 0, "10.0.0.2");
    assert_int_equal(octi_membership_update(&f->membership), OCTI_MEMBERSHIP_SAME);
}

static void a_new_address_is_written_and_told(void **state)
{
    fixture *f = *state;
    octi_buffer conf = {0};
    configure_pair(f, 0, "10.0.0.2");
    octi_membership_update(&f->membership);
    configure_pair(f, 0, "10.0.0.99");
    assert_int_equal(octi_membership_update(&f->membership), OCTI_MEMBERSHIP_FILES);
    assert_int_equal(octi_file_read(f->paths.slurm_conf, 1 << 20, &conf, NULL), OCT_OK);
    assert_non_null(strstr(conf.data, "NodeAddr=10.0.0.99 "));
    octi_buffer_deinit(&conf);
}

static void garbage_leaves_a_member_as_it_was(void **state)
{
    fixture *f = *state;
    configure_pair(f, 0, "10.0.0.2");
    octi_membership_update(&f->membership);
    configure(f, "{ garbage");
    assert_int_equal(octi_membership_update(&f->membership), OCTI_MEMBERSHIP_SAME);
    assert_true(f->membership.member);
    assert_non_null(strstr(f->membership.reason, "not JSON"));
}

static void a_node_that_is_left_out_leaves(void **state)
{
    fixture *f = *state;
    configure_pair(f, 0, "10.0.0.2");
    octi_membership_update(&f->membership);
    configure(
        f, "{\"version\":1,\"cluster\":\"dev\",\"nodes\":[{\"name\":\"other\",\"address\":\"10.0.0.2\"}]}");
    assert_int_equal(octi_membership_update(&f->membership), OCTI_MEMBERSHIP_FILES);
    assert_false(f->membership.member);
    assert_non_null(strstr(f->membership.reason, "is not one of the 1 nodes"));
}

static void a_mounted_key_of_any_mode_is_copied_and_a_short_one_refused(void **state)
{
    fixture *f = *state;
    char path[100], text[400];
    snprintf(path, sizeof(path), "%s/secret", f->state);
    snprintf(text, sizeof(text),
             "{\"version\":1,\"cluster\":\"dev\",\"munge_key_file\":\"%s\","
             "\"nodes\":[{\"name\":\"%.40s\",\"address\":\"10.0.0.1\"}]}",
             path, f->host);
    configure(f, text);
    assert_int_equal(octi_file_replace(path, "short", 5, 0444, NULL), OCT_OK);
    octi_membership_update(&f->membership);
    assert_false(f->membership.member);
    assert_non_null(strstr(f->membership.reason, "has 5 bytes"));

    char key[64];
    memset(key, 'k', sizeof(key));
    assert_int_equal(octi_file_replace(path, key, sizeof(key), 0444, NULL), OCT_OK);
    octi_membership_update(&f->membership);
    struct stat copy;
    assert_true(f->membership.member);
    assert_int_equal(stat(f->paths.key, &copy), 0);
    assert_int_equal(copy.st_mode & 07777, 0400);
    assert_int_equal(access(f->paths.shared_key, F_OK), -1);
}

static void what_an_earlier_life_left_in_the_run_folder_is_removed(void **state)
{
    fixture *f = *state;
    octi_paths *paths = &f->paths;
    assert_int_equal(octi_file_replace(paths->munge_socket, "x", 1, 0644, NULL), OCT_OK);
    octi_membership_deinit(&f->membership);
    assert_int_equal(octi_membership_init(&f->membership, paths, NULL), OCT_OK);
    assert_int_equal(access(paths->munge_socket, F_OK), -1);
    assert_int_equal(access(paths->munge, F_OK), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_a_file_the_node_waits),
        TEST(the_head_makes_a_key_that_nobody_else_may_read),
        TEST(another_node_waits_for_the_head_to_make_the_key),
        TEST(the_same_file_again_disturbs_nobody),
        TEST(a_new_address_is_written_and_told),
        TEST(garbage_leaves_a_member_as_it_was),
        TEST(a_node_that_is_left_out_leaves),
        TEST(a_mounted_key_of_any_mode_is_copied_and_a_short_one_refused),
        TEST(what_an_earlier_life_left_in_the_run_folder_is_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
