#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provision/core/json.h"
#include "provision/core/spec.h"
#include "provision/kubernetes/create.h"
#include "provision/kubernetes/explain.h"
#include "provision/kubernetes/found.h"
#include "provision/kubernetes/manifest.h"
#include "provision/kubernetes/watch.h"
#include "runtime/base/clock.h"

#define APPLY "application/apply-patch+yaml" /* JSON is YAML */

static const double unschedulable_patience = 10; /* seconds: an autoscaler may add a machine */
static const double events_interval = 2;

static void tell(const octi_observer *observer, const octi_node *node, const char *step)
{
    if (observer && observer->step)
        observer->step(observer->ctx, node, step);
}

/* --- applying --- */

/* A Secret is made once and never changed; all else is ours to apply. */
static oct_err put(octi_kube *kube, const json_t *object, bool dry, oct_error *err)
{
    char group[64], resource[64];
    const char *name = octi_json_string_or(object, "metadata/name", "");
    const char *kind = octi_json_string_or(object, "kind", "");
    const char *rehearse = dry ? "&dryRun=All" : "";
    bool once = strcmp(kind, "Secret") == 0;
    octi_kube_place(object, group, resource);
    char *path =
        once ? octi_kube_path(kube, group, "%s?fieldManager=%s%s", resource, OCTI_KUBE_MANAGER, rehearse)
             : octi_kube_path(kube, group, "%s/%s?fieldManager=%s&force=true%s", resource, name,
                              OCTI_KUBE_MANAGER, rehearse);
    oct_err code = octi_kube_call(kube, once ? "POST" : "PATCH", path, json_deep_copy(object),
                                  once ? NULL : APPLY, NULL, err);
    if (once && code == OCT_E_EXISTS)
        return OCT_OK;
    if (code != OCT_OK)
        oct_prefix(err, "cannot make the %s '%s'", kind, name);
    return code;
}

/* Everything is rehearsed first, so that a refusal of one thing leaves none of the others. */
static oct_err put_all(octi_kube *kube, const octi_spec *spec, oct_error *err)
{
    json_t *objects;
    const json_t *object;
    size_t i;
    oct_err code = octi_kube_manifests(spec, kube->namespace, kube->minor, &objects, err);
    if (code != OCT_OK)
        return code;
    for (int real = 0; real < 2; real++) {
        json_array_foreach(objects, i, object)
        {
            if (code == OCT_OK)
                code = put(kube, object, !real, err);
        }
    }
    json_decref(objects);
    return code;
}

/* What is there must be ours and as asked for. *there tells whether anything is. */
static oct_err check_existing(octi_kube *kube, const octi_spec *spec, bool *there, oct_error *err)
{
    json_t *set;
    octi_spec have;
    *there = false;
    oct_err code =
        octi_kube_call(kube, "GET", octi_kube_path(kube, "apis/apps/v1", "statefulsets/%s", spec->name), NULL,
                       NULL, &set, err);
    if (code == OCT_E_NOTFOUND)
        return OCT_OK;
    if (code != OCT_OK)
        return code;
    code = octi_kube_spec_read(set, &have, err);
    if (code == OCT_OK)
        code = octi_spec_match(&have, spec, err);
    if (code == OCT_OK && octi_json_find(set, "metadata/deletionTimestamp")) {
        code = oct_fail(err, OCT_E_STATE, "'%s' is being removed", spec->name);
        oct_hint(err, "try again when that has ended");
    }
    *there = code == OCT_OK;
    json_decref(set);
    return code;
}

/* --- pods that go --- */

enum { GRACE_SECONDS = 6 }; /* what k8s/nodes.yaml gives, and a second for the news of it */

static bool has_ended(const json_t *pod)
{
    const json_t *container = json_array_get(octi_json_find(pod, "status/containerStatuses"), 0);
    return octi_json_find(pod, "metadata/deletionTimestamp") && octi_json_find(container, "state/terminated");
}

