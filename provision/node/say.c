#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "provision/node/say.h"

void octi_say(const char *who, const char *format, ...)
{
    char line[1400], text[1200], when[32];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = ' ';

    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &parts);
    int size = snprintf(line, sizeof(line), "%s.%03ldZ %s: %s\n", when, now.tv_nsec / 1000000, who, text);
    if (size >= (int)sizeof(line)) {
        size = sizeof(line) - 1;
        line[size - 1] = '\n';
    }
    /* A log that cannot be written has nowhere to complain. */
    if (write(STDERR_FILENO, line, (size_t)size) < 0)
        return;
}
