#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/io/unpack.h"
#include "runtime/io/window.h"

enum { TAIL = 4 << 10, LONGEST_LINE = 64 << 20, USUAL = 4 << 20 };

static void window_free(octi_window *w)
{
    free(w->text);
    free(w->scan.ends ? w->scan.ends - 1 : NULL);
    free(w->scan.lines);
    *w = (octi_window){0};
}

static pthread_key_t key;

static void destroy(void *window)
{
    window_free(window);
    free(window);
}

static void make_key(void)
{
    (void)pthread_key_create(&key, destroy);
}

octi_window *octi_window_mine(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_key);
    octi_window *w = pthread_getspecific(key);
    if (!w) {
        w = calloc(1, sizeof(*w));
        if (w && pthread_setspecific(key, w) != 0) {
            free(w);
            w = NULL;
        }
    }
    if (w) {
        w->size = w->scan.count = w->scan.line_count = w->scan.quotes = 0;
        w->last = false;
    }
    return w;
}

void octi_window_done(octi_window *w)
{
    if (w && w->room > USUAL)
        window_free(w);
}

/* Room for that many bytes and what is found in them; all there is remains. */
static oct_err reserve(octi_window *w, size_t size, oct_error *err)
{
    if (size <= w->room)
        return OCT_OK;
    size_t entries = size + 2 * OCTI_SCAN_ROOM;
    char *text = realloc(w->text, size + OCTI_WINDOW_PAD);
    if (text)
        w->text = text;
    uint32_t *ends = realloc(w->scan.ends ? w->scan.ends - 1 : NULL, (entries + 1) * sizeof(*ends));
    if (ends) {
        ends[0] = UINT32_MAX;
        w->scan.ends = ends + 1;
    }
    uint32_t *lines = realloc(w->scan.lines, entries * sizeof(*lines));
    if (lines)
        w->scan.lines = lines;
    if (!text || !ends || !lines)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for %zu bytes of text", size);
    w->room = size;
    return OCT_OK;
}

/* Appends up to `wanted` bytes of the file from `at`. */
static oct_err append_bytes(octi_window *w, int fd, const char *path, uint64_t at, size_t wanted,
                            oct_error *err)
{
    size_t from = w->size;
    ssize_t n = 1;
    oct_err code = reserve(w, from + wanted, err);
    if (code != OCT_OK)
        return code;
    while (w->size < from + wanted && n > 0) {
        n = pread(fd, w->text + w->size, from + wanted - w->size, (off_t)(at + (w->size - from)));
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n > 0)
            w->size += (size_t)n;
    }
    if (n < 0)
        return oct_fail(err, OCT_E_IO, "cannot read '%s': %s", path, strerror(errno));
    w->last = n == 0;
    return OCT_OK;
}

/* The same, and what is found in them. */
static oct_err append(octi_window *w, int fd, const char *path, uint64_t at, size_t wanted, char delimiter,
                      oct_error *err)
{
    size_t from = w->size;
    oct_err code = append_bytes(w, fd, path, at, wanted, err);
    if (code == OCT_OK)
        octi_scan_run(&w->scan, w->text, from, w->size, delimiter);
    return code;
}

/* True when a line ends at or after `from`. */
static bool ends_after(const octi_window *w, size_t from)
{
    const octi_scan *s = &w->scan;
    return s->line_count > 0 && s->ends[s->lines[s->line_count - 1]] >= from;
}

/* The last line of a file need not end in a newline: here it does. */
static void close_last_line(octi_window *w)
{
    octi_scan *s = &w->scan;
    if (w->last && w->size > 0 && !s->inside && w->text[w->size - 1] != '\n') {
        w->text[w->size] = '\n';
        s->lines[s->line_count++] = (uint32_t)s->count;
        s->ends[s->count++] = (uint32_t)w->size;
    }
}

oct_err octi_window_read(octi_window *w, const char *path, uint64_t begin, uint64_t end, bool inside,
                         char delimiter, oct_error *err)
{
    size_t size = (size_t)(end - begin);
    int fd;
    oct_err code = octi_text_open(path, &fd, NULL, err);
    if (code != OCT_OK)
        return code;
    w->scan.inside = inside;
    code = append(w, fd, path, begin, size, delimiter, err);
    for (size_t tail = TAIL; code == OCT_OK && !w->last && !ends_after(w, size - 1); tail *= 4) {
        if (tail > LONGEST_LINE)
            code = oct_fail(err, OCT_E_INVALID, "a line is longer than %d MiB: is a quote not closed?",
                            LONGEST_LINE >> 20);
        else
            code = append(w, fd, path, begin + w->size, tail, delimiter, err);
    }
    close(fd);
    if (code == OCT_OK)
        close_last_line(w);
    return code;
}

oct_err octi_window_read_lines(octi_window *w, const char *path, uint64_t begin, uint64_t end, oct_error *err)
{
    size_t size = (size_t)(end - begin);
    int fd;
    oct_err code = octi_text_open(path, &fd, NULL, err);
    if (code != OCT_OK)
        return code;
    code = append_bytes(w, fd, path, begin, size, err);
    for (size_t tail = TAIL, seen = size - 1;
         code == OCT_OK && !w->last && !memchr(w->text + seen, '\n', w->size - seen); tail *= 4) {
        seen = w->size;
        if (tail > LONGEST_LINE)
            code = oct_fail(err, OCT_E_INVALID, "a line is longer than %d MiB", LONGEST_LINE >> 20);
        else
            code = append_bytes(w, fd, path, begin + w->size, tail, err);
    }
    close(fd);
    if (code == OCT_OK && w->size > 0 && w->text[w->size - 1] != '\n')
        w->text[w->size++] = '\n'; /* the last line of a file, or bytes past the lines that are wanted */
    return code;
}
