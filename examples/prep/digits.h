/* prep/digits.h - made-up handwritten digits, in the form of the UCI's optdigits files.
 *
 * Each is drawn by strokes of one of several ways to write it, leaning, stretched, turned and shaky as
 * hands are, on 32 by 32 dots, of which every 4 by 4 are counted: Alpaydin and Kaynak, "Optical
 * Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998. The real files (optdigits.tra
 * and optdigits.tes) can take their place. A digit depends on the seed and its number alone. */
#ifndef PREP_DIGITS_H
#define PREP_DIGITS_H

#include <stdint.h>

#include "oct/error.h"

enum { DIGITS_FILES = 8, DIGITS_SIDE = 8, DIGITS_PIXELS = DIGITS_SIDE * DIGITS_SIDE };

/* Digits a file that make all files together about `bytes` large; at least 1. */
int digits_count(int64_t bytes);

/* Writes that many digits to path, one a line: 64 numbers from 0 (paper) to 16 (ink), row by row, and
 * which digit it is, with commas in between. OCT_E_IO, OCT_E_EXHAUSTED (disk full); nothing is left
 * behind then. Any thread. */
oct_err digits_write_csv(int file, int count, uint64_t seed, const char *path, int64_t *bytes,
                         oct_error *err);

#endif
