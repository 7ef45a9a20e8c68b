#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "provision/core/json.h"
#include "provision/core/lines.h"
#include "provision/kubernetes/watch.h"
#include "runtime/base/clock.h"

enum { WATCH_SECONDS = 300, PAUSE_MS = 200, GONE = 410 };

struct watch {
    octi_kube *kube;
    json_t *pods;
    octi_lines lines;
    octi_kube_pods_fn fn;
    void *ctx;
    int64_t deadline_ns;
    bool content, too_old;
};

static void set_version(json_t *pods, const json_t *from)
{
    const char *version = octi_json_string_or(from, "metadata/resourceVersion", "");
    json_t *metadata = octi_json_find(pods, "metadata");
    if (*version && metadata)
        json_object_set_new(metadata, "resourceVersion", json_string(version));
}

static size_t place_of(const json_t *items, const char *name)
{
    const json_t *pod;
    size_t i;
    json_array_foreach(items, i, pod)
    {
        if (strcmp(octi_json_string_or(pod, "metadata/name", ""), name) == 0)
            break;
    }
    return i;
}

static void apply(json_t *pods, const char *type, json_t *object)
{
    json_t *items = octi_json_find(pods, "items");
    const char *name = octi_json_string_or(object, "metadata/name", "");
    size_t place = place_of(items, name);
    bool there = place < json_array_size(items);
    if (strcmp(type, "DELETED") == 0 && there)
        json_array_remove(items, place);
    else if (strcmp(type, "ADDED") == 0 || strcmp(type, "MODIFIED") == 0)
        there ? json_array_set(items, place, object) : json_array_append(items, object);
    set_version(pods, object); /* a BOOKMARK has nothing else */
}

oct_err octi_kube_watch_apply(json_t *pods, const char *line, size_t size, oct_error *err)
{
    json_t *event;
    oct_err code = octi_json_parse(line, size, "an event of the API server", &event, err);
    if (code != OCT_OK)
        return code;
    const char *type = octi_json_string_or(event, "type", "");
    json_t *object = octi_json_find(event, "object");
    if (strcmp(type, "ERROR") == 0)
        code = oct_fail(err, octi_json_integer_or(object, "code", 0) == GONE ? OCT_E_STATE : OCT_E_LOST,
                        "the API server ended the watch");
    else if (!json_is_object(object))
        code = oct_fail(err, OCT_E_PROTOCOL, "an event of the API server has no object");
    else
        apply(pods, type, object);
    json_decref(event);
    return code;
}

static oct_err hear_line(void *ctx, const char *line, size_t length)
{
    struct watch *watch = ctx;
    oct_error problem = OCT_ERROR_INIT;
    if (length == 0)
        return OCT_OK;
    oct_err code = octi_kube_watch_apply(watch->pods, line, length, &problem);
    watch->too_old = watch->too_old || code == OCT_E_STATE;
    if (code == OCT_OK && watch->fn(watch->ctx, watch->pods))
        watch->content = true;
    return code;
}

static oct_err hear(void *ctx, const void *bytes, size_t size)
{
    struct watch *watch = ctx;
    return octi_lines_feed(&watch->lines, bytes, size);
}

static bool is_over(const struct watch *watch)
{
    return octi_clock_ns() > watch->deadline_ns;
}

static bool enough(void *ctx)
{
    struct watch *watch = ctx;
    watch->content = watch->content || watch->fn(watch->ctx, watch->pods);
    return watch->content || is_over(watch);
}

static oct_err list(struct watch *watch, const char *cluster, oct_error *err)
{
    json_t *fresh;
    oct_err code = octi_kube_call(
        watch->kube, "GET",
        octi_kube_path(watch->kube, "api/v1", "pods?labelSelector=octavo.cluster%%3D%s", cluster), NULL, NULL,
        &fresh, err);
    if (code != OCT_OK)
        return code;
    if (!json_is_array(octi_json_find(fresh, "items"))) {
        json_decref(fresh);
        return oct_fail(err, OCT_E_PROTOCOL, "the API server's list of pods is none");
    }
    json_decref(watch->pods);
    watch->pods = fresh;
    watch->too_old = false;
    return OCT_OK;
}

/* One watch, until it is cut, too old, or enough is known. Only what will not pass is an error. */
static oct_err follow(struct watch *watch, const char *cluster, oct_error *err)
{
    octi_kube *kube = watch->kube;
    char *path = octi_kube_path(kube, "api/v1",
                                "pods?watch=1&allowWatchBookmarks=true&timeoutSeconds=%d&resourceVersion=%s"
                                "&labelSelector=octavo.cluster%%3D%s",
                                WATCH_SECONDS,
                                octi_json_string_or(watch->pods, "metadata/resourceVersion", "0"), cluster);
    if (!path)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    octi_http_request request = {.path = path, .output = hear, .ctx = watch, .idle_timeout = -1};
    int64_t start_ns = octi_clock_ns();
    octi_http_start(kube->http, &request);
    oct_err code = octi_http_wait(kube->http, enough, watch);
    code = OCT_OK;
    if (request.code == OCT_OK && request.status == GONE)
        watch->too_old = true;
    else if (request.code == OCT_OK && (request.status == 401 || request.status == 403))
        code = octi_kube_outcome(kube, &request, err);
    if (!watch->content && octi_clock_ns() - start_ns < PAUSE_MS * INT64_C(1000000))
        poll(NULL, 0, PAUSE_MS); /* a server that is away, or ends every watch at once */
    octi_http_request_deinit(&request);
    octi_buffer_deinit(&watch->lines.pending);
    free(path);
    return code;
}

oct_err octi_kube_watch_pods(octi_kube *kube, const char *cluster, double seconds, octi_kube_pods_fn fn,
                             void *ctx, oct_error *err)
{
    struct watch watch = {.kube = kube,
                          .fn = fn,
                          .ctx = ctx,
                          .lines = {.line = hear_line, .ctx = &watch},
                          .deadline_ns = octi_clock_ns() + (int64_t)(seconds * 1e9)};
    oct_err code = list(&watch, cluster, err);
    while (code == OCT_OK && !enough(&watch)) {
        code = follow(&watch, cluster, err);
        if (code == OCT_OK && !watch.content && watch.too_old)
            code = list(&watch, cluster, err);
    }
    json_decref(watch.pods);
    if (code == OCT_OK && !watch.content)
        code = oct_fail(err, OCT_E_TIMEOUT, "not within %.0f s", seconds);
    return code;
}
