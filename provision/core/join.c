#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "provision/core/digest.h"
#include "provision/core/join.h"
#include "provision/core/lines.h"
#include "runtime/base/buffer.h"
#include "runtime/base/clock.h"

/* Arguments: how many nodes MPI crosses, the mark and its file, and the names of these nodes
 * (empty: any). The first two lines of standard input are the cluster's description and the
 * request to wait for its nodes. The exit status tells which step failed. An MPI check would queue
 * behind running jobs, so it is left out where the same nodes have passed it before. The
 * nodes of a site (OCTAVO_JOINED tells where it keeps the mark) are in its Slurm already. */
static const char script[] =
    "read -r config; read -r wait\n"
    "if [ -z \"${OCTAVO_JOINED:-}\" ]; then\n"
    "printf '%s\\n' \"$config\" | octavo-node configure >&2 || exit 101\n"
    "echo '{\"configured\":true}'\n"
    "printf '%s\\n' \"$wait\" | octavo-slurm || exit 102\n"
    "else set -- \"$1\" \"$2\" \"$OCTAVO_JOINED\" \"$4\"; mkdir -p \"${3%/*}\" || exit 104; fi\n"
    "[ \"$(cat \"$3\" 2>/dev/null)\" = \"$2\" ] && exit 0\n"
    "if [ \"$1\" -gt 0 ]; then\n"
    "echo '{\"checking\":true}'\n"
    "srun --quiet --nodes=\"$1\" --ntasks=\"$1\" --ntasks-per-node=1 ${4:+--nodelist=\"$4\"} --time=2 "
    "--mpi=pmix"
    " --kill-on-bad-exit=1 --job-name=octavo-hello octavo-hello </dev/null || exit 103\n"
    "fi\n"
    "printf '%s\\n' \"$2\" >\"$3.$$\" && mv -f \"$3.$$\" \"$3\" || exit 104\n";

enum {
    NOT_CONFIGURED = 101,
    NOT_JOINED = 102,
    NOT_CROSSED = 103,
    NOT_MARKED = 104,
    NOT_EXECUTABLE = 126,
    ABSENT = 127
};

enum { TAIL_MAX = 2000 };

static const double engine_check_interval = 1.0; /* seconds; a node that died is told, not waited for */

struct join {
    const octi_provider *provider;
    octi_cluster *cluster;
    unsigned known; /* the first ones, that MPI need not cross */
    const octi_observer *observer;
    octi_join_times *times;
    int64_t started_ns;

    octi_lines answers;      /* the script's standard output */
    octi_buffer tail;        /* the end of its standard error */
    oct_error told;          /* an error that octavo-slurm told, or OCT_OK */
    unsigned ranks, crossed; /* of the MPI check */

    octi_provider watch; /* a second connection, opened when joining takes long */
    double next_check;
    bool node_stopped;
};

static double elapsed(const struct join *join)
{
    return (double)(octi_clock_ns() - join->started_ns) / 1e9;
}

/* The NUL is digested too: it keeps one text's end from being the next one's beginning. */
static uint64_t digest(uint64_t before, const char *text)
{
    return octi_digest_add(before, text, strlen(text) + 1);
}

void octi_join_mark(const octi_cluster *cluster, char mark[OCTI_JOIN_MARK])
{
    uint64_t hash = OCTI_DIGEST_INIT;
    for (size_t i = 0; i < cluster->node_count; i++) {
        hash = digest(hash, cluster->nodes[i].name);
        hash = digest(hash, cluster->nodes[i].engine_id);
        hash = digest(hash, cluster->nodes[i].address);
    }
    snprintf(mark, OCTI_JOIN_MARK, "%016llx", (unsigned long long)hash);
}

/* --- what is sent --- */

