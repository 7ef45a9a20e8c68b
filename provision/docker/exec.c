#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "provision/core/connection.h"
#include "provision/core/json.h"
#include "provision/docker/demux.h"
#include "provision/docker/exec.h"
#include "provision/docker/explain.h"

#include "runtime/base/clock.h"
#include "runtime/base/log.h"

enum {
    POLL_MS = 100,
    PIECE = 64 * 1024,
    SETTLE_MAX_MS = 100,
    SETTLE_MS = 500,
    GOODBYE_S = 1,
    NOT_STARTED = 126,
    KILLED = 128 + 9
};

/* One command that runs. */
struct session {
    octi_docker *docker;
    const octi_node *node;
    const octi_exec *exec;
    octi_connection *connection;
    char id[128];  /* the engine's handle of the exec */
    char mark[48]; /* of the command's environment: "OCTAVO_EXEC=..." */
    bool started;
    octi_demux demux;
    bool input_open;
    bool farewell;     /* the piece is the last: a terminal's end of input */
    bool line_open;    /* the last byte sent did not end a line */
    size_t input_sent; /* of exec->input */
    char *piece;       /* read from input_fd, not yet sent */
    size_t piece_at, piece_size;
    char *incoming;
    bool over;
    int64_t deadline_ns; /* 0: none */
};

static bool interrupted(const octi_exec *exec)
{
    return exec->interrupted && exec->interrupted(exec->ctx);
}

/* The octi_exec was cancelled or its time is over. */
static oct_err check_patience(const struct session *session, oct_error *err)
{
    if (interrupted(session->exec))
        return oct_fail(err, OCT_E_CANCELLED, "interrupted");
    if (session->deadline_ns && octi_clock_ns() > session->deadline_ns)
        return oct_fail(err, OCT_E_TIMEOUT, "'%s' on %s took longer than %g s", session->exec->argv[0],
                        session->node->name, session->exec->timeout);
    return OCT_OK;
}

oct_err octi_docker_end_reason(octi_docker *docker, const char *id, char *text, size_t capacity,
                               int *exit_status, oct_error *err)
{
    json_t *reply;
    oct_err code = octi_docker_call(docker, "GET", octi_docker_path(docker, "/containers/%s/json", id), NULL,
                                    &reply, err);
    if (code != OCT_OK)
        return code;
    const json_t *state = octi_json_find(reply, "State");
    int status = (int)octi_json_integer_or(state, "ExitCode", 0);
    char problem[160];
    octi_docker_shorten(octi_json_string_or(state, "Error", ""), problem, sizeof(problem));

    text[0] = '\0';
    *exit_status = status;
    if (octi_json_bool_or(state, "Running", false) && !octi_json_bool_or(state, "Paused", false))
        ;
    else if (octi_json_bool_or(state, "Paused", false))
        snprintf(text, capacity, "paused");
    else if (*problem)
        snprintf(text, capacity, "the engine could not start it: %s", problem);
    else if (strcmp(octi_json_string_or(state, "Status", ""), "created") == 0)
        snprintf(text, capacity, "never started");
    else if (status > 128 && status < 128 + 65)
        snprintf(text, capacity, "killed by signal %d (%s)%s", status - 128, strsignal(status - 128),
                 octi_json_bool_or(state, "OOMKilled", false) ? ", out of memory" : "");
    else
        snprintf(text, capacity, "ended with status %d", status);
    json_decref(reply);
    return OCT_OK;
}

/* Waits a moment for a container to end: a killed node's exec is over before the engine has
 * noted that the node is. An engine that does not answer in time says it runs. */
static void let_settle(octi_docker *docker, const char *id)
{
    char *path = octi_docker_path(docker, "/containers/%s/wait?condition=not-running", id);
    octi_http_request request = {.method = "POST", .path = path, .timeout = SETTLE_MS / 1e3};
    if (path && octi_http_perform(docker->http, &request, NULL) != OCT_OK)
        octi_log(OCT_LOG_DEBUG, "container %s still runs", id);
    octi_http_request_deinit(&request);
    free(path);
}

