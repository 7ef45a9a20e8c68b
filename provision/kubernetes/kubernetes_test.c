/* What the provider makes of kubeconfigs, specs and an API server's words, without a server. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "provision/core/json.h"
#include "provision/core/spec.h"
#include "provision/core/websocket.h"
#include "provision/core/yaml.h"
#include "provision/kubernetes/access.h"
#include "provision/kubernetes/exec.h"
#include "provision/kubernetes/explain.h"
#include "provision/kubernetes/found.h"
#include "provision/kubernetes/kubernetes.h"
#include "provision/kubernetes/manifest.h"
#include "provision/kubernetes/plugin.h"
#include "provision/kubernetes/watch.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char first_file[] = "current-context: one\n"
                                 "clusters:\n"
                                 "- name: c\n"
                                 "  cluster: {server: 'https://a:6443/', certificate-authority: ca.pem, "
                                 "tls-server-name: b, proxy-url: 'http://p:1'}\n"
                                 "users:\n"
                                 "- name: u\n"
                                 "  user: {token: 12345, client-certificate-data: aGVsbG8=}\n"
                                 "contexts:\n"
                                 "- name: one\n"
                                 "  context: {cluster: c, user: u, namespace: n}\n";
static const char second_file[] = "current-context: two\n"
                                  "clusters:\n"
                                  "- {name: c, cluster: {server: 'https://other'}}\n"
                                  "contexts:\n"
                                  "- {name: two, context: {cluster: c, user: nobody}}\n";

static oct_err merge_both(json_t **merged, oct_error *err)
{
    *merged = NULL;
    oct_err code = octi_kube_config_merge(merged, first_file, strlen(first_file), "/first", "first", err);
    if (code == OCT_OK)
        code = octi_kube_config_merge(merged, second_file, strlen(second_file), "/second", "second", err);
    return code;
}

static void the_first_kubeconfig_that_names_a_thing_wins(void **state)
{
    (void)state;
    json_t *merged;
    octi_kube_access access = {0};
    oct_error err = OCT_ERROR_INIT;
    assert_int_equal(merge_both(&merged, &err), OCT_OK);
    assert_int_equal(octi_kube_config_resolve(merged, NULL, &access, &err), OCT_OK);
    assert_string_equal(access.server, "https://a:6443");
    assert_string_equal(access.ca, "/first/ca.pem");
    assert_string_equal(access.cert_text, "hello");
    assert_string_equal(access.authorization, "Bearer 12345");
    assert_string_equal(access.server_name, "b");
    assert_string_equal(access.proxy, "http://p:1");
    assert_string_equal(access.namespace, "n");
    octi_kube_access_deinit(&access);
    json_decref(merged);
}

static void what_a_context_lacks_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *context, *what;
    } cases[] = {{"two", "user 'nobody'"}, {"three", "context 'three'"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        json_t *merged;
        octi_kube_access access = {0};
        oct_error err = OCT_ERROR_INIT;
        assert_int_equal(merge_both(&merged, &err), OCT_OK);
        assert_int_equal(octi_kube_config_resolve(merged, cases[i].context, &access, &err), OCT_E_NOTFOUND);
        assert_non_null(strstr(err.what, cases[i].what));
        json_decref(merged);
    }
}

static void what_is_no_kubeconfig_is_refused_with_its_line(void **state)
{
    (void)state;
    static const char *const texts[] = {"a: [", "a: &x 1\nb: *x\n", "a: 1\na: 2\n", "- 1\n- [",
                                        "a: {b: 1}\n\tc: 2\n"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        json_t *merged = NULL;
        oct_error err = OCT_ERROR_INIT;
        oct_err code = octi_kube_config_merge(&merged, texts[i], strlen(texts[i]), ".", "file", &err);
        if (code != OCT_E_INVALID || strncmp(err.what, "file:", 5) != 0)
            fail_msg("case %zu: %s: %s", i, oct_err_name(code), err.what);
        json_decref(merged);
    }
}

static void a_document_that_is_no_mapping_is_no_kubeconfig_but_an_empty_one_is(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        oct_err code;
    } cases[] = {{"- a\n- b\n", OCT_E_INVALID}, {"word", OCT_E_INVALID}, {"", OCT_OK}, {"---\n", OCT_OK}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        json_t *merged = NULL;
        oct_error err = OCT_ERROR_INIT;
        oct_err code =
            octi_kube_config_merge(&merged, cases[i].text, strlen(cases[i].text), ".", "file", &err);
        if (code != cases[i].code)
            fail_msg("case %zu: %s: %s", i, oct_err_name(code), err.what);
        json_decref(merged);
    }
}

static void a_plugin_says_who_we_are_or_why_not(void **state)
{
    (void)state;
    static const struct {
        const char *script, *what;
        oct_err code;
    } cases[] = {
        {"echo '{\"status\":{\"token\":\"t\"}}'", "Bearer t", OCT_OK},
        {"exit 3", "ended with status 3", OCT_E_DENIED},
        {"echo '{}'", "neither token nor certificate", OCT_E_DENIED},
        {"echo nonsense", "is not JSON", OCT_E_PROTOCOL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        octi_kube_access access = {.context = strdup("dev")};
        oct_error err = OCT_ERROR_INIT;
        access.plugin = json_pack("{s:s, s:[s, s]}", "command", "sh", "args", "-c", cases[i].script);
        oct_err code = octi_kube_plugin_run(&access, &err);
        const char *said = code == OCT_OK ? access.authorization : err.what;
        if (code != cases[i].code || !strstr(said, cases[i].what))
            fail_msg("case %zu: %s: %s", i, oct_err_name(code), said);
        octi_kube_access_deinit(&access);
    }
}

static void manifests_read_back_as_they_were_and_keep_to_the_restricted_level(void **state)
{
    (void)state;
    octi_spec spec;
    json_t *objects, *again;
    octi_buffer text = {0};
    oct_error err = OCT_ERROR_INIT;
    octi_spec_init(&spec);
    spec.cpus = 0.5;
    spec.gpus = 2;
    snprintf(spec.tolerations, sizeof(spec.tolerations), "[{\"key\":\"${NAME}: x\"}]");
    assert_int_equal(octi_kube_manifests(&spec, "lab", 20, &objects, &err), OCT_OK);
    assert_int_equal(json_array_size(objects), 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(octi_yaml_format(json_array_get(objects, i), &text), OCT_OK);
    assert_int_equal(octi_yaml_parse(text.data, text.size, "plan", true, &again, &err), OCT_OK);
    assert_true(json_equal(objects, again));

    const json_t *pod = octi_json_find(json_array_get(objects, 3), "spec/template/spec");
    const json_t *node = json_array_get(octi_json_find(pod, "containers"), 0);
    assert_true(octi_json_bool_or(pod, "securityContext/runAsNonRoot", false));
    assert_string_equal(octi_json_string_or(pod, "securityContext/seccompProfile/type", ""),
                        "RuntimeDefault");
    assert_false(octi_json_bool_or(pod, "automountServiceAccountToken", true));
    assert_true(octi_json_bool_or(node, "securityContext/readOnlyRootFilesystem", false));
    assert_false(octi_json_bool_or(node, "securityContext/allowPrivilegeEscalation", true));
    assert_string_equal(octi_json_string_or(node, "resources/limits/cpu", ""), "500m");
    /* a value is never a template */
    const json_t *toleration = json_array_get(octi_json_find(pod, "tolerations"), 0);
    assert_string_equal(octi_json_string_or(toleration, "key", ""), "${NAME}: x");
    json_decref(objects);
    json_decref(again);
    octi_buffer_deinit(&text);
}

