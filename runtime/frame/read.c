/* Frames of files: which there are, how large, and what their columns are. */
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/exec/failure.h"
#include "runtime/frame/frame.h"
#include "runtime/io/csv.h"
#include "runtime/io/jsonl.h"
#include "runtime/io/unpack.h"

typedef struct options {
    octi_format_kind kind;
    bool skip;
    const char *types;
    const oct_csv_options *csv;
} options;

/* The columns of the first file; all of CSV have the same. Files of JSON lines may be empty. */
static oct_err open_file(oct_frame *frame, const char *path, const options *o, uint64_t *body, oct_error *err)
{
    octi_format *format = &frame->format;
    if (o->kind == OCTI_CSV)
        return frame->file_count == 0 ? octi_csv_open(path, o->csv, format, body, err)
                                      : octi_csv_check(format, path, body, err);
    *body = 0;
    if (format->schema.count > 0)
        return OCT_OK;
    octi_format_deinit(format);
    oct_err code = octi_jsonl_open(path, format, err);
    format->skip = o->skip;
    return code;
}

static oct_err add_file(oct_frame *frame, const char *path, const options *o, oct_error *err)
{
    octi_file *file = &frame->files[frame->file_count];
    oct_err code = open_file(frame, path, o, &file->body, err);
    if (code != OCT_OK)
        return code;
    int fd;
    code = octi_text_open(path, &fd, &file->size, err); /* the text's size, where it is packed */
    if (code != OCT_OK)
        return code;
    close(fd);
    file->path = strdup(path);
    if (!file->path)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for a frame");
    frame->file_count++;
    return OCT_OK;
}

static oct_err add_files(oct_frame *frame, const char *pattern, const options *o, oct_error *err)
{
    glob_t paths = {0};
    if (glob(pattern, GLOB_NOCHECK, NULL, &paths) != 0)
        return oct_fail(err, OCT_E_IO, "cannot look for '%s'", pattern);
    oct_err code = OCT_OK;
    if (!(frame->files = calloc(paths.gl_pathc, sizeof(*frame->files))))
        code = oct_fail(err, OCT_E_NOMEM, "out of memory for %zu files", paths.gl_pathc);
    for (size_t i = 0; code == OCT_OK && i < paths.gl_pathc; i++)
        code = add_file(frame, paths.gl_pathv[i], o, err);
    globfree(&paths);
    if (code == OCT_OK && o->types)
        code = octi_format_set_types(&frame->format, o->types, err);
    if (code == OCT_OK && frame->format.schema.count == 0) {
        oct_fail(err, OCT_E_INVALID, "'%s': no line has a member that could be a column", pattern);
        code = oct_hint(err, "name columns by `types`, for example 'fare double'");
    }
    return code;
}

static oct_frame *read_files(oct_pool *pool, const char *pattern, const options *o)
{
    oct_error *err = octi_last_error();
    if (!pool || !pattern) {
        if (pool || err->code == OCT_OK)
            oct_fail(err, OCT_E_INVALID, "there is no %s", pool ? "pattern" : "pool");
        return NULL;
    }
    oct_frame *frame = octi_frame_create(OCTI_FRAME_FILES, pool, NULL, err);
    if (frame && add_files(frame, pattern, o, err) == OCT_OK &&
        octi_batch_concat(&frame->format.schema, 1, &frame->schema, err) == OCT_OK)
        return frame;
    oct_frame_destroy(frame);
    return NULL;
}

oct_frame *oct_read_csv_with(oct_pool *pool, const char *pattern, const oct_csv_options *given)
{
    options o = {.kind = OCTI_CSV, .types = given ? given->types : NULL, .csv = given};
    return read_files(pool, pattern, &o);
}

oct_frame *oct_read_csv(oct_pool *pool, const char *pattern)
{
    return oct_read_csv_with(pool, pattern, NULL);
}

oct_frame *oct_read_jsonl_with(oct_pool *pool, const char *pattern, const oct_jsonl_options *given)
{
    options o = {
        .kind = OCTI_JSONL, .skip = given && given->skip_malformed, .types = given ? given->types : NULL};
    return read_files(pool, pattern, &o);
}

oct_frame *oct_read_jsonl(oct_pool *pool, const char *pattern)
{
    return oct_read_jsonl_with(pool, pattern, NULL);
}
