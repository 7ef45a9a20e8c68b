#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <slurm/slurm.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "provision/node/slurm/names.h"
#include "provision/node/slurm/orphans.h"

/* proc(5): the session is the 6th field, the start, in clock ticks since the machine's, the 22nd. The 2nd
 * is a name in parentheses, with whatever in it. */
static bool read_process(const char *pid, unsigned *session, time_t *start)
{
    char path[40], text[1024];
    unsigned long long ticks;
    struct timespec now, up;
    snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
    FILE *file = fopen(path, "re");
    size_t size = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
    if (file)
        fclose(file);
    text[size] = '\0';
    const char *rest = strrchr(text, ')');
    if (!rest ||
        sscanf(rest + 1, " %*c %*d %*d %u %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
               session, &ticks) != 2)
        return false;
    clock_gettime(CLOCK_REALTIME, &now);
    clock_gettime(CLOCK_BOOTTIME, &up);
    *start = now.tv_sec - up.tv_sec + (time_t)(ticks / (unsigned long)sysconf(_SC_CLK_TCK));
    return true;
}

/* A machine that was started anew gives the same numbers again: a process that is younger than the job is
 * another session's. */
static bool is_held(const slurm_job_info_t *job, DIR *processes)
{
    enum { ROUNDING = 2 }; /* seconds */
    const struct dirent *entry;
    unsigned session;
    time_t start;
    rewinddir(processes);
    while ((entry = readdir(processes)))
        if (isdigit((unsigned char)entry->d_name[0]) && read_process(entry->d_name, &session, &start) &&
            session == job->alloc_sid && start <= job->submit_time + ROUNDING)
            return true;
    return false;
}

static bool was_started_here(const slurm_job_info_t *job, const char *host)
{
    return !octi_slurm_job_over(job->job_state) && job->user_id == getuid() && !job->batch_flag &&
           job->alloc_node && strcmp(job->alloc_node, host) == 0;
}

unsigned octi_slurm_end_orphans(void)
{
    job_info_msg_t *found = NULL;
    char host[256] = "";
    unsigned ended = 0;
    DIR *processes = opendir("/proc");
    if (processes && gethostname(host, sizeof(host) - 1) == 0 &&
        slurm_load_jobs(0, &found, SHOW_ALL) == SLURM_SUCCESS)
        for (uint32_t i = 0; i < found->record_count; i++) {
            const slurm_job_info_t *job = &found->job_array[i];
            if (was_started_here(job, host) && !is_held(job, processes))
                ended += slurm_kill_job(job->job_id, SIGKILL, 0) == SLURM_SUCCESS;
        }
    if (found)
        slurm_free_job_info_msg(found);
    if (processes)
        closedir(processes);
    return ended;
}
