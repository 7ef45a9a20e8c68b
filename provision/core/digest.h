/* core/digest.h - a 64-bit digest that tells things apart; no protection against anybody.
 *
 * FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
#ifndef OCTI_DIGEST_H
#define OCTI_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define OCTI_DIGEST_INIT UINT64_C(0xcbf29ce484222325)

static inline uint64_t octi_digest_add(uint64_t digest, const void *bytes, size_t size)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < size; i++)
        digest = (digest ^ byte[i]) * UINT64_C(0x100000001b3);
    return digest;
}

#endif
