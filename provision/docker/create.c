#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provision/core/json.h"
#include "provision/core/spec.h"
#include "provision/docker/create.h"
#include "provision/docker/exec.h"
#include "provision/docker/found.h"
#include "provision/docker/network.h"

enum { STEP_TIMEOUT_S = 90, ROUNDS_MAX = 10 };

struct creation;

/* One node on its way to run; each finished request starts its next one. */
struct node_job {
    struct creation *creation;
    octi_node node;
    bool made, running;
    bool beyond_starting; /* the container is there and never will run */
    char *path, *body;
    octi_http_request request;
};

struct creation {
    octi_docker *docker;
    const octi_spec *spec;
    const octi_observer *observer;
    unsigned resized;                  /* how many nodes there are since that changed; 0: it did not */
    char network[OCTI_DOCKER_NETWORK]; /* id */
    bool network_is_new;
    bool head_is_fixed;    /* the head's container is there, and with it spec and network */
    bool saw_two_networks; /* a start failed because another `create` made one too */
    struct node_job *jobs;
    oct_error first; /* the first failure of a node; its code is OCT_OK while none */
};

static void tell(const struct creation *creation, const octi_node *node, const char *step)
{
    if (creation->observer && creation->observer->step)
        creation->observer->step(creation->observer->ctx, node, step);
}

static oct_err check_limits(const octi_spec *spec, oct_error *err)
{
    oct_err code = octi_spec_check(spec, err);
    if (code != OCT_OK || spec->nodes <= OCTI_DOCKER_NODES_MAX)
        return code;
    oct_fail(err, OCT_E_EXHAUSTED,
             "docker cannot hold %u nodes in one cluster: a Linux bridge has 1023 ports", spec->nodes);
    oct_hint(err, "ask for at most %d, or use --on kubernetes", OCTI_DOCKER_NODES_MAX);
    return OCT_E_EXHAUSTED;
}

static oct_err check_image(struct creation *creation, oct_error *err)
{
    oct_err code = octi_docker_call(
        creation->docker, "GET", octi_docker_path(creation->docker, "/images/%s/json", creation->spec->image),
        NULL, NULL, err);
    if (code != OCT_E_NOTFOUND)
        return code;
    oct_fail(err, OCT_E_NOTFOUND, "image '%s' is not on this engine (%s)", creation->spec->image,
             creation->docker->info.endpoint);
    oct_hint(err, "build it with 'octavo image build', or name another with --image");
    return OCT_E_NOTFOUND;
}

static oct_err ensure_volume(struct creation *creation, const char *which, oct_error *err)
{
    char name[64];
    snprintf(name, sizeof(name), "octavo-%s-%s", creation->spec->name, which);
    json_t *labels = octi_docker_labels(creation->spec, -1);
    if (!labels)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    json_t *volume;
    /* Gives back the one that is there already, with the labels that it has. */
    oct_err code = octi_docker_call(
        creation->docker, "POST", octi_docker_path(creation->docker, "/volumes/create"),
        json_pack("{s:s, s:s, s:o}", "Name", name, "Driver", "local", "Labels", labels), &volume, err);
    if (code == OCT_OK) {
        code = octi_docker_check_owner(creation->spec->name, "volume", name, octi_json_find(volume, "Labels"),
                                       err);
        json_decref(volume);
    }
    return code;
}

/* What a container was made from, in the size that the cluster has by now, must be what is wanted. */
static oct_err check_spec(const struct creation *creation, const json_t *labels, oct_error *err)
{
    octi_spec have;
    oct_err code = octi_docker_spec_read(labels, &have, err);
    if (code == OCT_OK && creation->resized > 0)
        have.nodes = creation->resized;
    return code == OCT_OK ? octi_spec_match(&have, creation->spec, err) : code;
}

/* Learns from a container with a node's name whether it is that node, and which network
 * and spec it stands for. */
