/* oct/oct.h - all of Octavo. */
#ifndef OCT_OCT_H
#define OCT_OCT_H

#include "oct/actor.h"
#include "oct/array.h"
#include "oct/bag.h"
#include "oct/error.h"
#include "oct/arrow.h"
#include "oct/fork.h"
#include "oct/frame.h"
#include "oct/future.h"
#include "oct/lazy.h"
#include "oct/log.h"
#include "oct/map.h"
#include "oct/mapping.h"
#include "oct/node.h"
#include "oct/pool.h"
#include "oct/reduce.h"
#include "oct/scatter.h"
#include "oct/shared.h"
#include "oct/tags.h"
#include "oct/task.h"
#include "oct/trace.h"
#include "oct/value.h"

#endif
