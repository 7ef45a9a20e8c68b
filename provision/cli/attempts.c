#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provision/cli/attempts.h"
#include "provision/cli/heal.h"
#include "provision/cli/journal.h"
#include "provision/cli/report.h"
#include "provision/cli/stream.h"
#include "runtime/base/clock.h"

enum {
    FRUITLESS_MAX = 3, /* attempts in a row that recorded nothing */
    HEAL_TRIES = 3,
    HEAL_LOSSES = 8, /* nodes may be lost while one is healed, each by a fault of its own */
    EXEC_SECONDS = 5,
};

static double seconds_since(int64_t start_ns)
{
    return (double)(octi_clock_ns() - start_ns) / 1e9;
}

/* --- whether it can be run again --- */

/* Input that was read once is not there a second time, unless it is a file, which is read
 * again from where it began, or a terminal. */
static bool rewind_input(int fd, off_t start)
{
    struct stat info;
    if (fd < 0 || isatty(fd))
        return true;
    if (fstat(fd, &info) != 0)
        return false;
    return S_ISCHR(info.st_mode) || (S_ISREG(info.st_mode) && lseek(fd, start, SEEK_SET) == start);
}

static uint64_t journal_size(const cli_attempts *attempts, const cli_launch *launch)
{
    const char *const argv[] = {"stat", "-c", "%s", launch->journal, NULL};
    octi_buffer answer = {0};
    int status = 0;
    unsigned long long size = 0;
    if (launch->journal &&
        cli_session_ask(attempts->session, argv, NULL, 0, EXEC_SECONDS, &answer, NULL, &status, NULL) ==
            OCT_OK &&
        (status != 0 || !answer.data || sscanf(answer.data, "%llu", &size) != 1))
        size = 0;
    octi_buffer_deinit(&answer);
    return size;
}

/* --- what is said --- */

static oct_err note(cli_attempts *attempts, const cli_loss *loss, double seconds, oct_error *err)
{
    json_t *entry =
        json_pack("{s:s, s:s, s:f}", "node", loss->node, "cause", loss->cause, "seconds", seconds);
    if (!attempts->losses)
        attempts->losses = json_array();
    if (json_array_append_new(attempts->losses, entry) != 0)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    return OCT_OK;
}

static void say_loss(const cli_attempts *attempts, const cli_loss *loss, double seconds, const char *then)
{
    cli_say(attempts->cli, "octavo: %s: %s; attempt %u ended after %.1f s: %s", loss->node, loss->cause,
            attempts->count, seconds, then);
}

static void say_end(const cli_attempts *attempts, const cli_launch *launch)
{
    if (attempts->count > 1)
        cli_say(attempts->cli, "octavo: that took %u attempts; %u node%s replaced", attempts->count,
                attempts->healed, attempts->healed == 1 ? " was" : "s were");
    if (launch->output_differs)
        cli_say(attempts->cli, "octavo: the last attempt's output began otherwise than what had been shown "
                               "of the one before");
}

/* --- what is done --- */

/* The ranks on other nodes know nothing of the head's end, and nobody is left to tell them. */
static void end_ranks(const cli_attempts *attempts)
{
    static const char *const argv[] = {"pkill", "-KILL", "-f", "^octavo-node task ", NULL};
    const cli_session *session = attempts->session;
    for (size_t i = 1; i < session->cluster.node_count; i++) {
        octi_exec exec = OCTI_EXEC_INIT;
        int status;
        exec.argv = argv;
        exec.timeout = EXEC_SECONDS;
        /* A node that cannot be told is healed or left out like the head. */
        oct_err ignored = session->provider.ops->exec(session->provider.self, &session->cluster.nodes[i],
                                                      &exec, &status, NULL);
        (void)ignored;
    }
}

/* The step's daemon on the head would wait a minute for the report of the one that is gone
 * (slurmstepd's REVERSE_TREE_CHILDREN_TIMEOUT), and hold the head from the next step meanwhile. */
