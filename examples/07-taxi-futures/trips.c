#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "trips.h"

enum { GROUP_BYTES = 256 << 10, PASSENGERS_FIELD = 3, FIELDS = 18 };

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

/* --- row groups --- */

static oct_err split_file(const char *path, row_group **groups, size_t *count, oct_error *err)
{
    struct stat known;
    if (strlen(path) >= sizeof(groups[0]->path))
        return oct_fail(err, OCT_E_INVALID, "the path '%.80s...' is too long", path);
    if (stat(path, &known) != 0)
        return oct_fail(err, OCT_E_IO, "cannot look at '%s': %s", path, strerror(errno));
    size_t more = ((size_t)known.st_size + GROUP_BYTES - 1) / GROUP_BYTES;
    row_group *grown = realloc(*groups, (*count + more + 1) * sizeof(*grown));
    if (!grown)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    *groups = grown;
    for (size_t i = 0; i < more; i++) {
        row_group *g = &grown[(*count)++];
        *g = (row_group){.begin = (int64_t)i * GROUP_BYTES, .end = (int64_t)(i + 1) * GROUP_BYTES};
        snprintf(g->path, sizeof(g->path), "%s", path);
    }
    return OCT_OK;
}

oct_err groups_find(const char *folder, row_group **out, size_t *count, oct_error *err)
{
    char pattern[4096];
    glob_t found;
    row_group *groups = NULL;
    size_t found_groups = 0;
    oct_err code = OCT_OK;
    snprintf(pattern, sizeof(pattern), "%s/*.csv", folder);
    if (glob(pattern, 0, NULL, &found) != 0) {
        oct_fail(err, OCT_E_NOTFOUND, "there are no trips in '%s'", folder);
        return oct_hint(err, "'octavo prep taxi' makes the data");
    }
    for (size_t i = 0; code == OCT_OK && i < found.gl_pathc; i++)
        code = split_file(found.gl_pathv[i], &groups, &found_groups, err);
    globfree(&found);
    if (code != OCT_OK) {
        free(groups);
        return code;
    }
    *out = groups;
    *count = found_groups;
    return OCT_OK;
}

/* --- reading --- */

/* How many passengers the line tells of; false when it is no trip. */
static int parse(const char *line, int *passengers)
{
    int field = 0;
    *passengers = -1;
    for (const char *at = line; *at; at++) {
        if (*at != ',')
            continue;
        if (++field == PASSENGERS_FIELD && at[1] != ',') {
            char *end;
            long value = strtol(at + 1, &end, 10);
            /* The city's newer files write 1.0. */
            if (end == at + 1 || (*end != ',' && *end != '.') || value < 0 || value > PASSENGERS_MOST)
                return 0;
            *passengers = (int)value;
        }
    }
    return field == FIELDS - 1;
}

static oct_err append(oct_ints *to, size_t *room, int value, oct_error *err)
{
    if (to->count == *room) {
        size_t more = *room ? 2 * *room : 4096;
        int *grown = realloc(to->data, more * sizeof(*grown));
        if (!grown)
            return oct_fail(err, OCT_E_NOMEM, "out of memory");
        to->data = grown;
        *room = more;
    }
    to->data[to->count++] = value;
    return OCT_OK;
}

/* A line belongs to the group that its first byte is in, so the rest of the line before is skipped: the
 * group before reads it. The file's first line is its header. */
static oct_err read_lines(FILE *file, const row_group *group, oct_ints *to, oct_error *err)
{
    char *line = NULL;
    size_t size = 0, room = 0;
    int64_t at = group->begin > 0 ? group->begin - 1 : 0;
    oct_err code = OCT_OK;
    if (fseeko(file, at, SEEK_SET) != 0)
        return oct_fail(err, OCT_E_IO, "cannot read '%s': %s", group->path, strerror(errno));
    ssize_t length = getline(&line, &size, file);
    at += length > 0 ? length : 0;
    while (code == OCT_OK && length > 0 && at < group->end && (length = getline(&line, &size, file)) > 0) {
        int passengers;
        code = parse(line, &passengers)
                   ? append(to, &room, passengers, err)
                   : oct_fail(err, OCT_E_INVALID, "%s, byte %lld: no trip", group->path, (long long)at);
        at += length;
    }
    if (code == OCT_OK && ferror(file))
        code = oct_fail(err, OCT_E_IO, "cannot read '%s': %s", group->path, strerror(errno));
    free(line);
    return code;
}

oct_err group_read(row_group group, oct_ints *out, oct_error *err)
{
    FILE *file = fopen(group.path, "r");
    oct_ints passengers = {0};
    if (!file)
        return oct_fail(err, OCT_E_IO, "cannot open '%s': %s", group.path, strerror(errno));
    oct_err code = read_lines(file, &group, &passengers, err);
    fclose(file);
    if (code == OCT_OK)
        *out = passengers;
    else
        free(passengers.data);
    return code;
}

/* --- questions --- */

int64_t passengers_total(oct_ints passengers)
{
    int64_t total = 0;
    for (size_t i = 0; i < passengers.count; i++)
        total += passengers.data[i] > 0 ? passengers.data[i] : 0;
    return total;
}

int64_t passengers_over_two(oct_ints passengers)
{
    int64_t trips = 0;
    for (size_t i = 0; i < passengers.count; i++)
        trips += passengers.data[i] > 2;
    return trips;
}

int64_t passengers_known(oct_ints passengers)
{
    int64_t trips = 0;
    for (size_t i = 0; i < passengers.count; i++)
        trips += passengers.data[i] >= 0;
    return trips;
}

counts passengers_count(oct_ints passengers)
{
    counts all = {{0}};
    for (size_t i = 0; i < passengers.count; i++)
        all.of[passengers.data[i] < 0 ? UNKNOWN : passengers.data[i]]++;
    return all;
}

void trips_report(int64_t total, int64_t over_two, int64_t known, const counts *count, double reading,
                  double asking)
{
    printf("passengers in all      %12lld\n", (long long)total);
    printf("trips of more than two %12lld\n", (long long)over_two);
    printf("passengers a trip      %12.4f\n", known > 0 ? (double)total / (double)known : 0);
    for (int i = 0; i <= PASSENGERS_MOST; i++)
        if (count->of[i] > 0)
            printf("trips of %d             %12lld\n", i, (long long)count->of[i]);
    printf("trips of nobody knows  %12lld\n", (long long)count->of[UNKNOWN]);
    fflush(stdout);
    fprintf(stderr, "%.2f s to read, %.2f s to ask\n", reading, asking);
}
