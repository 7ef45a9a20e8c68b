#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "provision/node/slurm/names.h"
#include "provision/node/slurm/ops.h"
#include "provision/node/slurm/reply.h"
#include "provision/node/slurm/service.h"

#define MS ((int64_t)1000000)

/* How long to wait between two looks at nodes that drain: a step may end at once or in hours. */
static const int64_t first_look = 20 * MS;
static const int64_t last_look = 500 * MS;

/* libslurm only reads names and reason. */
static int change_state(const char *names, uint32_t state, const char *reason)
{
    update_node_msg_t change;
    slurm_init_update_node_msg(&change);
    change.node_names = (char *)names;
    change.node_state = state;
    if (reason) {
        change.reason = (char *)reason;
        change.reason_uid = getuid();
    }
    return slurm_update_node(&change);
}

int octi_slurm_down(json_t *request)
{
    const char *node = json_string_value(json_object_get(request, "node"));
    const char *reason = json_string_value(json_object_get(request, "reason"));
    oct_error err = OCT_ERROR_INIT;
    if (!node) {
        oct_fail(&err, OCT_E_INVALID, "'node' is not the name of a node");
        return octi_reply_error(&err, NULL);
    }
    slurm_init(NULL);
    if (change_state(node, NODE_STATE_DOWN, reason ? reason : "lost") == SLURM_SUCCESS)
        return octi_reply_end(json_pack("{s:s}", "down", node));
    if (errno == ESLURM_INVALID_NODE_NAME)
        oct_fail(&err, OCT_E_NOTFOUND, "there is no node '%s'", node);
    else
        octi_slurm_fail(&err, "take the node down");
    return octi_reply_error(&err, NULL);
}

/* --- draining --- */

/* The member of names that is a node's name, or its place behind them all. */
static size_t place_of(const json_t *names, const char *name)
{
    size_t i;
    const json_t *entry;
    json_array_foreach(names, i, entry)
    {
        const char *text = json_string_value(entry);
        if (text && name && strcmp(text, name) == 0)
            return i;
    }
    return json_array_size(names);
}

static bool is_busy(uint32_t state)
{
    uint32_t base = state & NODE_STATE_BASE;
    return base == NODE_STATE_ALLOCATED || base == NODE_STATE_MIXED || (state & NODE_STATE_COMPLETING);
}

/* How many of the nodes still run something; OCT_E_STATE when somebody has put one back. */
static oct_err look_at(const json_t *names, bool *done, size_t *busy, oct_error *err)
{
    node_info_msg_t *found = NULL;
    oct_err code = OCT_OK;
    if (slurm_load_node(0, &found, SHOW_ALL | SHOW_MIXED) != SLURM_SUCCESS)
        return octi_slurm_fail(err, "list the nodes");
    *busy = 0;
    for (uint32_t i = 0; i < found->record_count && code == OCT_OK; i++) {
        const node_info_t *node = &found->node_array[i];
        size_t place = place_of(names, node->name);
        if (place == json_array_size(names))
            continue;
        if (!(node->node_state & NODE_STATE_DRAIN)) {
            code = oct_fail(err, OCT_E_STATE, "somebody put node '%s' back in service", node->name);
        } else if (is_busy(node->node_state)) {
            (*busy)++;
        } else if (!done[place]) {
            done[place] = true;
            octi_reply_line(json_pack("{s:s, s:s}", "node", node->name, "state", "drained"));
        }
    }
    slurm_free_node_info_msg(found);
    return code;
}

static oct_err await_drained(const json_t *names, oct_error *err)
{
    bool *done = calloc(json_array_size(names), sizeof(*done));
    size_t busy = 1;
    oct_err code = done ? OCT_OK : oct_fail(err, OCT_E_NOMEM, "out of memory");
    for (int64_t pause = first_look; code == OCT_OK; pause = pause < last_look ? pause * 2 : last_look) {
        code = look_at(names, done, &busy, err);
        if (code != OCT_OK || busy == 0)
            break;
        const struct timespec time = {.tv_nsec = pause};
        nanosleep(&time, NULL);
    }
    free(done);
    return code;
}

/* The names with commas between, as Slurm takes them; NULL: they are none, or out of memory. */
static char *join_names(const json_t *names)
{
    size_t size = 1, i;
    const json_t *entry;
    json_array_foreach(names, i, entry)
    {
        if (!json_is_string(entry))
            return NULL;
        size += json_string_length(entry) + 1;
    }
    char *text = size > 1 ? calloc(1, size) : NULL, *end = text;
    json_array_foreach(names, i, entry)
    {
        if (text)
            end = stpcpy(stpcpy(end, i ? "," : ""), json_string_value(entry));
    }
    return text;
}

int octi_slurm_drain(json_t *request)
{
    const json_t *names = json_object_get(request, "nodes");
    char *text = join_names(names);
    oct_error err = OCT_ERROR_INIT;
    if (!text) {
        oct_fail(&err, OCT_E_INVALID, "'nodes' is not a list of nodes' names");
        return octi_reply_error(&err, NULL);
    }
    slurm_init(NULL);
    oct_err code = change_state(text, NODE_STATE_DRAIN, OCTI_SLURM_LEAVING) == SLURM_SUCCESS
                       ? OCT_OK
                       : octi_slurm_fail(&err, "drain the nodes");
    free(text);
    if (code == OCT_OK)
        code = await_drained(names, &err);
    if (code != OCT_OK)
        return octi_reply_error(&err, NULL);
    return octi_reply_end(json_pack("{s:I}", "drained", (json_int_t)json_array_size(names)));
}

/* --- and back --- */

unsigned octi_slurm_restore(const node_info_msg_t *found)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < found->record_count; i++) {
        const node_info_t *node = &found->node_array[i];
        if ((node->node_state & NODE_STATE_DRAIN) && node->reason &&
            strcmp(node->reason, OCTI_SLURM_LEAVING) == 0)
            count += change_state(node->name, NODE_RESUME, NULL) == SLURM_SUCCESS;
    }
    return count;
}

int octi_slurm_resume(json_t *request)
{
    (void)request;
    node_info_msg_t *found = NULL;
    oct_error err = OCT_ERROR_INIT;
    slurm_init(NULL);
    if (slurm_load_node(0, &found, SHOW_ALL) != SLURM_SUCCESS) {
        octi_slurm_fail(&err, "list the nodes");
        return octi_reply_error(&err, NULL);
    }
    unsigned count = octi_slurm_restore(found);
    slurm_free_node_info_msg(found);
    return octi_reply_end(json_pack("{s:i}", "resumed", (int)count));
}
