/* oct/oct.h - all of Octavo. */
#ifndef OCT_OCT_H
#define OCT_OCT_H

#include "oct/error.h"
#include "oct/fork.h"
#include "oct/future.h"
#include "oct/log.h"
#include "oct/map.h"
#include "oct/pool.h"
#include "oct/task.h"
#include "oct/trace.h"
#include "oct/value.h"

#endif
