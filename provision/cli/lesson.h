/* cli/lesson.h - runs a lesson: its data, the loop on one node, the program on all nodes,
 * and whether both say the same. */
#ifndef OCTI_CLI_LESSON_H
#define OCTI_CLI_LESSON_H

#include "provision/cli/job.h"

/* arguments (NULL-terminated) take the place of the lesson's own unless there are none.
 * Stores the program's exit status, 1 when the two results differ. */
OCT_NODISCARD oct_err cli_lesson_run(cli_job *job, const char *name, const char *const *arguments,
                                     int *status, oct_error *err);

#endif
