/* exec/wire.h - a job as bytes, for executors that run it in another process of the same
 * program on this host, and its outcome as bytes back.
 *
 * request: [header][the block of exec/args.h][the values of futures among the arguments, packed]
 * reply:   [header][the packed value, or an oct_failure]
 *
 * Both processes run the same build, so structs travel as they are; what a damaged or foreign
 * message says is still checked before it is believed. */
#ifndef OCTI_WIRE_H
#define OCTI_WIRE_H

#include "runtime/base/buffer.h"
#include "runtime/exec/job.h"

/* Here: appends the request for a job that is ready. Values that are elsewhere are fetched. */
OCT_API OCT_NODISCARD oct_err octi_wire_request(octi_job *job, octi_buffer *to, oct_error *err);

/* There: runs a request and appends the reply; tasks see `pool` as theirs. The request, at an
 * address that is a multiple of 16, is changed. Whatever is wrong with it becomes a reply that
 * says so; OCT_E_NOMEM when there is no room even for that. */
OCT_API OCT_NODISCARD oct_err octi_wire_serve(void *request, size_t size, oct_pool *pool, octi_buffer *reply);

/* Appends a reply that says why a request failed. */
OCT_API OCT_NODISCARD oct_err octi_wire_failure(const oct_failure *failure, octi_buffer *reply);

/* How long the task of a reply ran, in ns; 0 where recording was not on when it was asked for. */
OCT_API int64_t octi_wire_ran(const void *reply, size_t size);

/* True for a reply that says so, or that makes no sense. */
OCT_API bool octi_wire_failed(const void *reply, size_t size);

/* Puts the task, its arguments and the attempt of a request, which is changed, in a failure. */
OCT_API void octi_wire_describe(void *request, size_t size, oct_failure *failure);

/* There: the request as a WAITING job, for one that is not to be run at once; NULL when it makes no
 * sense, takes futures' values, or memory is short. */
OCT_API octi_job *octi_wire_job(void *request, size_t size, oct_pool *pool, oct_error *err);

/* There: appends the reply for such a job, which has ended. */
OCT_API OCT_NODISCARD oct_err octi_wire_outcome(octi_job *job, octi_buffer *reply);

/* Here: ends the RUNNING job as the reply says. True when it failed and is to run once more: it
 * is QUEUED again, and the caller's. */
OCT_API bool octi_wire_reply(octi_job *job, const void *reply, size_t size);

#endif
