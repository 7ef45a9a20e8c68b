#include <string.h>

#include "provision/cli/suggest.h"

enum { NAME_MAX_LENGTH = 40 };

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned low = a < b ? a : b;
    return low < c ? low : c;
}

/* The optimal string alignment distance: Wagner and Fischer, "The string-to-string
 * correction problem" (1974), with Damerau's swap of neighbours. */
unsigned cli_edit_distance(const char *a, const char *b)
{
    unsigned rows[3][NAME_MAX_LENGTH + 1];
    size_t length_a = strnlen(a, NAME_MAX_LENGTH), length_b = strnlen(b, NAME_MAX_LENGTH);

    for (unsigned j = 0; j <= length_b; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= length_a; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= length_b; j++) {
            unsigned replaced = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = min3(above[j] + 1, row[j - 1] + 1, replaced);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                two_above[j - 2] + 1 < row[j])
                row[j] = two_above[j - 2] + 1;
        }
    }
    return rows[length_a % 3][length_b];
}

const char *cli_nearest(const char *typed, const char *const *names, size_t count)
{
    const char *best = NULL;
    unsigned limit = (unsigned)strlen(typed) / 3, fewest = limit > 1 ? limit : 1;
    for (size_t i = 0; i < count; i++) {
        unsigned distance = cli_edit_distance(typed, names[i]);
        if (distance < fewest || (distance == fewest && !best)) {
            best = names[i];
            fewest = distance;
        }
    }
    return best;
}
