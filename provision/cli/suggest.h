/* cli/suggest.h - the nearest of some names to a mistyped one. */
#ifndef OCTI_CLI_SUGGEST_H
#define OCTI_CLI_SUGGEST_H

#include <stddef.h>

/* Edits between two names: insertions, deletions, replacements and swaps of neighbours.
 * Names are compared up to 40 characters. */
unsigned cli_edit_distance(const char *a, const char *b);

/* The name with the fewest edits, or NULL when even that one needs more than a third of
 * the typed name's length (at least one edit is always near enough). */
const char *cli_nearest(const char *typed, const char *const *names, size_t count);

#endif
