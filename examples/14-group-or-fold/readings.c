#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "readings.h"

enum { FEW = 3 };

double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The lines are made up as they are read. */
static void write_line(int64_t i, char *line, size_t size)
{
    /* SplitMix64's finaliser: Steele, Lea and Flood, OOPSLA 2014. */
    uint64_t x = ((uint64_t)i + 1) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    x ^= x >> 31;
    int station = (int)(x % STATIONS), climate = station % 40 * 8 - 80;
    int tenths = climate + (int)((x >> 32) % 200) - 100;
    snprintf(line, size, "station-%d;%s%d.%d", station, tenths < 0 ? "-" : "", abs(tenths) / 10,
             abs(tenths) % 10);
}

reading reading_take(int64_t i)
{
    char line[64];
    write_line(i, line, sizeof(line));
    char *at;
    reading r = {.station = strtol(line + strlen("station-"), &at, 10)};
    int negative = *++at == '-';
    r.tenths = strtol(at + negative, &at, 10) * 10;
    r.tenths += at[1] - '0';
    r.tenths = negative ? -r.tenths : r.tenths;
    return r;
}

void weather_add(weather *to, reading r)
{
    to->count++;
    to->sum += r.tenths;
    to->least = r.tenths < to->least ? r.tenths : to->least;
    to->most = r.tenths > to->most ? r.tenths : to->most;
}

static double mean_of(const weather *w)
{
    return w->count > 0 ? (double)w->sum / (double)w->count / 10 : 0;
}

void weather_report(const int64_t *stations, const weather *all, size_t count, double seconds)
{
    static weather of[STATIONS];
    weather total = WEATHER_NONE;
    for (size_t i = 0; i < count; i++) {
        of[stations[i]] = all[i];
        total.count += all[i].count;
        total.sum += all[i].sum;
    }
    printf("%zu stations, %lld readings, mean %.4f\n", count, (long long)total.count, mean_of(&total));
    for (int station = 0; station < STATIONS; station++)
        if (station < FEW || station >= STATIONS - FEW)
            printf("station %3d  %6lld readings  mean %8.4f  from %5.1f to %5.1f\n", station,
                   (long long)of[station].count, mean_of(&of[station]), (double)of[station].least / 10,
                   (double)of[station].most / 10);
    fflush(stdout);
    fprintf(stderr, "%.2f s\n", seconds);
}