/* Removes a pod at once, since the machine of a lost one may never confirm its end. The condition keeps one
 * of that name which was made since: then (409), or where there is none, nothing is left to do. */
static oct_err discard(octi_kube *kube, const char *name, const char *uid, int uid_size, oct_error *err)
{
    oct_error refused = OCT_ERROR_INIT;
    oct_err code =
        octi_kube_call(kube, "DELETE", octi_kube_path(kube, "api/v1", "pods/%s", name),
                       json_pack("{s:s, s:s, s:i, s:{s:s#}}", "kind", "DeleteOptions", "apiVersion", "v1",
                                 "gracePeriodSeconds", 0, "preconditions", "uid", uid, uid_size),
                       NULL, NULL, &refused);
    if (code == OCT_OK || code == OCT_E_NOTFOUND || code == OCT_E_STATE)
        return OCT_OK;
    if (err)
        *err = refused;
    oct_prefix(err, "cannot remove the pod '%s'", name);
    return code;
}

/* --- waiting --- */

struct waiting {
    octi_kube *side; /* another connection, for events while the watch has the first */
    const octi_spec *spec;
    const octi_observer *observer;
    octi_node_state *told; /* of each node */
    int64_t start_ns;
    double next_events;
    oct_error problem; /* what ends the wait */
};

static double elapsed(const struct waiting *waiting)
{
    return (double)(octi_clock_ns() - waiting->start_ns) / 1e9;
}

/* Pods that are not made at all have their reason in the StatefulSet's events: a quota, or a
 * policy that refuses them. */
static bool refused(struct waiting *waiting)
{
    json_t *events = NULL;
    const json_t *event;
    size_t i;
    bool found = false;
    if (elapsed(waiting) < waiting->next_events)
        return false;
    waiting->next_events = elapsed(waiting) + events_interval;
    oct_err code =
        octi_kube_call(waiting->side, "GET",
                       octi_kube_path(waiting->side, "api/v1",
                                      "events?fieldSelector=involvedObject.name%%3D%s", waiting->spec->name),
                       NULL, NULL, &events, NULL);
    json_array_foreach(octi_json_find(events, "items"), i, event)
    {
        const char *message = octi_json_string_or(event, "message", "");
        if (found || strcmp(octi_json_string_or(event, "reason", ""), "FailedCreate") != 0 ||
            !strstr(message, "forbidden"))
            continue;
        json_t *status = json_pack("{s:s}", "message", message);
        char *text = status ? json_dumps(status, JSON_COMPACT) : NULL;
        octi_kube_explain(403, text, text ? strlen(text) : 0, &waiting->problem);
        oct_prefix(&waiting->problem, "a node of '%s' is refused", waiting->spec->name);
        free(text);
        json_decref(status);
        found = true;
    }
    json_decref(events);
    return found && code == OCT_OK;
}

static void fail_node(struct waiting *waiting, const octi_node *node, const octi_kube_trouble *trouble)
{
    oct_fail(&waiting->problem, trouble->code, "node %u of '%s' cannot come up: %s", node->index,
             waiting->spec->name, trouble->what);
    oct_hint(&waiting->problem, "%s", trouble->hint);
}

static void tell_progress(struct waiting *waiting, const octi_node *node)
{
    if (waiting->told[node->index] == node->state)
        return;
    waiting->told[node->index] = node->state;
    tell(waiting->observer, node, node->state == OCTI_NODE_STARTING ? "running" : node->reason);
}

/* The set's controller makes a pod anew when the one that was told to go is gone, for which nobody needs to
 * wait whose processes have ended, or had their time to (see await_end). Where this fails its kubelet does
 * it. */
