#include <stdlib.h>
#include <string.h>

#include "runtime/io/csv.h"
#include "runtime/io/jsonl.h"
#include "runtime/io/number.h"
#include "runtime/io/unpack.h"

void octi_format_deinit(octi_format *format)
{
    octi_batch_deinit(&format->schema);
    free(format->field_of);
    *format = (octi_format){0};
}

oct_err octi_format_add(octi_format *format, const char *name, oct_column_type type, uint32_t field,
                        oct_error *err)
{
    octi_column column;
    int found = octi_batch_find(&format->schema, name);
    size_t at = found < 0 ? format->schema.count : (size_t)found;
    uint32_t *fields = realloc(format->field_of, (format->schema.count + 1) * sizeof(*fields));
    if (!fields)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for column '%s'", name);
    format->field_of = fields;
    fields[at] = field;
    oct_err code = octi_column_init(&column, type, 0, 0, err);
    return code != OCT_OK ? code : octi_batch_take(&format->schema, name, &column, err);
}

/* Cuts "name type" in two; the number of the type, or -1. */
static int cut_type(char *item)
{
    char *word = strrchr(item, ' ');
    int type = word ? OCT_TIMESTAMP : -1;
    while (type >= 0 && strcmp(octi_type_name((oct_column_type)type), word + 1) != 0)
        type--;
    if (type < 0)
        return type;
    while (word > item && word[-1] == ' ')
        word--;
    *word = '\0';
    return type;
}

static oct_err set_type(octi_format *format, char *item, oct_error *err)
{
    size_t size = strlen(item);
    while (size > 0 && item[size - 1] == ' ')
        item[--size] = '\0';
    int type = cut_type(item);
    if (type < 0) {
        oct_fail(err, OCT_E_INVALID, "'%s' is not a column and a type", item);
        return oct_hint(err,
                        "write for example 'fare double'; of int64, double, bool, string, date, timestamp");
    }
    int found = octi_batch_find(&format->schema, item);
    if (found < 0 && format->kind == OCTI_CSV)
        return oct_fail(err, OCT_E_NOTFOUND, "a type is given for '%s', but there is no such column", item);
    return octi_format_add(format, item, (oct_column_type)type, found < 0 ? 0 : format->field_of[found], err);
}

oct_err octi_format_set_types(octi_format *format, const char *types, oct_error *err)
{
    char *copy = strdup(types), *save = NULL;
    oct_err code = copy ? OCT_OK : oct_fail(err, OCT_E_NOMEM, "out of memory for the types");
    for (char *item = copy ? strtok_r(copy, ",", &save) : NULL; item && code == OCT_OK;
         item = strtok_r(NULL, ",", &save))
        code = set_type(format, item + strspn(item, " "), err);
    free(copy);
    return code;
}

oct_err octi_format_narrow(const octi_format *format, char *const *wanted, size_t count, octi_format *out,
                           oct_error *err)
{
    const octi_batch *schema = &format->schema;
    octi_format made = {
        .kind = format->kind, .skip = format->skip, .delimiter = format->delimiter, .fields = format->fields};
    oct_err code = OCT_OK;
    for (size_t i = 0; code == OCT_OK && i < schema->count; i++)
        for (size_t w = 0; code == OCT_OK && w < count; w++)
            if (strcmp(wanted[w], schema->names[i]) == 0) {
                code = octi_format_add(&made, wanted[w], schema->columns[i].type, format->field_of[i], err);
                break;
            }
    if (code != OCT_OK)
        octi_format_deinit(&made);
    else
        *out = made;
    return code;
}

oct_err octi_format_read(const octi_format *format, const octi_text_range *range, octi_batch *out,
                         octi_text_stats *stats, oct_error *err)
{
    return format->kind == OCTI_CSV ? octi_csv_read(format, range, out, stats, err)
                                    : octi_jsonl_read(format, range, out, stats, err);
}

bool octi_parse_value(octi_column *column, size_t row, const char *text, size_t size)
{
    switch (column->type) {
    case OCT_INT64:
        return octi_parse_short_int64(text, size, &column->ints[row]) ||
               octi_parse_int64(text, size, &column->ints[row]);
    case OCT_DOUBLE:
        return octi_parse_short_double(text, size, &column->doubles[row]) ||
               octi_parse_double(text, size, &column->doubles[row]);
    case OCT_BOOL:
        return octi_parse_bool(text, size, &column->bools[row]);
    case OCT_DATE:
        return octi_parse_date(text, size, &column->ints[row]);
    case OCT_TIMESTAMP:
        return octi_parse_timestamp(text, size, &column->ints[row]);
    case OCT_STRING:
        break;
    }
    return true;
}

uint64_t octi_text_line(const char *path, uint64_t offset)
{
    FILE *file;
    if (octi_text_stream(path, &file, NULL) != OCT_OK)
        return 0;
    char block[16384];
    uint64_t line = 1, at = 0;
    for (size_t n; at < offset && (n = fread(block, 1, sizeof(block), file)) > 0; at += n)
        for (size_t i = 0; i < n && at + i < offset; i++)
            line += block[i] == '\n';
    fclose(file);
    return line;
}
