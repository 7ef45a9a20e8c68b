#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/bag/pass.h"
#include "runtime/bag/spill.h"

/* Blocks borrow their values. */
static void copy_fields(octi_rows *block, uint32_t to, const octi_rows *from, size_t row, size_t count)
{
    for (uint32_t f = 0; f < from->shape.count; f++)
        memcpy(octi_rows_at(block, to + f, 0), octi_rows_at(from, f, row),
               count * from->shape.fields[f].size);
}

static void repeat_fields(octi_rows *block, const octi_rows *from, size_t row, size_t count)
{
    for (uint32_t f = 0; f < from->shape.count; f++)
        for (size_t i = 0; i < count; i++)
            memcpy(octi_rows_at(block, f, i), octi_rows_at(from, f, row), from->shape.fields[f].size);
}

static size_t block_of(size_t left)
{
    return left < OCTI_BLOCK ? left : OCTI_BLOCK;
}

/* Without a copy: a block is a view of the rows. */
static void read_rows(const octi_rows *rows, octi_pass *pass)
{
    octi_rows view = {.shape = rows->shape};
    for (size_t i = 0; i < rows->count && !octi_pass_is_over(pass); i += view.count) {
        view.count = block_of(rows->count - i);
        for (uint32_t f = 0; f < rows->shape.count; f++)
            view.values[f] = octi_rows_at(rows, f, i);
        octi_pass_push(pass, &view);
    }
}

static void read_memory(const octi_source *source, octi_pass *pass)
{
    octi_rows rows = {.shape = source->shape, .count = (size_t)(source->end - source->begin)};
    rows.values[0] = (char *)(uintptr_t)source->address + source->begin * source->shape.fields[0].size;
    read_rows(&rows, pass);
}

static void read_range(const octi_source *source, octi_rows *block, octi_pass *pass)
{
    for (uint64_t i = 0, count = source->end - source->begin; i < count && !octi_pass_is_over(pass);
         i += block->count) {
        block->count = block_of((size_t)(count - i));
        for (size_t k = 0; k < block->count; k++)
            ((int64_t *)(void *)block->values[0])[k] = (int64_t)(source->begin + i + k);
        octi_pass_push(pass, block);
    }
}

static void read_product(const octi_rows *a, const octi_rows *b, octi_rows *block, octi_pass *pass)
{
    for (size_t i = 0; i < a->count; i++)
        for (size_t k = 0; k < b->count && !octi_pass_is_over(pass); k += block->count) {
            block->count = block_of(b->count - k);
            repeat_fields(block, a, i, block->count);
            copy_fields(block, a->shape.count, b, k, block->count);
            octi_pass_push(pass, block);
        }
}

static void read_zip(const octi_rows *a, const octi_rows *b, octi_rows *block, octi_pass *pass)
{
    for (size_t i = 0; i < a->count && !octi_pass_is_over(pass); i += block->count) {
        block->count = block_of(a->count - i);
        copy_fields(block, 0, a, i, block->count);
        copy_fields(block, a->shape.count, b, i, block->count);
        octi_pass_push(pass, block);
    }
}

/* One record of each side, without their keys. */
static void put_joined(octi_rows *block, const octi_rows *a, size_t i, const octi_rows *b, size_t k)
{
    uint32_t to = 0;
    for (uint32_t f = 1; f < a->shape.count; f++, to++)
        memcpy(octi_rows_at(block, to, block->count), octi_rows_at(a, f, i), a->shape.fields[f].size);
    for (uint32_t f = 1; f < b->shape.count; f++, to++)
        memcpy(octi_rows_at(block, to, block->count), octi_rows_at(b, f, k), b->shape.fields[f].size);
    block->count++;
}

/* b's keys, and of each the list of its rows, in their order. */
typedef struct joiner {
    octi_table table;
    octi_rows keys;
    uint32_t *heads, *next; /* rows of b, counted from 1; 0 ends a list */
} joiner;

static bool joiner_init(joiner *self, const octi_rows *b)
{
    octi_shape key = {1, {b->shape.fields[0]}};
    *self = (joiner){0};
    octi_rows_init(&self->keys, &key);
    uint32_t *row_of = octi_spill_take((b->count + 1) * sizeof(*row_of));
    self->next = octi_spill_take((b->count + 1) * sizeof(*self->next));
    self->heads = octi_spill_take((b->count + 1) * sizeof(*self->heads));
    bool whole = row_of && self->next && self->heads && octi_table_find(&self->table, &self->keys, b, row_of);
    if (whole)
        memset(self->heads, 0, self->keys.count * sizeof(*self->heads));
    for (size_t i = b->count; whole && i-- > 0;) { /* from the end: the lists are in order then */
        self->next[i] = self->heads[row_of[i]];
        self->heads[row_of[i]] = (uint32_t)i + 1;
    }
    octi_spill_release(row_of);
    return whole;
}

