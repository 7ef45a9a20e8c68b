#include "provision/slurm/slurm.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "provision/core/json.h"
#include "provision/core/spec.h"
#include "provision/slurm/local.h"
#include "provision/slurm/pilot.h"
#include "runtime/base/clock.h"

enum { LOOK_FIRST_MS = 100, LOOK_LAST_MS = 2000, TICK_MS = 100 };

/* There is nothing to keep: every question is a process of its own. */
static oct_err site_open(void **self, const octi_spec *spec, oct_error *err)
{
    (void)spec;
    static char site;
    (void)err;
    *self = &site;
    return OCT_OK;
}

static void site_close(void *self)
{
    (void)self;
}

static oct_err keep(void *ctx, int stream, const void *bytes, size_t size)
{
    return stream == 1 ? octi_buffer_append(ctx, bytes, size) : OCT_OK;
}

static oct_err site_engine(void *self, octi_engine_info *out, oct_error *err)
{
    static const char *const argv[] = {"srun", "--version", NULL};
    (void)self;
    char **environment = octi_pilot_environment(0);
    octi_buffer answer = {0};
    octi_exec exec = OCTI_EXEC_INIT;
    int status;
    exec.argv = argv;
    exec.output = keep;
    exec.ctx = &answer;
    exec.timeout = 10;
    oct_err code = environment ? octi_local_run(&exec, environment, &status, err)
                               : oct_fail(err, OCT_E_NOMEM, "out of memory");
    octi_pilot_environment_free(environment);
    if (code == OCT_E_NOTFOUND)
        oct_hint(err, "run this on the site's login node, where Slurm's commands are");
    if (code == OCT_OK) {
        const char *conf = getenv("SLURM_CONF");
        *out = (octi_engine_info){.product = "Slurm"};
        snprintf(out->endpoint, sizeof(out->endpoint), "%s", conf ? conf : "/etc/slurm/slurm.conf");
        octi_text_clean(answer.data ? answer.data : "", out->version, sizeof(out->version));
    }
    octi_buffer_deinit(&answer);
    return code;
}

static oct_err site_list(void *self, char ***names, size_t *count, oct_error *err)
{
    (void)self;
    json_t *list, *pilot;
    size_t i, used = 0;
    oct_err code = octi_pilot_list(&list, err);
    if (code != OCT_OK)
        return code;
    char **found = calloc(json_array_size(list) + 1, sizeof(*found));
    json_array_foreach(list, i, pilot)
    {
        const char *name = octi_json_string_or(pilot, "name", OCTI_PILOT_PREFIX);
        if (found && (found[used] = strdup(name + strlen(OCTI_PILOT_PREFIX))))
            used++;
    }
    json_decref(list);
    if (!found)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    *names = found;
    *count = used;
    return OCT_OK;
}

/* --- a pilot as a cluster --- */

