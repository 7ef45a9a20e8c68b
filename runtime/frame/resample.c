#include "runtime/frame/resample.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/frame/aggregate.h"
#include "runtime/frame/duration.h"

enum { MOST = 50000000 };

/* The stretches there are to be, and which row of the batch each is; UINT32_MAX: none. */
typedef struct stretches {
    int64_t *begin; /* as the column has them */
    uint32_t *row;
    size_t count, room;
} stretches;

static oct_err too_many(oct_error *err)
{
    oct_fail(err, OCT_E_EXHAUSTED, "there are more than %d stretches of time between the first and the last",
             MOST);
    return oct_hint(err,
                    "leave times that are far from all others out by oct_frame_where, or take longer ones");
}

static oct_err add(stretches *s, int64_t begin, uint32_t row, oct_error *err)
{
    if (s->count == MOST)
        return too_many(err);
    if (s->count == s->room) {
        size_t room = s->room ? 2 * s->room : 64;
        int64_t *begins = realloc(s->begin, room * sizeof(*begins));
        s->begin = begins ? begins : s->begin;
        uint32_t *rows = realloc(s->row, room * sizeof(*rows));
        s->row = rows ? rows : s->row;
        if (!begins || !rows)
            return oct_fail(err, OCT_E_NOMEM, "out of memory for %zu stretches of time", room);
        s->room = room;
    }
    s->begin[s->count] = begin;
    s->row[s->count++] = row;
    return OCT_OK;
}

static oct_err find_all(const octi_batch *batch, const octi_duration *every, stretches *s, oct_error *err)
{
    const octi_column *time = &batch->columns[0];
    int64_t unit = time->type == OCT_DATE ? 1000 : 1; /* microseconds */
    oct_err code = OCT_OK;
    int64_t span = 0; /* told before there are too many */
    if ((batch->rows > 0 && __builtin_sub_overflow(time->ints[batch->rows - 1], time->ints[0], &span)) ||
        (every->micros && span / (every->micros / unit) >= MOST))
        return too_many(err);
    for (size_t row = 0; code == OCT_OK && row < batch->rows; row++) {
        int64_t next = row > 0 ? octi_duration_next(every, time->ints[row - 1] * unit) : 0;
        for (; row > 0 && code == OCT_OK && next < time->ints[row] * unit;
             next = octi_duration_next(every, next))
            code = add(s, next / unit, UINT32_MAX, err);
        if (code == OCT_OK)
            code = add(s, time->ints[row], (uint32_t)row, err);
    }
    return code;
}

/* A column of all stretches: nulls, or zeroes, where there was no row. */
static oct_err spread(const octi_column *from, const stretches *s, bool counts, octi_column *out,
                      oct_error *err)
{
    octi_column made;
    oct_err code = octi_column_init_nulls(&made, from->type, s->count, err);
    if (code != OCT_OK)
        return code;
    for (size_t i = 0; i < s->count; i++) {
        bool has = s->row[i] != UINT32_MAX;
        if (has ? !octi_is_valid(from, s->row[i]) : !counts)
            continue;
        octi_set_valid(&made, i);
        if (has)
            made.ints[i] = from->ints[s->row[i]];
    }
    *out = made;
    return OCT_OK;
}

static oct_err fill(const octi_batch *batch, stretches *s, const octi_items *aggregates, octi_batch *out,
                    oct_error *err)
{
    octi_batch made = {.rows = s->count};
    octi_column time;
    oct_err code = octi_column_init(&time, batch->columns[0].type, s->count, 0, err);
    if (code == OCT_OK) {
        memcpy(time.ints, s->begin, s->count * sizeof(int64_t));
        code = octi_batch_take(&made, batch->names[0], &time, err);
    }
    for (size_t i = 1; code == OCT_OK && i < batch->count; i++) {
        octi_aggregate a = octi_aggregate_of(aggregates->list[i - 1].expr);
        bool counts = a == OCTI_AGG_COUNT || a == OCTI_AGG_NUNIQUE;
        octi_column column;
        code = spread(&batch->columns[i], s, counts, &column, err);
        if (code == OCT_OK)
            code = octi_batch_take(&made, batch->names[i], &column, err);
    }
    if (code != OCT_OK)
        octi_batch_deinit(&made);
    else
        *out = made;
    return code;
}

oct_err octi_resample_fill(octi_batch *batch, const char *every, const char *aggregates, oct_error *err)
{
    octi_duration duration;
    octi_items items = {0};
    octi_batch made;
    stretches s = {0};
    oct_err code = octi_duration_parse(every, &duration, err);
    if (code == OCT_OK)
        code = octi_aggregates_parse(aggregates, &items, err);
    if (code == OCT_OK)
        code = find_all(batch, &duration, &s, err);
    if (code == OCT_OK && s.count > batch->rows && (code = fill(batch, &s, &items, &made, err)) == OCT_OK) {
        octi_batch_deinit(batch);
        *batch = made;
    }
    octi_items_deinit(&items);
    free(s.begin);
    free(s.row);
    return code;
}
