/* Frames and plans as text. */
#include <stdlib.h>
#include <string.h>

#include "runtime/exec/failure.h"
#include "runtime/frame/frame.h"
#include "runtime/io/number.h"

enum { MOST_ROWS = 20, CELL = 40 };

/* Text with control bytes as '?', cut at a character's beginning. */
static void print_text(char to[CELL], const char *text, size_t size)
{
    size_t n = size < CELL - 4 ? size : CELL - 4;
    while (n > 0 && n < size && ((unsigned char)text[n] & 0xc0) == 0x80)
        n--;
    for (size_t i = 0; i < n; i++)
        to[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? '?' : text[i];
    strcpy(to + n, n < size ? "..." : "");
}

static void print_cell(char to[CELL], const octi_column *column, size_t row)
{
    if (!octi_is_valid(column, row))
        strcpy(to, "null");
    else if (column->type == OCT_STRING)
        print_text(to, column->text + column->offsets[row],
                   (size_t)(column->offsets[row + 1] - column->offsets[row]));
    else if (column->type == OCT_DOUBLE)
        snprintf(to, CELL, "%.7g", column->doubles[row]);
    else if (column->type == OCT_BOOL)
        strcpy(to, column->bools[row] ? "true" : "false");
    else if (column->type == OCT_INT64)
        snprintf(to, CELL, "%lld", (long long)column->ints[row]);
    else
        octi_format_time(to, CELL, column->type == OCT_DATE, column->ints[row]);
}

/* Characters, not bytes: continuation bytes have no width. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void pad(FILE *to, const char *text, int width, bool left)
{
    int space = width > width_of(text) ? width - width_of(text) : 0;
    if (left)
        fprintf(to, "%s%*s", text, space, "");
    else
        fprintf(to, "%*s%s", space, "", text);
}

/* The rows that are shown: the first and the last. */
static size_t shown(size_t rows, size_t i)
{
    return rows <= MOST_ROWS || i < MOST_ROWS / 2 ? i : rows - MOST_ROWS + i;
}

static oct_err print_batch(const octi_batch *batch, FILE *to, oct_error *err)
{
    size_t count = batch->rows < MOST_ROWS ? batch->rows : MOST_ROWS;
    int *width = calloc(batch->count + 1, sizeof(*width));
    char cell[CELL];
    if (!width)
        return oct_fail(err, OCT_E_NOMEM, "out of memory to print");
    for (size_t c = 0; c < batch->count; c++) {
        width[c] = width_of(batch->names[c]);
        for (size_t i = 0; i < count; i++) {
            print_cell(cell, &batch->columns[c], shown(batch->rows, i));
            width[c] = width_of(cell) > width[c] ? width_of(cell) : width[c];
        }
    }
    for (size_t i = 0; i <= count; i++) {
        if (i == MOST_ROWS / 2 + 1 && batch->rows > MOST_ROWS)
            fprintf(to, "... %zu more\n", batch->rows - MOST_ROWS);
        for (size_t c = 0; c < batch->count; c++) {
            if (i > 0)
                print_cell(cell, &batch->columns[c], shown(batch->rows, i - 1));
            fputs(c ? "  " : "", to);
            pad(to, i ? cell : batch->names[c], width[c], batch->columns[c].type == OCT_STRING);
        }
        fputc('\n', to);
    }
    fprintf(to, "%zu row%s\n", batch->rows, batch->rows == 1 ? "" : "s");
    free(width);
    return ferror(to) ? oct_fail(err, OCT_E_IO, "cannot write the table") : OCT_OK;
}

oct_err oct_frame_print(oct_frame *frame, FILE *to)
{
    oct_error *err = octi_last_error();
    if (frame && frame->kind == OCTI_FRAME_TABLE)
        return print_batch(&frame->table, to, err);
    oct_frame *table = oct_frame_compute(frame);
    if (!table)
        return err->code;
    oct_err code = print_batch(&table->table, to, err);
    if (code == OCT_OK && table->skipped > 0)
        fprintf(to, "%zu malformed lines were skipped\n", table->skipped);
    oct_frame_destroy(table);
    return code;
}

static void explain_table(const oct_frame *source, const octi_stage *stage, FILE *to)
{
    size_t needed = 0;
    for (size_t c = 0; c < source->table.count; c++)
        needed += octi_stage_needs(stage, source->table.names[c]);
    fprintf(to, "a table of %zu rows, %zu of %zu columns\n", source->table.rows, needed, source->table.count);
}

static void explain_source(const oct_frame *source, const octi_stage *stage, FILE *to)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < source->file_count; i++)
        bytes += source->files[i].size;
    fprintf(to, "read %zu file%s, %llu bytes, in chunks of 1 MiB; %zu of %zu columns:", source->file_count,
            source->file_count == 1 ? "" : "s", (unsigned long long)bytes, stage->format.schema.count,
            source->format.schema.count);
    for (size_t i = 0; i < stage->format.schema.count; i++)
        fprintf(to, " %s", stage->format.schema.names[i]);
    fputc('\n', to);
}

