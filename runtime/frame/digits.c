#include <string.h>

#include "runtime/frame/digits.h"

#define INLINE __attribute__((always_inline)) static inline

INLINE void add_digit(const octi_column *column, bool truth, bool nulls, const octi_digit *d, size_t rows,
                      uint32_t *number)
{
    for (size_t row = 0; row < rows; row++) {
        uint64_t value = truth ? column->bools[row] : (uint64_t)column->ints[row];
        uint64_t own = !nulls || octi_is_valid(column, row) ? value - (uint64_t)d->least + nulls : 0;
        number[row] = (uint32_t)(number[row] * d->count + own);
    }
}

/* Puts the column's digit behind those that the rows' numbers have. */
static void add_digits(const octi_column *column, const octi_digit *d, size_t rows, uint32_t *number)
{
    if (column->type == OCT_BOOL)
        add_digit(column, true, column->valid != NULL, d, rows, number);
    else if (column->valid)
        add_digit(column, false, true, d, rows, number);
    else
        add_digit(column, false, false, d, rows, number);
}

/* False where there may be more than `most`. */
static bool find_digit(const octi_column *column, size_t rows, size_t most, octi_digit *out)
{
    bool nulls = column->valid != NULL;
    int64_t least = 0, last = 0;
    size_t row = 0;
    if (column->type == OCT_BOOL) {
        *out = (octi_digit){0, 2 + nulls};
        return out->count <= most;
    }
    if (column->type == OCT_STRING || column->type == OCT_DOUBLE)
        return false;
    while (row < rows && !octi_is_valid(column, row))
        row++;
    if (row < rows)
        least = last = column->ints[row];
    while (row < rows && (uint64_t)last - (uint64_t)least < most) {
        size_t end = row + 1024 < rows ? row + 1024 : rows; /* most columns of many values end here */
        for (; row < end; row++) {
            int64_t value = octi_is_valid(column, row) ? column->ints[row] : least;
            least = value < least ? value : least;
            last = value > last ? value : last;
        }
    }
    *out = (octi_digit){least, (uint64_t)last - (uint64_t)least + 1 + nulls};
    return (uint64_t)last - (uint64_t)least < most && out->count <= most;
}

bool octi_digits_find(const octi_batch *keys, size_t count, octi_digits *out)
{
    octi_digits found = {.count = count, .numbers = 1};
    if (count > OCTI_DIGITS)
        return false;
    for (size_t k = 0; k < count; k++) {
        if (!find_digit(&keys->columns[k], keys->rows, keys->rows / found.numbers, &found.of[k]))
            return false;
        found.numbers *= found.of[k].count;
    }
    if (found.numbers > keys->rows)
        return false;
    *out = found;
    return true;
}

void octi_digits_number(const octi_digits *digits, const octi_batch *keys, uint32_t *number)
{
    memset(number, 0, keys->rows * sizeof(*number));
    for (size_t k = 0; k < digits->count; k++)
        add_digits(&keys->columns[k], &digits->of[k], keys->rows, number);
}
