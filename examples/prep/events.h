/* prep/events.h - made-up events of a site for code, in the form of the GH Archive's files.
 *
 * A file an hour of 2015-01-01, one JSON object a line, with the fields of the archive's own (see
 * www.gharchive.org) that questions are asked about: who did what to which repository, and when. Few
 * people and few repositories do most, as on the real site, and pushes are every second event. An event
 * depends on the seed, its hour and its number there alone. */
#ifndef PREP_EVENTS_H
#define PREP_EVENTS_H

#include <stdint.h>

#include "oct/error.h"

enum { EVENTS_HOURS = 24 };

/* Events an hour that make all hours together about `bytes` large; at least 1. */
int events_count(int64_t bytes);

/* Writes that many events of an hour (0 to 23) to path, in the order of their times:
 *   {"id":"2489651045","type":"PushEvent","actor":{"id":665991,"login":"user-665991"},
 *    "repo":{"id":28688495,"name":"user-24/repo-28688495"},"payload":{"size":1,"ref":"refs/heads/master"},
 *    "public":true,"created_at":"2015-01-01T15:00:00Z"}
 * in one line each. OCT_E_IO, OCT_E_EXHAUSTED (disk full); nothing is left behind then. Any thread. */
oct_err events_write_json(int hour, int count, uint64_t seed, const char *path, int64_t *bytes,
                          oct_error *err);

#endif
