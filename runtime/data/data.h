/* data/data.h - what reduce.c and fold.c share. */
#ifndef OCTI_DATA_H
#define OCTI_DATA_H

#include "oct/pool.h"

/* OCT_OK when there is a pool and the task combines two values. */
OCT_NODISCARD oct_err octi_check_combiner(const oct_pool *pool, const oct_task *task, oct_error *err);

#endif
