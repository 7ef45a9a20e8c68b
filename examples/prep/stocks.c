#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "examples/prep/stocks.h"

enum { SECTORS = 6, BUFFER_BYTES = 1 << 18, LINE_MAX_BYTES = 160 };

/* Six sectors of four, in order. */
static const char *const symbols[STOCKS_SYMBOLS] = {
    "hal",  "slb", "xom", "cvx", "aapl", "msft", "ibm", "hpq", "jpm", "usb", "aig", "met",
    "amgn", "aet", "pfe", "mrk", "tgt",  "wmt",  "luv", "bwa", "ge",  "avy", "jbl", "pcg",
};

/* Prices are whole ten-thousandths of a dollar, so that they print exactly. */
typedef int64_t price;

typedef struct walk {
    uint64_t market, sector, own; /* generator states */
    price last;
} walk;

const char *stocks_symbol(int index)
{
    return symbols[index];
}

int stocks_days(int64_t bytes)
{
    int64_t a_day = (int64_t)STOCKS_SYMBOLS * STOCKS_MINUTES_PER_DAY * STOCKS_LINE_BYTES;
    int64_t days = (bytes + a_day - 1) / a_day;
    return days < 1 ? 1 : (int)days;
}

/* SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
 * OOPSLA 2014. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Nearly normal, mean 0, standard deviation about 147: the sum of four bytes' worth of
 * uniform numbers, in whole numbers so that it is the same on every machine. */
static int64_t next_step(uint64_t *state)
{
    uint64_t r = next_random(state);
    return (int64_t)((r & 0xff) + (r >> 8 & 0xff) + (r >> 16 & 0xff) + (r >> 24 & 0xff)) - 510;
}

static walk walk_start(int symbol, uint64_t seed)
{
    walk w = {
        .market = seed ^ 0x6d61726b6574u,
        .sector = seed + 0x736563746f7200u * (uint64_t)(symbol / (STOCKS_SYMBOLS / SECTORS) + 1),
        .own = seed + 0x73746f636b0000u * (uint64_t)(symbol + 1),
    };
    w.last = 200000 + (price)(next_random(&w.own) % 1300000); /* 20 to 150 dollars */
    return w;
}

/* The price a quarter of a minute later. */
static price walk_next(walk *w)
{
    int64_t step = 2 * next_step(&w->market) + 3 * next_step(&w->sector) + 2 * next_step(&w->own);
    w->last += w->last * step / 10000000;
    if (w->last < 10000)
        w->last = 10000; /* a dollar: nobody trades below */
    return w->last;
}

static char *put_text(char *at, const char *text)
{
    size_t size = strlen(text);
    memcpy(at, text, size);
    return at + size;
}

static char *put_digits(char *at, int64_t value, int digits)
{
    for (int i = digits - 1; i >= 0; i--, value /= 10)
        at[i] = (char)('0' + value % 10);
    return at + digits;
}

static char *put_price(char *at, price value)
{
    int64_t dollars = value / 10000;
    int digits = 1;
    for (int64_t rest = dollars; rest >= 10; rest /= 10)
        digits++;
    at = put_digits(at, dollars, digits);
    *at++ = '.';
    return put_digits(at, value % 10000, 4);
}

static char *put_minute(char *at, const char *date, int minute, walk *w)
{
    price open = w->last, close = open, high = open, low = open;
    for (int quarter = 0; quarter < 4; quarter++) {
        close = walk_next(w);
        high = close > high ? close : high;
        low = close < low ? close : low;
    }
    int clock = 9 * 60 + 30 + minute;
    at = put_text(at, "{\"timestamp\":\"");
    at = put_text(at, date);
    *at++ = ' ';
    at = put_digits(at, clock / 60, 2);
    *at++ = ':';
    at = put_digits(at, clock % 60, 2);
    at = put_text(at, ":00\",\"open\":");
    at = put_price(at, open);
    at = put_text(at, ",\"high\":");
    at = put_price(at, high);
    at = put_text(at, ",\"low\":");
    at = put_price(at, low);
    at = put_text(at, ",\"close\":");
    at = put_price(at, close);
    return put_text(at, "}\n");
}

