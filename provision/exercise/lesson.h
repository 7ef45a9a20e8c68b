/* exercise/lesson.h - a lesson that can be exercised: examples/NAME/lesson.json with an "exercise".
 *
 * Texts belong to the lesson. Not thread-safe. */
#ifndef OCTI_LESSON_H
#define OCTI_LESSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oct/error.h"
#include "provision/exercise/files.h"

/* What `check` looks at, in this order. */
typedef enum octi_stage {
    OCTI_STAGE_COMPILE,
    OCTI_STAGE_ANSWER,
    OCTI_STAGE_PROCESSES,
    OCTI_STAGE_CLUSTER,
    OCTI_STAGE_RACE,
    OCTI_STAGE_LEAK,
    OCTI_STAGE_SPEED,
    OCTI_STAGES,
} octi_stage;

/* "compile", "answer", ... */
const char *octi_stage_name(octi_stage stage);

/* OCTI_STAGES when there is none of that name. */
octi_stage octi_stage_find(const char *name);

/* How a program's output is compared with the sequential one's. */
typedef enum octi_compare {
    OCTI_COMPARE_EXACT,
    OCTI_COMPARE_LINES,   /* the same lines in any order */
    OCTI_COMPARE_NUMBERS, /* words alike, numbers within a relative tolerance */
} octi_compare;

enum { OCTI_LESSON_DATA = 4, OCTI_LESSON_LIST = 16, OCTI_LESSON_SEEDS = 4 };

/* A data set that `octavo-prep` makes, at data/NAME where the program runs. */
typedef struct octi_lesson_data {
    const char *name;
    const char *size;       /* where only the answer counts, such as "2m" */
    const char *speed_size; /* where time is measured */
} octi_lesson_data;

/* Lists of texts end in a NULL. */
typedef struct octi_lesson {
    char name[64];
    char folder[OCTI_PATH];
    const char *title;
    const char *part;     /* of the course, a heading for the list; NULL: none */
    const char *exercise; /* the student's file */
    const char *solution;
    const char *sources[OCTI_LESSON_LIST];   /* compiled with either */
    const char *libraries[OCTI_LESSON_LIST]; /* for -l */
    const char *arguments[OCTI_LESSON_LIST];
    const char *hints[OCTI_LESSON_LIST];
    size_t hint_count;
    octi_lesson_data data[OCTI_LESSON_DATA];
    size_t data_count;
    uint64_t seeds[OCTI_LESSON_SEEDS];
    size_t seed_count; /* at least 1 */
    octi_compare compare;
    double tolerance;              /* of OCTI_COMPARE_NUMBERS */
    bool stages[OCTI_STAGES];      /* those that apply */
    const char *read[OCTI_STAGES]; /* the README's heading to read again, never NULL */
    double seconds;                /* that one run may take */
    double speed;                  /* which part of the cores beyond the first must show, 0 to 1 */
    json_t *document;
} octi_lesson;

/* Reads <root>/examples/<name>. OCT_E_NOTFOUND when that is no lesson with an exercise;
 * OCT_E_INVALID names the file, the key and what is wrong with it. */
OCT_NODISCARD oct_err octi_lesson_load(const char *root, const char *name, octi_lesson *out, oct_error *err);

void octi_lesson_deinit(octi_lesson *lesson);

/* The names of all of them, in order; the caller frees with octi_lesson_names_free. */
OCT_NODISCARD oct_err octi_lesson_names(const char *root, char ***names, size_t *count, oct_error *err);
void octi_lesson_names_free(char **names, size_t count);

#endif
