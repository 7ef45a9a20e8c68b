#include <stdlib.h>
#include <string.h>

#include "runtime/frame/describe.h"
#include "runtime/frame/frame.h"
#include "runtime/frame/gather.h"
#include "runtime/frame/order.h"
#include "runtime/frame/partition.h"
#include "runtime/frame/resample.h"
#include "runtime/frame/rolling.h"
#include "runtime/frame/sort.h"
#include "runtime/frame/turns.h"

/* Chunks do not depend on the pool, so that neither do the sums. */
enum {
    CHUNK = 1 << 20,
    CHUNK_ROWS = 1 << 16,
    CHUNK_ROWS_MOST = 1 << 20,
    CHUNK_VALUES_MOST = 1 << 24, /* so that a chunk travels in one message */
    WAVE = 256,
    FIRST_WAVE = 4,
};

/* Partial groups of a wave from which on they are worth partitions. */
enum { MANY_GROUPS = 1 << 16 };

/* Where reading stands, and what has come of it. */
typedef struct run {
    oct_pool *pool;
    octi_stage *stage;
    octi_chunk chunks[WAVE];
    octi_part parts[WAVE];
    size_t file;
    uint64_t at;
    bool inside;      /* of quotes, at `at` */
    octi_batch table; /* that was computed to be the source, of which chunks and what is kept may borrow */
    octi_batch *kept; /* what has come of chunks; where rows are not only collected, one */
    size_t kept_count, kept_rows;
    bool divided; /* what is kept is in partitions */
    octi_partitions partitions;
    uint64_t skipped;
} run;

static oct_err wave_init(run *r, const oct_frame *source, size_t most, size_t *count, oct_error *err)
{
    for (*count = 0; *count < most && r->file < source->file_count;) {
        const octi_file *file = &source->files[r->file];
        if (r->at < file->body)
            r->at = file->body;
        if (r->at >= file->size) {
            r->file++;
            r->at = 0;
            if (*count > 0)
                break; /* a wave is of one file, so that quotes are counted within one */
            r->inside = false;
            continue;
        }
        octi_chunk *chunk = &r->chunks[*count];
        uint64_t end = r->at + CHUNK < file->size ? r->at + CHUNK : file->size;
        *chunk = (octi_chunk){
            .path = strdup(file->path), .begin = r->at, .end = end, .first = r->at == file->body};
        if (!chunk->path)
            return oct_fail(err, OCT_E_NOMEM, "out of memory to read '%s'", file->path);
        r->at = end;
        ++*count;
    }
    return OCT_OK;
}

/* Chunks are read as if none began inside of quotes; where the quotes before say otherwise, once more. */
static oct_err redo_wrong(run *r, size_t count, oct_error *err)
{
    bool inside = r->chunks[0].first ? false : r->inside;
    for (size_t i = 0; i < count; i++) {
        if (inside != (r->chunks[i].inside != 0)) {
            octi_part_deinit(&r->parts[i]);
            r->chunks[i].inside = inside;
            oct_err code = octi_stage_map(r->pool, r->stage, &r->chunks[i], 1, &r->parts[i], err);
            if (code != OCT_OK)
                return code;
        }
        inside ^= r->parts[i].stats.quotes & 1;
    }
    r->inside = inside;
    return OCT_OK;
}

static oct_err part_failed(const octi_chunk *chunk, const octi_part *part, oct_error *err)
{
    oct_error local = *part->error;
    if (chunk->path && local.code == OCT_E_INVALID && part->stats.bad_at >= chunk->begin)
        oct_prefix(&local, "'%s', line %llu", chunk->path,
                   (unsigned long long)octi_text_line(chunk->path, part->stats.bad_at));
    if (err)
        *err = local;
    return local.code;
}

static oct_err keep(run *r, octi_batch *batch, oct_error *err)
{
    octi_batch *kept = realloc(r->kept, (r->kept_count + 1) * sizeof(*kept));
    if (!kept)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for %zu rows", batch->rows);
    r->kept = kept;
    r->kept_rows += batch->rows;
    kept[r->kept_count++] = *batch;
    *batch = (octi_batch){0};
    return OCT_OK;
}

static void drop_kept(run *r)
{
    for (size_t i = 0; i < r->kept_count; i++)
        octi_batch_deinit(&r->kept[i]);
    r->kept_count = 0;
}

static bool makes_groups(const run *r)
{
    return r->stage->reduce.kind == OCTI_GROUP;
}

