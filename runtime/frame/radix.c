#include "runtime/frame/radix.h"

void octi_radix_keys(const octi_column *column, bool descending, size_t begin, size_t count,
                     uint64_t keys[OCTI_KEYS])
{
    const uint64_t turned = descending ? UINT64_MAX : 0;
    if (column->type == OCT_DOUBLE)
        for (size_t i = 0; i < count; i++)
            keys[i] = octi_radix_of_double(column->doubles[begin + i]) ^ turned;
    else if (column->type == OCT_BOOL)
        for (size_t i = 0; i < count; i++)
            keys[i] = column->bools[begin + i] ^ turned;
    else
        for (size_t i = 0; i < count; i++)
            keys[i] = octi_radix_of_int(column->ints[begin + i]) ^ turned;
}

static void radix_pass(const octi_keyed *from, octi_keyed *to, size_t count, int shift)
{
    size_t at[256] = {0}, sum = 0;
    for (size_t i = 0; i < count; i++)
        at[from[i].key >> shift & 0xff]++;
    for (int b = 0; b < 256; b++) {
        size_t of_byte = at[b];
        at[b] = sum;
        sum += of_byte;
    }
    for (size_t i = 0; i < count; i++)
        to[at[from[i].key >> shift & 0xff]++] = from[i];
}

enum { FEW = 48 }; /* rows for which passes and their counts cost more than moving each behind lesser ones */

static void insert_each(octi_keyed *keys, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        octi_keyed one = keys[i];
        size_t at = i;
        for (; at > 0 && keys[at - 1].key > one.key; at--)
            keys[at] = keys[at - 1];
        keys[at] = one;
    }
}

enum { TOP_BITS = 24 }; /* of those that differ: three passes, which tell most of some 100,000 keys apart */

/* By the bits from `low` on, and where these are the same, by those below. */
static octi_keyed *sort_by_top(octi_keyed *keys, octi_keyed *other, size_t count, uint64_t differ, int low)
{
    for (int shift = low; shift < 64; shift += 8)
        if (differ >> shift & 0xff) {
            radix_pass(keys, other, count, shift);
            octi_keyed *swap = keys;
            keys = other;
            other = swap;
        }
    for (size_t begin = 0, end; low > 0 && begin < count; begin = end) {
        for (end = begin + 1; end < count && keys[end].key >> low == keys[begin].key >> low;)
            end++;
        if (end - begin == 1)
            continue;
        const octi_keyed *run = octi_radix_sort(keys + begin, other + begin, end - begin);
        if (run != keys + begin)
            memcpy(keys + begin, run, (end - begin) * sizeof(*keys));
    }
    return keys;
}

octi_keyed *octi_radix_sort(octi_keyed *keys, octi_keyed *other, size_t count)
{
    uint64_t differ = 0;
    if (count <= FEW) {
        insert_each(keys, count);
        return keys;
    }
    for (size_t i = 0; i < count; i++)
        differ |= keys[i].key ^ keys[0].key;
    if (differ == 0)
        return keys;
    int top = 64 - __builtin_clzll(differ);
    return sort_by_top(keys, other, count, differ, top > TOP_BITS ? top - TOP_BITS : 0);
}
