#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/io/json.h"
#include "runtime/io/jsonl.h"
#include "runtime/io/lines.h"
#include "runtime/io/number.h"

/* A column while rows are added to it. */
typedef struct filling {
    octi_column column;
    size_t room;      /* of a string column's text */
    const char *name; /* the schema's */
    size_t name_size;
    size_t set; /* the last line that has a value for it */
    bool taken; /* from the table that is read */
} filling;

typedef struct reading {
    const octi_format *format;
    filling *columns;
    size_t count;
    size_t lines; /* rows that columns have room for */
    size_t line;  /* from 1 */
    size_t row;
    octi_json *json;
} reading;

static oct_err make_null(filling *to, size_t row, size_t rows, oct_error *err)
{
    octi_column *column = &to->column;
    if (!column->valid) {
        oct_err code = octi_column_add_bitmap(column, rows, err);
        if (code != OCT_OK)
            return code;
    }
    octi_set_null(column, row);
    if (column->type == OCT_STRING)
        column->offsets[row + 1] = column->offsets[row];
    else if (column->type == OCT_BOOL)
        column->bools[row] = 0;
    else
        column->ints[row] = 0;
    return OCT_OK;
}

/* A row's text; one that was there before is replaced. */
static oct_err put_text(filling *to, size_t row, const char *text, size_t size, oct_error *err)
{
    octi_column *column = &to->column;
    size_t at = (size_t)column->offsets[row];
    if (at + size > INT32_MAX)
        return oct_fail(err, OCT_E_EXHAUSTED, "a column of strings is limited to 2 GiB");
    if (at + size > to->room) {
        size_t room = 2 * (at + size);
        char *larger = realloc(column->text, room);
        if (!larger)
            return oct_fail(err, OCT_E_NOMEM, "out of memory for %zu bytes of text", room);
        column->text = larger;
        to->room = room;
    }
    memcpy(column->text + at, text, size);
    column->offsets[row + 1] = (int32_t)(at + size);
    return OCT_OK;
}

/* What a value that is no text looks like as one. */
static int print_value(const octi_json_value *value, char *to, size_t size)
{
    if (value->kind == OCTI_JSON_BOOL)
        return snprintf(to, size, "%s", value->whole ? "true" : "false");
    if (value->kind == OCTI_JSON_WHOLE)
        return snprintf(to, size, "%lld", (long long)value->whole);
    if (value->kind == OCTI_JSON_REAL)
        return octi_format_double(to, size, value->real);
    return snprintf(to, size, "%s", value->kind == OCTI_JSON_NESTED ? "an object or array" : "null");
}

/* A real is whole where nothing was lost when it was read, up to 2^53. */
static bool put_whole(octi_column *column, size_t row, const octi_json_value *value)
{
    if (value->kind == OCTI_JSON_REAL && (rint(value->real) != value->real || fabs(value->real) > 0x1p53))
        return false;
    column->ints[row] = value->kind == OCTI_JSON_REAL ? (int64_t)value->real : value->whole;
    return true;
}

/* Text as a value; it is copied where it is so short that more of it is read than there is. */
static bool put_parsed(octi_column *column, size_t row, const char *text, size_t size)
{
    char padded[8] = {0};
    if (size < sizeof(padded))
        text = memcpy(padded, text, size);
    return octi_parse_value(column, row, text, size);
}

/* False where the value is of another type than the column. */
static bool put_value(octi_column *column, size_t row, const octi_json_value *value)
{
    if (value->kind == OCTI_JSON_TEXT)
        return put_parsed(column, row, value->text, value->size);
    bool number = value->kind == OCTI_JSON_WHOLE || value->kind == OCTI_JSON_REAL;
    if (column->type == OCT_INT64 && number)
        return put_whole(column, row, value);
    if (column->type == OCT_DOUBLE && number)
        column->doubles[row] = value->kind == OCTI_JSON_REAL ? value->real : (double)value->whole;
    else if (column->type == OCT_BOOL && value->kind == OCTI_JSON_BOOL)
        column->bools[row] = value->whole != 0;
    else
        return false;
    return true;
}

static oct_err mismatch(const filling *to, const octi_json_value *value, oct_error *err)
{
    char text[64];
    oct_column_type type = to->column.type;
    if (value->kind == OCTI_JSON_TEXT)
        snprintf(text, sizeof(text), "%.*s", (int)(value->size < 40 ? value->size : 40), value->text);
    else
        print_value(value, text, sizeof(text));
    oct_fail(err, OCT_E_INVALID, "column '%.80s' has '%s', expected %s %s", to->name, text,
             type == OCT_INT64 ? "an" : "a", octi_type_name(type));
    return oct_hint(err, "give the column another type, or skip malformed lines (oct_jsonl_options)");
}

