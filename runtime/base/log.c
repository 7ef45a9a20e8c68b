#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "runtime/base/log.h"

/* Set before other threads exist (see oct/log.h), so plain loads are enough. */
static struct {
    oct_log_fn fn;
    oct_log_level level;
    void *ctx;
} hook;

void oct_log_set(oct_log_fn fn, oct_log_level level, void *ctx)
{
    hook.fn = fn;
    hook.level = level;
    hook.ctx = ctx;
}

void octi_log(oct_log_level level, const char *format, ...)
{
    if (!hook.fn || level > hook.level)
        return;

    char line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    hook.fn(level, line, hook.ctx);
}
