/* A map over strings with a further argument; items that fail are told, the others go on. */
#include <oct/oct.h>
#include <stdio.h>
#include <string.h>

OCT_TASK(long, letters, const char *, word, int, least)
{
    long count = (long)strlen(word);
    if (count < least)
        oct_fail(oct_task_error(), OCT_E_INVALID, "'%s' is too short", word);
    return count;
}

static void tell(size_t item, const oct_failure *failure, void *ctx)
{
    (void)ctx;
    printf("word %zu: %s\n", item, failure->error.what);
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    const char *words[] = {"folio", "it", "quarto", "a", "octavo"};
    long counts[5];
    if (oct_map_with(pool, &(oct_map_options){.on_failure = tell}, letters, words, 5, counts, 3) != OCT_OK)
        printf("%s\n", oct_last_error()->what);
    for (int i = 0; i < 5; i++)
        printf("%ld ", counts[i]);
    printf("\n");
    return oct_pool_close(pool);
}
