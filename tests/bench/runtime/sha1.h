/* bench/runtime/sha1.h - the random numbers of UTS are SHA-1 digests (FIPS 180-4) of less than
 * one block. */
#ifndef SHA1_H
#define SHA1_H

#include <stddef.h>
#include <stdint.h>

/* At most 55 bytes. */
void sha1(const uint8_t *bytes, size_t size, uint8_t digest[20]);

#endif
