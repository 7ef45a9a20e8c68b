#include "runtime/bag/tasks.h"

#include "runtime/bag/pass.h"

static void release_part(octi_bag_part *part)
{
    octi_bag_part_deinit(part);
}

OCT_TYPE(octi_bag_part, octi_bag_part_pack, octi_bag_part_unpack, release_part);

OCT_TASK(octi_bag_part, octi_bag_pass, octi_stage_plan, plan, octi_source, source, const char *, path,
         octi_bag_part, a, octi_bag_part, b)
{
    octi_bag_part out = {0};
    if (octi_pass_run(&plan, &source, path, &a.rows, &b.rows, &out, oct_task_error()) != OCT_OK)
        out = (octi_bag_part){0};
    return out;
}

static octi_bag_part slice(const octi_rows *rows, uint64_t begin, uint64_t end)
{
    octi_bag_part out = {0};
    octi_rows_init(&out.rows, &rows->shape);
    if (begin < end)
        octi_rows_append(&out.rows, rows, (size_t)begin, (size_t)(end - begin));
    if (out.rows.failed) {
        octi_bag_part_deinit(&out);
        oct_fail(oct_task_error(), OCT_E_NOMEM, "out of memory for a piece of a bag");
    }
    return out;
}

OCT_TASK(octi_bag_part, octi_bag_piece, octi_bag_part, part, uint64_t, bucket)
{
    if (part.buckets == 0) /* there is one */
        return slice(&part.rows, 0, part.rows.count);
    return slice(&part.rows, part.starts[bucket], part.starts[bucket + 1]);
}

OCT_TASK(octi_bag_part, octi_bag_slice, octi_bag_part, part, uint64_t, begin, uint64_t, end)
{
    return slice(&part.rows, begin, end);
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
        octi_collector_merge(&collector, &parts[i]->rows);
        code = err->code;
    }
    if (code == OCT_OK && octi_collector_finish(&collector, NULL, &out, err) != OCT_OK)
        out = (octi_bag_part){0};
    octi_collector_deinit(&collector);
    return out;
}

/* Keys of a part, evenly over it. */
OCT_TASK(octi_bag_part, octi_bag_keys, octi_bag_part, part, uint64_t, most)
{
    octi_bag_part out = {0};
    octi_shape key = {1, {part.rows.shape.fields[0]}};
    octi_rows_init(&out.rows, &key);
    uint64_t count = part.rows.count < most ? part.rows.count : most;
    for (uint64_t i = 0; i < count; i++)
        octi_rows_append(&out.rows, &part.rows, (size_t)(i * part.rows.count / count), 1);
    if (out.rows.failed) {
        octi_bag_part_deinit(&out);
        oct_fail(oct_task_error(), OCT_E_NOMEM, "out of memory for a sample of a bag");
    }
    return out;
}

OCT_TASK(int64_t, octi_bag_rows, octi_bag_part, part)
{
    return (int64_t)part.rows.count;
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

oct_future *octi_bag_keys_start(oct_pool *pool, oct_future *part, uint64_t most)
{
    return oct_submit(pool, octi_bag_keys, part, most);
}

oct_future *octi_bag_rows_start(oct_pool *pool, oct_future *part)
{
    return oct_submit(pool, octi_bag_rows, part);
}
