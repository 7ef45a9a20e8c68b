/* exec/options.h - what every program understands on its command line. */
#ifndef OCTI_OPTIONS_H
#define OCTI_OPTIONS_H

#include <stdbool.h>

typedef struct octi_options {
    const char *pool;  /* --pool=SPEC, or NULL; these point into argv's strings */
    const char *trace; /* --trace=FILE, or NULL */
    bool profile;      /* --profile */
} octi_options;

/* Takes them out of argv, up to "--". Both may be NULL. `--pool SPEC` is understood too. */
octi_options octi_options_take(int *argc, char **argv);

#endif