static oct_err adopt(struct creation *creation, struct node_job *job, oct_error *err)
{
    char name[64];
    octi_docker_container_name(creation->spec->name, job->node.index, name);
    json_t *reply;
    oct_err code =
        octi_docker_call(creation->docker, "GET",
                         octi_docker_path(creation->docker, "/containers/%s/json", name), NULL, &reply, err);
    if (code != OCT_OK)
        return code;
    json_t *labels = octi_json_find(reply, "Config/Labels");
    code = octi_docker_check_owner(creation->spec->name, "container", name, labels, err);
    if (code == OCT_OK)
        code = check_spec(creation, labels, err);
    const char *network = octi_json_string_or(reply, "HostConfig/NetworkMode", "");
    if (code == OCT_OK && job->node.index == 0 && strcmp(network, creation->network) != 0) {
        if (creation->network_is_new)
            octi_docker_network_drop(creation->docker, creation->network);
        snprintf(creation->network, sizeof(creation->network), "%s", network);
    }
    if (code == OCT_OK) {
        job->made = true;
        job->running = octi_json_bool_or(reply, "State/Running", false);
        snprintf(job->node.engine_id, sizeof(job->node.engine_id), "%s",
                 octi_json_string_or(reply, "Id", ""));
    }
    json_decref(reply);
    return code;
}

static void node_failed(struct node_job *job, const char *doing, const oct_error *problem)
{
    struct creation *creation = job->creation;
    job->node.state = OCTI_NODE_FAILED;
    snprintf(job->node.reason, sizeof(job->node.reason), "%s", problem->what);
    tell(creation, &job->node, "failed");
    if (creation->first.code != OCT_OK)
        return;
    creation->first = *problem;
    oct_prefix(&creation->first, "cannot %s node %u of '%s'", doing, job->node.index, creation->spec->name);
}

static void send_job(struct node_job *job, char *path, json_t *body,
                     void (*done)(void *ctx, octi_http_request *request))
{
    free(job->path);
    free(job->body);
    job->path = path;
    job->body = body ? json_dumps(body, JSON_COMPACT) : NULL;
    octi_http_request_deinit(&job->request);
    job->request = (octi_http_request){
        .method = "POST",
        .path = path,
        .body = job->body,
        .body_size = job->body ? strlen(job->body) : 0,
        .timeout = STEP_TIMEOUT_S,
        .idle_timeout = STEP_TIMEOUT_S,
        .done = done,
        .ctx = job,
    };
    if (path && !body == !job->body) {
        octi_http_start(job->creation->docker->http, &job->request);
    } else {
        oct_error problem = OCT_ERROR_INIT;
        oct_fail(&problem, OCT_E_NOMEM, "out of memory");
        node_failed(job, "create", &problem);
    }
    json_decref(body);
}

static void on_started(void *ctx, octi_http_request *request)
{
    struct node_job *job = ctx;
    oct_error problem = OCT_ERROR_INIT;
    if (octi_docker_outcome(request, &problem) != OCT_OK) {
        bool two = strstr(problem.what, "is ambiguous") != NULL;
        bool vanished = request->status == 404 && strcasestr(problem.what, "no such container") != NULL;
        /* The engine was killed while it started this one, and will never come to terms with it. */
        job->beyond_starting = strstr(problem.what, "task ") && strstr(problem.what, "already exists");
        job->creation->saw_two_networks |= two;
        job->made &= !vanished;
        if (!two && !vanished && !job->beyond_starting)
            node_failed(job, "start", &problem);
        return;
    }
    job->running = true;
    job->node.state = OCTI_NODE_STARTING;
    tell(job->creation, &job->node, "running");
}

static void start_node(struct node_job *job)
{
    tell(job->creation, &job->node, "starting");
    send_job(job, octi_docker_path(job->creation->docker, "/containers/%s/start", job->node.engine_id), NULL,
             on_started);
}

