/* oct/value.h - what tasks take and return.
 *
 *   kind             C type                          a task's argument       a task's result
 *   number           bool, char, integers, floats    copied                  copied
 *   plain struct     any struct without pointers     copied                  copied
 *   string           char *, const char *            borrowed, read-only     see below
 *   array            oct_bytes, oct_doubles, ...     borrowed, read-only     given away
 *   your own         a struct named by OCT_TYPE      made for the task,      given away
 *                                                    released after it
 *
 * Whatever is submitted is copied before the call returns. "Borrowed" lasts until the task
 * returns. "Given away" means malloc'ed by the task, moved without a copy, and in the end
 * freed by whoever called oct_result; a `char *` result is given away too, a `const char *`
 * result is copied, so that a task may return a literal. NULL strings and empty arrays travel.
 *
 * A pointer to anything else cannot travel and does not compile. */
#ifndef OCT_VALUE_H
#define OCT_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oct/error.h"

#ifdef __cplusplus
extern "C" {
#endif

#define OCT_API __attribute__((visibility("default")))

typedef struct oct_bytes {
    void *data;
    size_t size;
} oct_bytes;

typedef struct oct_doubles {
    double *data;
    size_t count;
} oct_doubles;

typedef struct oct_floats {
    float *data;
    size_t count;
} oct_floats;

typedef struct oct_ints {
    int *data;
    size_t count;
} oct_ints;

typedef struct oct_int64s {
    int64_t *data;
    size_t count;
} oct_int64s;

/* Where a value of your own is written to and read from. */
typedef struct oct_packer oct_packer;
typedef struct oct_unpacker oct_unpacker;

/* Appends bytes. Running out of memory is remembered and fails the call that packs. */
OCT_API void oct_pack(oct_packer *packer, const void *bytes, size_t size);

/* A string with its length; NULL is kept apart from "". */
OCT_API void oct_pack_string(oct_packer *packer, const char *text);

/* Reads the next bytes. When fewer are left it zeroes *bytes and returns false, and so does
 * every later call: one check at the end is enough. */
OCT_API bool oct_unpack(oct_unpacker *unpacker, void *bytes, size_t size);

/* A malloc'ed copy of the next string, or NULL (packed as such, or nothing left). */
OCT_API char *oct_unpack_string(oct_unpacker *unpacker);

/* How many bytes can still be read: check a count against it before allocating. */
OCT_API size_t oct_unpack_left(const oct_unpacker *unpacker);

/* Makes a struct with pointers a value, once a program, at file scope:
 *
 *   static void pack_graph(const graph *g, oct_packer *to);
 *   static bool unpack_graph(graph *g, oct_unpacker *from);   // false: bytes make no sense
 *   static void release_graph(graph *g);                      // frees what g points to
 *   OCT_TYPE(graph, pack_graph, unpack_graph, release_graph)
 *
 * When unpack returns false it must leave nothing behind. */
#define OCT_TYPE(type, pack_fn, unpack_fn, release_fn)                                                       \
    static void octi__pack_##type(const void *octi_value, oct_packer *octi_to)                               \
    {                                                                                                        \
        pack_fn((const type *)octi_value, octi_to);                                                          \
    }                                                                                                        \
    static bool octi__unpack_##type(void *octi_value, oct_unpacker *octi_from)                               \
    {                                                                                                        \
        return unpack_fn((type *)octi_value, octi_from);                                                     \
    }                                                                                                        \
    static void octi__release_##type(void *octi_value)                                                       \
    {                                                                                                        \
        release_fn((type *)octi_value);                                                                      \
    }                                                                                                        \
    _Static_assert(sizeof(type) >= sizeof(void *), "octavo: a type without pointers needs no OCT_TYPE");     \
    static octi_user_type octi__type_##type = {                                                              \
        #type, sizeof(type), octi__pack_##type, octi__unpack_##type, octi__release_##type, NULL};            \
    __attribute__((constructor)) static void octi__add_type_##type(void)                                     \
    {                                                                                                        \
        octi_type_add(&octi__type_##type);                                                                   \
    }                                                                                                        \
    struct octi_semicolon

/* ---- what the macros need; not for programs ---- */

typedef struct octi_user_type octi_user_type;
struct octi_user_type {
    const char *name;
    size_t size;
    void (*pack)(const void *value, oct_packer *to);
    bool (*unpack)(void *value, oct_unpacker *from);
    void (*release)(void *value);
    octi_user_type *next;
};

OCT_API void octi_type_add(octi_user_type *type);

typedef enum octi_kind {
    OCTI_VOID,
    OCTI_BOOL,
    OCTI_CHAR,
    OCTI_INT,  /* signed, of any size */
    OCTI_UINT, /* unsigned, of any size */
    OCTI_FLOAT,
    OCTI_STRUCT,
    OCTI_ERR,     /* an oct_err result: not a value, an outcome */
    OCTI_STRING,  /* char *: given away as a result */
    OCTI_CSTRING, /* const char *: copied as a result */
    OCTI_BYTES,   /* the arrays: {pointer, count} */
    OCTI_DOUBLES,
    OCTI_FLOATS,
    OCTI_INTS,
    OCTI_INT64S,
    OCTI_USER,
} octi_kind;

typedef struct octi_type {
    const char *name;
    octi_kind kind;
    uint32_t size;              /* of the C type */
    const octi_user_type *user; /* of OCTI_USER, set when the registry is resolved */
} octi_type;

/* The kind of the object that `p` points at. A `void *` has none. */
#define OCTI_KIND_AT(p)                                                                                      \
    _Generic((p),                                                                                            \
        void *: OCTI_VOID,                                                                                   \
        bool *: OCTI_BOOL,                                                                                   \
        char *: OCTI_CHAR,                                                                                   \
        signed char *: OCTI_INT,                                                                             \
        short *: OCTI_INT,                                                                                   \
        int *: OCTI_INT,                                                                                     \
        long *: OCTI_INT,                                                                                    \
        long long *: OCTI_INT,                                                                               \
        unsigned char *: OCTI_UINT,                                                                          \
        unsigned short *: OCTI_UINT,                                                                         \
        unsigned *: OCTI_UINT,                                                                               \
        unsigned long *: OCTI_UINT,                                                                          \
        unsigned long long *: OCTI_UINT,                                                                     \
        float *: OCTI_FLOAT,                                                                                 \
        double *: OCTI_FLOAT,                                                                                \
        long double *: OCTI_FLOAT,                                                                           \
        char **: OCTI_STRING,                                                                                \
        const char **: OCTI_CSTRING,                                                                         \
        oct_bytes *: OCTI_BYTES,                                                                             \
        oct_doubles *: OCTI_DOUBLES,                                                                         \
        oct_floats *: OCTI_FLOATS,                                                                           \
        oct_ints *: OCTI_INTS,                                                                               \
        oct_int64s *: OCTI_INT64S,                                                                           \
        default: OCTI_STRUCT)

#ifdef __cplusplus
}
#endif
#endif