/* So far; before they are merged, a group counts for each part that has it. */
static size_t groups_of(const run *r)
{
    size_t count = 0;
    for (size_t i = 0; i < r->kept_count; i++)
        count += r->kept[i].rows;
    for (size_t p = 0; r->divided && p < OCTI_PARTITIONS; p++)
        count += r->partitions.of[p].rows;
    return count;
}

/* True where the groups that were kept are many, or were before. */
static bool has_many_groups(const run *r)
{
    return makes_groups(r) && (r->divided || groups_of(r) > MANY_GROUPS);
}

/* All that were kept become one, or are merged in partitions. */
static oct_err merge(run *r, oct_error *err)
{
    octi_batch all;
    if (r->kept_count == 0)
        return OCT_OK;
    if (has_many_groups(r)) {
        r->divided = true;
        oct_err code =
            octi_partitions_add(&r->partitions, r->pool, &r->stage->reduce, r->kept, r->kept_count, err);
        drop_kept(r);
        return code;
    }
    oct_err code = octi_batch_concat(r->kept, r->kept_count, &all, err);
    if (code != OCT_OK)
        return code;
    code = octi_reduce_merge(&r->stage->reduce, &all, err);
    if (code != OCT_OK) {
        octi_batch_deinit(&all);
        return code;
    }
    octi_reduce_bound(&r->stage->reduce, &all);
    drop_kept(r);
    return keep(r, &all, err);
}

/* What is in partitions is kept as it is: no group is in two. */
static oct_err keep_partitions(run *r, oct_error *err)
{
    oct_err code = OCT_OK;
    for (size_t p = 0; code == OCT_OK && p < OCTI_PARTITIONS; p++)
        if (r->partitions.of[p].rows > 0)
            code = keep(r, &r->partitions.of[p], err);
    return code;
}

static oct_err run_wave(run *r, size_t count, oct_error *err)
{
    oct_err code = octi_stage_map(r->pool, r->stage, r->chunks, count, r->parts, err);
    if (code == OCT_OK && r->chunks[0].path)
        code = redo_wrong(r, count, err);
    for (size_t i = 0; code == OCT_OK && i < count; i++) {
        if (r->parts[i].error)
            code = part_failed(&r->chunks[i], &r->parts[i], err);
        else
            code = keep(r, &r->parts[i].batch, err);
        r->skipped += r->parts[i].stats.skipped;
    }
    if (code == OCT_OK && r->stage->reduce.kind != OCTI_COLLECT)
        code = merge(r, err);
    for (size_t i = 0; i < count; i++) {
        octi_part_deinit(&r->parts[i]);
        octi_chunk_deinit(&r->chunks[i]);
    }
    return code;
}

/* True when the rows that are wanted are there, whatever the chunks that are left hold. */
static bool enough(const run *r)
{
    return r->stage->reduce.kind == OCTI_COLLECT && r->kept_rows >= r->stage->reduce.limit;
}

/* The first waves are small where what they find makes those after them shorter. */
static size_t first_wave(const run *r)
{
    const octi_reduce *reduce = &r->stage->reduce;
    bool limited = reduce->kind == OCTI_COLLECT || reduce->kind == OCTI_TOP;
    return limited && reduce->limit != UINT64_MAX ? FIRST_WAVE : WAVE;
}

static size_t next_wave(size_t most)
{
    return 2 * most < WAVE ? 2 * most : WAVE;
}

static oct_err run_files(run *r, const oct_frame *source, oct_error *err)
{
    size_t most = first_wave(r), count;
    oct_err code;
    do {
        code = wave_init(r, source, most, &count, err);
        if (code == OCT_OK && count > 0)
            code = run_wave(r, count, err);
        else
            for (size_t i = 0; i < count; i++)
                octi_chunk_deinit(&r->chunks[i]);
        most = next_wave(most);
    } while (code == OCT_OK && count > 0 && !enough(r));
    return code;
}

