/* task/put.h - tasks that give back their one argument: a value put somewhere is their result.
 *
 * There is one for each type that a program's tasks take or return, and for those every program
 * has, so that every process of the program knows the same. `run` is NULL: octi_run copies. */
#ifndef OCTI_PUT_H
#define OCTI_PUT_H

#include "oct/task.h"

/* Puts the task for a resolved type on the list, unless it is there or there is no value. The
 * names that the type points at must last. OCT_E_NOMEM. */
OCT_NODISCARD oct_err octi_put_add(oct_task **list, const octi_type *type);

/* The same for numbers, strings and arrays. */
OCT_NODISCARD oct_err octi_put_basic(oct_task **list);

/* NULL when there is none. */
oct_task *octi_put_find(oct_task *list, const octi_type *type);

#endif