static json_t *describe(const octi_cluster *cluster, const char *munge_key_file)
{
    json_t *nodes = json_array();
    for (size_t i = 0; i < cluster->node_count; i++)
        json_array_append_new(nodes, json_pack("{s:s, s:s}", "name", cluster->nodes[i].name, "address",
                                               cluster->nodes[i].address));
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    json_int_t generation = (json_int_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    return json_pack("{s:i, s:s, s:I, s:o, s:i, s:s?}", "version", 1, "cluster", cluster->name, "generation",
                     generation, "nodes", nodes, "memory_mb", 0, "munge_key_file", munge_key_file);
}

static oct_err append_line(octi_buffer *out, json_t *object)
{
    char *line = object ? json_dumps(object, JSON_COMPACT) : NULL;
    oct_err code = line ? octi_buffer_printf(out, "%s\n", line) : OCT_E_NOMEM;
    free(line);
    json_decref(object);
    return code;
}

/* The first line is the description, which *described tells the length of. */
static oct_err write_input(const struct join *join, double timeout, octi_buffer *out, size_t *described)
{
    const octi_cluster *cluster = join->cluster;
    oct_err code = append_line(out, describe(cluster, join->provider->ops->munge_key_file));
    *described = out->size;
    if (code == OCT_OK)
        code =
            append_line(out, json_pack("{s:s, s:I, s:I}", "op", "wait_nodes", "count",
                                       (json_int_t)cluster->node_count, "timeout", (json_int_t)timeout + 1));
    return code;
}

/* --- what is heard --- */

static octi_node *node_named(const octi_cluster *cluster, const char *name)
{
    for (size_t i = 0; name && i < cluster->node_count; i++)
        if (strcmp(cluster->nodes[i].name, name) == 0)
            return &cluster->nodes[i];
    return NULL;
}

static void observe(const struct join *join, const octi_node *node, const char *step)
{
    if (join->observer && join->observer->step)
        join->observer->step(join->observer->ctx, node, step);
}

/* Slurm's words for a node that has joined; it may also be at work already. */
static bool is_joined(const char *state)
{
    static const char *const joined[] = {"idle", "mixed", "allocated", "completing"};
    for (size_t i = 0; i < sizeof(joined) / sizeof(joined[0]); i++)
        if (strncasecmp(state, joined[i], strlen(joined[i])) == 0)
            return !strchr(state, '*'); /* '*': does not answer */
    return false;
}

static void hear_node(struct join *join, const json_t *answer)
{
    octi_node *node = node_named(join->cluster, json_string_value(json_object_get(answer, "node")));
    const char *state = json_string_value(json_object_get(answer, "state"));
    if (!node || !state || node->state == OCTI_NODE_READY)
        return;
    if (is_joined(state)) {
        node->state = OCTI_NODE_READY;
        node->reason[0] = '\0';
        observe(join, node, "joined");
        return;
    }
    const char *reason = json_string_value(json_object_get(answer, "reason"));
    snprintf(node->reason, sizeof(node->reason), "%s", reason ? reason : state);
    observe(join, node, state);
}

static void hear_error(struct join *join, const json_t *answer, const json_t *error)
{
    const char *what = json_string_value(json_object_get(error, "what"));
    const char *hint = json_string_value(json_object_get(error, "hint"));
    const char *code = json_string_value(json_object_get(error, "code"));
    oct_fail(&join->told, code && strcmp(code, "timeout") == 0 ? OCT_E_TIMEOUT : OCT_E_LOST, "%s",
             what ? what : "octavo-slurm failed");
    oct_hint(&join->told, "%s", hint ? hint : "");

    size_t index;
    json_t *name;
    json_array_foreach(json_object_get(answer, "missing"), index, name)
    {
        octi_node *node = node_named(join->cluster, json_string_value(name));
        if (node)
            node->state = OCTI_NODE_FAILED;
    }
}

static oct_err hear_line(void *ctx, const char *line, size_t length)
{
    struct join *join = ctx;
    json_t *answer = json_loadb(line, length, 0, NULL);
    if (!answer)
        return OCT_OK; /* some other program's chatter */
    const json_t *error = json_object_get(answer, "error");
    if (error) {
        hear_error(join, answer, error);
    } else if (json_object_get(answer, "configured")) {
        join->times->configured = elapsed(join);
        observe(join, NULL, "waiting for the nodes to join");
    } else if (json_object_get(answer, "node")) {
        hear_node(join, answer);
    } else if (json_object_get(answer, "ready")) {
        join->times->joined = elapsed(join);
    } else if (json_object_get(answer, "checking")) {
        observe(join, NULL, "checking that MPI crosses the nodes");
    } else if (json_object_get(answer, "ranks")) {
        join->ranks = (unsigned)json_integer_value(json_object_get(answer, "ranks"));
        join->crossed = (unsigned)json_integer_value(json_object_get(answer, "nodes"));
        join->times->checked = elapsed(join);
    }
    json_decref(answer);
    return OCT_OK;
}

static oct_err hear(void *ctx, int stream, const void *bytes, size_t size)
{
    struct join *join = ctx;
    if (stream == 1)
        return octi_lines_feed(&join->answers, bytes, size);
    oct_err code = octi_buffer_append(&join->tail, bytes, size);
    if (join->tail.size > TAIL_MAX)
        octi_buffer_consume(&join->tail, join->tail.size - TAIL_MAX);
    return code;
}

/* --- while it takes long --- */

/* Takes over what the engine knows of nodes that ended. */
static void note_stopped(struct join *join)
{
    octi_cluster seen = {0};
    if (join->watch.ops->inspect(join->watch.self, join->cluster->name, &seen, NULL) != OCT_OK)
        return;
    for (size_t i = 0; i < seen.node_count; i++) {
        octi_node *node = node_named(join->cluster, seen.nodes[i].name);
        if (!node || seen.nodes[i].state == OCTI_NODE_STARTING || seen.nodes[i].state == OCTI_NODE_READY)
            continue;
        node->state = OCTI_NODE_FAILED;
        node->exit_status = seen.nodes[i].exit_status;
        memcpy(node->reason, seen.nodes[i].reason, sizeof(node->reason));
        join->node_stopped = true;
    }
    octi_cluster_deinit(&seen);
}

static bool watch(struct join *join)
{
    if (!join->watch.self &&
        join->provider->ops->open(&join->watch.self, &join->cluster->spec, NULL) != OCT_OK) {
        join->watch.self = NULL;
        return false;
    }
    join->watch.ops = join->provider->ops;
    note_stopped(join);
    return join->node_stopped;
}

static bool check_engine(void *ctx)
{
    struct join *join = ctx;
    if (elapsed(join) < join->next_check)
        return false;
    join->next_check = elapsed(join) + engine_check_interval;
    return watch(join);
}

/* --- what went wrong --- */

static const char *last_line(octi_buffer *text)
{
    if (!text->data)
        return "it said nothing";
    while (text->size > 0 && text->data[text->size - 1] == '\n')
        text->data[--text->size] = '\0';
    const char *newline = strrchr(text->data, '\n');
    const char *line = newline ? newline + 1 : text->data;
    return *line ? line : "it said nothing";
}

static oct_err keep_output(void *ctx, int stream, const void *bytes, size_t size)
{
    return stream == 1 ? octi_buffer_append(ctx, bytes, size) : OCT_OK;
}

/* Asks a node that runs but has not joined what is wrong with it. */
static void ask_health(const struct join *join, octi_node *node)
{
    static const char *const argv[] = {"octavo-node", "health", NULL};
    octi_buffer answer = {0};
    octi_exec exec = OCTI_EXEC_INIT;
    exec.argv = argv;
    exec.output = keep_output;
    exec.ctx = &answer;
    exec.timeout = 3;
    int status;
    oct_error unreachable = OCT_ERROR_INIT;
    if (join->provider->ops->exec(join->provider->self, node, &exec, &status, &unreachable) != OCT_OK) {
        snprintf(node->reason, sizeof(node->reason), "%s", unreachable.what);
    } else if (answer.data) {
        json_t *health = json_loadb(answer.data, answer.size, 0, NULL);
        const char *reason = json_string_value(json_object_get(health, "reason"));
        if (reason && *reason)
            snprintf(node->reason, sizeof(node->reason), "%s", reason);
        json_decref(health);
    }
    octi_buffer_deinit(&answer);
}

/* Marks the nodes that have not joined, with reasons, and tells the first. */
static oct_err fail_nodes(struct join *join, double timeout, oct_error *err)
{
    enum { ASKED_MAX = 4 };
    octi_node *first = NULL;
    size_t missing = 0;
    watch(join);
    for (size_t i = 0; i < join->cluster->node_count; i++) {
        octi_node *node = &join->cluster->nodes[i];
        bool stopped = node->state == OCTI_NODE_FAILED && node->reason[0];
        if (node->state == OCTI_NODE_READY || (join->node_stopped && !stopped))
            continue;
        node->state = OCTI_NODE_FAILED;
        if (!stopped && missing < ASKED_MAX)
            ask_health(join, node);
        observe(join, node, node->reason[0] ? node->reason : "did not join");
        first = first ? first : node;
        missing++;
    }
    if (!first)
        return oct_fail(err, OCT_E_TIMEOUT, "'%s' did not become ready within %.0f s", join->cluster->name,
                        timeout);

    char others[40] = "";
    if (missing > 1)
        snprintf(others, sizeof(others), " (and %zu more)", missing - 1);
    oct_err code = join->node_stopped ? OCT_E_LOST : OCT_E_TIMEOUT;
    if (join->node_stopped)
        oct_fail(err, code, "node %u of '%s'%s ended while the cluster was coming up: %s", first->index,
                 join->cluster->name, others, first->reason[0] ? first->reason : "no reason known");
    else
        oct_fail(err, code, "node %u of '%s'%s did not join within %.0f s: %s", first->index,
                 join->cluster->name, others, timeout, first->reason[0] ? first->reason : "no reason known");
    return oct_hint(err, "see 'octavo logs --name %s %u'; 'octavo up --name %s' tries again",
                    join->cluster->name, first->index, join->cluster->name);
}

static oct_err explain(struct join *join, int status, double timeout, oct_error *err)
{
    const char *name = join->cluster->name;
    switch (status) {
    case NOT_CONFIGURED:
        oct_fail(err, OCT_E_STATE, "cannot configure '%s': %s", name, last_line(&join->tail));
        return oct_hint(err, "see 'octavo logs --name %s 0'", name);
    case NOT_JOINED:
        if (join->told.code != OCT_OK && join->told.code != OCT_E_TIMEOUT) {
            *err = join->told;
            return err->code;
        }
        return fail_nodes(join, timeout, err);
    case NOT_CROSSED:
        oct_fail(err, OCT_E_STATE, "MPI does not cross the nodes of '%s': %s", name, last_line(&join->tail));
        return oct_hint(err, "all nodes have joined; see 'octavo logs --name %s'", name);
    case ABSENT:
    case NOT_EXECUTABLE:
        oct_fail(err, OCT_E_UNSUPPORTED, "image '%s' of '%s' is not an Octavo node: %s", join->cluster->image,
                 name, last_line(&join->tail));
        return oct_hint(err, "build one with 'octavo image build'");
    default:
        return oct_fail(err, OCT_E_STATE, "cannot bring up '%s' (step %d): %s", name, status,
                        last_line(&join->tail));
    }
}

/* How many nodes MPI is to cross. */
static size_t new_nodes(const struct join *join)
{
    size_t all = join->cluster->node_count;
    return all > join->known ? all - join->known : 0;
}

static oct_err check_crossed(const struct join *join, oct_error *err)
{
    size_t nodes = new_nodes(join);
    if (join->times->checked == 0 || (join->ranks == nodes && join->crossed == nodes))
        return OCT_OK;
    return oct_fail(err, OCT_E_STATE, "MPI reached %u ranks on %u nodes of '%s' instead of %zu", join->ranks,
                    join->crossed, join->cluster->name, nodes);
}

/* Where no folder is shared, every node is told what the cluster is. */
static oct_err tell_workers(struct join *join, const char *text, size_t size, double timeout, oct_error *err)
{
    static const char *const argv[] = {"octavo-node", "configure", NULL};
    octi_exec exec = OCTI_EXEC_INIT;
    exec.argv = argv;
    exec.input = text;
    exec.input_size = size;
    exec.timeout = timeout;
    const octi_provider *provider = join->provider;
    return provider->ops->exec_workers
               ? provider->ops->exec_workers(provider->self, join->cluster, &exec, err)
               : OCT_OK;
}

/* "dev-[8-11]", as Slurm writes them; empty when all are new. */
static void name_new(const struct join *join, char out[160])
{
    const octi_cluster *cluster = join->cluster;
    out[0] = '\0';
    if (join->known > 0 && new_nodes(join) > 0)
        snprintf(out, 160, "%s-[%u-%zu]", cluster->name, join->known, cluster->node_count - 1);
}

static oct_err run_script(struct join *join, double timeout, oct_error *err)
{
    char count[16], mark[OCTI_JOIN_MARK], names[160];
    snprintf(count, sizeof(count), "%zu", new_nodes(join));
    name_new(join, names);
    octi_join_mark(join->cluster, mark);
    const char *const argv[] = {"sh", "-c", script, "octavo-join", count, mark, OCTI_JOIN_FILE, names, NULL};

    octi_buffer input = {0};
    size_t described = 0;
    if (write_input(join, timeout, &input, &described) != OCT_OK) {
        octi_buffer_deinit(&input);
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    }
    if (tell_workers(join, input.data, described, timeout, err) != OCT_OK) {
        octi_buffer_deinit(&input);
        return watch(join) ? fail_nodes(join, timeout, err) : err ? err->code : OCT_E_LOST;
    }
    octi_exec exec = OCTI_EXEC_INIT;
    exec.argv = argv;
    exec.input = input.data;
    exec.input_size = input.size;
    exec.output = hear;
    exec.interrupted = check_engine;
    exec.ctx = join;
    exec.timeout = timeout + 5; /* octavo-slurm keeps the time; this is for a head that hangs */

    int status = 0;
    oct_err code =
        join->provider->ops->exec(join->provider->self, &join->cluster->nodes[0], &exec, &status, err);
    octi_buffer_deinit(&input);
    if (octi_lines_finish(&join->answers) != OCT_OK && code == OCT_OK)
        code = oct_fail(err, OCT_E_NOMEM, "out of memory");
    if (code == OCT_OK)
        return status == 0 ? check_crossed(join, err) : explain(join, status, timeout, err);
    if (code == OCT_E_TIMEOUT || join->node_stopped || (code == OCT_E_LOST && watch(join)))
        return fail_nodes(join, timeout, err);
    return code;
}

oct_err octi_join(const octi_provider *provider, octi_cluster *cluster, unsigned known, double timeout,
                  const octi_observer *observer, octi_join_times *times, oct_error *err)
{
    octi_join_times unwanted;
    struct join join = {.provider = provider,
                        .cluster = cluster,
                        .known = known,
                        .observer = observer,
                        .times = times ? times : &unwanted,
                        .started_ns = octi_clock_ns(),
                        .answers = {.line = hear_line},
                        .told = OCT_ERROR_INIT,
                        .next_check = 2 * engine_check_interval};
    join.answers.ctx = &join;
    *join.times = (octi_join_times){0};
    observe(&join, NULL, "telling the head who the nodes are");

    oct_err code = run_script(&join, timeout, err);
    if (code == OCT_OK)
        for (size_t i = 0; i < cluster->node_count; i++)
            cluster->nodes[i].state = OCTI_NODE_READY;
    if (join.watch.self)
        join.watch.ops->close(join.watch.self);
    octi_buffer_deinit(&join.tail);
    return code;
}
