#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "runtime/io/scan.h"

/* Bit i tells whether byte i of 64 is the wanted one. */
typedef uint64_t equal_fn(const char *text, char wanted);

#ifdef __x86_64__
static inline uint64_t equal_plain(const char *text, char wanted)
{
    __m128i all = _mm_set1_epi8(wanted);
    uint64_t mask = 0;
    for (int i = 0; i < 4; i++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(text + 16 * i));
        mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, all)) << (16 * i);
    }
    return mask;
}

#define AVX2 __attribute__((target("avx2,bmi,popcnt")))

AVX2 static inline uint64_t equal_avx2(const char *text, char wanted)
{
    __m256i all = _mm256_set1_epi8(wanted);
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)text);
    __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(text + 32));
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, all)) |
           (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, all)) << 32;
}
#else
static inline uint64_t equal_plain(const char *text, char wanted)
{
    uint64_t mask = 0;
    for (int i = 0; i < 64; i++)
        mask |= (uint64_t)(text[i] == wanted) << i;
    return mask;
}
#endif

/* Bit i is the exclusive-or of bits 0 to i. */
static inline uint64_t prefix_xor(uint64_t bits)
{
    for (int shift = 1; shift < 64; shift *= 2)
        bits ^= bits << shift;
    return bits;
}

/* Inlined into a function a machine, with that machine's way of comparing. */
#define INLINE static inline __attribute__((always_inline))

/* Eight entries a step, as many too many as it may be: a branch a bit would be guessed wrong. */
INLINE void put_ends(octi_scan *scan, uint64_t found, uint32_t base)
{
    uint32_t *to = scan->ends + scan->count;
    scan->count += (size_t)__builtin_popcountll(found);
    while (found) {
        for (int i = 0; i < 8; i++) {
            to[i] = base + (uint32_t)__builtin_ctzll(found | UINT64_C(1) << 63);
            found &= found - 1;
        }
        to += 8;
    }
}

INLINE void block(octi_scan *scan, const char *text, uint32_t base, char delimiter, equal_fn *equal)
{
    uint64_t quotes = equal(text, '"');
    uint64_t newlines = equal(text, '\n'), found = equal(text, delimiter) | newlines;
    if (quotes || scan->inside) {
        uint64_t quoted = prefix_xor(quotes) ^ (scan->inside ? ~UINT64_C(0) : 0);
        found &= ~quoted;
        newlines &= ~quoted;
        scan->inside = quoted >> 63;
        scan->quotes += (size_t)__builtin_popcountll(quotes);
    }
    for (; newlines; newlines &= newlines - 1) {
        uint64_t before = found & ((newlines & -newlines) - 1);
        scan->lines[scan->line_count++] = (uint32_t)(scan->count + (size_t)__builtin_popcountll(before));
    }
    put_ends(scan, found, base);
}

INLINE void run(octi_scan *scan, const char *text, size_t from, size_t to, char delimiter, equal_fn *equal)
{
    size_t at = from;
    for (; at + 64 <= to; at += 64)
        block(scan, text + at, (uint32_t)at, delimiter, equal);
    if (at < to) {
        char last[64] = {0}; /* zeroes are neither quotes nor ends */
        memcpy(last, text + at, to - at);
        block(scan, last, (uint32_t)at, delimiter, equal);
    }
}

INLINE size_t count(const char *text, size_t size, char wanted, equal_fn *equal)
{
    size_t found = 0, at = 0;
    for (; at + 64 <= size; at += 64)
        found += (size_t)__builtin_popcountll(equal(text + at, wanted));
    for (; at < size; at++)
        found += text[at] == wanted;
    return found;
}

#ifdef __x86_64__
AVX2 static void run_avx2(octi_scan *scan, const char *text, size_t from, size_t to, char delimiter)
{
    run(scan, text, from, to, delimiter, equal_avx2);
}

AVX2 static size_t count_avx2(const char *text, size_t size, char wanted)
{
    return count(text, size, wanted, equal_avx2);
}

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi");
}
#endif

void octi_scan_run(octi_scan *scan, const char *text, size_t from, size_t to, char delimiter)
{
#ifdef __x86_64__
    if (has_avx2()) {
        run_avx2(scan, text, from, to, delimiter);
        return;
    }
#endif
    run(scan, text, from, to, delimiter, equal_plain);
}

size_t octi_scan_count(const char *text, size_t size, char wanted)
{
#ifdef __x86_64__
    if (has_avx2())
        return count_avx2(text, size, wanted);
#endif
    return count(text, size, wanted, equal_plain);
}
