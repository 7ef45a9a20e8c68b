/* core/scripted_server.h - an HTTP server that misbehaves as told, for tests.
 *
 * Listens on a unix socket of its own. Each connection plays the next act, whatever is
 * asked; the last one is repeated. */
#ifndef OCTI_SCRIPTED_SERVER_H
#define OCTI_SCRIPTED_SERVER_H

#include <stddef.h>

typedef enum octi_act_end {
    OCTI_ACT_CLOSE,   /* after the bytes, close */
    OCTI_ACT_HOLD,    /* after the bytes, say nothing until the test ends */
    OCTI_ACT_TRICKLE, /* the bytes one by one, 50 ms apart, then as HOLD */
    OCTI_ACT_ENDLESS, /* the bytes, then the last 8 of them for ever */
    OCTI_ACT_ECHO,    /* the bytes, then back what comes, until its end */
    OCTI_ACT_SILENT,  /* read nothing, say nothing */
} octi_act_end;

typedef struct octi_act {
    const char *bytes; /* NULL: none */
    size_t size;       /* 0: strlen */
    octi_act_end end;
} octi_act;

typedef struct octi_scripted_server octi_scripted_server;

/* `acts` stay the caller's and must outlive it. Ends the test program when it cannot. */
octi_scripted_server *octi_scripted_server_start(const octi_act *acts, size_t count);
void octi_scripted_server_stop(octi_scripted_server *server);

/* Path of its socket. */
const char *octi_scripted_server_path(const octi_scripted_server *server);

/* How many connections have come. */
size_t octi_scripted_server_connections(octi_scripted_server *server);

#endif
