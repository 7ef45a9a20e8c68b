/* docker/events.h - what an engine remembers of a container's end. */
#ifndef OCTI_DOCKER_EVENTS_H
#define OCTI_DOCKER_EVENTS_H

#include "provision/docker/engine.h"
#include "runtime/base/buffer.h"

/* Appends a line for each event of the container that bears on its end (out of memory,
 * killed, died), oldest first: "2026-01-02T03:04:05Z die exitCode=137". Engines keep a few
 * hundred events of all containers; none is no failure. */
OCT_NODISCARD oct_err octi_docker_events(octi_docker *docker, const char *id, octi_buffer *text,
                                         oct_error *err);

#endif
