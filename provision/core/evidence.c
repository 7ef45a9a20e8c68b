#include "provision/core/evidence.h"

enum { LOG_LINES = 20, LOG_SECONDS = 10 };

static oct_err append_output(void *ctx, int stream, const void *bytes, size_t size)
{
    (void)stream;
    return octi_buffer_append(ctx, bytes, size);
}

oct_err octi_evidence_append(void *self, const octi_evidence_source *source, const octi_node *node,
                             octi_buffer *text)
{
    octi_exec sink = OCTI_EXEC_INIT;
    sink.output = append_output;
    sink.ctx = text;
    sink.timeout = LOG_SECONDS;
    oct_error ignored;
    oct_err code = octi_buffer_printf(text, "%s: %s%s%s\n", node->name, octi_node_state_name(node->state),
                                      *node->reason ? ", " : "", node->reason);
    if (code == OCT_OK && source->events && source->events(self, node, text, &ignored) == OCT_E_NOMEM)
        code = OCT_E_NOMEM;
    if (code == OCT_OK && source->logs &&
        source->logs(self, node, LOG_LINES, false, &sink, &ignored) == OCT_E_NOMEM)
        code = OCT_E_NOMEM;
    if (code == OCT_OK && text->size > 0 && text->data[text->size - 1] != '\n')
        code = octi_buffer_append(text, "\n", 1);
    return code;
}
