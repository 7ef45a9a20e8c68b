/* node/report.h - Slurm's status for whoever connects (probe/probe.h).
 *
 * One is served at a time, the others wait in the kernel's queue: so nobody can have more than
 * one process started. Nothing is read from a connection. */
#ifndef OCTI_NODE_REPORT_H
#define OCTI_NODE_REPORT_H

#include <stdint.h>
#include <sys/types.h>

#include "oct/error.h"

typedef struct octi_report {
    int socket; /* has an edge when somebody connects; -1: none */
    int child;  /* the process that answers, as a pidfd; -1: none */
    int64_t since_ns;
} octi_report;

/* OCT_E_IO when the port is not to be had; the report is then as after deinit. */
OCT_NODISCARD oct_err octi_report_init(octi_report *report, uint16_t port, oct_error *err);
void octi_report_deinit(octi_report *report);

/* Serves the next one, unless the last still is. To be called when the socket has an edge, and
 * when a child has ended. */
void octi_report_answer(octi_report *report, int64_t now);

#endif
