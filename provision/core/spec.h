/* core/spec.h - a cluster spec as JSON: the spec file, and the label an engine keeps.
 *
 * An object whose keys are the fields of octi_spec; `memory` and `shm` are bytes or
 * strings such as "2g". An unknown key is an error, so that a misspelt one is not lost. */
#ifndef OCTI_SPEC_H
#define OCTI_SPEC_H

#include <stddef.h>

#include "oct/error.h"
#include "provision/core/cluster.h"

/* Sets the fields that the text names and leaves the rest; on failure *spec is untouched.
 * `subject` is whose text it is ("cluster.json"). Does not octi_spec_check. */
OCT_NODISCARD oct_err octi_spec_parse(const char *text, size_t size, const char *subject, octi_spec *spec,
                                      oct_error *err);

/* The same of a record that octavo itself keeps with a cluster: keys that only a later octavo knows are
 * passed over, so that this one can still tell of the cluster and remove it. */
OCT_NODISCARD oct_err octi_spec_recall(const char *text, const char *subject, octi_spec *spec,
                                       oct_error *err);

/* A time limit as sbatch writes it ("90", "90:00", "1:30:00", "2-12:00:00"), in minutes rounded
 * up; OCT_E_INVALID for anything else and for none or more than a year. */
enum { OCTI_MINUTES_MAX = 366 * 24 * 60 };
OCT_NODISCARD oct_err octi_spec_minutes(const char *text, unsigned *out, oct_error *err);

/* Reads a spec file of at most 64 KiB. */
OCT_NODISCARD oct_err octi_spec_read(const char *path, octi_spec *spec, oct_error *err);

/* The spec as compact JSON with every field (those of one provider alone only where they
 * were set), keys sorted; NULL when out of memory. The
 * caller frees it. */
char *octi_spec_format(const octi_spec *spec);

/* OCT_E_EXISTS naming the first thing that a cluster made from `have` lacks of `want`;
 * the timeout does not matter. */
OCT_NODISCARD oct_err octi_spec_match(const octi_spec *have, const octi_spec *want, oct_error *err);

#endif
