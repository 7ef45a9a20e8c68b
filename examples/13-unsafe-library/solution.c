/* 13-unsafe-library: how many words of a book have how many letters? All pages at once.
 *
 *   solution [--pool=threads:4 | processes:4 | cluster] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <oct/oct.h>

#include "pages.h"

OCT_TASK(lengths, count, int, page)
{
    lengths own = {{0}};
    char line[LINE_BYTES], *rest;
    for (int number = 0; number < LINES; number++) {
        page_line(page, number, line);
        for (char *word = strtok_r(line, BETWEEN, &rest); word; word = strtok_r(NULL, BETWEEN, &rest))
            own.of[strlen(word)]++;
    }
    return own;
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    if (!pool)
        oct_die(NULL);
    double start = now();
    lengths of_page[PAGES], all = {{0}};
    int pages[PAGES];
    for (int page = 0; page < PAGES; page++)
        pages[page] = page;
    if (oct_map(pool, count, pages, PAGES, of_page) != OCT_OK)
        oct_die(NULL);

    for (int page = 0; page < PAGES; page++)
        for (int letters = 0; letters <= LETTERS_MOST; letters++)
            all.of[letters] += of_page[page].of[letters];
    lengths_report(&all, now() - start);
    return oct_pool_close(pool) == OCT_OK ? 0 : 1;
}
