#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "provision/core/json.h"
#include "provision/core/tar.h"
#include "provision/docker/credentials.h"
#include "provision/docker/found.h"
#include "provision/docker/image.h"
#include "provision/docker/progress.h"

enum { QUIET_MAX_S = 1800 };

/* Splits "host:5000/repo:tag" at the tag's colon; without a tag it is "latest". */
static void split_name(const char *name, char repository[256], char tag[128])
{
    const char *colon = strrchr(name, ':');
    if (colon && strchr(colon, '/'))
        colon = NULL;
    snprintf(repository, 256, "%.*s", colon ? (int)(colon - name) : 255, name);
    snprintf(tag, 128, "%s", colon ? colon + 1 : "latest");
}

/* Appends "&key=value", the value escaped; nothing for NULL. */
static oct_err add_query(octi_buffer *query, const char *key, const char *value)
{
    if (!value)
        return OCT_OK;
    oct_err code = octi_buffer_printf(query, "%s%s=", query->size > 0 ? "&" : "", key);
    return code == OCT_OK ? octi_http_escape(query, value) : code;
}

/* Appends "&key={...}" from "NAME=value" strings. */
static oct_err add_map(octi_buffer *query, const char *key, const char *const *pairs)
{
    json_t *map = pairs ? json_object() : NULL;
    for (; pairs && *pairs; pairs++) {
        char *name = strndup(*pairs, strcspn(*pairs, "="));
        const char *value = *pairs + strcspn(*pairs, "=");
        if (name)
            json_object_set_new(map, name, json_string(*value ? value + 1 : value));
        free(name);
    }
    char *text = map ? json_dumps(map, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    oct_err code = map && !text ? OCT_E_NOMEM : add_query(query, key, text);
    free(text);
    json_decref(map);
    return code;
}

/* One long request whose reply is progress, and where that goes. */
struct report {
    octi_progress progress;
    oct_error problem;
};

static oct_err take_progress(void *ctx, const void *bytes, size_t size)
{
    struct report *report = ctx;
    return octi_progress_feed(&report->progress, bytes, size, &report->problem);
}

/* Runs the request with `watch` looking on. */
static oct_err perform(octi_docker *docker, octi_http_request *request, const octi_image_watch *watch,
                       oct_error *err)
{
    octi_http_start(docker->http, request);
    oct_err code = octi_http_wait(docker->http, watch ? watch->interrupted : NULL, watch ? watch->ctx : NULL);
    return code == OCT_E_CANCELLED ? oct_fail(err, code, "interrupted") : octi_docker_outcome(request, err);
}

/* POSTs to path, with what fd gives when it is not negative, and follows the progress. */
static oct_err follow_with(octi_docker *docker, char *path, const char *const *headers, int fd,
                           double timeout, const octi_image_watch *watch, oct_error *err)
{
    if (!path)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    struct report report = {
        .progress = {.line = watch ? watch->line : NULL, .ctx = watch ? watch->ctx : NULL},
        .problem = OCT_ERROR_INIT,
    };
    octi_http_request request = {
        .method = "POST",
        .path = path,
        .headers = headers,
        .content_type = "application/x-tar",
        .body_fd = fd,
        .stream_body = fd >= 0,
        .output = take_progress,
        .ctx = &report,
        .timeout = timeout,
        .idle_timeout = QUIET_MAX_S, /* a compiler or a download may be silent for long */
    };
    oct_err code = perform(docker, &request, watch, err);
    if (code != OCT_OK && report.problem.code == code && err)
        *err = report.problem;
    if (code == OCT_OK)
        code = octi_progress_finish(&report.progress, err);
    if (code != OCT_OK && watch && watch->last_lines && report.progress.tail.size > 0 &&
        octi_buffer_append(watch->last_lines, report.progress.tail.data, report.progress.tail.size) != OCT_OK)
        code = oct_fail(err, OCT_E_NOMEM, "out of memory");
    octi_http_request_deinit(&request);
    octi_progress_deinit(&report.progress);
    free(path);
    return code;
}

static oct_err follow(octi_docker *docker, char *path, int fd, double timeout, const octi_image_watch *watch,
                      oct_error *err)
{
    return follow_with(docker, path, NULL, fd, timeout, watch, err);
}

oct_err octi_image_inspect(octi_docker *docker, const char *name, octi_image *out, oct_error *err)
{
    json_t *reply;
    oct_err code =
        octi_docker_call(docker, "GET", octi_docker_path(docker, "/images/%s/json", name), NULL, &reply, err);
    if (code == OCT_E_NOTFOUND) {
        oct_fail(err, code, "image '%s' is not on this engine (%s)", name, docker->info.endpoint);
        oct_hint(err, "build it with 'octavo image build', or name another with --image");
    }
    if (code != OCT_OK)
        return code;
    octi_image found = {.size = (uint64_t)octi_json_integer_or(reply, "Size", 0)};
    octi_text_clean(octi_json_string_or(reply, "Id", ""), found.id, sizeof(found.id));
    octi_text_clean(octi_json_string_or(reply, "Created", ""), found.created, sizeof(found.created));
    octi_text_clean(octi_json_string_or(reply, "Config/Labels/" OCTI_LABEL_VERSION, ""), found.version,
                    sizeof(found.version));
    octi_text_clean(octi_json_string_or(reply, "Config/Labels/" OCTI_LABEL_SOURCE, ""), found.source,
                    sizeof(found.source));
    json_decref(reply);
    *out = found;
    return OCT_OK;
}

static oct_err build_query(const octi_image_recipe *recipe, octi_buffer *query)
{
    oct_err code = octi_buffer_printf(query, "rm=1&forcerm=1%s", recipe->no_cache ? "&nocache=1" : "");
    if (code == OCT_OK)
        code = add_query(query, "t", recipe->tag);
    if (code == OCT_OK)
        code = add_query(query, "dockerfile", recipe->dockerfile);
    if (code == OCT_OK)
        code = add_query(query, "target", recipe->target);
    if (code == OCT_OK)
        code = add_query(query, "networkmode", recipe->network);
    if (code == OCT_OK)
        code = add_map(query, "buildargs", recipe->args);
    return code == OCT_OK ? add_map(query, "labels", recipe->labels) : code;
}

oct_err octi_image_build(octi_docker *docker, const octi_image_recipe *recipe, const octi_image_watch *watch,
                         oct_error *err)
{
    octi_buffer query = {0};
    octi_tar *context = NULL;
    oct_err code = build_query(recipe, &query);
    if (code != OCT_OK)
        oct_fail(err, code, "out of memory");
    if (code == OCT_OK)
        code = octi_tar_pack(recipe->context, ".", &context, err);
    if (code == OCT_OK) {
        code = follow(docker, octi_docker_path(docker, "/build?%s", query.data), octi_tar_fd(context), 0,
                      watch, err);
        /* A context that could not be read explains more than the build that lacked it. */
        oct_error cause = OCT_ERROR_INIT;
        oct_err packed = octi_tar_finish(context, &cause);
        if (packed != OCT_OK && err)
            *err = cause;
        code = packed != OCT_OK ? packed : code;
    }
    octi_buffer_deinit(&query);
    if (code != OCT_OK)
        oct_prefix(err, "cannot build image '%.100s'", recipe->tag);
    return code;
}

oct_err octi_image_import(octi_docker *docker, int fd, const char *name, const char *const *changes,
                          const octi_image_watch *watch, oct_error *err)
{
    char repository[256], tag[128];
    octi_buffer query = {0};
    split_name(name, repository, tag);
    oct_err code = add_query(&query, "fromSrc", "-");
    if (code == OCT_OK)
        code = add_query(&query, "repo", repository);
    if (code == OCT_OK)
        code = add_query(&query, "tag", tag);
    for (; code == OCT_OK && changes && *changes; changes++)
        code = add_query(&query, "changes", *changes);
    code = code == OCT_OK
               ? follow(docker, octi_docker_path(docker, "/images/create?%s", query.data), fd, 0, watch, err)
               : oct_fail(err, code, "out of memory");
    octi_buffer_deinit(&query);
    if (code != OCT_OK)
        oct_prefix(err, "cannot import image '%.100s'", name);
    return code;
}

static bool says_any(const char *text, const char *const *phrases)
{
    while (*phrases && !strcasestr(text, *phrases))
        phrases++;
    return *phrases;
}

/* An engine says in many ways that it reached no registry, */
static const char *const unreachable[] = {
    "no such host",           "connection refused", "i/o timeout",        "deadline", "Client.Timeout",
    "network is unreachable", "request canceled",   "server misbehaving", "dial tcp", NULL};

/* and that the registry does not let us. */
static const char *const denied[] = {"denied", "unauthorized", "authentication required", "no basic auth",
                                     NULL};

static oct_err judge_pull(const char *name, oct_err code, oct_error *err)
{
    if (code == OCT_OK || !err)
        return code;
    if (says_any(err->what, unreachable)) {
        err->code = OCT_E_UNREACHABLE;
        oct_hint(err, "no registry answers: make the image from packages with 'octavo image build'");
    }
    oct_prefix(err, "cannot pull image '%.80s'", name);
    return err->code;
}

static oct_err judge_push(const char *name, const char *registry, oct_err code, oct_error *err)
{
    if (code == OCT_OK || code == OCT_E_CANCELLED)
        return code;
    if (says_any(err->what, denied)) {
        err->code = OCT_E_DENIED;
        oct_hint(err, "log in with 'docker login %s', as someone who may write there", registry);
    } else if (says_any(err->what, unreachable)) {
        err->code = OCT_E_UNREACHABLE;
        oct_hint(err, "no registry answers at '%s' from the engine: check the name and the network",
                 registry);
    } else if (strstr(err->what, "HTTP response to HTTPS client")) {
        err->code = OCT_E_UNREACHABLE;
        oct_hint(err,
                 "it speaks no TLS: give it a certificate, or name it in the engine's insecure-registries");
    }
    oct_prefix(err, "cannot push image '%.80s'", name);
    return err->code;
}

oct_err octi_image_pull(octi_docker *docker, const char *name, double timeout, const octi_image_watch *watch,
                        oct_error *err)
{
    char repository[256], tag[128];
    octi_buffer query = {0};
    oct_error problem = OCT_ERROR_INIT;
    split_name(name, repository, tag);
    oct_err code = add_query(&query, "fromImage", repository);
    if (code == OCT_OK)
        code = add_query(&query, "tag", tag);
    code = code == OCT_OK ? follow(docker, octi_docker_path(docker, "/images/create?%s", query.data), -1,
                                   timeout, watch, &problem)
                          : oct_fail(&problem, code, "out of memory");
    octi_buffer_deinit(&query);
    code = judge_pull(name, code, &problem);
    if (code != OCT_OK && err)
        *err = problem;
    return code;
}

oct_err octi_image_push(octi_docker *docker, const char *name, const octi_image_watch *watch, oct_error *err)
{
    char repository[256], tag[128], registry[256], *auth = NULL;
    octi_buffer query = {0}, header = {0};
    oct_error problem = OCT_ERROR_INIT;
    split_name(name, repository, tag);
    octi_credentials_registry(name, registry, sizeof(registry));
    oct_err code = octi_credentials_find(registry, &auth, &problem);
    if (code == OCT_OK && (octi_buffer_printf(&header, "X-Registry-Auth: %s", auth) != OCT_OK ||
                           add_query(&query, "tag", tag) != OCT_OK))
        code = oct_fail(&problem, OCT_E_NOMEM, "out of memory");
    if (code == OCT_OK) {
        const char *const headers[] = {header.data, NULL};
        code = follow_with(docker, octi_docker_path(docker, "/images/%s/push?%s", repository, query.data),
                           headers, -1, 0, watch, &problem);
    }
    octi_credentials_free(auth);
    if (header.data)
        explicit_bzero(header.data, header.size);
    octi_buffer_deinit(&header);
    octi_buffer_deinit(&query);
    code = judge_push(name, registry, code, &problem);
    if (code != OCT_OK && err)
        *err = problem;
    return code;
}

oct_err octi_image_tag(octi_docker *docker, const char *name, const char *new_name, oct_error *err)
{
    char repository[256], tag[128];
    octi_buffer query = {0};
    split_name(new_name, repository, tag);
    oct_err code = add_query(&query, "repo", repository);
    if (code == OCT_OK)
        code = add_query(&query, "tag", tag);
    code = code == OCT_OK ? octi_docker_call(docker, "POST",
                                             octi_docker_path(docker, "/images/%s/tag?%s", name, query.data),
                                             NULL, NULL, err)
                          : oct_fail(err, code, "out of memory");
    octi_buffer_deinit(&query);
    return code;
}

oct_err octi_image_remove(octi_docker *docker, const char *name, oct_error *err)
{
    return octi_docker_call(docker, "DELETE", octi_docker_path(docker, "/images/%s", name), NULL, NULL, err);
}

void octi_image_sweep(octi_docker *docker, const char *label)
{
    json_t *filters = json_pack("{s:[s], s:[s]}", "dangling", "true", "label", label);
    char *text = filters ? json_dumps(filters, JSON_COMPACT) : NULL;
    octi_buffer query = {0};
    json_t *reply = NULL, *image;
    size_t i;
    if (text && add_query(&query, "filters", text) == OCT_OK &&
        octi_docker_call(docker, "GET", octi_docker_path(docker, "/images/json?%s", query.data), NULL, &reply,
                         NULL) == OCT_OK)
        json_array_foreach(reply, i, image)
        {
            /* One that a container or a running build uses is refused, and kept. */
            oct_err ignored = octi_docker_call(
                docker, "DELETE",
                octi_docker_path(docker, "/images/%s?noprune=1", octi_json_string_or(image, "Id", "")), NULL,
                NULL, NULL);
            (void)ignored;
        }
    json_decref(reply);
    octi_buffer_deinit(&query);
    free(text);
    json_decref(filters);
}

/* Where a saved image goes. */
struct save {
    int fd;
    oct_error problem;
};

static oct_err write_all(void *ctx, const void *bytes, size_t size)
{
    struct save *save = ctx;
    for (const char *at = bytes; size > 0;) {
        ssize_t put = write(save->fd, at, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return oct_fail(&save->problem, errno == ENOSPC ? OCT_E_EXHAUSTED : OCT_E_IO,
                            "cannot write the image: %s", strerror(errno));
        at += put;
        size -= (size_t)put;
    }
    return OCT_OK;
}

oct_err octi_image_save(octi_docker *docker, const char *name, int fd, const octi_image_watch *watch,
                        oct_error *err)
{
    char *path = octi_docker_path(docker, "/images/%s/get", name);
    if (!path)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    struct save save = {.fd = fd, .problem = OCT_ERROR_INIT};
    octi_http_request request = {
        .path = path, .output = write_all, .ctx = &save, .idle_timeout = QUIET_MAX_S};
    oct_err code = perform(docker, &request, watch, err);
    if (code != OCT_OK && save.problem.code == code && err)
        *err = save.problem;
    octi_http_request_deinit(&request);
    free(path);
    return code;
}

oct_err octi_image_load(octi_docker *docker, int fd, const octi_image_watch *watch, oct_error *err)
{
    return follow(docker, octi_docker_path(docker, "/images/load?quiet=1"), fd, 0, watch, err);
}