static void refusals_are_explained_with_a_way_out(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body, *what, *hint;
        oct_err code;
    } cases[] = {
        {401, "{\"message\":\"Unauthorized\"}", "credentials", "expired", OCT_E_DENIED},
        {403, "{\"message\":\"secrets is forbidden: User \\\"u\\\" cannot create resource\"}",
         "cannot create", "k8s/role.yaml", OCT_E_DENIED},
        {403, "{\"message\":\"pods \\\"dev-0\\\" is forbidden: exceeded quota: q\"}", "exceeded quota",
         "larger quota", OCT_E_EXHAUSTED},
        {403, "{\"message\":\"... because it is being terminated\"}", "terminated", "--namespace",
         OCT_E_STATE},
        {404, "{\"message\":\"namespaces \\\"x\\\" not found\"}", "not found", "--namespace", OCT_E_NOTFOUND},
        {500, "<html>", "status 500", "", OCT_E_IO},
        {500, "container not found (\"node\")\n", "container not found", "", OCT_E_IO},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        oct_error err = OCT_ERROR_INIT;
        oct_err code = octi_kube_explain(cases[i].status, cases[i].body, strlen(cases[i].body), &err);
        if (code != cases[i].code || !strstr(err.what, cases[i].what) || !strstr(err.hint, cases[i].hint))
            fail_msg("case %zu: %s: %s (%s)", i, oct_err_name(code), err.what, err.hint);
    }
}