/* Whether the node itself is down; then *err is OCT_E_LOST and says why. */
static bool node_is_lost(octi_docker *docker, const octi_node *node, oct_error *err)
{
    char why[200];
    int status;
    oct_error problem = OCT_ERROR_INIT;
    oct_err code = octi_docker_end_reason(docker, node->engine_id, why, sizeof(why), &status, &problem);
    if (code == OCT_OK && !*why)
        return false;
    if (code == OCT_OK)
        oct_fail(err, OCT_E_LOST, "node %s is gone: %s", node->name, why);
    else if (code == OCT_E_NOTFOUND)
        oct_fail(err, OCT_E_LOST, "node %s is gone: its container was removed", node->name);
    else
        return false;
    oct_hint(err, "'octavo up' brings it back; 'octavo logs' may tell more");
    return true;
}

static json_t *argv_json(const char *const *argv)
{
    json_t *array = json_array();
    for (; *argv; argv++)
        if (json_array_append_new(array, json_string(*argv)) != 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

static oct_err make_exec(struct session *session, oct_error *err)
{
    const octi_exec *exec = session->exec;
    json_t *argv = argv_json(exec->argv);
    if (!argv)
        return oct_fail(err, OCT_E_INVALID, "an argument of '%s' is not UTF-8, which engines need",
                        exec->argv[0]);
    json_t *body =
        json_pack("{s:b, s:b, s:b, s:b, s:o, s:[s]}", "AttachStdin", session->input_open, "AttachStdout", 1,
                  "AttachStderr", 1, "Tty", exec->tty, "Cmd", argv, "Env", session->mark);
    if (body && exec->workdir)
        json_object_set_new(body, "WorkingDir", json_string(exec->workdir));

    json_t *reply;
    const char *id;
    oct_err code =
        octi_docker_call(session->docker, "POST",
                         octi_docker_path(session->docker, "/containers/%s/exec", session->node->engine_id),
                         body, &reply, err);
    if (code != OCT_OK)
        return code;
    code = octi_json_string(reply, "Id", &id, err);
    if (code == OCT_OK && strlen(id) >= sizeof(session->id))
        code = oct_fail(err, OCT_E_PROTOCOL, "the engine's exec id is too long");
    if (code == OCT_OK)
        strcpy(session->id, id);
    json_decref(reply);
    return code;
}

static oct_err start_exec(struct session *session, oct_error *err)
{
    static const char *const headers[] = {"Connection: Upgrade", "Upgrade: tcp", NULL};
    char *path = octi_docker_path(session->docker, "/exec/%s/start", session->id);
    if (!path)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    octi_upgrade upgrade = {
        .method = "POST",
        .path = path,
        .headers = headers,
        .body = session->exec->tty ? "{\"Detach\":false,\"Tty\":true}" : "{\"Detach\":false,\"Tty\":false}",
        .accept_200 = true,
        .interrupted = session->exec->interrupted,
        .ctx = session->exec->ctx,
    };
    octi_http_head head;
    octi_buffer refusal = {0};
    oct_err code =
        octi_connection_open(session->docker->http, &upgrade, &session->connection, &head, &refusal, err);
    if (code == OCT_OK && !session->connection)
        code = octi_docker_explain(head.status, refusal.data, refusal.size, err);
    session->started = code == OCT_OK;
    octi_buffer_deinit(&refusal);
    free(path);
    return code;
}

/* Tells the engine the terminal's size; a failure is no reason to end the command. */
static void resize(struct session *session, unsigned rows, unsigned columns)
{
    oct_error ignored;
    if (rows > 0 && columns > 0 &&
        octi_docker_call(
            session->docker, "POST",
            octi_docker_path(session->docker, "/exec/%s/resize?h=%u&w=%u", session->id, rows, columns), NULL,
            NULL, &ignored) != OCT_OK)
        return;
}

static void follow_size(struct session *session)
{
    unsigned short rows = 0, columns = 0;
    if (session->exec->tty && session->exec->resized &&
        session->exec->resized(session->exec->ctx, &rows, &columns))
        resize(session, rows, columns);
}

/* Reads the next piece of input_fd; *end when there is no more. */
static oct_err read_piece(struct session *session, bool *end, oct_error *err)
{
    ssize_t got = read(session->exec->input_fd, session->piece, PIECE);
    if (got < 0 && errno != EINTR && errno != EAGAIN && errno != EIO)
        return oct_fail(err, OCT_E_IO, "cannot read the input: %s", strerror(errno));
    *end = got == 0 || (got < 0 && errno == EIO); /* EIO: our terminal hung up */
    session->piece_at = 0;
    session->piece_size = got > 0 ? (size_t)got : 0;
    return OCT_OK;
}

/* Ends the command's input. A terminal is told by its own sign, Control-D, since closing
 * our half would make the engine drop the output as well; in the middle of a line it takes
 * two, the first of which only sends the line. */
static void end_input(struct session *session)
{
    if (!session->exec->tty || session->farewell) {
        session->input_open = false;
        if (!session->exec->tty)
            octi_connection_finish(session->connection);
        return;
    }
    session->farewell = true;
    session->piece_at = 0;
    session->piece_size = session->line_open ? 2 : 1;
    memcpy(session->piece, "\004\004", 2);
}

/* What is to be sent next. */
static void next_input(const struct session *session, const char **bytes, size_t *size)
{
    const octi_exec *exec = session->exec;
    bool whole = exec->input_fd < 0 && !session->farewell;
    *bytes = whole ? (const char *)exec->input + session->input_sent : session->piece + session->piece_at;
    *size = whole ? exec->input_size - session->input_sent : session->piece_size - session->piece_at;
}

static oct_err pump_input(struct session *session, bool readable, oct_error *err)
{
    const char *bytes;
    size_t size, sent = 0;
    next_input(session, &bytes, &size);
    if (size == 0) {
        bool end = session->farewell || session->exec->input_fd < 0;
        oct_err code = !end && readable ? read_piece(session, &end, err) : OCT_OK;
        if (code != OCT_OK)
            return code;
        if (end)
            end_input(session);
        next_input(session, &bytes, &size);
    }
    if (size == 0 || !session->input_open)
        return OCT_OK;
    if (octi_connection_send(session->connection, bytes, size, &sent, err) != OCT_OK) {
        /* The command has gone without reading all; its output and status still matter. */
        session->input_open = false;
        return OCT_OK;
    }
    if (sent > 0)
        session->line_open = bytes[sent - 1] != '\n';
    if (session->exec->input_fd < 0 && !session->farewell)
        session->input_sent += sent;
    else
        session->piece_at += sent;
    return OCT_OK;
}

static oct_err deliver(struct session *session, const char *bytes, size_t size, oct_error *err)
{
    const octi_exec *exec = session->exec;
    if (!exec->tty)
        return octi_demux_feed(&session->demux, bytes, size, exec->output, exec->ctx, err);
    oct_err code = exec->output ? exec->output(exec->ctx, 1, bytes, size) : OCT_OK;
    return code == OCT_OK ? OCT_OK : oct_fail(err, code, "the output was not taken to its end");
}

/* Takes what has come; *got tells whether anything had. */
static oct_err pump_output(struct session *session, bool *got, oct_error *err)
{
    size_t size = 0;
    bool end = false;
    oct_err code = octi_connection_recv(session->connection, session->incoming, PIECE, &size, &end, err);
    if (code == OCT_E_LOST || end) {
        /* A reset is an end as well: what happened is asked for afterwards. */
        session->over = true;
        return OCT_OK;
    }
    if (code != OCT_OK)
        return code;
    *got = size > 0;
    return size > 0 ? deliver(session, session->incoming, size, err) : OCT_OK;
}

/* Waits for output, or for input where we have sent all that we have; true: there is. */
static bool wait_for_either(struct session *session)
{
    const char *bytes;
    size_t unsent = 0;
    if (session->input_open)
        next_input(session, &bytes, &unsent);
    bool wants_input =
        session->input_open && unsent == 0 && session->exec->input_fd >= 0 && !session->farewell;
    struct pollfd ready[2] = {
        {.fd = octi_connection_fd(session->connection),
         .events = (short)(POLLIN | (unsent > 0 ? POLLOUT : 0))},
        {.fd = wants_input ? session->exec->input_fd : -1, .events = POLLIN},
    };
    return poll(ready, 2, POLL_MS) > 0 && ready[1].revents != 0;
}

static oct_err pump(struct session *session, oct_error *err)
{
    bool readable = false;
    oct_err code = OCT_OK;
    while (code == OCT_OK && !session->over) {
        bool got = false;
        code = pump_output(session, &got, err);
        if (code == OCT_OK && session->input_open && !session->over)
            code = pump_input(session, readable, err);
        readable = false;
        if (code == OCT_OK)
            code = check_patience(session, err);
        follow_size(session);
        if (code == OCT_OK && !got && !session->over)
            readable = wait_for_either(session);
    }
    return code;
}

/* Asks for the exit status. The streams end a moment before the engine has reaped the
 * process, or much before when the command closed them itself, and no engine lets one wait
 * for an exec: so ask again, ever less often. */
static oct_err fetch_status(struct session *session, int *exit_status, oct_error *err)
{
    for (int pause_ms = 1;; pause_ms = pause_ms < SETTLE_MAX_MS ? pause_ms * 2 : SETTLE_MAX_MS) {
        json_t *reply;
        int64_t status = 0;
        oct_err code = octi_docker_call(session->docker, "GET",
                                        octi_docker_path(session->docker, "/exec/%s/json", session->id), NULL,
                                        &reply, err);
        if (code != OCT_OK)
            return code;
        bool running = octi_json_bool_or(reply, "Running", false);
        bool known = json_is_integer(octi_json_find(reply, "ExitCode"));
        if (!running)
            code = octi_json_integer(reply, "ExitCode", &status, err);
        json_decref(reply);
        if (!running && (known || code != OCT_OK)) {
            *exit_status = (int)(status & 0xff);
            return code;
        }
        code = check_patience(session, err);
        if (code != OCT_OK)
            return code;
        poll(NULL, 0, pause_ms);
    }
}

/* No two commands have the same. */
static oct_err mark(struct session *session, oct_error *err)
{
    uint64_t token[2];
    if (getrandom(token, sizeof(token), 0) != sizeof(token))
        return oct_fail(err, OCT_E_IO, "no random numbers: %s", strerror(errno));
    snprintf(session->mark, sizeof(session->mark), "OCTAVO_EXEC=%016" PRIx64 "%016" PRIx64, token[0],
             token[1]);
    return OCT_OK;
}

/* An engine leaves a command running whose caller hangs up. This only starts what ends it:
 * whoever is interrupted wants to go, and an engine that does not answer ends nothing. */
static void end_command(const struct session *session)
{
    octi_docker *docker = session->docker;
    const char *token = strchr(session->mark, '=') + 1;
    json_t *body = json_pack("{s:[s, s, s]}", "Cmd", "octavo-node", "end", token), *reply = NULL;
    oct_error error;
    oct_err code = octi_docker_call_within(
        docker, GOODBYE_S, "POST", octi_docker_path(docker, "/containers/%s/exec", session->node->engine_id),
        body, &reply, &error);
    if (code == OCT_OK)
        code = octi_docker_call_within(
            docker, GOODBYE_S, "POST",
            octi_docker_path(docker, "/exec/%s/start", octi_json_string_or(reply, "Id", "")),
            json_pack("{s:b}", "Detach", 1), NULL, &error);
    if (code != OCT_OK)
        octi_log(OCT_LOG_DEBUG, "'%s' may still run on %s: %s", session->exec->argv[0], session->node->name,
                 error.what);
    json_decref(reply);
}

static oct_err run(struct session *session, int *exit_status, oct_error *err)
{
    oct_err code = mark(session, err);
    if (code == OCT_OK)
        code = make_exec(session, err);
    if (code == OCT_OK)
        code = start_exec(session, err);
    if (code != OCT_OK)
        return code;
    if (session->exec->tty)
        resize(session, session->exec->rows, session->exec->columns);
    if (!session->input_open && !session->exec->tty)
        octi_connection_finish(session->connection);
    code = pump(session, err);
    return code == OCT_OK ? fetch_status(session, exit_status, err) : code;
}

oct_err octi_docker_exec(octi_docker *docker, const octi_node *node, const octi_exec *exec, int *exit_status,
                         oct_error *err)
{
    struct session session = {
        .docker = docker,
        .node = node,
        .exec = exec,
        .input_open = exec->input_fd >= 0 || exec->input_size > 0,
        .piece = malloc(PIECE),
        .incoming = malloc(PIECE),
        .deadline_ns = exec->timeout > 0 ? octi_clock_ns() + (int64_t)(exec->timeout * 1e9) : 0,
    };
    int status = 0;
    oct_error problem = OCT_ERROR_INIT;
    oct_err code = session.piece && session.incoming ? run(&session, &status, &problem)
                                                     : oct_fail(&problem, OCT_E_NOMEM, "out of memory");
    octi_connection_close(session.connection);
    if (code != OCT_OK && session.started && !session.over)
        end_command(&session);
    free(session.piece);
    free(session.incoming);

    bool ours =
        code == OCT_E_CANCELLED || code == OCT_E_TIMEOUT || code == OCT_E_INVALID || code == OCT_E_NOMEM;
    bool suspect = code == OCT_OK ? status == KILLED || status == NOT_STARTED : !ours;
    if (suspect && code == OCT_OK)
        let_settle(docker, node->engine_id);
    if (suspect && node_is_lost(docker, node, err))
        return OCT_E_LOST;
    if (code == OCT_OK) {
        *exit_status = status;
        return OCT_OK;
    }
    if (err)
        *err = problem;
    if (!ours)
        oct_prefix(err, "cannot run '%s' on %s", exec->argv[0], node->name);
    return code;
}

/* The log's stream on its way to the caller. */
struct log_sink {
    const octi_exec *sink;
    octi_demux demux;
    oct_error problem;
};

static oct_err take_log(void *ctx, const void *bytes, size_t size)
{
    struct log_sink *log = ctx;
    return octi_demux_feed(&log->demux, bytes, size, log->sink->output, log->sink->ctx, &log->problem);
}

oct_err octi_docker_logs(octi_docker *docker, const octi_node *node, int tail, bool follow,
                         const octi_exec *sink, oct_error *err)
{
    char lines[16];
    snprintf(lines, sizeof(lines), "%d", tail);
    char *path = octi_docker_path(docker, "/containers/%s/logs?stdout=1&stderr=1&tail=%s%s", node->engine_id,
                                  tail < 0 ? "all" : lines, follow ? "&follow=1" : "");
    if (!path)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    struct log_sink log = {.sink = sink, .problem = OCT_ERROR_INIT};
    octi_http_request request = {
        .path = path,
        .output = take_log,
        .ctx = &log,
        .timeout = sink->timeout,
        .idle_timeout = follow ? -1 : 0,
    };
    octi_http_start(docker->http, &request);
    oct_err code = octi_http_wait(docker->http, sink->interrupted, sink->ctx);
    code = octi_docker_outcome(&request, err);
    if (code != OCT_OK && log.problem.code == code && err)
        *err = log.problem;
    if (code != OCT_OK)
        oct_prefix(err, "log of %s", node->name);
    octi_http_request_deinit(&request);
    free(path);
    return code;
}