static void hasten(const struct waiting *waiting, const json_t *pod)
{
    const char *uid = octi_json_string_or(pod, "metadata/uid", "");
    if (!octi_json_find(pod, "metadata/deletionTimestamp") ||
        (!has_ended(pod) && elapsed(waiting) < GRACE_SECONDS))
        return;
    oct_err ignored =
        discard(waiting->side, octi_json_string_or(pod, "metadata/name", ""), uid, (int)strlen(uid), NULL);
    (void)ignored;
}

/* Content when all run, or when one never will. */
static bool all_run(void *ctx, const json_t *pods)
{
    struct waiting *waiting = ctx;
    const json_t *pod;
    size_t i, running = 0, seen = 0;
    const octi_observer *observer = waiting->observer;
    if (observer && observer->interrupted && observer->interrupted(observer->ctx)) {
        oct_fail(&waiting->problem, OCT_E_CANCELLED, "interrupted");
        return true;
    }
    json_array_foreach(octi_json_find(pods, "items"), i, pod)
    {
        const char *name = octi_json_string_or(pod, "metadata/name", "");
        long index = octi_kube_pod_index(waiting->spec->name, name);
        octi_node node = {.index = (unsigned)index};
        octi_kube_trouble trouble;
        if (index < 0 || (unsigned long)index >= waiting->spec->nodes)
            continue;
        snprintf(node.name, sizeof(node.name), "%.63s", name);
        octi_kube_node_read(pod, &node);
        octi_kube_pod_trouble(pod, &trouble);
        tell_progress(waiting, &node);
        hasten(waiting, pod);
        seen++;
        running += node.state == OCTI_NODE_STARTING;
        if (trouble.final || (trouble.unschedulable && elapsed(waiting) > unschedulable_patience)) {
            fail_node(waiting, &node, &trouble);
            return true;
        }
    }
    return running == waiting->spec->nodes || (seen < waiting->spec->nodes && refused(waiting));
}

static oct_err wait_running(octi_kube *kube, const octi_spec *spec, const octi_observer *observer,
                            oct_error *err)
{
    struct waiting waiting = {.spec = spec,
                              .observer = observer,
                              .told = calloc(spec->nodes, sizeof(*waiting.told)),
                              .start_ns = octi_clock_ns(),
                              .next_events = events_interval / 4,
                              .problem = OCT_ERROR_INIT};
    oct_err code = waiting.told ? octi_kube_clone(kube, &waiting.side, err)
                                : oct_fail(err, OCT_E_NOMEM, "out of memory");
    if (code == OCT_OK)
        code = octi_kube_watch_pods(kube, spec->name, spec->timeout, all_run, &waiting, err);
    if (code == OCT_E_TIMEOUT) {
        oct_fail(err, code, "not all nodes of '%s' run after %.0f s", spec->name, spec->timeout);
        oct_hint(err, "'octavo status' tells which, 'octavo up' goes on, --timeout waits longer");
    }
    if (code == OCT_OK && waiting.problem.code != OCT_OK) {
        code = waiting.problem.code;
        if (err)
            *err = waiting.problem;
    }
    octi_kube_close(waiting.side);
    free(waiting.told);
    return code;
}

oct_err octi_kube_create(octi_kube *kube, const octi_spec *spec, const octi_observer *observer,
                         oct_error *err)
{
    bool there;
    oct_err code = octi_spec_check(spec, err);
    if (code == OCT_OK)
        code = check_existing(kube, spec, &there, err);
    if (code == OCT_OK && !there)
        code = put_all(kube, spec, err);
    return code == OCT_OK ? wait_running(kube, spec, observer, err) : code;
}

/* --- removing --- */

enum { LEAVE_SECONDS = 60 };

struct leaving {
    const char *cluster;
    unsigned keep; /* so many first nodes stay */
    const octi_observer *observer;
    json_t *pods;   /* those that are left, each {"name", "uid"}, as the watch showed them last */
    size_t running; /* of those, not told to go yet, or with a container that has not ended */
};

