/* task/registry.h - the tasks and types of this program, by name.
 *
 * Constructors add them before main starts; the first pool that opens sorts and checks them.
 * From then on the table is read-only and a task's index is the same in every process that
 * runs the same binary. */
#ifndef OCTI_REGISTRY_H
#define OCTI_REGISTRY_H

#include <stddef.h>
#include <stdint.h>

#include "oct/task.h"

/* Sorts the tasks and finds the types behind their arguments' names. May be called again, by
 * any thread. OCT_E_INVALID when two tasks have the same name, or a task has too large an
 * argument list. */
OCT_NODISCARD oct_err octi_registry_resolve(oct_error *err);

/* NULL when there is none: an index may come from another process. */
OCT_API oct_task *octi_registry_at(size_t index);
OCT_API size_t octi_registry_count(void);

/* The task that gives back its argument, a value of that type (kind and size, and the name of a
 * struct). NULL for a struct that no task of the program takes or returns, and no OCT_TYPE names. */
OCT_API oct_task *octi_registry_put(const octi_type *type);

/* A digest of all names and types: differs when two programs' tables differ. */
OCT_API uint64_t octi_registry_digest(void);

#endif
