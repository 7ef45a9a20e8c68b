/* exercise/scaling.h - how much faster a program is with more workers: measured, judged, and shown as a
 * table with bars and as a picture.
 *
 * Speed-ups are ratios of two runs of the same round, so that a machine that is busy meanwhile meets
 * both; what is told is the median of the rounds, and the lowest and highest. */
#ifndef OCTI_SCALING_H
#define OCTI_SCALING_H

#include <stdbool.h>
#include <stddef.h>

#include "oct/error.h"
#include "runtime/base/buffer.h"

enum { OCTI_SCALING_ROWS = 8, OCTI_SCALING_ROUNDS = 7 };

typedef struct octi_spread {
    double median, low, high;
} octi_spread;

typedef struct octi_scaling_row {
    unsigned workers; /* 0: the sequential program */
    double seconds[OCTI_SCALING_ROUNDS];
    double cpu_seconds; /* of processor time, all rounds together */
    size_t looks;       /* at its threads, all rounds together */
    size_t
        runnable; /* threads that had something to do, all looks together, each look's no more than cores */
    octi_spread time;     /* seconds */
    octi_spread speed_up; /* over the sequential program */
} octi_scaling_row;

typedef struct octi_scaling {
    octi_scaling_row rows[OCTI_SCALING_ROWS]; /* the sequential one first */
    size_t row_count;
    size_t rounds;
    unsigned cores; /* that this process may use */
    /* The sequential program, so many (its `workers`) at the same time: what the cores give to it when all
     * are at work, which is less than there are where two cores are threads of one, or memory is slow. */
    octi_scaling_row together;
    double given[OCTI_SCALING_ROUNDS]; /* octi_scaling_given within each round */
    double capacity;                   /* the median of that */
    double wanted;      /* the speed-up that is enough: hardly any is not, whatever they give */
    double wanted_idle; /* the same if the machine gave all of its cores */
    double others;      /* part of the cores that other programs took meanwhile, 0 to 1 */
} octi_scaling;

/* The rows to measure on a machine of so many cores: sequential, 1, 2, 4 ... cores, and 8 in any case. */
void octi_scaling_plan(octi_scaling *scaling, unsigned cores);

/* How many cores' worth of the sequential program the machine gave in a round, of one run alone and one of
 * `together`: from 1 to cores. A program that divides the same work perfectly is so many times as fast. */
double octi_scaling_given(const octi_scaling *scaling, size_t round);

/* What the cores did so far, for octi_scaling_others. */
typedef struct octi_cores_time {
    double busy, all; /* seconds over all cores of the machine */
    double own;       /* seconds of this process and its children that have ended */
} octi_cores_time;
octi_cores_time octi_scaling_clock(void);

/* The part of the cores that went to others between two looks; 0 where the system does not tell. */
double octi_scaling_others(const octi_cores_time *before, const octi_cores_time *after);

/* Fills time and speed_up of all rows from the seconds of the first `rounds` rounds, capacity from what was
 * given in them, and wanted from that and `part`, the part of the cores beyond the first that must show. */
void octi_scaling_compute(octi_scaling *scaling, double part);

/* The row with the largest speed-up among those of more than one worker; NULL without any. */
const octi_scaling_row *octi_scaling_best(const octi_scaling *scaling);

/* How much longer than its shortest run the sequential program took in the median, less 1: what is smaller
 * than that the machine just then could not tell from nothing. (The longest run says nothing of the others,
 * and the more rounds there are the longer it is.) */
double octi_scaling_noise(const octi_scaling *scaling);

/* The largest speed-up that the rounds leave possible, and the smallest: the ends of one-sided confidence
 * intervals of 95 %, by Student's t (Biometrika 6, 1908) of the logarithms, as what disturbs a run multiplies
 * its time. The largest is never less than the best round: what disturbs takes cores away, and is not as
 * symmetric as the t would have it. Infinite and 0 for one round. */
double octi_scaling_most(const octi_scaling *scaling, const octi_scaling_row *row);
double octi_scaling_least(const octi_scaling *scaling, const octi_scaling_row *row);

/* The speed-up that a row's program would show on a machine that does nothing else: how many threads had
 * something to do at a time, whether they got a core or waited for one, over how much more processor
 * time than the sequential program it took. That hardly depends on what others do. 0 where it was looked at
 * too seldom to tell. */
double octi_scaling_promise(const octi_scaling *scaling, const octi_scaling_row *row);

/* The same of a program that divides the work perfectly: all cores at work, and as much more processor time
 * as the sequential program takes when it has no core for itself. */
double octi_scaling_ideal(const octi_scaling *scaling);

typedef enum octi_judgement {
    OCTI_FASTER,
    OCTI_NOT_FASTER,
    OCTI_FEW_CORES, /* none to be faster with */
    OCTI_BUSY,      /* not faster, but others took so much of the machine that nobody can tell why */
    OCTI_NO_ROOM,   /* not faster, but hardly any program could be: the cores give little more than one */
    OCTI_UNSURE,    /* not faster in the median, but that may be chance, or a core whose own speed changes */
} octi_judgement;

/* Faster is whose median is enough. On a machine that is unsteady or has no room that may be chance: there
 * the least that the rounds leave possible must be faster than the loop too, and on a busy one as fast as is
 * wanted of an idle one. Not faster accuses somebody, and needs more than a median: even the most that the
 * rounds leave possible is not enough, while the machine gave what it has; or it would not be faster on an
 * idle machine either (its promise), where another program would. */
octi_judgement octi_scaling_judge(const octi_scaling *scaling);

/* Appends the table, each line begun with two blanks, bars as far as `width` columns allow. */
OCT_NODISCARD oct_err octi_scaling_table(const octi_scaling *scaling, unsigned width, bool unicode,
                                         octi_buffer *out);

/* Appends an SVG document: speed-up by workers, its spread, what is ideal here, what is enough. */
OCT_NODISCARD oct_err octi_scaling_svg(const octi_scaling *scaling, const char *title, octi_buffer *out);

#endif
