/* io/scan.h - where the fields and records of delimited text end.
 *
 * 64 bytes at a time become bit masks of quotes, delimiters and newlines; a prefix exclusive-or
 * of the quotes tells what is inside of them (Langdale and Lemire, "Parsing gigabytes of JSON
 * per second", VLDB Journal 28, 2019). A quote inside a quoted field is doubled (RFC 4180), so
 * it toggles twice and changes nothing. AVX-512 or AVX2 where the machine has it, SSE2 on other
 * x86-64, plain C elsewhere. */
#ifndef OCTI_SCAN_H
#define OCTI_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OCTI_SCAN_ROOM = 64 }; /* entries that are written past the last one */

typedef struct octi_scan {
    uint32_t *ends; /* positions of delimiters and newlines outside of quotes, ascending */
    size_t count;
    uint32_t *lines; /* which of the ends are newlines: numbers in `ends`, ascending */
    size_t line_count;
    size_t quotes;
    bool inside; /* of quotes, after the last byte */
} octi_scan;

/* Scans the bytes from `from` to `to` (under 4 GiB), which follow what was scanned before, appending
 * to ends and lines; each has room for `to` + OCTI_SCAN_ROOM. */
void octi_scan_run(octi_scan *scan, const char *text, size_t from, size_t to, char delimiter);

/* The same in one of the ways there are, the fastest last, where the machine can. */
typedef enum octi_scan_way {
    OCTI_SCAN_PLAIN,
    OCTI_SCAN_AVX2,
    OCTI_SCAN_AVX512,
    OCTI_SCAN_WAYS
} octi_scan_way;

bool octi_scan_can(octi_scan_way way);
void octi_scan_run_by(octi_scan_way way, octi_scan *scan, const char *text, size_t from, size_t to,
                      char delimiter);

/* How many bytes are that one. */
size_t octi_scan_count(const char *text, size_t size, char wanted);

#endif
