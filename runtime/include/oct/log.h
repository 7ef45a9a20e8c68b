/* oct/log.h - where the libraries' messages go. Silent unless a program asks. */
#ifndef OCT_LOG_H
#define OCT_LOG_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum oct_log_level {
    OCT_LOG_ERROR = 0,
    OCT_LOG_WARN = 1,
    OCT_LOG_INFO = 2,
    OCT_LOG_DEBUG = 3,
} oct_log_level;

/* Called with one finished line, without newline, from any thread, possibly from several
 * at once. It must not call back into the library. */
typedef void (*oct_log_fn)(oct_log_level level, const char *line, void *ctx);

/* Sends messages up to and including `level` to fn; NULL makes the library silent again,
 * which is the default. Call it before the library is used from other threads. */
void oct_log_set(oct_log_fn fn, oct_log_level level, void *ctx);

#ifdef __cplusplus
}
#endif
#endif
