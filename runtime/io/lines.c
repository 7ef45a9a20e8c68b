#include "runtime/io/lines.h"

#include <string.h>

#include "runtime/io/scan.h"

/* With the byte before a range, which tells whether a line begins there. */
oct_err octi_lines_open(octi_lines *lines, const octi_text_range *range, oct_error *err)
{
    *lines = (octi_lines){.window = octi_window_mine(), .from = range->begin - !range->first};
    octi_window *w = lines->window;
    if (!w)
        return oct_fail(err, OCT_E_NOMEM, "out of memory to read '%s'", range->path);
    lines->size = (size_t)(range->end - lines->from);
    oct_err code = octi_window_read_lines(w, range->path, lines->from, range->end, err);
    if (code != OCT_OK)
        return code;
    lines->at = w->text;
    if (lines->size > w->size)
        lines->size = w->size;
    if (w->size > 0 && !range->first)
        lines->at = (const char *)memchr(w->text, '\n', w->size) + 1;
    if (range->begin == 0 && w->size >= 3 && memcmp(w->text, "\xef\xbb\xbf", 3) == 0) {
        lines->at += 3; /* a byte order mark, with which the first line begins */
        if (lines->size < 4)
            lines->size = 4;
    }
    return OCT_OK;
}

void octi_lines_close(octi_lines *lines)
{
    octi_window_done(lines->window);
}

/* The end of the line at `at`: there is one, since the text ends in a newline. */
static const char *end_of(const octi_lines *lines, const char *at)
{
    return memchr(at, '\n', lines->window->size - (size_t)(at - lines->window->text));
}

static bool is_left(const octi_lines *lines, const char *at)
{
    return at && at < lines->window->text + lines->size;
}

size_t octi_lines_count(const octi_lines *lines)
{
    if (!is_left(lines, lines->at))
        return 0;
    const char *end = lines->window->text + lines->size;
    return octi_scan_count(lines->at, (size_t)(end - lines->at), '\n') + 1;
}

bool octi_lines_next(octi_lines *lines, const char **text, size_t *size)
{
    while (is_left(lines, lines->at)) {
        const char *at = lines->at, *end = end_of(lines, at);
        lines->at = end + 1;
        while (at < end && (*at == ' ' || *at == '\t' || *at == '\r'))
            at++;
        if (at == end)
            continue;
        *text = at;
        *size = (size_t)(end - at);
        return true;
    }
    return false;
}

uint64_t octi_lines_offset(const octi_lines *lines, const char *text)
{
    return lines->from + (uint64_t)(text - lines->window->text);
}
