#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "runtime/frame/duration.h"
#include "runtime/io/number.h"

#define DAY INT64_C(86400000000)
#define MONDAY (-3 * DAY) /* 1969-12-29 */

static const struct unit {
    const char *name;
    int64_t micros, months;
} units[] = {{"microsecond", 1, 0},
             {"millisecond", 1000, 0},
             {"second", 1000000, 0},
             {"minute", 60000000, 0},
             {"hour", INT64_C(3600000000), 0},
             {"day", DAY, 0},
             {"week", 7 * DAY, 0},
             {"month", 0, 1},
             {"year", 0, 12}};

enum { UNITS = sizeof(units) / sizeof(units[0]), WEEK = 6 };

static int find_unit(const char *text, size_t size)
{
    size -= size > 1 && (text[size - 1] == 's' || text[size - 1] == 'S');
    int u = 0;
    while (u < UNITS && !(strlen(units[u].name) == size && strncasecmp(units[u].name, text, size) == 0))
        u++;
    return u;
}

oct_err octi_duration_parse(const char *text, octi_duration *out, oct_error *err)
{
    const char *at = text + strspn(text, " ");
    char *end = (char *)(uintptr_t)at;
    errno = 0;
    long long count = isdigit((unsigned char)*at) ? strtoll(at, &end, 10) : 1;
    const char *word = end + strspn(end, " ");
    size_t size = strcspn(word, " ");
    int u = find_unit(word, size);
    int64_t micros, months;
    if (errno != 0 || count < 1 || u == UNITS || word[size + strspn(word + size, " ")] ||
        __builtin_mul_overflow(count, units[u].micros, &micros) ||
        __builtin_mul_overflow(count, units[u].months, &months) || months > 12 * 10000) {
        oct_fail(err, OCT_E_INVALID, "'%.60s' is not a length of time", text);
        return oct_hint(err, "write for example '15 minutes'; microseconds, milliseconds, seconds, minutes, "
                             "hours, days, weeks, months, years");
    }
    *out = (octi_duration){.micros = micros, .months = months, .weeks = u == WEEK};
    return OCT_OK;
}

bool octi_duration_of_days(const octi_duration *duration)
{
    return duration->micros % DAY == 0;
}

static int64_t floor_to(int64_t value, int64_t step)
{
    int64_t rest = value % step;
    return (int64_t)((uint64_t)value - (uint64_t)(rest < 0 ? rest + step : rest));
}

static int64_t begin_of_month(int64_t months) /* since 1970 */
{
    int64_t year = floor_to(months, 12) / 12;
    int64_t days = octi_days_from_civil(1970 + year, (unsigned)(months - 12 * year) + 1, 1);
    return (int64_t)((uint64_t)days * (uint64_t)DAY); /* the first of all months begins before time does */
}

static int64_t month_of(int64_t time)
{
    int64_t year;
    unsigned month, day;
    octi_civil_from_days(floor_to(time, DAY) / DAY, &year, &month, &day);
    return (year - 1970) * 12 + month - 1;
}

int64_t octi_duration_floor(const octi_duration *duration, int64_t time)
{
    if (duration->months)
        return begin_of_month(floor_to(month_of(time), duration->months));
    if (!duration->weeks)
        return floor_to(time, duration->micros);
    return (int64_t)((uint64_t)floor_to((int64_t)((uint64_t)time - (uint64_t)MONDAY), duration->micros) +
                     (uint64_t)MONDAY);
}

int64_t octi_duration_next(const octi_duration *duration, int64_t begin)
{
    int64_t next;
    if (duration->months)
        return begin_of_month(month_of(begin) + duration->months);
    return __builtin_add_overflow(begin, duration->micros, &next) ? INT64_MAX : next;
}
