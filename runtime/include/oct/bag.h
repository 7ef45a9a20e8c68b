/* oct/bag.h - collections of records, computed where the pool runs.
 *
 *   OCT_TASK(double, squared, double, x) { return x * x; }
 *   OCT_TASK(bool, large, double, x) { return x > 2; }
 *
 *   oct_bag *all = oct_bag_from(pool, x, N);                 // or oct_bag_range, oct_bag_lines
 *   oct_bag *squares = oct_bag_map(all, squared);
 *   oct_bag *some = oct_bag_filter(squares, large);
 *   oct_bag_print(oct_bag_top(some, 10), stdout);            // runs here, on every node
 *
 * Building a bag is free: it says what is wanted. Computing, folding, printing or writing one runs
 * it: all steps up to the next shuffle in one pass over each part, as tasks on the pool. Parts stay
 * where they were made; oct_bag_explain shows passes and shuffles.
 *
 * Records are numbers, plain structs, strings and the arrays of oct/value.h; the functions are tasks
 * (OCT_TASK), which are known by name everywhere. A record may have several fields, two after a
 * product, zip, join or group-by: a task on it has as many arguments. Strings and arrays are borrowed by
 * tasks, and given away as results. The compiler checks each task's form; that it takes what the bag holds
 * is checked when the bag is built. A record whose task fails fails what was asked for.
 *
 * Keys and what is sorted are numbers of at most eight bytes or strings. NaN is after all
 * others and equal to itself, -0.0 equals 0.0; strings order by bytes.
 *
 * Parts depend on the data alone, and so does what is combined with what: results, sums of
 * floating point numbers and samples too, are the same on every pool. Order is kept by all but the
 * operations by key, whose order is some order, always the same.
 *
 * Bags do not change. The caller owns each bag it gets and destroys it, in any order. A call that
 * returns NULL says why by oct_last_error, and every call accepts NULL as a bag and fails with the
 * same error, so that a chain needs one check at its end. One thread at a time uses a bag and
 * those derived from it.
 *
 * Records are in memory up to OCTAVO_MEMORY bytes in each process ("512m", "4g"; else half of what the
 * machine or its control group has), beyond that in files without a name in TMPDIR (else /tmp), which are
 * gone with the process however it ends: let TMPDIR be on a disk. Where that has no room either, what was
 * asked for fails with OCT_E_EXHAUSTED, and nothing half-made stays behind. */
#ifndef OCT_BAG_H
#define OCT_BAG_H

#include <stdio.h>

#include "oct/reduce.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct oct_bag oct_bag;

/* ---- from ---- */

/* The values of an array, which must stay as it is while bags of it are computed. */
#define oct_bag_from(pool, in, count) octi_bag_from(pool, in, count, OCTI_KIND_OF(*(in)), sizeof(*(in)))

/* int64_t from `first` to before `end`. */
OCT_API oct_bag *oct_bag_range(oct_pool *pool, int64_t first, int64_t end);

/* The lines of text files (JSON lines, too), by a pattern as for the shell, in the order of their
 * names: const char *, without LF or CRLF. Every node reads its share of the files itself.
 * OCT_E_NOTFOUND, OCT_E_DENIED. A NUL ends a line early. */
OCT_API oct_bag *oct_bag_lines(oct_pool *pool, const char *pattern);

/* ---- record by record, in one pass ---- */

/* fn(record) each. */
#define oct_bag_map(bag, fn) octi_bag_map(bag, OCTI_GIVES(fn))

