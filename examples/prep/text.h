/* prep/text.h - text and random numbers that are the same on every machine, and fast to make. */
#ifndef PREP_TEXT_H
#define PREP_TEXT_H

#include <stdint.h>
#include <string.h>

/* SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
 * OOPSLA 2014. */
static inline uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Each puts something at `at` and returns where it ends. */
static inline char *put_text(char *at, const char *text)
{
    size_t size = strlen(text);
    memcpy(at, text, size);
    return at + size;
}

/* Exactly that many digits. */
static inline char *put_digits(char *at, int64_t value, int digits)
{
    for (int i = digits - 1; i >= 0; i--, value /= 10)
        at[i] = (char)('0' + value % 10);
    return at + digits;
}

/* As many digits as it takes; not negative. */
static inline char *put_whole(char *at, int64_t value)
{
    int digits = 1;
    for (int64_t rest = value; rest >= 10; rest /= 10)
        digits++;
    return put_digits(at, value, digits);
}

#endif
