#include <stdlib.h>
#include <string.h>

#include "runtime/bag/pass.h"
#include "runtime/bag/spill.h"

enum { SLACK = 256 }; /* the sooner the first cut, and the next, the fewer are collected in between */

/* Sinks come from other processes as they are. */
static oct_err check_sink(const octi_sink *sink, oct_error *err)
{
    if (sink->kind > OCTI_GROUP || sink->buckets > OCTI_SPREAD)
        return oct_fail(err, OCT_E_PROTOCOL, "a pass over a bag of kind %u with %u buckets", sink->kind,
                        sink->buckets);
    oct_err code = octi_shape_check(&sink->in, err);
    return code == OCT_OK ? octi_shape_check(&sink->out, err) : code;
}

static oct_err check_splitters(const octi_sink *sink, const octi_rows *splitters, const octi_rows *rows,
                               oct_error *err)
{
    if (sink->buckets < 2 || !sink->ranged)
        return OCT_OK;
    bool are_keys = splitters && splitters->shape.count > 0 && rows->shape.count > 0 &&
                    splitters->shape.fields[0].kind == rows->shape.fields[0].kind &&
                    splitters->shape.fields[0].size == rows->shape.fields[0].size;
    return are_keys && splitters->count < sink->buckets
               ? OCT_OK
               : oct_fail(err, OCT_E_PROTOCOL, "a pass over a bag with %u buckets and no keys between them",
                          sink->buckets);
}

oct_err octi_collector_init(octi_collector *self, const octi_sink *sink, oct_error *err)
{
    *self = (octi_collector){.sink = sink, .worst = UINT64_MAX};
    oct_err wrong = check_sink(sink, err);
    if (wrong != OCT_OK)
        return wrong;
    octi_rows_init(&self->rows, sink->kind == OCTI_GROUP ? &sink->in : &sink->out);
    bool folds = sink->kind == OCTI_FOLD || sink->kind == OCTI_FOLD_BY || sink->kind == OCTI_REDUCE;
    oct_err code = folds ? octi_caller_init(&self->fold, sink->task, err) : OCT_OK;
    if (code == OCT_OK && folds)
        code = octi_caller_init(&self->combine, sink->combine, err);
    return code;
}

void octi_collector_deinit(octi_collector *self)
{
    octi_rows_deinit(&self->rows);
    octi_table_deinit(&self->table);
    octi_caller_deinit(&self->fold);
    octi_caller_deinit(&self->combine);
}

/* The records from `at` on, at most a block of them. */
static void view_block(const octi_rows *rows, size_t at, octi_rows *view)
{
    *view = (octi_rows){.shape = rows->shape,
                        .count = rows->count - at < OCTI_BLOCK ? rows->count - at : OCTI_BLOCK};
    for (uint32_t f = 0; f < rows->shape.count; f++)
        view->values[f] = octi_rows_at(rows, f, at);
}

/* ---- folds ---- */

/* Most values are of eight or sixteen bytes, which need no call to be copied. */
static inline void copy_value(void *to, const void *from, size_t size)
{
    if (size == 8)
        memcpy(to, from, 8);
    else if (size == 16)
        memcpy(to, from, 16);
    else
        memcpy(to, from, size);
}

/* state = task(state, the record's fields from `first` on) */
static inline void fold_in(octi_caller *caller, void *state, const octi_rows *block, size_t row,
                           uint32_t first)
{
    const oct_task *task = caller->task;
    copy_value(caller->args + task->params[0].offset, state, task->result.size);
    for (uint32_t p = 1; p < task->param_count; p++) {
        uint32_t field = first + p - 1;
        copy_value(caller->args + task->params[p].offset, octi_rows_at(block, field, row),
                   block->shape.fields[field].size);
    }
    task->run(caller->args, caller->result);
    copy_value(state, caller->result, task->result.size);
}

static void begin_state(octi_collector *self)
{
    if (octi_rows_reserve(&self->rows, 1))
        memcpy(octi_rows_at(&self->rows, 0, self->rows.count++), self->sink->state,
               self->rows.shape.fields[0].size);
}

static void fold_all(octi_collector *self, octi_caller *caller, const octi_rows *block, bool from_state)
{
    size_t i = 0;
    if (self->rows.count == 0 && from_state) {
        begin_state(self);
    } else if (self->rows.count == 0 && block->count > 0) {
        octi_rows_append(&self->rows, block, 0, 1);
        i = 1;
    }
    for (; i < block->count && !self->rows.failed; i++)
        fold_in(caller, octi_rows_at(&self->rows, 0, 0), block, i, 0);
}

