/* oct/error.h - what every call that can fail returns.
 *
 * A function that can fail returns an oct_err and takes a last argument of type
 * oct_error *, which may be NULL. The error is a flat value: it crosses pipes and MPI by
 * copy, needs no free, and belongs to whoever declared it. On success it is untouched.
 *
 * Messages are lowercase, quote their subject and have no full stop; `hint` is the way
 * out, or empty. */
#ifndef OCT_ERROR_H
#define OCT_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

#define OCT_NODISCARD __attribute__((warn_unused_result))

/* The numbers are part of the wire format and of the JSON output: never renumber. */
typedef enum oct_err {
    OCT_OK = 0,
    OCT_E_INVALID = 1,      /* an argument or an input makes no sense */
    OCT_E_NOMEM = 2,        /* out of memory */
    OCT_E_IO = 3,           /* a file, socket or device failed */
    OCT_E_TIMEOUT = 4,      /* the time given was not enough */
    OCT_E_CANCELLED = 5,    /* somebody cancelled it */
    OCT_E_NOTFOUND = 6,     /* it is not there */
    OCT_E_DENIED = 7,       /* not allowed */
    OCT_E_EXISTS = 8,       /* it is there already, or belongs to somebody else */
    OCT_E_STATE = 9,        /* not now: closed, not started, used twice */
    OCT_E_TYPE = 10,        /* a value of another type than was asked for */
    OCT_E_TASK = 11,        /* the task itself reported a failure */
    OCT_E_CRASH = 12,       /* the task died of a signal or ran out of memory */
    OCT_E_LOST = 13,        /* a process, rank or node is gone */
    OCT_E_UNSUPPORTED = 14, /* this build, engine or version cannot do it */
    OCT_E_PROTOCOL = 15,    /* the other side said something that makes no sense */
    OCT_E_EXHAUSTED = 16,   /* a quota, a disk, a table or a limit is full */
    OCT_E_UNREACHABLE = 17, /* nobody answers there */
    OCT_E_DEADLOCK = 18,    /* waiting would never end */
} oct_err;

typedef struct oct_error {
    oct_err code;
    char what[256]; /* the fact */
    char hint[256]; /* the way out, or "" */
} oct_error;

#define OCT_ERROR_INIT                                                                                       \
    {                                                                                                        \
        OCT_OK, "", ""                                                                                       \
    }

/* The code's name as JSON and logs show it ("not_found"), never NULL. */
const char *oct_err_name(oct_err code);

/* Fills *err (unless NULL) with code and a printf-style message, clears the hint, and
 * returns code, so that `return oct_fail(err, OCT_E_IO, ...)` reads well. A message that
 * is too long is cut and ends in "...". Safe from any thread; keeps errno. */
oct_err oct_fail(oct_error *err, oct_err code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Sets the hint of an error that oct_fail has just filled, and returns its code. With NULL it
 * returns the code that the calling thread last gave oct_fail, so that
 * `return oct_hint(err, ...)` straight after oct_fail is right whether or not anybody wants to
 * know why. */
oct_err oct_hint(oct_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "<prefix>: " before an error's message, for a caller that knows more. */
void oct_prefix(oct_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#ifdef __cplusplus
}
#endif
#endif
