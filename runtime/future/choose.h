/* future/choose.h - a node for tasks that ask for tags. */
#ifndef OCTI_CHOOSE_H
#define OCTI_CHOOSE_H

#include "oct/pool.h"

/* The next in turn of the nodes that have all of the tags; -1 with *err set when there is none. */
int octi_tags_choose(const oct_pool *pool, const char *tags, oct_error *err);

#endif