/* The first row whose time is not before `time`; rows are in the order of times, nulls last. */
static size_t row_from(const octi_batch *table, const char *index, int64_t time)
{
    const octi_column *times = &table->columns[octi_batch_find(table, index)];
    size_t low = 0, high = table->rows;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (octi_is_valid(times, middle) && times->ints[middle] < time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The rows that the first step may keep, where it only keeps a stretch of the index. */
static void find_slice(const octi_stage *stage, const octi_batch *table, const char *index, size_t *begin,
                       size_t *end)
{
    *begin = 0;
    *end = table->rows;
    if (!index || stage->count == 0 || !stage->steps[0].sliced)
        return;
    *begin = row_from(table, index, stage->steps[0].low) & ~(size_t)63; /* as batches are sliced */
    *end = row_from(table, index, stage->steps[0].high);
}

/* A chunk of a table, with the rows before it that its windows reach back to. */
static oct_err cut_chunk(const run *r, const octi_batch *table, size_t begin, size_t end, octi_chunk *chunk,
                         oct_error *err)
{
    size_t lead = 0;
    *chunk = (octi_chunk){.lasting = octi_turns_are_tasks(r->pool)};
    if (octi_stage_rolls(r->stage)) {
        const octi_step *step = &r->stage->steps[0];
        oct_err code =
            octi_rolling_lead(&(octi_rolling){step->name, step->on, step->text}, table, begin, &lead, err);
        if (code != OCT_OK)
            return code;
    }
    size_t from = (begin - lead) & ~(size_t)63;
    chunk->lead = begin - from;
    return octi_batch_slice(table, from, end - from, &chunk->batch, err);
}

/* Rows of a chunk after so many that have been seen. Every chunk leaves its own states of the groups that it
 * has, so that where groups are many, and come again, fewer and larger ones leave less to merge: 32 rows a
 * group or more. Not so where they hardly come again in any chunk that fits a cache. */
static size_t rows_of_chunk(const run *r, const octi_batch *table, size_t seen)
{
    size_t count = makes_groups(r) ? groups_of(r) : 0, rows = CHUNK_ROWS;
    if (count > seen / 2 || count > CHUNK_ROWS_MOST / 4)
        return CHUNK_ROWS;
    while (rows < 32 * count && rows < CHUNK_ROWS_MOST && 2 * rows * table->count <= CHUNK_VALUES_MOST)
        rows *= 2;
    return rows;
}

/* Chunks from one row to before another, in waves. */
static oct_err run_rows(run *r, const octi_batch *table, size_t begin, size_t end, oct_error *err)
{
    oct_err code = OCT_OK;
    size_t most = makes_groups(r) ? FIRST_WAVE : first_wave(r);
    for (size_t at = begin; code == OCT_OK && at < end && !enough(r);) {
        size_t count = 0, rows = rows_of_chunk(r, table, at - begin);
        for (; code == OCT_OK && count < most && at < end; at += rows) {
            size_t to = end - at < rows ? end : at + rows;
            code = cut_chunk(r, table, at, to, &r->chunks[count], err);
            count += code == OCT_OK;
        }
        if (code == OCT_OK)
            code = run_wave(r, count, err);
        else
            for (size_t i = 0; i < count; i++)
                octi_chunk_deinit(&r->chunks[i]);
        most = makes_groups(r) ? WAVE : next_wave(most);
    }
    return code;
}

/* Borrows the columns that are needed: the others would travel in vain. */
static oct_err narrow(const octi_stage *stage, const octi_batch *table, octi_batch *out, oct_error *err)
{
    octi_batch made = {.rows = table->rows};
    oct_err code = OCT_OK;
    for (size_t c = 0; code == OCT_OK && c < table->count; c++) {
        if (octi_stage_needs(stage, table->names[c]))
            code = octi_batch_lend(&made, table->names[c], &table->columns[c], err);
    }
    if (code != OCT_OK)
        octi_batch_deinit(&made);
    else
        *out = made;
    return code;
}

static oct_err run_table(run *r, const octi_batch *table, const char *index, oct_error *err)
{
    octi_batch needed;
    size_t begin, end;
    find_slice(r->stage, table, index, &begin, &end);
    oct_err code = narrow(r->stage, table, &needed, err);
    if (code != OCT_OK)
        return code;
    code = run_rows(r, &needed, begin, end, err);
    octi_batch_deinit(&needed);
    return code;
}

static oct_err run_source(run *r, const oct_frame *source, oct_error *err)
{
    if (source->kind == OCTI_FRAME_FILES && !octi_stage_rolls(r->stage))
        return run_files(r, source, err);
    if (source->kind == OCTI_FRAME_TABLE)
        return run_table(r, &source->table, source->index, err);
    size_t skipped = 0;
    oct_err code = octi_frame_run(source, &r->table, &skipped, err);
    r->skipped += skipped;
    return code == OCT_OK ? run_table(r, &r->table, source->index, err) : code;
}

/* What was kept, as the table that was asked for; the schema alone, where nothing was read. */
static oct_err finish(run *r, const oct_frame *frame, octi_batch *out, oct_error *err)
{
    octi_batch all;
    bool none = r->kept_count == 0;
    oct_err code =
        octi_batch_concat_on(r->pool, none ? &frame->schema : r->kept, none ? 1 : r->kept_count, &all, err);
    drop_kept(r); /* before there is a third table */
    if (code == OCT_OK && none &&
        r->stage->reduce.kind != OCTI_CORRELATE) { /* which has a result of no rows */
        *out = all;
        return OCT_OK;
    }
    if (code == OCT_OK && (code = octi_reduce_finish(&r->stage->reduce, r->pool, &all, err)) == OCT_OK)
        *out = all;
    else if (code != OCT_OK)
        octi_batch_deinit(&all);
    return code;
}

static void run_destroy(run *r)
{
    if (!r)
        return;
    drop_kept(r);
    octi_partitions_deinit(&r->partitions);
    octi_batch_deinit(&r->table);
    free(r->kept);
    free(r);
}

static oct_err run_stage(const oct_frame *frame, octi_batch *out, size_t *skipped, oct_error *err)
{
    octi_stage stage;
    const oct_frame *source;
    *skipped = 0;
    oct_err code = octi_frame_prepare(frame, &stage, &source, skipped, err);
    if (code != OCT_OK)
        return code;
    run *r = calloc(1, sizeof(*r));
    if (!r)
        code = oct_fail(err, OCT_E_NOMEM, "out of memory to compute a frame");
    if (code == OCT_OK) {
        r->pool = frame->pool;
        r->stage = &stage;
        code = run_source(r, source, err);
    }
    if (code == OCT_OK)
        code = keep_partitions(r, err);
    if (code == OCT_OK)
        code = finish(r, frame, out, err);
    if (code == OCT_OK)
        *skipped += r->skipped;
    run_destroy(r);
    octi_stage_deinit(&stage);
    return code;
}

/* The rows of a table are sorted where they are. */
static oct_err rows_to_sort(const oct_frame *from, octi_batch *out, size_t *skipped, oct_error *err)
{
    *skipped = 0;
    return from->kind == OCTI_FRAME_TABLE ? octi_batch_borrow(&from->table, out, err)
                                          : octi_frame_run(from, out, skipped, err);
}

static oct_err run_sort(const oct_frame *frame, octi_batch *out, size_t *skipped, oct_error *err)
{
    octi_order by[OCTI_ORDER_MOST];
    size_t count;
    octi_batch rows;
    oct_err code = octi_order_parse(frame->reduce.keys, &frame->schema, by, &count, err);
    if (code == OCT_OK)
        code = rows_to_sort(frame->from, &rows, skipped, err);
    if (code != OCT_OK)
        return code;
    code = octi_batch_sort_on(frame->pool, &rows, by, count, out, err);
    octi_batch_deinit(&rows);
    return code;
}

static oct_err run_concat(const oct_frame *frame, octi_batch *out, size_t *skipped, oct_error *err)
{
    octi_batch parts[2] = {0};
    size_t lines = 0;
    oct_err code = octi_frame_run(frame->from, &parts[0], skipped, err);
    if (code == OCT_OK)
        code = octi_frame_run(frame->other, &parts[1], &lines, err);
    for (int i = 0; code == OCT_OK && i < 2; i++)
        code = octi_batch_conform(&parts[i], &frame->schema, err);
    if (code == OCT_OK)
        code = octi_batch_concat(parts, 2, out, err);
    *skipped += lines;
    octi_batch_deinit(&parts[0]);
    octi_batch_deinit(&parts[1]);
    return code;
}

static oct_err run_describe(const oct_frame *frame, octi_batch *out, size_t *skipped, oct_error *err)
{
    octi_batch row;
    oct_err code = octi_frame_run(frame->from, &row, skipped, err);
    if (code != OCT_OK)
        return code;
    code = octi_describe(&row, out, err);
    octi_batch_deinit(&row);
    return code;
}

static oct_err run_resample(const oct_frame *frame, octi_batch *out, size_t *skipped, oct_error *err)
{
    octi_batch groups;
    oct_err code = octi_frame_run(frame->from, &groups, skipped, err);
    if (code != OCT_OK)
        return code;
    code = octi_resample_fill(&groups, frame->reduce.keys, frame->reduce.aggregates, err);
    if (code != OCT_OK)
        octi_batch_deinit(&groups);
    else
        *out = groups;
    return code;
}

oct_err octi_frame_run(const oct_frame *frame, octi_batch *out, size_t *skipped, oct_error *err)
{
    switch (frame->kind) {
    case OCTI_FRAME_SORT:
        return run_sort(frame, out, skipped, err);
    case OCTI_FRAME_CONCAT:
        return run_concat(frame, out, skipped, err);
    case OCTI_FRAME_DESCRIBE:
        return run_describe(frame, out, skipped, err);
    case OCTI_FRAME_RESAMPLE:
        return run_resample(frame, out, skipped, err);
    default:
        return run_stage(frame, out, skipped, err);
    }
}
