#include <stdio.h>
#include <string.h>

#include "runtime/exec/args.h"
#include "runtime/exec/failure.h"

static __thread oct_error last_error;

oct_error *octi_last_error(void)
{
    return &last_error;
}

const oct_error *oct_last_error(void)
{
    return &last_error;
}

void octi_failure_init(oct_failure *failure, const octi_job *job, const oct_error *error)
{
    failure->error = *error;
    failure->attempts = job->more ? job->more->attempts : 0;
    snprintf(failure->task, sizeof(failure->task), "%s", job->task->name);
    octi_args_describe(job, failure->args, sizeof(failure->args));
    failure->node[0] = '\0';
    failure->backtrace[0] = '\0';
}
