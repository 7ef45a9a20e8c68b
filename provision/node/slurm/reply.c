#include <errno.h>
#include <slurm/slurm_errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "provision/node/slurm/reply.h"

static struct {
    bool ended; /* the last line is out */
    int said;   /* what went to standard error since init */
    int old_stderr;
} reply = {.said = -1, .old_stderr = -1};

static void read_said(char *text, size_t size)
{
    ssize_t got = reply.said < 0 ? 0 : pread(reply.said, text, size - 1, 0);
    text[got > 0 ? got : 0] = '\0';
}

/* Runs at every exit, libslurm's own included. */
static void finish(void)
{
    char said[4096];
    read_said(said, sizeof(said));
    if (!reply.ended) {
        char *last = said;
        for (size_t size = strlen(said); size > 0 && said[size - 1] == '\n'; size--)
            said[size - 1] = '\0';
        if (strrchr(said, '\n'))
            last = strrchr(said, '\n') + 1;
        oct_error err = OCT_ERROR_INIT;
        oct_fail(&err, OCT_E_STATE, "Slurm's library gave up: %s", *last ? last : "it does not say why");
        octi_reply_error(&err, NULL);
    } else if (said[0] && write(reply.old_stderr, said, strlen(said)) < 0) {
        return;
    }
}

void octi_reply_init(void)
{
    atexit(finish);
    reply.old_stderr = dup(STDERR_FILENO);
    reply.said = memfd_create("stderr", 0);
    if (reply.said >= 0)
        dup2(reply.said, STDERR_FILENO);
}

void octi_reply_line(json_t *line)
{
    if (!line || json_dumpf(line, stdout, JSON_COMPACT) != 0)
        fputs("{\"error\":{\"code\":\"no_memory\",\"what\":\"out of memory\",\"hint\":\"\"}}", stdout);
    putchar('\n');
    fflush(stdout);
    json_decref(line);
}

int octi_reply_end(json_t *line)
{
    octi_reply_line(line);
    reply.ended = true;
    return 0;
}

int octi_reply_error(const oct_error *err, json_t *more)
{
    json_t *line = json_pack("{s:{s:s, s:s, s:s}}", "error", "code", oct_err_name(err->code), "what",
                             err->what, "hint", err->hint);
    if (line && more)
        json_object_update(line, more);
    json_decref(more);
    octi_reply_end(line);
    return 1;
}

/* Whether it means that no controller answers. */
static bool is_silence(int number)
{
    switch (number) {
    case SLURM_COMMUNICATIONS_CONNECTION_ERROR:
    case SLURMCTLD_COMMUNICATIONS_CONNECTION_ERROR:
    case SLURMCTLD_COMMUNICATIONS_SEND_ERROR:
    case SLURMCTLD_COMMUNICATIONS_RECEIVE_ERROR:
    case SLURMCTLD_COMMUNICATIONS_SHUTDOWN_ERROR:
    case SLURM_PROTOCOL_SOCKET_IMPL_TIMEOUT:
        return true;
    default:
        return false;
    }
}

oct_err octi_slurm_fail(oct_error *err, const char *doing)
{
    int number = errno;
    oct_err code = is_silence(number) ? OCT_E_UNREACHABLE : OCT_E_STATE;
    oct_fail(err, code, "cannot %s: %s", doing, slurm_strerror(number));
    if (code == OCT_E_UNREACHABLE)
        oct_hint(err, "slurmctld on the head does not answer; see the head's log");
    return code;
}
