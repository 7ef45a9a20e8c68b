/* The header of a file, and the types of its columns. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/io/csv.h"
#include "runtime/io/number.h"
#include "runtime/io/unpack.h"
#include "runtime/io/window.h"

enum { SAMPLE = 1 << 20 };

/* The narrowest type that all of a column's values in the sample have. */
static oct_column_type infer(const octi_batch *sample, size_t which)
{
    static const oct_column_type order[] = {OCT_INT64, OCT_DOUBLE, OCT_BOOL, OCT_DATE, OCT_TIMESTAMP};
    const octi_column *column = &sample->columns[which];
    for (size_t t = 0; t < sizeof(order) / sizeof(order[0]); t++) {
        size_t row = 0, seen = 0;
        int64_t whole;
        double real;
        uint8_t truth;
        for (; row < sample->rows; row++) {
            const char *text = column->text + column->offsets[row];
            size_t size = (size_t)(column->offsets[row + 1] - column->offsets[row]);
            if (!octi_is_valid(column, row))
                continue;
            seen++;
            bool fits = order[t] == OCT_INT64    ? octi_parse_int64(text, size, &whole)
                        : order[t] == OCT_DOUBLE ? octi_parse_double(text, size, &real)
                        : order[t] == OCT_BOOL   ? octi_parse_bool(text, size, &truth)
                        : order[t] == OCT_DATE   ? octi_parse_date(text, size, &whole)
                                                 : octi_parse_timestamp(text, size, &whole);
            if (!fits)
                break;
        }
        if (row == sample->rows && seen > 0)
            return order[t];
    }
    return OCT_STRING;
}

/* The sample as strings; a malformed line does not matter before its turn. */
static oct_err infer_all(const char *path, octi_format *csv, uint64_t body, oct_error *err)
{
    octi_text_stats stats;
    octi_batch sample = {0};
    bool skip = csv->skip;
    csv->skip = true;
    octi_text_range range = {.path = path, .begin = body, .end = body + SAMPLE, .first = true};
    oct_err code = octi_csv_read(csv, &range, &sample, &stats, err);
    csv->skip = skip;
    if (code == OCT_E_INVALID)
        oct_prefix(err, "'%s', line %llu", path, (unsigned long long)octi_text_line(path, stats.bad_at));
    for (size_t i = 0; code == OCT_OK && i < csv->schema.count; i++)
        code = octi_format_add(csv, csv->schema.names[i], infer(&sample, i), csv->field_of[i], err);
    octi_batch_deinit(&sample);
    return code;
}

/* A header is a line of strings: it is read as one of a file with as many columns, "1", "2", ... */
static oct_err read_names(const char *path, const char *line, size_t size, octi_format *csv, oct_error *err)
{
    bool inside = false;
    csv->fields = 1;
    for (size_t i = 0; i < size; i++) {
        inside ^= line[i] == '"';
        csv->fields += !inside && line[i] == csv->delimiter;
    }
    char name[32];
    octi_format header = {.delimiter = csv->delimiter, .fields = csv->fields};
    oct_err code = OCT_OK;
    for (uint32_t i = 0; code == OCT_OK && i < csv->fields; i++) {
        snprintf(name, sizeof(name), "%u", i);
        code = octi_format_add(&header, name, OCT_STRING, i, err);
    }
    octi_batch names = {0};
    octi_text_stats stats;
    octi_text_range range = {.path = path, .begin = 0, .end = 1, .first = true};
    if (code == OCT_OK)
        code = octi_csv_read(&header, &range, &names, &stats, err);
    for (uint32_t i = 0; code == OCT_OK && i < csv->fields; i++) {
        const octi_column *column = &names.columns[i];
        size_t bom =
            i == 0 && column->offsets[1] >= 3 && memcmp(column->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
        char *text = names.rows ? strndup(column->text + bom, (size_t)column->offsets[1] - bom) : NULL;
        if (!text || !*text)
            code = oct_fail(err, OCT_E_INVALID, "'%s': column %u has no name in the header", path, i + 1);
        else if (octi_batch_find(&csv->schema, text) >= 0)
            code = oct_fail(err, OCT_E_INVALID, "'%s': two columns are called '%s'", path, text);
        else
            code = octi_format_add(csv, text, OCT_STRING, i, err);
        free(text);
    }
    octi_batch_deinit(&names);
    octi_format_deinit(&header);
    return code;
}

static oct_err read_header(const char *path, octi_format *csv, uint64_t *body, oct_error *err)
{
    FILE *file;
    char *line = NULL;
    size_t capacity = 0;
    oct_err code = octi_text_stream(path, &file, err);
    if (code != OCT_OK)
        return code;
    errno = 0; /* of a folder, say */
    ssize_t size = getline(&line, &capacity, file);
    if (size < 0 && errno != 0)
        code = oct_fail(err, OCT_E_IO, "cannot read '%s': %s", path, strerror(errno));
    else if (size <= 0)
        code = oct_fail(err, OCT_E_INVALID, "'%s' is empty, expected a header line", path);
    else if (memchr(line, '\0', (size_t)size))
        code = oct_hint((oct_fail(err, OCT_E_UNSUPPORTED, "'%s' is not text", path), err),
                        "files that gzip or zstd packed are read as they are; unpack others first");
    else
        code = read_names(path, line, (size_t)size, csv, err);
    fclose(file);
    *body = (uint64_t)size;
    free(line);
    return code;
}

oct_err octi_csv_open(const char *path, const oct_csv_options *options, octi_format *out, uint64_t *body,
                      oct_error *err)
{
    octi_format made = {.delimiter = options && options->delimiter ? options->delimiter : ',',
                        .skip = options && options->skip_malformed};
    if (strchr("\"\r\n", made.delimiter))
        return oct_fail(err, OCT_E_INVALID, "a quote or the end of a line cannot be the delimiter");
    oct_err code = read_header(path, &made, body, err);
    if (code == OCT_OK)
        code = infer_all(path, &made, *body, err);
    if (code != OCT_OK)
        octi_format_deinit(&made);
    else
        *out = made;
    return code;
}

oct_err octi_csv_check(const octi_format *csv, const char *path, uint64_t *body, oct_error *err)
{
    octi_format other = {.delimiter = csv->delimiter};
    oct_err code = read_header(path, &other, body, err);
    for (size_t i = 0; code == OCT_OK && i < other.schema.count; i++)
        if (i >= csv->schema.count || strcmp(other.schema.names[i], csv->schema.names[i]) != 0)
            code =
                oct_fail(err, OCT_E_INVALID, "'%s' has a column '%.80s' where the first file has '%.80s'",
                         path, other.schema.names[i], i < csv->schema.count ? csv->schema.names[i] : "none");
    if (code == OCT_OK && other.schema.count < csv->schema.count)
        code = oct_fail(err, OCT_E_INVALID, "'%s' lacks the column '%.80s' of the first file", path,
                        csv->schema.names[other.schema.count]);
    octi_format_deinit(&other);
    return code;
}
