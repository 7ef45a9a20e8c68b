#include "oct/tags.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "runtime/exec/executor.h"
#include "runtime/exec/failure.h"
#include "runtime/exec/pool.h"
#include "runtime/exec/tags.h"
#include "runtime/future/choose.h"

const char *oct_node_tags(const oct_pool *pool, int node)
{
    if (node < 0 || node >= oct_pool_nodes(pool))
        return "";
    return octi_executor_tags(pool->executor, node);
}

bool oct_node_has(const oct_pool *pool, int node, const char *tags)
{
    return node >= 0 && node < oct_pool_nodes(pool) && octi_tags_cover(oct_node_tags(pool, node), tags);
}

/* What there is, each once. */
static oct_err hint_at(const oct_pool *pool, oct_error *err)
{
    char known[192] = "";
    for (int i = 0; i < oct_pool_nodes(pool); i++) {
        const char *have = oct_node_tags(pool, i);
        size_t used = strlen(known);
        if (*have && !octi_tags_cover(known, have) && used + strlen(have) + 2 < sizeof(known))
            snprintf(known + used, sizeof(known) - used, "%s%s", used > 0 ? "+" : "", have);
    }
    return *known ? oct_hint(err, "the nodes of this pool have: %s", known)
                  : oct_hint(err, "no node of this pool has tags: say OCTAVO_TAGS=... where it starts, or "
                                  "--pool=threads,tags=...");
}

int octi_tags_choose(const oct_pool *pool, const char *tags, oct_error *err)
{
    static _Atomic uint32_t turn;
    if (octi_tags_check(tags, strlen(tags), err) != OCT_OK)
        return -1;
    int nodes = oct_pool_nodes(pool), count = 0;
    for (int i = 0; i < nodes; i++)
        count += oct_node_has(pool, i, tags);
    if (count == 0) {
        oct_fail(err, OCT_E_NOTFOUND, "no node has the tag%s '%s'", strchr(tags, '+') ? "s" : "", tags);
        hint_at(pool, err);
        return -1;
    }
    uint32_t skip = turn++ % (uint32_t)count;
    for (int i = 0; i < nodes; i++) {
        if (oct_node_has(pool, i, tags) && skip-- == 0)
            return i;
    }
    return -1;
}

int oct_node_tagged(oct_pool *pool, const char *tags)
{
    oct_error *err = octi_last_error();
    if (pool && octi_pool_admit(pool, err) == OCT_OK)
        return octi_tags_choose(pool, tags ? tags : "", err);
    if (!pool && err->code == OCT_OK)
        oct_fail(err, OCT_E_INVALID, "there is no pool");
    return -1;
}