static bool leaves(const struct leaving *leaving, const json_t *pod)
{
    const char *name = octi_json_string_or(pod, "metadata/name", "");
    return leaving->keep == 0 || octi_kube_pod_index(leaving->cluster, name) >= (long)leaving->keep;
}

static bool none_left(void *ctx, const json_t *pods)
{
    struct leaving *leaving = ctx;
    const json_t *pod;
    size_t i;
    json_array_clear(leaving->pods);
    leaving->running = 0;
    json_array_foreach(octi_json_find(pods, "items"), i, pod)
    {
        if (!leaves(leaving, pod))
            continue;
        json_array_append_new(leaving->pods,
                              json_pack("{s:s, s:s}", "name", octi_json_string_or(pod, "metadata/name", ""),
                                        "uid", octi_json_string_or(pod, "metadata/uid", "")));
        leaving->running += !has_ended(pod);
    }
    const octi_observer *observer = leaving->observer;
    return json_array_size(leaving->pods) == 0 ||
           (observer && observer->interrupted && observer->interrupted(observer->ctx));
}

static bool none_running(void *ctx, const json_t *pods)
{
    struct leaving *leaving = ctx;
    return none_left(ctx, pods) || leaving->running == 0;
}

static oct_err wait_gone(octi_kube *kube, struct leaving *leaving, oct_error *err)
{
    oct_err code = octi_kube_watch_pods(kube, leaving->cluster, LEAVE_SECONDS, none_left, leaving, err);
    size_t left = json_array_size(leaving->pods);
    if (code == OCT_E_TIMEOUT) {
        oct_fail(err, code, "%zu pods of '%s' are still there after %d s", left, leaving->cluster,
                 LEAVE_SECONDS);
        oct_hint(err, "something holds them: kubectl get pods -o yaml shows their finalizers");
    } else if (code == OCT_OK && left > 0) {
        code = oct_fail(err, OCT_E_CANCELLED, "interrupted");
    }
    return code;
}

oct_err octi_kube_discard(octi_kube *kube, const octi_node *node, oct_error *err)
{
    return discard(kube, node->name, node->engine_id, octi_kube_node_uid(node), err);
}

/* Pods have their time to end. What is left of one then is its machine's own book, which a kubelet balances
 * every ten seconds; of many that end at once some wait for its collection of garbage, once a minute; and one
 * that is down never does. */
static oct_err await_end(octi_kube *kube, struct leaving *leaving, oct_error *err)
{
    oct_err code = octi_kube_watch_pods(kube, leaving->cluster, GRACE_SECONDS, none_running, leaving, err);
    if (code == OCT_OK && leaving->running > 0)
        return oct_fail(err, OCT_E_CANCELLED, "interrupted");
    return code == OCT_E_TIMEOUT ? OCT_OK : code;
}

static oct_err discard_left(octi_kube *kube, const struct leaving *leaving, oct_error *err)
{
    size_t i;
    const json_t *pod;
    oct_err code = OCT_OK;
    json_array_foreach(leaving->pods, i, pod)
    {
        const char *uid = octi_json_string_or(pod, "uid", "");
        if (code == OCT_OK)
            code = discard(kube, octi_json_string_or(pod, "name", ""), uid, (int)strlen(uid), err);
    }
    return code;
}

/* The set's controller makes pods, and tells them to go, from the last one on. */
oct_err octi_kube_resize(octi_kube *kube, const octi_cluster *cluster, unsigned nodes,
                         const octi_observer *observer, oct_error *err)
{
    struct leaving leaving = {
        .cluster = cluster->name, .keep = nodes, .observer = observer, .pods = json_array()};
    octi_spec spec = cluster->spec;
    spec.nodes = nodes;
    oct_err code = put_all(kube, &spec, err);
    if (code == OCT_OK)
        code = await_end(kube, &leaving, err);
    if (code == OCT_OK)
        code = discard_left(kube, &leaving, err);
    if (code == OCT_OK)
        code = wait_gone(kube, &leaving, err);
    json_decref(leaving.pods);
    return code;
}

