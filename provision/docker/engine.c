#include <errno.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "provision/core/json.h"
#include "provision/docker/endpoint.h"
#include "provision/docker/engine.h"
#include "provision/docker/explain.h"
#include "runtime/base/log.h"

/* The oldest API that has all we use (1.35: an exec's working folder), and the newest one
 * whose changes were read for this code. */
enum { API_OLDEST = 35, API_NEWEST = 51, CALL_TIMEOUT_S = 60, OPEN_TIMEOUT_S = 10 };

void octi_docker_close(octi_docker *docker)
{
    if (!docker)
        return;
    octi_http_close(docker->http);
    free(docker);
}

/* The minor number of "1.41", or -1. */
static int api_minor(const char *text)
{
    int minor;
    return sscanf(text, "1.%4d", &minor) == 1 && minor >= 0 ? minor : -1;
}

static void take_product(const json_t *version, octi_docker *docker)
{
    const json_t *component;
    size_t i;
    docker->podman = false;
    json_array_foreach(octi_json_find(version, "Components"), i, component)
    {
        if (strstr(octi_json_string_or(component, "Name", ""), "Podman"))
            docker->podman = true;
    }
    snprintf(docker->info.product, sizeof(docker->info.product), "%s",
             docker->podman ? "Podman" : "Docker Engine");
    octi_text_clean(octi_json_string_or(version, "Version", "unknown"), docker->info.version,
                    sizeof(docker->info.version));
}

static oct_err agree_on_api(const json_t *version, octi_docker *docker, oct_error *err)
{
    const char *newest;
    oct_err code = octi_json_string(version, "ApiVersion", &newest, err);
    if (code != OCT_OK)
        return code;
    int theirs = api_minor(newest), oldest = api_minor(octi_json_string_or(version, "MinAPIVersion", "1.0"));
    if (theirs < 0)
        return oct_fail(err, OCT_E_PROTOCOL, "the engine's API version '%.20s' is none", newest);
    if (theirs < API_OLDEST || oldest > API_NEWEST) {
        oct_fail(err, OCT_E_UNSUPPORTED, "the engine speaks API %.20s, octavo 1.%d to 1.%d", newest,
                 API_OLDEST, API_NEWEST);
        oct_hint(err, "update %s", theirs < API_OLDEST ? "the engine" : "octavo");
        return OCT_E_UNSUPPORTED;
    }
    snprintf(docker->info.api, sizeof(docker->info.api), "1.%d", theirs < API_NEWEST ? theirs : API_NEWEST);
    return OCT_OK;
}

static oct_err greet(octi_docker *docker, oct_error *err)
{
    octi_http_request request = {.path = "/version", .timeout = OPEN_TIMEOUT_S};
    json_t *version = NULL;
    oct_err code = octi_http_perform(docker->http, &request, err);
    if (code == OCT_OK)
        code = octi_docker_outcome(&request, err);
    if (code == OCT_OK) {
        code = octi_json_parse(request.reply.data, request.reply.size, "the engine's version", &version, err);
        if (code == OCT_OK)
            code = agree_on_api(version, docker, err);
        if (code == OCT_OK)
            take_product(version, docker);
        else if (code == OCT_E_PROTOCOL)
            oct_hint(err, "is there really an engine at %s?", docker->info.endpoint);
    }
    json_decref(version);
    octi_http_request_deinit(&request);
    return code;
}

/* The group that may use a socket, as a hint for one who may not. */
static void hint_group(const char *socket, oct_error *err)
{
    struct stat info;
    struct group *group = socket[0] && stat(socket, &info) == 0 ? getgrgid(info.st_gid) : NULL;
    if (group && info.st_gid != 0)
        oct_hint(err, "join its group: sudo usermod -aG %s $USER, then log in again", group->gr_name);
    else
        oct_hint(err, "only its owner may use it: ask for access, or install rootless Docker or Podman");
}

static oct_err open_at(const octi_docker_endpoint *at, octi_docker **out, oct_error *err)
{
    octi_docker *docker = calloc(1, sizeof(*docker));
    if (!docker)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    snprintf(docker->info.endpoint, sizeof(docker->info.endpoint), "%s", at->label);
    octi_http_endpoint endpoint = {
        .label = at->label,
        .url = at->url,
        .socket = *at->socket ? at->socket : NULL,
        .ca = at->tls && !at->insecure ? at->ca : NULL,
        .cert = at->tls ? at->cert : NULL,
        .key = at->tls ? at->key : NULL,
        .insecure = at->insecure,
    };
    oct_err code = octi_http_open(&endpoint, &docker->http, err);
    if (code == OCT_OK)
        code = greet(docker, err);
    if (code != OCT_OK) {
        if (code == OCT_E_DENIED && *at->socket)
            hint_group(at->socket, err);
        octi_docker_close(docker);
        return code;
    }
    *out = docker;
    return OCT_OK;
}

/* No endpoint answered: says what was tried. */
static oct_err nobody(const octi_docker_endpoint *endpoints, unsigned count, oct_error *err)
{
    char tried[200] = "";
    size_t used = 0;
    for (unsigned i = 0; i < count && used < sizeof(tried); i++)
        used +=
            (size_t)snprintf(tried + used, sizeof(tried) - used, "%s%s", i ? ", " : "", endpoints[i].label);
    oct_fail(err, OCT_E_UNREACHABLE, "no container engine answers (tried %s)", tried);
    if (getenv("DOCKER_HOST"))
        oct_hint(err, "is the engine running there? unset DOCKER_HOST to use this machine's own");
    else
        oct_hint(
            err,
            "start it ('sudo systemctl start docker'), install it ('sudo apt-get install docker.io'), or "
            "set DOCKER_HOST");
    return OCT_E_UNREACHABLE;
}

