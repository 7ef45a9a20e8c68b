#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "provision/cli/bring.h"
#include "provision/cli/job.h"
#include "provision/cli/journal.h"
#include "provision/cli/report.h"
#include "provision/cli/term.h"

static oct_err check_size(const cli_job *job, oct_error *err)
{
    const octi_cluster *cluster = &job->session.cluster;
    unsigned wanted = job->cli->spec.nodes;
    if (!cli_given(job->cli, "nodes") || wanted <= cluster->wanted)
        return OCT_OK;
    oct_fail(err, OCT_E_INVALID, "'%s' has %u nodes, so -n %u is too many", cluster->name, cluster->wanted,
             wanted);
    return oct_hint(err, "take another cluster with --name, or 'octavo down' and run this again");
}

oct_err cli_job_cluster(cli_job *job, oct_error *err)
{
    cli_session *session = &job->session;
    oct_err code = cli_session_open(job->cli, session, err);
    if (code != OCT_OK)
        return code;
    code =
        session->provider.ops->inspect(session->provider.self, job->cli->spec.name, &session->cluster, err);
    if (code == OCT_OK) {
        cli_session_warn(job->cli, session);
        code = check_size(job, err);
    }
    cli_bring_report report = {0};
    if (code == OCT_E_NOTFOUND || (code == OCT_OK && !cli_session_complete(session)))
        code = cli_bring_up(job->cli, session, &report, &job->evidence, err);
    return code;
}

oct_err cli_job_build(cli_job *job, const cli_program *program, cli_build *build, oct_error *err)
{
    cli_build_result result;
    oct_err code = cli_build_program(&job->session, program, &result, build, err);
    if (code == OCT_OK && result == CLI_BUILD_NOT_JOINED) {
        code = cli_bring_join(job->cli, &job->session, &job->evidence, err);
        if (code == OCT_OK)
            code = cli_build_program(&job->session, program, &result, build, err);
    }
    if (code != OCT_OK || result == CLI_BUILD_READY)
        return code;
    if (result == CLI_BUILD_NOT_JOINED)
        return oct_fail(err, OCT_E_STATE, "'%s' does not stay joined", job->session.cluster.name);
    return oct_fail(err, OCT_E_TASK, "'%s' does not compile", program->name);
}

unsigned cli_job_ranks(const cli_job *job)
{
    const char *pool = cli_value(job->cli, "pool");
    if (cli_given(job->cli, "nodes"))
        return job->cli->spec.nodes;
    if (pool && strncmp(pool, "cluster", 7) != 0)
        return 1; /* threads and processes stay on one node */
    return job->session.cluster.wanted;
}

/* A program that was compiled into the head's own folder is on no other node. */
static bool needs_broadcast(const cli_job *job, const cli_build *build, const cli_launch *launch)
{
    return job->session.cluster.own_homes && launch->ranks > 1 &&
           strncmp(build->path, OCTI_HOME "/", strlen(OCTI_HOME) + 1) == 0;
}

/* The pool that the program is told to use; NULL: none. */
static const char *pool_of(const cli_job *job, const cli_launch *launch)
{
    const char *asked = launch->sequential ? NULL : cli_value(job->cli, "pool");
    return !asked && launch->apart && job->session.cluster.own_homes ? "threads" : asked;
}

/* Programs that end on their one node within a moment have tiny tasks, and nothing to lose. */
static bool wants_journal(const cli_job *job, const cli_launch *launch)
{
    const char *pool = pool_of(job, launch);
    return !launch->sequential && !cli_given(job->cli, "no-journal") &&
           !(pool && strncmp(pool, "cluster", 7) != 0);
}

static oct_err run_attempts(cli_job *job, cli_launch *launch, int *status, oct_error *err)
{
    cli_journal journal;
    oct_err code = OCT_OK;
    if (wants_journal(job, launch)) {
        code = cli_journal_find(&job->session, launch->argv, cli_given(job->cli, "fresh"), &journal, err);
        if (code != OCT_OK)
            return code;
        launch->journal = journal.path;
        if (journal.size > 0)
            cli_say(job->cli,
                    "octavo: going on with %llu bytes of results of an earlier run; --fresh starts anew",
                    (unsigned long long)journal.size);
    }
    json_decref(job->attempts.losses);
    job->attempts = (cli_attempts){.cli = job->cli, .session = &job->session, .evidence = &job->evidence};
    code = cli_attempts_run(&job->attempts, launch, status, err);
    launch->journal = NULL;
    return code;
}

oct_err cli_job_launch(cli_job *job, const cli_build *build, const char *const *arguments, cli_launch *launch,
                       int *status, oct_error *err)
{
    size_t count = 0, used = 0;
    while (arguments[count])
        count++;
    const char **line = calloc(count + 3, sizeof(*line));
    if (!line)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");

    char pool_option[128], copy[sizeof(build->path) + 8];
    bool broadcast = needs_broadcast(job, build, launch);
    snprintf(copy, sizeof(copy), "%s.copy", build->path);
    const char *pool = pool_of(job, launch);
    snprintf(pool_option, sizeof(pool_option), "--pool=%s", pool ? pool : "");
    line[used++] = broadcast ? copy : build->path;
    if (pool)
        line[used++] = pool_option;
    memcpy(line + used, arguments, count * sizeof(*line));
    launch->argv = line;
    launch->broadcast = broadcast ? build->path : NULL;
    launch->timeout = cli_given(job->cli, "timeout") ? job->cli->spec.timeout : 0;
    oct_err code = run_attempts(job, launch, status, err);
    launch->argv = NULL;
    launch->broadcast = NULL;
    free(line);
    return code;
}

void cli_job_deinit(cli_job *job)
{
    octi_buffer_deinit(&job->evidence);
    json_decref(job->attempts.losses);
    cli_session_close(&job->session);
}
