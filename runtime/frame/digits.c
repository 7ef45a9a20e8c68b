#include "runtime/frame/digits.h"

#include <string.h>

/* The parts of a value: whether it is one, the number, or eight bytes of a text each and then its size. */
enum {
    PART_VALID,
    PART_NUMBER,
    PART_TEXT,
    PART_SIZE = PART_TEXT + OCTI_DIGIT_TEXT_WORDS,
};

enum { BLOCK = 512 }; /* rows of which words are read at once */

#define INLINE __attribute__((always_inline)) static inline

/* Eight bytes of a text, with zeroes behind its end. What follows in the column may be read, up to `end`. */
INLINE uint64_t text_word(const octi_column *column, size_t row, size_t at, size_t end)
{
    size_t begin = (size_t)column->offsets[row], size = (size_t)column->offsets[row + 1] - begin;
    uint64_t word = 0;
    if (size <= at)
        return 0;
    const char *text = column->text + begin + at;
    if (begin + at + 8 <= end) {
        memcpy(&word, text, 8);
        return size - at < 8 ? word & ((UINT64_C(1) << (8 * (size - at))) - 1) : word;
    }
    for (size_t i = 0; i < 8 && at + i < size; i++)
        word |= (uint64_t)(uint8_t)text[i] << (8 * i);
    return word;
}

/* A part of the rows from `begin` on: in `room`, or where the column has it as it is. What a null has is of
 * no meaning. `rows` is how many the column has. */
static const uint64_t *read_part(const octi_column *column, int part, size_t rows, size_t begin, size_t count,
                                 uint64_t room[BLOCK])
{
    if (part == PART_NUMBER && column->type != OCT_BOOL)
        return (const uint64_t *)column->ints + begin;
    size_t end = part >= PART_TEXT ? (size_t)column->offsets[rows] : 0;
    for (size_t i = 0; part == PART_VALID && i < count; i++)
        room[i] = octi_is_valid(column, begin + i);
    for (size_t i = 0; part == PART_NUMBER && i < count; i++)
        room[i] = column->bools[begin + i];
    for (size_t i = 0; part == PART_SIZE && i < count; i++)
        room[i] = (uint64_t)(column->offsets[begin + i + 1] - column->offsets[begin + i]);
    for (size_t i = 0; part >= PART_TEXT && part < PART_SIZE && i < count; i++)
        room[i] = text_word(column, begin + i, 8 * (size_t)(part - PART_TEXT), end);
    return room;
}

/* ---- finding ---- */

/* Appends a digit; false where there is no room, or there may be more than `most` numbers. */
static bool add_digit(octi_digits *digits, octi_digit digit, size_t most)
{
    if (digits->count == OCTI_DIGITS || digit.count > most / digits->numbers)
        return false;
    digits->of[digits->count++] = digit;
    digits->numbers *= digit.count;
    return true;
}

static bool add_number(octi_digits *digits, const octi_column *column, size_t k, size_t rows, size_t most)
{
    int64_t least = 0, last = 1;
    size_t row = 0;
    if (column->type != OCT_BOOL) {
        while (row < rows && !octi_is_valid(column, row))
            row++;
        least = last = row < rows ? column->ints[row] : 0;
    }
    while (column->type != OCT_BOOL && row < rows && (uint64_t)last - (uint64_t)least < most) {
        size_t end = row + BLOCK < rows ? row + BLOCK : rows; /* most columns of many values end here */
        for (; row < end; row++) {
            int64_t value = octi_is_valid(column, row) ? column->ints[row] : least;
            least = value < least ? value : least;
            last = value > last ? value : last;
        }
    }
    uint64_t count = (uint64_t)last - (uint64_t)least;
    return count < most && add_digit(digits,
                                     (octi_digit){.column = k,
                                                  .part = PART_NUMBER,
                                                  .least = (uint64_t)least,
                                                  .mask = UINT64_MAX,
                                                  .count = count + 1},
                                     most);
}

/* Bits that are set in the parts of all rows, and of any. */
typedef struct bits {
    uint64_t all[PART_SIZE + 1], any[PART_SIZE + 1];
} bits;

static void see_part(bits *seen, const octi_column *column, int part, size_t rows, size_t begin, size_t count)
{
    uint64_t room[BLOCK], all = seen->all[part], any = seen->any[part];
    const uint64_t *words = read_part(column, part, rows, begin, count, room);
    for (size_t i = 0; i < count; i++) {
        if (!octi_is_valid(column, begin + i))
            continue;
        all &= words[i];
        any |= words[i];
    }
    seen->all[part] = all;
    seen->any[part] = any;
}