oct_err octi_docker_open(octi_docker **out, oct_error *err)
{
    octi_docker_endpoint endpoints[OCTI_DOCKER_ENDPOINTS];
    unsigned count;
    oct_err code = octi_docker_endpoints(endpoints, &count, err);
    if (code != OCT_OK)
        return code;

    /* A socket that refuses us, or is broken, says more than one that is not there. */
    oct_error best = OCT_ERROR_INIT;
    for (unsigned i = 0; i < count; i++) {
        oct_error problem = OCT_ERROR_INIT;
        if (open_at(&endpoints[i], out, &problem) == OCT_OK)
            return OCT_OK;
        octi_log(OCT_LOG_DEBUG, "engine at %s: %s", endpoints[i].label, problem.what);
        if (problem.code != OCT_E_UNREACHABLE && best.code == OCT_OK)
            best = problem;
    }
    if (best.code == OCT_OK)
        return nobody(endpoints, count, err);
    if (err)
        *err = best;
    return best.code;
}

char *octi_docker_path(const octi_docker *docker, const char *format, ...)
{
    char *rest = NULL, *path = NULL;
    va_list args;
    va_start(args, format);
    int size = vasprintf(&rest, format, args);
    va_end(args);
    if (size < 0)
        return NULL;
    if (asprintf(&path, "/v%s%s", docker->info.api, rest) < 0)
        path = NULL;
    free(rest);
    return path;
}

char *octi_docker_list_path(const octi_docker *docker, const char *resource, const char *name)
{
    char filter[128];
    snprintf(filter, sizeof(filter), "{\"label\":[\"octavo.cluster%s%s\"]}", name ? "=" : "",
             name ? name : "");
    octi_buffer escaped = {0};
    char *path = octi_http_escape(&escaped, filter) == OCT_OK
                     ? octi_docker_path(docker, "/%sfilters=%s", resource, escaped.data)
                     : NULL;
    octi_buffer_deinit(&escaped);
    return path;
}

oct_err octi_docker_outcome(const octi_http_request *request, oct_error *err)
{
    if (request->code != OCT_OK) {
        if (err)
            *err = request->error;
        if (request->code == OCT_E_UNREACHABLE || request->code == OCT_E_LOST)
            oct_hint(err,
                     "the engine has ended, or restarts: start it, and the same command goes on from there");
        return request->code;
    }
    if (request->status < 400)
        return OCT_OK;
    return octi_docker_explain(request->status, request->reply.data, request->reply.size, err);
}

static oct_err take_reply(const octi_http_request *request, json_t **reply, oct_error *err)
{
    oct_err code = octi_docker_outcome(request, err);
    if (code != OCT_OK || !reply)
        return code;
    *reply = NULL;
    return request->reply.size == 0
               ? OCT_OK
               : octi_json_parse(request->reply.data, request->reply.size, "the engine's reply", reply, err);
}

oct_err octi_docker_call_within(octi_docker *docker, double seconds, const char *method, char *path,
                                json_t *body, json_t **reply, oct_error *err)
{
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    oct_err code = OCT_E_NOMEM;
    if (path && !text == !body) {
        octi_http_request request = {
            .method = method,
            .path = path,
            .body = text,
            .body_size = text ? strlen(text) : 0,
            .timeout = seconds,
        };
        code = octi_http_perform(docker->http, &request, err);
        code = take_reply(&request, reply, err); /* says more of a failure, too */
        octi_http_request_deinit(&request);
    } else {
        oct_fail(err, OCT_E_NOMEM, "out of memory");
    }
    free(text);
    free(path);
    json_decref(body);
    return code;
}

oct_err octi_docker_call(octi_docker *docker, const char *method, char *path, json_t *body, json_t **reply,
                         oct_error *err)
{
    return octi_docker_call_within(docker, CALL_TIMEOUT_S, method, path, body, reply, err);
}

oct_err octi_docker_get_all(octi_docker *docker, size_t count, char *const paths[], json_t *replies[],
                            oct_error *err)
{
    octi_http_request *requests = calloc(count ? count : 1, sizeof(*requests));
    oct_err code = requests ? OCT_OK : oct_fail(err, OCT_E_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        replies[i] = NULL;
        if (code == OCT_OK && !paths[i])
            code = oct_fail(err, OCT_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; code == OCT_OK && i < count; i++) {
        requests[i] = (octi_http_request){.path = paths[i], .timeout = CALL_TIMEOUT_S};
        octi_http_start(docker->http, &requests[i]);
    }
    if (code == OCT_OK)
        code = octi_http_wait(docker->http, NULL, NULL);
    for (size_t i = 0; code == OCT_OK && i < count; i++)
        code = take_reply(&requests[i], &replies[i], err);
    for (size_t i = 0; i < count; i++) {
        if (requests)
            octi_http_request_deinit(&requests[i]);
        free(paths[i]);
        if (code != OCT_OK) {
            json_decref(replies[i]);
            replies[i] = NULL;
        }
    }
    free(requests);
    return code;
}
