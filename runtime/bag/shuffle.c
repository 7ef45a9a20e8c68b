/* Bags whose records meet those of other parts. */
#include <stdlib.h>

#include "runtime/bag/graph.h"
#include "runtime/bag/key.h"
#include "runtime/bag/spill.h"
#include "runtime/exec/failure.h"
#include "runtime/exec/job.h"

enum { SAMPLES = 256 };

/* A task beside each part makes the piece of it that is to move. */
static oct_err move_bucket(oct_pool *pool, const octi_sink *sink, uint32_t bucket, const octi_parts *in,
                           octi_parts *out, oct_error *err)
{
    octi_parts pieces = {0};
    oct_future *merged;
    oct_err code = OCT_OK;
    for (size_t i = 0; code == OCT_OK && i < in->count; i++)
        code = octi_parts_add(&pieces, octi_bag_piece_start(pool, in->list[i], bucket), err);
    if (code == OCT_OK)
        code = octi_parts_merge(pool, sink, &pieces, &merged, err);
    octi_parts_deinit(&pieces);
    return code == OCT_OK ? octi_parts_add(out, merged, err) : code;
}

/* Waits for all, and says why the first one of those that failed did. */
static oct_err wait_for_all(const octi_parts *parts, oct_error *err)
{
    for (size_t i = 0; i < parts->count; i++) {
        const octi_job *job = octi_job_of(parts->list[i]);
        if (oct_wait(parts->list[i], OCT_FOREVER) == OCT_OK && job && octi_job_state(job) == OCTI_DONE)
            continue;
        const oct_failure *failure = oct_future_failure(parts->list[i]);
        if (failure)
            *err = failure->error;
        else if (err != octi_last_error())
            *err = *oct_last_error();
        return err->code;
    }
    return OCT_OK;
}

/* Where memory is shared nothing moves: who needs a bucket reads it where it is. That takes one step instead
 * of a tree, of all parts, for which both sides wait: the parts must be there, and stay. */
static oct_err read_buckets(oct_pool *pool, const octi_sink *sink, uint32_t buckets, const octi_parts *in,
                            octi_parts *out, oct_error *err)
{
    const octi_bag_part **list = malloc((in->count + 1) * sizeof(octi_bag_part *));
    oct_err code = list ? wait_for_all(in, err) : oct_fail(err, OCT_E_NOMEM, "out of memory for a shuffle");
    for (size_t i = 0; code == OCT_OK && i < in->count; i++)
        list[i] = octi_job_value(octi_job_of(in->list[i]));
    const octi_gathering from = {sink, list, in->count};
    for (uint32_t b = 0; code == OCT_OK && b < buckets; b++)
        code = octi_parts_add(out, octi_bag_gather_start(pool, &from, b), err);
    for (size_t i = 0; i < out->count; i++)
        (void)oct_wait(out->list[i], OCT_FOREVER); /* whoever takes the part learns of its failure */
    free(list);
    return code;
}

/* Parts that are in buckets become a part a bucket: each gets only the pieces that are its own. Takes `in`.
 */
static oct_err exchange(oct_pool *pool, const octi_sink *sink, uint32_t buckets, octi_parts *in,
                        octi_parts *out, oct_error *err)
{
    oct_err code = OCT_OK;
    if (buckets < 2) {
        oct_future *merged;
        code = octi_parts_merge(pool, sink, in, &merged, err);
        return code == OCT_OK ? octi_parts_add(out, merged, err) : code;
    }
    if (octi_bag_shares_memory(pool))
        code = read_buckets(pool, sink, buckets, in, out, err);
    for (uint32_t b = 0; !octi_bag_shares_memory(pool) && code == OCT_OK && b < buckets; b++)
        code = move_bucket(pool, sink, b, in, out, err);
    octi_parts_deinit(in);
    return code;
}

