/* Plans as text: a line a pass, what it reads further in below it. */
#include <inttypes.h>

#include "runtime/base/size.h"
#include "runtime/bag/graph.h"
#include "runtime/exec/failure.h"
#include "runtime/task/registry.h"

static const char *task_name(uint32_t index)
{
    const oct_task *task = octi_registry_at(index);
    return task ? task->name : "?";
}

static void print_step(const octi_bag_step *step, FILE *to)
{
    static const char *const names[] = {"map", "filter", "flat map", "key"};
    if (step->kind <= OCTI_DO_KEY)
        fprintf(to, "%s %s", names[step->kind], task_name(step->task));
    else if (step->kind == OCTI_DO_SAMPLE)
        fprintf(to, "sample %g", step->fraction);
    else
        fputs(step->kind == OCTI_DO_JSON ? "to JSON" : "drop key", to);
}

static void print_source(const oct_bag *bag, FILE *to)
{
    char shape[160], size[OCTI_SIZE_TEXT];
    uint64_t bytes = 0;
    octi_shape_describe(&bag->shape, shape, sizeof(shape));
    fprintf(to, "%zu part%s of ", octi_source_parts(bag), octi_source_parts(bag) == 1 ? "" : "s");
    switch (bag->kind) {
    case OCTI_BAG_ARRAY:
        fprintf(to, "an array of %" PRIu64 " (%s)", bag->end, shape);
        break;
    case OCTI_BAG_RANGE:
        fprintf(to, "the range %" PRId64 " to %" PRId64, (int64_t)bag->begin, (int64_t)bag->end);
        break;
    case OCTI_BAG_LINES:
        for (size_t i = 0; i < bag->file_count; i++)
            bytes += bag->files[i].size;
        octi_size_format(bytes, size);
        fprintf(to, "%zu file%s, %s", bag->file_count, bag->file_count == 1 ? "" : "s", size);
        break;
    default:
        fprintf(to, "%zu computed records (%s)", bag->rows.count, shape);
    }
}

/* What the records of a shuffle go through, and what crosses between parts. */
static void print_shuffle(const oct_bag *bag, FILE *to)
{
    switch (bag->kind) {
    case OCTI_BAG_PRODUCT:
        fputs("product: each part of one with each of the other", to);
        break;
    case OCTI_BAG_ZIP:
        fputs("zip: the other bag is cut as the first", to);
        break;
    case OCTI_BAG_JOIN:
        fputs(
            "join: the other bag goes to all parts if it is one part, else both are shuffled by hash of key",
            to);
        break;
    case OCTI_BAG_TAKE:
        fprintf(to, "take %" PRIu64 ": in waves of parts until there are enough", bag->sink.limit);
        break;
    case OCTI_BAG_TOP:
        fprintf(to, "%s %" PRIu64 ": at most so many of each part move, merged by %d",
                bag->sink.descending ? "top" : "bottom", bag->sink.limit, OCTI_WAYS);
        break;
    case OCTI_BAG_SORT:
        fputs("sort: sampled splitters, shuffle of all records, a sort a part", to);
        break;
    case OCTI_BAG_TABLE_BY:
        if (bag->sink.kind == OCTI_FOLD_BY)
            fprintf(to, "fold by key with %s in each part, shuffle of states, combined by %s",
                    task_name(bag->sink.task), task_name(bag->sink.combine));
        else
            fprintf(to, "%s in each part, shuffle of what is distinct",
                    bag->sink.kind == OCTI_DISTINCT ? "distinct" : "frequencies");
        break;
    case OCTI_BAG_GROUP:
        fputs("group by key: shuffle of all records by hash of key", to);
        break;
    default:
        fprintf(to, "repartition into %" PRIu64 " parts", bag->parts);
    }
}

static oct_err print_plan(const oct_bag *bag, int depth, FILE *to, oct_error *err)
{
    octi_stage_plan plan;
    const oct_bag *base;
    octi_sink keep = octi_sink_keep(&bag->shape);
    oct_err code = octi_bag_plan(bag, &keep, &plan, &base, err);
    if (code != OCT_OK)
        return code;
    if (plan.count > 0 || octi_bag_is_source(base)) {
        fprintf(to, "%*sone pass: ", 2 * depth, "");
        if (octi_bag_is_source(base))
            print_source(base, to);
        for (uint32_t s = 0; s < plan.count; s++) {
            if (s > 0 || octi_bag_is_source(base))
                fputs(", ", to);
            print_step(&plan.steps[s], to);
        }
        putc('\n', to);
        depth++;
    }
    if (octi_bag_is_source(base))
        return OCT_OK;
    fprintf(to, "%*s", 2 * depth, "");
    print_shuffle(base, to);
    putc('\n', to);
    code = print_plan(base->from, depth + 1, to, err);
    if (code != OCT_OK || !base->with)
        return code;
    if (base->kind == OCTI_BAG_PRODUCT && base->with == base->from) {
        fprintf(to, "%*sthe same once more, which is not run again\n", 2 * depth + 2, "");
        return OCT_OK;
    }
    return print_plan(base->with, depth + 1, to, err);
}

oct_err oct_bag_explain(oct_bag *bag, FILE *to)
{
    oct_error *err = octi_last_error();
    if (!bag)
        return err->code == OCT_OK ? oct_fail(err, OCT_E_INVALID, "there is no bag") : err->code;
    return print_plan(bag, 0, to, err);
}
