#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provision/core/base64.h"
#include "provision/core/json.h"
#include "provision/core/yaml.h"
#include "provision/kubernetes/access.h"
#include "provision/kubernetes/plugin.h"
#include "runtime/base/buffer.h"

enum { FILE_LIMIT = 4 << 20 };

static oct_err out_of_memory(oct_error *err)
{
    return oct_fail(err, OCT_E_NOMEM, "out of memory");
}

static void forget(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

void octi_kube_access_deinit(octi_kube_access *access)
{
    char *plain[] = {access->context, access->server,     access->namespace, access->ca,
                     access->ca_text, access->cert,       access->cert_text, access->key,
                     access->proxy,   access->server_name};
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        free(plain[i]);
    forget(access->key_text);
    forget(access->authorization);
    json_decref(access->plugin);
    *access = (octi_kube_access){0};
}

/* --- merging --- */

/* The entry of a list that is called name, or NULL. */
static json_t *entry_named(const json_t *list, const char *name)
{
    json_t *entry;
    size_t i;
    json_array_foreach(list, i, entry)
    {
        if (strcmp(octi_json_string_or(entry, "name", ""), name) == 0)
            return entry;
    }
    return NULL;
}

/* Paths in a kubeconfig are relative to the file that holds them. */
static void anchor_paths(json_t *entry, const char *kind, const char *folder)
{
    static const char *const keys[] = {"certificate-authority", "client-certificate", "client-key",
                                       "tokenFile"};
    json_t *inner = octi_json_find(entry, kind);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const char *path = octi_json_string_or(inner, keys[i], "");
        if (*path && *path != '/')
            json_object_set_new(inner, keys[i], json_sprintf("%s/%s", folder, path));
    }
    json_t *plugin = octi_json_find(inner, "exec");
    const char *command = octi_json_string_or(plugin, "command", "");
    if (*command && *command != '/' && strchr(command, '/'))
        json_object_set_new(plugin, "command", json_sprintf("%s/%s", folder, command));
}

static oct_err merge_list(json_t *merged, const json_t *file, const char *list, const char *kind,
                          const char *folder, oct_error *err)
{
    json_t *into = json_object_get(merged, list), *entry;
    size_t i;
    json_array_foreach(octi_json_find(file, list), i, entry)
    {
        const char *name = octi_json_string_or(entry, "name", "");
        if (!*name || entry_named(into, name))
            continue;
        anchor_paths(entry, kind, folder);
        if (json_array_append(into, entry) != 0)
            return out_of_memory(err);
    }
    return OCT_OK;
}

static oct_err merge_document(json_t *merged, const json_t *file, const char *folder, oct_error *err)
{
    const char *current = octi_json_string_or(file, "current-context", "");
    if (*current && !json_object_get(merged, "current-context"))
        json_object_set_new(merged, "current-context", json_string(current));
    oct_err code = merge_list(merged, file, "clusters", "cluster", folder, err);
    if (code == OCT_OK)
        code = merge_list(merged, file, "users", "user", folder, err);
    return code == OCT_OK ? merge_list(merged, file, "contexts", "context", folder, err) : code;
}

oct_err octi_kube_config_merge(json_t **merged, const char *text, size_t size, const char *folder,
                               const char *subject, oct_error *err)
{
    json_t *documents;
    oct_err code = octi_yaml_parse(text, size, subject, false, &documents, err);
    if (code != OCT_OK)
        return code;
    if (!*merged)
        *merged = json_pack("{s:[], s:[], s:[]}", "clusters", "users", "contexts");
    const json_t *first = json_array_get(documents, 0);
    if (!*merged)
        code = out_of_memory(err);
    else if (json_is_object(first))
        code = merge_document(*merged, first, folder, err);
    else if (first && !(json_is_string(first) && json_string_length(first) == 0)) /* one may be empty */
        code = oct_fail(err, OCT_E_INVALID, "%s is no kubeconfig", subject);
    json_decref(documents);
    return code;
}

/* --- resolving --- */

static oct_err keep(char **field, const json_t *from, const char *key, oct_error *err)
{
    const char *text = octi_json_string_or(from, key, "");
    if (!*text)
        return OCT_OK;
    *field = strdup(text);
    return *field ? OCT_OK : out_of_memory(err);
}