/* Takes the new container's id. A name in use is no failure but OCT_E_EXISTS without a
 * message: the caller looks whose it is. */
static oct_err take_created(struct node_job *job, const octi_http_request *request, oct_error *err)
{
    if (request->code == OCT_OK && request->status == 409)
        return OCT_E_EXISTS;
    oct_err code = octi_docker_outcome(request, err);
    json_t *reply;
    const char *id;
    if (code == OCT_OK)
        code = octi_json_parse(request->reply.data, request->reply.size, "the engine's reply", &reply, err);
    if (code != OCT_OK)
        return code;
    code = octi_json_string(reply, "Id", &id, err);
    if (code == OCT_OK) {
        snprintf(job->node.engine_id, sizeof(job->node.engine_id), "%s", id);
        job->made = true;
        job->node.state = OCTI_NODE_CREATED;
    }
    json_decref(reply);
    return code;
}

static void on_created(void *ctx, octi_http_request *request)
{
    struct node_job *job = ctx;
    oct_error problem = OCT_ERROR_INIT;
    oct_err code = take_created(job, request, &problem);
    if (code == OCT_E_EXISTS)
        return; /* adopted after this round */
    if (code != OCT_OK)
        node_failed(job, "create", &problem);
    else if (job->creation->head_is_fixed)
        start_node(job);
}

static void create_node(struct node_job *job)
{
    const struct creation *creation = job->creation;
    char name[64];
    octi_docker_container_name(creation->spec->name, job->node.index, name);
    tell(creation, &job->node, "creating");
    json_t *body =
        octi_docker_container_body(creation->docker, creation->spec, job->node.index, creation->network);
    char *path = octi_docker_path(creation->docker, "/containers/create?name=%s", name);
    if (!body) {
        free(path);
        path = NULL;
    }
    send_job(job, path, body, on_created);
}

static oct_err wait_round(struct creation *creation, oct_error *err)
{
    const octi_observer *observer = creation->observer;
    oct_err code = octi_http_wait(creation->docker->http, observer ? observer->interrupted : NULL,
                                  observer ? observer->ctx : NULL);
    if (code != OCT_OK)
        return oct_fail(err, code, "interrupted; the same command resumes");
    if (creation->first.code != OCT_OK && err)
        *err = creation->first;
    return creation->first.code;
}

/* Waits before another round, longer each time. A container's name is taken a moment before
 * the container can be seen, and engines tell nobody when that moment is over. */
static void pause_before(int round)
{
    poll(NULL, 0, round < 6 ? 10 << round : 640);
}

/* Makes the head's container, or adopts the one that is there: from then on the spec and
 * the network are fixed. */
static oct_err ensure_head(struct creation *creation, oct_error *err)
{
    struct node_job *head = &creation->jobs[0];
    oct_err code = head->made ? OCT_OK
                              : octi_docker_network_make(creation->docker, creation->spec, creation->observer,
                                                         creation->network, &creation->network_is_new, err);
    for (int round = 0; code == OCT_OK && !head->made && round < ROUNDS_MAX; round++) {
        create_node(head);
        code = wait_round(creation, err);
        if (code != OCT_OK || head->made)
            break;
        code = adopt(creation, head, err);
        if (code == OCT_E_NOTFOUND && round + 1 < ROUNDS_MAX) {
            pause_before(round);
            code = OCT_OK;
        }
    }
    return code;
}

/* Looks whose the containers are that have a node's name already. One that has vanished
 * meanwhile is left for the next round. */
static oct_err adopt_all(struct creation *creation, int round, oct_error *err)
{
    bool unseen = false;
    for (unsigned i = 0; i < creation->spec->nodes; i++) {
        if (creation->jobs[i].made)
            continue;
        oct_err code = adopt(creation, &creation->jobs[i], err);
        unseen |= code == OCT_E_NOTFOUND;
        if (code != OCT_OK && code != OCT_E_NOTFOUND)
            return code;
    }
    if (unseen)
        pause_before(round);
    return OCT_OK;
}

