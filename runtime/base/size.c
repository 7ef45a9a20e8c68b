#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/size.h"

static const char units[] = "bkmgt";

/* The power of 1024 that a unit such as "m", "MB" or "mib" stands for, or -1. */
static int unit_power(const char *unit)
{
    if (!*unit)
        return 0;
    const char *at = strchr(units, tolower((unsigned char)*unit));
    if (!at)
        return -1;
    int power = (int)(at - units);
    const char *rest = unit + 1;
    if (power > 0 && tolower((unsigned char)*rest) == 'i')
        rest++;
    else if (!*rest)
        return power;
    return power > 0 && tolower((unsigned char)*rest) == 'b' && !rest[1] ? power : -1;
}

/* Reads digits[.digits] without the locale's rules; false when there is no digit. */
static const char *read_decimal(const char *text, double *value)
{
    const char *p = text;
    *value = 0;
    while (isdigit((unsigned char)*p))
        *value = *value * 10 + (*p++ - '0');
    if (p == text)
        return NULL;
    if (*p != '.')
        return p;
    double scale = 0.1;
    const char *fraction = ++p;
    for (; isdigit((unsigned char)*p); p++, scale /= 10)
        *value += (*p - '0') * scale;
    return p == fraction ? NULL : p;
}

oct_err octi_size_parse(const char *text, uint64_t *bytes, oct_error *err)
{
    double value;
    const char *unit = read_decimal(text, &value);
    int power = unit ? unit_power(unit) : -1;
    if (power < 0) {
        oct_fail(err, OCT_E_INVALID, "'%.40s' is not a size", text);
        return oct_hint(err, "write a number and a unit, such as 512m or 2g");
    }
    for (; power > 0; power--)
        value *= 1024;
    /* 2^63: what JSON and the engines' own signed sizes can hold. */
    if (value >= 9223372036854775808.0)
        return oct_fail(err, OCT_E_INVALID, "the size '%.40s' is too large", text);
    *bytes = (uint64_t)value;
    return OCT_OK;
}

void octi_size_format(uint64_t bytes, char text[OCTI_SIZE_TEXT])
{
    static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    unsigned power = 0;
    double value = (double)bytes;
    for (; value >= 1023.95; value /= 1024)
        power++;
    snprintf(text, OCTI_SIZE_TEXT, power ? "%.1f %s" : "%.0f %s", value, names[power]);
}
