/* Tags: what needs the big memory runs where that is; asking for what is nowhere fails at once. */
#include <oct/oct.h>
#include <stdio.h>
#include <stdlib.h>

OCT_TASK(bool, is_here, const char *, tag)
{
    return oct_node_has(oct_task_pool(), oct_node(), tag);
}

int main(int argc, char **argv)
{
    setenv("OCTAVO_TAGS", "bigmem+disk", 0); /* as whoever starts a node says of it */
    oct_pool *pool = oct_pool_open(&argc, argv);
    oct_options wanted = {.tags = "bigmem"}, nowhere = {.tags = "tpu"};
    oct_future *f = oct_submit_with(pool, &wanted, is_here, "bigmem");
    bool here;
    if (oct_result(f, &here) != OCT_OK)
        oct_die(f);
    printf("%s\n", here ? "where the big memory is" : "elsewhere");

    f = oct_submit_with(pool, &nowhere, is_here, "tpu");
    if (oct_result(f, &here) != OCT_OK)
        printf("%s\n%s\n", oct_last_error()->what, oct_last_error()->hint);
    oct_release(f);
    return oct_pool_close(pool);
}
