#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "oct/error.h"

static const char *const names[] = {
    [OCT_OK] = "ok",
    [OCT_E_INVALID] = "invalid",
    [OCT_E_NOMEM] = "no_memory",
    [OCT_E_IO] = "io",
    [OCT_E_TIMEOUT] = "timeout",
    [OCT_E_CANCELLED] = "cancelled",
    [OCT_E_NOTFOUND] = "not_found",
    [OCT_E_DENIED] = "denied",
    [OCT_E_EXISTS] = "exists",
    [OCT_E_STATE] = "state",
    [OCT_E_TYPE] = "type",
    [OCT_E_TASK] = "task",
    [OCT_E_CRASH] = "crash",
    [OCT_E_LOST] = "lost",
    [OCT_E_UNSUPPORTED] = "unsupported",
    [OCT_E_PROTOCOL] = "protocol",
    [OCT_E_EXHAUSTED] = "exhausted",
    [OCT_E_UNREACHABLE] = "unreachable",
    [OCT_E_DEADLOCK] = "deadlock",
};

const char *oct_err_name(oct_err code)
{
    size_t index = (size_t)code;
    return index < sizeof(names) / sizeof(names[0]) && names[index] ? names[index] : "unknown";
}

static void format_into(char *out, size_t size, const char *format, va_list args)
{
    int length = vsnprintf(out, size, format, args);
    if (length < 0)
        out[0] = '\0';
    else if ((size_t)length >= size)
        memcpy(out + size - 4, "...", 4);
}

/* What oct_fail said last on this thread: what oct_hint returns where there is no error to keep it. */
static __thread oct_err latest = OCT_OK;

oct_err oct_fail(oct_error *err, oct_err code, const char *format, ...)
{
    latest = code;
    if (!err)
        return code;

    int saved_errno = errno;
    char what[sizeof(err->what)]; /* the arguments may point into *err */
    va_list args;
    va_start(args, format);
    format_into(what, sizeof(what), format, args);
    va_end(args);

    err->code = code;
    memcpy(err->what, what, sizeof(what));
    err->hint[0] = '\0';
    errno = saved_errno;
    return code;
}

oct_err oct_hint(oct_error *err, const char *format, ...)
{
    if (!err)
        return latest;

    char hint[sizeof(err->hint)];
    va_list args;
    va_start(args, format);
    format_into(hint, sizeof(hint), format, args);
    va_end(args);
    memcpy(err->hint, hint, sizeof(hint));
    return err->code;
}

void oct_prefix(oct_error *err, const char *format, ...)
{
    if (!err)
        return;

    char prefix[sizeof(err->what)], whole[2 * sizeof(err->what) + 2];
    va_list args;
    va_start(args, format);
    format_into(prefix, sizeof(prefix), format, args);
    va_end(args);
    snprintf(whole, sizeof(whole), "%s: %s", prefix, err->what);
    if (strlen(whole) >= sizeof(err->what))
        memcpy(whole + sizeof(err->what) - 4, "...", 4);
    memcpy(err->what, whole, strlen(whole) + 1);
}
