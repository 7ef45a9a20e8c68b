/* docker/image.h - images on an engine: look, build, import, pull, move, remove.
 *
 * `docker` is what the provider's open stored as self. */
#ifndef OCTI_DOCKER_IMAGE_H
#define OCTI_DOCKER_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "oct/error.h"
#include "provision/docker/engine.h"
#include "runtime/base/buffer.h"

typedef struct octi_image {
    char id[80];      /* "sha256:..." */
    char created[40]; /* RFC 3339 */
    char version[64]; /* the label octavo.version, or "" */
    char source[64];  /* the label octavo.source, or "": a digest of what it was made from */
    uint64_t size;    /* bytes */
} octi_image;

/* What a long call reports; every member may be absent. */
typedef struct octi_image_watch {
    void (*line)(void *ctx, const char *text); /* each line of the engine's output */
    bool (*interrupted)(void *ctx);            /* true ends the call with OCT_E_CANCELLED */
    void *ctx;
    octi_buffer *last_lines; /* after a failure: what the failing step said last */
} octi_image_watch;

typedef struct octi_image_recipe {
    const char *context;       /* local folder */
    const char *dockerfile;    /* in the context; NULL: "Dockerfile" */
    const char *target;        /* stage; NULL: the last */
    const char *tag;           /* repository:tag of the result */
    const char *const *args;   /* "NAME=value", NULL-terminated; or NULL */
    const char *const *labels; /* the same */
    const char *network;       /* for its commands; NULL: the engine's default */
    bool no_cache;
} octi_image_recipe;

/* OCT_E_NOTFOUND, with the way out, when the engine has no such image. */
OCT_NODISCARD oct_err octi_image_inspect(octi_docker *docker, const char *name, octi_image *out,
                                         oct_error *err);

/* Sends the context and builds. A failure names the step's command and its end. */
OCT_NODISCARD oct_err octi_image_build(octi_docker *docker, const octi_image_recipe *recipe,
                                       const octi_image_watch *watch, oct_error *err);

/* Makes an image of one layer from the tar stream that fd gives until its end. `changes`
 * are Dockerfile instructions ("ENV A=b"), NULL-terminated, or NULL. */
OCT_NODISCARD oct_err octi_image_import(octi_docker *docker, int fd, const char *name,
                                        const char *const *changes, const octi_image_watch *watch,
                                        oct_error *err);

/* Asks a registry; gives up after `timeout` seconds. OCT_E_UNREACHABLE or OCT_E_TIMEOUT when
 * none answers. */
OCT_NODISCARD oct_err octi_image_pull(octi_docker *docker, const char *name, double timeout,
                                      const octi_image_watch *watch, oct_error *err);

/* Sends an image to the registry that its name begins with, as who octi_credentials_find says. OCT_E_DENIED
 * or OCT_E_UNREACHABLE, with the way out. */
OCT_NODISCARD oct_err octi_image_push(octi_docker *docker, const char *name, const octi_image_watch *watch,
                                      oct_error *err);

OCT_NODISCARD oct_err octi_image_tag(octi_docker *docker, const char *name, const char *new_name,
                                     oct_error *err);

/* OCT_E_NOTFOUND when it is not there, OCT_E_STATE when a container uses it. */
OCT_NODISCARD oct_err octi_image_remove(octi_docker *docker, const char *name, oct_error *err);

/* Removes the images without a name that carry the label ("key=value"), and only those: what
 * they were built on stays, to build on again. Best effort. */
void octi_image_sweep(octi_docker *docker, const char *label);

/* Writes the image as a docker archive to fd; reads one from fd. */
OCT_NODISCARD oct_err octi_image_save(octi_docker *docker, const char *name, int fd,
                                      const octi_image_watch *watch, oct_error *err);
OCT_NODISCARD oct_err octi_image_load(octi_docker *docker, int fd, const octi_image_watch *watch,
                                      oct_error *err);

#endif