static void count_in(octi_collector *self, int64_t count)
{
    if (self->rows.count == 0 && octi_rows_reserve(&self->rows, 1))
        memset(octi_rows_at(&self->rows, 0, self->rows.count++), 0, sizeof(count));
    if (!self->rows.failed)
        *(int64_t *)octi_rows_at(&self->rows, 0, 0) += count;
}

/* ---- the first in order ---- */

static void cut(octi_collector *self)
{
    const octi_sink *sink = self->sink;
    octi_field field = self->rows.shape.fields[0];
    if (!octi_rows_sort(&self->rows, sink->descending)) {
        self->rows.failed = true;
        return;
    }
    if (self->rows.count <= sink->limit)
        return;
    octi_rows kept; /* a copy, to be rid of the others' strings */
    octi_rows_init(&kept, &self->rows.shape);
    octi_rows_append(&kept, &self->rows, 0, (size_t)sink->limit);
    octi_rows_deinit(&self->rows);
    self->rows = kept;
    if (octi_field_is_number(field) && sink->limit > 0 && !kept.failed) {
        const void *last = octi_rows_at(&kept, 0, kept.count - 1);
        self->worst = octi_key_of(field, last) ^ (sink->descending ? UINT64_MAX : 0);
        if (field.kind == OCTI_FLOAT && field.size == 8)
            memcpy(&self->worst_double, last, sizeof(double));
    }
}

enum { FEW = 64 };

/* Whether any of FEW doubles may come before the worst one that would be kept: hardly ever, so this is what
 * is to be as fast as memory is read. NaN is the largest. */
static bool any_better(const double *x, double worst, bool descending)
{
    unsigned some = 0;
    if (descending)
        for (int i = 0; i < FEW; i++)
            some |= !(x[i] <= worst);
    else
        for (int i = 0; i < FEW; i++)
            some |= x[i] < worst;
    return some;
}

/* Which doubles come before the worst one; the worst is not NaN. */
static size_t better_doubles(const double *x, size_t count, double worst, bool descending, uint32_t *index)
{
    size_t some = 0;
    for (size_t at = 0, end; at < count; at = end) {
        end = at + FEW < count ? at + FEW : count;
        if (end - at == FEW && !any_better(x + at, worst, descending))
            continue;
        for (size_t i = at; i < end; i++) {
            index[some] = (uint32_t)i;
            some += descending ? !(x[i] <= worst) : x[i] < worst;
        }
    }
    return some;
}

static size_t better_keys(const octi_collector *self, octi_field field, const void *values, size_t count,
                          uint32_t *index)
{
    uint64_t flip = self->sink->descending ? UINT64_MAX : 0, keys[OCTI_BLOCK];
    size_t some = 0;
    octi_keys_of(field, values, count, keys);
    for (size_t i = 0; i < count; i++) {
        index[some] = (uint32_t)i;
        some += (keys[i] ^ flip) < self->worst;
    }
    return some;
}

static void gather_better(octi_collector *self, const octi_rows *block)
{
    octi_field field = block->shape.fields[0];
    uint32_t index[OCTI_BLOCK];
    bool doubles = field.kind == OCTI_FLOAT && field.size == 8 && self->worst_double == self->worst_double;
    size_t some = doubles ? better_doubles((const double *)(const void *)block->values[0], block->count,
                                           self->worst_double, self->sink->descending, index)
                          : better_keys(self, field, block->values[0], block->count, index);
    if (some > 0)
        octi_rows_gather(&self->rows, block, index, some);
}

/* Those that come before the worst that would be kept. Ties are in order already: who came first stays. */
static void top_in(octi_collector *self, const octi_rows *block)
{
    octi_rows view;
    for (size_t at = 0; at < block->count && self->sink->limit > 0; at += view.count) {
        view_block(block, at, &view);
        if (self->worst == UINT64_MAX) /* no cut yet: everything may be wanted */
            octi_rows_append(&self->rows, &view, 0, view.count);
        else
            gather_better(self, &view);
        if (self->rows.count >= 2 * self->sink->limit + SLACK)
            cut(self);
    }
}

/* ---- tables ---- */

/* A table that hardly makes records fewer is not worth its time: merging makes one of what is equal anyway.
 */
enum { TRIAL = 16384 };

static void give_up_on_table(octi_collector *self)
{
    bool merged = self->sink->buckets > 1;
    if (merged && self->seen >= TRIAL && self->rows.count > self->seen / 8 * 7) {
        self->loose = true;
        octi_table_deinit(&self->table);
    }
}

