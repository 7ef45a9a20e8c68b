/* oct/tags.h - run where something is: a GPU, a big memory, a licence.
 *
 *   OCTAVO_TAGS=gpu+bigmem        in the environment of a rank: what its node has
 *   --pool=threads:4,tags=gpu     for every node of a pool
 *
 *   oct_future *f = oct_submit_with(pool, &(oct_options){.tags = "gpu"}, train, data);
 *   oct_actor a = oct_actor_open_on(pool, oct_node_tagged(pool, "gpu"), model_open, "net.bin");
 *
 * A tag is a word of letters, digits, '_', '-' and '.'; several are joined by '+', and a task that
 * asks for several runs where all of them are. What they mean is the program's. A node has those of
 * the pool's spec and those of its process's environment; all ranks know all of them from the start.
 * Tasks that ask go to the nodes that have what they ask for in turn; those that do not ask go
 * anywhere, tagged nodes too.
 *
 * Tags that no node has together fail the submit at once: OCT_E_NOTFOUND, and the hint says what
 * there is. Any thread and any task may call these; they cost a look at each node. */
#ifndef OCT_TAGS_H
#define OCT_TAGS_H

#include <stdbool.h>

#include "oct/future.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A node that has all of the tags, of several the next in turn. -1 when there is none, with
 * oct_last_error. */
OCT_API int oct_node_tagged(oct_pool *pool, const char *tags);

/* True when the node has all of them. */
OCT_API bool oct_node_has(const oct_pool *pool, int node, const char *tags);

/* What a node has, joined by '+'; "" for nothing, and where there is no such node. Lasts as long as
 * the pool. */
OCT_API const char *oct_node_tags(const oct_pool *pool, int node);

#ifdef __cplusplus
}
#endif
#endif