/* Sends what each node that does not run needs next; false when all run. */
static bool send_round(struct creation *creation)
{
    bool any = false;
    for (unsigned i = 0; i < creation->spec->nodes; i++) {
        struct node_job *job = &creation->jobs[i];
        if (job->running)
            continue;
        any = true;
        if (job->made)
            start_node(job);
        else
            create_node(job);
    }
    return any;
}

/* They are made again in the next round. What a node must keep is in volumes. */
static oct_err discard_hopeless(struct creation *creation, oct_error *err)
{
    oct_err code = OCT_OK;
    for (unsigned i = 0; i < creation->spec->nodes && code == OCT_OK; i++) {
        struct node_job *job = &creation->jobs[i];
        if (!job->beyond_starting)
            continue;
        code = octi_docker_discard(creation->docker, job->node.engine_id, err);
        job->made = job->beyond_starting = false;
    }
    return code;
}

/* Creates and starts all that does not run, at once. Once is enough, unless others are at
 * work on the same cluster: each of them can undo a step of ours once. */
static oct_err ensure_nodes(struct creation *creation, oct_error *err)
{
    creation->head_is_fixed = true;
    for (int round = 0; round < ROUNDS_MAX; round++) {
        if (!send_round(creation))
            return OCT_OK;
        oct_err code = wait_round(creation, err);
        if (code == OCT_OK)
            code = discard_hopeless(creation, err);
        if (code == OCT_OK)
            code = adopt_all(creation, round, err);
        if (code == OCT_OK && creation->saw_two_networks)
            code = octi_docker_network_drop_others(creation->docker, creation->spec->name, creation->network,
                                                   err);
        if (code != OCT_OK)
            return code;
    }
    oct_fail(err, OCT_E_STATE, "'%s' keeps changing while it is made", creation->spec->name);
    oct_hint(err, "is 'octavo down' running for it? try again when that has ended");
    return OCT_E_STATE;
}

/* True for one that can never start again, its network being gone, or that does not work though
 * it has not ended. */
static bool is_beyond_starting(const octi_docker_container *container, const json_t *networks)
{
    return strcmp(container->state, "paused") == 0 || strcmp(container->state, "dead") == 0 ||
           !octi_docker_network_listed(networks, container->network);
}

oct_err octi_docker_discard(octi_docker *docker, const char *id, oct_error *err)
{
    oct_err code = octi_docker_call(
        docker, "DELETE", octi_docker_path(docker, "/containers/%s?force=1&v=1", id), NULL, NULL, err);
    return code == OCT_E_NOTFOUND ? OCT_OK : code;
}

/* Takes over one container that the engine has already. */
static oct_err take_existing(struct creation *creation, const octi_docker_container *container,
                             const json_t *networks, oct_error *err)
{
    oct_err code = check_spec(creation, container->labels, err);
    if (code != OCT_OK)
        return code;
    if (container->index >= creation->spec->nodes)
        return OCT_OK;
    bool running = strcmp(container->state, "running") == 0;
    if (!running && is_beyond_starting(container, networks))
        return octi_docker_discard(creation->docker, container->id, err);

    struct node_job *job = &creation->jobs[container->index];
    job->made = true;
    job->running = running;
    snprintf(job->node.engine_id, sizeof(job->node.engine_id), "%s", container->id);
    if (container->index == 0 || !*creation->network)
        snprintf(creation->network, sizeof(creation->network), "%s", container->network);
    return OCT_OK;
}

/* Lists by name, not label, so that a name that somebody else has is seen before anything
 * is made. The engine's filter is a pattern that may match more. */
static char *named_containers_path(const octi_docker *docker, const char *cluster)
{
    return octi_docker_path(
        docker, "/containers/json?all=1&filters=%%7B%%22name%%22%%3A%%5B%%22octavo-%s-%%22%%5D%%7D", cluster);
}

