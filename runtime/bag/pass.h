/* bag/pass.h - one pass over one part, in blocks that stay in the cache: each goes through all
 * steps before the next is read (Boncz, Zukowski, Nes, "MonetDB/X100", CIDR 2005). */
#ifndef OCTI_PASS_H
#define OCTI_PASS_H

#include "oct/task.h"
#include "runtime/bag/key.h"
#include "runtime/bag/part.h"
#include "runtime/bag/plan.h"
#include "runtime/bag/table.h"

enum { OCTI_BLOCK = 1024 };

/* A task as it is called on records. */
typedef struct octi_caller {
    const oct_task *task;
    char *args;
    _Alignas(16) char result[OCTI_STATE];
} octi_caller;

OCT_NODISCARD oct_err octi_caller_init(octi_caller *caller, uint32_t task, oct_error *err);
void octi_caller_deinit(octi_caller *caller);

/* What has come of the records so far. */
typedef struct octi_collector {
    const octi_sink *sink;
    octi_rows rows;
    octi_table table;
    octi_caller fold, combine;
    uint64_t seen;       /* of tables: records */
    bool loose;          /* of tables: records are kept as they are, each with its own state */
    uint64_t worst;      /* of OCTI_TOP with numbers: what is not before this is not wanted */
    double worst_double; /* the same, of doubles */
} octi_collector;

OCT_NODISCARD oct_err octi_collector_init(octi_collector *self, const octi_sink *sink, oct_error *err);
void octi_collector_deinit(octi_collector *self);
void octi_collector_add(octi_collector *self, const octi_rows *block);

/* Adds what another collector of the same sink gave. */
void octi_collector_merge(octi_collector *self, const octi_rows *rows);

/* The records of all that was added; in buckets where the sink says so. */
OCT_NODISCARD oct_err octi_collector_finish(octi_collector *self, const octi_rows *splitters,
                                            octi_bag_part *out, oct_error *err);

typedef struct octi_pass octi_pass;

/* Sends a block through the steps and to the sink. */
void octi_pass_push(octi_pass *pass, const octi_rows *block);

/* True when nothing more is wanted: an error, or enough records. */
bool octi_pass_is_over(const octi_pass *pass);

/* Reads the source to its end. */
OCT_NODISCARD oct_err octi_source_read(const octi_source *source, const char *path, const octi_rows *a,
                                       const octi_rows *b, octi_pass *pass, oct_error *err);

OCT_NODISCARD oct_err octi_pass_run(const octi_stage_plan *plan, const octi_source *source, const char *path,
                                    const octi_rows *a, const octi_rows *b, octi_bag_part *out,
                                    oct_error *err);

#endif
