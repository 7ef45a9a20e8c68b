#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "provision/exercise/scaling.h"

enum { BAR_MOST = 40 };

/* --- the machine --- */

static double seconds_of(int who)
{
    struct rusage used;
    if (getrusage(who, &used) != 0)
        return 0;
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

octi_cores_time octi_scaling_clock(void)
{
    octi_cores_time now = {0};
    unsigned long long t[8] = {0};
    double tick = (double)sysconf(_SC_CLK_TCK);
    FILE *file = fopen("/proc/stat", "re");
    /* user nice system idle iowait irq softirq steal */
    int fields = file ? fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2],
                               &t[3], &t[4], &t[5], &t[6], &t[7])
                      : 0;
    if (file)
        fclose(file);
    for (int i = 0; fields == 8 && i < 8; i++) {
        now.all += (double)t[i] / tick;
        now.busy += i == 3 || i == 4 ? 0 : (double)t[i] / tick;
    }
    now.own = seconds_of(RUSAGE_SELF) + seconds_of(RUSAGE_CHILDREN);
    return now;
}

double octi_scaling_others(const octi_cores_time *before, const octi_cores_time *after)
{
    double all = after->all - before->all;
    double others = (after->busy - before->busy) - (after->own - before->own);
    return all > 0 && others > 0 ? fmin(1, others / all) : 0;
}

/* --- figures --- */

/* Whoever is hardly faster is a loop with more words, or takes turns; but not where nobody would be faster
 * than ROOM. */
static const double HARDLY = 1.1, ROOM = 1.3;

void octi_scaling_plan(octi_scaling *scaling, unsigned cores)
{
    enum {
        COPIES = 8
    }; /* as many as there is memory for on a laptop; on more cores each is taken for several */
    *scaling = (octi_scaling){.cores = cores, .row_count = 1};
    scaling->together.workers = cores < COPIES ? cores : COPIES;
    for (unsigned workers = 1; workers < cores && scaling->row_count + 2 < OCTI_SCALING_ROWS; workers *= 2)
        scaling->rows[scaling->row_count++].workers = workers;
    scaling->rows[scaling->row_count++].workers = cores;
    if (cores < 8)
        scaling->rows[scaling->row_count++].workers = 8;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static octi_spread spread_of(const double *values, size_t count)
{
    double sorted[OCTI_SCALING_ROUNDS];
    memcpy(sorted, values, count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), by_value);
    double median = count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
    return (octi_spread){median, sorted[0], sorted[count - 1]};
}

double octi_scaling_given(const octi_scaling *scaling, size_t round)
{
    double alone = scaling->rows[0].seconds[round], together = scaling->together.seconds[round];
    double gives = together > 0 ? scaling->cores * alone / together : scaling->cores;
    return fmax(1, fmin(gives, scaling->cores));
}

void octi_scaling_compute(octi_scaling *scaling, double part)
{
    scaling->capacity = scaling->rounds > 0 ? spread_of(scaling->given, scaling->rounds).median : 1;
    scaling->wanted = fmax(HARDLY, 1 + part * (scaling->capacity - 1));
    scaling->wanted_idle = fmax(HARDLY, 1 + part * (scaling->cores - 1));
    for (size_t i = 0; i < scaling->row_count && scaling->rounds > 0; i++) {
        octi_scaling_row *row = &scaling->rows[i];
        double ratios[OCTI_SCALING_ROUNDS];
        for (size_t round = 0; round < scaling->rounds; round++)
            ratios[round] = scaling->rows[0].seconds[round] / row->seconds[round];
        row->time = spread_of(row->seconds, scaling->rounds);
        row->speed_up = spread_of(ratios, scaling->rounds);
    }
}

const octi_scaling_row *octi_scaling_best(const octi_scaling *scaling)
{
    const octi_scaling_row *best = NULL;
    for (size_t i = 1; i < scaling->row_count; i++)
        if (scaling->rows[i].workers > 1 &&
            (!best || scaling->rows[i].speed_up.median > best->speed_up.median))
            best = &scaling->rows[i];
    return best;
}

double octi_scaling_noise(const octi_scaling *scaling)
{
    const octi_spread *loop = &scaling->rows[0].time;
    return loop->low > 0 ? loop->median / loop->low - 1 : 0;
}

/* The logarithm of the speed-up, the mean of the rounds, and how far from it the truth may be to one side. */
static double log_of_speed_up(const octi_scaling *scaling, const octi_scaling_row *row, double *off)
{
    /* For two rounds, three ... */
    static const double t[OCTI_SCALING_ROUNDS] = {0, 6.314, 2.920, 2.353, 2.132, 2.015, 1.943};
    double sum = 0, squares = 0, logs[OCTI_SCALING_ROUNDS] = {0};
    size_t n = scaling->rounds;
    *off = INFINITY;
    if (n < 2)
        return 0;
    for (size_t round = 0; round < n; round++)
        sum += logs[round] = log(scaling->rows[0].seconds[round] / row->seconds[round]);
    double mean = sum / (double)n;
    for (size_t round = 0; round < n; round++)
        squares += (logs[round] - mean) * (logs[round] - mean);
    *off = t[n - 1] * sqrt(squares / (double)(n - 1) / (double)n);
    return mean;
}

