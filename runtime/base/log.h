/* base/log.h - how our own code writes to the hook of oct/log.h. */
#ifndef OCTI_LOG_H
#define OCTI_LOG_H

#include "oct/log.h"

/* Costs one load and one compare when nobody listens at that level. */
void octi_log(oct_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