/* Those for which fn(record), a bool, is true. */
#define oct_bag_filter(bag, fn)                                                                              \
    octi_bag_filter(bag, &octi__task_##fn + OCTI_ASSERT(OCTI_SAME((octi__r_##fn *)0, bool),                  \
                                                        "octavo: " #fn " does not return bool"))

/* What fn, a task without a result, emits for each record: any number of values of type T.
 *
 *   OCT_TASK(void, words, const char *, line) { ... oct_emit((const char *)word); ... } */
#define oct_bag_flat_map(bag, fn, T)                                                                         \
    octi_bag_flat_map(bag,                                                                                   \
                      &octi__task_##fn + OCTI_ASSERT(OCTI_KIND_AT((octi__r_##fn *)0) == OCTI_VOID,           \
                                                     "octavo: " #fn " returns something: it emits"),         \
                      OCTI_KIND_AT((T *)0), sizeof(T))

/* Copies the value, of type T exactly. Inside of a task of oct_bag_flat_map. */
#define oct_emit(value)                                                                                      \
    do {                                                                                                     \
        __typeof__(((void)0, (value))) octi_v = (value);                                                     \
        octi_emit(&octi_v, OCTI_KIND_AT(&octi_v), sizeof(octi_v));                                           \
    } while (0)

/* Each record with a probability, by a seed: the same ones on every pool. */
OCT_API oct_bag *oct_bag_sample(oct_bag *bag, double fraction, uint64_t seed);

/* ---- two bags ---- */

/* Each record of one with each of the other: the fields of both. At most four fields in all. */
OCT_API oct_bag *oct_bag_product(oct_bag *one, oct_bag *other);

/* The i-th of both; as many records in both, or OCT_E_INVALID when it is computed. */
OCT_API oct_bag *oct_bag_zip(oct_bag *one, oct_bag *other);

/* Each record of one with each of the other that has the same key, without the keys. Other is
 * sent to all parts of one where it has a single part; otherwise both are shuffled by hash. */
#define oct_bag_join(one, key, other, other_key)                                                             \
    octi_bag_join(one, OCTI_GIVES(key), other, OCTI_GIVES(other_key))

/* ---- all together ---- */

OCT_API oct_bag *oct_bag_take(oct_bag *bag,
                              size_t count); /* the first ones; computes no more parts than needed */
OCT_API oct_bag *oct_bag_top(oct_bag *bag, size_t count); /* the largest, largest first */
OCT_API oct_bag *oct_bag_bottom(oct_bag *bag, size_t count);
OCT_API oct_bag *oct_bag_sort(oct_bag *bag); /* ascending, stable; by sampled splitters */

/* The same by a task's result. */
#define oct_bag_top_by(bag, count, key) octi_bag_by(bag, OCTI_GIVES(key), OCTI_BY_TOP, count)
#define oct_bag_bottom_by(bag, count, key) octi_bag_by(bag, OCTI_GIVES(key), OCTI_BY_BOTTOM, count)
#define oct_bag_sort_by(bag, key) octi_bag_by(bag, OCTI_GIVES(key), OCTI_BY_SORT, 0)

OCT_API oct_bag *oct_bag_distinct(oct_bag *bag);

/* Records of two fields: the value, and int64_t how often it is there. */
OCT_API oct_bag *oct_bag_frequencies(oct_bag *bag);

/* Two fields: a key, and its records in their order, as oct_doubles, oct_floats, oct_ints, oct_int64s, or
 * oct_bytes of other numbers and structs; of strings, each with its NUL. All of a group is in one
 * place: oct_bag_fold_by moves less. */
#define oct_bag_group_by(bag, key) octi_bag_group_by(bag, OCTI_GIVES(key))

/* Two fields: a key, and the state that fold(state, record) made of its records, from *zero on. Each
 * part folds its own records first; only states are shuffled, and combine(state, state) makes them
 * one. States are plain values of at most 256 bytes; *zero must change nothing when it is combined. */
#define oct_bag_fold_by(bag, key, fold, combine, zero)                                                       \
    octi_bag_fold_by(bag, OCTI_GIVES(key), OCTI_FOLDER(fold, combine, zero), OCTI_COMBINER(combine), zero)

/* In so many parts of equal size. The work of a pass is divided by parts; a bag begins with as many
 * as its data make sensible, up to 128. */
OCT_API oct_bag *oct_bag_repartition(oct_bag *bag, size_t parts);

/* ---- run it ---- */

/* A bag that holds its records, in the program's memory. */
OCT_API oct_bag *oct_bag_compute(oct_bag *bag);

/* Of a computed bag. */
OCT_API size_t oct_bag_rows(const oct_bag *bag);

/* Record i of a computed bag into variables of its fields' types: oct_bag_get(bag, i, &key, &value).
 * Strings and arrays belong to the bag. OCT_E_TYPE, OCT_E_INVALID. */
#define oct_bag_get(bag, i, ...) octi_bag_get(bag, i, OCTI_EACH(OCTI_BAG_OUT, , __VA_ARGS__), (octi_place){0})

OCT_API oct_err oct_bag_count(oct_bag *bag, int64_t *count);

/* *out is *zero with all records folded in: fold(state, record); parts by combine(state, state). */
#define oct_bag_fold(bag, fold, combine, zero, out)                                                          \
    octi_bag_fold(bag, OCTI_FOLDER(fold, combine, zero), OCTI_COMBINER(combine), zero,                       \
                  (out) +                                                                                    \
                      OCTI_ASSERT(OCTI_SAME(out, octi__r_##fold), "octavo: out is not of the state's type"))

/* The records combined by fn, from left to right. OCT_E_INVALID when there is none. */
#define oct_bag_reduce(bag, fn, out)                                                                         \
    octi_bag_reduce(                                                                                         \
        bag, OCTI_COMBINER(fn),                                                                              \
        (out) + OCTI_ASSERT(OCTI_SAME(out, octi__r_##fn), "octavo: out is not what " #fn " returns"))

/* The least or largest number. OCT_E_INVALID when there is none. */
#define oct_bag_min(bag, out) octi_bag_extreme(bag, false, out, OCTI_KIND_AT(out), sizeof(*(out)))
#define oct_bag_max(bag, out) octi_bag_extreme(bag, true, out, OCTI_KIND_AT(out), sizeof(*(out)))

/* Strings as lines of a file; any records but structs and bytes as JSON lines, those of several fields as
 * arrays. The file appears under its name when it is complete. */
OCT_API oct_err oct_bag_write_text(oct_bag *bag, const char *path);
OCT_API oct_err oct_bag_write_jsonl(oct_bag *bag, const char *path);

/* As JSON lines. */
OCT_API oct_err oct_bag_print(oct_bag *bag, FILE *to);

/* Prints what computing it would do, without doing it. */
OCT_API oct_err oct_bag_explain(oct_bag *bag, FILE *to);

/* NULL is ignored. */
OCT_API void oct_bag_destroy(oct_bag *bag);

/* ---- what the macros need; not for programs ---- */

typedef struct octi_place {
    void *to;
    octi_kind kind;
    size_t size;
} octi_place;

typedef enum octi_by { OCTI_BY_TOP, OCTI_BY_BOTTOM, OCTI_BY_SORT } octi_by;

OCT_API oct_bag *octi_bag_from(oct_pool *pool, const void *in, size_t count, octi_kind kind, size_t size);
OCT_API oct_bag *octi_bag_map(oct_bag *bag, oct_task *fn);
OCT_API oct_bag *octi_bag_filter(oct_bag *bag, oct_task *fn);
OCT_API oct_bag *octi_bag_flat_map(oct_bag *bag, oct_task *fn, octi_kind kind, size_t size);
OCT_API oct_bag *octi_bag_join(oct_bag *one, oct_task *key, oct_bag *other, oct_task *other_key);
OCT_API oct_bag *octi_bag_by(oct_bag *bag, oct_task *key, octi_by what, size_t count);
OCT_API oct_bag *octi_bag_group_by(oct_bag *bag, oct_task *key);
OCT_API oct_bag *octi_bag_fold_by(oct_bag *bag, oct_task *key, oct_task *fold, oct_task *combine,
                                  const void *zero);
OCT_API oct_err octi_bag_fold(oct_bag *bag, oct_task *fold, oct_task *combine, const void *zero, void *out);
OCT_API oct_err octi_bag_reduce(oct_bag *bag, oct_task *fn, void *out);
OCT_API oct_err octi_bag_extreme(oct_bag *bag, bool largest, void *out, octi_kind kind, size_t size);
OCT_API oct_err octi_bag_get(const oct_bag *bag, size_t i, ...);
OCT_API void octi_emit(const void *value, octi_kind kind, size_t size);

/* Of a value, const or not: a comma drops that. */
#define OCTI_KIND_OF(x) OCTI_KIND_AT((__typeof__(((void)0, x)) *)0)
#define OCTI_BAG_OUT(c, i, x)                                                                                \
    (octi_place)                                                                                             \
    {                                                                                                        \
        x, OCTI_KIND_AT(x), sizeof(*(x))                                                                     \
    }
#define OCTI_GIVES(fn)                                                                                       \
    (&octi__task_##fn +                                                                                      \
     OCTI_ASSERT(OCTI_KIND_AT((octi__r_##fn *)0) != OCTI_VOID && !OCTI_SAME((octi__r_##fn *)0, oct_err),     \
                 "octavo: " #fn " returns no value"))
#define OCTI_FOLDER(fold, combine, zero)                                                                     \
    (&octi__task_##fold +                                                                                    \
     OCTI_ASSERT(OCTI_SAME((octi__t0_##fold *)0, octi__r_##fold) && OCTI_SAME(zero, octi__r_##fold) &&       \
                     OCTI_SAME((octi__r_##combine *)0, octi__r_##fold),                                      \
                 "octavo: " #fold ", " #combine " and the zero have not one type of state"))

#ifdef __cplusplus
}
#endif
#endif
