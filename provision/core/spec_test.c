#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provision/core/json.h"
#include "provision/core/spec.h"

static octi_spec defaults(void)
{
    octi_spec spec;
    octi_spec_init(&spec);
    return spec;
}

static void the_defaults_are_a_good_spec(void **state)
{
    (void)state;
    octi_spec spec = defaults();
    oct_error err = OCT_ERROR_INIT;
    if (octi_spec_check(&spec, &err) != OCT_OK)
        fail_msg("%s", err.what);
    assert_int_equal(spec.nodes, 8);
}

static void names_that_no_engine_takes_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "A",
                                      "a_b",
                                      "1a",
                                      "-a",
                                      "a-",
                                      "a b",
                                      "a/b",
                                      "../a",
                                      "\xc3\xa9",
                                      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        octi_spec spec = defaults();
        snprintf(spec.name, sizeof(spec.name), "%s", bad[i]);
        if (strlen(bad[i]) > OCTI_NAME_MAX)
            continue;
        assert_int_equal(octi_spec_check(&spec, NULL), OCT_E_INVALID);
    }
    octi_spec spec = defaults();
    strcpy(spec.name, "a");
    assert_int_equal(octi_spec_check(&spec, NULL), OCT_OK);
    strcpy(spec.name, "a-1");
    assert_int_equal(octi_spec_check(&spec, NULL), OCT_OK);
}

static void numbers_out_of_range_are_refused_with_what_is_allowed(void **state)
{
    (void)state;
    oct_error err = OCT_ERROR_INIT;
    octi_spec spec = defaults();
    spec.nodes = 0;
    assert_int_equal(octi_spec_check(&spec, &err), OCT_E_INVALID);
    assert_string_equal(err.what, "a cluster cannot have 0 nodes");
    assert_string_equal(err.hint, "ask for 1 to 5000");
    spec.nodes = 100000;
    assert_int_equal(octi_spec_check(&spec, NULL), OCT_E_INVALID);

    spec = defaults();
    spec.cpus = NAN;
    assert_int_equal(octi_spec_check(&spec, NULL), OCT_E_INVALID);
    spec.cpus = -1;
    assert_int_equal(octi_spec_check(&spec, NULL), OCT_E_INVALID);
    spec = defaults();
    spec.memory = 1;
    assert_int_equal(octi_spec_check(&spec, NULL), OCT_E_INVALID);
    spec = defaults();
    spec.timeout = INFINITY;
    assert_int_equal(octi_spec_check(&spec, NULL), OCT_E_INVALID);
}

static void a_subnet_must_be_one_and_hold_the_nodes(void **state)
{
    (void)state;
    static const char *const bad[] = {"10.0.0.0", "10.0.0.0/",    "10.0.0/24", "10.0.0.0/33",  "10.0.0.0/7",
                                      "x/24",     "10.0.0.0/24x", "/24",       "10.0.0.0/ 24", "10.0.0.0/-1"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        octi_spec spec = defaults();
        strcpy(spec.subnet, bad[i]);
        if (octi_spec_check(&spec, NULL) != OCT_E_INVALID)
            fail_msg("'%s' was taken for a subnet", bad[i]);
    }
    octi_spec spec = defaults();
    strcpy(spec.subnet, "10.9.0.0/28");
    spec.nodes = 13;
    assert_int_equal(octi_spec_check(&spec, NULL), OCT_OK);
    spec.nodes = 14;
    assert_int_equal(octi_spec_check(&spec, NULL), OCT_E_INVALID);
}

static void a_spec_that_is_formatted_reads_back_the_same(void **state)
{
    (void)state;
    octi_spec spec = defaults(), again = defaults();
    strcpy(spec.name, "dev");
    spec.nodes = 3;
    spec.cpus = 0.5;
    spec.memory = 3ull << 30;
    strcpy(spec.subnet, "10.9.0.0/24");
    strcpy(spec.qos, "urgent");
    char *text = octi_spec_format(&spec);
    assert_non_null(text);
    assert_int_equal(octi_spec_parse(text, strlen(text), "x", &again, NULL), OCT_OK);
    char *text_again = octi_spec_format(&again);
    assert_string_equal(text, text_again);
    assert_int_equal(octi_spec_match(&spec, &again, NULL), OCT_OK);
    free(text);
    free(text_again);
}

static void a_file_sets_only_what_it_names(void **state)
{
    (void)state;
    static const char text[] = "{\"nodes\": 4, \"memory\": \"2g\", \"shm\": 536870912}";
    octi_spec spec = defaults();
    assert_int_equal(octi_spec_parse(text, strlen(text), "x", &spec, NULL), OCT_OK);
    assert_int_equal(spec.nodes, 4);
    assert_int_equal(spec.memory, 2ull << 30);
    assert_int_equal(spec.shm, 512 << 20);
    assert_string_equal(spec.name, "octavo");
}

static void a_record_of_a_later_octavo_is_read_and_no_misspelt_file(void **state)
{
    (void)state;
    static const char text[] = "{\"nodes\": 4, \"colour\": {\"of\": \"the sky\"}}";
    octi_spec spec = defaults();
    assert_int_equal(octi_spec_parse(text, strlen(text), "x", &spec, NULL), OCT_E_INVALID);
    assert_int_equal(octi_spec_recall(text, "x", &spec, NULL), OCT_OK);
    assert_int_equal(spec.nodes, 4);
    assert_int_equal(octi_spec_recall("{\"nodes\": \"many\"}", "x", &spec, NULL), OCT_E_INVALID);
}

