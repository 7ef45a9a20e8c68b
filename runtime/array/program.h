/* array/program.h - what a pass makes of the chunks that it is given: steps on blocks of at most
 * OCTI_ARRAY_BLOCK elements, so that what is between them stays in the nearest cache. A program is one
 * block of bytes, the same in every process; tasks are named by their index. */
#ifndef OCTI_ARRAY_PROGRAM_H
#define OCTI_ARRAY_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "oct/array.h"

enum { OCTI_ARRAY_BLOCK = 512, OCTI_ARRAY_INPUTS = 6, OCTI_PROGRAM_STEPS = 1024 };

/* What a step does, beyond octi_array_code. */
typedef enum octi_array_step_code {
    OCTI_STEP_NUMBER = 64, /* value */
    OCTI_STEP_RAMP,        /* value + column * by */
    OCTI_STEP_UNIFORM,
    OCTI_STEP_NORMAL,
    OCTI_STEP_FUNCTION, /* of row and column */
    OCTI_STEP_MEMORY,   /* the program's own, where tasks see it */
    OCTI_STEP_INPUT,    /* a chunk that is given */
} octi_array_step_code;

/* How an array that has one row or one column meets others. */
enum { OCTI_ONE_ROW = 1, OCTI_ONE_COLUMN = 2, OCTI_TRANSPOSED = 4 };

typedef struct octi_array_step {
    uint16_t code;
    uint16_t slot;        /* where it puts its block */
    uint16_t operands[3]; /* slots */
    uint16_t flags;
    uint32_t task;
    uint32_t input;
    double value, by;
    uint64_t seed;
    uint64_t row, column; /* of a source that is a slice of another: where it begins there */
    uint64_t width;       /* elements in a row of that other */
    uint64_t address;     /* of memory */
} octi_array_step;

typedef enum octi_array_reduction_kind {
    OCTI_KEEP_ALL,
    OCTI_SUM,
    OCTI_MEAN,
    OCTI_MIN,
    OCTI_MAX,
} octi_array_reduction_kind;

typedef struct octi_array_reduction {
    uint32_t kind;
    int32_t axis;
    uint64_t count; /* elements of the array behind each result, for the mean */
} octi_array_reduction;

typedef struct octi_array_program {
    uint32_t count, slots;
    octi_array_reduction reduction;
    octi_array_step steps[];
} octi_array_program;

/* Which chunk a pass makes: where it is in the array, and its size. */
typedef struct octi_array_place {
    uint64_t row, column, rows, columns;
    uint32_t finish; /* a reduction has no other part: give its result */
} octi_array_place;

/* Runs a program of `size` bytes. *out is malloc'ed: the chunk, or a reduction's part as in reduce.h. */
OCT_NODISCARD oct_err octi_array_program_run(const octi_array_program *program, size_t size,
                                             const octi_array_place *place, const oct_doubles *inputs,
                                             oct_doubles *out, oct_error *err);

/* rows x columns into columns x rows. */
void octi_array_transpose(const double *from, uint64_t rows, uint64_t columns, double *to);

#endif