/* The next weekday's date, as "2013-01-02"; *day counts days since 1970. */
static void next_trading_day(int64_t *day, char date[16])
{
    struct tm tm;
    do {
        time_t seconds = (time_t)(++*day * 86400);
        gmtime_r(&seconds, &tm);
    } while (tm.tm_wday == 0 || tm.tm_wday == 6);
    strftime(date, 16, "%Y-%m-%d", &tm);
}

static oct_err write_all(int fd, const char *bytes, size_t size, const char *path, oct_error *err)
{
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == ENOSPC || errno == EDQUOT)) {
            oct_fail(err, OCT_E_EXHAUSTED, "no space left for '%s'", path);
            return oct_hint(err, "free some, or ask for less with --size");
        }
        if (n < 0)
            return oct_fail(err, OCT_E_IO, "cannot write '%s': %s", path, strerror(errno));
        bytes += n;
        size -= (size_t)n;
    }
    return OCT_OK;
}

static oct_err write_days(int fd, int symbol, int days, uint64_t seed, const char *path, stocks_result *out,
                          oct_error *err)
{
    char *buffer = malloc(BUFFER_BYTES);
    if (!buffer)
        return oct_fail(err, OCT_E_NOMEM, "no memory to write '%s'", path);

    walk w = walk_start(symbol, seed);
    int64_t day = 15706; /* 2013-01-01 */
    char date[16], *at = buffer;
    oct_err code = OCT_OK;
    for (int i = 0; i < days && code == OCT_OK; i++) {
        next_trading_day(&day, date);
        for (int minute = 0; minute < STOCKS_MINUTES_PER_DAY && code == OCT_OK; minute++) {
            at = put_minute(at, date, minute, &w);
            if (at - buffer <= BUFFER_BYTES - LINE_MAX_BYTES)
                continue;
            code = write_all(fd, buffer, (size_t)(at - buffer), path, err);
            out->bytes += at - buffer;
            at = buffer;
        }
    }
    if (code == OCT_OK)
        code = write_all(fd, buffer, (size_t)(at - buffer), path, err);
    out->bytes += at - buffer;
    out->lines = (int64_t)days * STOCKS_MINUTES_PER_DAY;
    free(buffer);
    return code;
}

oct_err stocks_write_json(int symbol, int days, uint64_t seed, const char *path, stocks_result *out,
                          oct_error *err)
{
    char part[4096];
    /* A name of its own, so that two who make the same file do not disturb each other. */
    if (snprintf(part, sizeof(part), "%s.part-XXXXXX", path) >= (int)sizeof(part))
        return oct_fail(err, OCT_E_INVALID, "the path '%.80s...' is too long", path);
    int fd = mkostemp(part, O_CLOEXEC);
    if (fd < 0)
        return oct_fail(err, OCT_E_IO, "cannot create '%s': %s", part, strerror(errno));

    stocks_result result = {0};
    oct_err code = write_days(fd, symbol, days, seed, part, &result, err);
    if (code == OCT_OK && fchmod(fd, 0644) != 0)
        code = oct_fail(err, OCT_E_IO, "cannot let others read '%s': %s", part, strerror(errno));
    if (close(fd) != 0 && code == OCT_OK)
        code = oct_fail(err, OCT_E_IO, "cannot write '%s': %s", part, strerror(errno));
    if (code == OCT_OK && rename(part, path) != 0)
        code = oct_fail(err, OCT_E_IO, "cannot rename '%s' to '%s': %s", part, path, strerror(errno));
    if (code != OCT_OK) {
        unlink(part);
        return code;
    }
    *out = result;
    return OCT_OK;
}