/* Each part through a sink; takes `in`. `b`, which may be NULL, is every pass's second part. */
static oct_err pass_each(oct_pool *pool, const octi_sink *sink, octi_parts *in, oct_future *b,
                         octi_parts *out, oct_error *err)
{
    octi_stage_plan plan = {.sink = *sink};
    oct_err code = OCT_OK;
    for (size_t i = 0; code == OCT_OK && i < in->count; i++) {
        octi_input input = {.source = {.kind = OCTI_FROM_PART, .shape = sink->in}, .a = in->list[i], .b = b};
        code = octi_parts_add(out, octi_bag_pass_start(pool, &plan, &input), err);
    }
    octi_parts_deinit(in);
    return code;
}

static oct_err run_table(const oct_bag *bag, octi_parts *out, oct_error *err)
{
    octi_parts parts = {0};
    octi_sink sink = bag->sink;
    sink.buckets = OCTI_SPREAD;
    oct_err code = octi_bag_parts(bag->from, &sink, &parts, err);
    return code == OCT_OK ? exchange(bag->pool, &bag->sink, octi_bucket_count(parts.count), &parts, out, err)
                          : code;
}

/* What is in buckets through a sink that needs all of its bucket; a single part is not in buckets. Takes
 * `in`. */
static oct_err finish_buckets(oct_pool *pool, const octi_sink *sink, uint32_t buckets, octi_parts *in,
                              octi_parts *out, oct_error *err)
{
    return buckets > 1 ? exchange(pool, sink, buckets, in, out, err)
                       : pass_each(pool, sink, in, NULL, out, err);
}

static oct_err run_group(const oct_bag *bag, octi_parts *out, oct_error *err)
{
    octi_parts parts = {0};
    octi_sink spread = octi_sink_keep(&bag->from->shape);
    spread.buckets = OCTI_SPREAD;
    oct_err code = octi_bag_parts(bag->from, &spread, &parts, err);
    return code == OCT_OK
               ? finish_buckets(bag->pool, &bag->sink, octi_bucket_count(parts.count), &parts, out, err)
               : code;
}

/* ---- sort ---- */

static oct_err sample_keys(oct_pool *pool, const octi_parts *parts, octi_field key, octi_rows *keys,
                           oct_error *err)
{
    octi_parts samples = {0};
    octi_shape shape = {1, {key}};
    oct_err code = OCT_OK;
    octi_rows_init(keys, &shape);
    for (size_t i = 0; code == OCT_OK && i < parts->count; i++)
        code = octi_parts_add(&samples, octi_bag_keys_start(pool, parts->list[i], SAMPLES), err);
    for (size_t i = 0; code == OCT_OK && i < samples.count; i++) {
        octi_bag_part part;
        code = octi_part_home(&samples.list[i], &part, err);
        if (code != OCT_OK)
            break;
        octi_rows_append(keys, &part.rows, 0, part.rows.count);
        octi_bag_part_deinit(&part);
    }
    octi_parts_deinit(&samples);
    if (code == OCT_OK && (keys->failed || !octi_rows_sort(keys, false)))
        code = octi_spill_fail(err, "a sample of keys");
    return code;
}

/* The future of `buckets - 1` keys that divide the sample evenly. */
static oct_err splitters(oct_pool *pool, const octi_rows *keys, uint32_t buckets, octi_parts *out,
                         oct_error *err)
{
    octi_sink keep = octi_sink_keep(&keys->shape);
    octi_stage_plan plan = {.sink = keep};
    octi_input input = {.source = {.kind = OCTI_FROM_PART, .shape = keys->shape}};
    octi_rows_init(&input.here.rows, &keys->shape);
    for (uint32_t b = 1; b < buckets && keys->count > 0; b++)
        octi_rows_append(&input.here.rows, keys, keys->count * b / buckets, 1);
    oct_err code = input.here.rows.failed
                       ? octi_spill_fail(err, "a sample of keys")
                       : octi_parts_add(out, octi_bag_pass_start(pool, &plan, &input), err);
    octi_bag_part_deinit(&input.here);
    return code;
}

/* By sampling (Frazer and McKellar, "Samplesort", JACM 17, 1970): part b gets the keys between two splitters.
 */
