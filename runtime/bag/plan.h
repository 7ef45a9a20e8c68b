/* bag/plan.h - what one pass over a part of a bag does: where its records come from, the steps on
 * each, and what becomes of them. Plain structs, so that a plan travels as it is; tasks are named
 * by their index, which is the same in every process of a program. */
#ifndef OCTI_PLAN_H
#define OCTI_PLAN_H

#include "runtime/bag/rows.h"

enum { OCTI_STEPS = 16, OCTI_STATE = 256, OCTI_WAYS = 7 };

typedef enum octi_bag_source_kind {
    OCTI_FROM_PART,    /* the records of the pass's first part */
    OCTI_FROM_MEMORY,  /* an array of the program, where tasks share its memory */
    OCTI_FROM_RANGE,   /* numbers */
    OCTI_FROM_LINES,   /* of a file, those that begin in a range of bytes */
    OCTI_FROM_PRODUCT, /* each of the first part with each of the second */
    OCTI_FROM_ZIP,     /* side by side */
    OCTI_FROM_JOIN,    /* by their first fields, which are the keys */
} octi_bag_source_kind;

typedef struct octi_source {
    uint32_t kind;
    octi_shape shape;
    uint64_t begin, end; /* of the memory in records, of the range, of the file in bytes */
    uint64_t address;
    uint64_t seed; /* which part of the bag this is: for samples */
} octi_source;

typedef enum octi_bag_step_kind {
    OCTI_DO_MAP,
    OCTI_DO_FILTER,
    OCTI_DO_FLAT_MAP,
    OCTI_DO_KEY, /* the last of those with a task: puts what it makes of the record before it */
    OCTI_DO_UNKEY,
    OCTI_DO_SAMPLE,
    OCTI_DO_JSON, /* the record as a line of text */
} octi_bag_step_kind;

typedef struct octi_bag_step {
    uint32_t kind;
    uint32_t task;
    double fraction;
    uint64_t seed;
    octi_shape out;
} octi_bag_step;

typedef enum octi_sink_kind {
    OCTI_KEEP,
    OCTI_COUNT,    /* one record: how many */
    OCTI_FOLD,     /* one record: the state, and whether there is one */
    OCTI_REDUCE,   /* the same, beginning with the first record */
    OCTI_TOP,      /* the first in order by the first field */
    OCTI_SORTED,   /* all in that order; from here on merging is one step, of all parts */
    OCTI_DISTINCT, /* a record a key */
    OCTI_COUNT_BY, /* key, how many */
    OCTI_FOLD_BY,  /* key, state */
    OCTI_GROUP,    /* key, array of the second fields */
} octi_sink_kind;

/* Records are in at most so many buckets; OCTI_SPREAD stands for as many as parts will tell. */
enum { OCTI_BUCKETS = 32, OCTI_SPREAD = UINT16_MAX };

/* Sinks are associative: parts of one bag that went through a sink are merged by it. */
typedef struct octi_sink {
    uint32_t kind;
    uint32_t task, combine;
    uint32_t descending;
    uint64_t limit;   /* of OCTI_KEEP and OCTI_TOP */
    uint32_t buckets; /* more than 1: the records are put in order by bucket, by hash of the key ... */
    uint32_t ranged;  /* ... or by the splitters, which are the pass's second part */
    octi_shape in, out;
    char state[OCTI_STATE]; /* where folds begin */
} octi_sink;

typedef struct octi_stage_plan {
    uint32_t count;
    octi_bag_step steps[OCTI_STEPS];
    octi_sink sink;
} octi_stage_plan;

#endif
