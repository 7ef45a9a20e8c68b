#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "provision/core/connection.h"
#include "provision/core/json.h"
#include "provision/core/websocket.h"
#include "provision/kubernetes/exec.h"
#include "provision/kubernetes/explain.h"
#include "provision/kubernetes/found.h"
#include "runtime/base/clock.h"

enum { POLL_MS = 100, PIECE = 32 * 1024, THREADS_MAX = 16, NOT_FOUND = 127, FIND_SECONDS = 3 };

/* The first byte of every message (kubernetes.io: remotecommand v4, v5). */
enum { STDIN, STDOUT, STDERR, STATUS, RESIZE, HALF_CLOSE = 255 };

/* v4 cannot end standard input alone. So there the input is sent as pieces led by their size,
 * 0 being the end, and this unpacks them: what it leaves behind in the background ends with
 * the stream, and holds neither the command nor its output. */
static const char unpack_script[] = "[ -z \"$1\" ] || cd \"$1\" || exit 126; shift; exec 3<&0; "
                                    "{ while read -r n && [ \"$n\" -gt 0 ]; do head -c \"$n\" || exit; done "
                                    "<&3 2>/dev/null & } | \"$@\" 3<&-";

static const char folder_script[] = "cd \"$1\" && shift && exec \"$@\"";

struct session {
    octi_kube *kube;
    const octi_node *node;
    const octi_exec *exec;
    octi_connection *connection;
    octi_websocket socket;
    octi_buffer unsent; /* encoded messages */
    bool packed;        /* v4: input in pieces with their size */
    bool input_open;
    bool line_open; /* the last byte sent did not end a line */
    size_t input_sent;
    char piece[PIECE];
    bool refused; /* by the machine, before the command began */
    bool has_status, over;
    int exit_status;
    oct_error told; /* the server's own failure, in its Status */
    int64_t deadline_ns;
};

oct_err octi_kube_exit_read(const char *text, size_t size, int *exit_status, oct_error *err)
{
    json_t *root;
    oct_err code = octi_json_parse(text, size, "the end of the command", &root, err);
    if (code != OCT_OK)
        return code;
    const char *message = octi_json_string_or(root, "message", ""), *number = NULL;
    const json_t *cause;
    size_t i;
    json_array_foreach(octi_json_find(root, "details/causes"), i, cause)
    {
        if (strcmp(octi_json_string_or(cause, "reason", ""), "ExitCode") == 0)
            number = octi_json_string_or(cause, "message", NULL);
    }
    if (strcmp(octi_json_string_or(root, "status", ""), "Success") == 0) {
        *exit_status = 0;
    } else if (number && *number >= '0' && *number <= '9') {
        *exit_status = atoi(number) & 0xff;
    } else if (strstr(message, "executable file not found") || strstr(message, "no such file or directory")) {
        *exit_status = NOT_FOUND;
    } else {
        char shown[200];
        octi_text_clean(message, shown, sizeof(shown));
        code = oct_fail(err, OCT_E_LOST, "%s", *shown ? shown : "the command's end makes no sense");
    }
    json_decref(root);
    return code;
}

static oct_err check_patience(const struct session *session, oct_error *err)
{
    const octi_exec *exec = session->exec;
    if (exec->interrupted && exec->interrupted(exec->ctx))
        return oct_fail(err, OCT_E_CANCELLED, "interrupted");
    if (session->deadline_ns && octi_clock_ns() > session->deadline_ns)
        return oct_fail(err, OCT_E_TIMEOUT, "'%s' on %s took longer than %g s", exec->argv[0],
                        session->node->name, exec->timeout);
    return OCT_OK;
}

/* --- opening --- */

static oct_err add_argument(octi_buffer *path, const char *argument)
{
    oct_err code = octi_buffer_printf(path, "&command=");
    return code == OCT_OK ? octi_http_escape(path, argument) : code;
}

