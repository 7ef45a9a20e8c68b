#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "provision/node/config.h"
#include "provision/node/slurmconf.h"

#define NODES(list) "{\"version\":1,\"cluster\":\"dev\",\"nodes\":[" list "]}"
#define NODE(name, address) "{\"name\":\"" name "\",\"address\":\"" address "\"}"

static void parses_back_what_it_formats(void **state)
{
    (void)state;
    octi_member nodes[] = {{"dev-0", "172.18.0.2"}, {"dev-1", "fd00::3"}};
    octi_config config = {.cluster = "dev", .generation = 7, .cpus = 2, .memory_mb = 512, .node_count = 2};
    strcpy(config.munge_key_file, "/etc/key");
    config.nodes = nodes;

    octi_buffer text = {0};
    octi_config again = {0};
    assert_int_equal(octi_config_format(&config, &text), OCT_OK);
    assert_int_equal(octi_config_parse(text.data, text.size, &again, NULL), OCT_OK);
    assert_string_equal(again.cluster, "dev");
    assert_int_equal(again.generation, 7);
    assert_int_equal(again.cpus, 2);
    assert_int_equal(again.memory_mb, 512);
    assert_string_equal(again.munge_key_file, "/etc/key");
    assert_int_equal(again.node_count, 2);
    assert_string_equal(again.nodes[1].address, "fd00::3");
    assert_int_equal(octi_config_find(&again, "dev-1"), 1);
    assert_int_equal(octi_config_find(&again, "dev-2"), -1);
    octi_config_deinit(&again);
    octi_buffer_deinit(&text);
}

static void refuses(const char *text, const char *because)
{
    octi_config config = {0};
    oct_error err = OCT_ERROR_INIT;
    assert_int_not_equal(octi_config_parse(text, strlen(text), &config, &err), OCT_OK);
    if (!strstr(err.what, because))
        fail_msg("'%s' does not say \"%s\" but \"%s\"", text, because, err.what);
    assert_null(config.nodes);
}

static void refuses_nonsense_and_says_which_member_it_is(void **state)
{
    (void)state;
    refuses("", "not JSON");
    refuses("{", "not JSON");
    refuses("[]", "not a JSON object");
    refuses("{}", "'version' is not 1");
    refuses("{\"version\":2}", "'version' is not 1");
    refuses("{\"version\":1,\"cluster\":7}", "'cluster'");
    refuses("{\"version\":1,\"cluster\":\"dev\"}", "'nodes'");
    refuses(NODES(""), "'nodes'");
    refuses(NODES("7"), "'nodes[0].name'");
    refuses(NODES(NODE("dev-0", "10.0.0.1") "," NODE("dev-1", "host")), "'nodes[1].address'");
    refuses(NODES(NODE("dev-0", "10.0.0.1") "," NODE("dev-0", "10.0.0.2")), "called 'dev-0'");
    refuses(NODES(NODE("dev-0", "10.0.0.1") "," NODE("dev-1", "10.0.0.1")), "same address");
    refuses("{\"version\":1,\"cluster\":\"dev\",\"cpus\":-1}", "'cpus'");
    refuses("{\"version\":1,\"cluster\":\"dev\",\"memory_mb\":1e3}", "'memory_mb'");
    refuses("{\"version\":1,\"cluster\":\"dev\",\"munge_key_file\":\"key\"}", "'munge_key_file'");
}

static void nothing_that_could_add_a_line_to_slurm_conf_gets_through(void **state)
{
    (void)state;
    refuses(NODES(NODE("a\\nSlurmUser=root", "10.0.0.1")), "name");
    refuses(NODES(NODE("a b", "10.0.0.1")), "name");
    refuses(NODES(NODE("a[0-9]", "10.0.0.1")), "name");
    refuses(NODES(NODE("a\\u0000b", "10.0.0.1")), "\\u0000");
    refuses(NODES(NODE("a", "10.0.0.1 Port=1")), "address");
    refuses("{\"version\":1,\"cluster\":\"d\\nSlurmUser=root\"}", "'cluster'");
}

static octi_config many_nodes(size_t count)
{
    octi_buffer text = {0};
    octi_config config = {0};
    assert_int_equal(octi_buffer_printf(&text, "{\"version\":1,\"cluster\":\"dev\",\"nodes\":["), OCT_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(octi_buffer_printf(&text, "%s{\"name\":\"dev-%zu\",\"address\":\"10.%zu.%zu.%zu\"}",
                                            i ? "," : "", i, i / 65536, i / 256 % 256, i % 256),
                         OCT_OK);
    assert_int_equal(octi_buffer_printf(&text, "]}"), OCT_OK);
    oct_error err = OCT_ERROR_INIT;
    oct_err result = octi_config_parse(text.data, text.size, &config, &err);
    if (count > OCTI_CONFIG_NODES_MAX)
        assert_int_equal(result, OCT_E_INVALID);
    else if (result != OCT_OK)
        fail_msg("%s", err.what);
    octi_buffer_deinit(&text);
    return config;
}

static void takes_five_thousand_nodes_and_not_one_more(void **state)
{
    (void)state;
    octi_config config = many_nodes(OCTI_CONFIG_NODES_MAX);
    assert_int_equal(config.node_count, OCTI_CONFIG_NODES_MAX);
    octi_config_deinit(&config);
    config = many_nodes(OCTI_CONFIG_NODES_MAX + 1);
    assert_null(config.nodes);
}

static size_t count_lines_with(const char *text, const char *start)
{
    size_t count = 0;
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        count += strncmp(line, start, strlen(start)) == 0;
    }
    return count;
}

static void slurm_conf_has_a_line_for_each_node_and_the_first_is_the_head(void **state)
{
    (void)state;
    octi_config config = many_nodes(300);
    octi_slurmconf_paths paths = {.state = "/s", .run = "/r", .spool = "/p"};
    octi_buffer text = {0};
    assert_int_equal(octi_slurmconf_format(&config, &paths, "octavo", 4, &text), OCT_OK);
    assert_int_equal(count_lines_with(text.data, "NodeName="), 300);
    assert_non_null(strstr(text.data, "\nSlurmctldHost=dev-0(10.0.0.0)\n"));
    assert_non_null(strstr(text.data, "\nNodeName=dev-299 NodeAddr=10.0.1.43 CPUs=4 State=UNKNOWN\n"));
    assert_non_null(strstr(text.data, "\nSlurmUser=octavo\n"));
    assert_non_null(strstr(text.data, "\nStateSaveLocation=/s/slurmctld\n"));
    assert_non_null(strstr(text.data, "\nSlurmdSpoolDir=/p\n"));
    assert_non_null(strstr(text.data, "\nAuthInfo=socket=/r/munge/munge.socket\n"));
    octi_buffer_deinit(&text);
    octi_config_deinit(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_back_what_it_formats),
        cmocka_unit_test(refuses_nonsense_and_says_which_member_it_is),
        cmocka_unit_test(nothing_that_could_add_a_line_to_slurm_conf_gets_through),
        cmocka_unit_test(takes_five_thousand_nodes_and_not_one_more),
        cmocka_unit_test(slurm_conf_has_a_line_for_each_node_and_the_first_is_the_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
