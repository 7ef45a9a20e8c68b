/* Bags that are not made of others, and the parts they begin with. */
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/bag/graph.h"
#include "runtime/bag/spill.h"
#include "runtime/exec/failure.h"

enum { PART_BYTES = 1 << 20, MOST_PARTS = 128, FEW = 32 };

static bool has_pool(oct_pool *pool)
{
    oct_error *err = octi_last_error();
    if (!pool && err->code == OCT_OK)
        oct_fail(err, OCT_E_INVALID, "there is no pool");
    return pool != NULL;
}

oct_bag *octi_bag_from(oct_pool *pool, const void *in, size_t count, octi_kind kind, size_t size)
{
    octi_type type = {.kind = kind, .size = (uint32_t)size};
    if (!has_pool(pool))
        return NULL;
    if (!in && count > 0) {
        oct_fail(octi_last_error(), OCT_E_INVALID, "there is no array of %zu records", count);
        return NULL;
    }
    oct_bag *bag = octi_bag_create(OCTI_BAG_ARRAY, pool, NULL, NULL, octi_last_error());
    if (!bag)
        return NULL;
    bag->shape = (octi_shape){1, {octi_field_of(&type)}};
    bag->memory = in;
    bag->end = count;
    return bag;
}

oct_bag *oct_bag_range(oct_pool *pool, int64_t first, int64_t end)
{
    oct_bag *bag =
        has_pool(pool) ? octi_bag_create(OCTI_BAG_RANGE, pool, NULL, NULL, octi_last_error()) : NULL;
    if (!bag)
        return NULL;
    bag->shape = (octi_shape){1, {{OCTI_INT, sizeof(int64_t)}}};
    bag->begin = (uint64_t)first;
    bag->end = (uint64_t)(first < end ? end : first);
    return bag;
}

static oct_err add_file(oct_bag *bag, const char *path, oct_error *err)
{
    struct stat info;
    FILE *file = fopen(path, "re"); /* a folder opens, too */
    if (!file || fstat(fileno(file), &info) != 0 || !S_ISREG(info.st_mode)) {
        int why = file ? EISDIR : errno;
        if (file)
            fclose(file);
        return oct_fail(err,
                        why == ENOENT   ? OCT_E_NOTFOUND
                        : why == EACCES ? OCT_E_DENIED
                                        : OCT_E_IO,
                        "cannot read '%s': %s", path, strerror(why));
    }
    fclose(file);
    octi_text_file *to = &bag->files[bag->file_count];
    *to = (octi_text_file){strdup(path), (uint64_t)info.st_size};
    if (!to->path)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for the name of '%s'", path);
    bag->file_count++;
    return OCT_OK;
}

oct_bag *oct_bag_lines(oct_pool *pool, const char *pattern)
{
    oct_error *err = octi_last_error();
    if (!has_pool(pool))
        return NULL;
    glob_t paths = {0};
    if (!pattern || glob(pattern, GLOB_NOCHECK, NULL, &paths) != 0) {
        oct_fail(err, OCT_E_INVALID, "cannot look for '%s'", pattern ? pattern : "NULL");
        return NULL;
    }
    oct_bag *bag = octi_bag_create(OCTI_BAG_LINES, pool, NULL, NULL, err);
    oct_err code = bag ? OCT_OK : OCT_E_NOMEM;
    if (code == OCT_OK && !(bag->files = calloc(paths.gl_pathc, sizeof(*bag->files))))
        code = oct_fail(err, OCT_E_NOMEM, "out of memory for %zu files", paths.gl_pathc);
    for (size_t i = 0; code == OCT_OK && i < paths.gl_pathc; i++)
        code = add_file(bag, paths.gl_pathv[i], err);
    globfree(&paths);
    if (code != OCT_OK) {
        oct_bag_destroy(bag);
        return NULL;
    }
    bag->shape = (octi_shape){1, {{OCTI_CSTRING, sizeof(char *)}}};
    return bag;
}

/* ---- parts ---- */

