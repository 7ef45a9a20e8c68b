/* bench/collections/files.h - how fast files are read. */
#ifndef BENCH_FILES_H
#define BENCH_FILES_H

#include "oct/oct.h"

/* A question to the files that match. */
typedef struct files_question {
    oct_pool *pool;
    const char *pattern;
} files_question;

/* What asking it a few times came to. */
typedef struct files_figures {
    double bytes;        /* of the files */
    double seconds;      /* the least */
    double core_seconds; /* of one core: on threads what they computed, however busy the machine is with
                            others' work; elsewhere the least, by workers */
} files_figures;

/* `ask`, given a files_question, answers it and returns how long that took. */
files_figures files_measure(const files_question *question, double (*ask)(void *question));

#endif