/* Deletes by label, so that nothing which is not ours can be hit. grace: seconds for pods to end; -1: what
 * they ask for. */
static oct_err remove_kind(octi_kube *kube, const char *name, const char *const thing[2], int grace,
                           size_t *removed, oct_error *err)
{
    json_t *reply = NULL, *options = json_pack("{s:s, s:s, s:s}", "kind", "DeleteOptions", "apiVersion", "v1",
                                               "propagationPolicy", "Background");
    if (options && grace >= 0)
        json_object_set_new(options, "gracePeriodSeconds", json_integer(grace));
    oct_err code = octi_kube_call(
        kube, "DELETE",
        octi_kube_path(kube, thing[0], "%s?labelSelector=octavo.cluster%%3D%s", thing[1], name), options,
        NULL, &reply, err);
    if (code == OCT_OK)
        *removed += json_array_size(octi_json_find(reply, "items"));
    json_decref(reply);
    if (code != OCT_OK)
        oct_prefix(err, "cannot remove the %s of '%s'", thing[1], name);
    return code;
}

/* With one call for all pods, not one for each. */
static oct_err remove_pods(octi_kube *kube, const char *name, const octi_observer *observer, oct_error *err)
{
    static const char *const pods[2] = {"api/v1", "pods"};
    struct leaving leaving = {.cluster = name, .observer = observer, .pods = json_array()};
    size_t count = 0;
    oct_err code = remove_kind(kube, name, pods, -1, &count, err);
    if (code == OCT_OK)
        code = await_end(kube, &leaving, err);
    if (code == OCT_OK && json_array_size(leaving.pods) > 0)
        code = remove_kind(kube, name, pods, 0, &count, err);
    if (code == OCT_OK)
        code = wait_gone(kube, &leaving, err);
    json_decref(leaving.pods);
    return code;
}

oct_err octi_kube_destroy(octi_kube *kube, const char *name, const octi_observer *observer, size_t *removed,
                          oct_error *err)
{
    const char *const things[][2] = {
        {"apis/apps/v1", "statefulsets"},
        {kube->minor >= 21 ? "apis/policy/v1" : "apis/policy/v1beta1", "poddisruptionbudgets"},
        {"apis/networking.k8s.io/v1", "networkpolicies"},
        {"api/v1", "secrets"},
        {"api/v1", "persistentvolumeclaims"},
    };
    oct_err code = OCT_OK;
    *removed = 0;
    tell(observer, NULL, "removing");
    for (size_t i = 0; code == OCT_OK && i < sizeof(things) / sizeof(things[0]); i++)
        code = remove_kind(kube, name, things[i], -1, removed, err);
    return code == OCT_OK ? remove_pods(kube, name, observer, err) : code;
}

/* --- events --- */

oct_err octi_kube_events(octi_kube *kube, const char *name, const char *uid, size_t most, octi_buffer *text,
                         oct_error *err)
{
    json_t *events;
    const json_t *event;
    size_t i;
    oct_err code =
        octi_kube_call(kube, "GET",
                       octi_kube_path(kube, "api/v1", "events?fieldSelector=involvedObject.name%%3D%s%s%s",
                                      name, *uid ? "%2CinvolvedObject.uid%3D" : "", uid),
                       NULL, NULL, &events, err);
    if (code != OCT_OK)
        return code;
    const json_t *items = octi_json_find(events, "items");
    size_t count = json_array_size(items);
    json_array_foreach(items, i, event)
    {
        char message[400];
        octi_text_clean(octi_json_string_or(event, "message", ""), message, sizeof(message));
        if (code == OCT_OK && i + most >= count)
            code = octi_buffer_printf(text, "%s: %s: %s\n", name,
                                      octi_json_string_or(event, "reason", "event"), message);
    }
    json_decref(events);
    return code;
}