/* A few records are parts of their own, since each may be much work. */
static size_t parts_of(uint64_t count, uint64_t bytes)
{
    uint64_t parts = bytes / PART_BYTES, least = count < FEW ? count : FEW;
    parts = parts < least ? least : parts > MOST_PARTS ? MOST_PARTS : parts;
    return parts > 0 ? (size_t)parts : 1;
}

static uint64_t file_piece(const oct_bag *bag)
{
    uint64_t all = 0;
    for (size_t i = 0; i < bag->file_count; i++)
        all += bag->files[i].size;
    return all / MOST_PARTS > PART_BYTES ? all / MOST_PARTS : PART_BYTES;
}

static uint64_t pieces_of(const octi_text_file *file, uint64_t piece)
{
    return file->size == 0 ? 1 : (file->size + piece - 1) / piece;
}

static uint64_t records_of(const oct_bag *bag)
{
    return bag->kind == OCTI_BAG_TABLE ? bag->rows.count : bag->end - bag->begin;
}

size_t octi_source_parts(const oct_bag *bag)
{
    if (bag->kind == OCTI_BAG_LINES) {
        uint64_t count = 0, piece = file_piece(bag);
        for (size_t i = 0; i < bag->file_count; i++)
            count += pieces_of(&bag->files[i], piece);
        return (size_t)count;
    }
    uint64_t record = 0, count = records_of(bag);
    for (uint32_t f = 0; f < bag->shape.count; f++)
        record += bag->shape.fields[f].size;
    return parts_of(count, count * record);
}

static void file_part(const oct_bag *bag, size_t part, octi_input *input)
{
    uint64_t piece = file_piece(bag);
    const octi_text_file *file = bag->files;
    for (; part >= pieces_of(file, piece); file++)
        part -= (size_t)pieces_of(file, piece);
    uint64_t begin = part * piece, end = begin + piece;
    input->path = file->path;
    input->source.begin = begin;
    input->source.end = end < file->size ? end : file->size;
}

/* Arrays that tasks cannot see travel with them. */
static oct_err carry(const oct_bag *bag, octi_input *input, oct_error *err)
{
    octi_rows rows = {
        .shape = bag->shape, .count = (size_t)bag->end, .values = {(char *)(uintptr_t)bag->memory}};
    const octi_rows *from = bag->kind == OCTI_BAG_TABLE ? &bag->rows : &rows;
    input->source.kind = OCTI_FROM_PART;
    octi_rows_init(&input->here.rows, &bag->shape);
    octi_rows_append(&input->here.rows, from, (size_t)input->source.begin,
                     (size_t)(input->source.end - input->source.begin));
    if (!input->here.rows.failed)
        return OCT_OK;
    octi_rows_deinit(&input->here.rows);
    return octi_spill_fail(err, "a part of an array");
}

bool octi_bag_shares_memory(const oct_pool *pool)
{
    return strcmp(oct_pool_kind(pool), "threads") == 0;
}

oct_err octi_source_part(const oct_bag *bag, size_t part, octi_input *input, oct_error *err)
{
    *input = (octi_input){.source = {.shape = bag->shape, .seed = part}};
    if (bag->kind == OCTI_BAG_LINES) {
        input->source.kind = OCTI_FROM_LINES;
        file_part(bag, part, input);
        return OCT_OK;
    }
    uint64_t count = records_of(bag), parts = octi_source_parts(bag);
    input->source.begin = bag->begin + count / parts * part + (part < count % parts ? part : count % parts);
    input->source.end = input->source.begin + count / parts + (part < count % parts);
    if (bag->kind == OCTI_BAG_RANGE) {
        input->source.kind = OCTI_FROM_RANGE;
        return OCT_OK;
    }
    if (bag->kind == OCTI_BAG_TABLE || !octi_bag_shares_memory(bag->pool))
        return carry(bag, input, err);
    input->source.kind = OCTI_FROM_MEMORY;
    input->source.address = (uint64_t)(uintptr_t)bag->memory;
    return OCT_OK;
}
