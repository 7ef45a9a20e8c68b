#include <string.h>

#include "provision/core/json.h"
#include "provision/core/refusal.h"
#include "provision/docker/explain.h"

/* Parts of engines' messages (Docker 20.10 to 28, Podman 4 and 5), first match wins. */
static const octi_refusal refusals[] = {
    {"No such image", OCT_E_NOTFOUND, "build it with 'octavo image build', or name another with --image"},
    {"image not known", OCT_E_NOTFOUND, "build it with 'octavo image build', or name another with --image"},
    {"no space left on device", OCT_E_EXHAUSTED,
     "the engine's disk is full: free some, for instance with 'docker system prune'"},
    {"disk quota exceeded", OCT_E_EXHAUSTED, "the engine's disk quota is used up: free some of it"},
    {"Pool overlaps", OCT_E_EXISTS, "another network uses that range: name a free one with --subnet"},
    {"is already used on the host", OCT_E_EXISTS,
     "another network uses that range: name a free one with --subnet"},
    {"is being used by", OCT_E_EXISTS, "another network uses that range: name a free one with --subnet"},
    {"non-overlapping", OCT_E_EXHAUSTED,
     "the engine's address pools are used up: remove networks with 'docker network prune', or name a range "
     "with "
     "--subnet"},
    {"fully subnetted", OCT_E_EXHAUSTED,
     "the engine's address pools are used up: remove networks with 'docker network prune', or name a range "
     "with "
     "--subnet"},
    {"no available IPv4 addresses", OCT_E_EXHAUSTED,
     "the subnet is used up: name a larger one with --subnet"},
    {"no available ip addresses", OCT_E_EXHAUSTED, "the subnet is used up: name a larger one with --subnet"},
    {"exchange full", OCT_E_EXHAUSTED,
     "a Linux bridge takes 1023 ports: ask for fewer nodes, or use --on kubernetes"},
    {"port is already allocated", OCT_E_EXISTS, "another program uses that port: stop it"},
    {"address already in use", OCT_E_EXISTS, "another program uses that address: stop it"},
    {"Range of CPUs", OCT_E_INVALID, "ask for fewer with --cpus"},
    {"cannot allocate memory", OCT_E_EXHAUSTED,
     "the machine is out of memory: ask for fewer nodes, or free some"},
    {"out of memory", OCT_E_EXHAUSTED, "the machine is out of memory: ask for fewer nodes, or free some"},
    {"too many open files", OCT_E_EXHAUSTED,
     "raise the engine's limit of open files (LimitNOFILE of its service)"},
    {"resource temporarily unavailable", OCT_E_EXHAUSTED,
     "the machine's limit of processes is reached: ask for fewer nodes, or raise it"},
    {"executable file not found", OCT_E_NOTFOUND,
     "is it an octavo image? build one with 'octavo image build'"},
    {"no such file or directory: unknown", OCT_E_NOTFOUND,
     "is it an octavo image? build one with 'octavo image build'"},
    {"exec format error", OCT_E_INVALID, "the image is for another processor: build one here"},
    {"already in progress", OCT_E_STATE, "somebody else is removing it: try again when that has ended"},
    {"marked for removal", OCT_E_STATE, "somebody else is removing it: try again when that has ended"},
    {"has active endpoints", OCT_E_STATE, "another container is on that network: disconnect it first"},
    {"volume is in use", OCT_E_STATE, "another container uses that volume: remove it first"},
    {"is not running", OCT_E_LOST, "see why it ended with 'octavo status' and 'octavo logs'"},
    {"iptables", OCT_E_IO, "the engine cannot set up its firewall rules: restart it after the firewall"},
    {"client version", OCT_E_UNSUPPORTED, "update the engine, or octavo"},
};

void octi_docker_shorten(const char *text, char *out, size_t capacity)
{
    /* The layers that a runtime's message has gone through; what it says is after them. */
    static const char *const layers[] = {
        "unable to start container process: ", "runc create failed: ", "crun: "};
    for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
        const char *at = strstr(text, layers[i]);
        if (at)
            text = at + strlen(layers[i]);
    }
    octi_text_clean(text, out, capacity);
}

oct_err octi_docker_explain(int status, const char *body, size_t size, oct_error *err)
{
    json_t *root = NULL;
    const char *message = octi_json_parse(body, size, "reply", &root, NULL) == OCT_OK
                              ? octi_json_string_or(root, "message", NULL)
                              : NULL;
    if (!message) {
        json_decref(root);
        if (size > 0 && memmem(body, size, "HTTPS server", 12)) {
            oct_fail(err, OCT_E_DENIED, "the engine takes only TLS");
            oct_hint(err, "set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the folder of the certificates");
            return OCT_E_DENIED;
        }
        return oct_fail(err, status >= 500 ? OCT_E_IO : OCT_E_PROTOCOL,
                        "the engine answered with status %d and no explanation", status);
    }

    char text[2048], shown[200];
    octi_text_clean(message, text, sizeof(text));
    octi_docker_shorten(text, shown, sizeof(shown));

    const octi_refusal *refusal = octi_refusal_find(refusals, sizeof(refusals) / sizeof(refusals[0]), text);
    oct_err code = refusal ? refusal->code : octi_refusal_code(status);
    json_decref(root);
    oct_fail(err, code, "%s", shown);
    oct_hint(err, "%s", refusal ? refusal->hint : "");
    return code;
}
