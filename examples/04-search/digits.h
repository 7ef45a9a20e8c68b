/* digits.h - handwritten digits, read from files.
 *
 * This is the work of the lesson, done already, so that exercise.c and solution.c show
 * only what the lesson is about. */
#ifndef DIGITS_H
#define DIGITS_H

#include <stddef.h>

#include <oct/error.h>
#include <oct/value.h>

/* A digit is 64 bytes of ink, from 0 to 16, row by row, and one that says which digit it is. All of them
 * are one array of bytes, which a task can take and return. */
enum { DIGITS_PIXELS = 64, DIGITS_BYTES = DIGITS_PIXELS + 1, DIGITS_CLASSES = 10 };

/* Reads all files of a folder that end in .csv, .tra or .tes (the UCI's own), in the order of their
 * names, one digit a line: "0,0,5,13,...,7". A line that is none is OCT_E_INVALID and named:
 * "data/digits/digits-1.csv:17: ...". The caller frees out->data. */
oct_err digits_read(const char *folder, oct_bytes *out, oct_error *err);

size_t digits_count(oct_bytes digits);

/* Ends the program with an error's message and hint. */
__attribute__((noreturn)) void die(const oct_error *err);

/* Seconds since some fixed moment. */
double now(void);

#endif
