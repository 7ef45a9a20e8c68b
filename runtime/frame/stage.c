#include <stdlib.h>
#include <string.h>

#include "oct/map.h"
#include "runtime/frame/expr.h"
#include "runtime/frame/rolling.h"
#include "runtime/frame/stage.h"

void octi_step_deinit(octi_step *step)
{
    free(step->name);
    free(step->text);
    free(step->on);
    if (step->join)
        octi_join_deinit(step->join);
    free(step->join);
    *step = (octi_step){0};
}

void octi_stage_deinit(octi_stage *stage)
{
    octi_format_deinit(&stage->format);
    for (size_t i = 0; i < stage->column_count; i++)
        free(stage->columns[i]);
    free(stage->columns);
    for (size_t i = 0; i < stage->count; i++)
        octi_step_deinit(&stage->steps[i]);
    free(stage->steps);
    octi_reduce_deinit(&stage->reduce);
    *stage = (octi_stage){0};
}

bool octi_stage_needs(const octi_stage *stage, const char *column)
{
    for (size_t i = 0; i < stage->column_count; i++) {
        if (strcmp(stage->columns[i], column) == 0)
            return true;
    }
    return false;
}

void octi_chunk_deinit(octi_chunk *chunk)
{
    free(chunk->path);
    octi_batch_deinit(&chunk->batch);
    *chunk = (octi_chunk){0};
}

void octi_part_deinit(octi_part *part)
{
    octi_batch_deinit(&part->batch);
    free(part->error);
    *part = (octi_part){0};
}

static void pack_stage(const octi_stage *s, oct_packer *to)
{
    uint64_t head[] = {(unsigned char)s->format.delimiter,
                       s->format.skip,
                       s->format.fields,
                       s->reduce.kind,
                       s->reduce.limit,
                       s->count,
                       s->format.kind,
                       s->reduce.bound.known,
                       s->reduce.bound.key};
    oct_pack(to, head, sizeof(head));
    octi_batch_pack(&s->format.schema, to);
    oct_pack(to, s->format.field_of, s->format.schema.count * sizeof(uint32_t));
    for (size_t i = 0; i < s->count; i++) {
        uint32_t kind = s->steps[i].kind;
        oct_pack(to, &kind, sizeof(kind));
        oct_pack_string(to, s->steps[i].name);
        oct_pack_string(to, s->steps[i].text);
        oct_pack_string(to, s->steps[i].on);
        if (s->steps[i].kind == OCTI_JOIN)
            octi_join_pack(s->steps[i].join, to);
    }
    oct_pack_string(to, s->reduce.keys);
    oct_pack_string(to, s->reduce.aggregates);
}

static bool unpack_step(octi_step *step, oct_unpacker *from)
{
    uint32_t kind;
    if (!oct_unpack(from, &kind, sizeof(kind)) || kind > OCTI_ROLLING)
        return false;
    step->kind = (octi_step_kind)kind;
    step->name = oct_unpack_string(from);
    step->text = oct_unpack_string(from);
    step->on = oct_unpack_string(from);
    if (!step->text || ((kind == OCTI_ASSIGN || kind == OCTI_ROLLING) && !step->name))
        return false;
    if (kind != OCTI_JOIN)
        return true;
    step->join = calloc(1, sizeof(*step->join));
    return step->join && octi_join_unpack(step->join, from);
}

static bool unpack_reduce(octi_reduce *reduce, oct_unpacker *from)
{
    reduce->keys = oct_unpack_string(from);
    reduce->aggregates = oct_unpack_string(from);
    bool group = reduce->kind == OCTI_GROUP;
    return (group || reduce->kind == OCTI_TOP || reduce->kind == OCTI_CORRELATE ? reduce->keys != NULL
                                                                                : true) &&
           group == (reduce->aggregates != NULL);
}