static oct_err write_path(const struct session *session, bool packed, octi_buffer *path)
{
    const octi_exec *exec = session->exec;
    oct_err code = octi_buffer_printf(
        path, "/api/v1/namespaces/%s/pods/%s/exec?container=node&stdout=1&stdin=%d&%s",
        session->kube->namespace, session->node->name, session->input_open, exec->tty ? "tty=1" : "stderr=1");
    const char *folder = exec->workdir ? exec->workdir : "";
    const char *const wrapping[] = {"sh", "-c", packed ? unpack_script : folder_script, "octavo-exec",
                                    folder};
    for (size_t i = 0; code == OCT_OK && (packed || *folder) && i < sizeof(wrapping) / sizeof(wrapping[0]);
         i++)
        code = add_argument(path, wrapping[i]);
    for (const char *const *argument = exec->argv; code == OCT_OK && *argument; argument++)
        code = add_argument(path, *argument);
    return code;
}

static oct_err check_reply(const octi_http_head *head, const char *key, oct_error *err)
{
    char accept[OCTI_WEBSOCKET_ACCEPT];
    octi_websocket_accept(key, accept);
    if (strcmp(head->accept, accept) != 0)
        return oct_fail(err, OCT_E_PROTOCOL, "the API server's WebSocket handshake makes no sense");
    return OCT_OK;
}

/* Asks for one version of the protocol; *status is the HTTP status. */
static oct_err try_open(struct session *session, const char *version, bool packed, int *status,
                        oct_error *err)
{
    char key[OCTI_WEBSOCKET_KEY], key_line[64], version_line[64];
    octi_buffer path = {0}, refusal = {0};
    octi_http_head head = {0};
    oct_err code = octi_websocket_key(key, err);
    if (code == OCT_OK && write_path(session, packed, &path) != OCT_OK)
        code = oct_fail(err, OCT_E_NOMEM, "out of memory");
    snprintf(key_line, sizeof(key_line), "Sec-WebSocket-Key: %s", key);
    snprintf(version_line, sizeof(version_line), "Sec-WebSocket-Protocol: %s.channel.k8s.io", version);
    const char *const headers[] = {"Upgrade: websocket",
                                   "Connection: Upgrade",
                                   "Sec-WebSocket-Version: 13",
                                   key_line,
                                   version_line,
                                   NULL};
    octi_upgrade upgrade = {.method = "GET",
                            .path = path.data,
                            .headers = headers,
                            .timeout = session->exec->timeout,
                            .interrupted = session->exec->interrupted,
                            .ctx = session->exec->ctx};
    if (code == OCT_OK)
        code =
            octi_connection_open(session->kube->http, &upgrade, &session->connection, &head, &refusal, err);
    *status = head.status;
    if (code == OCT_OK && session->connection)
        code = check_reply(&head, key, err);
    else if (code == OCT_OK)
        code = octi_kube_explain(head.status >= 400 ? head.status : 500, refusal.data, refusal.size, err);
    session->refused = code != OCT_OK && head.status == 500;
    session->packed = packed;
    octi_buffer_deinit(&path);
    octi_buffer_deinit(&refusal);
    return code;
}

/* v5 where the server has it (1.30 and later), since the input's framing must be known before;
 * a server that refuses it gets v4. */
static oct_err open_stream(struct session *session, oct_error *err)
{
    int status = 0;
    oct_err code = OCT_E_UNSUPPORTED;
    bool pack = session->input_open && !session->exec->tty;
    if (session->kube->minor >= 30) {
        code = try_open(session, "v5", false, &status, err);
        if (code == OCT_OK || (status != 400 && status != 403))
            return code;
    }
    return try_open(session, "v4", pack, &status, err);
}

/* --- sending --- */

static oct_err queue(struct session *session, int channel, const void *bytes, size_t size, oct_error *err)
{
    if (octi_websocket_encode(OCTI_WEBSOCKET_BINARY, channel, bytes, size, &session->unsent) == OCT_OK)
        return OCT_OK;
    return oct_fail(err, OCT_E_NOMEM, "out of memory");
}

static oct_err queue_input(struct session *session, const char *bytes, size_t size, oct_error *err)
{
    char lead[24];
    int length = session->packed ? snprintf(lead, sizeof(lead), "%zu\n", size) : 0;
    oct_err code = length ? queue(session, STDIN, lead, (size_t)length, err) : OCT_OK;
    if (size > 0)
        session->line_open = bytes[size - 1] != '\n';
    return code == OCT_OK && size > 0 ? queue(session, STDIN, bytes, size, err) : code;
}

