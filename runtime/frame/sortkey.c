#include "runtime/frame/sortkey.h"

#include <stdlib.h>
#include <string.h>

/* The parts of a column, in the order in which they tell rows apart. */
enum { PART_NULL, PART_FIRST, PART_LENGTH = OCTI_SORTKEY_PARTS - 1 };

#define INLINE __attribute__((always_inline)) static inline

INLINE size_t length_of(const octi_column *column, size_t row)
{
    return (size_t)(column->offsets[row + 1] - column->offsets[row]);
}

/* Eight bytes of a text as a number of the order of memcmp, with zeroes behind its end. */
INLINE uint64_t text_word(const octi_column *column, size_t row, int part)
{
    size_t size = length_of(column, row), at = (size_t)(part - PART_FIRST) * 8;
    const char *text = column->text + column->offsets[row];
    uint64_t word = 0;
    if (size >= at + 8)
        memcpy(&word, text + at, 8);
    else
        for (size_t i = at; i < size; i++)
            word |= (uint64_t)(uint8_t)text[i] << (8 * (i - at));
    return __builtin_bswap64(word);
}

/* False where rows of the column do not differ in a part, which cannot be read then. */
static bool has_part(const octi_column *column, int part)
{
    if (part == PART_NULL)
        return column->valid != NULL;
    return part == PART_FIRST || column->type == OCT_STRING;
}

#define EACH(number)                                                                                         \
    for (size_t i = 0; i < count; i++) {                                                                     \
        size_t row = rows ? rows[i].row : begin + i;                                                         \
        numbers[i] = (number);                                                                               \
    }

/* The numbers that rows have in a part, or where there are none given, those from `begin` on: in a loop of
 * each type, that asks no row which it is of. Of nulls they are any, but for the part that tells of them. */
static void read_numbers(const octi_column *column, int part, const octi_keyed *rows, size_t begin,
                         size_t count, uint64_t *numbers)
{
    if (part == PART_NULL)
        EACH(!octi_is_valid(column, row))
    else if (part == PART_LENGTH)
        EACH(length_of(column, row))
    else if (column->type == OCT_STRING)
        EACH(text_word(column, row, part))
    else if (column->type == OCT_DOUBLE)
        EACH(octi_radix_of_double(column->doubles[row]))
    else if (column->type == OCT_BOOL)
        EACH(column->bools[row])
    else
        EACH(octi_radix_of_int(column->ints[row]))
}

/* Nulls come last in either direction. */
static uint64_t turned_by(const octi_order *by, int part)
{
    return by->descending && part != PART_NULL ? UINT64_MAX : 0;
}

/* ---- bounds ---- */

static const octi_bounds nothing_seen = {UINT64_MAX, 0, UINT64_MAX, 0};

INLINE void see(octi_bounds *bounds, uint64_t number)
{
    bounds->least = number < bounds->least ? number : bounds->least;
    bounds->most = number > bounds->most ? number : bounds->most;
    bounds->all &= number;
    bounds->any |= number;
}

static octi_bounds scan_part(const octi_column *column, int part, uint64_t turned, size_t begin, size_t end)
{
    octi_bounds bounds = nothing_seen;
    uint64_t numbers[OCTI_KEYS];
    if (!has_part(column, part))
        return (octi_bounds){turned, turned, turned, turned};
    for (size_t count; begin < end; begin += count) {
        count = end - begin < OCTI_KEYS ? end - begin : OCTI_KEYS;
        read_numbers(column, part, NULL, begin, count, numbers);
        for (size_t i = 0; i < count; i++)
            if (part == PART_NULL || octi_is_valid(column, begin + i))
                see(&bounds, numbers[i] ^ turned);
    }
    return bounds;
}

static bool has_none(const octi_bounds *bounds)
{
    return bounds->least > bounds->most;
}

/* The longest text that was seen. */
static uint64_t longest(const octi_bounds *of_length, uint64_t turned)
{
    return has_none(of_length) ? 0 : (turned ? of_length->least : of_length->most) ^ turned;
}

static size_t columns_of(const octi_ordering *order)
{
    return order->count < OCTI_SORTKEY_COLUMNS ? order->count : OCTI_SORTKEY_COLUMNS;
}

void octi_sortkey_scan(const octi_ordering *order, size_t begin, size_t end, octi_sortkey_bounds *out)
{
    for (size_t c = 0; c < columns_of(order); c++) {
        const octi_column *column = &order->batch->columns[order->by[c].column];
        octi_bounds *of = out->of[c];
        uint64_t most = UINT64_MAX, turned = turned_by(&order->by[c], PART_LENGTH);
        for (int part = PART_LENGTH; part >= 0; part--) {
            uint64_t before = part > PART_FIRST ? (uint64_t)(part - PART_FIRST) * 8 : 0;
            if (part < PART_LENGTH && part > PART_FIRST && most <= before)
                of[part] = (octi_bounds){turned, turned, turned, turned}; /* behind the end of all texts */
            else
                of[part] = scan_part(column, part, turned_by(&order->by[c], part), begin, end);
            if (part == PART_LENGTH && column->type == OCT_STRING)
                most = longest(&of[part], turned);
        }
    }
}

void octi_sortkey_widen(octi_sortkey_bounds *bounds, const octi_sortkey_bounds *other)
{
    for (size_t c = 0; c < OCTI_SORTKEY_COLUMNS; c++)
        for (int part = 0; part < OCTI_SORTKEY_PARTS; part++) {
            octi_bounds *to = &bounds->of[c][part];
            const octi_bounds *from = &other->of[c][part];
            to->least = from->least < to->least ? from->least : to->least;
            to->most = from->most > to->most ? from->most : to->most;
            to->all &= from->all;
            to->any |= from->any;
        }
}