static bool unpack_stage(octi_stage *s, oct_unpacker *from)
{
    uint64_t head[9];
    *s = (octi_stage){0};
    if (!oct_unpack(from, head, sizeof(head)) || head[3] > OCTI_CORRELATE || head[6] > OCTI_JSONL ||
        !octi_batch_unpack(&s->format.schema, from))
        return false;
    s->format.kind = (octi_format_kind)head[6];
    s->format.delimiter = (char)head[0];
    s->format.skip = head[1] != 0;
    s->format.fields = (uint32_t)head[2];
    s->reduce.kind = (octi_reduce_kind)head[3];
    s->reduce.limit = head[4];
    s->reduce.bound = (octi_bound){head[7] != 0, head[8]};
    size_t fields = s->format.schema.count * sizeof(uint32_t);
    bool whole = head[5] <= oct_unpack_left(from) && fields <= oct_unpack_left(from);
    s->format.field_of = whole ? malloc(fields + 1) : NULL;
    s->steps = whole ? calloc(head[5] + 1, sizeof(*s->steps)) : NULL;
    whole = s->format.field_of && s->steps && oct_unpack(from, s->format.field_of, fields);
    for (size_t i = 0; whole && s->format.kind == OCTI_CSV && i < s->format.schema.count; i++)
        whole = s->format.field_of[i] < s->format.fields;
    while (whole && s->count < head[5])
        whole = unpack_step(&s->steps[s->count++], from);
    whole = whole && unpack_reduce(&s->reduce, from);
    if (!whole)
        octi_stage_deinit(s);
    return whole;
}

static void release_stage(octi_stage *s)
{
    octi_stage_deinit(s);
}

OCT_TYPE(octi_stage, pack_stage, unpack_stage, release_stage);

static void pack_chunk(const octi_chunk *c, oct_packer *to)
{
    uint64_t head[] = {c->begin, c->end, c->first, c->inside, c->lead};
    oct_pack(to, head, sizeof(head));
    oct_pack_string(to, c->path);
    octi_batch_pack(&c->batch, to);
}

static bool unpack_chunk(octi_chunk *c, oct_unpacker *from)
{
    uint64_t head[5];
    *c = (octi_chunk){0};
    if (!oct_unpack(from, head, sizeof(head)) || head[0] > head[1] || head[1] - head[0] > UINT32_MAX / 2)
        return false;
    c->path = oct_unpack_string(from);
    c->begin = head[0];
    c->end = head[1];
    c->first = head[2] != 0;
    c->inside = head[3] != 0;
    c->lead = head[4];
    if (octi_batch_unpack(&c->batch, from) && c->lead <= c->batch.rows)
        return true;
    octi_chunk_deinit(c);
    return false;
}

static void release_chunk(octi_chunk *c)
{
    octi_chunk_deinit(c);
}

OCT_TYPE(octi_chunk, pack_chunk, unpack_chunk, release_chunk);

static void pack_part(const octi_part *p, oct_packer *to)
{
    uint64_t head[] = {p->stats.quotes, p->stats.skipped, p->stats.bad_at, p->error != NULL};
    oct_pack(to, head, sizeof(head));
    octi_batch_pack(&p->batch, to);
    if (p->error)
        oct_pack(to, p->error, sizeof(*p->error));
}

static bool unpack_part(octi_part *p, oct_unpacker *from)
{
    uint64_t head[4];
    *p = (octi_part){0};
    if (!oct_unpack(from, head, sizeof(head)) || !octi_batch_unpack(&p->batch, from))
        return false;
    p->stats = (octi_text_stats){head[0], head[1], head[2]};
    p->error = head[3] ? malloc(sizeof(*p->error)) : NULL;
    if (head[3] && (!p->error || !oct_unpack(from, p->error, sizeof(*p->error)))) {
        octi_part_deinit(p);
        return false;
    }
    return true;
}

static void release_part(octi_part *p)
{
    octi_part_deinit(p);
}

OCT_TYPE(octi_part, pack_part, unpack_part, release_part);

static oct_err where(const octi_expr *expr, const char *text, octi_batch *batch, oct_error *err)
{
    octi_column keep;
    octi_batch kept;
    oct_err code = octi_expr_eval(expr, text, batch, &keep, err);
    if (code != OCT_OK)
        return code;
    uint32_t *rows = malloc((batch->rows + 1) * sizeof(*rows));
    if (keep.type != OCT_BOOL)
        code = oct_fail(err, OCT_E_TYPE, "'%.200s' is not a condition", text);
    else if (!rows)
        code = oct_fail(err, OCT_E_NOMEM, "out of memory for %zu rows", batch->rows);
    size_t count = 0;
    for (size_t i = 0; code == OCT_OK && i < batch->rows; i++) {
        rows[count] = (uint32_t)i;
        count += keep.bools[i] && octi_is_valid(&keep, i);
    }
    octi_column_deinit(&keep);
    if (code == OCT_OK && count < batch->rows &&
        (code = octi_batch_gather(batch, rows, count, &kept, err)) == OCT_OK) {
        octi_batch_deinit(batch);
        *batch = kept;
    }
    free(rows);
    return code;
}

