#include <stdlib.h>
#include <string.h>

#include "runtime/base/heap.h"
#include "runtime/frame/expr.h"
#include "runtime/frame/grouping.h"
#include "runtime/frame/join.h"
#include "runtime/frame/order.h"
#include "runtime/frame/turns.h"

enum { NO_ROW = 0 }; /* rows are counted from 1 here */

void octi_join_deinit(octi_join *join)
{
    free(join->on);
    free(join->slots);
    free(join->next);
    octi_batch_deinit(&join->table);
    *join = (octi_join){0};
}

static bool any_null(const octi_batch *batch, const octi_order *by, size_t count, size_t row)
{
    for (size_t k = 0; k < count; k++)
        if (!octi_is_valid(&batch->columns[by[k].column], row))
            return true;
    return false;
}

/* Hashes of the keys of rows from `begin` to before `end`, into `hash`, which is zeroes. */
static void hash_keys(const octi_batch *batch, const octi_order *by, size_t count, size_t begin, size_t end,
                      uint64_t *hash)
{
    for (size_t k = 0; k < count; k++)
        octi_hash_rows(&batch->columns[by[k].column], begin, end, hash);
}

/* ---- the table ---- */

/* Rows of a table on their way into its slots. */
typedef struct hashing {
    octi_join *join;
    octi_order by[OCTI_ORDER_MOST];
    size_t count;
    uint64_t *hash;
    size_t shares; /* of the rows to hash, and then of the slots */
} hashing;

/* Turn of a share of the rows. */
static oct_err hash_share(size_t turn, void *ctx, oct_error *err)
{
    const hashing *h = ctx;
    const octi_batch *table = &h->join->table;
    size_t begin = table->rows * turn / h->shares, end = table->rows * (turn + 1) / h->shares;
    (void)err;
    hash_keys(table, h->by, h->count, begin, end, h->hash + begin);
    return OCT_OK;
}

/* Turn of a share of the slots: all rows are looked at, and those that belong there go in, from the last row
 * on, so that the chain of a slot is in the table's order. */
static oct_err fill_share(size_t turn, void *ctx, oct_error *err)
{
    const hashing *h = ctx;
    octi_join *join = h->join;
    size_t begin = join->slot_count * turn / h->shares, end = join->slot_count * (turn + 1) / h->shares;
    (void)err;
    for (size_t row = join->table.rows; row-- > 0;) {
        size_t at = h->hash[row] & (join->slot_count - 1);
        if (at < begin || at >= end || any_null(&join->table, h->by, h->count, row))
            continue;
        join->next[row] = join->slots[at];
        join->slots[at] = (uint32_t)row + 1;
    }
    return OCT_OK;
}

enum { FEW_ROWS = 1 << 16 };

static oct_err fill_slots(hashing *h, oct_pool *pool, oct_error *err)
{
    const octi_join *join = h->join;
    h->shares = join->table.rows < FEW_ROWS ? 1 : octi_turns_at_once(pool);
    h->hash = octi_heap_zeroes((join->table.rows + 1) * sizeof(*h->hash));
    oct_err code = h->hash && join->slots && join->next
                       ? OCT_OK
                       : oct_fail(err, OCT_E_NOMEM, "out of memory to join %zu rows", join->table.rows);
    if (code == OCT_OK)
        code = octi_turns(pool, h->shares, hash_share, h, err);
    if (code == OCT_OK)
        code = octi_turns(pool, h->shares, fill_share, h, err);
    free(h->hash);
    return code;
}

oct_err octi_join_init(octi_join *join, oct_pool *pool, oct_join_kind kind, const char *on, octi_batch *table,
                       oct_error *err)
{
    hashing h = {.join = join};
    *join = (octi_join){.kind = kind, .on = strdup(on), .table = *table, .slot_count = 16};
    *table = (octi_batch){0};
    while (join->slot_count < 2 * join->table.rows)
        join->slot_count *= 2;
    join->slots = octi_heap_zeroes(join->slot_count * sizeof(*join->slots));
    join->next = octi_heap_zeroes((join->table.rows + 1) * sizeof(*join->next));
    oct_err code = join->on ? octi_order_parse(on, &join->table, h.by, &h.count, err)
                            : oct_fail(err, OCT_E_NOMEM, "out of memory for a join");
    if (code == OCT_OK)
        code = fill_slots(&h, pool, err);
    if (code != OCT_OK)
        octi_join_deinit(join);
    return code;
}

/* ---- rows of the left side ---- */

/* Pairs of rows: of the batch, and of the table from 1, or NO_ROW. */
typedef struct pairs {
    uint32_t *left, *right;
    size_t count, room;
} pairs;

static bool add_pair(pairs *p, size_t left, uint32_t right)
{
    if (p->count == p->room) {
        size_t room = p->room ? 2 * p->room : 1024;
        uint32_t *l = realloc(p->left, room * sizeof(*l));
        p->left = l ? l : p->left;
        uint32_t *r = realloc(p->right, room * sizeof(*r));
        p->right = r ? r : p->right;
        if (!l || !r)
            return false;
        p->room = room;
    }
    p->left[p->count] = (uint32_t)left;
    p->right[p->count++] = right;
    return true;
}