/* ---- words ---- */

/* Puts the bits in which a part differs behind those that are there; false where not all have room. */
static bool put_part(octi_sortkey *key, size_t *used, const octi_column *column, int part, uint64_t turned,
                     const octi_bounds *bounds)
{
    uint64_t differ = bounds->all ^ bounds->any;
    if (has_none(bounds) || differ == 0)
        return true;
    /* Lower bits that are the same in all are so in what each has more than the least, where they are 0. */
    int down = __builtin_ctzll(differ), bits = 64 - __builtin_clzll(bounds->most - bounds->least) - down;
    while (bits > 0) {
        int room = 64 - (int)(*used % 64), taken = bits < room ? bits : room;
        if (key->piece_count == OCTI_SORTKEY_PIECES || *used == 64 * OCTI_SORTKEY_WORDS)
            return false;
        bits -= taken;
        key->pieces[key->piece_count++] = (octi_sortkey_piece){.column = column,
                                                               .turned = turned,
                                                               .base = bounds->least,
                                                               .mask = UINT64_MAX >> (64 - taken),
                                                               .part = part,
                                                               .down = down + bits,
                                                               .up = room - taken,
                                                               .word = *used / 64};
        *used += (size_t)taken;
    }
    return true;
}

/* False where rows are not told apart by all of the column. */
static bool put_column(octi_sortkey *key, size_t *used, const octi_column *column, const octi_order *by,
                       const octi_bounds *bounds)
{
    bool text = column->type == OCT_STRING;
    bool long_text =
        text && longest(&bounds[PART_LENGTH], turned_by(by, PART_LENGTH)) > 8 * OCTI_SORTKEY_TEXT_WORDS;
    for (int part = 0; part < OCTI_SORTKEY_PARTS; part++) {
        if (part == PART_LENGTH && long_text)
            return false; /* a shorter text is not less than a longer one where both go on */
        if (!put_part(key, used, column, part, turned_by(by, part), &bounds[part]))
            return false;
    }
    return true;
}

void octi_sortkey_init(octi_sortkey *key, const octi_ordering *order, const octi_sortkey_bounds *bounds)
{
    size_t used = 0, columns = columns_of(order);
    *key = (octi_sortkey){.order = *order, .exact = true};
    for (size_t c = 0; key->exact && c < columns; c++)
        key->exact =
            put_column(key, &used, &order->batch->columns[order->by[c].column], &order->by[c], bounds->of[c]);
    key->exact = key->exact && columns == order->count;
    key->words = (used + 63) / 64;
}

/* Puts the bits of a piece into the words of rows; of nulls they are 0. */
static void add_piece(const octi_sortkey_piece *p, octi_keyed *rows, size_t count)
{
    uint64_t numbers[OCTI_KEYS];
    for (size_t size; count > 0; rows += size, count -= size) {
        size = count < OCTI_KEYS ? count : OCTI_KEYS;
        read_numbers(p->column, p->part, rows, 0, size, numbers);
        for (size_t i = 0; i < size; i++)
            if (p->part == PART_NULL || octi_is_valid(p->column, rows[i].row))
                rows[i].key |= (((numbers[i] ^ p->turned) - p->base) >> p->down & p->mask) << p->up;
    }
}

void octi_sortkey_word(const octi_sortkey *key, size_t word, octi_keyed *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        rows[i].key = 0;
    for (size_t i = 0; i < key->piece_count; i++)
        if (key->pieces[i].word == word)
            add_piece(&key->pieces[i], rows, count);
}

/* ---- sorting ---- */

static int compare_rows(const void *a, const void *b, void *order)
{
    const octi_keyed *row = a, *other = b;
    return octi_order_compare(&row->row, &other->row, order);
}

typedef struct sorter {
    const octi_sortkey *key;
    const uint64_t *const *known;
} sorter;

/* Rows that are the same up to a word, by that one, and then those that are the same in it too. */
static void sort_from(const sorter *s, size_t word, octi_keyed *rows, octi_keyed *other, size_t count)
{
    const octi_sortkey *key = s->key;
    if (word == key->words) {
        if (!key->exact)
            qsort_r(rows, count, sizeof(*rows), compare_rows, (void *)(uintptr_t)&key->order);
        return;
    }
    if (s->known && word < OCTI_SORTKEY_KNOWN && s->known[word])
        for (size_t i = 0; i < count; i++)
            rows[i].key = s->known[word][rows[i].at];
    else
        octi_sortkey_word(key, word, rows, count);
    const octi_keyed *sorted = octi_radix_sort(rows, other, count);
    if (sorted != rows)
        memcpy(rows, sorted, count * sizeof(*rows));
    if (word + 1 == key->words && key->exact)
        return;
    for (size_t begin = 0, end; begin < count; begin = end) {
        for (end = begin + 1; end < count && rows[end].key == rows[begin].key;)
            end++;
        if (end - begin > 1)
            sort_from(s, word + 1, rows + begin, other + begin, end - begin);
    }
}

oct_err octi_sortkey_sort(const octi_sortkey *key, uint32_t *rows, size_t count,
                          const uint64_t *const known[OCTI_SORTKEY_KNOWN], oct_error *err)
{
    if (count < 2)
        return OCT_OK;
    octi_keyed *keys = malloc(2 * count * sizeof(*keys));
    if (!keys)
        return oct_fail(err, OCT_E_NOMEM, "out of memory to sort %zu rows", count);
    for (size_t i = 0; i < count; i++)
        keys[i] = (octi_keyed){.row = rows[i], .at = (uint32_t)i};
    sort_from(&(sorter){key, known}, 0, keys, keys + count, count);
    for (size_t i = 0; i < count; i++)
        rows[i] = keys[i].row;
    free(keys);
    return OCT_OK;
}