static oct_err run_sort(const oct_bag *bag, octi_parts *out, oct_error *err)
{
    octi_parts parts = {0}, dividers = {0};
    octi_sink keep = octi_sink_keep(&bag->shape), ranged = keep;
    octi_rows keys = {0};
    oct_err code = octi_bag_parts(bag->from, &keep, &parts, err);
    uint32_t buckets = octi_bucket_count(parts.count);
    if (code == OCT_OK && buckets > 1) {
        octi_parts whole = parts;
        parts = (octi_parts){0};
        ranged.buckets = buckets;
        ranged.ranged = true;
        code = sample_keys(bag->pool, &whole, bag->shape.fields[0], &keys, err);
        if (code == OCT_OK)
            code = splitters(bag->pool, &keys, buckets, &dividers, err);
        if (code == OCT_OK)
            code = pass_each(bag->pool, &ranged, &whole, dividers.list[0], &parts, err);
        octi_parts_deinit(&whole);
    }
    if (code == OCT_OK)
        code = finish_buckets(bag->pool, &bag->sink, buckets, &parts, out, err);
    octi_rows_deinit(&keys);
    octi_parts_deinit(&parts);
    octi_parts_deinit(&dividers);
    return code;
}

/* ---- join ---- */

static oct_err join_parts(const oct_bag *bag, const octi_parts *a, const octi_parts *b, octi_parts *out,
                          oct_error *err)
{
    octi_sink keep = octi_sink_keep(&bag->shape);
    octi_stage_plan plan = {.sink = keep};
    oct_err code = OCT_OK;
    for (size_t i = 0; code == OCT_OK && i < a->count; i++) {
        octi_input input = {.source = {.kind = OCTI_FROM_JOIN, .shape = bag->shape},
                            .a = a->list[i],
                            .b = b->list[b->count == 1 ? 0 : i]};
        code = octi_parts_add(out, octi_bag_pass_start(bag->pool, &plan, &input), err);
    }
    return code;
}

/* Parts by hash of their keys, as many on both sides. */
static oct_err spread(const oct_bag *side, octi_parts *in, octi_parts *out, oct_error *err)
{
    octi_sink keep = octi_sink_keep(&side->shape), hashed = keep;
    octi_parts split = {0};
    hashed.buckets = OCTI_BUCKETS;
    oct_err code = pass_each(side->pool, &hashed, in, NULL, &split, err);
    if (code == OCT_OK)
        return exchange(side->pool, &keep, OCTI_BUCKETS, &split, out, err);
    octi_parts_deinit(&split);
    return code;
}

static oct_err run_join(const oct_bag *bag, octi_parts *out, oct_error *err)
{
    octi_parts a = {0}, b = {0}, by_key = {0}, with = {0};
    octi_sink keep_a = octi_sink_keep(&bag->from->shape), keep_b = octi_sink_keep(&bag->with->shape);
    oct_err code = octi_bag_parts(bag->from, &keep_a, &a, err);
    if (code == OCT_OK)
        code = octi_bag_parts(bag->with, &keep_b, &b, err);
    if (code == OCT_OK && b.count == 1) {
        code = join_parts(bag, &a, &b, out, err);
    } else if (code == OCT_OK) {
        code = spread(bag->from, &a, &by_key, err);
        if (code == OCT_OK)
            code = spread(bag->with, &b, &with, err);
        if (code == OCT_OK)
            code = join_parts(bag, &by_key, &with, out, err);
    }
    octi_parts_deinit(&a);
    octi_parts_deinit(&b);
    octi_parts_deinit(&by_key);
    octi_parts_deinit(&with);
    return code;
}

/* ---- by position ---- */

