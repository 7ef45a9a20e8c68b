/* core/evidence.h - what is told of a node that does not run. */
#ifndef OCTI_EVIDENCE_H
#define OCTI_EVIDENCE_H

#include "provision/core/provider.h"

/* Where a provider has it from. Events or a log that are not to be had are no evidence, and no failure. */
typedef struct octi_evidence_source {
    /* Appends the engine's last events about this node, oldest first. NULL: there are none. */
    oct_err (*events)(void *self, const octi_node *node, octi_buffer *text, oct_error *err);
    /* As octi_provider_ops.logs. NULL: there is none. */
    oct_err (*logs)(void *self, const octi_node *node, int tail, bool follow, const octi_exec *sink,
                    oct_error *err);
} octi_evidence_source;

/* Appends its state and reason, its events and its last words as lines. OCT_E_NOMEM alone. */
OCT_NODISCARD oct_err octi_evidence_append(void *self, const octi_evidence_source *source,
                                           const octi_node *node, octi_buffer *text);

#endif
