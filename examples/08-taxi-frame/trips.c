#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "trips.h"

enum { PICKUP = 1, PASSENGERS = 3, PAYMENT = 9, FARE = 10, TIP = 13, FIELDS_MOST = 32 };

struct trips {
    glob_t paths;
    size_t next;
    FILE *file;
    char *line;
    size_t room, number;
};

double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static _Noreturn void give_up(const char *what, const char *path, const char *hint)
{
    fprintf(stderr, "error: %s '%s'\n\nhint: %s\n", what, path, hint);
    exit(1);
}

trips *trips_open(const char *folder)
{
    char pattern[4096];
    trips *all = calloc(1, sizeof(*all));
    snprintf(pattern, sizeof(pattern), "%s/*.csv", folder);
    if (!all || glob(pattern, 0, NULL, &all->paths) != 0)
        give_up("there are no trips in", folder, "make some with 'octavo prep taxi'");
    return all;
}

/* The next line that is no header; false after the last file's last. */
static bool next_line(trips *all)
{
    for (;;) {
        if (all->file && getline(&all->line, &all->room, all->file) > 0) {
            if (all->number++ > 0)
                return true;
            continue;
        }
        if (all->file)
            fclose(all->file);
        all->file = NULL;
        if (all->next == all->paths.gl_pathc)
            return false;
        all->number = 0;
        all->file = fopen(all->paths.gl_pathv[all->next], "r");
        if (!all->file)
            give_up("cannot open", all->paths.gl_pathv[all->next], "is it yours to read?");
        all->next++;
    }
}

/* Sakamoto's method: 0 is Sunday. */
static int weekday_of(int year, int month, int day)
{
    static const int shift[] = {0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4};
    year -= month < 3;
    return (year + year / 4 - year / 100 + year / 400 + shift[month - 1] + day) % 7;
}

bool trips_next(trips *all, trip *next)
{
    char *fields[FIELDS_MOST] = {0}, *rest;
    int count = 0, year, month, day;
    if (!next_line(all))
        return false;
    rest = all->line;
    while (rest && count < FIELDS_MOST)
        fields[count++] = strsep(&rest, ",\r\n");
    if (count <= TIP || sscanf(fields[PICKUP], "%4d-%2d-%2d %2d", &year, &month, &day, &next->hour) != 4 ||
        month < 1 || month > 12) {
        fprintf(stderr, "line %zu: ", all->number);
        give_up("no trip in", all->paths.gl_pathv[all->next - 1],
                "make the data again with 'octavo prep taxi'");
    }
    next->passengers = *fields[PASSENGERS] ? atoi(fields[PASSENGERS]) : UNKNOWN;
    next->weekday = (weekday_of(year, month, day) + 6) % 7;
    next->payment = *fields[PAYMENT] ? atoi(fields[PAYMENT]) : UNKNOWN;
    next->fare = atof(fields[FARE]);
    next->tip = atof(fields[TIP]);
    next->of_the_day = strncmp(fields[PICKUP], THE_DAY, strlen(THE_DAY)) == 0;
    return true;
}

void trips_close(trips *all)
{
    if (all->file)
        fclose(all->file);
    globfree(&all->paths);
    free(all->line);
    free(all);
}

static void print_key(int64_t key)
{
    if (key < 0)
        printf("%10s", "unknown");
    else
        printf("%10lld", (long long)key);
}

void print_means(const char *title, const int64_t *keys, const int64_t *count, const double *means, int rows)
{
    printf("%s\n", title);
    for (int i = 0; i < rows; i++) {
        print_key(keys[i]);
        printf("%12lld%12.4f\n", (long long)count[i], means[i]);
    }
}

void print_counts(const char *title, const int64_t *keys, const int64_t *count, int rows)
{
    printf("%s\n", title);
    for (int i = 0; i < rows; i++) {
        print_key(keys[i]);
        printf("%12lld\n", (long long)count[i]);
    }
}
