#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "provision/cli/progress.h"

/* A progress that writes into memory. */
struct shown {
    char *text;
    size_t size;
    FILE *out;
    cli_progress *progress;
};

static void start(struct shown *shown, cli_progress_mode mode)
{
    *shown = (struct shown){0};
    shown->out = open_memstream(&shown->text, &shown->size);
    shown->progress = cli_progress_create(mode, shown->out, "dev");
    assert_non_null(shown->progress);
}

static void stop(struct shown *shown)
{
    cli_progress_destroy(shown->progress);
    fclose(shown->out);
    free(shown->text);
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static void add_nodes(cli_progress *progress, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char name[16];
        snprintf(name, sizeof(name), "dev-%u", i);
        cli_progress_node(progress, name, i % 2 ? CLI_DONE : CLI_WORKING, i % 2 ? "joined" : "starting");
    }
}

static void the_table_has_a_line_for_each_node(void **state)
{
    (void)state;
    struct shown shown;
    octi_buffer table = {0};
    cli_progress_view view = {.rows = 24, .columns = 80, .now = 2.5};
    start(&shown, CLI_PROGRESS_QUIET);
    cli_progress_phase(shown.progress, "waiting");
    add_nodes(shown.progress, 4);
    assert_int_equal(cli_progress_render(shown.progress, &view, &table), OCT_OK);
    assert_int_equal(count_lines(table.data), 5);
    assert_non_null(strstr(table.data, "dev: waiting (2 of 4, 2.5 s)"));
    assert_non_null(strstr(table.data, "dev-2"));
    assert_null(strchr(table.data, '\033'));
    octi_buffer_deinit(&table);
    stop(&shown);
}

static void a_large_table_fits_the_terminal_and_shows_failures_first(void **state)
{
    (void)state;
    struct shown shown;
    octi_buffer table = {0};
    cli_progress_view view = {.rows = 10, .columns = 40, .colour = false, .now = 1};
    start(&shown, CLI_PROGRESS_QUIET);
    add_nodes(shown.progress, 1000);
    cli_progress_node(shown.progress, "dev-999", CLI_FAILED,
                      "the reason is long, longer than any line can be");
    assert_int_equal(cli_progress_render(shown.progress, &view, &table), OCT_OK);
    assert_true(count_lines(table.data) < view.rows);
    assert_non_null(strstr(table.data, "and 994 more"));
    char *first = strchr(table.data, '\n') + 1;
    assert_non_null(strstr(first, "dev-999"));
    for (char *line = strtok(table.data, "\n"); line; line = strtok(NULL, "\n"))
        assert_true(strlen(line) < view.columns);
    octi_buffer_deinit(&table);
    stop(&shown);
}

static void a_tiny_terminal_does_no_harm(void **state)
{
    (void)state;
    struct shown shown;
    start(&shown, CLI_PROGRESS_QUIET);
    add_nodes(shown.progress, 20);
    for (unsigned short size = 0; size < 6; size++) {
        octi_buffer table = {0};
        cli_progress_view view = {.rows = size, .columns = size, .now = 1};
        assert_int_equal(cli_progress_render(shown.progress, &view, &table), OCT_OK);
        octi_buffer_deinit(&table);
    }
    stop(&shown);
}

static void plain_lines_tell_what_ended_and_what_failed(void **state)
{
    (void)state;
    struct shown shown;
    start(&shown, CLI_PROGRESS_PLAIN);
    cli_progress_phase(shown.progress, "creating %d nodes", 2);
    cli_progress_node(shown.progress, "dev-0", CLI_WORKING, "starting");
    cli_progress_node(shown.progress, "dev-0", CLI_DONE, "joined");
    cli_progress_node(shown.progress, "dev-1", CLI_FAILED, "no\033[31m room\r");
    assert_non_null(strstr(shown.text, "dev: creating 2 nodes\n"));
    assert_null(strstr(shown.text, "starting"));
    assert_non_null(strstr(shown.text, "dev: dev-0: joined ("));
    assert_non_null(strstr(shown.text, "dev: dev-1: no [31m room \n"));
    stop(&shown);
}

static void many_nodes_are_told_by_tenths(void **state)
{
    (void)state;
    struct shown shown;
    start(&shown, CLI_PROGRESS_PLAIN);
    for (int pass = 0; pass < 2; pass++)
        for (unsigned i = 0; i < 200; i++) {
            char name[16];
            snprintf(name, sizeof(name), "dev-%u", i);
            cli_progress_node(shown.progress, name, pass ? CLI_DONE : CLI_WORKING,
                              pass ? "joined" : "starting");
        }
    assert_int_equal(count_lines(shown.text), 10);
    assert_non_null(strstr(shown.text, "200 of 200 nodes"));
    stop(&shown);
}

static void json_lines_are_versioned_objects(void **state)
{
    (void)state;
    struct shown shown;
    start(&shown, CLI_PROGRESS_JSON);
    cli_progress_phase(shown.progress, "creating");
    cli_progress_node(shown.progress, "dev-0", CLI_DONE, "a \"quoted\" step");
    size_t lines = 0;
    for (char *line = strtok(shown.text, "\n"); line; line = strtok(NULL, "\n")) {
        json_t *event = json_loads(line, 0, NULL);
        assert_non_null(event);
        assert_int_equal(json_integer_value(json_object_get(event, "version")), 1);
        assert_string_equal(json_string_value(json_object_get(event, "cluster")), "dev");
        json_decref(event);
        lines++;
    }
    assert_int_equal(lines, 2);
    stop(&shown);
}

static void quiet_says_nothing(void **state)
{
    (void)state;
    struct shown shown;
    start(&shown, CLI_PROGRESS_QUIET);
    cli_progress_phase(shown.progress, "creating");
    cli_progress_note(shown.progress, "noted");
    add_nodes(shown.progress, 3);
    fflush(shown.out);
    assert_int_equal(shown.size, 0);
    stop(&shown);
}

static void modes_have_names(void **state)
{
    (void)state;
    cli_progress_mode mode;
    assert_true(cli_progress_mode_parse("json", &mode));
    assert_int_equal(mode, CLI_PROGRESS_JSON);
    assert_false(cli_progress_mode_parse("fancy", &mode));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_has_a_line_for_each_node),
        cmocka_unit_test(a_large_table_fits_the_terminal_and_shows_failures_first),
        cmocka_unit_test(a_tiny_terminal_does_no_harm),
        cmocka_unit_test(plain_lines_tell_what_ended_and_what_failed),
        cmocka_unit_test(many_nodes_are_told_by_tenths),
        cmocka_unit_test(json_lines_are_versioned_objects),
        cmocka_unit_test(quiet_says_nothing),
        cmocka_unit_test(modes_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
