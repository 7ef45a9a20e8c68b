#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provision/core/json.h"
#include "provision/kubernetes/plugin.h"
#include "runtime/base/buffer.h"
#include "runtime/base/clock.h"

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

/* In the child: never returns. */
static void become_plugin(const json_t *plugin, int output)
{
    const json_t *args = octi_json_find(plugin, "args"), *entry;
    size_t count = json_array_size(args), i;
    char **argv = calloc(count + 2, sizeof(*argv)), info[256];
    json_array_foreach(octi_json_find(plugin, "env"), i, entry)
        setenv(octi_json_string_or(entry, "name", "_"), octi_json_string_or(entry, "value", ""), 1);
    snprintf(info, sizeof(info),
             "{\"kind\":\"ExecCredential\",\"apiVersion\":\"%.100s\",\"spec\":{\"interactive\":%s}}",
             octi_json_string_or(plugin, "apiVersion", "client.authentication.k8s.io/v1"),
             isatty(STDIN_FILENO) ? "true" : "false");
    setenv("KUBERNETES_EXEC_INFO", info, 1);
    if (!argv || dup2(output, STDOUT_FILENO) < 0)
        _exit(127);
    argv[0] = (char *)octi_json_string_or(plugin, "command", "");
    json_array_foreach(args, i, entry) argv[1 + i] = (char *)json_string_value(entry);
    execvp(argv[0], argv);
    _exit(127);
}

/* Reads to the end of fd; OCT_E_TIMEOUT when that takes too long. */
static oct_err read_answer(int fd, octi_buffer *answer)
{
    int64_t deadline = octi_clock_ns() + PLUGIN_SECONDS * INT64_C(1000000000);
    char piece[4096];
    for (;;) {
        int64_t left_ms = (deadline - octi_clock_ns()) / 1000000;
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (left_ms <= 0 || answer->size > ANSWER_MAX)
            return OCT_E_TIMEOUT;
        if (poll(&ready, 1, (int)left_ms) <= 0)
            continue;
        ssize_t got = read(fd, piece, sizeof(piece));
        if (got == 0)
            return OCT_OK;
        if (got > 0 && octi_buffer_append(answer, piece, (size_t)got) != OCT_OK)
            return OCT_E_NOMEM;
        if (got < 0 && errno != EINTR)
            return OCT_E_IO;
    }
}

oct_err octi_kube_plugin_run(octi_kube_access *access, oct_error *err)
{
    int ends[2], status = 0;
    octi_buffer answer = {0};
    if (pipe2(ends, O_CLOEXEC) != 0)
        return oct_fail(err, OCT_E_IO, "cannot make a pipe: %s", strerror(errno));
    pid_t child = fork();
    if (child == 0)
        become_plugin(access->plugin, ends[1]);
    close(ends[1]);
    oct_err code = child > 0 ? read_answer(ends[0], &answer) : OCT_E_IO;
    close(ends[0]);
    if (child > 0 && code != OCT_OK)
        kill(child, SIGKILL);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    char why[64];
    snprintf(why, sizeof(why), "ended with status %d", WIFEXITED(status) ? WEXITSTATUS(status) : 128);
    if (code == OCT_E_TIMEOUT)
        code = no_plugin(access, err, "did not end within a minute");
    else if (code != OCT_OK)
        code = no_plugin(access, err, "could not be started");
    else if (status != 0)
        code = no_plugin(access, err, WIFEXITED(status) && WEXITSTATUS(status) == 127 ? "is not there" : why);
    else
        code = octi_kube_plugin_take(answer.data ? answer.data : "", answer.size, access, err);
    if (answer.data)
        explicit_bzero(answer.data, answer.size);
    octi_buffer_deinit(&answer);
    return code;
}
