#include <stdlib.h>
#include <string.h>

#include "provision/cli/commands.h"
#include "provision/cli/interrupt.h"
#include "provision/cli/report.h"
#include "provision/cli/session.h"

/* How many jobs run in the cluster; 0 also when nobody answers. */
static size_t count_jobs(const cli_context *cli)
{
    static const char *const argv[] = {"timeout", "1", "octavo-slurm", NULL};
    static const char request[] = "{\"op\":\"jobs\"}\n";
    cli_session session = {0};
    octi_buffer answer = {0};
    size_t running = 0;
    int status;
    if (cli_session_find(cli, &session, NULL) == OCT_OK &&
        cli_session_ask(&session, argv, request, sizeof(request) - 1, 3, &answer, NULL, &status, NULL) ==
            OCT_OK &&
        answer.data) {
        json_t *reply = json_loadb(answer.data, answer.size, JSON_DISABLE_EOF_CHECK, NULL);
        size_t index;
        json_t *job;
        json_array_foreach(json_object_get(reply, "jobs"), index, job)
        {
            const char *state = json_string_value(json_object_get(job, "state"));
            running += state && (strcmp(state, "RUNNING") == 0 || strcmp(state, "PENDING") == 0);
        }
        json_decref(reply);
    }
    octi_buffer_deinit(&answer);
    cli_session_close(&session);
    return running;
}

/* Networks and volumes, steps without a node, are too quick to be worth a line. */
static void show_step(void *ctx, const octi_node *node, const char *step)
{
    if (node)
        cli_progress_node(ctx, node->name, strcmp(step, "removed") == 0 ? CLI_DONE : CLI_WORKING, step);
}

static oct_err remove_one(const cli_context *cli, const cli_session *session, const char *name,
                          size_t *removed, oct_error *err)
{
    cli_progress_mode mode = cli->quiet ? CLI_PROGRESS_QUIET : cli->progress;
    cli_progress *progress = cli_progress_create(mode, stderr, name);
    octi_observer observer = {.step = show_step, .ctx = progress};
    cli_progress_phase(progress, "removing");
    *removed = 0;
    oct_err code = session->provider.ops->destroy(session->provider.self, name, &observer, removed, err);
    cli_progress_destroy(progress);
    return code;
}

static oct_err remove_named(const cli_context *cli, char **names, size_t count, const cli_session *session,
                            json_t *done, oct_error *err)
{
    oct_err code = OCT_OK;
    for (size_t i = 0; i < count && code == OCT_OK; i++) {
        size_t removed;
        code = remove_one(cli, session, names[i], &removed, err);
        if (code != OCT_OK)
            break;
        json_array_append_new(done,
                              json_pack("{s:s, s:I}", "cluster", names[i], "removed", (json_int_t)removed));
        if (!cli->json && removed > 0)
            cli_say(cli, "%s is down", names[i]);
        else if (!cli->json)
            cli_say(cli, "there is no cluster '%s': nothing to remove", names[i]);
    }
    return code;
}

static void say_plan(const cli_context *cli, char **names, size_t count)
{
    if (count == 0)
        cli_say(cli, "there is no cluster: nothing to remove");
    for (size_t i = 0; i < count; i++)
        cli_say(cli, "would remove cluster '%s', its nodes, network and volumes", names[i]);
}

static int down_all(const cli_context *cli)
{
    cli_session session = {0};
    char **names = NULL;
    size_t count = 0;
    oct_error err = OCT_ERROR_INIT;
    json_t *done = json_array();
    oct_err code = cli_session_open(cli, &session, &err);
    if (code == OCT_OK)
        code = session.provider.ops->list(session.provider.self, &names, &count, &err);
    bool agreed =
        code == OCT_OK && (count == 0 || cli->dry_run || cli_confirm(cli, "remove all %zu clusters?", count));
    if (code == OCT_OK && (cli->dry_run || count == 0))
        say_plan(cli, names, count);
    else if (code == OCT_OK && agreed)
        code = remove_named(cli, names, count, &session, done, &err);
    if (code == OCT_OK && cli->json)
        cli_print_json(json_pack("{s:O}", "removed", done));
    json_decref(done);
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
    cli_session_close(&session);
    if (code != OCT_OK)
        return cli_fail(cli, &err, NULL);
    return agreed ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

static int down_one(const cli_context *cli)
{
    char *name = (char *)cli->spec.name;
    if (cli->dry_run) {
        say_plan(cli, &name, 1);
        return CLI_EXIT_OK;
    }
    size_t running = cli_may_ask(cli) ? count_jobs(cli) : 0;
    if (running > 0 && !cli_confirm(cli, "%zu job%s in '%s': remove it all the same?", running,
                                    running == 1 ? " is" : "s are", name))
        return CLI_EXIT_FAILED;

    cli_session session = {0};
    oct_error err = OCT_ERROR_INIT;
    json_t *done = json_array();
    oct_err code = cli_session_open(cli, &session, &err);
    if (code == OCT_OK)
        code = remove_named(cli, &name, 1, &session, done, &err);
    if (code == OCT_OK && cli->json)
        cli_print_json(json_pack("{s:O}", "removed", done));
    json_decref(done);
    cli_session_close(&session);
    return code == OCT_OK ? CLI_EXIT_OK : cli_fail(cli, &err, NULL);
}

static int down(cli_context *cli, int argc, char **argv)
{
    oct_error problem = OCT_ERROR_INIT;
    if (cli_take_name(cli, argc, argv, &problem) != OCT_OK)
        return cli_fail(cli, &problem, NULL);
    cli_interrupt_message("interrupted: 'octavo down' removes the rest");
    int status = cli_given(cli, "all") ? down_all(cli) : down_one(cli);
    cli_interrupt_message(NULL);
    return status;
}

static const cli_option options[] = {
    {"all", 'a', NULL, "all clusters of this provider"},
    {NULL, 0, NULL, NULL},
};

const cli_command cli_command_down = {
    .name = "down",
    .operands = "[NAME]",
    .summary = "remove a cluster and all that it made",
    .about = "Removes a cluster: its nodes, network and volumes, what lies in its home folder included, and "
             "nothing else. "
             "On a terminal it asks first when jobs are running.",
    .examples =
        {
            {"octavo down", "the cluster called octavo"},
            {"octavo down dev --yes", "another one, without asking"},
            {"octavo down --all", "every cluster"},
        },
    .options = options,
    .run = down,
};
