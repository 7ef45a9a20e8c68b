/* exercise/reference.h - the programs in examples/reference: nothing to solve, something to measure.
 *
 * Each says what it is in the first words of its source: "False sharing: counters that nobody shares, ...".
 */
#ifndef OCTI_REFERENCE_H
#define OCTI_REFERENCE_H

#include "provision/exercise/files.h"

enum { OCTI_REFERENCES = 32 };

typedef struct octi_reference {
    char name[48]; /* of the file, without ".c" */
    char title[160];
} octi_reference;

/* Those that are in the repository `root`, by their names, and how many, at most OCTI_REFERENCES; 0 where
 * there are none. Files without a main of their own, or without such a comment, are none. */
size_t octi_references(const char *root, octi_reference out[OCTI_REFERENCES]);

#endif