static oct_err select_items(const char *text, octi_batch *batch, oct_error *err)
{
    octi_items items;
    octi_batch made = {.rows = batch->rows};
    oct_err code = octi_items_parse(text, &items, err);
    if (code != OCT_OK)
        return code;
    for (size_t i = 0; code == OCT_OK && i < items.count; i++) {
        octi_column column;
        code = octi_expr_eval(items.list[i].expr, items.list[i].source, batch, &column, err);
        if (code == OCT_OK)
            code = octi_batch_take(&made, items.list[i].name, &column, err);
    }
    octi_items_deinit(&items);
    if (code != OCT_OK) {
        octi_batch_deinit(&made);
        return code;
    }
    octi_batch_deinit(batch);
    *batch = made;
    return OCT_OK;
}

oct_err octi_step_run(const octi_step *step, octi_batch *batch, size_t lead, oct_error *err)
{
    octi_rolling rolling = {step->name, step->on, step->text};
    octi_expr *expr;
    octi_column column;
    if (step->kind == OCTI_SELECT)
        return select_items(step->text, batch, err);
    if (step->kind == OCTI_JOIN)
        return octi_join_run(step->join, batch, err);
    if (step->kind == OCTI_ROLLING)
        return octi_rolling_run(&rolling, batch, lead, err);
    oct_err code = octi_expr_parse(step->text, &expr, err);
    if (code != OCT_OK)
        return code;
    if (step->kind == OCTI_WHERE)
        code = where(expr, step->text, batch, err);
    else if ((code = octi_expr_eval(expr, step->text, batch, &column, err)) == OCT_OK)
        code = octi_batch_take(batch, step->name, &column, err);
    octi_expr_destroy(expr);
    return code;
}

/* What is borrowed becomes the batch's own: it outlives its chunk. */
static oct_err own(octi_batch *batch, oct_error *err)
{
    oct_err code = OCT_OK;
    for (size_t c = 0; code == OCT_OK && c < batch->count; c++) {
        octi_column column = batch->columns[c];
        if (column.borrowed)
            code = octi_batch_take(batch, batch->names[c], &column, err);
    }
    return code;
}

static oct_err run_chunk(const octi_chunk *chunk, const octi_stage *stage, octi_part *part, oct_error *err)
{
    octi_text_range range = {chunk->path, chunk->begin, chunk->end, chunk->first, chunk->inside};
    oct_err code = chunk->path ? octi_format_read(&stage->format, &range, &part->batch, &part->stats, err)
                               : octi_batch_borrow(&chunk->batch, &part->batch, err);
    for (size_t i = 0; code == OCT_OK && i < stage->count; i++)
        code = octi_step_run(&stage->steps[i], &part->batch, i == 0 ? chunk->lead : 0, err);
    if (code == OCT_OK)
        code = octi_reduce_rows(&stage->reduce, &part->batch, err);
    return code == OCT_OK && !chunk->lasting ? own(&part->batch, err) : code;
}

OCT_TASK(octi_part, octi_frame_chunk, octi_chunk, chunk, octi_stage, stage)
{
    octi_part part = {0};
    oct_error error = OCT_ERROR_INIT;
    if (run_chunk(&chunk, &stage, &part, &error) == OCT_OK)
        return part;
    octi_batch_deinit(&part.batch);
    part.error = malloc(sizeof(error));
    if (part.error)
        *part.error = error;
    else
        oct_fail(oct_task_error(), OCT_E_NOMEM, "out of memory to tell of an error");
    return part;
}

oct_err octi_stage_map(oct_pool *pool, const octi_stage *stage, octi_chunk *chunks, size_t count,
                       octi_part *parts, oct_error *err)
{
    oct_err code = oct_map(pool, octi_frame_chunk, chunks, count, parts, *stage);
    if (code != OCT_OK && err)
        *err = *oct_last_error();
    return code;
}
