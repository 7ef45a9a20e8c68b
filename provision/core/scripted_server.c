#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "provision/core/scripted_server.h"

enum { PLAYERS_MAX = 256, TICK_MS = 10, TRICKLE_MS = 50 };

struct player {
    octi_scripted_server *server;
    const octi_act *act;
    int socket;
    pthread_t thread;
};

struct octi_scripted_server {
    const octi_act *acts;
    size_t act_count;
    char folder[64];
    char path[100];
    int listener;
    pthread_t thread;
    atomic_bool stopping;
    atomic_size_t connections;
    struct player players[PLAYERS_MAX]; /* of the accepting thread, then of stop */
};

static void die(const char *what)
{
    perror(what);
    exit(2);
}

/* Waits until the socket is ready or the test ends; false: it ends. */
static bool ready(const struct player *player, short events)
{
    while (!atomic_load(&player->server->stopping)) {
        struct pollfd one = {.fd = player->socket, .events = events};
        if (poll(&one, 1, TICK_MS) > 0)
            return true;
    }
    return false;
}

static bool send_all(const struct player *player, const char *bytes, size_t size)
{
    while (size > 0) {
        if (!ready(player, POLLOUT))
            return false;
        ssize_t sent = send(player->socket, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN)
            return false;
        bytes += sent > 0 ? sent : 0;
        size -= sent > 0 ? (size_t)sent : 0;
    }
    return true;
}

/* Reads up to the empty line, and what comes with it. */
static bool read_request(const struct player *player)
{
    char text[8192];
    size_t used = 0;
    while (used < sizeof(text) - 1 && ready(player, POLLIN)) {
        ssize_t got = recv(player->socket, text + used, sizeof(text) - 1 - used, 0);
        if (got <= 0)
            return false;
        used += (size_t)got;
        text[used] = '\0';
        if (strstr(text, "\r\n\r\n"))
            return true;
    }
    return false;
}

static void hold(const struct player *player)
{
    while (!atomic_load(&player->server->stopping))
        poll(NULL, 0, TICK_MS);
}

static void echo(const struct player *player)
{
    char piece[4096];
    while (ready(player, POLLIN)) {
        ssize_t got = recv(player->socket, piece, sizeof(piece), 0);
        if (got <= 0 || !send_all(player, piece, (size_t)got))
            return;
    }
}

static void perform(const struct player *player, const char *bytes, size_t size)
{
    if (player->act->end == OCTI_ACT_TRICKLE) {
        for (size_t i = 0; i < size && send_all(player, bytes + i, 1); i++)
            poll(NULL, 0, TRICKLE_MS);
        hold(player);
        return;
    }
    if (!send_all(player, bytes, size))
        return;
    if (player->act->end == OCTI_ACT_HOLD)
        hold(player);
    if (player->act->end == OCTI_ACT_ECHO)
        echo(player);
    while (player->act->end == OCTI_ACT_ENDLESS && send_all(player, bytes + size - 8, 8))
        ;
}

static void *play(void *ctx)
{
    struct player *player = ctx;
    const char *bytes = player->act->bytes ? player->act->bytes : "";
    if (player->act->end == OCTI_ACT_SILENT)
        hold(player);
    else if (read_request(player))
        perform(player, bytes, player->act->size ? player->act->size : strlen(bytes));
    shutdown(player->socket, SHUT_RDWR);
    return NULL;
}

static void *accept_all(void *ctx)
{
    octi_scripted_server *server = ctx;
    while (!atomic_load(&server->stopping)) {
        struct pollfd one = {.fd = server->listener, .events = POLLIN};
        if (poll(&one, 1, TICK_MS) <= 0)
            continue;
        size_t index = atomic_load(&server->connections);
        int socket = accept(server->listener, NULL, NULL);
        if (socket < 0 || index >= PLAYERS_MAX)
            die("accept");
        size_t act = index < server->act_count ? index : server->act_count - 1;
        server->players[index] =
            (struct player){.server = server, .act = &server->acts[act], .socket = socket};
        /* Before it is played: whoever has the reply asks how many there were. */
        atomic_store(&server->connections, index + 1);
        if (pthread_create(&server->players[index].thread, NULL, play, &server->players[index]) != 0)
            die("pthread_create");
    }
    return NULL;
}

octi_scripted_server *octi_scripted_server_start(const octi_act *acts, size_t count)
{
    octi_scripted_server *server = calloc(1, sizeof(*server));
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!server)
        die("calloc");
    server->acts = acts;
    server->act_count = count;
    strcpy(server->folder, "/tmp/octavo-test-XXXXXX");
    if (!mkdtemp(server->folder))
        die("mkdtemp");
    snprintf(server->path, sizeof(server->path), "%s/socket", server->folder);
    strcpy(address.sun_path, server->path);
    server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->listener < 0 || bind(server->listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(server->listener, PLAYERS_MAX) != 0)
        die("listen");
    if (pthread_create(&server->thread, NULL, accept_all, server) != 0)
        die("pthread_create");
    return server;
}

void octi_scripted_server_stop(octi_scripted_server *server)
{
    atomic_store(&server->stopping, true);
    pthread_join(server->thread, NULL);
    size_t count = atomic_load(&server->connections);
    for (size_t i = 0; i < count; i++) {
        pthread_join(server->players[i].thread, NULL);
        close(server->players[i].socket);
    }
    close(server->listener);
    unlink(server->path);
    rmdir(server->folder);
    free(server);
}

const char *octi_scripted_server_path(const octi_scripted_server *server)
{
    return server->path;
}

size_t octi_scripted_server_connections(octi_scripted_server *server)
{
    return atomic_load(&server->connections);
}
