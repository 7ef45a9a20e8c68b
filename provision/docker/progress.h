/* docker/progress.h - the lines of JSON with which an engine reports a build, a pull, an
 * import or a load. Pure, fuzzed. */
#ifndef OCTI_DOCKER_PROGRESS_H
#define OCTI_DOCKER_PROGRESS_H

#include <stddef.h>

#include "oct/error.h"
#include "runtime/base/buffer.h"

enum { OCTI_PROGRESS_TAIL = 4096 };

/* Zero-initialise and set the first part. */
typedef struct octi_progress {
    /* Each line of the engine's output, without its end, cleaned of control characters. */
    void (*line)(void *ctx, const char *text);
    void *ctx;

    octi_buffer pending; /* of a JSON line that is not complete */
    octi_buffer text;    /* of an output line that is not complete */
    octi_buffer tail;    /* the last OCTI_PROGRESS_TAIL bytes of output since the step began */
    char id[80];         /* of the image, once told */
    oct_error failure;   /* what the engine reported; code OCT_OK: nothing */
} octi_progress;

void octi_progress_deinit(octi_progress *progress);

/* Feeds any piece of the stream. OCT_E_PROTOCOL when it is no JSON, or a line without end. */
OCT_NODISCARD oct_err octi_progress_feed(octi_progress *progress, const void *bytes, size_t size,
                                         oct_error *err);

/* The stream has ended: what it came to. */
OCT_NODISCARD oct_err octi_progress_finish(octi_progress *progress, oct_error *err);

#endif
