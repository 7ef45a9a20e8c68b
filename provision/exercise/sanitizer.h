/* exercise/sanitizer.h - the student's part of what sanitizers and backtraces say.
 *
 * Only what passes through a file of the student's folder is his: libraries that are not
 * instrumented (HDF5, Open MPI) leak and race by their own accounts. Reports are those of gcc's and
 * clang's sanitizers. NULL is an empty text. Appended lines name files without their folders. */
#ifndef OCTI_SANITIZER_H
#define OCTI_SANITIZER_H

#include "provision/exercise/workbench.h"

/* Each is true when the text holds such a report of the student's, and appends the first, shortened. */
bool octi_sanitizer_races(const char *text, const octi_workbench *bench, octi_buffer *out);
bool octi_sanitizer_leaks(const char *text, const octi_workbench *bench, octi_buffer *out);
bool octi_sanitizer_bad_access(const char *text, const octi_workbench *bench, octi_buffer *out);

/* True when the sanitizer itself says that it cannot work here. */
bool octi_sanitizer_unusable(const char *text);

/* True when there is a report, of whomever. */
bool octi_sanitizer_of_others(const char *text);

/* Appends the first report of the address sanitizer whoever's it is, shortened. */
void octi_sanitizer_summary(const char *text, const octi_workbench *bench, octi_buffer *out);

/* Of octi_backtrace's text the threads that are in the student's files; nothing when none is. */
void octi_sanitizer_own_threads(const char *text, const octi_workbench *bench, octi_buffer *out);

#endif
