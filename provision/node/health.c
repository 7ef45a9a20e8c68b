#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provision/node/commands.h"
#include "provision/node/file.h"
#include "provision/node/paths.h"
#include "runtime/base/clock.h"

enum { ANSWER_MAX = 1 << 16, PATIENCE_MS = 2000 };

static json_t *read_status(const char *path, oct_error *err)
{
    octi_buffer text = {0};
    json_t *status = NULL;
    oct_err result = octi_file_read(path, ANSWER_MAX, &text, err);
    if (result == OCT_E_NOTFOUND)
        oct_fail(err, OCT_E_STATE, "'octavo-node serve' does not run here");
    else if (result == OCT_OK && !(status = json_loadb(text.data, text.size, 0, NULL)))
        oct_fail(err, OCT_E_PROTOCOL, "'%s' is not JSON", path);
    octi_buffer_deinit(&text);
    return status;
}

/* Collects what comes from fd until its end, or until time is over. */
static void collect(int fd, octi_buffer *out)
{
    int64_t until = octi_clock_ns() + PATIENCE_MS * (int64_t)1000000;
    for (;;) {
        int left = (int)((until - octi_clock_ns()) / 1000000);
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (left <= 0 || poll(&ready, 1, left) <= 0 || octi_buffer_reserve(out, 4096) != OCT_OK)
            return;
        ssize_t got = read(fd, out->data + out->size, 4096);
        if (got <= 0 || out->size > ANSWER_MAX)
            return;
        out->size += (size_t)got;
    }
}

/* Runs octavo-slurm on one request; it speaks to the controller, which may hang. */
static json_t *ask_slurm(const char *request)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return NULL;
    char *argv[] = {"octavo-slurm", NULL};
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, ends[1], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
    pid_t pid = 0;
    int failure = posix_spawnp(&pid, argv[0], &files, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    close(ends[1]);

    octi_buffer answer = {0};
    json_t *result = NULL;
    if (!failure) {
        if (send(ends[0], request, strlen(request), MSG_NOSIGNAL) >= 0 && shutdown(ends[0], SHUT_WR) == 0)
            collect(ends[0], &answer);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        result = answer.size ? json_loadb(answer.data, answer.size, JSON_DISABLE_EOF_CHECK, NULL) : NULL;
    }
    octi_buffer_deinit(&answer);
    close(ends[0]);
    return result;
}

/* The state in which Slurm has this node, or "" when the controller does not say. */
static void find_state(const char *node, char state[64])
{
    char request[128];
    const char *found = NULL;
    snprintf(request, sizeof(request), "{\"op\":\"nodes\",\"name\":\"%.63s\"}", node);
    json_t *answer = ask_slurm(request);
    json_unpack(answer, "{s:[{s:s}]}", "nodes", "state", &found);
    snprintf(state, 64, "%s", found ? found : "");
    json_decref(answer);
}

static int has_joined(const char *state)
{
    static const char *const OUT[] = {"", "unknown", "down", "error", "future"};
    for (size_t i = 0; i < sizeof(OUT) / sizeof(OUT[0]); i++)
        if (strcmp(state, OUT[i]) == 0)
            return 0;
    return strstr(state, "not_responding") == NULL;
}

/* The first daemon that should run and does not, or NULL. */
static json_t *first_missing(json_t *status)
{
    size_t index;
    json_t *daemon;
    json_array_foreach(json_object_get(status, "daemons"), index,
                       daemon) if (!json_is_true(json_object_get(daemon, "running"))) return daemon;
    return NULL;
}

static void explain(json_t *status, const char *state)
{
    json_t *missing = first_missing(status);
    const char *name = "", *exit = NULL, *words = NULL;
    char reason[512];
    if (missing) {
        json_unpack(missing, "{s:s, s:s?, s:s?}", "name", &name, "last_exit", &exit, "reason", &words);
        snprintf(reason, sizeof(reason), "%s does not run%s%s%s%.300s", name, exit ? ": it " : "",
                 exit ? exit : "", words ? ": " : "", words ? words : "");
    } else {
        snprintf(reason, sizeof(reason), "Slurm's controller %s%.60s",
                 state[0] ? "has this node as " : "does not answer", state);
    }
    json_object_set_new(status, "reason", json_string(reason));
}

static int is_well(json_t *status)
{
    const char *node = json_string_value(json_object_get(status, "node"));
    if (!json_is_true(json_object_get(status, "configured"))) {
        json_object_set_new(status, "joined", json_false());
        return 0;
    }
    char state[64] = "";
    int running = first_missing(status) == NULL;
    if (running && node)
        find_state(node, state);
    int joined = has_joined(state);
    json_object_set_new(status, "joined", json_boolean(joined));
    json_object_set_new(status, "state", state[0] ? json_string(state) : json_null());
    if (!running || !joined)
        explain(status, state);
    return running && joined;
}

int octi_health_main(int argc, char **argv)
{
    (void)argv;
    if (argc != 1) {
        fprintf(stderr, "error: 'health' takes no arguments\n");
        return 2;
    }
    octi_paths paths;
    oct_error err = OCT_ERROR_INIT;
    octi_paths_init(&paths);
    json_t *status = read_status(paths.status, &err);
    if (!status)
        status = json_pack("{s:i, s:b, s:s}", "version", 1, "configured", 0, "reason", err.what);
    int well = status && is_well(status);
    if (status)
        json_object_set_new(status, "healthy", json_boolean(well));
    if (!status || json_dumpf(status, stdout, JSON_COMPACT) != 0 || putchar('\n') == EOF)
        return 1;
    json_decref(status);
    return well ? 0 : 1;
}