/* A terminal is told by its own sign, Control-D; in the middle of a line it takes two. */
static oct_err end_input(struct session *session, oct_error *err)
{
    session->input_open = false;
    if (session->exec->tty)
        return queue(session, STDIN, "\004\004", session->line_open ? 2 : 1, err);
    if (session->packed)
        return queue_input(session, NULL, 0, err);
    return queue(session, HALF_CLOSE, "\0", 1, err);
}

static oct_err read_input(struct session *session, oct_error *err)
{
    const octi_exec *exec = session->exec;
    if (exec->input_fd < 0) {
        size_t left = exec->input_size - session->input_sent;
        size_t size = left < PIECE ? left : PIECE;
        if (left == 0)
            return end_input(session, err);
        const char *bytes = (const char *)exec->input + session->input_sent;
        session->input_sent += size;
        return queue_input(session, bytes, size, err);
    }
    ssize_t got = read(exec->input_fd, session->piece, PIECE);
    if (got > 0)
        return queue_input(session, session->piece, (size_t)got, err);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return OCT_OK;
    if (got < 0 && errno != EIO) /* EIO: our terminal hung up */
        return oct_fail(err, OCT_E_IO, "cannot read the input: %s", strerror(errno));
    return end_input(session, err);
}

static void follow_size(struct session *session, bool first)
{
    const octi_exec *exec = session->exec;
    unsigned short rows = exec->rows, columns = exec->columns;
    char text[64];
    if (!exec->tty || (!first && !(exec->resized && exec->resized(exec->ctx, &rows, &columns))) || !rows)
        return;
    int length = snprintf(text, sizeof(text), "{\"Width\":%u,\"Height\":%u}", columns, rows);
    oct_error ignored; /* a wrong size is no reason to end the command */
    if (queue(session, RESIZE, text, (size_t)length, &ignored) != OCT_OK)
        return;
}

static oct_err flush(struct session *session)
{
    size_t sent = 0;
    if (session->unsent.size == 0)
        return OCT_OK;
    oct_error ignored;
    if (octi_connection_send(session->connection, session->unsent.data, session->unsent.size, &sent,
                             &ignored) != OCT_OK)
        sent = session->unsent.size; /* the command has ended; its output and status still matter */
    octi_buffer_consume(&session->unsent, sent);
    return OCT_OK;
}

/* --- receiving --- */

static oct_err take_message(void *ctx, octi_websocket_kind kind, const void *bytes, size_t size)
{
    struct session *session = ctx;
    const octi_exec *exec = session->exec;
    if (kind == OCTI_WEBSOCKET_PING)
        return octi_websocket_encode(OCTI_WEBSOCKET_PONG, -1, bytes, size, &session->unsent);
    if (kind == OCTI_WEBSOCKET_CLOSE)
        session->over = true;
    if (kind == OCTI_WEBSOCKET_CLOSE || kind == OCTI_WEBSOCKET_PONG || size == 0)
        return OCT_OK;
    int channel = *(const unsigned char *)bytes;
    const char *payload = (const char *)bytes + 1;
    if (channel == STATUS && size > 1) {
        session->has_status = true;
        session->told = (oct_error)OCT_ERROR_INIT;
        oct_err code = octi_kube_exit_read(payload, size - 1, &session->exit_status, &session->told);
        session->over = true; /* it is the last to come: all output was before it */
        return code == OCT_E_NOMEM ? code : OCT_OK;
    }
    if ((channel == STDOUT || channel == STDERR) && size > 1 && exec->output)
        return exec->output(exec->ctx, exec->tty ? 1 : channel, payload, size - 1);
    return OCT_OK;
}

static oct_err receive(struct session *session, bool *got_any, oct_error *err)
{
    char bytes[16 * 1024];
    size_t got = 0;
    bool end = false;
    oct_err code = octi_connection_recv(session->connection, bytes, sizeof(bytes), &got, &end, err);
    if (code == OCT_E_LOST || end) {
        session->over = true;
        return OCT_OK;
    }
    *got_any = got > 0;
    if (code == OCT_OK && got > 0)
        code = octi_websocket_feed(&session->socket, bytes, got, take_message, session, err);
    return code;
}