static void explain_step(const octi_step *step, FILE *to)
{
    static const char *const words[] = {"where", "assign", "select", "join on", "windows of"};
    const char *sign = step->kind == OCTI_ROLLING ? ": " : " = ";
    fprintf(to, "  %s %s%s%s\n", words[step->kind], step->name ? step->name : "", step->name ? sign : "",
            step->text);
}

static void explain_reduce(const octi_reduce *reduce, FILE *to)
{
    unsigned long long limit = reduce->limit;
    switch (reduce->kind) {
    case OCTI_COLLECT:
        if (reduce->limit != UINT64_MAX)
            fprintf(to, "  the first %llu rows, then stop\n", limit);
        return;
    case OCTI_GROUP:
        fprintf(to, "  group each chunk by %s: %s\n", reduce->keys, reduce->aggregates);
        break;
    case OCTI_DISTINCT:
        fprintf(to, "  the distinct rows of each chunk by %s\n", reduce->keys ? reduce->keys : "all columns");
        break;
    case OCTI_TOP:
        fprintf(to, "  the first %llu rows of each chunk by %s\n", limit, reduce->keys);
        break;
    case OCTI_CORRELATE:
        fprintf(to, "  correlate the rows of each chunk: %s\n", reduce->keys);
        break;
    case OCTI_LAST:
        fprintf(to, "  the last %llu rows of each chunk\n", limit);
        break;
    }
    fprintf(to, "merge in the order of the chunks, in the program\n");
}

static oct_err explain(const oct_frame *frame, FILE *to, oct_error *err);

/* What is computed as a whole, in the program, of one or two frames. */
static oct_err explain_whole(const oct_frame *frame, FILE *to, oct_error *err)
{
    oct_err code = explain(frame->from, to, err);
    if (code == OCT_OK && frame->kind == OCTI_FRAME_CONCAT)
        code = explain(frame->other, to, err);
    if (frame->kind == OCTI_FRAME_SORT)
        fprintf(to, "sort by %s, in the program\n", frame->reduce.keys);
    else if (frame->kind == OCTI_FRAME_RESAMPLE)
        fprintf(to, "each %s from the first to the last\n", frame->reduce.keys);
    else
        fprintf(to, frame->kind == OCTI_FRAME_CONCAT ? "both under each other\n" : "a row a column\n");
    return code;
}

static oct_err explain(const oct_frame *frame, FILE *to, oct_error *err)
{
    octi_stage stage;
    const oct_frame *source;
    if (frame->kind == OCTI_FRAME_SORT || frame->kind == OCTI_FRAME_CONCAT ||
        frame->kind == OCTI_FRAME_DESCRIBE || frame->kind == OCTI_FRAME_RESAMPLE)
        return explain_whole(frame, to, err);
    oct_err code = octi_frame_plan(frame, &stage, &source, err);
    if (code != OCT_OK)
        return code;
    const oct_frame *at = frame;
    for (; code == OCT_OK && at != source; at = at->from)
        if (at->kind == OCTI_FRAME_STEP && at->other && (code = explain(at->other, to, err)) == OCT_OK)
            fprintf(to, "hash by %s and send to all workers\n", at->step.text);
    if (source->kind == OCTI_FRAME_FILES && !octi_stage_rolls(&stage))
        explain_source(source, &stage, to);
    else if (source->kind == OCTI_FRAME_TABLE)
        explain_table(source, &stage, to);
    else if (code == OCT_OK)
        code = explain(source, to, err);
    for (size_t i = 0; i < stage.count; i++)
        explain_step(&stage.steps[i], to);
    explain_reduce(&stage.reduce, to);
    octi_stage_deinit(&stage);
    return code;
}

oct_err oct_frame_explain(oct_frame *frame, FILE *to)
{
    oct_error *err = octi_last_error();
    if (!frame)
        return err->code != OCT_OK ? err->code : oct_fail(err, OCT_E_INVALID, "there is no frame");
    return explain(frame, to, err);
}
