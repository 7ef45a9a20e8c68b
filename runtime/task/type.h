/* task/type.h - typed values: copies, bytes and words for them.
 *
 * A value is native (the C object a task takes or returns, which may own memory) or packed
 * (bytes that mean the same in any process of this program). */
#ifndef OCTI_TYPE_H
#define OCTI_TYPE_H

#include "oct/value.h"
#include "runtime/base/buffer.h"

struct oct_packer {
    octi_buffer *buffer;
    bool failed; /* out of memory */
};

struct oct_unpacker {
    const char *next;
    size_t left;
    bool failed; /* more was asked for than there was */
};

/* True when the C object's own bytes are the whole value. */
bool octi_type_is_plain(const octi_type *type);

/* How large an item of an array kind is; 0 for other kinds. */
size_t octi_type_item_size(octi_kind kind);

/* Appends the packed value. OCT_E_NOMEM leaves part of it behind. */
OCT_API OCT_NODISCARD oct_err octi_value_pack(const octi_type *type, const void *value, octi_buffer *to);

/* The same behind its size, for values one after another. */
OCT_NODISCARD oct_err octi_value_pack_next(const octi_type *type, const void *value, octi_buffer *to);

/* Makes a native value that owns its memory from all `size` bytes. On failure *value is not
 * touched: OCT_E_PROTOCOL when the bytes make no sense, OCT_E_NOMEM. */
OCT_API OCT_NODISCARD oct_err octi_value_unpack(const octi_type *type, const void *bytes, size_t size,
                                                void *value);

/* The next of what octi_value_pack_next wrote; as octi_value_unpack. */
OCT_NODISCARD oct_err octi_value_unpack_next(const octi_type *type, oct_unpacker *from, void *value);

/* A copy that owns its memory, of a value that may be borrowed. */
OCT_API OCT_NODISCARD oct_err octi_value_copy(const octi_type *type, const void *value, void *copy);

/* Frees what a native value owns. */
OCT_API void octi_value_release(const octi_type *type, void *value);

/* How many bytes it is, its memory included, for statistics. */
OCT_API size_t octi_value_bytes(const octi_type *type, const void *value);

/* Appends a short text for messages: "1.5", "\"a.csv\"", "oct_doubles[1000]". */
void octi_value_describe(const octi_type *type, const void *value, char *out, size_t size);

#endif
