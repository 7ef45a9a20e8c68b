#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/io/csv.h"
#include "runtime/io/number.h"
#include "runtime/io/unpack.h"
#include "runtime/io/window.h"

typedef octi_window window;

/* A field's text: false where there is none, a null. */
static inline bool find_field(const window *w, size_t end, const char **text, size_t *size)
{
    *text = octi_window_field(w, end, size);
    if (*size > 0 && (*text)[*size] == '\n' && (*text)[*size - 1] == '\r')
        --*size;
    return *size > 0;
}

/* Takes the quotes off, into `to` (as long as the text): false where one stands alone. */
static bool unquote(const char *text, size_t size, char *to, size_t *length)
{
    if (size < 2 || text[size - 1] != '"')
        return false;
    size_t n = 0;
    for (size_t i = 1; i < size - 1; i++) {
        if (text[i] == '"' && (++i == size - 1 || text[i] != '"'))
            return false;
        to[n++] = text[i];
    }
    *length = n;
    return true;
}

static bool parse_string(const window *w, const char *text, size_t size, octi_column *column, size_t row)
{
    char *to = column->text + column->offsets[row];
    size_t length = size;
    bool good = true;
    if (size > 0 && text[0] == '"')
        good = unquote(text, size, to, &length);
    else if (w->scan.quotes > 0 && memchr(text, '"', size))
        good = false;
    else
        memcpy(to, text, size);
    column->offsets[row + 1] = column->offsets[row] + (int32_t)(good ? length : 0);
    return good;
}

/* A quoted number: it has no quotes inside, so the ends are enough. */
static bool parse_plain(const char *text, size_t size, octi_column *column, size_t row)
{
    if (size >= 2 && text[0] == '"' && text[size - 1] == '"')
        return octi_parse_value(column, row, text + 1, size - 2);
    return octi_parse_value(column, row, text, size);
}

/* The lines that were found: where each begins among the ends of fields. */
typedef struct lines {
    uint32_t *at;
    size_t count;
    uint8_t *bad; /* NULL until one is */
    size_t dropped;
} lines;

static oct_err malformed(const octi_format *csv, const window *w, size_t end, octi_text_stats *stats,
                         uint64_t begin)
{
    if (csv->skip)
        return OCT_OK;
    stats->bad_at = begin + (uint32_t)(w->scan.ends[(ptrdiff_t)end - 1] + 1);
    return OCT_E_INVALID;
}

static oct_err find_lines(const octi_format *csv, const window *w, const octi_text_range *range, lines *found,
                          octi_text_stats *stats, oct_error *err)
{
    const octi_scan *scan = &w->scan;
    size_t size = (size_t)(range->end - range->begin), rest = 0;
    for (size_t i = 0; i < scan->line_count; i++) {
        size_t first = i > 0 ? scan->lines[i - 1] + 1 : 0, fields = scan->lines[i] - first + 1;
        uint32_t start = scan->ends[(ptrdiff_t)first - 1] + 1;
        const char *text;
        size_t length;
        rest = scan->ends[scan->lines[i]] + 1;
        if (start >= size)
            break;
        if (i == 0 && !range->first)
            continue; /* it belongs to the range before */
        if (fields == csv->fields && (fields > 1 || find_field(w, first, &text, &length))) {
            found->at[found->count++] = (uint32_t)first;
        } else if (fields > 1 || find_field(w, first, &text, &length)) { /* not an empty line */
            if (malformed(csv, w, first, stats, range->begin) != OCT_OK)
                return oct_fail(err, OCT_E_INVALID, "%zu fields, expected %u", fields, csv->fields);
            found->dropped++;
        }
    }
    if (w->last && scan->inside && rest < size) {
        stats->bad_at = range->begin + rest;
        return oct_fail(err, OCT_E_INVALID, "a quote is not closed before the file ends");
    }
    return OCT_OK;
}

static oct_err mark_bad(const octi_format *csv, const window *w, lines *found, size_t row, size_t which,
                        octi_text_stats *stats, uint64_t begin, oct_error *err)
{
    const octi_column *column = &csv->schema.columns[which];
    const char *text;
    size_t size;
    find_field(w, found->at[row] + csv->field_of[which], &text, &size);
    if (malformed(csv, w, found->at[row], stats, begin) != OCT_OK) {
        oct_fail(err, OCT_E_INVALID, "column '%s' has '%.*s', expected %s %s", csv->schema.names[which],
                 (int)(size < 40 ? size : 40), text, column->type == OCT_INT64 ? "an" : "a",
                 column->type == OCT_STRING ? "string with its quotes doubled"
                                            : octi_type_name(column->type));
        return oct_hint(err, "give the column another type, or skip malformed lines (oct_csv_options)");
    }
    if (!found->bad && !(found->bad = calloc(found->count, 1)))
        return oct_fail(err, OCT_E_NOMEM, "out of memory for %zu lines", found->count);
    found->dropped += !found->bad[row];
    found->bad[row] = 1;
    return OCT_OK;
}