typedef struct sides {
    const octi_join *join;
    const octi_batch *batch;
    octi_order left[OCTI_ORDER_MOST], right[OCTI_ORDER_MOST];
    size_t count;
} sides;

static oct_err sides_init(sides *s, const octi_join *join, const octi_batch *batch, oct_error *err)
{
    *s = (sides){.join = join, .batch = batch};
    oct_err code = octi_order_parse(join->on, batch, s->left, &s->count, err);
    if (code == OCT_OK)
        code = octi_order_parse(join->on, &join->table, s->right, &s->count, err);
    for (size_t k = 0; code == OCT_OK && k < s->count; k++) {
        oct_column_type a = batch->columns[s->left[k].column].type;
        oct_column_type b = join->table.columns[s->right[k].column].type;
        if (a == b)
            continue;
        oct_fail(err, OCT_E_TYPE, "the key '%.100s' is of %s in the left frame and of %s in the right one",
                 batch->names[s->left[k].column], octi_type_name(a), octi_type_name(b));
        code = oct_hint(err, "give it one type where the files are read (oct_csv_options)");
    }
    return code;
}

/* Whole numbers, the most frequent keys, without a call; neither row is null. */
static inline bool same_value(const octi_column *left, size_t row, const octi_column *right, size_t other)
{
    bool compared = left->type == OCT_DOUBLE || left->type == OCT_BOOL || left->type == OCT_STRING;
    return compared ? octi_column_compare(left, row, right, other) == 0
                    : left->ints[row] == right->ints[other];
}

static bool same_keys(const sides *s, size_t row, size_t other)
{
    for (size_t k = 0; k < s->count; k++)
        if (!same_value(&s->batch->columns[s->left[k].column], row,
                        &s->join->table.columns[s->right[k].column], other))
            return false;
    return true;
}

/* The first row of the table, from 1, in the chain that begins with `at`, which matches; or NO_ROW. */
static uint32_t find_match(const sides *s, size_t row, uint32_t at)
{
    while (at != NO_ROW && !same_keys(s, row, at - 1))
        at = s->join->next[at - 1];
    return at;
}

static bool match_row(const sides *s, size_t row, uint64_t hash, pairs *out)
{
    oct_join_kind kind = s->join->kind;
    uint32_t at = s->join->slots[hash & (s->join->slot_count - 1)];
    at = any_null(s->batch, s->left, s->count, row) ? NO_ROW : find_match(s, row, at);
    if (kind == OCT_JOIN_SEMI || kind == OCT_JOIN_ANTI)
        return (at != NO_ROW) != (kind == OCT_JOIN_SEMI) || add_pair(out, row, NO_ROW);
    if (at == NO_ROW)
        return kind != OCT_JOIN_LEFT || add_pair(out, row, NO_ROW);
    for (; at != NO_ROW; at = find_match(s, row, s->join->next[at - 1]))
        if (!add_pair(out, row, at))
            return false;
    return true;
}

enum { AHEAD = 16 }; /* rows whose slots are on their way from memory, and as many whose matches are */

/* Looks ahead of a row: where the table is large, a slot, the key of its row, and the next one are each far
 * from what was read before. */
static inline void fetch(const sides *s, const uint64_t *hash, size_t row)
{
    const octi_join *join = s->join;
    const octi_column *key = &join->table.columns[s->right[0].column];
    size_t mask = join->slot_count - 1;
    if (row + 2 * AHEAD < s->batch->rows)
        __builtin_prefetch(&join->slots[hash[row + 2 * AHEAD] & mask]);
    if (row + AHEAD >= s->batch->rows)
        return;
    uint32_t at = join->slots[hash[row + AHEAD] & mask];
    if (at == NO_ROW)
        return;
    __builtin_prefetch(&join->next[at - 1]);
    if (key->type == OCT_STRING)
        __builtin_prefetch(&key->offsets[at - 1]);
    else if (key->type != OCT_BOOL)
        __builtin_prefetch(&key->ints[at - 1]);
}

static oct_err match(const sides *s, pairs *out, oct_error *err)
{
    uint64_t *hash = octi_heap_zeroes((s->batch->rows + 1) * sizeof(*hash));
    oct_err code =
        hash ? OCT_OK : oct_fail(err, OCT_E_NOMEM, "out of memory to join %zu rows", s->batch->rows);
    if (code == OCT_OK)
        hash_keys(s->batch, s->left, s->count, 0, s->batch->rows, hash);
    for (size_t row = 0; code == OCT_OK && row < s->batch->rows; row++) {
        fetch(s, hash, row);
        if (!match_row(s, row, hash[row], out))
            code = oct_fail(err, OCT_E_NOMEM, "out of memory for %zu joined rows", out->count);
    }
    free(hash);
    if (code == OCT_OK && out->count > UINT32_MAX)
        code = oct_fail(err, OCT_E_EXHAUSTED, "a join makes more than 2^32 rows of a chunk");
    return code;
}