static oct_err decode(const char *text, const char *key, char **out, oct_error *err)
{
    oct_err code = octi_base64_decode(text, out);
    if (code == OCT_E_INVALID)
        return oct_fail(err, code, "'%s' of the kubeconfig is not base64", key);
    return code == OCT_OK ? OCT_OK : out_of_memory(err);
}

/* A thing that is given inline ("KEY-data") or as a file; inline wins. */
static oct_err keep_pem(const json_t *from, const char *key, char **path, char **text, oct_error *err)
{
    char inline_key[64];
    snprintf(inline_key, sizeof(inline_key), "%s-data", key);
    const char *data = octi_json_string_or(from, inline_key, "");
    return *data ? decode(data, inline_key, text, err) : keep(path, from, key, err);
}

static oct_err read_file(const char *path, octi_buffer *out, oct_error *err)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return oct_fail(err, errno == ENOENT ? OCT_E_NOTFOUND : OCT_E_IO, "cannot open '%s': %s", path,
                        strerror(errno));
    char piece[8192];
    oct_err code = OCT_OK;
    for (size_t got; code == OCT_OK && (got = fread(piece, 1, sizeof(piece), file)) > 0;)
        code = out->size > FILE_LIMIT ? OCT_E_INVALID : octi_buffer_append(out, piece, got);
    bool failed = ferror(file);
    fclose(file);
    if (failed || code != OCT_OK)
        return oct_fail(err, code == OCT_OK ? OCT_E_IO : code, "cannot read '%s'", path);
    return OCT_OK;
}

static oct_err set_authorization(octi_kube_access *access, const char *scheme, const char *secret,
                                 oct_error *err)
{
    octi_buffer value = {0};
    int length = (int)strcspn(secret, "\r\n");
    oct_err code = octi_buffer_printf(&value, "%s %.*s", scheme, length, secret);
    if (code == OCT_OK)
        access->authorization = octi_buffer_take(&value);
    return code == OCT_OK ? OCT_OK : out_of_memory(err);
}

static oct_err take_basic(octi_kube_access *access, const char *user, const char *password, oct_error *err)
{
    char plain[512];
    int length = snprintf(plain, sizeof(plain), "%s:%s", user, password);
    if (length >= (int)sizeof(plain))
        return oct_fail(err, OCT_E_INVALID, "the kubeconfig's password is too long");
    char *coded = octi_base64_encode(plain);
    explicit_bzero(plain, sizeof(plain));
    if (!coded)
        return out_of_memory(err);
    oct_err code = set_authorization(access, "Basic", coded, err);
    explicit_bzero(coded, strlen(coded));
    free(coded);
    return code;
}

/* A token file wins over a token, as in kubectl: whoever rotates tokens writes the file. */
static oct_err take_user(const json_t *user, octi_kube_access *access, oct_error *err)
{
    const char *token = octi_json_string_or(user, "token", "");
    const char *file = octi_json_string_or(user, "tokenFile", "");
    const char *name = octi_json_string_or(user, "username", "");
    oct_err code = keep_pem(user, "client-certificate", &access->cert, &access->cert_text, err);
    if (code == OCT_OK)
        code = keep_pem(user, "client-key", &access->key, &access->key_text, err);
    if (code == OCT_OK && *file) {
        octi_buffer text = {0};
        code = read_file(file, &text, err);
        if (code == OCT_OK)
            code = set_authorization(access, "Bearer", text.data ? text.data : "", err);
        octi_buffer_deinit(&text);
    } else if (code == OCT_OK && *token) {
        code = set_authorization(access, "Bearer", token, err);
    } else if (code == OCT_OK && *name) {
        code = take_basic(access, name, octi_json_string_or(user, "password", ""), err);
    }
    json_t *plugin = octi_json_find(user, "exec");
    if (code == OCT_OK && json_is_object(plugin))
        access->plugin = json_incref(plugin);
    return code;
}

static oct_err take_cluster(const json_t *cluster, octi_kube_access *access, oct_error *err)
{
    oct_err code = keep(&access->server, cluster, "server", err);
    if (code == OCT_OK)
        code = keep_pem(cluster, "certificate-authority", &access->ca, &access->ca_text, err);
    if (code == OCT_OK)
        code = keep(&access->server_name, cluster, "tls-server-name", err);
    if (code == OCT_OK)
        code = keep(&access->proxy, cluster, "proxy-url", err);
    access->insecure = strcmp(octi_json_string_or(cluster, "insecure-skip-tls-verify", ""), "true") == 0;
    if (code != OCT_OK)
        return code;
    size_t length = access->server ? strlen(access->server) : 0;
    if (length == 0 ||
        (strncmp(access->server, "https://", 8) != 0 && strncmp(access->server, "http://", 7) != 0))
        return oct_fail(err, OCT_E_INVALID, "context '%s' of the kubeconfig names no server",
                        access->context);
    if (access->server[length - 1] == '/')
        access->server[length - 1] = '\0';
    return OCT_OK;
}