static oct_err pump(struct session *session, oct_error *err)
{
    oct_err code = OCT_OK;
    while (code == OCT_OK && !session->over) {
        bool got = false;
        code = receive(session, &got, err);
        follow_size(session, false);
        if (code == OCT_OK)
            code = flush(session);
        if (code == OCT_OK)
            code = check_patience(session, err);
        bool wants = session->input_open && session->unsent.size == 0;
        bool at_once = wants && session->exec->input_fd < 0;
        if (code == OCT_OK && at_once && !session->over)
            code = read_input(session, err);
        if (code != OCT_OK || got || session->over || at_once)
            continue;
        struct pollfd ready[2] = {
            {.fd = octi_connection_fd(session->connection),
             .events = (short)(POLLIN | (session->unsent.size > 0 ? POLLOUT : 0))},
            {.fd = wants ? session->exec->input_fd : -1, .events = POLLIN},
        };
        if (poll(ready, 2, POLL_MS) > 0 && ready[1].revents)
            code = read_input(session, err);
    }
    return code;
}

/* Whether the pod itself is gone or down; then *err is OCT_E_LOST and says why. */
static bool node_is_lost(octi_kube *kube, const octi_node *node, oct_error *err)
{
    json_t *pod = NULL;
    octi_node now = {0};
    oct_error problem = OCT_ERROR_INIT;
    oct_err code = octi_kube_call(kube, "GET", octi_kube_path(kube, "api/v1", "pods/%s", node->name), NULL,
                                  NULL, &pod, &problem);
    if (code == OCT_OK)
        octi_kube_node_read(pod, &now);
    json_decref(pod);
    bool other = code == OCT_OK && *node->engine_id && strcmp(now.engine_id, node->engine_id) != 0;
    if (code == OCT_OK && now.state == OCTI_NODE_STARTING && !other)
        return false;
    if (code != OCT_OK && code != OCT_E_NOTFOUND)
        return false;
    oct_fail(err, OCT_E_LOST, "node %s is gone: %s", node->name,
             code != OCT_OK ? "its pod was removed"
             : other        ? "another pod has taken its place"
                            : now.reason);
    oct_hint(err, "'octavo up' brings it back; 'octavo logs' may tell more");
    return true;
}

static oct_err run(struct session *session, int *exit_status, oct_error *err)
{
    oct_err code = open_stream(session, err);
    if (code != OCT_OK)
        return code;
    follow_size(session, true);
    code = pump(session, err);
    if (code != OCT_OK)
        return code;
    if (!session->has_status)
        return oct_fail(err, OCT_E_LOST, "the connection was cut before the command ended");
    if (session->told.code != OCT_OK) {
        if (err)
            *err = session->told;
        return session->told.code;
    }
    *exit_status = session->exit_status;
    return OCT_OK;
}

static oct_err run_once(octi_kube *kube, const octi_node *node, const octi_exec *exec, int *exit_status,
                        bool *refused, oct_error *err)
{
    struct session *session = calloc(1, sizeof(*session));
    if (!session)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    session->kube = kube;
    session->node = node;
    session->exec = exec;
    session->input_open = exec->input_fd >= 0 || exec->input_size > 0;
    session->deadline_ns = exec->timeout > 0 ? octi_clock_ns() + (int64_t)(exec->timeout * 1e9) : 0;
    oct_err code = run(session, exit_status, err);
    *refused = session->refused;
    octi_connection_close(session->connection);
    octi_websocket_deinit(&session->socket);
    octi_buffer_deinit(&session->unsent);
    free(session);
    return code;
}

/* A pod that has just taken the place of one of its name is running before its kubelet, which looks for
 * containers by that name, finds the new one. */
static oct_err run_when_found(octi_kube *kube, const octi_node *node, const octi_exec *exec, int *exit_status,
                              oct_error *err)
{
    static const struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};
    int64_t until_ns = octi_clock_ns() + FIND_SECONDS * 1000000000LL;
    for (;;) {
        bool refused = false;
        oct_err code = run_once(kube, node, exec, exit_status, &refused, err);
        bool interrupted = exec->interrupted && exec->interrupted(exec->ctx);
        if (code == OCT_OK || !refused || interrupted || octi_clock_ns() > until_ns)
            return code;
        nanosleep(&pause, NULL);
    }
}

