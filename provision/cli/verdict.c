#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "provision/cli/verdict.h"

static const char *const watched[] = {"octavo: ", "srun: ", "slurmstepd-"};

/* True while the held bytes may still become a line that is watched. */
static bool may_be_watched(const cli_verdict *verdict)
{
    for (size_t i = 0; i < sizeof(watched) / sizeof(watched[0]); i++) {
        size_t length = strlen(watched[i]);
        size_t compared = verdict->held_size < length ? verdict->held_size : length;
        if (memcmp(verdict->held, watched[i], compared) == 0)
            return true;
    }
    return false;
}

/* "octavo: NODE: rank R: killed by signal S (...)", "... exited with status S", or "...
 * frozen ..." where octavo-node ended it for that; 0 when the line is no such one. */
static int status_told(const char *line, char node[64], const char **ended)
{
    int rank, number, start = 0, end = 0;
    if (sscanf(line, "octavo: %63[^:]: %nrank %d: %n", node, &start, &rank, &end) != 2 || end == 0)
        return 0;
    *ended = line + start;
    const char *how = line + end;
    if (sscanf(how, "killed by signal %d", &number) == 1)
        return 128 + number;
    if (sscanf(how, "exited with status %d", &number) == 1)
        return number;
    return strncmp(how, "frozen", 6) == 0 ? 128 + SIGKILL : 0;
}

/* The first rank decides; one that was killed also after others that ended because of it. */
static bool take_end(cli_verdict *verdict, const char *line)
{
    char node[64];
    const char *ended;
    int told = status_told(line, node, &ended);
    bool foreign = told == 128 + SIGKILL;
    if (told && (!verdict->status || (foreign && !verdict->foreign))) {
        verdict->status = told;
        verdict->foreign = foreign;
        memcpy(verdict->node, node, sizeof(node));
        snprintf(verdict->ended, sizeof(verdict->ended), "%.190s", ended);
    }
    return told != 0;
}

/* Slurm's report on the ranks of a step that ends, which says nothing new. */
static bool is_slurm_report(const char *line)
{
    char node[80];
    int task, end = 0;
    static const char *const steps[] = {"srun: Terminating StepId=",
                                        "srun: Force Terminated ",
                                        "srun: launch/slurm: _step_signal: Terminating ",
                                        "srun: Job step aborted: ",
                                        "srun: error: Node failure on ",
                                        "srun: error: Timed out waiting for job step to complete"};
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        if (strncmp(line, steps[i], strlen(steps[i])) == 0)
            return true;
    if (sscanf(line, "srun: error: %79[^:]: task%*[s] %d", node, &task) == 2 ||
        sscanf(line, "srun: error: %79[^:]: task %d: %n", node, &task, &end) >= 2)
        return true;
    return strncmp(line, "slurmstepd-", 11) == 0 &&
           (strstr(line, ": error: *** STEP ") || strstr(line, " mpi/pmix_v4: _errhandler: "));
}

static oct_err pass_held(cli_verdict *verdict)
{
    size_t size = verdict->held_size;
    verdict->held_size = 0;
    return size > 0 ? verdict->output(verdict->ctx, verdict->held, size) : OCT_OK;
}

/* The held bytes are a whole line, its newline included. */
static oct_err judge_line(cli_verdict *verdict)
{
    char line[CLI_VERDICT_HELD];
    memcpy(line, verdict->held, verdict->held_size - 1);
    line[verdict->held_size - 1] = '\0';
    bool kept = take_end(verdict, line) && verdict->keeps_ends;
    if (kept || is_slurm_report(line)) {
        verdict->held_size = 0;
        return OCT_OK;
    }
    return pass_held(verdict);
}

/* Passes on the rest of a line that is the program's; returns how much that was. */
static size_t pass_inside(cli_verdict *verdict, const char *bytes, size_t size, oct_err *code)
{
    const char *newline = memchr(bytes, '\n', size);
    size_t length = newline ? (size_t)(newline - bytes) + 1 : size;
    *code = verdict->output(verdict->ctx, bytes, length);
    verdict->inside = !newline;
    return length;
}

oct_err cli_verdict_feed(cli_verdict *verdict, const void *bytes, size_t size)
{
    const char *next = bytes;
    oct_err code = OCT_OK;
    while (size > 0 && code == OCT_OK) {
        size_t used = 1;
        if (verdict->inside) {
            used = pass_inside(verdict, next, size, &code);
        } else {
            verdict->held[verdict->held_size++] = *next;
            if (*next == '\n') {
                code = judge_line(verdict);
            } else if (!may_be_watched(verdict) || verdict->held_size == CLI_VERDICT_HELD) {
                code = pass_held(verdict);
                verdict->inside = 1;
            }
        }
        next += used;
        size -= used;
    }
    return code;
}

oct_err cli_verdict_finish(cli_verdict *verdict)
{
    return pass_held(verdict);
}
