#include <stdbool.h>
#include <string.h>

#include "provision/cli/hangup.h"

/* A rule begins and ends each report of Open MPI. One that has no end takes no more than these lines with it.
 */
#define RULE "--------------------------------------------------------------------------"
enum { RULE_SIZE = sizeof(RULE) - 1, REPORT_LINES = 20 };

/* "peer hung up" and "client connect fail". They differ in the first byte after the rule. */
static const char *const beginnings[] = {
    RULE "\nAn MPI communication peer process has unexpectedly disconnected.",
    RULE "\nWARNING: Open MPI failed to TCP connect to a peer MPI process.",
};

static oct_err keep(cli_hangup *hangup, const char *bytes, size_t size)
{
    return hangup->keeping ? octi_buffer_append(&hangup->first, bytes, size) : OCT_OK;
}

/* A byte of a report: taken out. */
static oct_err skip(cli_hangup *hangup, char byte)
{
    if (byte == '\n') {
        hangup->left = hangup->dashes == RULE_SIZE ? 0 : hangup->left - 1;
        hangup->dashes = 0;
    } else {
        hangup->dashes = byte == '-' ? hangup->dashes + 1 : RULE_SIZE + 1;
    }
    return keep(hangup, &byte, 1);
}

/* True where a byte at a line's start, or one after those that are held, may belong to a report. */
static bool goes_on(cli_hangup *hangup, char byte)
{
    if (hangup->begun > RULE_SIZE + 1)
        return hangup->beginning[hangup->begun] == byte;
    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
        hangup->beginning = beginnings[i];
        if (hangup->beginning[hangup->begun] == byte)
            return true;
    }
    return false;
}

static oct_err hold(cli_hangup *hangup)
{
    if (hangup->beginning[++hangup->begun] != '\0')
        return OCT_OK;
    size_t size = hangup->begun;
    hangup->begun = 0;
    hangup->left = REPORT_LINES;
    hangup->dashes = RULE_SIZE + 1;
    hangup->keeping = hangup->first.size == 0;
    return keep(hangup, hangup->beginning, size);
}

/* What is held is no report's. Where it is a rule and no more, a report may begin with the next byte. */
static oct_err pass_held(cli_hangup *hangup)
{
    size_t size = hangup->begun;
    hangup->begun = 0;
    hangup->inside = size > 0 && size != RULE_SIZE + 1;
    return size > 0 ? hangup->output(hangup->ctx, hangup->beginning, size) : OCT_OK;
}

/* Passes on the rest of a line; returns how much that was. */
static size_t pass_line(cli_hangup *hangup, const char *bytes, size_t size, oct_err *code)
{
    const char *newline = memchr(bytes, '\n', size);
    hangup->inside = !newline;
    size = newline ? (size_t)(newline - bytes) + 1 : size;
    *code = hangup->output(hangup->ctx, bytes, size);
    return size;
}

oct_err cli_hangup_feed(cli_hangup *hangup, const void *bytes, size_t size)
{
    const char *next = bytes, *end = next + size;
    oct_err code = OCT_OK;
    while (next < end && code == OCT_OK) {
        if (hangup->left > 0) {
            code = skip(hangup, *next++);
        } else if (!hangup->inside && goes_on(hangup, *next)) {
            code = hold(hangup);
            next++;
        } else if (hangup->begun > 0) {
            code = pass_held(hangup);
        } else {
            next += pass_line(hangup, next, (size_t)(end - next), &code);
        }
    }
    return code;
}

oct_err cli_hangup_finish(cli_hangup *hangup)
{
    return pass_held(hangup);
}

void cli_hangup_deinit(cli_hangup *hangup)
{
    octi_buffer_deinit(&hangup->first);
}
