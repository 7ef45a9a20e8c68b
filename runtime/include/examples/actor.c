/* Actors: a table of words that stays where it is, which tasks write to and the program reads. */
#include <oct/oct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct words {
    char **list;
    size_t count;
} words;

static void words_end(words *self)
{
    for (size_t i = 0; i < self->count; i++)
        free(self->list[i]);
    free(self->list);
}

OCT_ACTOR(words, words_open, words_end, const char *, first)
{
    self->list = malloc(sizeof(*self->list));
    if (self->list && (self->list[0] = strdup(first)))
        self->count = 1;
    else
        oct_fail(oct_task_error(), OCT_E_NOMEM, "out of memory for words");
}

OCT_METHOD(words, int, words_add, const char *, word)
{
    char **list = realloc(self->list, (self->count + 1) * sizeof(*list));
    if (list)
        self->list = list;
    if (!list || !(list[self->count] = strdup(word)))
        oct_fail(oct_task_error(), OCT_E_NOMEM, "out of memory for words");
    else
        self->count++;
    return (int)self->count;
}

OCT_METHOD(words, const char *, words_at, int, index)
{
    if (index < 0 || (size_t)index >= self->count)
        oct_fail(oct_task_error(), OCT_E_INVALID, "there is no word %d", index);
    else
        return self->list[index];
    return NULL;
}

/* The actor is an argument as any other. */
OCT_TASK(int, add_both, oct_actor, to, const char *, a, const char *, b)
{
    int count = 0;
    oct_release(oct_submit(oct_task_pool(), words_add, to, a));
    if (oct_result(oct_submit(oct_task_pool(), words_add, to, b), &count) != OCT_OK)
        *oct_task_error() = *oct_last_error();
    return count;
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    oct_actor list = oct_actor_open(pool, words_open, "one");
    oct_future *added = oct_submit(pool, add_both, list, "two", "three");
    int count;
    if (oct_result(added, &count) != OCT_OK)
        oct_die(added);
    for (int i = 1; i <= count; i++) {
        oct_future *word = oct_submit(pool, words_at, list, i);
        char *text = NULL;
        if (oct_result(word, &text) == OCT_OK)
            printf("%s\n", text);
        else
            printf("%s\n", oct_future_failure(word)->error.what);
        free(text);
        oct_release(word);
    }
    oct_actor_close(pool, list);
    return oct_pool_close(pool);
}
