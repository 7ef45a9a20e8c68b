#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "runtime/io/number.h"

static const double power_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                      1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool octi_parse_int64(const char *text, size_t size, int64_t *out)
{
    bool negative = size > 0 && text[0] == '-';
    size_t i = size > 0 && (text[0] == '-' || text[0] == '+');
    if (i == size)
        return false;
    uint64_t value = 0, limit = (uint64_t)INT64_MAX + negative;
    for (; i < size; i++) {
        if (!is_digit(text[i]) || value > limit / 10)
            return false;
        value = value * 10 + (uint64_t)(text[i] - '0');
        if (value > limit)
            return false;
    }
    *out = (int64_t)(negative ? 0 - value : value);
    return true;
}

static locale_t c_locale;

static void make_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* What the fast path leaves: long mantissas, large powers, words. */
static bool parse_slowly(const char *text, size_t size, double *out)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_locale);
    char copy[512], *end;
    if (size == 0 || size >= sizeof(copy) || !c_locale)
        return false;
    memcpy(copy, text, size);
    copy[size] = '\0';
    size_t sign = copy[0] == '-' || copy[0] == '+';
    bool word = strcasecmp(copy + sign, "nan") == 0 || strcasecmp(copy + sign, "inf") == 0 ||
                strcasecmp(copy + sign, "infinity") == 0;
    if (!word && strspn(copy, "0123456789+-.eE") != size)
        return false;
    double value = strtod_l(copy, &end, c_locale);
    if (end != copy + size)
        return false;
    *out = value;
    return true;
}

bool octi_parse_double(const char *text, size_t size, double *out)
{
    const char *p = text, *end = text + size;
    bool negative = p < end && *p == '-';
    p += negative;
    uint64_t mantissa = 0;
    const char *start = p;
    while (p < end && is_digit(*p))
        mantissa = mantissa * 10 + (uint64_t)(*p++ - '0');
    ptrdiff_t digits = p - start, fraction = 0;
    if (p < end && *p == '.') {
        const char *point = ++p;
        while (p < end && is_digit(*p))
            mantissa = mantissa * 10 + (uint64_t)(*p++ - '0');
        fraction = p - point;
        digits += fraction;
    }
    if (p != end || digits == 0 || digits > 19 || mantissa > UINT64_C(1) << 53)
        return parse_slowly(text, size, out);
    double value = (double)mantissa / power_of_ten[fraction]; /* at most 19 */
    *out = negative ? -value : value;
    return true;
}

bool octi_parse_bool(const char *text, size_t size, uint8_t *out)
{
    bool yes = size == 4 && strncasecmp(text, "true", 4) == 0;
    if (!yes && (size != 5 || strncasecmp(text, "false", 5) != 0))
        return false;
    *out = yes;
    return true;
}

/* Howard Hinnant, "chrono-compatible low-level date algorithms". */
int64_t octi_days_from_civil(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    unsigned of_era = (unsigned)(year - era * 400);
    unsigned of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void octi_civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    unsigned of_era = (unsigned)(days - era * 146097);
    unsigned y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * y + y / 4 - y / 100);
    unsigned m = (5 * of_year + 2) / 153;
    *day = of_year - (153 * m + 2) / 5 + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = (int64_t)y + era * 400 + (*month <= 2);
}

static bool two_digits(const char *text, unsigned *out)
{
    *out = (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
    return is_digit(text[0]) && is_digit(text[1]);
}

enum { DAY_SIZE = 10 }; /* 2020-02-29 */

static bool parse_new_day(const char *text, int64_t *days)
{
    static const unsigned char length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned century, rest, month, day;
    if (!two_digits(text, &century) || !two_digits(text + 2, &rest) || text[4] != '-' ||
        !two_digits(text + 5, &month) || text[7] != '-' || !two_digits(text + 8, &day))
        return false;
    unsigned year = century * 100 + rest;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (month < 1 || month > 12 || day < 1 || day > length[month - 1] + (unsigned)(month == 2 && leap))
        return false;
    *days = octi_days_from_civil(year, month, day);
    return true;
}

/* Most rows are of the day of the row before. */
static bool parse_day(const char *text, int64_t *days)
{
    static __thread struct {
        char text[DAY_SIZE];
        int64_t days;
    } latest = {"1970-01-01", 0};
    if (memcmp(text, latest.text, DAY_SIZE) != 0) {
        if (!parse_new_day(text, &latest.days))
            return false;
        memcpy(latest.text, text, DAY_SIZE);
    }
    *days = latest.days;
    return true;
}

bool octi_parse_date(const char *text, size_t size, int64_t *out)
{
    int64_t days;
    if (size != DAY_SIZE || !parse_day(text, &days))
        return false;
    *out = days * 86400000;
    return true;
}

bool octi_parse_timestamp(const char *text, size_t size, int64_t *out)
{
    int64_t days, micros = 0;
    unsigned hour, minute, second;
    if (size < 19 || (text[10] != ' ' && text[10] != 'T') || !parse_day(text, &days) ||
        !two_digits(text + 11, &hour) || text[13] != ':' || !two_digits(text + 14, &minute) ||
        text[16] != ':' || !two_digits(text + 17, &second) || hour > 23 || minute > 59 || second > 59)
        return false;
    size_t i = 19;
    if (i < size && text[i] == '.') {
        size_t point = ++i;
        for (; i < size && is_digit(text[i]) && i - point < 6; i++)
            micros = micros * 10 + (text[i] - '0');
        if (i == point)
            return false;
        for (size_t digits = i - point; digits < 6; digits++)
            micros *= 10;
    }
    i += i < size && text[i] == 'Z';
    if (i != size)
        return false;
    *out = (((days * 24 + hour) * 60 + minute) * 60 + second) * INT64_C(1000000) + micros;
    return true;
}

int octi_format_time(char *to, size_t size, bool date, int64_t value)
{
    int64_t per_day = date ? INT64_C(86400000) : INT64_C(86400000000);
    int64_t days = value / per_day - (value % per_day < 0), rest = value - days * per_day, year;
    unsigned month, day;
    octi_civil_from_days(days, &year, &month, &day);
    if (date)
        return snprintf(to, size, "%04lld-%02u-%02u", (long long)year, month, day);
    int64_t second = rest / 1000000;
    int n = snprintf(to, size, "%04lld-%02u-%02u %02d:%02d:%02d", (long long)year, month, day,
                     (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
    if (rest % 1000000)
        n += snprintf(to + n, size - (size_t)n, ".%06d", (int)(rest % 1000000));
    return n;
}

int octi_format_double(char *to, size_t size, double value)
{
    int length = 0;
    for (int digits = 15; digits <= 17; digits++) {
        length = snprintf(to, size, "%.*g", digits, value);
        if (strtod(to, NULL) == value)
            break;
    }
    return length;
}
