/* exercise/answer.h - is what a program printed the same answer? */
#ifndef OCTI_ANSWER_H
#define OCTI_ANSWER_H

#include "provision/exercise/lesson.h"

/* Compares two NUL-terminated texts. Where they differ, `difference` says so by the first line that
 * does: "line 2 is 'a', expected 'b'". */
bool octi_answer_same(octi_compare how, double tolerance, const char *expected, const char *got,
                      char *difference, size_t size);

#endif
