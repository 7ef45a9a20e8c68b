/* exercise/changes.h - which moment a folder's sources were saved.
 *
 * Editors write in place, or write another file and rename it over; both count, for .c and .h files. A
 * folder that is moved away and made anew (reset) is watched again. One owner, one thread. */
#ifndef OCTI_CHANGES_H
#define OCTI_CHANGES_H

#include <stdbool.h>

#include "provision/exercise/files.h"

typedef struct octi_changes {
    int fd;    /* to poll for reading */
    int watch; /* inotify's number */
    char folder[OCTI_PATH];
    char except[64]; /* a file whose changes do not count */
} octi_changes;

/* OCT_E_EXHAUSTED, with the way out, when the system has no more watches to give. */
OCT_NODISCARD oct_err octi_changes_open(const char *folder, const char *except, octi_changes *out,
                                        oct_error *err);
void octi_changes_close(octi_changes *changes);

/* Takes what is to be read, never waits; true when a source was saved. */
bool octi_changes_take(octi_changes *changes);

#endif
