#include <errno.h>
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "series.h"

double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void die(const oct_error *err)
{
    fprintf(stderr, "error: %s\n", err->what);
    if (err->hint[0])
        fprintf(stderr, "\nhint: %s\n", err->hint);
    exit(1);
}

/* --- files --- */

oct_err series_paths(const char *folder, char ***paths, size_t *count, oct_error *err)
{
    char pattern[4096];
    snprintf(pattern, sizeof(pattern), "%s/json/*.json", folder);
    glob_t found;
    int result = glob(pattern, 0, NULL, &found);
    if (result != 0 || found.gl_pathc < 2) {
        oct_fail(err, OCT_E_NOTFOUND, "fewer than two .json files in '%s/json'", folder);
        if (result == 0)
            globfree(&found);
        return oct_hint(err, "'octavo prep stocks' makes the data");
    }
    char **copy = calloc(found.gl_pathc, sizeof(*copy));
    for (size_t i = 0; copy && i < found.gl_pathc; i++)
        if (!(copy[i] = strdup(found.gl_pathv[i]))) {
            series_free_paths(copy, i);
            copy = NULL;
        }
    *count = found.gl_pathc;
    *paths = copy;
    globfree(&found);
    return copy ? OCT_OK : oct_fail(err, OCT_E_NOMEM, "out of memory");
}

void series_free_paths(char **paths, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(paths[i]);
    free(paths);
}

const char *series_name(const char *path, char name[SERIES_NAME])
{
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    snprintf(name, SERIES_NAME, "%.*s", (int)strcspn(base, "."), base);
    return name;
}

/* --- reading --- */

/* The lines are prep's own, so finding the one member is enough: no tree of objects is built. */
static int read_close(const char *line, double *price)
{
    static const char key[] = "\"close\":";
    const char *at = strstr(line, key);
    char *end;
    if (!at)
        return 0;
    *price = strtod(at + strlen(key), &end);
    return end != at + strlen(key) && (*end == '}' || *end == ',') && *price > 0 && isfinite(*price);
}

static oct_err append(oct_doubles *to, size_t *room, double value, oct_error *err)
{
    if (to->count == *room) {
        size_t more = *room ? 2 * *room : 4096;
        double *grown = realloc(to->data, more * sizeof(*grown));
        if (!grown)
            return oct_fail(err, OCT_E_NOMEM, "out of memory");
        to->data = grown;
        *room = more;
    }
    to->data[to->count++] = value;
    return OCT_OK;
}

static oct_err read_closes(FILE *file, const char *path, oct_doubles *closes, oct_error *err)
{
    char *line = NULL;
    size_t size = 0, room = 0, number = 0;
    oct_err code = OCT_OK;
    while (code == OCT_OK && getline(&line, &size, file) >= 0) {
        double price;
        number++;
        code = read_close(line, &price)
                   ? append(closes, &room, price, err)
                   : oct_fail(err, OCT_E_INVALID, "%s:%zu: no closing price", path, number);
    }
    if (code == OCT_OK && ferror(file))
        code = oct_fail(err, OCT_E_IO, "cannot read '%s': %s", path, strerror(errno));
    if (code == OCT_OK && closes->count < SERIES_LAGS + 2)
        code = oct_fail(err, OCT_E_INVALID, "%s: %zu prices are too few: at least %d are needed", path,
                        closes->count, SERIES_LAGS + 2);
    free(line);
    return code;
}

/* Prices to standardised returns, in place. A price that never moves has only zeros. */
static void standardise(oct_doubles *s)
{
    double sum = 0, squares = 0;
    size_t count = s->count - 1;
    for (size_t i = 0; i < count; i++) {
        s->data[i] = (s->data[i + 1] - s->data[i]) / s->data[i];
        sum += s->data[i];
    }
    double mean = sum / (double)count;
    for (size_t i = 0; i < count; i++) {
        s->data[i] -= mean;
        squares += s->data[i] * s->data[i];
    }
    double deviation = sqrt(squares / (double)count);
    for (size_t i = 0; i < count && deviation > 0; i++)
        s->data[i] /= deviation;
    s->count = count;
}

oct_err series_read(const char *path, oct_doubles *out, oct_error *err)
{
    FILE *file = fopen(path, "r");
    if (!file) {
        oct_fail(err, errno == ENOENT ? OCT_E_NOTFOUND : OCT_E_IO, "cannot open '%s': %s", path,
                 strerror(errno));
        return oct_hint(err, "'octavo prep stocks' makes the data");
    }
    oct_doubles series = {0};
    oct_err code = read_closes(file, path, &series, err);
    fclose(file);
    if (code == OCT_OK) {
        standardise(&series);
        *out = series;
    } else {
        free(series.data);
    }
    return code;
}

/* --- correlation --- */

oct_err series_correlate(oct_doubles a, oct_doubles b, correlation *out, oct_error *err)
{
    if (a.count != b.count)
        return oct_fail(err, OCT_E_INVALID, "one series has %zu returns, the other %zu", a.count, b.count);
    correlation best = {0};
    for (int lag = -SERIES_LAGS; lag <= SERIES_LAGS; lag++) {
        const double *x = a.data + (lag < 0 ? -lag : 0), *y = b.data + (lag > 0 ? lag : 0);
        size_t overlap = a.count - (size_t)abs(lag);
        double sum = 0;
        for (size_t t = 0; t < overlap; t++)
            sum += x[t] * y[t];
        double r = sum / (double)a.count;
        if (fabs(r) > fabs(best.r))
            best = (correlation){.r = r, .lag = lag};
    }
    *out = best;
    return OCT_OK;
}
