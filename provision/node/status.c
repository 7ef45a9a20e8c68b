#include <stdlib.h>
#include <string.h>

#include "provision/node/file.h"
#include "provision/node/status.h"

/* Output of a daemon may hold any bytes; JSON takes only UTF-8. */
static json_t *text(const char *bytes)
{
    if (!bytes[0])
        return json_null();
    json_t *whole = json_string(bytes);
    return whole ? whole : json_string("(unprintable)");
}

static json_t *daemon_json(const octi_daemon *daemon)
{
    bool running = daemon->state == OCTI_DAEMON_RUNNING && daemon->ready;
    json_t *pid = daemon->pid ? json_integer(daemon->pid) : json_null();
    return json_pack("{s:s, s:b, s:o, s:i, s:o, s:o}", "name", daemon->name, "running", running, "pid", pid,
                     "restarts", (int)daemon->restarts, "last_exit", text(daemon->last_exit), "reason",
                     running ? json_null() : text(daemon->last_words));
}

json_t *octi_status_json(const octi_membership *membership, const octi_daemon *daemons, size_t count,
                         const octi_pulse *pulse)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        if (daemons[i].state != OCTI_DAEMON_OFF)
            json_array_append_new(list, daemon_json(&daemons[i]));
    return json_pack("{s:i, s:s, s:o, s:I, s:b, s:b, s:o, s:o, s:o}", "version", 1, "node", membership->host,
                     "cluster", text(membership->cluster), "generation", (json_int_t)membership->generation,
                     "configured", membership->member, "head", membership->member && membership->head,
                     "daemons", list, "lost", octi_pulse_lost(pulse), "reason", text(membership->reason));
}

oct_err octi_status_write(const octi_membership *membership, const octi_daemon *daemons, size_t count,
                          const octi_pulse *pulse, oct_error *err)
{
    json_t *status = octi_status_json(membership, daemons, count, pulse);
    char *bytes = status ? json_dumps(status, JSON_COMPACT) : NULL;
    json_decref(status);
    if (!bytes)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    oct_err result = octi_file_replace(membership->paths->status, bytes, strlen(bytes), 0644, err);
    free(bytes);
    return result;
}
