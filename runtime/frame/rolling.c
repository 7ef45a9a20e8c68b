#include "runtime/frame/rolling.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "runtime/frame/duration.h"
#include "runtime/frame/members.h"
#include "runtime/frame/windows.h"

/* How far a window reaches. */
typedef struct reach {
    size_t rows;  /* 0: as far as the time */
    int64_t time; /* in the column's unit */
    const octi_column *times;
} reach;

static bool parse_rows(const char *window, size_t *rows)
{
    const char *at = window + strspn(window, " ");
    char *end;
    if (!isdigit((unsigned char)*at))
        return false;
    errno = 0;
    unsigned long long count = strtoull(at, &end, 10);
    end += strspn(end, " ");
    size_t size = strncasecmp(end, "rows", 4) == 0 ? 4 : strncasecmp(end, "row", 3) == 0 ? 3 : 0;
    if (size == 0 || end[size + strspn(end + size, " ")] || errno != 0 || count == 0)
        return false;
    *rows = (size_t)count;
    return true;
}

bool octi_rolling_of_rows(const char *window)
{
    size_t rows;
    return parse_rows(window, &rows);
}

static oct_err find_reach(const octi_rolling *rolling, const octi_batch *table, reach *out, oct_error *err)
{
    octi_duration window;
    *out = (reach){0};
    if (parse_rows(rolling->window, &out->rows))
        return OCT_OK;
    oct_err code = octi_duration_parse(rolling->window, &window, err);
    if (code != OCT_OK)
        return oct_hint(err, "write for example '20 rows' or '7 days'");
    if (window.months)
        return oct_fail(err, OCT_E_INVALID, "a window of '%.60s' is not always as long: take days",
                        rolling->window);
    int found = rolling->on ? octi_batch_find(table, rolling->on) : -1;
    if (found < 0)
        return octi_no_column(table, rolling->on ? rolling->on : "", err);
    out->times = &table->columns[found];
    out->time = out->times->type == OCT_DATE ? window.micros / 1000 : window.micros;
    if (out->times->type == OCT_DATE && !octi_duration_of_days(&window))
        return oct_fail(err, OCT_E_INVALID, "a window of '%.60s' over dates, which are whole days",
                        rolling->window);
    return OCT_OK;
}

/* True where a row is too old for the window that ends at another. A row without time has none. */
static bool is_before(const reach *r, size_t row, size_t end)
{
    if (r->rows)
        return end - row >= r->rows;
    if (!octi_is_valid(r->times, end))
        return true;
    int64_t begin;
    return !__builtin_sub_overflow(r->times->ints[end], r->time, &begin) && r->times->ints[row] <= begin;
}

oct_err octi_rolling_lead(const octi_rolling *rolling, const octi_batch *table, size_t at, size_t *lead,
                          oct_error *err)
{
    reach r;
    oct_err code = find_reach(rolling, table, &r, err);
    if (code != OCT_OK)
        return code;
    size_t low = 0, high = at; /* the first row that is not before */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (is_before(&r, middle, at))
            low = middle + 1;
        else
            high = middle;
    }
    *lead = at - low;
    return OCT_OK;
}

static void find_windows(const reach *r, size_t begin, octi_windows *windows)
{
    for (size_t i = 0; i < windows->count; i++) {
        size_t last = windows->lead + i;
        if (r->rows)
            begin = last < r->rows ? 0 : last + 1 - r->rows;
        else
            while (begin <= last && is_before(r, begin, last))
                begin++;
        windows->first[i] = (uint32_t)begin;
    }
}

static oct_err windows_init(octi_windows *windows, const octi_rolling *rolling, const octi_batch *batch,
                            size_t lead, oct_error *err)
{
    reach r;
    size_t rows = batch->rows - lead, reached = 0;
    oct_err code = find_reach(rolling, batch, &r, err);
    if (code == OCT_OK && rows > 0)
        code = octi_rolling_lead(rolling, batch, lead, &reached, err);
    if (code != OCT_OK)
        return code;
    *windows = (octi_windows){lead, rows, malloc((rows + 1) * sizeof(*windows->first))};
    if (!windows->first)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for %zu rows", rows);
    find_windows(&r, lead - reached, windows);
    return OCT_OK;
}

/* What each window of members has. */
static void slide_members(octi_members *members, double q, const octi_windows *w, octi_column *out)
{
    size_t first = w->count > 0 ? w->first[0] : 0;
    for (size_t row = first; row < w->lead; row++)
        octi_members_add(members, row);
    for (size_t i = 0; i < w->count; i++) {
        octi_members_add(members, w->lead + i);
        while (first < w->first[i])
            octi_members_remove(members, first++);
        if (members->different)
            out->ints[i] = (int64_t)members->count;
        else if (members->count + members->nans == 0)
            octi_set_null(out, i);
        else
            out->doubles[i] = octi_members_quantile(members, q);
    }
}

/* A value for each window, of an aggregate that needs all its values. */
static oct_err aggregate_members(const octi_windows *w, const octi_item *item, const octi_batch *batch,
                                 octi_column *out, oct_error *err)
{
    octi_aggregate a = octi_aggregate_of(item->expr);
    bool different = a == OCTI_AGG_NUNIQUE;
    double q = a == OCTI_AGG_QUANTILE ? item->expr->right->real : 0.5;
    octi_argument argument;
    octi_members members = {0};
    octi_column made = {0};
    oct_err code = octi_argument_init(&argument, item, batch, err);
    if (code != OCT_OK)
        return code;
    code = octi_members_init(&members, a, &argument.value, batch->rows, err);
    if (code == OCT_OK)
        code = octi_column_init(&made, different ? OCT_INT64 : OCT_DOUBLE, w->count, 0, err);
    if (code == OCT_OK && !different)
        code = octi_column_add_bitmap(&made, w->count, err);
    if (code == OCT_OK) {
        slide_members(&members, q, w, &made);
        *out = made;
    } else {
        octi_column_deinit(&made);
    }
    octi_members_deinit(&members);
    octi_argument_deinit(&argument);
    return code;
}

/* The rows from `lead` on, lent where they can be. */
static oct_err cut(const octi_batch *batch, size_t lead, octi_batch *out, oct_error *err)
{
    bool lends = lead % 64 == 0;
    for (size_t c = 0; c < batch->count; c++)
        lends = lends && batch->columns[c].borrowed;
    return lends ? octi_batch_slice(batch, lead, batch->rows - lead, out, err)
                 : octi_batch_copy(batch, lead, batch->rows - lead, out, err);
}

oct_err octi_rolling_run(const octi_rolling *rolling, octi_batch *batch, size_t lead, oct_error *err)
{
    octi_items items = {0};
    octi_batch made = {0};
    octi_windows windows = {0};
    oct_err code = octi_aggregates_parse(rolling->aggregates, &items, err);
    if (code == OCT_OK)
        code = windows_init(&windows, rolling, batch, lead, err);
    if (code == OCT_OK)
        code = cut(batch, lead, &made, err);
    for (size_t i = 0; code == OCT_OK && i < items.count; i++) {
        const octi_item *item = &items.list[i];
        octi_column column;
        bool all = octi_aggregate_needs_values(octi_aggregate_of(item->expr));
        code = (all ? aggregate_members : octi_windows_aggregate)(&windows, item, batch, &column, err);
        if (code == OCT_OK)
            code = octi_batch_take(&made, item->name, &column, err);
    }
    free(windows.first);
    octi_items_deinit(&items);
    if (code != OCT_OK) {
        octi_batch_deinit(&made);
        return code;
    }
    octi_batch_deinit(batch);
    *batch = made;
    return OCT_OK;
}
