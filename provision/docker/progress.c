#include <stdbool.h>
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

/* Copies a line without its colours: ESC [ ... letter. The builder adds them to stderr. */
static void copy_plain(const char *line, char *out, size_t capacity)
{
    size_t used = 0;
    while (*line && used + 1 < capacity) {
        if (line[0] == '\033' && line[1] == '[') {
            line += 2 + strspn(line + 2, "0123456789;");
            line += *line != '\0';
        } else {
            out[used++] = *line++;
        }
    }
    out[used] = '\0';
}

/* One that is drawn over by the next is shown, but not among the last lines. */
static oct_err show_line(octi_progress *progress, const char *line, bool drawn_over)
{
    char plain[SHOWN_MAX], clean[SHOWN_MAX];
    copy_plain(line, plain, sizeof(plain));
    octi_text_clean(plain, clean, sizeof(clean));
    if (!*clean)
        return OCT_OK;
    if (strncmp(clean, "Step ", 5) == 0)
        octi_buffer_consume(&progress->tail, progress->tail.size);
    oct_err code = drawn_over ? OCT_OK : octi_buffer_printf(&progress->tail, "%s\n", clean);
    if (progress->tail.size > OCTI_PROGRESS_TAIL)
        octi_buffer_consume(&progress->tail, progress->tail.size - OCTI_PROGRESS_TAIL);
    if (progress->line)
        progress->line(progress->ctx, clean);
    return code;
}

/* Output comes in pieces that need not be lines; a carriage return redraws one. A line may end
 * in both, of which the second then ends an empty one. */
static oct_err take_output(octi_progress *progress, const char *piece)
{
    oct_err code = OCT_OK;
    while (code == OCT_OK && *piece) {
        size_t length = strcspn(piece, "\r\n");
        code = octi_buffer_append(&progress->text, piece, length);
        piece += length;
        if (code == OCT_OK && (*piece || progress->text.size > JSON_LINE_MAX)) {
            code = show_line(progress, progress->text.data, *piece == '\r' && piece[1] != '\n');
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
    return show_line(progress, line, false);
}

/* "The command '...' returned a non-zero code: 100": the command is the whole step, which the
 * last lines show; what it came to is at the end, and would be cut off. */
static void keep_failure(oct_error *out, const char *failure)
{
    static const char code[] = "returned a non-zero code: ";
    const char *at = strncmp(failure, "The command '", 13) == 0 ? strstr(failure, code) : NULL;
    char clean[200];
    octi_text_clean(at ? at + sizeof(code) - 1 : failure, clean, sizeof(clean));
    oct_fail(out, OCT_E_IO, at ? "a step failed with status %s" : "%s", clean);
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
    if (failure && progress->failure.code == OCT_OK)
        keep_failure(&progress->failure, failure);
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

/* Why a build fails where nothing is wrong with it: told by the engine itself, or only by the
 * last lines of the command that failed. */
static void judge_failure(octi_progress *progress)
{
    static const struct {
        const char *part;
        oct_err code;
        const char *hint;
    } causes[] = {
        {"no space left on device", OCT_E_EXHAUSTED,
         "the engine's disk is full: free some, for instance with 'docker system prune'"},
        {"don't have enough free space", OCT_E_EXHAUSTED,
         "the engine's disk is full: free some, for instance with 'docker system prune'"},
        {"failure resolving", OCT_E_UNREACHABLE,
         "containers of this engine find no package server: has the machine a network, and do they have "
         "DNS?"},
        {"could not resolve", OCT_E_UNREACHABLE,
         "containers of this engine find no package server: has the machine a network, and do they have "
         "DNS?"},
        {"failed to fetch", OCT_E_UNREACHABLE,
         "a package server did not deliver: try again, what was built so far is kept"},
    };
    oct_error *failure = &progress->failure;
    for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
        if (strcasestr(failure->what, causes[i].part) ||
            (progress->tail.data && strcasestr(progress->tail.data, causes[i].part))) {
            failure->code = causes[i].code;
            oct_hint(failure, "%s", causes[i].hint);
            return;
        }
}

oct_err octi_progress_finish(octi_progress *progress, oct_error *err)
{
    oct_err code = progress->pending.size > 0
                       ? take_json(progress, progress->pending.data, progress->pending.size, err)
                       : OCT_OK;
    if (code == OCT_OK && progress->text.size > 0)
        code = show_line(progress, progress->text.data, false);
    if (code == OCT_OK && progress->failure.code != OCT_OK) {
        judge_failure(progress);
        code = progress->failure.code;
        if (err)
            *err = progress->failure;
    }
    return code;
}
