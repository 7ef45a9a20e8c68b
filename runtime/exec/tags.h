/* exec/tags.h - words that say what a node has (oct/tags.h). */
#ifndef OCTI_TAGS_H
#define OCTI_TAGS_H

#include <stdbool.h>
#include <stddef.h>

#include "oct/error.h"

/* A node's, or those of a request, joined by '+', with the NUL. */
enum { OCTI_TAGS = 128 };

/* OCT_E_INVALID when the first `length` bytes of text are not words joined by '+'. "" is none. */
OCT_NODISCARD oct_err octi_tags_check(const char *text, size_t length, oct_error *err);

/* Joins what a pool's spec says and what this process's environment does. */
OCT_NODISCARD oct_err octi_tags_own(const char *spec, char out[OCTI_TAGS], oct_error *err);

/* True when all words of `wanted` are among those of `have`. */
bool octi_tags_cover(const char *have, const char *wanted);

#endif