static oct_err missing(oct_error *err, const char *kind, const char *name)
{
    oct_fail(err, OCT_E_NOTFOUND, "the kubeconfig has no %s '%s'", kind, name);
    oct_hint(err, "'kubectl config view' shows what it has; choose a context with --context");
    return OCT_E_NOTFOUND;
}

static oct_err resolve(const json_t *merged, const char *name, octi_kube_access *access, oct_error *err)
{
    const json_t *context = octi_json_find(entry_named(octi_json_find(merged, "contexts"), name), "context");
    if (!context)
        return missing(err, "context", name);
    const char *cluster_name = octi_json_string_or(context, "cluster", "");
    const char *user_name = octi_json_string_or(context, "user", "");
    const json_t *cluster =
        octi_json_find(entry_named(octi_json_find(merged, "clusters"), cluster_name), "cluster");
    const json_t *user = octi_json_find(entry_named(octi_json_find(merged, "users"), user_name), "user");
    if (!cluster)
        return missing(err, "cluster", cluster_name);
    if (*user_name && !user)
        return missing(err, "user", user_name);
    access->context = strdup(name);
    oct_err code = access->context ? keep(&access->namespace, context, "namespace", err) : out_of_memory(err);
    if (code == OCT_OK)
        code = take_cluster(cluster, access, err);
    return code == OCT_OK ? take_user(user, access, err) : code;
}

oct_err octi_kube_config_resolve(const json_t *merged, const char *context, octi_kube_access *out,
                                 oct_error *err)
{
    octi_kube_access access = {0};
    const char *name = context && *context ? context : octi_json_string_or(merged, "current-context", "");
    if (!*name) {
        oct_fail(err, OCT_E_NOTFOUND, "there is no current context in the kubeconfig");
        oct_hint(err, "choose one with --context, or set it: kubectl config use-context NAME");
        return OCT_E_NOTFOUND;
    }
    oct_err code = resolve(merged, name, &access, err);
    if (code == OCT_OK)
        *out = access;
    else
        octi_kube_access_deinit(&access);
    return code;
}

/* --- this machine --- */

/* One file of the list; one that is not there is passed over, as kubectl does. */
static oct_err merge_file(json_t **merged, const char *path, oct_error *err)
{
    octi_buffer text = {0};
    char folder[4096];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    oct_err code = read_file(path, &text, err);
    if (code == OCT_OK)
        code = octi_kube_config_merge(merged, text.data ? text.data : "", text.size, folder, path, err);
    octi_buffer_deinit(&text);
    return code == OCT_E_NOTFOUND ? OCT_OK : code;
}

static oct_err merge_all(json_t **merged, oct_error *err)
{
    const char *list = getenv("KUBECONFIG"), *home = getenv("HOME");
    char usual[4096];
    snprintf(usual, sizeof(usual), "%s/.kube/config", home ? home : "");
    char *paths = strdup(list && *list ? list : usual), *rest = paths;
    if (!paths)
        return out_of_memory(err);
    oct_err code = OCT_OK;
    for (char *path; code == OCT_OK && (path = strsep(&rest, ":"));)
        if (*path)
            code = merge_file(merged, path, err);
    if (code == OCT_OK && !*merged) {
        code = oct_fail(err, OCT_E_NOTFOUND, "there is no kubeconfig at '%s'", list && *list ? list : usual);
        oct_hint(err, "set KUBECONFIG to its path; kind and minikube write one when they start");
    }
    free(paths);
    return code;
}

oct_err octi_kube_access_find(const char *context, octi_kube_access *out, oct_error *err)
{
    json_t *merged = NULL;
    octi_kube_access access = {0};
    oct_err code = merge_all(&merged, err);
    if (code == OCT_OK)
        code = octi_kube_config_resolve(merged, context, &access, err);
    json_decref(merged);
    if (code == OCT_OK && access.plugin)
        code = octi_kube_plugin_run(&access, err);
    if (code == OCT_OK)
        *out = access;
    else
        octi_kube_access_deinit(&access);
    return code;
}
