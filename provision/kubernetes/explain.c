#include <stdio.h>
#include <string.h>

#include "provision/core/json.h"
#include "provision/core/refusal.h"
#include "provision/kubernetes/explain.h"

enum { MESSAGE_SIZE = 1024 };

#define ROLE_HINT                                                                                            \
    "ask for the Role in k8s/role.yaml, bound to you: kubectl apply -f k8s/role.yaml, then "                 \
    "kubectl create rolebinding octavo --role=octavo --user=YOU"

/* Parts of API servers' messages (1.20 to 1.33), first match wins. */
static const octi_refusal refusals[] = {
    {"exceeded quota", OCT_E_EXHAUSTED,
     "ask for fewer nodes or less for each, or for a larger quota: kubectl describe quota"},
    {"failed quota", OCT_E_EXHAUSTED,
     "the namespace's quota wants cpus and memory to be named: give them in the spec file"},
    {"is being terminated", OCT_E_STATE, "the namespace is being deleted: take another with --namespace"},
    {"violates PodSecurity", OCT_E_DENIED, "the namespace demands more than octavo's pods keep to"},
    {"field is immutable", OCT_E_EXISTS, "remove the cluster with 'octavo down', then try again"},
    {"updates to statefulset spec", OCT_E_EXISTS, "remove the cluster with 'octavo down', then try again"},
    {"conflict with", OCT_E_EXISTS, "another program has changed the cluster's objects: take another name"},
};

/* Any message may name a namespace; one that is not found is this. */
static const octi_refusal no_namespace = {"namespaces \"", OCT_E_NOTFOUND,
                                          "make it, or take another with --namespace"};

static const octi_refusal *find_refusal(int status, const char *text)
{
    const octi_refusal *found = octi_refusal_find(refusals, sizeof(refusals) / sizeof(refusals[0]), text);
    return found || status != 404 ? found : octi_refusal_find(&no_namespace, 1, text);
}

/* (A proxy's page in HTML explains nothing.) */
static void take_plain(const char *body, size_t size, char text[MESSAGE_SIZE])
{
    char plain[MESSAGE_SIZE];
    if (size == 0 || *body == '<')
        return;
    snprintf(plain, sizeof(plain), "%.*s", size < sizeof(plain) ? (int)size : (int)sizeof(plain) - 1, body);
    octi_text_clean(plain, text, MESSAGE_SIZE);
}

oct_err octi_kube_explain(int status, const char *body, size_t size, oct_error *err)
{
    json_t *root = NULL;
    char text[MESSAGE_SIZE] = "", shown[230];
    if (octi_json_parse(body ? body : "", size, "reply", &root, NULL) == OCT_OK)
        octi_text_clean(octi_json_string_or(root, "message", ""), text, sizeof(text));
    else /* a machine's kubelet, whose refusal is handed on, and proxies speak plainly */
        take_plain(body, size, text);
    json_decref(root);
    octi_text_clean(text, shown, sizeof(shown));

    const octi_refusal *refusal = find_refusal(status, text);
    oct_err code = status == 409 ? OCT_E_EXISTS : octi_refusal_code(status);
    const char *hint = status == 403 ? ROLE_HINT : "";
    if (refusal) {
        code = refusal->code;
        hint = refusal->hint;
    }
    if (status == 401) {
        oct_fail(err, code, "the API server does not accept the kubeconfig's credentials");
        hint = "they are wrong or have expired: log in again, or choose a context with --context";
    } else if (*shown) {
        oct_fail(err, code, "%s", shown);
    } else {
        oct_fail(err, code, "the API server answered with status %d and no explanation", status);
    }
    oct_hint(err, "%s", hint);
    return code;
}

/* Reasons why a container waits that do not pass by themselves. */
static const struct waiting {
    const char *reason, *hint;
    oct_err code;
} waitings[] = {
    {"ErrImagePull",
     "put it into the machines (octavo image load kind, minikube or containerd), or send it to a registry "
     "(octavo image push NAME) and name that with --image",
     OCT_E_NOTFOUND},
    {"ImagePullBackOff",
     "put it into the machines (octavo image load kind, minikube or containerd), or send it to a registry "
     "(octavo image push NAME) and name that with --image",
     OCT_E_NOTFOUND},
    {"ErrImageNeverPull", "load it into the machines, or name another with --image", OCT_E_NOTFOUND},
    {"InvalidImageName", "name another with --image", OCT_E_INVALID},
    {"CreateContainerConfigError", "", OCT_E_STATE},
    {"CreateContainerError", "is it an octavo image? build one with 'octavo image build'", OCT_E_STATE},
    {"RunContainerError", "is it an octavo image? build one with 'octavo image build'", OCT_E_STATE},
    {"CrashLoopBackOff", "see 'octavo logs'", OCT_E_LOST},
};

static void set(octi_kube_trouble *out, oct_err code, const char *hint, const char *reason,
                const char *message)
{
    char text[400];
    snprintf(text, sizeof(text), "%s%s%s", reason, *reason && *message ? ": " : "", message);
    octi_text_clean(text, out->what, sizeof(out->what));
    out->code = code;
    out->hint = hint;
}

static void container_trouble(const json_t *container, octi_kube_trouble *out)
{
    const json_t *waiting = octi_json_find(container, "state/waiting");
    const json_t *ended = octi_json_find(container, "state/terminated");
    const json_t *before = octi_json_find(container, "lastState/terminated");
    const char *reason = octi_json_string_or(waiting, "reason", "");
    for (size_t i = 0; waiting && i < sizeof(waitings) / sizeof(waitings[0]); i++)
        if (strcmp(reason, waitings[i].reason) == 0) {
            set(out, waitings[i].code, waitings[i].hint, reason, octi_json_string_or(waiting, "message", ""));
            out->final = true;
        }
    ended = ended ? ended : waiting ? before : NULL;
    if (!ended)
        return;
    out->exit_status = (int)octi_json_integer_or(ended, "exitCode", 0);
    if (out->final && strcmp(reason, "CrashLoopBackOff") != 0)
        return;
    char end[64];
    snprintf(end, sizeof(end), "ended with status %d", out->exit_status);
    set(out, OCT_E_LOST, "see 'octavo logs'", octi_json_string_or(ended, "reason", "Error"), end);
}

void octi_kube_pod_trouble(const json_t *pod, octi_kube_trouble *out)
{
    *out = (octi_kube_trouble){.code = OCT_OK, .hint = ""};
    const json_t *condition, *container;
    size_t i;
    if (strcmp(octi_json_string_or(pod, "status/phase", ""), "Failed") == 0) {
        set(out, OCT_E_LOST, "'octavo up' brings it back",
            octi_json_string_or(pod, "status/reason", "Failed"),
            octi_json_string_or(pod, "status/message", ""));
        out->final = strcmp(octi_json_string_or(pod, "status/reason", ""), "Evicted") != 0;
        return;
    }
    json_array_foreach(octi_json_find(pod, "status/containerStatuses"), i, container)
        container_trouble(container, out);
    if (out->code != OCT_OK)
        return;
    json_array_foreach(octi_json_find(pod, "status/conditions"), i, condition)
    {
        if (strcmp(octi_json_string_or(condition, "type", ""), "PodScheduled") != 0 ||
            strcmp(octi_json_string_or(condition, "status", ""), "False") != 0)
            continue;
        set(out, OCT_E_EXHAUSTED,
            "ask for fewer nodes or less for each, look at node_selector and tolerations, or add machines",
            octi_json_string_or(condition, "reason", ""), octi_json_string_or(condition, "message", ""));
        out->unschedulable = true;
    }
}
