/* Frames as text files, which appear under their names when they are complete. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/exec/failure.h"
#include "runtime/frame/frame.h"
#include "runtime/io/number.h"

static void put_double(FILE *to, double value)
{
    char text[40];
    octi_format_double(text, sizeof(text), value);
    fputs(text, to);
}

static void put_time(FILE *to, const octi_column *column, size_t row)
{
    char text[64];
    octi_format_time(text, sizeof(text), column->type == OCT_DATE, column->ints[row]);
    fputs(text, to);
}

/* Quoted where it must be, and where it is empty: nothing at all is a null. */
static void put_csv_text(FILE *to, const char *text, size_t size)
{
    bool plain = size > 0 && text[0] != ' ' && text[size - 1] != ' ';
    for (size_t i = 0; plain && i < size; i++)
        plain = !strchr(",\"\r\n", text[i]) || text[i] == '\0';
    if (plain) {
        fwrite(text, 1, size, to);
        return;
    }
    fputc('"', to);
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '"')
            fputc('"', to);
        fputc(text[i], to);
    }
    fputc('"', to);
}

static void put_json_text(FILE *to, const char *text, size_t size)
{
    fputc('"', to);
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\')
            fprintf(to, "\\%c", c);
        else if (c < 0x20)
            fprintf(to, "\\u%04x", c);
        else
            fputc(c, to);
    }
    fputc('"', to);
}

typedef void put_text_fn(FILE *to, const char *text, size_t size);

/* A value that is not null; times in quotes where text has them. */
static void put_value(FILE *to, const octi_column *column, size_t row, bool json)
{
    put_text_fn *put_text = json ? put_json_text : put_csv_text;
    const char *quote = json ? "\"" : "";
    switch (column->type) {
    case OCT_STRING:
        put_text(to, column->text + column->offsets[row],
                 (size_t)(column->offsets[row + 1] - column->offsets[row]));
        break;
    case OCT_DOUBLE:
        put_double(to, column->doubles[row]);
        break;
    case OCT_BOOL:
        fputs(column->bools[row] ? "true" : "false", to);
        break;
    case OCT_INT64:
        fprintf(to, "%lld", (long long)column->ints[row]);
        break;
    case OCT_DATE:
    case OCT_TIMESTAMP:
        fputs(quote, to);
        put_time(to, column, row);
        fputs(quote, to);
    }
}

static void write_csv(const octi_batch *batch, FILE *to)
{
    for (size_t c = 0; c < batch->count; c++) {
        fputs(c ? "," : "", to);
        put_csv_text(to, batch->names[c], strlen(batch->names[c]));
    }
    fputc('\n', to);
    for (size_t row = 0; row < batch->rows; row++) {
        bool none = true;
        for (size_t c = 0; c < batch->count; c++) {
            fputs(c ? "," : "", to);
            if (!octi_is_valid(&batch->columns[c], row))
                continue;
            put_value(to, &batch->columns[c], row, false);
            none = false;
        }
        /* A line of one null would be an empty line, which is none: the best that CSV can say. */
        fputs(none && batch->count == 1 ? "\"\"\n" : "\n", to);
    }
}

static void write_jsonl(const octi_batch *batch, FILE *to)
{
    for (size_t row = 0; row < batch->rows; row++) {
        fputc('{', to);
        for (size_t c = 0; c < batch->count; c++) {
            const octi_column *column = &batch->columns[c];
            fputs(c ? "," : "", to);
            put_json_text(to, batch->names[c], strlen(batch->names[c]));
            fputc(':', to);
            bool known =
                octi_is_valid(column, row) && (column->type != OCT_DOUBLE || isfinite(column->doubles[row]));
            if (known)
                put_value(to, column, row, true);
            else
                fputs("null", to);
        }
        fputs("}\n", to);
    }
}

typedef void write_fn(const octi_batch *batch, FILE *to);

static oct_err write_file(const octi_batch *batch, const char *path, write_fn *write, oct_error *err)
{
    char part[4096];
    if (snprintf(part, sizeof(part), "%s.part-XXXXXX", path) >= (int)sizeof(part))
        return oct_fail(err, OCT_E_INVALID, "the path '%.80s...' is too long", path);
    int fd = mkostemp(part, O_CLOEXEC);
    FILE *to = fd < 0 ? NULL : fdopen(fd, "w");
    if (!to) {
        oct_err code = errno == EACCES ? OCT_E_DENIED : errno == ENOENT ? OCT_E_NOTFOUND : OCT_E_IO;
        return oct_fail(err, code, "cannot create '%s': %s", part, strerror(errno));
    }
    write(batch, to);
    bool good = !ferror(to) && fflush(to) == 0 && fchmod(fd, 0644) == 0;
    int failed = errno;
    good = fclose(to) == 0 && good;
    if (good && rename(part, path) == 0)
        return OCT_OK;
    failed = good ? errno : failed;
    unlink(part);
    return oct_fail(err, failed == ENOSPC || failed == EDQUOT ? OCT_E_EXHAUSTED : OCT_E_IO,
                    "cannot write '%s': %s", path, strerror(failed));
}

static oct_err compute_and_write(oct_frame *frame, const char *path, write_fn *write)
{
    oct_error *err = octi_last_error();
    oct_frame *table = path ? oct_frame_compute(frame) : NULL;
    if (!table)
        return path ? err->code : oct_fail(err, OCT_E_INVALID, "there is no path to write to");
    oct_err code = write_file(&table->table, path, write, err);
    oct_frame_destroy(table);
    return code;
}

oct_err oct_frame_write_csv(oct_frame *frame, const char *path)
{
    return compute_and_write(frame, path, write_csv);
}

oct_err oct_frame_write_jsonl(oct_frame *frame, const char *path)
{
    return compute_and_write(frame, path, write_jsonl);
}