/* starts[i] is how many records come before part i; starts[count] how many there are. */
static oct_err count_records(oct_pool *pool, const octi_parts *parts, uint64_t *starts, oct_error *err)
{
    octi_parts counts = {0};
    oct_err code = OCT_OK;
    for (size_t i = 0; code == OCT_OK && i < parts->count; i++)
        code = octi_parts_add(&counts, octi_bag_rows_start(pool, parts->list[i]), err);
    starts[0] = 0;
    for (size_t i = 0; code == OCT_OK && i < counts.count; i++) {
        int64_t rows = 0;
        code = oct_result(counts.list[i], &rows);
        const oct_failure *failure = code == OCT_OK ? NULL : oct_future_failure(counts.list[i]);
        if (failure)
            *err = failure->error;
        else
            counts.list[i] = NULL;
        starts[i + 1] = starts[i] + (uint64_t)rows;
    }
    octi_parts_deinit(&counts);
    return code;
}

/* The records from `begin` to `end` of all as one part. */
static oct_err stretch(const oct_bag *bag, const octi_parts *parts, const uint64_t *starts, uint64_t begin,
                       uint64_t end, octi_parts *out, oct_error *err)
{
    octi_parts pieces = {0};
    oct_future *merged;
    octi_sink keep = octi_sink_keep(&bag->shape);
    oct_err code = OCT_OK;
    for (size_t i = 0; code == OCT_OK && i < parts->count; i++) {
        uint64_t first = begin > starts[i] ? begin : starts[i],
                 last = end < starts[i + 1] ? end : starts[i + 1];
        if (first < last)
            code = octi_parts_add(
                &pieces, octi_bag_slice_start(bag->pool, parts->list[i], first - starts[i], last - starts[i]),
                err);
    }
    if (code == OCT_OK)
        code = octi_parts_merge(bag->pool, &keep, &pieces, &merged, err);
    octi_parts_deinit(&pieces);
    return code == OCT_OK ? octi_parts_add(out, merged, err) : code;
}

static oct_err run_repartition(const oct_bag *bag, octi_parts *out, oct_error *err)
{
    octi_parts parts = {0};
    octi_sink keep = octi_sink_keep(&bag->shape);
    oct_err code = octi_bag_parts(bag->from, &keep, &parts, err);
    uint64_t *starts = malloc((parts.count + 1) * sizeof(*starts));
    if (code == OCT_OK && !starts)
        code = oct_fail(err, OCT_E_NOMEM, "out of memory to repartition a bag");
    if (code == OCT_OK)
        code = count_records(bag->pool, &parts, starts, err);
    for (uint64_t i = 0; code == OCT_OK && i < bag->parts; i++) {
        uint64_t count = starts[parts.count], base = count / bag->parts, more = count % bag->parts;
        uint64_t begin = base * i + (i < more ? i : more);
        code = stretch(bag, &parts, starts, begin, begin + base + (i < more), out, err);
    }
    free(starts);
    octi_parts_deinit(&parts);
    return code;
}

/* The other bag is cut as the first one is. */
static oct_err zip_parts(const oct_bag *bag, const octi_parts *a, const octi_parts *b, octi_parts *out,
                         oct_error *err)
{
    octi_parts cuts = {0};
    octi_stage_plan plan = {.sink = octi_sink_keep(&bag->shape)};
    uint64_t *ours = malloc((a->count + 1) * sizeof(*ours)),
             *theirs = malloc((b->count + 1) * sizeof(*theirs));
    oct_err code = ours && theirs ? OCT_OK : oct_fail(err, OCT_E_NOMEM, "out of memory to zip bags");
    if (code == OCT_OK)
        code = count_records(bag->pool, a, ours, err);
    if (code == OCT_OK)
        code = count_records(bag->pool, b, theirs, err);
    if (code == OCT_OK && ours[a->count] != theirs[b->count])
        code =
            oct_hint((oct_fail(err, OCT_E_INVALID, "a bag of %llu records cannot be zipped with one of %llu",
                               (unsigned long long)ours[a->count], (unsigned long long)theirs[b->count]),
                      err),
                     "take as many of both");
    for (size_t i = 0; code == OCT_OK && i < a->count; i++) {
        code = stretch(bag->with, b, theirs, ours[i], ours[i + 1], &cuts, err);
        octi_input input = {.source = {.kind = OCTI_FROM_ZIP, .shape = bag->shape}, .a = a->list[i]};
        if (code == OCT_OK) {
            input.b = cuts.list[i];
            code = octi_parts_add(out, octi_bag_pass_start(bag->pool, &plan, &input), err);
        }
    }
    free(ours);
    free(theirs);
    octi_parts_deinit(&cuts);
    return code;
}

