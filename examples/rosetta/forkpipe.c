/* The map with what Unix has: processes that write their results into a pipe.
 *
 *   forkpipe [WORKERS]
 *
 * Worker w does blocks w, w + workers, ...: dealing them out as workers become free would take a
 * second pipe. A write of fewer than PIPE_BUF bytes is never mixed with another's. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "work.h"

struct answer {
    int block, length;
};

static void serve(int worker, int workers, int pipe_end)
{
    for (int i = worker; i < BLOCKS; i += workers) {
        struct answer answer = {i, longest_chain(i)};
        if (write(pipe_end, &answer, sizeof(answer)) != sizeof(answer))
            _exit(1);
    }
    _exit(0);
}

int main(int argc, char **argv)
{
    int lengths[BLOCKS], ends[2], answers = 0;
    int workers = argc > 1 ? atoi(argv[1]) : (int)sysconf(_SC_NPROCESSORS_ONLN);
    struct answer answer;
    work_start();
    if (workers < 1 || pipe(ends) != 0) {
        perror("error: no workers or no pipe");
        return 1;
    }
    for (int w = 0; w < workers; w++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("error: cannot fork");
            return 1;
        }
        if (pid == 0)
            serve(w, workers, ends[1]);
    }
    close(ends[1]); /* or the pipe never ends */
    while (read(ends[0], &answer, sizeof(answer)) == sizeof(answer)) {
        lengths[answer.block] = answer.length;
        answers++;
    }
    while (wait(NULL) > 0)
        continue;
    if (answers != BLOCKS) {
        fprintf(stderr, "error: a worker died: %d of %d results\n", answers, BLOCKS);
        return 1;
    }
    work_report(lengths);
    return 0;
}
