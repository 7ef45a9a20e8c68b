#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provision/core/json.h"
#include "provision/docker/destroy.h"
#include "provision/docker/found.h"
#include "runtime/base/clock.h"

enum { REMOVE_TIMEOUT_S = 120, ROUNDS_MAX = 5, LINGER_MS = 500, RETRY_MS = 100 };

struct destruction;

/* One thing to remove. */
struct removal {
    struct destruction *destruction;
    const char *kind; /* "container", "network", "volume" */
    char id[256];
    octi_node node; /* of a container */
    char *path;
    octi_http_request request;
};

struct destruction {
    octi_docker *docker;
    const char *name;
    const octi_observer *observer;
    unsigned keep; /* so many first nodes stay */
    size_t removed;
    bool was_complete; /* all nodes were there at some look */
    oct_error first;   /* the first failure; its code is OCT_OK while none */
};

static void tell(const struct removal *removal, const char *step)
{
    const octi_observer *observer = removal->destruction->observer;
    if (observer && observer->step)
        observer->step(observer->ctx, removal->node.name[0] ? &removal->node : NULL, step);
}

static void send_removal(struct removal *removal, const char *method, char *path,
                         void (*done)(void *ctx, octi_http_request *request))
{
    free(removal->path);
    removal->path = path;
    octi_http_request_deinit(&removal->request);
    removal->request = (octi_http_request){
        .method = method,
        .path = path,
        .timeout = REMOVE_TIMEOUT_S,
        .idle_timeout = REMOVE_TIMEOUT_S,
        .done = done,
        .ctx = removal,
    };
    if (path)
        octi_http_start(removal->destruction->docker->http, &removal->request);
    else
        oct_fail(&removal->destruction->first, OCT_E_NOMEM, "out of memory");
}

static void on_gone(void *ctx, octi_http_request *request)
{
    struct removal *removal = ctx;
    (void)request; /* whoever removes it reports what goes wrong; the next round looks again */
    tell(removal, "removed");
}

static void on_removed(void *ctx, octi_http_request *request)
{
    struct removal *removal = ctx;
    struct destruction *destruction = removal->destruction;
    octi_docker *docker = destruction->docker;
    if (request->code == OCT_OK && request->status == 404)
        return;
    if (request->code == OCT_OK && request->status == 409 && strcmp(removal->kind, "container") == 0) {
        /* Another `down` is at it: wait with it. */
        send_removal(removal, "POST",
                     octi_docker_path(docker, "/containers/%s/wait?condition=removed", removal->id), on_gone);
        return;
    }
    oct_error problem = OCT_ERROR_INIT;
    if (octi_docker_outcome(request, &problem) == OCT_OK) {
        destruction->removed++;
        tell(removal, "removed");
    } else if (destruction->first.code == OCT_OK) {
        destruction->first = problem;
        oct_prefix(&destruction->first, "cannot remove %s '%.60s'", removal->kind,
                   *removal->node.name ? removal->node.name : removal->id);
    }
}

/* Fills what is needed to remove one listed thing; false when it is not the cluster's. The
 * engine has filtered by label already, but what is removed by force is looked at twice. */
static bool read_thing(const json_t *element, const char *kind, const char *id_key,
                       struct destruction *destruction, struct removal *out)
{
    const json_t *labels = octi_json_find(element, "Labels");
    const char *id = octi_json_string_or(element, id_key, "");
    if (!*id || strlen(id) >= sizeof(out->id) ||
        strcmp(octi_json_string_or(labels, OCTI_LABEL_CLUSTER, ""), destruction->name) != 0)
        return false;
    *out = (struct removal){.destruction = destruction, .kind = kind};
    strcpy(out->id, id);
    const char *index = octi_json_string_or(labels, OCTI_LABEL_NODE, "");
    if (strtoul(index, NULL, 10) < destruction->keep)
        return false;
    if (*index) {
        out->node.index = (unsigned)strtoul(index, NULL, 10);
        snprintf(out->node.name, sizeof(out->node.name), "%s-%u", destruction->name, out->node.index);
        snprintf(out->node.engine_id, sizeof(out->node.engine_id), "%.127s", id);
    }
    return true;
}

static char *path_of(const struct removal *removal)
{
    const octi_docker *docker = removal->destruction->docker;
    if (strcmp(removal->kind, "container") == 0)
        return octi_docker_path(docker, "/containers/%s?force=1&v=1", removal->id);
    return octi_docker_path(
        docker, strcmp(removal->kind, "network") == 0 ? "/networks/%s" : "/volumes/%s?force=1", removal->id);
}

