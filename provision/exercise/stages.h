/* exercise/stages.h - the stages of a check, each from a workbench to a verdict.
 *
 * A stage returns an error only for what is not the student's doing (no compiler, no disk for us,
 * stopped); what the program does wrong is in the verdict. */
#ifndef OCTI_STAGES_H
#define OCTI_STAGES_H

#include "provision/exercise/scaling.h"
#include "provision/exercise/verdict.h"
#include "provision/exercise/workbench.h"

OCT_NODISCARD oct_err octi_stage_compile(octi_workbench *bench, octi_verdict *verdict, oct_error *err);

/* On 1, 2 and 8 threads, with each seed, several times; and tasks must have run. */
OCT_NODISCARD oct_err octi_stage_answer(octi_workbench *bench, octi_verdict *verdict, oct_error *err);
OCT_NODISCARD oct_err octi_stage_processes(octi_workbench *bench, octi_verdict *verdict, oct_error *err);

/* On ranks of this machine by mpirun. */
OCT_NODISCARD oct_err octi_stage_ranks(octi_workbench *bench, octi_verdict *verdict, oct_error *err);

OCT_NODISCARD oct_err octi_stage_race(octi_workbench *bench, octi_verdict *verdict, oct_error *err);
OCT_NODISCARD oct_err octi_stage_leak(octi_workbench *bench, octi_verdict *verdict, oct_error *err);

/* *scaling has no rounds when it did not come to measuring. */
OCT_NODISCARD oct_err octi_stage_speed(octi_workbench *bench, octi_scaling *scaling, octi_verdict *verdict,
                                       oct_error *err);

/* Whether another round could change the verdict, and there is time for it after so many seconds: one that is
 * wrong about nobody needs no more than two, one that may still be is asked until seven. */
bool octi_speed_undecided(const octi_scaling *scaling, double seconds);

/* What octi_stage_speed makes of what it measured: the verdict on the lesson of that name. */
void octi_speed_judge(const octi_scaling *scaling, const char *lesson, octi_verdict *verdict);

#endif