static void format_time(int64_t seconds, char *out, size_t size)
{
    struct tm parts;
    time_t when = (time_t)seconds;
    if (seconds <= 0 || !gmtime_r(&when, &parts) || strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        snprintf(out, size, "unknown");
}

/* How long the allocation lasts still, which a person wants to know before starting more. */
static void say_left(const octi_pilot *pilot, octi_cluster *cluster)
{
    enum { SOON_SECONDS = 300 };
    octi_node *first = &cluster->nodes[0];
    long left = (long)(pilot->ends - (int64_t)time(NULL));
    left = left > 0 ? left : 0;
    if (pilot->ends <= 0 || left > 366l * 86400) {
        snprintf(first->reason, sizeof(first->reason), "pilot job %u, without a time limit", pilot->job);
        return;
    }
    snprintf(first->reason, sizeof(first->reason), "pilot job %u ends in %ld:%02ld:%02ld", pilot->job,
             left / 3600, left / 60 % 60, left % 60);
    if (left < SOON_SECONDS)
        snprintf(cluster->warning, sizeof(cluster->warning),
                 "warning: the allocation of '%s' (job %u) is over in %ld min %ld s, and what runs then ends",
                 cluster->name, pilot->job, left / 60, left % 60);
}

/* Slurm has taken lost nodes out of the allocation. */
static void say_lost(const octi_pilot *pilot, octi_cluster *cluster)
{
    if (!*cluster->warning && cluster->node_count < pilot->spec.nodes)
        snprintf(cluster->warning, sizeof(cluster->warning),
                 "warning: '%s' has lost %zu of its %u nodes, and goes on with the others", cluster->name,
                 pilot->spec.nodes - cluster->node_count, pilot->spec.nodes);
}

/* A site's nodes keep the site's names. */
static oct_err make_cluster(const char *name, const octi_pilot *pilot, octi_cluster *out, oct_error *err)
{
    size_t count = json_array_size(pilot->nodes);
    octi_cluster cluster = {.wanted = count > 0 ? (unsigned)count : pilot->spec.nodes,
                            .spec = pilot->spec,
                            .provider = "slurm",
                            .watched = true,
                            .head_apart = true};
    cluster.nodes = calloc(count + 1, sizeof(*cluster.nodes));
    if (!cluster.nodes)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    snprintf(cluster.name, sizeof(cluster.name), "%s", name);
    snprintf(cluster.image, sizeof(cluster.image), "none");
    snprintf(cluster.home, sizeof(cluster.home), "%s", octi_pilot_home());
    format_time(pilot->submitted, cluster.created, sizeof(cluster.created));
    for (size_t i = 0; i < count; i++) {
        octi_node *node = &cluster.nodes[i];
        const char *host = json_string_value(json_array_get(pilot->nodes, i));
        node->index = (unsigned)i;
        node->state = OCTI_NODE_STARTING;
        snprintf(node->name, sizeof(node->name), "%s", host ? host : "?");
        snprintf(node->engine_id, sizeof(node->engine_id), "%u", pilot->job);
    }
    cluster.node_count = count;
    if (count > 0) {
        say_left(pilot, &cluster);
        say_lost(pilot, &cluster);
    }
    *out = cluster;
    return OCT_OK;
}

static oct_err site_inspect(void *self, const char *name, octi_cluster *out, oct_error *err)
{
    (void)self;
    octi_pilot pilot;
    oct_err code = octi_pilot_find(name, &pilot, err);
    if (code != OCT_OK)
        return code;
    code = make_cluster(name, &pilot, out, err);
    octi_pilot_deinit(&pilot);
    return code;
}

/* --- create --- */

static void say_waiting(const octi_pilot *pilot, const octi_observer *observer)
{
    char text[320], when[32];
    int64_t now = (int64_t)time(NULL);
    format_time(pilot->started, when, sizeof(when));
    if (pilot->started > now)
        snprintf(text, sizeof(text), "job %u waits: %s (estimated start %s)", pilot->job, pilot->reason,
                 when);
    else
        snprintf(text, sizeof(text), "job %u waits: %s", pilot->job, pilot->reason);
    if (observer && observer->step)
        observer->step(observer->ctx, NULL, text);
}

/* False when interrupted. */
static bool pause_ms(const octi_observer *observer, int ms)
{
    for (; ms > 0; ms -= TICK_MS) {
        if (observer && observer->interrupted && observer->interrupted(observer->ctx))
            return false;
        poll(NULL, 0, ms < TICK_MS ? ms : TICK_MS);
    }
    return true;
}

static void cancel(uint32_t job)
{
    json_t *reply;
    if (octi_pilot_ask(json_pack("{s:s, s:i}", "op", "cancel", "job", (int)job), &reply, NULL) == OCT_OK)
        json_decref(reply);
}

/* A pilot that will not run, or not in time, is cancelled. */
static oct_err give_up(const octi_pilot *pilot, const octi_spec *spec, oct_error *err)
{
    cancel(pilot->job);
    if (pilot->hopeless) {
        oct_fail(err, OCT_E_EXHAUSTED, "job %u would never start: %s; it is cancelled", pilot->job,
                 pilot->reason);
        return oct_hint(
            err, "'sinfo' shows what there is; change -n, --time, --partition, --account or --constraint");
    }
    oct_fail(err, OCT_E_TIMEOUT, "job %u did not start within %.0f s and is cancelled: %s", pilot->job,
             spec->timeout, pilot->reason);
    return oct_hint(err, "wait longer with --timeout, or ask for fewer nodes or less --time");
}

static oct_err look_again(const octi_spec *spec, octi_pilot *pilot, oct_error *err)
{
    octi_pilot_deinit(pilot);
    oct_err code = octi_pilot_find(spec->name, pilot, err);
    if (code != OCT_E_NOTFOUND)
        return code;
    oct_fail(err, OCT_E_LOST, "the pilot of '%s' was cancelled, or ended, before it ran", spec->name);
    return oct_hint(err, "'octavo up --on slurm --name %s' submits another", spec->name);
}

/* A free site runs the pilot at once. Else looks often at first, then less and less: a queue of thousands
 * must not be asked ten times a second. */
static oct_err await_running(const octi_spec *spec, const octi_observer *observer, octi_pilot *pilot,
                             oct_error *err)
{
    int64_t until = octi_clock_ns() + (int64_t)(spec->timeout * 1e9);
    char told[sizeof(pilot->reason)] = "";
    for (int wait = LOOK_FIRST_MS; strcmp(pilot->state, "RUNNING") != 0;) {
        if (strcmp(told, pilot->reason) != 0)
            say_waiting(pilot, observer);
        memcpy(told, pilot->reason, sizeof(told));
        if (pilot->hopeless || octi_clock_ns() > until)
            return give_up(pilot, spec, err);
        if (!pause_ms(observer, wait))
            return oct_fail(err, OCT_E_CANCELLED, "interrupted");
        oct_err code = look_again(spec, pilot, err);
        if (code != OCT_OK)
            return code;
        wait = wait * 3 / 2 < LOOK_LAST_MS ? wait * 3 / 2 : LOOK_LAST_MS;
    }
    return OCT_OK;
}

static oct_err site_create(void *self, const octi_spec *spec, const octi_observer *observer,
                           octi_cluster *out, oct_error *err)
{
    (void)self;
    octi_pilot pilot = {0};
    oct_err code = octi_pilot_find(spec->name, &pilot, err);
    if (code == OCT_OK) {
        octi_spec have = pilot.spec;
        memcpy(have.image, spec->image, sizeof(have.image)); /* a site has none */
        code = octi_spec_match(&have, spec, err);
    } else if (code == OCT_E_NOTFOUND) {
        code = octi_pilot_submit(spec, &pilot, err);
    }
    if (code == OCT_OK)
        code = await_running(spec, observer, &pilot, err);
    if (code == OCT_OK)
        code = make_cluster(spec->name, &pilot, out, err);
    octi_pilot_deinit(&pilot);
    return code;
}

static oct_err site_plan(void *self, const octi_spec *spec, octi_buffer *text, oct_error *err)
{
    (void)self;
    return octi_pilot_script(spec, text) == OCT_OK ? OCT_OK : oct_fail(err, OCT_E_NOMEM, "out of memory");
}

static oct_err site_destroy(void *self, const char *name, const octi_observer *observer, size_t *removed,
                            oct_error *err)
{
    (void)self;
    (void)observer;
    octi_pilot pilot;
    json_t *reply;
    *removed = 0;
    oct_err code = octi_pilot_find(name, &pilot, err);
    if (code == OCT_E_NOTFOUND)
        return OCT_OK;
    if (code != OCT_OK)
        return code;
    code = octi_pilot_ask(json_pack("{s:s, s:i}", "op", "cancel", "job", (int)pilot.job), &reply, err);
    if (code == OCT_OK) {
        char mark[4096];
        snprintf(mark, sizeof(mark), "%s/.cache/octavo/joined-%u", octi_pilot_home(), pilot.job);
        unlink(mark);
        json_decref(reply);
        *removed = 1;
    }
    octi_pilot_deinit(&pilot);
    return code;
}

/* Slurm has taken the lost node out of the pilot; or the pilot has ended, since somebody has revoked it or
 * its time is over. */
static oct_err site_leave_out(void *self, octi_cluster *cluster, oct_error *err)
{
    octi_cluster left = {0};
    oct_err code = site_inspect(self, cluster->name, &left, err);
    if (code == OCT_E_NOTFOUND) {
        oct_fail(err, OCT_E_LOST, "the allocation of '%s' is over", cluster->name);
        return oct_hint(
            err,
            "'octavo up --on slurm --name %s' asks for another, in which the same 'octavo run' goes "
            "on from the results that it has",
            cluster->name);
    }
    if (code != OCT_OK)
        return code;
    octi_cluster_deinit(cluster);
    *cluster = left;
    return OCT_OK;
}

/* --- commands --- */

/* The head's commands run here, on the login node, where the compiler and Slurm's commands
 * are; other nodes' as a step of one task on that node. */
static oct_err run_on(const octi_node *node, const octi_exec *exec, char *const *environment,
                      int *exit_status, oct_error *err)
{
    if (node->index == 0)
        return octi_local_run(exec, environment, exit_status, err);

    char list[80];
    snprintf(list, sizeof(list), "--nodelist=%s", node->name);
    const char *const head[] = {"srun",
                                "--quiet",
                                "--nodes=1",
                                "--ntasks=1",
                                "--mpi=none",
                                list,
                                exec->tty ? "--pty" : "--unbuffered",
                                "--"};
    size_t head_count = sizeof(head) / sizeof(head[0]), count = 0;
    while (exec->argv[count])
        count++;
    const char **argv = calloc(head_count + count + 1, sizeof(*argv));
    if (!argv)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    memcpy(argv, head, sizeof(head));
    memcpy(argv + head_count, exec->argv, count * sizeof(*argv));
    octi_exec step = *exec;
    step.argv = argv;
    oct_err code = octi_local_run(&step, environment, exit_status, err);
    free(argv);
    return code;
}

static oct_err site_exec(void *self, const octi_node *node, const octi_exec *exec, int *exit_status,
                         oct_error *err)
{
    (void)self;
    octi_exec command = *exec;
    char **environment = octi_pilot_environment((uint32_t)strtoul(node->engine_id, NULL, 10));
    if (!environment)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    if (!command.workdir)
        command.workdir = octi_pilot_home();
    oct_err code = run_on(node, &command, environment, exit_status, err);
    octi_pilot_environment_free(environment);
    return code;
}

static oct_err site_evidence(void *self, const char *name, octi_buffer *text, oct_error *err)
{
    (void)self;
    octi_pilot pilot;
    oct_err code = octi_pilot_find(name, &pilot, err);
    if (code != OCT_OK)
        return code == OCT_E_NOTFOUND ? OCT_OK : code;
    if (strcmp(pilot.state, "RUNNING") != 0)
        code = octi_buffer_printf(text, "job %u: %s, %s\n", pilot.job, pilot.state, pilot.reason);
    octi_pilot_deinit(&pilot);
    return code == OCT_OK ? OCT_OK : oct_fail(err, code, "out of memory");
}

const octi_provider_ops octi_slurm_ops = {
    .name = "slurm",
    .summary = "a pilot allocation on a Slurm site, from its login node",
    .max_nodes = OCTI_NODES_MAX,
    .open = site_open,
    .close = site_close,
    .engine = site_engine,
    .list = site_list,
    .create = site_create,
    .inspect = site_inspect,
    .destroy = site_destroy,
    .leave_out = site_leave_out,
    .exec = site_exec,
    .plan = site_plan,
    .evidence = site_evidence,
};