static oct_err run_zip(const oct_bag *bag, octi_parts *out, oct_error *err)
{
    octi_parts a = {0}, b = {0};
    octi_sink keep_a = octi_sink_keep(&bag->from->shape), keep_b = octi_sink_keep(&bag->with->shape);
    oct_err code = octi_bag_parts(bag->from, &keep_a, &a, err);
    if (code == OCT_OK)
        code = octi_bag_parts(bag->with, &keep_b, &b, err);
    if (code == OCT_OK)
        code = zip_parts(bag, &a, &b, out, err);
    octi_parts_deinit(&a);
    octi_parts_deinit(&b);
    return code;
}

/* ---- a few of all ---- */

/* From every part at most so many, and of those as many. */
static oct_err run_top(const oct_bag *bag, octi_parts *out, oct_error *err)
{
    octi_parts parts = {0};
    oct_future *merged;
    oct_err code = octi_bag_parts(bag->from, &bag->sink, &parts, err);
    if (code == OCT_OK)
        code = octi_parts_merge(bag->pool, &bag->sink, &parts, &merged, err);
    return code == OCT_OK ? octi_parts_add(out, merged, err) : code;
}

/* Parts in growing waves, until there are enough records. */
static oct_err run_take(const oct_bag *bag, octi_parts *out, oct_error *err)
{
    octi_parts parts = {0};
    uint64_t rows = 0;
    oct_err code = OCT_OK;
    for (size_t first = 0, wave = 2; code == OCT_OK && first != SIZE_MAX && rows < bag->sink.limit;
         wave *= 2) {
        octi_parts more = {0};
        code = octi_bag_wave(bag->from, &bag->sink, &first, wave, &more, err);
        uint64_t *starts = code == OCT_OK ? malloc((more.count + 1) * sizeof(*starts)) : NULL;
        if (code == OCT_OK && !starts)
            code = oct_fail(err, OCT_E_NOMEM, "out of memory for the first records of a bag");
        if (code == OCT_OK)
            code = count_records(bag->pool, &more, starts, err);
        rows += code == OCT_OK ? starts[more.count] : 0;
        for (size_t i = 0; code == OCT_OK && i < more.count; i++) {
            code = octi_parts_add(&parts, more.list[i], err);
            more.list[i] = NULL;
        }
        free(starts);
        octi_parts_deinit(&more);
    }
    oct_future *merged;
    if (code == OCT_OK)
        code = octi_parts_merge(bag->pool, &bag->sink, &parts, &merged, err);
    octi_parts_deinit(&parts);
    return code == OCT_OK ? octi_parts_add(out, merged, err) : code;
}

oct_err octi_bag_shuffle(const oct_bag *bag, octi_parts *out, oct_error *err)
{
    octi_parts made = {0};
    oct_err code;
    switch (bag->kind) {
    case OCTI_BAG_TABLE_BY:
        code = run_table(bag, &made, err);
        break;
    case OCTI_BAG_GROUP:
        code = run_group(bag, &made, err);
        break;
    case OCTI_BAG_SORT:
        code = run_sort(bag, &made, err);
        break;
    case OCTI_BAG_JOIN:
        code = run_join(bag, &made, err);
        break;
    case OCTI_BAG_ZIP:
        code = run_zip(bag, &made, err);
        break;
    case OCTI_BAG_REPARTITION:
        code = run_repartition(bag, &made, err);
        break;
    case OCTI_BAG_TAKE:
        code = run_take(bag, &made, err);
        break;
    default:
        code = run_top(bag, &made, err);
    }
    if (code != OCT_OK)
        octi_parts_deinit(&made);
    else
        *out = made;
    return code;
}