oct_err octi_kube_exec(octi_kube *kube, const octi_node *node, const octi_exec *exec, int *exit_status,
                       oct_error *err)
{
    int status = 0;
    oct_error problem = OCT_ERROR_INIT;
    oct_err code = run_when_found(kube, node, exec, &status, &problem);
    if (code == OCT_OK) {
        enum { KILLED = 128 + 9 };
        if (status == KILLED && node_is_lost(kube, node, err))
            return OCT_E_LOST;
        *exit_status = status;
        return OCT_OK;
    }
    bool ours =
        code == OCT_E_CANCELLED || code == OCT_E_TIMEOUT || code == OCT_E_INVALID || code == OCT_E_NOMEM;
    if (!ours && code != OCT_E_DENIED && node_is_lost(kube, node, err))
        return OCT_E_LOST;
    if (err)
        *err = problem;
    if (!ours)
        oct_prefix(err, "cannot run '%s' on %s", exec->argv[0], node->name);
    return code;
}

/* --- on many nodes --- */

struct crowd {
    const octi_kube *kube;
    const octi_cluster *cluster;
    const octi_exec *exec;
    atomic_size_t next;   /* relaxed: only hands out numbers */
    pthread_mutex_t lock; /* guards first */
    oct_error first;
};

static oct_err do_worker(octi_kube *kube, const octi_node *node, const octi_exec *exec, oct_error *err)
{
    int status = 0;
    oct_err code = octi_kube_exec(kube, node, exec, &status, err);
    if (code == OCT_OK && status != 0)
        code =
            oct_fail(err, OCT_E_STATE, "'%s' on %s ended with status %d", exec->argv[0], node->name, status);
    return code;
}

static void *work(void *argument)
{
    struct crowd *crowd = argument;
    octi_kube *kube = NULL;
    oct_error err = OCT_ERROR_INIT;
    oct_err code = octi_kube_clone(crowd->kube, &kube, &err);
    while (code == OCT_OK) {
        size_t i = atomic_fetch_add_explicit(&crowd->next, 1, memory_order_relaxed);
        if (i >= crowd->cluster->node_count)
            break;
        code = do_worker(kube, &crowd->cluster->nodes[i], crowd->exec, &err);
    }
    pthread_mutex_lock(&crowd->lock);
    if (code != OCT_OK && crowd->first.code == OCT_OK)
        crowd->first = err;
    pthread_mutex_unlock(&crowd->lock);
    octi_kube_close(kube);
    return NULL;
}

oct_err octi_kube_exec_workers(octi_kube *kube, const octi_cluster *cluster, const octi_exec *exec,
                               oct_error *err)
{
    struct crowd crowd = {.kube = kube, .cluster = cluster, .exec = exec, .next = 1, .first = OCT_ERROR_INIT};
    pthread_t threads[THREADS_MAX];
    size_t started = 0, wanted = cluster->node_count > 0 ? cluster->node_count - 1 : 0;
    sigset_t all, before;
    pthread_mutex_init(&crowd.lock, NULL);
    sigfillset(&all); /* signals stay with the caller */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (started < wanted && started < THREADS_MAX &&
           pthread_create(&threads[started], NULL, work, &crowd) == 0)
        started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started == 0 && wanted > 0)
        work(&crowd);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&crowd.lock);
    if (crowd.first.code != OCT_OK && err)
        *err = crowd.first;
    return crowd.first.code;
}

/* --- logs --- */

static oct_err take_log(void *ctx, const void *bytes, size_t size)
{
    const octi_exec *sink = ctx;
    return sink->output ? sink->output(sink->ctx, 1, bytes, size) : OCT_OK;
}

oct_err octi_kube_logs(octi_kube *kube, const octi_node *node, int tail, bool follow, const octi_exec *sink,
                       oct_error *err)
{
    char lines[32] = "";
    if (tail >= 0)
        snprintf(lines, sizeof(lines), "&tailLines=%d", tail);
    char *path = octi_kube_path(kube, "api/v1", "pods/%s/log?container=node%s%s", node->name, lines,
                                follow ? "&follow=true" : "");
    if (!path)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    octi_http_request request = {.path = path,
                                 .output = take_log,
                                 .ctx = (void *)sink,
                                 .timeout = sink->timeout,
                                 .idle_timeout = follow ? -1 : 0};
    octi_http_start(kube->http, &request);
    oct_err code = octi_http_wait(kube->http, sink->interrupted, sink->ctx);
    code = octi_kube_outcome(kube, &request, err);
    if (code != OCT_OK)
        oct_prefix(err, "log of %s", node->name);
    octi_http_request_deinit(&request);
    free(path);
    return code;
}
