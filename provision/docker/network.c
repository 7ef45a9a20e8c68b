#include <stdio.h>
#include <string.h>

#include "provision/core/json.h"
#include "provision/docker/found.h"
#include "provision/docker/network.h"
#include "runtime/base/log.h"

/* The labelled network that all would choose of several: two `create` at once may each have
 * made one. NULL: none. */
static const json_t *choose(const json_t *networks, const char *cluster)
{
    const json_t *network, *best = NULL;
    size_t i;
    json_array_foreach(networks, i, network)
    {
        const char *id = octi_json_string_or(network, "Id", "");
        json_t *labels = octi_json_find(network, "Labels");
        if (*id && strcmp(octi_json_string_or(labels, OCTI_LABEL_CLUSTER, ""), cluster) == 0 &&
            (!best || strcmp(id, octi_json_string_or(best, "Id", "")) < 0))
            best = network;
    }
    return best;
}

static oct_err find(octi_docker *docker, const char *cluster, char id[OCTI_DOCKER_NETWORK], oct_error *err)
{
    json_t *networks;
    id[0] = '\0';
    oct_err code = octi_docker_call(docker, "GET", octi_docker_list_path(docker, "networks?", cluster), NULL,
                                    &networks, err);
    if (code != OCT_OK)
        return code;
    snprintf(id, OCTI_DOCKER_NETWORK, "%s", octi_json_string_or(choose(networks, cluster), "Id", ""));
    json_decref(networks);
    return OCT_OK;
}

static json_t *describe(const octi_spec *spec)
{
    char name[64];
    snprintf(name, sizeof(name), "octavo-%s", spec->name);
    json_t *labels = octi_docker_labels(spec, -1);
    if (!labels)
        return NULL;
    json_t *body = json_pack("{s:s, s:s, s:b, s:o}", "Name", name, "Driver", "bridge", "CheckDuplicate", 1,
                             "Labels", labels);
    if (body && *spec->subnet)
        json_object_set_new(
            body, "IPAM",
            json_pack("{s:s, s:[{s:s}]}", "Driver", "default", "Config", "Subnet", spec->subnet));
    return body;
}

/* Says for an explained failure to make the network what it was about. */
static oct_err explain(const octi_spec *spec, oct_error *err)
{
    if (*spec->subnet)
        oct_prefix(err, "cannot make the network 'octavo-%s' (%s)", spec->name, spec->subnet);
    else
        oct_prefix(err, "cannot make the network 'octavo-%s'", spec->name);
    return err ? err->code : OCT_E_IO;
}

oct_err octi_docker_network_make(octi_docker *docker, const octi_spec *spec, const octi_observer *observer,
                                 char id[OCTI_DOCKER_NETWORK], bool *made, oct_error *err)
{
    oct_err code = find(docker, spec->name, id, err);
    if (code != OCT_OK || *id)
        return code;
    if (observer && observer->step)
        observer->step(observer->ctx, NULL, "making the network");
    json_t *reply;
    oct_error problem = OCT_ERROR_INIT;
    code = octi_docker_call(docker, "POST", octi_docker_path(docker, "/networks/create"), describe(spec),
                            &reply, &problem);
    if (code == OCT_OK) {
        *made = true;
        snprintf(id, OCTI_DOCKER_NETWORK, "%s", octi_json_string_or(reply, "Id", ""));
        json_decref(reply);
        return *id ? OCT_OK : oct_fail(err, OCT_E_PROTOCOL, "the engine gave the network no id");
    }
    /* Did another `create` make it meanwhile? */
    oct_err again = find(docker, spec->name, id, err);
    if (again != OCT_OK || *id)
        return again;
    if (err)
        *err = problem;
    if (strstr(problem.what, "already exists")) {
        char name[64];
        snprintf(name, sizeof(name), "octavo-%s", spec->name);
        return octi_docker_check_owner(spec->name, "network", name, NULL, err);
    }
    return explain(spec, err);
}

void octi_docker_network_drop(octi_docker *docker, const char *id)
{
    oct_error problem = OCT_ERROR_INIT;
    if (octi_docker_call(docker, "DELETE", octi_docker_path(docker, "/networks/%s", id), NULL, NULL,
                         &problem) != OCT_OK)
        octi_log(OCT_LOG_DEBUG, "network %s stays: %s", id, problem.what);
}

oct_err octi_docker_network_drop_others(octi_docker *docker, const char *cluster, const char *keep,
                                        oct_error *err)
{
    json_t *networks;
    const json_t *network;
    size_t i;
    oct_err code = octi_docker_call(docker, "GET", octi_docker_list_path(docker, "networks?", cluster), NULL,
                                    &networks, err);
    if (code != OCT_OK)
        return code;
    json_array_foreach(networks, i, network)
    {
        const char *id = octi_json_string_or(network, "Id", "");
        if (*id && strcmp(id, keep) != 0)
            octi_docker_network_drop(docker, id);
    }
    json_decref(networks);
    return OCT_OK;
}

bool octi_docker_network_listed(const json_t *networks, const char *id)
{
    const json_t *network;
    size_t i;
    json_array_foreach(networks, i, network)
    {
        if (strcmp(octi_json_string_or(network, "Id", ""), id) == 0)
            return true;
    }
    return false;
}