static oct_err put(reading *r, filling *to, const octi_json_value *value, oct_error *err)
{
    char text[40];
    to->set = r->line;
    if (value->kind == OCTI_JSON_NULL)
        return make_null(to, r->row, r->lines, err);
    if (to->column.valid) /* the null of a line that was skipped, or of a name that comes twice */
        octi_set_valid(&to->column, r->row);
    if (to->column.type != OCT_STRING)
        return put_value(&to->column, r->row, value) ? OCT_OK : mismatch(to, value, err);
    if (value->kind == OCTI_JSON_TEXT)
        return put_text(to, r->row, value->text, value->size, err);
    if (value->kind == OCTI_JSON_NESTED)
        return mismatch(to, value, err);
    int size = print_value(value, text, sizeof(text));
    return put_text(to, r->row, text, (size_t)size, err);
}

static bool is_called(const filling *column, const char *name, size_t size)
{
    return column->name_size == size && memcmp(column->name, name, size) == 0;
}

/* Lines mostly have the same members in the same order: the column after the last one comes first. */
static filling *find(reading *r, size_t *at, const char *name, size_t size)
{
    if (*at < r->count && is_called(&r->columns[*at], name, size))
        return &r->columns[(*at)++];
    for (size_t i = 0; i < r->count; i++)
        if (is_called(&r->columns[i], name, size)) {
            *at = i + 1;
            return &r->columns[i];
        }
    return NULL;
}

/* The members of the object that is read, as a row. */
static oct_err read_members(reading *r, oct_error *err)
{
    const char *name;
    size_t name_size, at = 0;
    octi_json_value value;
    oct_err code = OCT_OK;
    while (code == OCT_OK && octi_json_next(r->json, &name, &name_size, &value)) {
        filling *to = find(r, &at, name, name_size);
        if (to)
            code = put(r, to, &value, err);
    }
    for (size_t i = 0; code == OCT_OK && i < r->count; i++)
        if (r->columns[i].set != r->line)
            code = make_null(&r->columns[i], r->row, r->lines, err);
    return code;
}

/* Lines that are read at once: what is made of them fits a cache. */
enum { BLOCK_LINES = 512, BLOCK_BYTES = 8 << 10 };

typedef struct block {
    octi_json_text lines[BLOCK_LINES];
    size_t count, bytes;
} block;

static bool next_block(octi_lines *lines, block *b)
{
    b->count = b->bytes = 0;
    while (b->count < BLOCK_LINES && b->bytes < BLOCK_BYTES) {
        octi_json_text *line = &b->lines[b->count];
        if (!octi_lines_next(lines, &line->text, &line->size))
            break;
        b->bytes += line->size;
        b->count++;
    }
    return b->count > 0;
}

static void make_valid(octi_column *column, size_t row, size_t rows)
{
    for (size_t i = row; column->valid && i < row + rows; i++)
        octi_set_valid(column, i);
}

static bool take_texts(reading *r, filling *to, size_t source, size_t rows)
{
    octi_json_text texts[BLOCK_LINES];
    bool taken = octi_json_take_texts(r->json, source, texts);
    for (size_t i = 0; taken && i < rows; i++)
        taken = to->column.type == OCT_STRING
                    ? put_text(to, r->row + i, texts[i].text, texts[i].size, NULL) == OCT_OK
                    : put_parsed(&to->column, r->row + i, texts[i].text, texts[i].size);
    return taken;
}

static bool take_column(reading *r, filling *to, size_t source, size_t rows)
{
    octi_column *column = &to->column;
    make_valid(column, r->row, rows);
    switch (column->type) {
    case OCT_DOUBLE:
        return octi_json_take_doubles(r->json, source, column->doubles + r->row);
    case OCT_INT64:
        return octi_json_take_int64s(r->json, source, column->ints + r->row);
    case OCT_BOOL:
        return octi_json_take_bools(r->json, source, column->bools + r->row);
    case OCT_STRING:
    case OCT_DATE:
    case OCT_TIMESTAMP:
        return take_texts(r, to, source, rows);
    }
    return false;
}

