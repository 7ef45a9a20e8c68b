/* Frames in the order of time: slices, stretches, windows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/exec/failure.h"
#include "runtime/frame/aggregate.h"
#include "runtime/frame/duration.h"
#include "runtime/frame/frame.h"
#include "runtime/frame/rolling.h"
#include "runtime/io/number.h"

/* A column of dates or timestamps. */
static oct_err find_times(const oct_frame *frame, const char *column, oct_column_type *type, oct_error *err)
{
    int found = octi_batch_find(&frame->schema, column);
    if (found < 0)
        return octi_no_column(&frame->schema, column, err);
    *type = frame->schema.columns[found].type;
    if (*type == OCT_DATE || *type == OCT_TIMESTAMP)
        return OCT_OK;
    return oct_fail(err, OCT_E_TYPE, "column '%.100s' is of %s, expected dates or timestamps", column,
                    octi_type_name(*type));
}

static oct_err find_index(const oct_frame *frame, oct_column_type *type, oct_error *err)
{
    if (frame->index)
        return find_times(frame, frame->index, type, err);
    oct_fail(err, OCT_E_INVALID, "the frame has no index");
    return oct_hint(err, "give it one by oct_frame_set_index");
}

oct_frame *oct_frame_set_index(oct_frame *from, const char *column)
{
    oct_error *err = octi_last_error();
    oct_column_type type;
    if (from && column && find_times(from, column, &type, err) != OCT_OK)
        return NULL;
    oct_frame *frame = oct_frame_sort(from, column);
    if (!frame || (frame->index = strdup(column)))
        return frame;
    oct_fail(err, OCT_E_NOMEM, "out of memory for a frame");
    oct_frame_destroy(frame);
    return NULL;
}

/* A time in the column's unit. */
static oct_err parse_bound(const char *text, oct_column_type type, int64_t *out, oct_error *err)
{
    size_t size = strlen(text);
    if (type == OCT_TIMESTAMP && octi_parse_timestamp(text, size, out))
        return OCT_OK;
    if (!octi_parse_date(text, size, out))
        return oct_fail(err, OCT_E_INVALID, "'%.60s' is not a %s", text,
                        type == OCT_DATE ? "date such as '2019-01-31'"
                                         : "time such as '2019-01-31' or '2019-01-31 12:00:00'");
    *out *= type == OCT_TIMESTAMP ? 1000 : 1;
    return OCT_OK;
}

/* "`at` >= 'low' and `at` < 'high'", of the bounds that there are; malloc'ed. */
static char *condition_of(const char *column, const char *low, const char *high)
{
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    if (!to)
        return NULL;
    if (low)
        fprintf(to, "`%s` >= '%s'", column, low);
    if (high)
        fprintf(to, "%s`%s` < '%s'", low ? " and " : "", column, high);
    if (!low && !high)
        fprintf(to, "not isnull(`%s`)", column);
    return fclose(to) == 0 ? text : NULL;
}

oct_frame *oct_frame_between(oct_frame *from, const char *low, const char *high)
{
    oct_error *err = octi_last_error();
    if (!from)
        return oct_frame_where(NULL, "");
    oct_column_type type;
    int64_t bounds[2] = {INT64_MIN, INT64_MAX};
    if (find_index(from, &type, err) != OCT_OK ||
        (low && parse_bound(low, type, &bounds[0], err) != OCT_OK) ||
        (high && parse_bound(high, type, &bounds[1], err) != OCT_OK))
        return NULL;
    char *condition = condition_of(from->index, low, high);
    if (!condition) {
        oct_fail(err, OCT_E_NOMEM, "out of memory for a frame");
        return NULL;
    }
    oct_frame *frame = oct_frame_where(from, condition);
    free(condition);
    if (frame) {
        frame->step.sliced = true;
        frame->step.low = bounds[0];
        frame->step.high = bounds[1];
    }
    return frame;
}

oct_frame *oct_frame_resample(oct_frame *from, const char *column, const char *every, const char *aggregates)
{
    oct_error *err = octi_last_error();
    octi_duration duration;
    oct_column_type type;
    char known[512], keys[1024];
    if (!from || !column || !every || !aggregates)
        return oct_frame_groupby(from, from ? NULL : "", NULL);
    if (find_times(from, column, &type, err) != OCT_OK ||
        octi_duration_parse(every, &duration, err) != OCT_OK)
        return NULL;
    if (snprintf(known, sizeof(known), "not isnull(`%s`)", column) >= (int)sizeof(known) ||
        snprintf(keys, sizeof(keys), "truncate(`%s`, '%s') as `%s`", column, every, column) >=
            (int)sizeof(keys)) {
        oct_fail(err, OCT_E_INVALID, "the name '%.60s...' is too long to resample by", column);
        return NULL;
    }
    oct_frame *with = oct_frame_where(from, known), *groups = oct_frame_groupby(with, keys, aggregates);
    oct_frame *frame = groups ? octi_frame_create(OCTI_FRAME_RESAMPLE, from->pool, groups, err) : NULL;
    if (frame) {
        frame->reduce.keys = strdup(every);
        frame->reduce.aggregates = strdup(aggregates);
        frame->index = strdup(column);
        oct_err code = frame->reduce.keys && frame->reduce.aggregates && frame->index
                           ? octi_batch_concat(&groups->schema, 1, &frame->schema, err)
                           : oct_fail(err, OCT_E_NOMEM, "out of memory for a frame");
        if (code != OCT_OK) {
            oct_frame_destroy(frame);
            frame = NULL;
        }
    }
    oct_frame_destroy(with);
    oct_frame_destroy(groups);
    return frame;
}

oct_frame *oct_frame_rolling(oct_frame *from, const char *window, const char *aggregates)
{
    oct_column_type type;
    bool by_time = from && window && !octi_rolling_of_rows(window);
    if (by_time && find_index(from, &type, octi_last_error()) != OCT_OK)
        return NULL;
    return octi_frame_step(from, OCTI_ROLLING, window, aggregates, by_time ? from->index : NULL);
}
