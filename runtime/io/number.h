/* io/number.h - numbers and times from text that is not NUL-terminated.
 *
 * Each returns false, leaving *out alone, unless all `size` bytes are such a value. */
#ifndef OCTI_NUMBER_H
#define OCTI_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* An optional sign and digits that fit 64 bits. */
bool octi_parse_int64(const char *text, size_t size, int64_t *out);

/* Decimal with an optional exponent, "nan", "inf" in any case; correctly rounded. Where
 * mantissa and power of ten are both exact doubles, one multiplication or division is (Clinger,
 * "How to read floating point numbers accurately", PLDI 1990); the C library does the rest. */
bool octi_parse_double(const char *text, size_t size, double *out);

/* The same for up to 8 bytes of plain digits, as most numbers in files are: false for others, and
 * the functions above decide. Eight bytes are worked on as one number (Lemire, "Quickly parsing
 * eight digits", 2018), of which those past the text must be readable. */
static inline bool octi_parse_short_int64(const char *text, size_t size, int64_t *out);
static inline bool octi_parse_short_double(const char *text, size_t size, double *out);

/* "true" or "false" in any case. */
bool octi_parse_bool(const char *text, size_t size, uint8_t *out);

/* "2019-01-31" in milliseconds since 1970, and before it. */
bool octi_parse_date(const char *text, size_t size, int64_t *out);

/* "2019-01-31 23:59:59", with 'T' for the space, up to six digits of fraction and a 'Z' at the
 * end if you like, in microseconds since 1970. Local times are taken as they are written. */
bool octi_parse_timestamp(const char *text, size_t size, int64_t *out);

/* A date in milliseconds or a timestamp in microseconds, as those above read it; its length. */
int octi_format_time(char *to, size_t size, bool date, int64_t value);

/* The shortest of a few lengths that reads back as the same double; its length. */
int octi_format_double(char *to, size_t size, double value);

/* Days since 1970-01-01 in the proleptic Gregorian calendar, and back. */
int64_t octi_days_from_civil(int64_t year, unsigned month, unsigned day);
void octi_civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day);

/* Eight ASCII digits, the first in the lowest byte. */
static inline bool octi_digits(uint64_t bytes, uint64_t *out)
{
    const uint64_t high = UINT64_C(0xf0f0f0f0f0f0f0f0), zeroes = UINT64_C(0x3030303030303030);
    if ((bytes & high) != zeroes || ((bytes + UINT64_C(0x0606060606060606)) & high) != zeroes)
        return false;
    bytes -= zeroes;
    bytes = bytes * 10 + (bytes >> 8); /* pairs in every second byte */
    *out = ((bytes & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x000f424000000064) +
            (bytes >> 16 & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x0000271000000001)) >>
           32;
    return true;
}

/* Up to eight bytes with digits '0' before them, up to eight; little-endian order whatever the machine's. */
static inline uint64_t octi_last_digits(const char *text, size_t size)
{
    uint64_t bytes;
    memcpy(&bytes, text, sizeof(bytes));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes = __builtin_bswap64(bytes);
#endif
    unsigned shift = 8 * (8 - (unsigned)size);
    return bytes << shift | (shift ? UINT64_C(0x3030303030303030) >> (64 - shift) : 0);
}

static inline bool octi_parse_short_int64(const char *text, size_t size, int64_t *out)
{
    uint64_t value;
    if (size - 1 > 7 || !octi_digits(octi_last_digits(text, size), &value))
        return false;
    *out = (int64_t)value;
    return true;
}

static inline bool octi_parse_short_double(const char *text, size_t size, double *out)
{
    static const double power_of_ten[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};
    if (size - 1 > 7)
        return false;
    uint64_t bytes = octi_last_digits(text, size), value;
    uint64_t other = bytes ^ UINT64_C(0x2e2e2e2e2e2e2e2e); /* zero where a point is */
    uint64_t point = (other - UINT64_C(0x0101010101010101)) & ~other & UINT64_C(0x8080808080808080);
    unsigned fraction = 0;
    if (point) {
        unsigned shift = (unsigned)__builtin_ctzll(point) - 7; /* of the first point's byte */
        uint64_t before = bytes & ((UINT64_C(1) << shift) - 1);
        fraction = 7 - shift / 8;
        bytes = (bytes & (~UINT64_C(0) << shift) & ~(UINT64_C(0xff) << shift)) | before << 8 | '0';
        if (size == 1)
            return false;
    }
    if (!octi_digits(bytes, &value))
        return false;
    *out = (double)value / power_of_ten[fraction];
    return true;
}

#endif