/* A column of the table beside the pairs; null where a pair has no row of it. */
static oct_err gather_right(const octi_column *from, size_t rows, const pairs *p, octi_column *out,
                            oct_error *err)
{
    octi_column made = {0};
    if (rows == 0)
        return octi_column_init_nulls(out, from->type, p->count, err);
    uint32_t *at = malloc((p->count + 1) * sizeof(*at));
    if (!at)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for %zu joined rows", p->count);
    bool missing = false;
    for (size_t i = 0; i < p->count; i++) {
        at[i] = p->right[i] == NO_ROW ? 0 : p->right[i] - 1; /* row 0 stands for none, and is made null */
        missing = missing || p->right[i] == NO_ROW;
    }
    oct_err code = octi_column_gather(from, at, p->count, &made, err);
    free(at);
    if (code == OCT_OK && missing && !made.valid)
        code = octi_column_add_bitmap(&made, p->count, err);
    for (size_t i = 0; code == OCT_OK && missing && i < p->count; i++)
        if (p->right[i] == NO_ROW)
            octi_set_null(&made, i);
    if (code != OCT_OK)
        octi_column_deinit(&made);
    else
        *out = made;
    return code;
}

static bool is_key(const sides *s, size_t column)
{
    for (size_t k = 0; k < s->count; k++)
        if (s->right[k].column == column)
            return true;
    return false;
}

static oct_err add_right(const sides *s, const pairs *p, octi_batch *made, oct_error *err)
{
    const octi_batch *table = &s->join->table;
    oct_err code = OCT_OK;
    for (size_t i = 0; code == OCT_OK && i < table->count; i++) {
        octi_column column;
        if (is_key(s, i))
            continue;
        if (octi_batch_find(made, table->names[i]) >= 0) {
            oct_fail(err, OCT_E_INVALID, "both frames have a column '%.100s', which is no key",
                     table->names[i]);
            return oct_hint(err, "give one of them another name by oct_frame_select");
        }
        code = gather_right(&table->columns[i], table->rows, p, &column, err);
        if (code == OCT_OK)
            code = octi_batch_take(made, table->names[i], &column, err);
    }
    return code;
}

oct_err octi_join_run(const octi_join *join, octi_batch *batch, oct_error *err)
{
    sides s;
    pairs p = {0};
    octi_batch made = {0};
    oct_err code = sides_init(&s, join, batch, err);
    if (code == OCT_OK)
        code = match(&s, &p, err);
    if (code == OCT_OK)
        code = octi_batch_gather(batch, p.left, p.count, &made, err);
    if (code == OCT_OK && (join->kind == OCT_JOIN_INNER || join->kind == OCT_JOIN_LEFT))
        code = add_right(&s, &p, &made, err);
    free(p.left);
    free(p.right);
    if (code != OCT_OK) {
        octi_batch_deinit(&made);
        return code;
    }
    octi_batch_deinit(batch);
    *batch = made;
    return OCT_OK;
}

void octi_join_pack(const octi_join *join, oct_packer *to)
{
    uint64_t head[] = {join->kind, join->slot_count};
    oct_pack(to, head, sizeof(head));
    oct_pack_string(to, join->on);
    octi_batch_pack(&join->table, to);
    oct_pack(to, join->slots, join->slot_count * sizeof(*join->slots));
    oct_pack(to, join->next, join->table.rows * sizeof(*join->next));
}

/* Rows that are read as indices lie in the table. */
static bool all_within(const uint32_t *rows, size_t count, size_t most)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i] > most)
            return false;
    return true;
}

bool octi_join_unpack(octi_join *join, oct_unpacker *from)
{
    uint64_t head[2];
    *join = (octi_join){0};
    if (!oct_unpack(from, head, sizeof(head)) || head[0] > OCT_JOIN_ANTI || head[1] > oct_unpack_left(from))
        return false;
    join->kind = (oct_join_kind)head[0];
    join->slot_count = head[1];
    join->on = oct_unpack_string(from);
    bool whole = join->on && octi_batch_unpack(&join->table, from) && join->slot_count > 0 &&
                 (join->slot_count & (join->slot_count - 1)) == 0;
    size_t rows = join->table.rows;
    whole = whole && rows <= oct_unpack_left(from);
    join->slots = whole ? malloc(join->slot_count * sizeof(*join->slots)) : NULL;
    join->next = whole ? malloc((rows + 1) * sizeof(*join->next)) : NULL;
    whole = join->slots && join->next && oct_unpack(from, join->slots, join->slot_count * sizeof(uint32_t)) &&
            oct_unpack(from, join->next, rows * sizeof(uint32_t)) &&
            all_within(join->slots, join->slot_count, rows) && all_within(join->next, rows, rows);
    if (!whole)
        octi_join_deinit(join);
    return whole;
}