static void a_record_names_nothing_of_a_provider_that_was_not_asked_for(void **state)
{
    (void)state;
    static const char *const keys[] = {"\"qos\"", "\"constraint\"", "\"time\"", "\"storage_class\"",
                                       "\"gpus\""};
    octi_spec spec = defaults();
    char *text = octi_spec_format(&spec);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        assert_null(strstr(text, keys[i]));
    free(text);
}

static void a_bad_file_is_named_with_its_key_and_changes_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *text, *what;
    } cases[] = {
        {"{\"node\": 4}", "dev.json: 'node' is no key of a spec"},
        {"{\"nodes\": \"four\"}", "dev.json: 'nodes' must be a whole number up to 5000"},
        {"{\"nodes\": -1}", "dev.json: 'nodes' must be a whole number up to 5000"},
        {"{\"memory\": \"2q\"}", "dev.json: 'memory': '2q' is not a size"},
        {"{\"memory\": -1}", "dev.json: 'memory' must be bytes or a string such as \"2g\""},
        {"{\"cpus\": \"1\"}", "dev.json: 'cpus' must be a number"},
        {"{\"name\": 1}", "dev.json: 'name' must be a string"},
        {"[]", "dev.json: a JSON object is needed"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        octi_spec spec = defaults(), before = spec;
        oct_error err = OCT_ERROR_INIT;
        assert_int_equal(octi_spec_parse(cases[i].text, strlen(cases[i].text), "dev.json", &spec, &err),
                         OCT_E_INVALID);
        assert_string_equal(err.what, cases[i].what);
        assert_memory_equal(&spec, &before, sizeof(spec));
    }
}

static void a_difference_is_named(void **state)
{
    (void)state;
    oct_error err = OCT_ERROR_INIT;
    octi_spec have = defaults(), want = defaults();
    want.timeout = 7;
    assert_int_equal(octi_spec_match(&have, &want, &err), OCT_OK);
    want.nodes = 9;
    assert_int_equal(octi_spec_match(&have, &want, &err), OCT_E_EXISTS);
    assert_string_equal(err.what, "cluster 'octavo' exists with 8 nodes, but 9 are asked for");
    want = have;
    want.memory = 1ull << 30;
    assert_int_equal(octi_spec_match(&have, &want, &err), OCT_E_EXISTS);
    assert_string_equal(err.what, "cluster 'octavo' exists with memory '0 B', but '1.0 GiB' is asked for");
    want = have;
    strcpy(want.qos, "urgent");
    assert_int_equal(octi_spec_match(&have, &want, &err), OCT_E_EXISTS);
    assert_string_equal(err.what, "cluster 'octavo' exists with qos '', but 'urgent' is asked for");
}

static void json_errors_quote_the_path(void **state)
{
    (void)state;
    static const char text[] = "{\"State\": {\"ExitCode\": \"x\", \"None\": null}}";
    json_t *root;
    oct_error err = OCT_ERROR_INIT;
    int64_t number = 7;
    assert_int_equal(octi_json_parse(text, strlen(text), "x", &root, &err), OCT_OK);
    assert_int_equal(octi_json_integer(root, "State/ExitCode", &number, &err), OCT_E_PROTOCOL);
    assert_string_equal(err.what, "'State/ExitCode' is a string where an integer was expected");
    assert_int_equal(octi_json_integer(root, "State/Pid", &number, &err), OCT_E_PROTOCOL);
    assert_string_equal(err.what, "'State/Pid' is missing");
    assert_int_equal(number, 7);
    assert_null(octi_json_find(root, "State/None"));
    assert_null(octi_json_find(root, "State/ExitCode/deeper"));
    assert_int_equal(octi_json_integer_or(root, "State/ExitCode", -1), -1);
    json_decref(root);
    assert_int_equal(octi_json_parse("{\n 1", 4, "the reply", &root, &err), OCT_E_PROTOCOL);
    assert_non_null(strstr(err.what, "the reply is not JSON: line 2"));
    assert_int_equal(octi_json_parse("", 0, "the reply", &root, &err), OCT_E_PROTOCOL);
}

static void text_from_others_cannot_drive_a_terminal(void **state)
{
    (void)state;
    char out[16];
    octi_text_clean("  \x1b[31mred\x1b\n\t now\x7f ", out, sizeof(out));
    assert_string_equal(out, "[31mred now");
    octi_text_clean("0123456789abcdefghij", out, sizeof(out));
    assert_string_equal(out, "0123456789ab...");
    octi_text_clean("", out, sizeof(out));
    assert_string_equal(out, "");
    octi_text_clean("abc", out, 1);
    assert_string_equal(out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_are_a_good_spec),
        cmocka_unit_test(names_that_no_engine_takes_are_refused),
        cmocka_unit_test(numbers_out_of_range_are_refused_with_what_is_allowed),
        cmocka_unit_test(a_subnet_must_be_one_and_hold_the_nodes),
        cmocka_unit_test(a_spec_that_is_formatted_reads_back_the_same),
        cmocka_unit_test(a_file_sets_only_what_it_names),
        cmocka_unit_test(a_record_of_a_later_octavo_is_read_and_no_misspelt_file),
        cmocka_unit_test(a_record_names_nothing_of_a_provider_that_was_not_asked_for),
        cmocka_unit_test(a_bad_file_is_named_with_its_key_and_changes_nothing),
        cmocka_unit_test(a_difference_is_named),
        cmocka_unit_test(json_errors_quote_the_path),
        cmocka_unit_test(text_from_others_cannot_drive_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