/* One of the table's columns that is one of ours, and no second one of that name. */
static bool take_named(reading *r, size_t source, size_t rows, size_t *at, size_t *found)
{
    size_t size;
    const char *name = octi_json_column_name(r->json, source, &size);
    filling *to = find(r, at, name, size);
    if (!to)
        return true;
    bool is_second = to->taken;
    to->taken = true;
    ++*found;
    return !is_second && take_column(r, to, source, rows);
}

/* Objects that were read at once, column by column: most are a table, which takes half as long so. False
 * where they are none, or a value is not of its column's type: rows that were begun are then written anew. */
static bool read_table(reading *r, size_t rows)
{
    size_t found = 0, at = 0, columns = octi_json_columns(r->json);
    bool taken = columns > 0;
    for (size_t i = 0; i < r->count; i++)
        r->columns[i].taken = false;
    for (size_t i = 0; taken && i < columns; i++)
        taken = take_named(r, i, rows, &at, &found);
    if (!taken || found < r->count)
        return false;
    r->line += rows;
    r->row += rows;
    return true;
}

/* On failure *bad is the line's text. */
static oct_err read_block(reading *r, const block *b, octi_text_stats *stats, const char **bad,
                          oct_error *err)
{
    bool at_once = b->bytes <= 2 * (size_t)BLOCK_BYTES && octi_json_read_all(r->json, b->lines, b->count);
    if (at_once && read_table(r, b->count))
        return OCT_OK;
    for (size_t i = 0; i < b->count; i++) {
        oct_err code = OCT_OK;
        r->line++;
        if (at_once)
            octi_json_enter(r->json);
        else
            code = octi_json_read(r->json, b->lines[i].text, b->lines[i].size, err);
        if (code == OCT_OK)
            code = read_members(r, err);
        r->row += code == OCT_OK;
        if (code == OCT_E_INVALID && r->format->skip) {
            stats->skipped++;
        } else if (code != OCT_OK) {
            *bad = b->lines[i].text;
            return code;
        }
    }
    return OCT_OK;
}

static oct_err begin(reading *r, const octi_format *format, size_t lines, size_t bytes, oct_error *err)
{
    const octi_batch *schema = &format->schema;
    *r = (reading){.format = format, .lines = lines};
    oct_err code = octi_json_create(&r->json, err);
    if (code == OCT_OK && !(r->columns = calloc(schema->count + 1, sizeof(*r->columns))))
        code = oct_fail(err, OCT_E_NOMEM, "out of memory for %zu lines", lines);
    for (size_t i = 0; code == OCT_OK && i < schema->count; i++) {
        filling *to = &r->columns[i];
        to->room = schema->columns[i].type == OCT_STRING ? bytes / 8 + 64 : 0;
        to->name = schema->names[i];
        to->name_size = strlen(to->name);
        code = octi_column_init(&to->column, schema->columns[i].type, lines, to->room, err);
        r->count += code == OCT_OK;
    }
    return code;
}

/* The columns move into the batch. */
static oct_err finish(reading *r, octi_batch *out, oct_error *err)
{
    octi_batch made = {.rows = r->row};
    oct_err code = OCT_OK;
    for (size_t i = 0; code == OCT_OK && i < r->count; i++)
        code = octi_batch_take(&made, r->columns[i].name, &r->columns[i].column, err);
    if (code != OCT_OK)
        octi_batch_deinit(&made);
    else
        *out = made;
    return code;
}

static void end(reading *r)
{
    for (size_t i = 0; i < r->count; i++)
        octi_column_deinit(&r->columns[i].column);
    free(r->columns);
    octi_json_destroy(r->json);
}

oct_err octi_jsonl_read(const octi_format *format, const octi_text_range *range, octi_batch *out,
                        octi_text_stats *stats, oct_error *err)
{
    octi_lines lines;
    reading r = {0};
    block b;
    const char *bad;
    *stats = (octi_text_stats){.bad_at = range->begin};
    oct_err code = octi_lines_open(&lines, range, err);
    if (code == OCT_OK)
        code = begin(&r, format, octi_lines_count(&lines), lines.size, err);
    while (code == OCT_OK && next_block(&lines, &b))
        if ((code = read_block(&r, &b, stats, &bad, err)) != OCT_OK)
            stats->bad_at = octi_lines_offset(&lines, bad);
    if (code == OCT_OK)
        code = finish(&r, out, err);
    end(&r);
    octi_lines_close(&lines);
    return code;
}
