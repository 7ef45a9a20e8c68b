/* 13-unsafe-library: how many words of a book have how many letters? One page after the other.
 *
 * Count all pages at once. README.md tells how; solution.c is one answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <oct/oct.h>

#include "pages.h"

/* TODO 1: make this a task, OCT_TASK(lengths, count, int, page). One of the functions that it calls is not
 * made for threads: which, and what is there instead? README.md, "The idea". */
static lengths count(int page)
{
    lengths own = {{0}};
    char line[LINE_BYTES];
    for (int number = 0; number < LINES; number++) {
        page_line(page, number, line);
        for (char *word = strtok(line, BETWEEN); word; word = strtok(NULL, BETWEEN))
            own.of[strlen(word)]++;
    }
    return own;
}

int main(int argc, char **argv)
{
    /* TODO 2: open a pool; close it at the end. */
    (void)argc;
    (void)argv;
    double start = now();
    lengths of_page[PAGES], all = {{0}};

    /* TODO 3: oct_map instead of the loop. */
    for (int page = 0; page < PAGES; page++)
        of_page[page] = count(page);

    for (int page = 0; page < PAGES; page++)
        for (int letters = 0; letters <= LETTERS_MOST; letters++)
            all.of[letters] += of_page[page].of[letters];
    lengths_report(&all, now() - start);
    return 0;
}
