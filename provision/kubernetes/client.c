#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provision/core/json.h"
#include "provision/kubernetes/client.h"
#include "provision/kubernetes/explain.h"
#include "runtime/base/clock.h"
#include "runtime/base/log.h"

enum {
    CALL_SECONDS = 30,
    PATIENCE_SECONDS = 30,
    FIRST_PAUSE_MS = 100,
    PAUSE_MAX_MS = 1000,
    SILENCE_SECONDS = 10
};

static oct_err connect_to(octi_kube *kube, oct_error *err)
{
    const octi_kube_access *access = &kube->access;
    octi_http_endpoint endpoint = {
        .label = access->server,
        .url = access->server,
        .ca = access->ca,
        .ca_text = access->ca_text,
        .cert = access->cert,
        .cert_text = access->cert_text,
        .key = access->key,
        .key_text = access->key_text,
        .server_name = access->server_name,
        .proxy = access->proxy,
        .insecure = access->insecure,
        .authorization = access->authorization,
    };
    return octi_http_open(&endpoint, &kube->http, err);
}

static oct_err read_version(octi_kube *kube, const json_t *version, oct_error *err)
{
    const char *git, *minor;
    oct_err code = octi_json_string(version, "gitVersion", &git, err);
    if (code == OCT_OK)
        code = octi_json_string(version, "minor", &minor, err);
    if (code != OCT_OK) {
        oct_prefix(err, "%s is no Kubernetes API server", kube->access.server);
        return code;
    }
    kube->minor = atoi(minor);
    snprintf(kube->info.product, sizeof(kube->info.product), "Kubernetes");
    octi_text_clean(git, kube->info.version, sizeof(kube->info.version));
    snprintf(kube->info.api, sizeof(kube->info.api), "1.%d", kube->minor);
    snprintf(kube->info.endpoint, sizeof(kube->info.endpoint), "%.150s, namespace %.64s", kube->access.server,
             kube->namespace);
    return OCT_OK;
}

/* The first contact: no second try, so that a wrong address is told at once. */
static oct_err greet(octi_kube *kube, oct_error *err)
{
    octi_http_request request = {.path = "/version", .timeout = SILENCE_SECONDS};
    json_t *version = NULL;
    oct_err code = octi_http_perform(kube->http, &request, err);
    if (code == OCT_OK)
        code = octi_kube_outcome(kube, &request, err);
    else if (code == OCT_E_UNREACHABLE || code == OCT_E_TIMEOUT)
        oct_hint(err, "is the cluster up, and is context '%s' the one that is meant? --context takes another",
                 kube->access.context);
    else if (code == OCT_E_DENIED)
        oct_hint(err, "its certificate is not signed by the authority that context '%s' names",
                 kube->access.context);
    if (code == OCT_OK)
        code = octi_json_parse(request.reply.data ? request.reply.data : "", request.reply.size,
                               "the API server's reply", &version, err);
    if (code == OCT_OK)
        code = read_version(kube, version, err);
    json_decref(version);
    octi_http_request_deinit(&request);
    return code;
}

static oct_err set_namespace(octi_kube *kube, const octi_spec *spec, oct_error *err)
{
    const char *name = spec && *spec->namespace ? spec->namespace
                       : kube->access.namespace ? kube->access.namespace
                                                : "default";
    size_t length = strlen(name);
    if (length < sizeof(kube->namespace) &&
        name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0') {
        memcpy(kube->namespace, name, length + 1);
        return OCT_OK;
    }
    oct_fail(err, OCT_E_INVALID, "'%.80s' cannot name a namespace", name);
    oct_hint(err, "a namespace is lower-case letters, digits and '-', at most 63");
    return OCT_E_INVALID;
}

oct_err octi_kube_open(const octi_spec *spec, octi_kube **out, oct_error *err)
{
    octi_kube *kube = calloc(1, sizeof(*kube));
    if (!kube)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    oct_err code = octi_kube_access_find(spec ? spec->context : NULL, &kube->access, err);
    if (code == OCT_OK)
        code = set_namespace(kube, spec, err);
    if (code == OCT_OK)
        code = connect_to(kube, err);
    if (code == OCT_OK)
        code = greet(kube, err);
    if (code == OCT_OK)
        *out = kube;
    else
        octi_kube_close(kube);
    return code;
}