/* A row each. */
static bool append_loose(octi_collector *self, const octi_rows *block, uint32_t *row_of)
{
    octi_rows *rows = &self->rows;
    octi_field key = rows->shape.fields[0];
    if (rows->count + block->count >= UINT32_MAX || !octi_rows_reserve(rows, block->count)) {
        rows->failed = true;
        return false;
    }
    memcpy(octi_rows_at(rows, 0, rows->count), block->values[0], block->count * key.size);
    for (size_t i = 0; i < block->count; i++) {
        row_of[i] = (uint32_t)rows->count;
        octi_rows_own(rows, key, octi_rows_at(rows, 0, rows->count++));
    }
    return !rows->failed;
}

/* Each record into the state of its row; those from `fresh` on have none yet. */
static void fold_records(octi_collector *self, const octi_rows *block, const uint32_t *row_of, size_t fresh)
{
    octi_rows *rows = &self->rows;
    size_t size = rows->shape.fields[1].size;
    static const char none[sizeof(int64_t)];
    const char *begin = self->sink->kind == OCTI_COUNT_BY ? none : self->sink->state;
    for (; fresh < rows->count; fresh++)
        copy_value(octi_rows_at(rows, 1, fresh), begin, size);
    if (self->sink->kind == OCTI_COUNT_BY)
        for (size_t i = 0; i < block->count; i++)
            ((int64_t *)(void *)rows->values[1])[row_of[i]]++;
    else
        for (size_t i = 0; i < block->count; i++)
            fold_in(&self->fold, rows->values[1] + row_of[i] * size, block, i, 1);
}

/* Each state into that of its row. */
static void combine_states(octi_collector *self, const octi_rows *block, const uint32_t *row_of, size_t fresh)
{
    octi_rows *rows = &self->rows;
    size_t size = rows->shape.fields[1].size;
    for (size_t i = 0; i < block->count; i++) {
        void *state = octi_rows_at(rows, 1, row_of[i]);
        if (row_of[i] == fresh) { /* rows are made in this order */
            copy_value(state, octi_rows_at(block, 1, i), size);
            fresh++;
        } else if (self->sink->kind == OCTI_COUNT_BY) {
            *(int64_t *)state += *(const int64_t *)octi_rows_at(block, 1, i);
        } else {
            fold_in(&self->combine, state, block, i, 1);
        }
    }
}

static void table_in(octi_collector *self, const octi_rows *block, bool partial)
{
    uint32_t row_of[OCTI_BLOCK];
    octi_rows view;
    for (size_t at = 0; at < block->count && !self->rows.failed; at += view.count) {
        size_t known = self->rows.count;
        view_block(block, at, &view);
        if (!(self->loose ? append_loose(self, &view, row_of)
                          : octi_table_find(&self->table, &self->rows, &view, row_of)))
            return;
        if (self->sink->kind != OCTI_DISTINCT && partial)
            combine_states(self, &view, row_of, known);
        else if (self->sink->kind != OCTI_DISTINCT)
            fold_records(self, &view, row_of, known);
        self->seen += view.count;
        if (!partial && !self->loose)
            give_up_on_table(self);
    }
}

/* ---- */

static void keep_in(octi_collector *self, const octi_rows *block)
{
    uint64_t room = self->sink->limit - self->rows.count;
    octi_rows_append(&self->rows, block, 0, block->count < room ? block->count : (size_t)room);
}

static void add(octi_collector *self, const octi_rows *block, bool partial)
{
    switch (self->sink->kind) {
    case OCTI_COUNT:
        count_in(self, !partial           ? (int64_t)block->count
                       : block->count > 0 ? *(const int64_t *)octi_rows_at(block, 0, 0)
                                          : 0);
        break;
    case OCTI_FOLD:
        fold_all(self, partial ? &self->combine : &self->fold, block, !partial);
        break;
    case OCTI_REDUCE:
        fold_all(self, &self->fold, block, false);
        break;
    case OCTI_TOP:
        top_in(self, block);
        break;
    case OCTI_DISTINCT:
    case OCTI_COUNT_BY:
    case OCTI_FOLD_BY:
        table_in(self, block, partial);
        break;
    default:
        keep_in(self, block);
    }
}

void octi_collector_add(octi_collector *self, const octi_rows *block)
{
    add(self, block, false);
}

void octi_collector_merge(octi_collector *self, const octi_rows *rows)
{
    if (rows->shape.count > 0 && rows->count > 0)
        add(self, rows, true);
}

