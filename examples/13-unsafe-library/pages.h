/* pages.h - a book of made-up words, and how many words have how many letters.
 *
 * This is the work of the lesson, done already, so that exercise.c and solution.c show
 * only what the lesson is about. */
#ifndef PAGES_H
#define PAGES_H

#include <stdint.h>

enum { PAGES = 64, LINES = 4000 /* of a page */, LINE_BYTES = 128, LETTERS_MOST = 12 };

/* Words by their letters, of 0 to LETTERS_MOST. A plain value: it can be returned and assigned. */
typedef struct lengths {
    int64_t of[LETTERS_MOST + 1];
} lengths;

/* What stands between words. */
#define BETWEEN " ,.;"

/* Writes a line of a page, which depends on their numbers alone, with a 0 at its end. Any thread. */
void page_line(int page, int number, char line[LINE_BYTES]);

/* Prints how many words of each length there are on stdout, and the time on stderr. */
void lengths_report(const lengths *all, double seconds);

/* Seconds since some fixed moment. */
double now(void);

#endif
