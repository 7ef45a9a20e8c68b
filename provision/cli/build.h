/* cli/build.h - compiles a program's sources in the cluster. */
#ifndef OCTI_CLI_BUILD_H
#define OCTI_CLI_BUILD_H

#include "provision/cli/program.h"
#include "provision/cli/session.h"

typedef enum cli_build_result {
    CLI_BUILD_READY,      /* *path is the program */
    CLI_BUILD_NOT_JOINED, /* the cluster is not what was joined: join it and try again */
    CLI_BUILD_REFUSED,    /* the compiler's messages have been shown */
} cli_build_result;

typedef struct cli_build {
    char path[4096]; /* of the program, in the cluster */
    bool cached;     /* the same sources and flags had been compiled before */
} cli_build;

/* Ships the sources to the head and compiles them with octcc, unless the cluster has the
 * result already; the compiler's messages go to standard error under the names that the
 * user knows. For a program that is in the cluster already only looks it up:
 * OCT_E_NOTFOUND when it is not there. */
OCT_NODISCARD oct_err cli_build_program(const cli_session *session, const cli_program *program,
                                        cli_build_result *result, cli_build *build, oct_error *err);

#endif