/* How many splitters are not after the key. */
static uint32_t bucket_between(const octi_rows *splitters, const void *key)
{
    size_t low = 0, high = splitters->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (octi_key_compare(splitters->shape.fields[0], octi_rows_at(splitters, 0, middle), key) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return (uint32_t)low;
}

/* The same of many numbers: all splitters' keys are looked at, which takes no branch. */
static bool buckets_between(const octi_rows *splitters, const octi_rows *rows, uint32_t *bucket)
{
    octi_field field = rows->shape.fields[0];
    uint64_t keys[OCTI_BLOCK], bounds[OCTI_BLOCK];
    if (!octi_field_is_number(field) || splitters->count > OCTI_BLOCK)
        return false;
    octi_keys_of(field, splitters->values[0], splitters->count, bounds);
    for (size_t at = 0, count; at < rows->count; at += count) {
        count = rows->count - at < OCTI_BLOCK ? rows->count - at : OCTI_BLOCK;
        octi_keys_of(field, octi_rows_at(rows, 0, at), count, keys);
        for (size_t i = 0; i < count; i++) {
            uint32_t before = 0;
            for (size_t s = 0; s < splitters->count; s++)
                before += bounds[s] <= keys[i];
            bucket[at + i] = before;
        }
    }
    return true;
}

static void find_buckets(const octi_sink *sink, const octi_rows *rows, const octi_rows *splitters,
                         uint32_t *bucket)
{
    octi_field field = rows->shape.fields[0];
    if (sink->ranged && buckets_between(splitters, rows, bucket))
        return;
    for (size_t i = 0; i < rows->count; i++) {
        const void *key = octi_rows_at(rows, 0, i);
        bucket[i] = sink->ranged ? bucket_between(splitters, key)
                                 : (uint32_t)octi_key_hash(field, key) % sink->buckets;
    }
}

/* A counting sort by bucket, which keeps the order within each. */
static bool split(const octi_sink *sink, const octi_rows *splitters, octi_bag_part *part)
{
    octi_rows ordered, *rows = &part->rows;
    uint32_t *bucket = octi_spill_take((rows->count + 1) * sizeof(*bucket));
    uint32_t *index = octi_spill_take((rows->count + 1) * sizeof(*index));
    uint64_t *next = calloc(sink->buckets + 1, sizeof(*next));
    part->starts = calloc(sink->buckets + 1, sizeof(*part->starts));
    part->buckets = sink->buckets;
    octi_rows_init(&ordered, &rows->shape);
    bool whole = bucket && index && next && part->starts && rows->count < UINT32_MAX;
    if (whole)
        find_buckets(sink, rows, splitters, bucket);
    for (size_t i = 0; whole && i < rows->count; i++)
        part->starts[bucket[i] + 1]++;
    for (uint32_t b = 0; whole && b < sink->buckets; b++)
        next[b + 1] = part->starts[b + 1] += part->starts[b];
    for (size_t i = 0; whole && i < rows->count; i++)
        index[next[bucket[i]]++] = (uint32_t)i;
    if (whole) {
        octi_rows_gather(&ordered, rows, index, rows->count);
        whole = !ordered.failed;
    }
    octi_spill_release(bucket);
    octi_spill_release(index);
    free(next);
    octi_rows_deinit(whole ? rows : &ordered);
    if (whole)
        *rows = ordered;
    return whole;
}

oct_err octi_collector_finish(octi_collector *self, const octi_rows *splitters, octi_bag_part *out,
                              oct_error *err)
{
    const octi_sink *sink = self->sink;
    oct_err wrong = check_splitters(sink, splitters, &self->rows, err);
    if (wrong != OCT_OK)
        return wrong;
    if (sink->kind == OCTI_COUNT)
        count_in(self, 0);
    if (sink->kind == OCTI_TOP && !self->rows.failed)
        cut(self);
    bool whole = !self->rows.failed;
    if (whole && sink->kind == OCTI_SORTED)
        whole = octi_rows_sort(&self->rows, sink->descending);
    if (whole && sink->kind == OCTI_GROUP)
        whole = octi_rows_group(&self->rows, &sink->out);
    octi_bag_part made = {.rows = self->rows};
    self->rows = (octi_rows){0};
    if (whole && sink->buckets > 1)
        whole = split(sink, splitters, &made);
    if (!whole) {
        octi_bag_part_deinit(&made);
        return octi_spill_fail(err, "the records of a bag");
    }
    *out = made;
    return OCT_OK;
}
