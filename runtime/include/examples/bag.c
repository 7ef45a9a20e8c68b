/* The most frequent long words of text files: bag 'books/'*.txt, or without arguments of a few lines. */
#include <oct/oct.h>
#include <string.h>

OCT_TASK(void, words, const char *, line)
{
    char word[64];
    for (int used; sscanf(line, " %63[a-z]%n", word, &used) == 1; line += used)
        oct_emit((const char *)word);
}

OCT_TASK(bool, is_long, const char *, word)
{
    return strlen(word) > 3;
}

OCT_TASK(int64_t, how_often, const char *, word, int64_t, count)
{
    (void)word;
    return count;
}

int main(int argc, char **argv)
{
    const char *few[] = {"to be folded once is folio", "to be folded twice is quarto",
                         "to be folded thrice is octavo"};
    oct_pool *pool = oct_pool_open(&argc, argv);
    oct_bag *lines = argc > 1 ? oct_bag_lines(pool, argv[1]) : oct_bag_from(pool, few, 3);
    oct_bag *word = oct_bag_flat_map(lines, words, const char *);
    oct_bag *long_words = oct_bag_filter(word, is_long);
    oct_bag *counts = oct_bag_frequencies(long_words);
    oct_bag *most = oct_bag_top_by(counts, 1, how_often);
    oct_err code = oct_bag_explain(most, stderr);
    if (code != OCT_OK || (code = oct_bag_print(most, stdout)) != OCT_OK)
        fprintf(stderr, "%s\n", oct_last_error()->what);
    oct_bag *all[] = {lines, word, long_words, counts, most};
    for (int i = 0; i < 5; i++)
        oct_bag_destroy(all[i]);
    oct_pool_close(pool);
    return code != OCT_OK;
}
