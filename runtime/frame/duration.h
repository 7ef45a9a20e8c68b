/* frame/duration.h - "15 minutes", "month": lengths of time, and the stretches that they cut time into. */
#ifndef OCTI_DURATION_H
#define OCTI_DURATION_H

#include <stdbool.h>
#include <stdint.h>

#include "oct/error.h"

typedef struct octi_duration {
    int64_t micros; /* 0: of months */
    int64_t months;
    bool weeks; /* which begin on Mondays */
} octi_duration;

/* A whole number, which may be left out, and microsecond, millisecond, second, minute, hour, day, week, month
 * or year, also with an s. OCT_E_INVALID. */
OCT_NODISCARD oct_err octi_duration_parse(const char *text, octi_duration *out, oct_error *err);

/* True where midnights stay midnights. */
bool octi_duration_of_days(const octi_duration *duration);

/* Where the stretch begins that a time, in microseconds since 1970, lies in. Stretches are counted from
 * 1970-01-01 on, in both directions; weeks from the Monday before. */
int64_t octi_duration_floor(const octi_duration *duration, int64_t time);

/* Where the next one begins; INT64_MAX past the end of time. */
int64_t octi_duration_next(const octi_duration *duration, int64_t begin);

#endif
