#include <stdio.h>
#include <string.h>

#include "provision/core/json.h"
#include "provision/docker/progress.h"

enum { JSON_LINE_MAX = 1 << 20, SHOWN_MAX = 512 };

void octi_progress_deinit(octi_progress *progress)
{
    octi_buffer_deinit(&progress->pending);
    octi_buffer_deinit(&progress->text);
    octi_buffer_deinit(&progress->tail);
}

static oct_err show_line(octi_progress *progress, const char *line)
{
    char clean[SHOWN_MAX];
    octi_text_clean(line, clean, sizeof(clean));
    if (!*clean)
        return OCT_OK;
    if (strncmp(clean, "Step ", 5) == 0)
        octi_buffer_consume(&progress->tail, progress->tail.size);
    oct_err code = octi_buffer_printf(&progress->tail, "%s\n", clean);
    if (progress->tail.size > OCTI_PROGRESS_TAIL)
        octi_buffer_consume(&progress->tail, progress->tail.size - OCTI_PROGRESS_TAIL);
    if (progress->line)
        progress->line(progress->ctx, clean);
    return code;
}

/* Output comes in pieces that need not be lines; a carriage return redraws one. */
static oct_err take_output(octi_progress *progress, const char *piece)
{
    oct_err code = OCT_OK;
    while (code == OCT_OK && *piece) {
        size_t length = strcspn(piece, "\r\n");
        code = octi_buffer_append(&progress->text, piece, length);
        piece += length;
        if (code == OCT_OK && (*piece || progress->text.size > JSON_LINE_MAX)) {
            code = show_line(progress, progress->text.data);
            octi_buffer_consume(&progress->text, progress->text.size);
        }
        piece += *piece != '\0';
    }
    return code;
}

static oct_err take_status(octi_progress *progress, const json_t *event, const char *status)
{
    char line[SHOWN_MAX];
    /* A bar that moves is for a terminal of its own; here only what changes state. */
    if (octi_json_find(event, "progressDetail/current"))
        return OCT_OK;
    const char *id = octi_json_string_or(event, "id", "");
    snprintf(line, sizeof(line), "%.80s%s%s", id, *id ? ": " : "", status);
    return show_line(progress, line);
}

static oct_err take_event(octi_progress *progress, const json_t *event)
{
    const char *failure =
        octi_json_string_or(event, "error", octi_json_string_or(event, "errorDetail/message", NULL));
    const char *stream = octi_json_string_or(event, "stream", NULL);
    const char *status = octi_json_string_or(event, "status", NULL);
    const char *id = octi_json_string_or(event, "aux/ID", NULL);
    if (id)
        octi_text_clean(id, progress->id, sizeof(progress->id));
    if (failure && progress->failure.code == OCT_OK) {
        char clean[200];
        octi_text_clean(failure, clean, sizeof(clean));
        bool full = strstr(clean, "no space left") != NULL;
        oct_fail(&progress->failure, full ? OCT_E_EXHAUSTED : OCT_E_IO, "%s", clean);
        if (full)
            oct_hint(&progress->failure,
                     "the engine's disk is full: free some, for instance with 'docker system prune'");
    }
    if (stream)
        return take_output(progress, stream);
    if (status && strncmp(status, "sha256:", 7) == 0) /* an import's only word is the id */
        octi_text_clean(status, progress->id, sizeof(progress->id));
    return status ? take_status(progress, event, status) : OCT_OK;
}

static oct_err take_json(octi_progress *progress, const char *line, size_t size, oct_error *err)
{
    while (size > 0 && (line[size - 1] == '\r' || line[size - 1] == ' '))
        size--;
    if (size == 0)
        return OCT_OK;
    json_t *event;
    oct_err code = octi_json_parse(line, size, "the engine's progress", &event, err);
    if (code != OCT_OK)
        return code;
    code = take_event(progress, event);
    json_decref(event);
    return code == OCT_OK ? OCT_OK : oct_fail(err, code, "out of memory");
}

oct_err octi_progress_feed(octi_progress *progress, const void *bytes, size_t size, oct_error *err)
{
    if (octi_buffer_append(&progress->pending, bytes, size) != OCT_OK)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    size_t done = 0;
    oct_err code = OCT_OK;
    while (code == OCT_OK && done < progress->pending.size) {
        const char *line = progress->pending.data + done;
        const char *end = memchr(line, '\n', progress->pending.size - done);
        if (!end)
            break;
        code = take_json(progress, line, (size_t)(end - line), err);
        done = (size_t)(end - progress->pending.data) + 1;
    }
    octi_buffer_consume(&progress->pending, done);
    if (code == OCT_OK && progress->pending.size > JSON_LINE_MAX)
        return oct_fail(err, OCT_E_PROTOCOL, "the engine's progress has a line without end");
    return code;
}

oct_err octi_progress_finish(octi_progress *progress, oct_error *err)
{
    oct_err code = progress->pending.size > 0
                       ? take_json(progress, progress->pending.data, progress->pending.size, err)
                       : OCT_OK;
    if (code == OCT_OK && progress->text.size > 0)
        code = show_line(progress, progress->text.data);
    if (code == OCT_OK && progress->failure.code != OCT_OK) {
        code = progress->failure.code;
        if (err)
            *err = progress->failure;
    }
    return code;
}
