/* exec/processes/symbol.h - addresses of this program's code as function, file and line. */
#ifndef OCTI_SYMBOL_H
#define OCTI_SYMBOL_H

#include <stddef.h>

/* Writes one line a frame, innermost first: "  #0 divide at math.c:12". The first is where
 * it happened, the others are return addresses. What called the task is left out. Frames that
 * nobody knows are shown as addresses; what does not fit is cut at a line's end. Any thread;
 * slow. */
void octi_symbol_backtrace(void *const *frames, int count, char *out, size_t size);

#endif
