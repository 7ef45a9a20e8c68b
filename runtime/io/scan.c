#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "runtime/io/scan.h"

/* Bit i tells whether byte i of 64 is the wanted one. */
typedef uint64_t equal_fn(const char *text, char wanted);

/* Writes base + i for each bit i, and up to OCTI_SCAN_ROOM entries more. */
typedef void put_fn(uint32_t *to, uint64_t found, uint32_t base);

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
INLINE void put_plain(uint32_t *to, uint64_t found, uint32_t base)
{
    while (found) {
        for (int i = 0; i < 8; i++) {
            to[i] = base + (uint32_t)__builtin_ctzll(found | UINT64_C(1) << 63);
            found &= found - 1;
        }
        to += 8;
    }
}

#ifdef __x86_64__
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vbmi2,bmi,popcnt")))

AVX512 static inline uint64_t equal_avx512(const char *text, char wanted)
{
    return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512((const void *)text), _mm512_set1_epi8(wanted));
}

AVX512 static inline void put_sixteen(uint32_t *to, __m128i numbers, uint32_t base)
{
    __m512i entries = _mm512_add_epi32(_mm512_cvtepu8_epi32(numbers), _mm512_set1_epi32((int)base));
    _mm512_storeu_si512((void *)to, entries);
}

static const uint8_t numbers[64] = {
    0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
    22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
    44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63,
};

/* The numbers of the bits, packed. */
AVX512 static inline void put_avx512(uint32_t *to, uint64_t found, uint32_t base)
{
    __m512i packed = _mm512_maskz_compress_epi8(found, _mm512_loadu_si512((const void *)numbers));
    int count = __builtin_popcountll(found);
    put_sixteen(to, _mm512_castsi512_si128(packed), base);
    if (count > 16)
        put_sixteen(to + 16, _mm512_extracti32x4_epi32(packed, 1), base);
    if (count > 32)
        put_sixteen(to + 32, _mm512_extracti32x4_epi32(packed, 2), base);
    if (count > 48)
        put_sixteen(to + 48, _mm512_extracti32x4_epi32(packed, 3), base);
}
#endif

INLINE void block(octi_scan *scan, const char *text, uint32_t base, char delimiter, equal_fn *equal,
                  put_fn *put)
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
    put(scan->ends + scan->count, found, base);
    scan->count += (size_t)__builtin_popcountll(found);
}

INLINE void run(octi_scan *scan, const char *text, size_t from, size_t to, char delimiter, equal_fn *equal,
                put_fn *put)
{
    size_t at = from;
    for (; at + 64 <= to; at += 64)
        block(scan, text + at, (uint32_t)at, delimiter, equal, put);
    if (at < to) {
        char last[64] = {0}; /* zeroes are neither quotes nor ends */
        memcpy(last, text + at, to - at);
        block(scan, last, (uint32_t)at, delimiter, equal, put);
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
    run(scan, text, from, to, delimiter, equal_avx2, put_plain);
}

AVX512 static void run_avx512(octi_scan *scan, const char *text, size_t from, size_t to, char delimiter)
{
    run(scan, text, from, to, delimiter, equal_avx512, put_avx512);
}

AVX2 static size_t count_avx2(const char *text, size_t size, char wanted)
{
    return count(text, size, wanted, equal_avx2);
}

bool octi_scan_can(octi_scan_way way)
{
    switch (way) {
    case OCTI_SCAN_AVX512:
        return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi2");
    case OCTI_SCAN_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi");
    default:
        return way == OCTI_SCAN_PLAIN;
    }
}
#else
bool octi_scan_can(octi_scan_way way)
{
    return way == OCTI_SCAN_PLAIN;
}
#endif

void octi_scan_run_by(octi_scan_way way, octi_scan *scan, const char *text, size_t from, size_t to,
                      char delimiter)
{
#ifdef __x86_64__
    if (way == OCTI_SCAN_AVX512)
        run_avx512(scan, text, from, to, delimiter);
    else if (way == OCTI_SCAN_AVX2)
        run_avx2(scan, text, from, to, delimiter);
    else
#endif
        run(scan, text, from, to, delimiter, equal_plain, put_plain);
}

void octi_scan_run(octi_scan *scan, const char *text, size_t from, size_t to, char delimiter)
{
    octi_scan_way way = OCTI_SCAN_WAYS - 1;
    while (!octi_scan_can(way))
        way--;
    octi_scan_run_by(way, scan, text, from, to, delimiter);
}

size_t octi_scan_count(const char *text, size_t size, char wanted)
{
#ifdef __x86_64__
    if (octi_scan_can(OCTI_SCAN_AVX2))
        return count_avx2(text, size, wanted);
#endif
    return count(text, size, wanted, equal_plain);
}