/* The bits that are not the same in all rows; of none, none. */
static uint64_t differing(const bits *seen, int part)
{
    return seen->any[part] & ~seen->all[part];
}

static bool are_few(const bits *seen, size_t most)
{
    int count = 0;
    for (int part = PART_TEXT; part <= PART_SIZE; part++)
        count += __builtin_popcountll(differing(seen, part));
    return count < 64 && UINT64_C(1) << count <= most;
}

/* False where a text is too long, or more than `most` may be told apart. */
static bool see_texts(bits *seen, const octi_column *column, size_t rows, size_t most)
{
    memset(seen->all, 0xff, sizeof(seen->all));
    memset(seen->any, 0, sizeof(seen->any));
    for (size_t begin = 0; begin < rows; begin += BLOCK) {
        size_t count = rows - begin < BLOCK ? rows - begin : BLOCK;
        see_part(seen, column, PART_SIZE, rows, begin, count);
        for (int part = PART_TEXT; part < PART_SIZE; part++)
            if (seen->any[PART_SIZE] > 8 * (uint64_t)(part - PART_TEXT))
                see_part(seen, column, part, rows, begin, count);
            else
                seen->all[part] = 0; /* as zeroes behind the ends of all texts */
        if (seen->any[PART_SIZE] > 8 * OCTI_DIGIT_TEXT_WORDS || !are_few(seen, most))
            return false;
    }
    return true;
}

static bool add_text(octi_digits *digits, const octi_column *column, size_t k, size_t rows, size_t most)
{
    bits seen;
    if (!see_texts(&seen, column, rows, most / digits->numbers))
        return false;
    for (int part = PART_TEXT; part <= PART_SIZE; part++)
        for (uint64_t left = differing(&seen, part); left;) {
            int shift = __builtin_ctzll(left), size = __builtin_ctzll(~(left >> shift));
            uint64_t mask = (UINT64_C(1) << size) - 1;
            left &= ~(mask << shift);
            if (!add_digit(digits, (octi_digit){k, part, 0, mask, shift, mask + 1}, most))
                return false;
        }
    return true;
}

static bool add_column(octi_digits *digits, const octi_column *column, size_t k, size_t rows, size_t most)
{
    if (column->type == OCT_DOUBLE)
        return false;
    if (column->valid && !add_digit(digits, (octi_digit){k, PART_VALID, 0, UINT64_MAX, 0, 2}, most))
        return false;
    return column->type == OCT_STRING ? add_text(digits, column, k, rows, most)
                                      : add_number(digits, column, k, rows, most);
}

bool octi_digits_find(const octi_batch *keys, size_t count, octi_digits *out)
{
    octi_digits found = {.numbers = 1};
    for (size_t k = 0; k < count; k++)
        if (!add_column(&found, &keys->columns[k], k, keys->rows, 2 * keys->rows))
            return false;
    *out = found;
    return true;
}

/* ---- numbers ---- */

/* Puts a digit behind those that the rows' numbers have. */
static void put_digit(const octi_digit *d, const uint64_t *words, size_t count, uint32_t *number)
{
    for (size_t i = 0; i < count; i++)
        number[i] = (uint32_t)(number[i] * d->count + ((words[i] - d->least) >> d->shift & d->mask));
}

/* The same where some rows have none: 0. */
static void put_digit_of_some(const octi_digit *d, const octi_column *column, size_t begin,
                              const uint64_t *words, size_t count, uint32_t *number)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t word = octi_is_valid(column, begin + i) ? words[i] : d->least;
        number[i] = (uint32_t)(number[i] * d->count + ((word - d->least) >> d->shift & d->mask));
    }
}

void octi_digits_number(const octi_digits *digits, const octi_batch *keys, uint32_t *number)
{
    uint64_t room[BLOCK];
    memset(number, 0, keys->rows * sizeof(*number));
    for (size_t begin = 0; begin < keys->rows; begin += BLOCK) {
        size_t count = keys->rows - begin < BLOCK ? keys->rows - begin : BLOCK;
        const uint64_t *words = NULL;
        for (size_t i = 0; i < digits->count; i++) {
            const octi_digit *d = &digits->of[i];
            const octi_column *column = &keys->columns[d->column];
            if (i == 0 || d[-1].column != d->column || d[-1].part != d->part)
                words = read_part(column, d->part, keys->rows, begin, count, room);
            if (column->valid && d->part != PART_VALID)
                put_digit_of_some(d, column, begin, words, count, number + begin);
            else
                put_digit(d, words, count, number + begin);
        }
    }
}
