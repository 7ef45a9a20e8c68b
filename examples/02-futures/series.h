/* series.h - minute prices as series of returns, and how alike two of them are.
 *
 * This is the work of the lesson, done already, so that exercise.c and solution.c show
 * only what the lesson is about. */
#ifndef SERIES_H
#define SERIES_H

#include <stddef.h>

#include <oct/error.h>
#include <oct/value.h>

enum { SERIES_LAGS = 60 }; /* minutes that one series may lead the other */

/* A plain value, so it travels from any node. */
typedef struct correlation {
    double r; /* of the lag at which it is largest in size */
    int lag;  /* minutes by which the first series leads the second */
} correlation;

/* The *.json files of folder/json, sorted by name; the caller frees with series_free_paths. */
oct_err series_paths(const char *folder, char ***paths, size_t *count, oct_error *err);
void series_free_paths(char **paths, size_t count);

/* Reads the closing prices of one JSON object a line and makes of them returns, (new - old) / old,
 * shifted and scaled to mean 0 and variance 1. A line without a price is OCT_E_INVALID and
 * named: "data/x.json:17: ...". The caller frees out->data. */
oct_err series_read(const char *path, oct_doubles *out, oct_error *err);

/* The sample cross-correlation of two series that were read, sum(a[t] * b[t + lag]) / count, at
 * the lag from -SERIES_LAGS to SERIES_LAGS where it is largest in size. OCT_E_INVALID when one
 * series is longer than the other. Always adds in the same order, so the answer is the same to
 * the last bit whoever computes it. */
oct_err series_correlate(oct_doubles a, oct_doubles b, correlation *out, oct_error *err);

/* "aapl" of "data/stocks/json/aapl.json", into name, which is returned. */
enum { SERIES_NAME = 32 };
const char *series_name(const char *path, char name[SERIES_NAME]);

/* Ends the program with an error's message and hint. */
__attribute__((noreturn)) void die(const oct_error *err);

/* Seconds since some fixed moment. */
double now(void);

#endif
