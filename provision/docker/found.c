#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "provision/core/json.h"
#include "provision/core/spec.h"
#include "provision/core/version.h"
#include "provision/docker/found.h"

void octi_docker_node_name(const char *cluster, unsigned index, char name[64])
{
    snprintf(name, 64, "%s-%u", cluster, index);
}

void octi_docker_container_name(const char *cluster, unsigned index, char name[64])
{
    snprintf(name, 64, "octavo-%s-%u", cluster, index);
}

/* A label that must be a plain number below OCTI_NODES_MAX + 1. */
static bool read_number(const json_t *labels, const char *key, unsigned *out)
{
    const char *text = json_string_value(json_object_get(labels, key));
    if (!text || !isdigit((unsigned char)text[0]))
        return false;
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*end || value > OCTI_NODES_MAX)
        return false;
    *out = (unsigned)value;
    return true;
}

/* The address on the network it was created with; its only one is as good. */
static const char *read_address(const json_t *element)
{
    const char *key;
    const json_t *network;
    json_t *networks = octi_json_find(element, "NetworkSettings/Networks");
    json_object_foreach(networks, key, network)
    {
        const char *address = octi_json_string_or(network, "IPAddress", "");
        if (*address)
            return address;
    }
    return "";
}

oct_err octi_docker_container_read(const json_t *element, const char *cluster, octi_docker_container *out,
                                   oct_error *err)
{
    octi_docker_container found = {.labels = octi_json_find(element, "Labels")};
    const char *owner = octi_json_string_or(found.labels, OCTI_LABEL_CLUSTER, NULL);
    if (!owner || (cluster && strcmp(owner, cluster) != 0) ||
        !read_number(found.labels, OCTI_LABEL_NODE, &found.index))
        return oct_fail(err, OCT_E_NOTFOUND, "the container is no node of '%s'",
                        cluster ? cluster : "a cluster");

    oct_err code = octi_json_string(element, "Id", &found.id, err);
    if (code == OCT_OK)
        code = octi_json_string(element, "State", &found.state, err);
    if (code != OCT_OK)
        return code;
    found.status = octi_json_string_or(element, "Status", "");
    found.network = octi_json_string_or(element, "HostConfig/NetworkMode", "");
    found.image = octi_json_string_or(element, "Image", "");
    found.created = octi_json_integer_or(element, "Created", 0);
    found.address = read_address(element);
    *out = found;
    return OCT_OK;
}

json_t *octi_docker_labels(const octi_spec *spec, int index)
{
    char *text = octi_spec_format(spec), nodes[16], node[16];
    if (!text)
        return NULL;
    snprintf(nodes, sizeof(nodes), "%u", spec->nodes);
    snprintf(node, sizeof(node), "%d", index);
    json_t *labels = json_pack("{s:s, s:s, s:s, s:s}", OCTI_LABEL_CLUSTER, spec->name, OCTI_LABEL_NODES,
                               nodes, OCTI_LABEL_SPEC, text, OCTI_LABEL_VERSION, OCTI_VERSION);
    if (labels && index >= 0)
        json_object_set_new(labels, OCTI_LABEL_NODE, json_string(node));
    free(text);
    return labels;
}

oct_err octi_docker_check_owner(const char *cluster, const char *kind, const char *name, const json_t *labels,
                                oct_error *err)
{
    if (strcmp(octi_json_string_or(labels, OCTI_LABEL_CLUSTER, ""), cluster) == 0)
        return OCT_OK;
    oct_fail(err, OCT_E_EXISTS, "the %s '%s' exists and is not octavo's", kind, name);
    oct_hint(err, "choose another name for the cluster, or rename or remove that %s yourself", kind);
    return OCT_E_EXISTS;
}

oct_err octi_docker_spec_read(const json_t *labels, octi_spec *spec, oct_error *err)
{
    const char *text;
    octi_spec found;
    octi_spec_init(&found);
    oct_err code = octi_json_string(labels, OCTI_LABEL_SPEC, &text, err);
    if (code == OCT_OK && octi_spec_recall(text, "the label octavo.spec", &found, err) != OCT_OK)
        code = OCT_E_PROTOCOL;
    if (code == OCT_OK && octi_spec_check(&found, err) != OCT_OK)
        code = OCT_E_PROTOCOL;
    if (code == OCT_OK)
        *spec = found;
    else if (err)
        err->code = code;
    return code;
}

unsigned octi_docker_resized(const char *name, const json_t *volumes, unsigned *nodes)
{
    const json_t *volume;
    size_t i;
    unsigned last = 0;
    json_array_foreach(octi_json_find(volumes, "Volumes"), i, volume)
    {
        const json_t *labels = octi_json_find(volume, "Labels");
        const char *owner = octi_json_string_or(labels, OCTI_LABEL_CLUSTER, "");
        const char *change = octi_json_string_or(labels, OCTI_LABEL_RESIZED, "");
        unsigned long number = isdigit((unsigned char)change[0]) ? strtoul(change, NULL, 10) : 0;
        unsigned size;
        if (strcmp(owner, name) == 0 && number > last && number < UINT32_MAX &&
            read_number(labels, OCTI_LABEL_NODES, &size) && size > 0) {
            last = (unsigned)number;
            *nodes = size;
        }
    }
    return last;
}