static void the_end_of_a_command_is_its_exit_status(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        oct_err code;
        int status;
    } cases[] = {
        {"{\"status\":\"Success\"}", OCT_OK, 0},
        {"{\"status\":\"Failure\",\"details\":{\"causes\":[{\"reason\":\"ExitCode\",\"message\":\"3\"}]}}",
         OCT_OK, 3},
        {"{\"status\":\"Failure\",\"message\":\"exec: \\\"x\\\": executable file not found in $PATH\"}",
         OCT_OK, 127},
        {"{\"status\":\"Failure\",\"message\":\"container is gone\"}", OCT_E_LOST, -1},
        {"nonsense", OCT_E_PROTOCOL, -1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int status = -1;
        assert_int_equal(octi_kube_exit_read(cases[i].text, strlen(cases[i].text), &status, NULL),
                         cases[i].code);
        assert_int_equal(status, cases[i].status);
    }
}

static void a_watch_is_applied_and_one_that_is_too_old_is_told(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"dev-0\",\"resourceVersion\":\"2\"}}}",
        "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"name\":\"dev-0\",\"resourceVersion\":\"3\"}}}",
        "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"9\"}}}",
    };
    static const char old[] = "{\"type\":\"ERROR\",\"object\":{\"code\":410}}";
    json_t *pods = json_pack("{s:{s:s}, s:[]}", "metadata", "resourceVersion", "1", "items");
    for (size_t i = 0; i < COUNT(lines); i++)
        assert_int_equal(octi_kube_watch_apply(pods, lines[i], strlen(lines[i]), NULL), OCT_OK);
    assert_int_equal(json_array_size(octi_json_find(pods, "items")), 1);
    assert_string_equal(octi_json_string_or(pods, "metadata/resourceVersion", ""), "9");
    assert_int_equal(octi_kube_watch_apply(pods, old, strlen(old), NULL), OCT_E_STATE);
    json_decref(pods);
}

/* --- WebSocket --- */

static oct_err keep_message(void *ctx, octi_websocket_kind kind, const void *bytes, size_t size)
{
    oct_err code = octi_buffer_printf(ctx, "%d:", kind);
    return code == OCT_OK ? octi_buffer_append(ctx, bytes, size) : code;
}

static void a_websocket_takes_messages_cut_anywhere(void **state)
{
    (void)state;
    static const char bytes[] = "\x82\x02hi\x02\x01"
                                "a\x89\x01p\x80\x02"
                                "bc\x88\x00";
    octi_websocket socket = {0};
    octi_buffer got = {0};
    for (size_t i = 0; i < sizeof(bytes) - 1; i++)
        assert_int_equal(octi_websocket_feed(&socket, bytes + i, 1, keep_message, &got, NULL), OCT_OK);
    assert_string_equal(got.data, "2:hi9:p2:abc8:");
    octi_buffer_deinit(&got);
    octi_websocket_deinit(&socket);
}

static void the_handshake_is_that_of_the_standard(void **state)
{
    (void)state;
    char accept[OCTI_WEBSOCKET_ACCEPT];
    octi_websocket_accept("dGhlIHNhbXBsZSBub25jZQ==", accept); /* RFC 6455, 1.3 */
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

/* --- servers that fail --- */

static void an_absent_or_broken_server_is_told_when_opening(void **state)
{
    (void)state;
    static const char text[] =
        "current-context: x\nclusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\n"
        "contexts: [{name: x, context: {cluster: c}}]\n";
    char path[] = "/tmp/octavo-kubeconfig-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, text, sizeof(text) - 1) == (ssize_t)sizeof(text) - 1);
    close(fd);
    setenv("KUBECONFIG", path, 1);
    void *self;
    oct_error err = OCT_ERROR_INIT;
    assert_int_equal(octi_kube_ops.open(&self, NULL, &err), OCT_E_UNREACHABLE);
    assert_non_null(strstr(err.hint, "'x'"));
    unlink(path);
    assert_int_equal(octi_kube_ops.open(&self, NULL, &err), OCT_E_NOTFOUND);
    assert_non_null(strstr(err.what, "no kubeconfig"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_kubeconfig_that_names_a_thing_wins),
        cmocka_unit_test(what_a_context_lacks_is_named),
        cmocka_unit_test(what_is_no_kubeconfig_is_refused_with_its_line),
        cmocka_unit_test(a_document_that_is_no_mapping_is_no_kubeconfig_but_an_empty_one_is),
        cmocka_unit_test(a_plugin_says_who_we_are_or_why_not),
        cmocka_unit_test(manifests_read_back_as_they_were_and_keep_to_the_restricted_level),
        cmocka_unit_test(refusals_are_explained_with_a_way_out),
        cmocka_unit_test(the_end_of_a_command_is_its_exit_status),
        cmocka_unit_test(a_watch_is_applied_and_one_that_is_too_old_is_told),
        cmocka_unit_test(a_websocket_takes_messages_cut_anywhere),
        cmocka_unit_test(the_handshake_is_that_of_the_standard),
        cmocka_unit_test(an_absent_or_broken_server_is_told_when_opening),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
