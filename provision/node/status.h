/* node/status.h - what PID 1 knows, for `octavo-node health` to read: a file in the run
 * folder, replaced whenever something changes. */
#ifndef OCTI_NODE_STATUS_H
#define OCTI_NODE_STATUS_H

#include <jansson.h>
#include <stddef.h>

#include "oct/error.h"
#include "provision/node/daemon.h"
#include "provision/node/membership.h"
#include "provision/node/pulse.h"

/* A new JSON object; NULL when out of memory. The head's pulse knows which of the others are lost. */
json_t *octi_status_json(const octi_membership *membership, const octi_daemon *daemons, size_t count,
                         const octi_pulse *pulse);

OCT_NODISCARD oct_err octi_status_write(const octi_membership *membership, const octi_daemon *daemons,
                                        size_t count, const octi_pulse *pulse, oct_error *err);

#endif
