#include "runtime/bag/tasks.h"

#include <string.h>

#include "runtime/bag/pass.h"
#include "runtime/bag/spill.h"

static void release_part(octi_bag_part *part)
{
    octi_bag_part_deinit(part);
}

OCT_TYPE(octi_bag_part, octi_bag_part_pack, octi_bag_part_unpack, release_part);

OCT_TASK(octi_bag_part, octi_bag_pass, octi_stage_plan, plan, octi_source, source, const char *, path,
         octi_bag_part, a, octi_bag_part, b)
{
    octi_bag_part out = {0};
    oct_error *err = oct_task_error();
    if (octi_bag_part_check(&a, err) != OCT_OK || octi_bag_part_check(&b, err) != OCT_OK ||
        octi_pass_run(&plan, &source, path, &a.rows, &b.rows, &out, err) != OCT_OK)
        out = (octi_bag_part){0};
    octi_rows_rest(&a.rows);
    octi_rows_rest(&b.rows);
    octi_rows_rest(&out.rows);
    return out;
}

static octi_bag_part slice(const octi_bag_part *part, uint64_t begin, uint64_t end)
{
    octi_bag_part out = {0};
    const octi_rows *rows = &part->rows;
    if (octi_bag_part_check(part, oct_task_error()) != OCT_OK)
        return out;
    if (begin < end && end > rows->count) {
        oct_fail(oct_task_error(), OCT_E_PROTOCOL, "record %llu of a part of %zu", (unsigned long long)end,
                 rows->count);
        return out;
    }
    octi_rows_init(&out.rows, &rows->shape);
    if (begin < end)
        octi_rows_append(&out.rows, rows, (size_t)begin, (size_t)(end - begin));
    if (out.rows.failed) {
        octi_bag_part_deinit(&out);
        octi_spill_fail(oct_task_error(), "a piece of a bag");
    }
    octi_rows_rest(rows);
    octi_rows_rest(&out.rows);
    return out;
}

OCT_TASK(octi_bag_part, octi_bag_piece, octi_bag_part, part, uint64_t, bucket)
{
    if (part.buckets == 0) /* there is one */
        return slice(&part, 0, part.rows.count);
    if (bucket >= part.buckets) {
        oct_fail(oct_task_error(), OCT_E_PROTOCOL, "bucket %llu of a part that has %llu",
                 (unsigned long long)bucket, (unsigned long long)part.buckets);
        return (octi_bag_part){0};
    }
    return slice(&part, part.starts[bucket], part.starts[bucket + 1]);
}

OCT_TASK(octi_bag_part, octi_bag_slice, octi_bag_part, part, uint64_t, begin, uint64_t, end)
{
    return slice(&part, begin, end);
}

OCT_TASK(octi_bag_part, octi_bag_merge, octi_sink, sink, octi_bag_part, a, octi_bag_part, b, octi_bag_part, c,
         octi_bag_part, d, octi_bag_part, e, octi_bag_part, f, octi_bag_part, g)
{
    const octi_bag_part *parts[OCTI_WAYS] = {&a, &b, &c, &d, &e, &f, &g};
    octi_collector collector;
    octi_bag_part out = {0};
    oct_error *err = oct_task_error();
    oct_err code = octi_collector_init(&collector, &sink, err);
    for (int i = 0; code == OCT_OK && i < OCTI_WAYS; i++) {
        code = octi_bag_part_check(parts[i], err);
        if (code == OCT_OK) {
            octi_collector_merge(&collector, &parts[i]->rows);
            code = err->code;
        }
    }
    if (code == OCT_OK && octi_collector_finish(&collector, NULL, &out, err) != OCT_OK)
        out = (octi_bag_part){0};
    octi_collector_deinit(&collector);
    for (int i = 0; i < OCTI_WAYS; i++)
        octi_rows_rest(&parts[i]->rows);
    octi_rows_rest(&out.rows);
    return out;
}

static size_t view_of_bucket(const octi_bag_part *part, uint64_t bucket, octi_rows *view)
{
    uint64_t begin = part->starts[bucket];
    *view = (octi_rows){.shape = part->rows.shape, .count = (size_t)(part->starts[bucket + 1] - begin)};
    for (uint32_t f = 0; view->count > 0 && f < view->shape.count; f++)
        view->values[f] = octi_rows_at(&part->rows, f, (size_t)begin);
    return view->count;
}

