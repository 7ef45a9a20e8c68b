/* bag/graph.h - what a bag is made of, and how it is run. */
#ifndef OCTI_GRAPH_H
#define OCTI_GRAPH_H

#include "oct/bag.h"
#include "runtime/bag/tasks.h"

typedef enum octi_bag_kind {
    OCTI_BAG_ARRAY,
    OCTI_BAG_RANGE,
    OCTI_BAG_LINES,
    OCTI_BAG_TABLE, /* computed */
    OCTI_BAG_STEP,
    OCTI_BAG_PRODUCT,
    OCTI_BAG_ZIP,
    OCTI_BAG_JOIN,
    OCTI_BAG_TAKE,
    OCTI_BAG_TOP,
    OCTI_BAG_SORT,
    OCTI_BAG_TABLE_BY, /* distinct, frequencies, fold-by: partial tables, merged by key */
    OCTI_BAG_GROUP,
    OCTI_BAG_REPARTITION,
} octi_bag_kind;

typedef struct octi_text_file {
    char *path;
    uint64_t size;
} octi_text_file;

struct oct_bag {
    octi_bag_kind kind;
    int references; /* of the caller, and of bags derived from it */
    oct_pool *pool;
    oct_bag *from, *with;
    octi_shape shape;
    octi_bag_step step;
    octi_sink sink;      /* of those that have one */
    const void *memory;  /* of an array */
    uint64_t begin, end; /* of arrays and ranges */
    uint64_t parts;      /* of a repartition */
    octi_text_file *files;
    size_t file_count;
    octi_rows rows; /* of a table */
};

/* Futures of parts, in the bag's order. */
typedef struct octi_parts {
    oct_future **list;
    size_t count;
    bool reads_memory; /* the passes read an array of the caller, who may free it when his call has failed */
} octi_parts;

oct_bag *octi_bag_create(octi_bag_kind kind, oct_pool *pool, oct_bag *from, oct_bag *with, oct_error *err);

/* Waits for what reads the caller's memory, needed or not. */
void octi_parts_deinit(octi_parts *parts);

/* Takes the future, or forgets that there is none: OCT_E_NOMEM. */
OCT_NODISCARD oct_err octi_parts_add(octi_parts *parts, oct_future *future, oct_error *err);

/* How many parts an array, a range, a table or files begin with, and each of them. */
size_t octi_source_parts(const oct_bag *bag);
OCT_NODISCARD oct_err octi_source_part(const oct_bag *bag, size_t part, octi_input *input, oct_error *err);

/* The steps up to this bag as a plan for a pass, and what they are of. */
OCT_NODISCARD oct_err octi_bag_plan(const oct_bag *bag, const octi_sink *sink, octi_stage_plan *plan,
                                    const oct_bag **base, oct_error *err);

/* The bag's records through a sink, part by part. */
OCT_NODISCARD oct_err octi_bag_parts(const oct_bag *bag, const octi_sink *sink, octi_parts *out,
                                     oct_error *err);

/* The same of `count` parts from *first on, which becomes the next one, or SIZE_MAX after the last. Bags that
 * are not passes over a source give all at once. */
OCT_NODISCARD oct_err octi_bag_wave(const oct_bag *bag, const octi_sink *sink, size_t *first, size_t count,
                                    octi_parts *out, oct_error *err);

bool octi_bag_is_source(const oct_bag *bag);

/* How many buckets so many parts are shuffled into. */
uint32_t octi_bucket_count(size_t parts);

/* Sinks for them. */
octi_sink octi_sink_keep(const octi_shape *shape);

/* Merges parts by their sink, a tree whose form the count decides, from left to right where the sink sorts or
 * is by key; takes the parts. One future, which has
 * an empty result where there was no part. */
OCT_NODISCARD oct_err octi_parts_merge(oct_pool *pool, const octi_sink *sink, octi_parts *parts,
                                       oct_future **out, oct_error *err);

/* True where tasks see each other's memory, and the program's. */
bool octi_bag_shares_memory(const oct_pool *pool);

/* What a bag that moves records has, as parts. */
OCT_NODISCARD oct_err octi_bag_shuffle(const oct_bag *bag, octi_parts *out, oct_error *err);

/* Through a sink and home. */
OCT_NODISCARD oct_err octi_bag_home(const oct_bag *bag, const octi_sink *sink, octi_rows *out,
                                    oct_error *err);

/* A future's value, taken: *future is NULL then; its failure as an error. */
OCT_NODISCARD oct_err octi_part_home(oct_future **future, octi_bag_part *out, oct_error *err);

#endif
