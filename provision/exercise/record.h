/* exercise/record.h - progress.json in the student's folder: what was started, how far it is.
 *
 *   {"version": 1, "lessons": {"01-map": {"started": "2026-03-01T09:30:00Z", "checks": 4, "hints": 1,
 *    "passed": "2026-03-01T10:02:11Z", "stages": {"compile": "passed", ...}, "stuck": "race",
 *    "later": "speed", "digest": "8c1f...", "speed_up": 1.8}}}
 *
 * One owner; the last to write wins. */
#ifndef OCTI_RECORD_H
#define OCTI_RECORD_H

#include "provision/exercise/check.h"

typedef struct octi_record {
    char path[OCTI_PATH];
    json_t *document;
} octi_record;

/* Reads folder/progress.json; one that is not there is empty. OCT_E_INVALID names what is wrong. */
OCT_NODISCARD oct_err octi_record_open(const char *folder, octi_record *out, oct_error *err);
void octi_record_close(octi_record *record);
OCT_NODISCARD oct_err octi_record_save(const octi_record *record, oct_error *err);

/* Notes that a lesson was started, now; a second time it changes nothing. */
void octi_record_start(octi_record *record, const char *lesson);

/* Makes a check of some stages a whole one, where an earlier check of the same program (its digest) found
 * that it is right but for what was left for later: sets check->right, and passed when that is told now. */
void octi_record_complete(const octi_record *record, octi_check *check);

/* Notes what a check found. */
void octi_record_check(octi_record *record, const octi_check *check);

/* How many hints were asked for. */
size_t octi_record_hints(const octi_record *record, const char *lesson);
void octi_record_hint(octi_record *record, const char *lesson, size_t hints);
void octi_record_solution(octi_record *record, const char *lesson);

bool octi_record_started(const octi_record *record, const char *lesson);
bool octi_record_passed(const octi_record *record, const char *lesson);

/* Passed, or nothing was wrong but what was left for another time (octi_verdict.later): who is right goes on.
 */
bool octi_record_right(const octi_record *record, const char *lesson);

/* In a word: "passed", "right", the stage that failed, "started", or "-". */
const char *octi_record_state(const octi_record *record, const char *lesson);

/* The stage that failed in the latest check; NULL when none did. */
const char *octi_record_stuck(const octi_record *record, const char *lesson);

/* The object of a lesson; NULL when it was not started. */
const json_t *octi_record_lesson(const octi_record *record, const char *lesson);

#endif