static octi_node_state state_of(const char *engine_state)
{
    static const struct {
        const char *text;
        octi_node_state state;
    } states[] = {
        {"running", OCTI_NODE_STARTING}, {"restarting", OCTI_NODE_STARTING}, {"created", OCTI_NODE_CREATED},
        {"exited", OCTI_NODE_STOPPED},   {"paused", OCTI_NODE_STOPPED},      {"stopped", OCTI_NODE_STOPPED},
    };
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (strcmp(states[i].text, engine_state) == 0)
            return states[i].state;
    return OCTI_NODE_FAILED; /* "removing", "dead" */
}

static void fill_node(const octi_docker_container *container, octi_node *node)
{
    snprintf(node->engine_id, sizeof(node->engine_id), "%s", container->id);
    node->state = state_of(container->state);
    node->reason[0] = '\0';
    if (node->state == OCTI_NODE_STARTING) {
        octi_text_clean(container->address, node->address, sizeof(node->address));
        return;
    }
    octi_text_clean(*container->status ? container->status : container->state, node->reason,
                    sizeof(node->reason));
    const char *status = strchr(container->status, '(');
    if (status && isdigit((unsigned char)status[1]))
        node->exit_status = (int)strtol(status + 1, NULL, 10) & 0xff;
}

/* Where the cluster's spec can be read: the head, another node, the network, a volume. */
static const json_t *find_labels(const char *name, const json_t *containers, const json_t *networks,
                                 const json_t *volumes)
{
    const json_t *element, *best = NULL;
    size_t i;
    unsigned lowest = UINT32_MAX;
    json_array_foreach(containers, i, element)
    {
        octi_docker_container container;
        if (octi_docker_container_read(element, name, &container, NULL) == OCT_OK &&
            container.index < lowest) {
            lowest = container.index;
            best = container.labels;
        }
    }
    const json_t *lists[] = {networks, octi_json_find(volumes, "Volumes")};
    for (size_t list = 0; list < 2 && !best; list++) {
        json_array_foreach(lists[list], i, element)
        {
            const json_t *labels = octi_json_find(element, "Labels");
            if (strcmp(octi_json_string_or(labels, OCTI_LABEL_CLUSTER, ""), name) == 0)
                best = labels;
        }
    }
    return best;
}

static void fill_created(int64_t seconds, char out[40])
{
    time_t when = (time_t)seconds;
    struct tm parts;
    if (seconds > 0 && gmtime_r(&when, &parts))
        strftime(out, 40, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

/* How many slots the nodes need: all wanted ones, and any that is there beyond them. */
static size_t count_nodes(const char *name, const json_t *containers, unsigned wanted)
{
    size_t count = wanted, i;
    const json_t *element;
    json_array_foreach(containers, i, element)
    {
        octi_docker_container container;
        if (octi_docker_container_read(element, name, &container, NULL) == OCT_OK && container.index >= count)
            count = container.index + 1;
    }
    return count;
}

oct_err octi_docker_cluster_read(const char *name, const json_t *containers, const json_t *networks,
                                 const json_t *volumes, octi_cluster *out, oct_error *err)
{
    const json_t *labels = find_labels(name, containers, networks, volumes);
    if (!labels)
        return oct_fail(err, OCT_E_NOTFOUND, "there is no cluster '%s'", name);

    octi_cluster found = {.provider = "docker", .home = OCTI_HOME};
    oct_err code = octi_docker_spec_read(labels, &found.spec, err);
    if (code != OCT_OK) {
        oct_prefix(err, "cluster '%s'", name);
        return code;
    }
    octi_docker_resized(name, volumes, &found.spec.nodes);
    found.wanted = found.spec.nodes;
    snprintf(found.name, sizeof(found.name), "%.*s", OCTI_NAME_MAX, name);
    snprintf(found.image, sizeof(found.image), "%s", found.spec.image);
    found.node_count = count_nodes(name, containers, found.wanted);
    found.nodes = calloc(found.node_count, sizeof(*found.nodes));
    if (!found.nodes)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    for (size_t i = 0; i < found.node_count; i++) {
        found.nodes[i] =
            (octi_node){.index = (unsigned)i, .state = OCTI_NODE_ABSENT, .reason = "not made yet"};
        octi_docker_node_name(name, (unsigned)i, found.nodes[i].name);
    }

    int64_t oldest = 0;
    const json_t *element;
    size_t i;
    json_array_foreach(containers, i, element)
    {
        octi_docker_container container;
        if (octi_docker_container_read(element, name, &container, NULL) != OCT_OK)
            continue;
        fill_node(&container, &found.nodes[container.index]);
        if (oldest == 0 || container.created < oldest)
            oldest = container.created;
    }
    fill_created(oldest, found.created);
    *out = found;
    return OCT_OK;
}