static void end_lost_step(const cli_attempts *attempts, const cli_launch *launch)
{
    static const char script[] = "for try in 1 2 3 4 5; do\n"
                                 "    job=$(squeue -h -n \"$1\" -o '%i %t')\n"
                                 "    case $job in '') exit ;; *CG) break ;; esac\n"
                                 "    sleep 0.2\n"
                                 "done\n"
                                 "pkill -KILL -f \"^slurmstepd: \\[${job% *}\\.\"\n";
    const char *const argv[] = {"sh", "-c", script, "octavo-run", launch->job, NULL};
    int status;
    oct_err ignored =
        cli_session_ask(attempts->session, argv, NULL, 0, EXEC_SECONDS, NULL, NULL, &status, NULL);
    (void)ignored; /* then the next step waits that minute */
}

/* What ran on the lost node is told to the next attempt, which blames a task that is lost again and
 * again: journal/suspects.h. Where nodes share no folder the notes went with the node. */
static void tell_suspects(const cli_attempts *attempts, const cli_launch *launch)
{
    static const char script[] =
        "for notes in \"$1.on-$2\".*; do\n"
        "    [ ! -e \"$notes\" ] || mv -f \"$notes\" \"$1.lost-$3-${notes#\"$1.on-\"}\"\n"
        "done\n"
        "rm -f \"$1\".on-*\n";
    char attempt[16];
    snprintf(attempt, sizeof(attempt), "%u", attempts->count);
    const char *const argv[] = {"sh",    "-c", script, "octavo-run", launch->journal, launch->loss.node,
                                attempt, NULL};
    int status;
    if (!launch->journal || launch->loss.left)
        return;
    oct_err ignored =
        cli_session_ask(attempts->session, argv, NULL, 0, EXEC_SECONDS, NULL, NULL, &status, NULL);
    (void)ignored; /* then this loss is nobody's */
}

/* Another node may be lost meanwhile; and what is left of the lost step, which a new head ends, may
 * take the check of MPI along with it (OCT_E_STATE). */
static oct_err heal(cli_attempts *attempts, const cli_loss *loss, oct_error *err)
{
    oct_err code;
    int losses = 0, failures = 0;
    do {
        cli_bring_report report = {0};
        attempts->evidence->size = 0;
        code = cli_heal(attempts->cli, attempts->session, losses + failures == 0 ? loss->node : NULL, &report,
                        attempts->evidence, err);
        losses += code == OCT_E_LOST;
        failures += code == OCT_E_TIMEOUT || code == OCT_E_STATE;
    } while ((code == OCT_E_LOST && losses < HEAL_LOSSES) ||
             ((code == OCT_E_TIMEOUT || code == OCT_E_STATE) && failures < HEAL_TRIES));
    attempts->healed += code == OCT_OK && !loss->left;
    return code;
}

/* Goes on without it: nodes that are FAILED are no business of the guard. */
static oct_err drop(cli_attempts *attempts, cli_launch *launch, oct_error *err)
{
    octi_cluster *cluster = &attempts->session->cluster;
    unsigned left = 0;
    for (size_t i = 0; i < cluster->node_count; i++) {
        if (strcmp(cluster->nodes[i].name, launch->loss.node) == 0)
            cluster->nodes[i].state = OCTI_NODE_FAILED;
        left += cli_node_works(&cluster->nodes[i]);
    }
    if (launch->loss.head || left == 0) {
        oct_fail(err, OCT_E_LOST, "the head of '%s' is lost: %s", cluster->name, launch->loss.cause);
        return oct_hint(err, "'octavo heal %s' brings it back, and so does 'run' without --no-heal",
                        cluster->name);
    }
    if (launch->ranks > left)
        launch->ranks = left;
    return OCT_OK;
}

/* The program, its journal and what it wrote were in folders of the lost head's own. */
static bool is_homeless(const cli_attempts *attempts, const cli_loss *loss)
{
    return loss->head && !loss->rank && attempts->session->cluster.own_homes &&
           !attempts->session->provider.ops->leave_out;
}

