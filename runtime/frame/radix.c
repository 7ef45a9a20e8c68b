#include <math.h>
#include <string.h>

#include "runtime/frame/radix.h"

/* A double's bits as an unsigned number of the same order; NaN comes after all numbers, both zeroes are one.
 */
static uint64_t key_of_double(double value)
{
    const uint64_t sign = UINT64_C(1) << 63;
    uint64_t bits;
    if (isnan(value))
        return UINT64_MAX;
    value += 0.0; /* -0 becomes 0 */
    memcpy(&bits, &value, sizeof(bits));
    return bits ^ ((uint64_t)((int64_t)bits >> 63) | sign);
}

void octi_radix_keys(const octi_column *column, bool descending, size_t begin, size_t count,
                     uint64_t keys[OCTI_KEYS])
{
    const uint64_t turned = descending ? UINT64_MAX : 0, sign = UINT64_C(1) << 63;
    if (column->type == OCT_DOUBLE)
        for (size_t i = 0; i < count; i++)
            keys[i] = key_of_double(column->doubles[begin + i]) ^ turned;
    else if (column->type == OCT_BOOL)
        for (size_t i = 0; i < count; i++)
            keys[i] = column->bools[begin + i] ^ turned;
    else
        for (size_t i = 0; i < count; i++)
            keys[i] = (uint64_t)column->ints[begin + i] ^ sign ^ turned;
}

/* One stable pass by the byte at `shift`; false where all have the same one, and nothing is moved. */
static bool radix_pass(const octi_keyed *from, octi_keyed *to, size_t count, int shift)
{
    size_t at[256] = {0}, sum = 0;
    for (size_t i = 0; i < count; i++)
        at[from[i].key >> shift & 0xff]++;
    if (at[from[0].key >> shift & 0xff] == count)
        return false;
    for (int b = 0; b < 256; b++) {
        size_t of_byte = at[b];
        at[b] = sum;
        sum += of_byte;
    }
    for (size_t i = 0; i < count; i++)
        to[at[from[i].key >> shift & 0xff]++] = from[i];
    return true;
}

octi_keyed *octi_radix_sort(octi_keyed *keys, octi_keyed *other, size_t count)
{
    for (int shift = 0; count > 0 && shift < 64; shift += 8)
        if (radix_pass(keys, other, count, shift)) {
            octi_keyed *swap = keys;
            keys = other;
            other = swap;
        }
    return keys;
}
