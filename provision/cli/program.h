/* cli/program.h - what `run` was asked to run. */
#ifndef OCTI_CLI_PROGRAM_H
#define OCTI_CLI_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "oct/error.h"

typedef struct cli_program {
    char name[128];    /* of the executable */
    char folder[4096]; /* where the sources are, as the user named it, ending in '/'; or "" for here */
    char remote[4096]; /* a program that is in the cluster already: its path or name; or "" */
    char **sources;    /* file names in folder to compile, the one with main first */
    size_t source_count;
    bool whole_folder; /* ship all its files, not only the sources and headers */
    char lesson[64];   /* the lesson's name, or "" */
    char **arguments;  /* for want of the user's own; NULL, or ended by a NULL */
    size_t argument_count;
    char **flags; /* for the compiler */
    size_t flag_count;
    char **data; /* data sets that `prep` must have made */
    size_t data_count;
} cli_program;

/* Which of a lesson's two programs. */
typedef enum cli_lesson_part { CLI_LESSON_SOLUTION, CLI_LESSON_EXERCISE } cli_lesson_part;

/* Finds out what `what` is: a .c file, a folder of them, the name of a lesson (a folder of
 * <root>/examples that holds lesson.json; root may be NULL), or else a program in the cluster. OCT_E_NOTFOUND
 * when it looks like a file or a lesson and is not there. */
OCT_NODISCARD oct_err cli_program_find(const char *what, const char *root, cli_lesson_part part,
                                       cli_program *out, oct_error *err);

void cli_program_deinit(cli_program *program);

#endif