static oct_err fail_homeless(const cli_attempts *attempts, const cli_launch *launch, oct_error *err)
{
    const octi_cluster *cluster = &attempts->session->cluster;
    oct_fail(err, OCT_E_LOST, "the head of '%s' is lost, and the program's folder went with it: %s",
             cluster->name, launch->loss.cause);
    return oct_hint(err, "run it again; a cluster whose spec names a storage_class keeps its home");
}

static oct_err leave_out(const cli_attempts *attempts, cli_launch *launch, oct_error *err)
{
    const octi_provider *provider = &attempts->session->provider;
    octi_cluster *cluster = &attempts->session->cluster;
    oct_err code = provider->ops->leave_out(provider->self, cluster, err);
    if (code == OCT_OK && launch->ranks > cluster->node_count)
        launch->ranks = (unsigned)cluster->node_count;
    return code;
}

static oct_err recover(cli_attempts *attempts, cli_launch *launch, oct_error *err)
{
    if (attempts->session->provider.ops->leave_out)
        return leave_out(attempts, launch, err);
    if (launch->loss.rank)
        return OCT_OK;
    if (is_homeless(attempts, &launch->loss))
        return fail_homeless(attempts, launch, err);
    if (launch->loss.head)
        end_ranks(attempts);
    else
        end_lost_step(attempts, launch);
    if (cli_given(attempts->cli, "no-heal"))
        return drop(attempts, launch, err);
    oct_err code = heal(attempts, &launch->loss, err);
    unsigned nodes = attempts->session->cluster.wanted;
    if (code == OCT_OK && launch->ranks > nodes) { /* 'scale' has taken them */
        cli_say(attempts->cli, "octavo: '%s' has %u node%s now: going on with as many ranks",
                attempts->session->cluster.name, nodes, nodes == 1 ? "" : "s");
        launch->ranks = nodes;
    }
    return code;
}

static const char *what_follows(const cli_attempts *attempts, const cli_loss *loss)
{
    if (is_homeless(attempts, loss))
        return "not going on";
    if (loss->rank)
        return "going on";
    bool heals = attempts->session->provider.ops->discard && !cli_given(attempts->cli, "no-heal");
    return heals && !loss->left ? "replacing it and going on" : "going on without it";
}

oct_err cli_attempts_run(cli_attempts *attempts, cli_launch *launch, int *status, oct_error *err)
{
    off_t input_start = launch->input_fd >= 0 ? lseek(launch->input_fd, 0, SEEK_CUR) : 0;
    int64_t first_ns = octi_clock_ns();
    double limit = launch->timeout;
    uint64_t recorded = 0;
    const octi_provider_ops *ops = attempts->session->provider.ops;
    launch->guarded = ops->discard || ops->leave_out;
    for (unsigned fruitless = 0;;) {
        int64_t start_ns = octi_clock_ns();
        attempts->count++;
        oct_err code = cli_launch_run(attempts->session, launch, status, err);
        const cli_loss *loss = &launch->loss;
        if (code != OCT_OK || !loss->node[0]) {
            say_end(attempts, launch);
            return code;
        }
        double seconds = seconds_since(start_ns);
        if (note(attempts, loss, seconds, err) != OCT_OK)
            return err ? err->code : OCT_E_NOMEM;
        if (loss->all)
            return recover(attempts, launch, err);
        if (limit > 0 && seconds_since(first_ns) >= limit) {
            say_loss(attempts, loss, seconds, "the time is over");
            return OCT_OK;
        }
        if (!rewind_input(launch->input_fd, input_start)) {
            say_loss(attempts, loss, seconds,
                     "not going on, as its input is a pipe that cannot be read again");
            return OCT_OK;
        }
        if (fruitless == FRUITLESS_MAX - 1) {
            say_loss(attempts, loss, seconds, "giving up after three attempts that recorded no result");
            return OCT_OK;
        }
        say_loss(attempts, loss, seconds, what_follows(attempts, loss));
        if (limit > 0)
            launch->timeout = limit - seconds_since(first_ns);
        code = recover(attempts, launch, err);
        if (code != OCT_OK)
            return code;
        tell_suspects(attempts, launch);
        uint64_t size = journal_size(attempts, launch);
        fruitless = size > recorded ? 0 : fruitless + 1;
        recorded = size;
    }
}
