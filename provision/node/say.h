/* node/say.h - PID 1's log, which is the container's: one time-stamped line a call. */
#ifndef OCTI_NODE_SAY_H
#define OCTI_NODE_SAY_H

/* Writes "2026-11-22T20:49:35.123Z who: text" to standard error, control characters
 * replaced, in one write. */
void octi_say(const char *who, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