static void joiner_deinit(joiner *self)
{
    octi_spill_release(self->heads);
    octi_spill_release(self->next);
    octi_rows_deinit(&self->keys);
    octi_table_deinit(&self->table);
}

/* a's records look up those of b. */
static bool read_join(const octi_rows *a, const octi_rows *b, octi_rows *block, octi_pass *pass)
{
    joiner self;
    uint32_t row_of[OCTI_BLOCK];
    octi_rows view = {.shape = a->shape};
    bool whole = joiner_init(&self, b);
    block->count = 0;
    for (size_t at = 0; whole && at < a->count && !octi_pass_is_over(pass); at += view.count) {
        view.count = block_of(a->count - at);
        view.values[0] = octi_rows_at(a, 0, at);
        octi_table_look(&self.table, &self.keys, &view, row_of);
        for (size_t i = 0; i < view.count; i++)
            for (uint32_t k = row_of[i] == UINT32_MAX ? 0 : self.heads[row_of[i]]; k > 0;
                 k = self.next[k - 1]) {
                put_joined(block, a, at + i, b, k - 1);
                if (block->count == OCTI_BLOCK) {
                    octi_pass_push(pass, block);
                    block->count = 0;
                }
            }
    }
    if (whole && block->count > 0)
        octi_pass_push(pass, block);
    joiner_deinit(&self);
    return whole;
}

/* Lines that begin in [begin, end): the one that is under way at `begin` belongs to who was before. */
static oct_err read_lines(const octi_source *source, const char *path, octi_rows *block, octi_pass *pass,
                          oct_error *err)
{
    FILE *file = fopen(path, "re");
    char *lines[OCTI_BLOCK] = {0};
    size_t rooms[OCTI_BLOCK] = {0};
    uint64_t at = source->begin;
    ssize_t size = 0;
    if (!file)
        return oct_fail(err, errno == ENOENT ? OCT_E_NOTFOUND : OCT_E_IO, "cannot open '%s': %s", path,
                        strerror(errno));
    if (at > 0 && fseeko(file, (off_t)at - 1, SEEK_SET) == 0)
        at += (uint64_t)(size = getline(&lines[0], &rooms[0], file)) - 1;
    while (size >= 0 && at < source->end && !octi_pass_is_over(pass)) {
        for (block->count = 0; block->count < OCTI_BLOCK && at < source->end; block->count++) {
            char **line = &lines[block->count];
            size = getline(line, &rooms[block->count], file);
            if (size < 0)
                break;
            at += (uint64_t)size;
            size_t length = (size_t)size;
            length -= length > 0 && (*line)[length - 1] == '\n';
            length -= length > 0 && (*line)[length - 1] == '\r';
            (*line)[length] = '\0';
            memcpy(octi_rows_at(block, 0, block->count), line, sizeof(*line));
        }
        if (block->count > 0)
            octi_pass_push(pass, block);
    }
    bool bad = ferror(file);
    fclose(file);
    for (size_t i = 0; i < OCTI_BLOCK; i++)
        free(lines[i]);
    return bad ? oct_fail(err, OCT_E_IO, "cannot read '%s': %s", path, strerror(errno)) : OCT_OK;
}

oct_err octi_source_read(const octi_source *source, const char *path, const octi_rows *a, const octi_rows *b,
                         octi_pass *pass, oct_error *err)
{
    octi_rows block;
    octi_rows_init(&block, &source->shape);
    oct_err code = OCT_OK;
    bool whole = octi_rows_reserve(&block, OCTI_BLOCK);
    if (whole)
        switch (source->kind) {
        case OCTI_FROM_PART:
            read_rows(a, pass);
            break;
        case OCTI_FROM_MEMORY:
            read_memory(source, pass);
            break;
        case OCTI_FROM_RANGE:
            read_range(source, &block, pass);
            break;
        case OCTI_FROM_LINES:
            code = read_lines(source, path, &block, pass, err);
            break;
        case OCTI_FROM_PRODUCT:
            read_product(a, b, &block, pass);
            break;
        case OCTI_FROM_ZIP:
            read_zip(a, b, &block, pass);
            break;
        default:
            whole = read_join(a, b, &block, pass);
        }
    octi_rows_deinit(&block);
    return whole ? code : octi_spill_fail(err, "a part of a bag");
}
