#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fares.h"

enum { ZONE_FIELD = 7, FARE_FIELD = 10 };

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

oct_err fares_paths(const char *folder, char ***paths, size_t *count, oct_error *err)
{
    char pattern[4096];
    glob_t found;
    snprintf(pattern, sizeof(pattern), "%s/*.csv", folder);
    if (glob(pattern, 0, NULL, &found) != 0) {
        oct_fail(err, OCT_E_NOTFOUND, "there are no trips in '%s'", folder);
        return oct_hint(err, "'octavo prep taxi' makes the data");
    }
    char **copy = calloc(found.gl_pathc, sizeof(*copy));
    for (size_t i = 0; copy && i < found.gl_pathc; i++)
        if (!(copy[i] = strdup(found.gl_pathv[i]))) {
            fares_free_paths(copy, i);
            copy = NULL;
        }
    *count = found.gl_pathc;
    *paths = copy;
    globfree(&found);
    return copy ? OCT_OK : oct_fail(err, OCT_E_NOMEM, "out of memory");
}

void fares_free_paths(char **paths, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(paths[i]);
    free(paths);
}

void fares_scratch(char *path, size_t size)
{
    const char *folder = getenv("TMPDIR");
    snprintf(path, size, "%s/usual-fares-%ld", folder && *folder ? folder : "/tmp", (long)getuid());
}

static oct_err cannot_open(const char *path, oct_error *err)
{
    return oct_fail(err, errno == ENOENT ? OCT_E_NOTFOUND : OCT_E_IO, "cannot open '%s': %s", path,
                    strerror(errno));
}

oct_err fares_write(const double usual[ZONES], const char *path, oct_error *err)
{
    FILE *file = fopen(path, "w");
    if (!file)
        return cannot_open(path, err);
    for (int zone = 0; zone < ZONES; zone++)
        fprintf(file, "%.17g\n", usual[zone]);
    int failed = ferror(file);
    return fclose(file) != 0 || failed ? oct_fail(err, OCT_E_IO, "cannot write '%s'", path) : OCT_OK;
}

oct_err fares_read(const char *path, double usual[ZONES], oct_error *err)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return cannot_open(path, err);
    int zone = 0;
    while (zone < ZONES && fscanf(file, "%lf", &usual[zone]) == 1)
        zone++;
    fclose(file);
    return zone == ZONES ? OCT_OK : oct_fail(err, OCT_E_INVALID, "%s: %d fares, not %d", path, zone, ZONES);
}

/* --- trips --- */

typedef struct trip {
    int zone;
    double fare;
} trip;

/* False when the line is no trip. */
static int parse(const char *line, trip *out)
{
    int field = 0, known = 0;
    for (const char *at = line; *at && known < 2; at++) {
        if (*at != ',')
            continue;
        char *end = NULL;
        if (++field == ZONE_FIELD)
            out->zone = (int)strtol(at + 1, &end, 10);
        else if (field == FARE_FIELD)
            out->fare = strtod(at + 1, &end);
        known += end && end != at + 1 && *end == ',';
    }
    return known == 2 && out->zone > 0 && out->zone < ZONES;
}

/* What is done with each trip of a file. */
typedef void (*trip_fn)(const trip *t, void *ctx);

static oct_err each_trip(const char *csv, trip_fn fn, void *ctx, oct_error *err)
{
    FILE *file = fopen(csv, "r");
    if (!file)
        return cannot_open(csv, err);
    char *line = NULL;
    size_t size = 0, number = 0;
    oct_err code = OCT_OK;
    while (code == OCT_OK && getline(&line, &size, file) > 0) {
        trip t;
        if (number++ == 0)
            continue; /* the header */
        if (parse(line, &t))
            fn(&t, ctx);
        else
            code = oct_fail(err, OCT_E_INVALID, "%s:%zu: no trip", csv, number);
    }
    if (code == OCT_OK && ferror(file))
        code = oct_fail(err, OCT_E_IO, "cannot read '%s': %s", csv, strerror(errno));
    free(line);
    fclose(file);
    return code;
}

struct sums {
    double *fares;
    int64_t trips[ZONES];
};

static void add_fare(const trip *t, void *ctx)
{
    struct sums *sums = ctx;
    sums->fares[t->zone] += t->fare;
    sums->trips[t->zone]++;
}

oct_err fares_usual(const char *csv, double usual[ZONES], oct_error *err)
{
    struct sums sums = {.fares = usual};
    memset(usual, 0, ZONES * sizeof(*usual));
    oct_err code = each_trip(csv, add_fare, &sums, err);
    for (int zone = 0; zone < ZONES; zone++)
        usual[zone] /= sums.trips[zone] > 0 ? (double)sums.trips[zone] : 1;
    return code;
}

struct counting {
    const double *usual;
    month all;
};

static void count_trip(const trip *t, void *ctx)
{
    struct counting *counting = ctx;
    counting->all.trips++;
    counting->all.dear += t->fare > counting->usual[t->zone];
}

oct_err fares_count(const char *csv, const double usual[ZONES], month *out, oct_error *err)
{
    struct counting counting = {.usual = usual};
    oct_err code = each_trip(csv, count_trip, &counting, err);
    if (code == OCT_OK)
        *out = counting.all;
    return code;
}

void fares_report(char **paths, const month *months, size_t count, double seconds)
{
    month all = {0};
    for (size_t i = 0; i < count; i++) {
        const char *name = strrchr(paths[i], '/') ? strrchr(paths[i], '/') + 1 : paths[i];
        printf("%-34s%10lld trips%10lld dear\n", name, (long long)months[i].trips, (long long)months[i].dear);
        all.trips += months[i].trips;
        all.dear += months[i].dear;
    }
    printf("%-34s%10lld trips%10lld dear\n", "all", (long long)all.trips, (long long)all.dear);
    fflush(stdout);
    fprintf(stderr, "%.2f s\n", seconds);
}