static oct_err read_column(const octi_format *csv, const window *w, lines *found, size_t which,
                           octi_text_stats *stats, uint64_t begin, octi_column *out, oct_error *err)
{
    octi_column column;
    oct_err code = octi_column_init(&column, csv->schema.columns[which].type, found->count, w->size, err);
    for (size_t row = 0; code == OCT_OK && row < found->count; row++) {
        const char *text;
        size_t size;
        bool good = true;
        if (!find_field(w, found->at[row] + csv->field_of[which], &text, &size)) {
            if (!column.valid)
                code = octi_column_add_bitmap(&column, found->count, err);
            if (code == OCT_OK)
                octi_set_null(&column, row);
            if (column.type == OCT_STRING)
                column.offsets[row + 1] = column.offsets[row];
            else if (column.type == OCT_BOOL)
                column.bools[row] = 0;
            else
                column.ints[row] = 0;
        } else {
            good = column.type == OCT_STRING ? parse_string(w, text, size, &column, row)
                                             : parse_plain(text, size, &column, row);
        }
        if (!good)
            code = mark_bad(csv, w, found, row, which, stats, begin, err);
    }
    if (code != OCT_OK)
        octi_column_deinit(&column);
    else
        *out = column;
    return code;
}

/* Drops the lines that were marked. */
static oct_err keep_good(const lines *found, octi_batch *batch, oct_error *err)
{
    size_t kept = 0;
    octi_batch good;
    for (size_t row = 0; row < found->count; row++)
        if (!found->bad[row])
            found->at[kept++] = (uint32_t)row;
    oct_err code = octi_batch_gather(batch, found->at, kept, &good, err);
    if (code == OCT_OK) {
        octi_batch_deinit(batch);
        *batch = good;
    }
    return code;
}

/* Whether a line begins at the range's begin, by the byte before. */
static oct_err begins_line(const octi_text_range *range, bool *begins, oct_error *err)
{
    char before = '\n';
    *begins = true;
    if (range->first)
        return OCT_OK;
    int fd;
    oct_err code = octi_text_open(range->path, &fd, NULL, err);
    if (code != OCT_OK)
        return code;
    ssize_t n = pread(fd, &before, 1, (off_t)range->begin - 1);
    close(fd);
    *begins = n == 1 && before == '\n' && !range->inside;
    return OCT_OK;
}

static oct_err read_lines(const octi_format *csv, const window *w, const octi_text_range *range,
                          octi_batch *batch, octi_text_stats *stats, oct_error *err)
{
    lines found = {.at = malloc((w->scan.line_count + 1) * sizeof(*found.at))};
    oct_err code = found.at ? find_lines(csv, w, range, &found, stats, err)
                            : oct_fail(err, OCT_E_NOMEM, "out of memory to read '%s'", range->path);
    batch->rows = found.count;
    for (size_t i = 0; code == OCT_OK && i < csv->schema.count; i++) {
        octi_column column;
        code = read_column(csv, w, &found, i, stats, range->begin, &column, err);
        if (code == OCT_OK)
            code = octi_batch_take(batch, csv->schema.names[i], &column, err);
    }
    if (code == OCT_OK && found.bad)
        code = keep_good(&found, batch, err);
    stats->skipped = found.dropped;
    free(found.at);
    free(found.bad);
    return code;
}

oct_err octi_csv_read(const octi_format *csv, const octi_text_range *range, octi_batch *out,
                      octi_text_stats *stats, oct_error *err)
{
    octi_batch batch = {0};
    octi_text_range exact = *range;
    window *w = octi_window_mine();
    *stats = (octi_text_stats){.bad_at = range->begin};
    if (!w)
        return oct_fail(err, OCT_E_NOMEM, "out of memory to read '%s'", range->path);
    oct_err code = begins_line(range, &exact.first, err);
    if (code == OCT_OK)
        code = octi_window_read(w, range->path, range->begin, range->end, range->inside, csv->delimiter, err);
    if (w->scan.quotes > 0) {
        size_t size = (size_t)(range->end - range->begin);
        stats->quotes = octi_scan_count(w->text, w->size < size ? w->size : size, '"');
    }
    if (code == OCT_OK)
        code = read_lines(csv, w, &exact, &batch, stats, err);
    octi_window_done(w);
    if (code != OCT_OK)
        octi_batch_deinit(&batch);
    else
        *out = batch;
    return code;
}