double octi_scaling_most(const octi_scaling *scaling, const octi_scaling_row *row)
{
    double off, mean = log_of_speed_up(scaling, row, &off);
    return fmax(row->speed_up.high, exp(mean + off));
}

double octi_scaling_least(const octi_scaling *scaling, const octi_scaling_row *row)
{
    double off, mean = log_of_speed_up(scaling, row, &off);
    return exp(mean - off);
}

double octi_scaling_promise(const octi_scaling *scaling, const octi_scaling_row *row)
{
    enum { LOOKS = 10 };
    const octi_scaling_row *loop = &scaling->rows[0];
    if (!row || row->looks < LOOKS || loop->cpu_seconds <= 0 || row->cpu_seconds <= 0)
        return 0;
    double at_once = (double)row->runnable / (double)row->looks;
    return at_once * loop->cpu_seconds / row->cpu_seconds;
}

double octi_scaling_ideal(const octi_scaling *scaling)
{
    const octi_scaling_row *all = &scaling->together;
    if (scaling->rows[0].cpu_seconds <= 0 || all->cpu_seconds <= 0)
        return scaling->cores;
    return fmin(scaling->cores,
                scaling->cores * scaling->rows[0].cpu_seconds * all->workers / all->cpu_seconds);
}

octi_judgement octi_scaling_judge(const octi_scaling *scaling)
{
    const octi_scaling_row *best = octi_scaling_best(scaling);
    if (scaling->cores < 2)
        return OCTI_FEW_CORES;
    if (!best)
        return OCTI_NOT_FASTER;
    bool busy = scaling->others > 0.25, unsteady = octi_scaling_noise(scaling) > 0.5;
    bool plain = !busy && !unsteady && scaling->capacity >= ROOM;
    bool enough = best->speed_up.median >= scaling->wanted;
    double promise = octi_scaling_promise(scaling, best);
    if (plain && enough)
        return OCTI_FASTER;
    if (promise > 0 && promise < HARDLY && octi_scaling_ideal(scaling) >= ROOM)
        return OCTI_NOT_FASTER;
    /* Where others want the cores too, whoever has more threads gets more of them: that is no speed-up. */
    double sure = busy ? scaling->wanted_idle : 1;
    if (enough && octi_scaling_least(scaling, best) > sure && (!busy || promise <= 0 || promise >= sure))
        return OCTI_FASTER;
    if (busy)
        return OCTI_BUSY;
    if (scaling->capacity < ROOM)
        return OCTI_NO_ROOM;
    return !unsteady && octi_scaling_most(scaling, best) < scaling->wanted ? OCTI_NOT_FASTER : OCTI_UNSURE;
}

/* --- as text --- */

static double largest(const octi_scaling *scaling)
{
    double most = fmax(1, scaling->capacity);
    for (size_t i = 0; i < scaling->row_count; i++)
        most = fmax(most, scaling->rows[i].speed_up.high);
    return most;
}

oct_err octi_scaling_table(const octi_scaling *scaling, unsigned width, bool unicode, octi_buffer *out)
{
    enum { FIGURES = 56 };
    unsigned most = width > FIGURES + 4 ? width - FIGURES : 4;
    most = most < BAR_MOST ? most : BAR_MOST;
    double scale = most / largest(scaling);
    oct_err code = octi_buffer_printf(out, "  %-10s %-22s %s\n", "workers", "seconds", "speed-up");
    for (size_t i = 0; code == OCT_OK && i < scaling->row_count; i++) {
        const octi_scaling_row *row = &scaling->rows[i];
        char name[16], time[48], speed_up[48];
        snprintf(name, sizeof(name), row->workers ? "%u" : "loop", row->workers);
        snprintf(time, sizeof(time), "%.2f (%.2f-%.2f)", row->time.median, row->time.low, row->time.high);
        snprintf(speed_up, sizeof(speed_up), row->workers ? "%.2f (%.2f-%.2f)" : "1", row->speed_up.median,
                 row->speed_up.low, row->speed_up.high);
        code = octi_buffer_printf(out, "  %-10s %-22s %-18s ", name, time, speed_up);
        int bar = (int)lround(scale * row->speed_up.median);
        for (int k = 0; code == OCT_OK && k < bar; k++)
            code = octi_buffer_printf(out, "%s", unicode ? "\u2588" : "#");
        if (code == OCT_OK)
            code = octi_buffer_printf(out, "\n");
    }
    if (code == OCT_OK)
        code = octi_buffer_printf(
            out, "  %u core%s, which all at once gave the loop %.1f times as much; %.2f is enough\n",
            scaling->cores, scaling->cores == 1 ? "" : "s", scaling->capacity, scaling->wanted);
    if (code == OCT_OK && scaling->others > 0.1)
        code = octi_buffer_printf(out, "  other programs took %.0f %% of them meanwhile\n",
                                  100 * scaling->others);
    if (code == OCT_OK && octi_scaling_noise(scaling) > 0.1)
        code = octi_buffer_printf(out, "  the loop itself took %.0f %% longer in the median than at best\n",
                                  100 * octi_scaling_noise(scaling));
    if (code == OCT_OK && scaling->cores < 8)
        code =
            octi_buffer_printf(out, "  (8 workers on %u core%s take turns: they cannot be faster than %u)\n",
                               scaling->cores, scaling->cores == 1 ? "" : "s", scaling->cores);
    return code;
}