static bool copy_access(const octi_kube_access *from, octi_kube_access *to)
{
    bool good = true;
#define COPY(field) good = (!from->field || (to->field = strdup(from->field))) && good
    COPY(context);
    COPY(server);
    COPY(namespace);
    COPY(ca);
    COPY(ca_text);
    COPY(cert);
    COPY(cert_text);
    COPY(key);
    COPY(key_text);
    COPY(authorization);
    COPY(server_name);
    COPY(proxy);
#undef COPY
    to->insecure = from->insecure;
    return good;
}

oct_err octi_kube_clone(const octi_kube *kube, octi_kube **out, oct_error *err)
{
    octi_kube *twin = calloc(1, sizeof(*twin));
    if (!twin || !copy_access(&kube->access, &twin->access)) {
        octi_kube_close(twin);
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    }
    memcpy(twin->namespace, kube->namespace, sizeof(twin->namespace));
    twin->info = kube->info;
    twin->minor = kube->minor;
    oct_err code = connect_to(twin, err);
    if (code == OCT_OK)
        *out = twin;
    else
        octi_kube_close(twin);
    return code;
}

void octi_kube_close(octi_kube *kube)
{
    if (!kube)
        return;
    octi_http_close(kube->http);
    octi_kube_access_deinit(&kube->access);
    free(kube);
}

char *octi_kube_path(const octi_kube *kube, const char *group, const char *format, ...)
{
    char rest[1024], path[1280];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(rest, sizeof(rest), format, args);
    va_end(args);
    if (length < 0 || length >= (int)sizeof(rest))
        return NULL;
    snprintf(path, sizeof(path), "/%s/namespaces/%s/%s", group, kube->namespace, rest);
    return strdup(path);
}

oct_err octi_kube_outcome(const octi_kube *kube, const octi_http_request *request, oct_error *err)
{
    (void)kube;
    if (request->code != OCT_OK) {
        if (err)
            *err = request->error;
        return request->code;
    }
    if (request->status < 300)
        return OCT_OK;
    return octi_kube_explain(request->status, request->reply.data, request->reply.size, err);
}

/* What may be gone the next moment. */
static bool is_passing(const octi_http_request *request)
{
    if (request->code != OCT_OK)
        return request->code == OCT_E_UNREACHABLE || request->code == OCT_E_LOST;
    return request->status == 429 || request->status == 500 || request->status == 502 ||
           request->status == 503 || request->status == 504;
}

static oct_err perform(octi_kube *kube, octi_http_request *request, oct_error *err)
{
    int64_t deadline = octi_clock_ns() + PATIENCE_SECONDS * INT64_C(1000000000);
    for (int pause = FIRST_PAUSE_MS;; pause = pause * 2 < PAUSE_MAX_MS ? pause * 2 : PAUSE_MAX_MS) {
        octi_http_start(kube->http, request);
        oct_err code = octi_http_wait(kube->http, NULL, NULL);
        if (code != OCT_OK)
            return oct_fail(err, code, "interrupted");
        if (!is_passing(request) || octi_clock_ns() > deadline)
            return octi_kube_outcome(kube, request, err);
        octi_log(OCT_LOG_DEBUG, "%s: status %d, once more", request->path, request->status);
        poll(NULL, 0, pause);
    }
}

oct_err octi_kube_call(octi_kube *kube, const char *method, char *path, json_t *body, const char *type,
                       json_t **reply, oct_error *err)
{
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    bool whole = path && !body == !text;
    json_decref(body);
    octi_http_request request = {.method = method,
                                 .path = path,
                                 .content_type = type,
                                 .body = text,
                                 .body_size = text ? strlen(text) : 0,
                                 .timeout = CALL_SECONDS,
                                 .max_reply = 256 << 20};
    oct_err code = whole ? perform(kube, &request, err) : oct_fail(err, OCT_E_NOMEM, "out of memory");
    if (code == OCT_OK && reply)
        code = octi_json_parse(request.reply.data ? request.reply.data : "", request.reply.size,
                               "the API server's reply", reply, err);
    octi_http_request_deinit(&request);
    if (text)
        explicit_bzero(text, strlen(text)); /* it may hold the munge key */
    free(text);
    free(path);
    return code;
}
