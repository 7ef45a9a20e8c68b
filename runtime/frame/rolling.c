#include "runtime/frame/rolling.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "runtime/frame/aggregate.h"
#include "runtime/frame/duration.h"
#include "runtime/frame/members.h"

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

/* One aggregate while its window moves. */
typedef struct window {
    octi_aggregate kind;
    octi_argument argument;
    octi_partials back;  /* at row i: of the rows from i to before `middle` */
    octi_partials front; /* of those from there on; one */
    octi_partials out;   /* a row of the result each */
    size_t middle;
} window;

static oct_err state_init(octi_partials *state, size_t count, oct_error *err)
{
    *state = (octi_partials){calloc(count + 1, sizeof(int64_t)), calloc(count + 1, sizeof(octi_number)),
                             calloc(count + 1, sizeof(double))};
    return state->n && state->value && state->m2
               ? OCT_OK
               : oct_fail(err, OCT_E_NOMEM, "out of memory for windows of %zu rows", count);
}

static void state_deinit(octi_partials *state)
{
    free(state->n);
    free(state->value);
    free(state->m2);
}

static void window_deinit(window *w)
{
    octi_argument_deinit(&w->argument);
    state_deinit(&w->back);
    state_deinit(&w->front);
    state_deinit(&w->out);
}

static bool merge(const window *w, octi_partials *to, size_t g, const octi_partials *from, size_t row)
{
    return octi_combine(w->kind, w->argument.value.type == OCT_DOUBLE, to, g, from->n[row], from->value[row],
                        from->m2[row]);
}

/* All rows of the window, which ends before `end`, become its back. */
static bool turn(window *w, size_t begin, size_t end)
{
    bool fits = true;
    for (size_t row = end; fits && row-- > begin;) {
        w->back.n[row] = 0;
        fits = octi_combine_row(w->kind, w->argument.value.type == OCT_DOUBLE, &w->back, row, &w->argument,
                                row) &&
               (row + 1 == end || merge(w, &w->back, row, &w->back, row + 1));
    }
    w->front.n[0] = 0;
    w->middle = end;
    return fits;
}

static bool slide(window *w, const reach *r, size_t lead, size_t rows, size_t begin)
{
    bool fits = true;
    w->middle = begin;
    for (size_t row = begin; fits && row < rows; row++) {
        fits =
            octi_combine_row(w->kind, w->argument.value.type == OCT_DOUBLE, &w->front, 0, &w->argument, row);
        while (begin <= row && is_before(r, begin, row))
            begin++;
        if (fits && begin >= w->middle)
            fits = turn(w, begin, row + 1);
        if (row < lead)
            continue;
        size_t to = row - lead;
        if (begin < w->middle)
            fits = fits && merge(w, &w->out, to, &w->back, begin);
        fits = fits && merge(w, &w->out, to, &w->front, 0);
    }
    return fits;
}

static oct_err aggregate(const octi_item *item, const octi_batch *batch, const reach *r, size_t lead,
                         size_t begin, octi_column *out, oct_error *err)
{
    window w = {.kind = octi_aggregate_of(item->expr)};
    size_t rows = batch->rows - lead;
    oct_err code = octi_argument_init(&w.argument, item, batch, err);
    if (code == OCT_OK && (code = state_init(&w.back, batch->rows, err)) == OCT_OK &&
        (code = state_init(&w.front, 1, err)) == OCT_OK)
        code = state_init(&w.out, rows, err);
    if (code == OCT_OK && !slide(&w, r, lead, batch->rows, begin))
        code = octi_aggregate_overflow(item->source, err);
    if (code == OCT_OK)
        code = octi_aggregate_finish(w.kind, &w.out, w.argument.value.type, rows, out, err);
    window_deinit(&w);
    return code;
}

/* What a window of members has, for each row from `lead` on. */
static void slide_members(octi_members *members, double q, const reach *r, size_t lead, size_t rows,
                          size_t begin, octi_column *out)
{
    for (size_t row = begin; row < rows; row++) {
        octi_members_add(members, row);
        while (begin <= row && is_before(r, begin, row))
            octi_members_remove(members, begin++);
        if (row < lead)
            continue;
        if (members->different)
            out->ints[row - lead] = (int64_t)members->count;
        else if (members->count + members->nans == 0)
            octi_set_null(out, row - lead);
        else
            out->doubles[row - lead] = octi_members_quantile(members, q);
    }
}

/* The same of an aggregate that needs all values of a window. */
static oct_err aggregate_members(const octi_item *item, const octi_batch *batch, const reach *r, size_t lead,
                                 size_t begin, octi_column *out, oct_error *err)
{
    octi_aggregate a = octi_aggregate_of(item->expr);
    bool different = a == OCTI_AGG_NUNIQUE;
    double q = a == OCTI_AGG_QUANTILE ? item->expr->right->real : 0.5;
    octi_argument argument;
    octi_members members = {0};
    octi_column made = {0};
    size_t rows = batch->rows - lead;
    oct_err code = octi_argument_init(&argument, item, batch, err);
    if (code != OCT_OK)
        return code;
    code = octi_members_init(&members, a, &argument.value, batch->rows, err);
    if (code == OCT_OK)
        code = octi_column_init(&made, different ? OCT_INT64 : OCT_DOUBLE, rows, 0, err);
    if (code == OCT_OK && !different)
        code = octi_column_add_bitmap(&made, rows, err);
    if (code == OCT_OK) {
        slide_members(&members, q, r, lead, batch->rows, begin, &made);
        *out = made;
    } else {
        octi_column_deinit(&made);
    }
    octi_members_deinit(&members);
    octi_argument_deinit(&argument);
    return code;
}

/* The rows from `lead` on, the batch's own. */
static oct_err cut(const octi_batch *batch, size_t lead, octi_batch *out, oct_error *err)
{
    size_t rows = batch->rows - lead;
    uint32_t *kept = malloc((rows + 1) * sizeof(*kept));
    if (!kept)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for %zu rows", rows);
    for (size_t i = 0; i < rows; i++)
        kept[i] = (uint32_t)(lead + i);
    oct_err code = octi_batch_gather(batch, kept, rows, out, err);
    free(kept);
    return code;
}

oct_err octi_rolling_run(const octi_rolling *rolling, octi_batch *batch, size_t lead, oct_error *err)
{
    octi_items items = {0};
    octi_batch made = {0};
    reach r;
    size_t reached = 0;
    oct_err code = octi_aggregates_parse(rolling->aggregates, &items, err);
    if (code == OCT_OK)
        code = find_reach(rolling, batch, &r, err);
    if (code == OCT_OK && lead > 0)
        code = octi_rolling_lead(rolling, batch, lead, &reached, err);
    if (code == OCT_OK)
        code = cut(batch, lead, &made, err);
    for (size_t i = 0; code == OCT_OK && i < items.count; i++) {
        octi_column column;
        bool all = octi_aggregate_needs_values(octi_aggregate_of(items.list[i].expr));
        code = (all ? aggregate_members : aggregate)(&items.list[i], batch, &r, lead, lead - reached, &column,
                                                     err);
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
