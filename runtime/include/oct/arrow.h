/* oct/arrow.h - frames to and from other tools' tables, in memory.
 *
 *   struct ArrowSchema schema;
 *   struct ArrowArray array;
 *   if (oct_frame_to_arrow(tips, &schema, &array) == OCT_OK)
 *       their_import(&schema, &array);
 *
 * By the Arrow C Data Interface (arrow.apache.org/docs/format/CDataInterface.html), whose two structures
 * are all that both sides share: pyarrow, polars, DuckDB, nanoarrow and others take and give them. A frame
 * is a structure ("+s") whose children are its columns: int64 "l", double "g", bool "b", string "u",
 * date "tdm", timestamp "tsu:". */
#ifndef OCT_ARROW_H
#define OCT_ARROW_H

#include "oct/frame.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif

/* Computes the frame. Whoever takes *schema and *array calls their release, on any thread; the frame and
 * the pool may be gone by then. Values are not copied but for bools, which become bits. */
OCT_API oct_err oct_frame_to_arrow(oct_frame *frame, struct ArrowSchema *schema, struct ArrowArray *array);

/* A computed frame of somebody's table, which is copied and then released, both structures; on failure they
 * are untouched. Integers of any width become int64, floats double, large strings strings, and times
 * days, milliseconds or microseconds; a time zone is dropped. OCT_E_UNSUPPORTED for other types,
 * dictionaries, and unsigned numbers that do not fit. */
OCT_API oct_frame *oct_frame_from_arrow(oct_pool *pool, struct ArrowSchema *schema, struct ArrowArray *array);

#ifdef __cplusplus
}
#endif
#endif