/* Removes all of a list at once. */
static oct_err remove_list(struct destruction *destruction, const json_t *list, const char *kind,
                           const char *id_key, oct_error *err)
{
    size_t room = json_array_size(list), count = 0, i;
    struct removal *removals = calloc(room ? room : 1, sizeof(*removals));
    if (!removals)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    const json_t *element;
    json_array_foreach(list, i, element)
    {
        if (read_thing(element, kind, id_key, destruction, &removals[count]))
            count++;
    }
    for (i = 0; i < count; i++) {
        tell(&removals[i], "removing");
        send_removal(&removals[i], "DELETE", path_of(&removals[i]), on_removed);
    }
    const octi_observer *observer = destruction->observer;
    oct_err code = octi_http_wait(destruction->docker->http, observer ? observer->interrupted : NULL,
                                  observer ? observer->ctx : NULL);
    for (i = 0; i < count; i++) {
        octi_http_request_deinit(&removals[i].request);
        free(removals[i].path);
    }
    free(removals);
    if (code != OCT_OK)
        return oct_fail(err, code, "interrupted; the same command resumes");
    if (destruction->first.code != OCT_OK && err)
        *err = destruction->first;
    return destruction->first.code;
}

/* Whether all the nodes that the labels tell of are among the containers. */
static bool is_complete(const json_t *containers)
{
    const char *wanted =
        octi_json_string_or(octi_json_find(json_array_get(containers, 0), "Labels"), OCTI_LABEL_NODES, "");
    return *wanted && strtoul(wanted, NULL, 10) <= json_array_size(containers);
}

/* One look and what follows from it; *left tells how many things there were. */
static oct_err remove_round(struct destruction *destruction, size_t *left, oct_error *err)
{
    octi_docker *docker = destruction->docker;
    char *paths[] = {octi_docker_list_path(docker, "containers/json?all=1&", destruction->name),
                     octi_docker_list_path(docker, "networks?", destruction->name),
                     octi_docker_list_path(docker, "volumes?", destruction->name)};
    json_t *replies[3];
    oct_err code = octi_docker_get_all(docker, 3, paths, replies, err);
    if (code != OCT_OK)
        return code;
    json_t *volumes = octi_json_find(replies[2], "Volumes");
    *left = json_array_size(replies[0]) + json_array_size(replies[1]) + json_array_size(volumes);
    destruction->was_complete |= is_complete(replies[0]);
    code = remove_list(destruction, replies[0], "container", "Id", err);
    if (code == OCT_OK)
        code = remove_list(destruction, replies[1], "network", "Id", err);
    if (code == OCT_OK)
        code = remove_list(destruction, volumes, "volume", "Name", err);
    for (size_t i = 0; i < 3; i++)
        json_decref(replies[i]);
    return code;
}

/* An engine goes on with what a killed `up` has asked of it, and nothing shows that before
 * it is done. So where a cluster was not complete the last look comes late enough. */
static bool may_grow(const struct destruction *destruction, int64_t start_ns)
{
    int64_t rest_ms = LINGER_MS - (octi_clock_ns() - start_ns) / 1000000;
    if (destruction->was_complete || rest_ms <= 0)
        return false;
    poll(NULL, 0, (int)rest_ms);
    return true;
}

oct_err octi_docker_destroy(octi_docker *docker, const char *name, const octi_observer *observer,
                            size_t *removed, oct_error *err)
{
    struct destruction destruction = {
        .docker = docker, .name = name, .observer = observer, .first = OCT_ERROR_INIT};
    oct_err code = OCT_OK;
    size_t left = 1;
    int64_t start_ns = octi_clock_ns();
    /* Until a look finds nothing: an `up` that was under way may have made more. */
    for (int round = 1; code == OCT_OK && left > 0 && round <= ROUNDS_MAX; round++) {
        code = remove_round(&destruction, &left, err);
        if (code == OCT_OK && left == 0 && may_grow(&destruction, start_ns))
            left = 1;
        if (code == OCT_E_STATE && round < ROUNDS_MAX) {
            /* in use, perhaps by a container that is only just being made */
            destruction.first = (oct_error)OCT_ERROR_INIT;
            code = OCT_OK;
            poll(NULL, 0, RETRY_MS);
        }
    }
    *removed = destruction.removed;
    if (code == OCT_OK && left > 0) {
        oct_fail(err, OCT_E_STATE, "'%s' keeps growing while it is removed", name);
        oct_hint(err, "is 'octavo up' running for it? end that first");
        return OCT_E_STATE;
    }
    return code;
}

oct_err octi_docker_remove_from(octi_docker *docker, const char *name, unsigned first,
                                const octi_observer *observer, oct_error *err)
{
    struct destruction destruction = {
        .docker = docker, .name = name, .observer = observer, .keep = first, .first = OCT_ERROR_INIT};
    json_t *containers;
    oct_err code = octi_docker_call(
        docker, "GET", octi_docker_list_path(docker, "containers/json?all=1&", name), NULL, &containers, err);
    if (code != OCT_OK)
        return code;
    code = remove_list(&destruction, containers, "container", "Id", err);
    json_decref(containers);
    return code;
}
