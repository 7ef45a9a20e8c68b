#include <stdio.h>
#include <string.h>

#include "provision/core/json.h"
#include "provision/docker/destroy.h"
#include "provision/docker/found.h"
#include "provision/docker/resize.h"

static void name_record(const char *cluster, unsigned number, char out[96])
{
    snprintf(out, 96, "octavo-%s-size-%u", cluster, number);
}

static oct_err make_record(octi_docker *docker, const octi_cluster *cluster, unsigned nodes, unsigned number,
                           oct_error *err)
{
    octi_spec spec = cluster->spec;
    char name[96], text[16];
    json_t *volume;
    spec.nodes = nodes;
    snprintf(text, sizeof(text), "%u", number);
    name_record(cluster->name, number, name);
    json_t *labels = octi_docker_labels(&spec, -1);
    if (!labels || json_object_set_new(labels, OCTI_LABEL_RESIZED, json_string(text)) != 0) {
        json_decref(labels);
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    }
    oct_err code = octi_docker_call(
        docker, "POST", octi_docker_path(docker, "/volumes/create"),
        json_pack("{s:s, s:s, s:o}", "Name", name, "Driver", "local", "Labels", labels), &volume, err);
    if (code != OCT_OK)
        return code;
    /* The engine gives back one that was there, with the labels that it has. */
    json_t *have = octi_json_find(volume, "Labels");
    bool other = strcmp(octi_json_string_or(have, OCTI_LABEL_CLUSTER, ""), cluster->name) != 0;
    snprintf(text, sizeof(text), "%u", nodes);
    bool raced = strcmp(octi_json_string_or(have, OCTI_LABEL_NODES, ""), text) != 0;
    json_decref(volume);
    if (other) {
        oct_fail(err, OCT_E_EXISTS, "the volume '%s' exists and is not octavo's", name);
        return oct_hint(err, "rename or remove that volume yourself");
    }
    if (raced) {
        oct_fail(err, OCT_E_STATE, "the size of '%s' is being changed by somebody else", cluster->name);
        return oct_hint(err, "see 'octavo status %s', and try again", cluster->name);
    }
    return OCT_OK;
}

/* The latest counts, so that one which stays does no harm. */
static void drop_record(octi_docker *docker, const char *cluster, unsigned number)
{
    char name[96];
    name_record(cluster, number, name);
    oct_err ignored =
        octi_docker_call(docker, "DELETE", octi_docker_path(docker, "/volumes/%s", name), NULL, NULL, NULL);
    (void)ignored;
}

static oct_err record(octi_docker *docker, const octi_cluster *cluster, unsigned nodes, oct_error *err)
{
    json_t *volumes;
    oct_err code = octi_docker_call(docker, "GET", octi_docker_list_path(docker, "volumes?", cluster->name),
                                    NULL, &volumes, err);
    if (code != OCT_OK)
        return code;
    unsigned now = cluster->spec.nodes;
    unsigned last = octi_docker_resized(cluster->name, volumes, &now);
    json_decref(volumes);
    if (now == nodes)
        return OCT_OK;
    code = make_record(docker, cluster, nodes, last + 1, err);
    if (code == OCT_OK && last > 0)
        drop_record(docker, cluster->name, last);
    return code;
}

oct_err octi_docker_resize(octi_docker *docker, const octi_cluster *cluster, unsigned nodes,
                           const octi_observer *observer, oct_error *err)
{
    oct_err code = record(docker, cluster, nodes, err);
    return code == OCT_OK ? octi_docker_remove_from(docker, cluster->name, nodes, observer, err) : code;
}
