#include <time.h>

#include "examples/prep/output.h"
#include "examples/prep/stocks.h"
#include "examples/prep/text.h"

enum { SECTORS = 6 };

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

static char *put_price(char *at, price value)
{
    at = put_whole(at, value / 10000);
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

oct_err stocks_write_json(int symbol, int days, uint64_t seed, const char *path, int64_t *bytes,
                          oct_error *err)
{
    output out;
    oct_err code = output_begin(&out, path, err);
    if (code != OCT_OK)
        return code;
    walk w = walk_start(symbol, seed);
    int64_t day = 15706; /* 2013-01-01 */
    char date[16];
    for (int i = 0; i < days && code == OCT_OK; i++) {
        next_trading_day(&day, date);
        for (int minute = 0; minute < STOCKS_MINUTES_PER_DAY && code == OCT_OK; minute++)
            code = output_line(&out, put_minute(out.at, date, minute, &w), err);
    }
    code = output_end(&out, code, err);
    if (code == OCT_OK)
        *bytes = out.bytes;
    return code;
}