static octi_bag_part gather(const octi_gathering *from, uint64_t bucket)
{
    octi_collector collector;
    octi_bag_part out = {0};
    octi_rows view;
    size_t total = 0;
    oct_error *err = oct_task_error();
    oct_err code = octi_collector_init(&collector, from->sink, err);
    for (size_t i = 0; i < from->count; i++)
        total += view_of_bucket(from->parts[i], bucket, &view);
    if (from->sink->kind < OCTI_DISTINCT || from->sink->kind == OCTI_GROUP) /* all of them are kept */
        octi_rows_reserve(&collector.rows, total);
    for (size_t i = 0; code == OCT_OK && i < from->count; i++) {
        view_of_bucket(from->parts[i], bucket, &view);
        octi_collector_merge(&collector, &view);
        code = err->code;
    }
    if (code == OCT_OK && octi_collector_finish(&collector, NULL, &out, err) != OCT_OK)
        out = (octi_bag_part){0};
    octi_collector_deinit(&collector);
    octi_rows_rest(&out.rows);
    return out;
}

typedef struct gather_args {
    const octi_gathering *from;
    uint64_t bucket;
} gather_args;

static void run_gather(const void *args, void *value)
{
    gather_args of;
    memcpy(&of, args, sizeof(of));
    octi_bag_part out = gather(of.from, of.bucket);
    memcpy(value, &out, sizeof(out));
}

/* Not in the registry: what takes an address must not be called from another process. */
static oct_task gather_task = {
    .name = "octi_bag_gather",
    .file = __FILE__,
    .line = __LINE__,
    .result = {"octi_bag_part", OCTI_USER, sizeof(octi_bag_part), &octi__type_octi_bag_part},
    .args_size = sizeof(gather_args),
    .run = run_gather,
    .plain_args = true,
    .unrecorded = true,
};

/* Keys of a part, evenly over it. */
OCT_TASK(octi_bag_part, octi_bag_keys, octi_bag_part, part, uint64_t, most)
{
    octi_bag_part out = {0};
    octi_shape key = {1, {part.rows.shape.fields[0]}};
    if (octi_bag_part_check(&part, oct_task_error()) != OCT_OK)
        return out;
    octi_rows_init(&out.rows, &key);
    uint64_t count = part.rows.count < most ? part.rows.count : most;
    for (uint64_t i = 0; i < count; i++)
        octi_rows_append(&out.rows, &part.rows, (size_t)(i * part.rows.count / count), 1);
    if (out.rows.failed) {
        octi_bag_part_deinit(&out);
        octi_spill_fail(oct_task_error(), "a sample of a bag");
    }
    return out;
}

OCT_TASK(int64_t, octi_bag_rows, octi_bag_part, part)
{
    return octi_bag_part_check(&part, oct_task_error()) == OCT_OK ? (int64_t)part.rows.count : 0;
}

oct_future *octi_bag_pass_start(oct_pool *pool, const octi_stage_plan *plan, const octi_input *input)
{
    if (input->a)
        return oct_submit(pool, octi_bag_pass, *plan, input->source, input->path, input->a, input->b);
    return oct_submit(pool, octi_bag_pass, *plan, input->source, input->path, input->here, input->b);
}

oct_future *octi_bag_piece_start(oct_pool *pool, oct_future *part, uint64_t bucket)
{
    return oct_submit(pool, octi_bag_piece, part, bucket);
}

oct_future *octi_bag_slice_start(oct_pool *pool, oct_future *part, uint64_t begin, uint64_t end)
{
    return oct_submit(pool, octi_bag_slice, part, begin, end);
}

oct_future *octi_bag_merge_start(oct_pool *pool, const octi_sink *sink, oct_future *const *parts,
                                 size_t count)
{
    oct_future *all[OCTI_WAYS] = {0};
    for (size_t i = 0; i < count; i++)
        all[i] = parts[i];
    return oct_submit(pool, octi_bag_merge, *sink, all[0], all[1], all[2], all[3], all[4], all[5], all[6]);
}

oct_future *octi_bag_gather_start(oct_pool *pool, const octi_gathering *from, uint64_t bucket)
{
    return octi_submit(pool, NULL, &gather_task, &(gather_args){from, bucket}, NULL, 0);
}

oct_future *octi_bag_keys_start(oct_pool *pool, oct_future *part, uint64_t most)
{
    return oct_submit(pool, octi_bag_keys, part, most);
}

oct_future *octi_bag_rows_start(oct_pool *pool, oct_future *part)
{
    return oct_submit(pool, octi_bag_rows, part);
}