/* A container that is not ours fails the creation when it has a name that we need. */
static oct_err check_foreign(const struct creation *creation, const json_t *element, oct_error *err)
{
    const char *name = json_string_value(json_array_get(octi_json_find(element, "Names"), 0));
    char prefix[64];
    int length = snprintf(prefix, sizeof(prefix), "octavo-%s-", creation->spec->name);
    if (!name)
        return OCT_OK;
    name += *name == '/'; /* Docker's begin with one, Podman's do not */
    if (strncmp(name, prefix, (size_t)length) != 0)
        return OCT_OK;
    char *end;
    unsigned long index = strtoul(name + length, &end, 10);
    if (end == name + length || *end || index >= creation->spec->nodes)
        return OCT_OK;
    return octi_docker_check_owner(creation->spec->name, "container", name, octi_json_find(element, "Labels"),
                                   err);
}

/* What a `down` that was cut off has left may be no more than the size. */
static oct_err check_size(const struct creation *creation, oct_error *err)
{
    octi_spec have = *creation->spec;
    if (creation->resized > 0)
        have.nodes = creation->resized;
    return octi_spec_match(&have, creation->spec, err);
}

static oct_err take_all_existing(struct creation *creation, oct_error *err)
{
    octi_docker *docker = creation->docker;
    const char *name = creation->spec->name;
    char *paths[] = {named_containers_path(docker, name), octi_docker_list_path(docker, "networks?", name),
                     octi_docker_list_path(docker, "volumes?", name)};
    json_t *replies[3];
    oct_err code = octi_docker_get_all(docker, 3, paths, replies, err);
    if (code != OCT_OK)
        return code;
    octi_docker_resized(name, replies[2], &creation->resized);
    code = check_size(creation, err);
    const json_t *element;
    size_t i;
    json_array_foreach(replies[0], i, element)
    {
        octi_docker_container container;
        if (code != OCT_OK)
            break;
        code = octi_docker_container_read(element, name, &container, err);
        if (code == OCT_E_NOTFOUND)
            code = check_foreign(creation, element, err);
        else if (code == OCT_OK)
            code = take_existing(creation, &container, replies[1], err);
    }
    for (i = 0; i < 3; i++)
        json_decref(replies[i]);
    return code;
}

static oct_err run(struct creation *creation, oct_error *err)
{
    oct_err code = take_all_existing(creation, err);
    if (code == OCT_OK && !creation->jobs[0].made) {
        code = check_image(creation, err);
        if (code == OCT_OK)
            code = ensure_volume(creation, "state", err);
        if (code == OCT_OK)
            code = ensure_volume(creation, "home", err);
    }
    if (code == OCT_OK)
        code = ensure_head(creation, err);
    return code == OCT_OK ? ensure_nodes(creation, err) : code;
}

oct_err octi_docker_create(octi_docker *docker, const octi_spec *spec, const octi_observer *observer,
                           oct_error *err)
{
    oct_err code = check_limits(spec, err);
    if (code != OCT_OK)
        return code;
    struct creation creation = {
        .docker = docker,
        .spec = spec,
        .observer = observer,
        .jobs = calloc(spec->nodes, sizeof(*creation.jobs)),
        .first = OCT_ERROR_INIT,
    };
    if (!creation.jobs)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    for (unsigned i = 0; i < spec->nodes; i++) {
        struct node_job *job = &creation.jobs[i];
        job->creation = &creation;
        job->node.index = i;
        octi_docker_node_name(spec->name, i, job->node.name);
    }
    code = run(&creation, err);
    for (unsigned i = 0; i < spec->nodes; i++) {
        octi_http_request_deinit(&creation.jobs[i].request);
        free(creation.jobs[i].path);
        free(creation.jobs[i].body);
    }
    free(creation.jobs);
    return code;
}
