#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "provision/core/command.h"
#include "provision/core/json.h"
#include "provision/kubernetes/plugin.h"
#include "runtime/base/buffer.h"

enum { PLUGIN_SECONDS = 60, ANSWER_MAX = 1 << 20 };

static oct_err no_plugin(const octi_kube_access *access, oct_error *err, const char *why)
{
    oct_fail(err, OCT_E_DENIED, "the exec plugin '%s' of context '%s' %s",
             octi_json_string_or(access->plugin, "command", ""), access->context, why);
    const char *hint = octi_json_string_or(access->plugin, "installHint", "");
    oct_hint(err, "%s", *hint ? hint : "run it by hand, and log in with it");
    return OCT_E_DENIED;
}

static oct_err replace(char **field, const char *text, const char *prefix, oct_error *err)
{
    octi_buffer value = {0};
    if (octi_buffer_printf(&value, "%s%s", prefix, text) != OCT_OK) {
        octi_buffer_deinit(&value);
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    }
    free(*field);
    *field = octi_buffer_take(&value);
    return OCT_OK;
}

oct_err octi_kube_plugin_take(const char *text, size_t size, octi_kube_access *access, oct_error *err)
{
    json_t *root;
    oct_err code = octi_json_parse(text, size, "the exec plugin's answer", &root, err);
    if (code != OCT_OK)
        return code;
    const char *token = octi_json_string_or(root, "status/token", "");
    const char *cert = octi_json_string_or(root, "status/clientCertificateData", "");
    const char *key = octi_json_string_or(root, "status/clientKeyData", "");
    if (!*token && !(*cert && *key))
        code = oct_fail(err, OCT_E_DENIED, "the exec plugin's answer holds neither token nor certificate");
    if (code == OCT_OK && *token)
        code = replace(&access->authorization, token, "Bearer ", err);
    if (code == OCT_OK && *cert && *key) {
        code = replace(&access->cert_text, cert, "", err);
        if (code == OCT_OK)
            code = replace(&access->key_text, key, "", err);
    }
    json_decref(root);
    return code;
}

/* In the child. */
static void set_environment(void *ctx)
{
    const json_t *plugin = ctx, *entry;
    char info[256];
    size_t i;
    json_array_foreach(octi_json_find(plugin, "env"), i, entry)
        setenv(octi_json_string_or(entry, "name", "_"), octi_json_string_or(entry, "value", ""), 1);
    snprintf(info, sizeof(info),
             "{\"kind\":\"ExecCredential\",\"apiVersion\":\"%.100s\",\"spec\":{\"interactive\":%s}}",
             octi_json_string_or(plugin, "apiVersion", "client.authentication.k8s.io/v1"),
             isatty(STDIN_FILENO) ? "true" : "false");
    setenv("KUBERNETES_EXEC_INFO", info, 1);
}

static oct_err ask(octi_kube_access *access, const char **argv, octi_buffer *answer, oct_error *err)
{
    const json_t *args = octi_json_find(access->plugin, "args"), *entry;
    size_t i;
    int status;
    argv[0] = octi_json_string_or(access->plugin, "command", "");
    json_array_foreach(args, i, entry) argv[1 + i] = json_string_value(entry);
    const octi_command command = {.argv = argv,
                                  .prepare = set_environment,
                                  .ctx = access->plugin,
                                  .seconds = PLUGIN_SECONDS,
                                  .most = ANSWER_MAX};
    oct_err code = octi_command_run(&command, answer, &status, NULL);
    char why[64];
    snprintf(why, sizeof(why), "ended with status %d", status);
    if (code == OCT_E_TIMEOUT)
        return no_plugin(access, err, "did not end within a minute");
    if (code != OCT_OK)
        return no_plugin(access, err, "could not be started");
    return status == 0 ? OCT_OK : no_plugin(access, err, status == 127 ? "is not there" : why);
}

oct_err octi_kube_plugin_run(octi_kube_access *access, oct_error *err)
{
    octi_buffer answer = {0};
    const char **argv = calloc(json_array_size(octi_json_find(access->plugin, "args")) + 2, sizeof(*argv));
    oct_err code = argv ? ask(access, argv, &answer, err) : oct_fail(err, OCT_E_NOMEM, "out of memory");
    if (code == OCT_OK)
        code = octi_kube_plugin_take(answer.data ? answer.data : "", answer.size, access, err);
    if (answer.data)
        explicit_bzero(answer.data, answer.size);
    octi_buffer_deinit(&answer);
    free(argv);
    return code;
}
