/* prep/stocks.h - made-up minute prices of well-known stocks.
 *
 * Each price follows a random walk driven by three parts: the whole market, the stock's
 * sector, and the stock itself, so that stocks of one sector are correlated and lesson 02
 * has something to find. A series depends on the seed and the symbol alone: the same
 * everywhere, and a shorter one is the beginning of a longer one. */
#ifndef PREP_STOCKS_H
#define PREP_STOCKS_H

#include <stdint.h>

#include "oct/error.h"

enum {
    STOCKS_SYMBOLS = 24,
    STOCKS_MINUTES_PER_DAY = 390, /* 09:30 to 15:59 */
    STOCKS_LINE_BYTES = 97,       /* of a JSON line, on average */
};

/* The symbol's name, lowercase, as the file is called; index below STOCKS_SYMBOLS. */
const char *stocks_symbol(int index);

/* Trading days that make all symbols together at least `bytes` large; at least 1. */
int stocks_days(int64_t bytes);

/* Writes `days` trading days from 2013-01-02 on of one symbol to path, one JSON object a
 * line, a minute each:
 *   {"timestamp":"2013-01-02 09:30:00","open":78.5250,"high":78.5312,"low":78.5250,"close":78.5301}
 * The file appears under its name when it is complete, never before. OCT_E_IO,
 * OCT_E_EXHAUSTED (disk full); nothing is left behind then. Any thread. */
oct_err stocks_write_json(int symbol, int days, uint64_t seed, const char *path, int64_t *bytes,
                          oct_error *err);

#endif
