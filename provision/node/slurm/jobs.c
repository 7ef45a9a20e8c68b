#include <errno.h>
#include <signal.h>
#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "provision/node/slurm/names.h"
#include "provision/node/slurm/ops.h"
#include "provision/node/slurm/reply.h"
#include "runtime/base/buffer.h"

enum { LOOK_AGAIN_MS = 50, ENV_MAX = 256 };

/* As a shell has it: 128 + signal for one that was killed. */
static int exit_status(uint32_t status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static json_t *job_json(const slurm_job_info_t *job)
{
    return json_pack("{s:i, s:s?, s:s, s:s?, s:i, s:i, s:I, s:i}", "job", (int)job->job_id, "name", job->name,
                     "state", octi_slurm_job_state(job->job_state), "nodes", job->nodes, "node_count",
                     (int)job->num_nodes, "cpus", (int)job->num_cpus, "started", (json_int_t)job->start_time,
                     "exit", exit_status(job->exit_code));
}

oct_err octi_slurm_list_jobs(json_t **out, oct_error *err)
{
    job_info_msg_t *found = NULL;
    if (slurm_load_jobs(0, &found, SHOW_ALL) != SLURM_SUCCESS)
        return octi_slurm_fail(err, "list the jobs");
    json_t *list = json_array();
    for (uint32_t i = 0; i < found->record_count; i++)
        json_array_append_new(list, job_json(&found->job_array[i]));
    slurm_free_job_info_msg(found);
    *out = list;
    return OCT_OK;
}

int octi_slurm_jobs(json_t *request)
{
    (void)request;
    oct_error err = OCT_ERROR_INIT;
    json_t *list;
    slurm_init(NULL);
    if (octi_slurm_list_jobs(&list, &err) != OCT_OK)
        return octi_reply_error(&err, NULL);
    return octi_reply_end(json_pack("{s:o}", "jobs", list));
}

/* 'it'\''s': one shell word, whatever is in it. */
static oct_err quote(const char *word, octi_buffer *out)
{
    oct_err result = octi_buffer_append(out, "'", 1);
    for (const char *c = word; *c && result == OCT_OK; c++)
        result = *c == '\'' ? octi_buffer_append(out, "'\\''", 4) : octi_buffer_append(out, c, 1);
    return result == OCT_OK ? octi_buffer_append(out, "' ", 2) : result;
}

static oct_err take_script(json_t *request, octi_buffer *out, oct_error *err)
{
    const char *script = json_string_value(json_object_get(request, "script"));
    json_t *argv = json_object_get(request, "argv"), *word;
    if (script && strncmp(script, "#!", 2) == 0)
        return octi_buffer_append(out, script, strlen(script));
    if (script)
        return octi_buffer_printf(out, "#!/bin/sh\n%s\n", script);
    if (json_array_size(argv) == 0)
        return oct_fail(err, OCT_E_INVALID, "there is neither a 'script' nor an 'argv'");

    oct_err result = octi_buffer_printf(out, "#!/bin/sh\nexec ");
    size_t index;
    json_array_foreach(argv, index, word)
    {
        if (!json_is_string(word))
            return oct_fail(err, OCT_E_INVALID, "'argv[%zu]' is not a string", index);
        if (result == OCT_OK)
            result = quote(json_string_value(word), out);
    }
    return result == OCT_OK ? octi_buffer_append(out, "\n", 1) : result;
}

/* Fills entries ("NAME=value", in text) with a minimum and what the request adds. */
static oct_err take_environment(json_t *request, octi_buffer text[ENV_MAX], char *entries[ENV_MAX],
                                uint32_t *count, oct_error *err)
{
    static const char *const KEPT[] = {"PATH", "HOME", "USER", "LANG", "SLURM_CONF"};
    const char *key;
    json_t *value;
    *count = 0;
    for (size_t i = 0; i < sizeof(KEPT) / sizeof(KEPT[0]); i++) {
        const char *kept = getenv(KEPT[i]);
        if (kept && octi_buffer_printf(&text[*count], "%s=%s", KEPT[i], kept) == OCT_OK)
            ++*count;
    }
    json_object_foreach(json_object_get(request, "env"), key, value)
    {
        if (!json_is_string(value) || *count >= ENV_MAX)
            return oct_fail(err, OCT_E_INVALID, "'env.%s' is not a string, or is one too many", key);
        if (octi_buffer_printf(&text[*count], "%s=%s", key, json_string_value(value)) != OCT_OK)
            return oct_fail(err, OCT_E_NOMEM, "out of memory");
        ++*count;
    }
    for (uint32_t i = 0; i < *count; i++)
        entries[i] = text[i].data;
    return OCT_OK;
}

static char *string_of(json_t *request, const char *key, const char *otherwise)
{
    const char *given = json_string_value(json_object_get(request, key));
    return (char *)(given ? given : otherwise); /* libslurm only reads it */
}

static uint32_t count_of(json_t *request, const char *key, uint32_t otherwise)
{
    json_int_t given = json_integer_value(json_object_get(request, key));
    return given > 0 && given < UINT32_MAX / 2 ? (uint32_t)given : otherwise;
}

static oct_err submit(json_t *request, octi_buffer *script, uint32_t *job, oct_error *err)
{
    octi_buffer text[ENV_MAX] = {0};
    char *entries[ENV_MAX];
    job_desc_msg_t wanted;
    submit_response_msg_t *answer = NULL;
    slurm_init_job_desc_msg(&wanted);
    oct_err result = take_script(request, script, err);
    if (result == OCT_OK)
        result = take_environment(request, text, entries, &wanted.env_size, err);
    if (result == OCT_OK) {
        uint32_t seconds = count_of(request, "time_s", 0);
        wanted.script = script->data;
        wanted.environment = entries;
        wanted.user_id = getuid();
        wanted.group_id = getgid();
        wanted.name = string_of(request, "name", "octavo");
        wanted.work_dir = string_of(request, "workdir", getenv("HOME") ? getenv("HOME") : "/tmp");
        wanted.std_out = string_of(request, "output", NULL);
        wanted.min_nodes = count_of(request, "nodes", 1);
        wanted.max_nodes = wanted.min_nodes;
        wanted.num_tasks = count_of(request, "tasks", wanted.min_nodes);
        wanted.time_limit = seconds ? (seconds + 59) / 60 : NO_VAL;
        if (slurm_submit_batch_job(&wanted, &answer) != SLURM_SUCCESS)
            result = octi_slurm_fail(err, "submit the job");
    }
    if (result == OCT_OK)
        *job = answer->job_id;
    if (answer)
        slurm_free_submit_response_response_msg(answer);
    for (size_t i = 0; i < ENV_MAX; i++)
        octi_buffer_deinit(&text[i]);
    return result;
}

int octi_slurm_submit(json_t *request)
{
    oct_error err = OCT_ERROR_INIT;
    octi_buffer script = {0};
    uint32_t job = 0;
    slurm_init(NULL);
    oct_err result = submit(request, &script, &job, &err);
    octi_buffer_deinit(&script);
    if (result != OCT_OK)
        return octi_reply_error(&err, NULL);
    return octi_reply_end(json_pack("{s:i}", "job", (int)job));
}

static void pause_ms(long ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

static oct_err load_job(uint32_t id, uint32_t *state, int *status, oct_error *err)
{
    job_info_msg_t *found = NULL;
    if (slurm_load_job(&found, id, SHOW_ALL) != SLURM_SUCCESS || found->record_count == 0) {
        if (errno == ESLURM_INVALID_JOB_ID || (found && found->record_count == 0))
            return oct_fail(err, OCT_E_NOTFOUND, "there is no job %u", id);
        return octi_slurm_fail(err, "find the job");
    }
    *state = found->job_array[0].job_state;
    *status = exit_status(found->job_array[0].exit_code);
    slurm_free_job_info_msg(found);
    return OCT_OK;
}

static int want_job(json_t *request, uint32_t *id)
{
    *id = count_of(request, "job", 0);
    if (*id)
        return 0;
    oct_error err = OCT_ERROR_INIT;
    oct_fail(&err, OCT_E_INVALID, "'job' is not the number of a job");
    return octi_reply_error(&err, NULL);
}

int octi_slurm_watch(json_t *request)
{
    uint32_t id, state = 0;
    const char *told = "";
    int status = 0;
    oct_error err = OCT_ERROR_INIT;
    if (want_job(request, &id) != 0)
        return 1;
    slurm_init(NULL);
    for (;; pause_ms(LOOK_AGAIN_MS)) {
        if (load_job(id, &state, &status, &err) != OCT_OK)
            return octi_reply_error(&err, NULL);
        const char *name = octi_slurm_job_state(state);
        if (octi_slurm_job_over(state))
            return octi_reply_end(
                json_pack("{s:i, s:s, s:i}", "job", (int)id, "state", name, "exit", status));
        if (strcmp(name, told) != 0)
            octi_reply_line(json_pack("{s:i, s:s}", "job", (int)id, "state", name));
        told = name;
    }
}

static int is_live(const slurm_job_info_t *job)
{
    return (job->job_state & JOB_STATE_BASE) < JOB_COMPLETE && job->user_id == getuid();
}

/* Inside a job, programs are its steps. */
static oct_err cancel_steps(uint32_t job, const char *name, json_t *cancelled, oct_error *err)
{
    job_step_info_response_msg_t *found = NULL;
    if (slurm_get_job_steps(0, job, NO_VAL, &found, SHOW_ALL) != SLURM_SUCCESS)
        return octi_slurm_fail(err, "list the job's steps");
    oct_err result = OCT_OK;
    for (uint32_t i = 0; i < found->job_step_count && result == OCT_OK; i++) {
        const job_step_info_t *step = &found->job_steps[i];
        char id[32];
        if (!step->name || strcmp(step->name, name) != 0)
            continue;
        snprintf(id, sizeof(id), "%u.%u", step->step_id.job_id, step->step_id.step_id);
        /* (slurm_kill_job2 takes a step since 23.02 only.) */
        if (slurm_signal_job_step(step->step_id.job_id, step->step_id.step_id, SIGKILL) == SLURM_SUCCESS)
            json_array_append_new(cancelled, json_string(id));
        else if (errno != ESLURM_ALREADY_DONE)
            result = octi_slurm_fail(err, "cancel the step");
    }
    slurm_free_job_step_info_response_msg(found);
    return result;
}

static oct_err cancel_named(const char *name, json_t *cancelled, oct_error *err)
{
    job_info_msg_t *found = NULL;
    if (slurm_load_jobs(0, &found, SHOW_ALL) != SLURM_SUCCESS)
        return octi_slurm_fail(err, "list the jobs");
    oct_err result = OCT_OK;
    for (uint32_t i = 0; i < found->record_count && result == OCT_OK; i++) {
        const slurm_job_info_t *job = &found->job_array[i];
        if (!is_live(job) || !job->name || strcmp(job->name, name) != 0)
            continue;
        if (slurm_kill_job(job->job_id, SIGKILL, 0) == SLURM_SUCCESS)
            json_array_append_new(cancelled, json_integer(job->job_id));
        else if (errno != ESLURM_ALREADY_DONE)
            result = octi_slurm_fail(err, "cancel the job");
    }
    slurm_free_job_info_msg(found);
    return result;
}

int octi_slurm_cancel(json_t *request)
{
    uint32_t id = 0;
    oct_error err = OCT_ERROR_INIT;
    const char *name = json_string_value(json_object_get(request, "name"));
    if (!name && want_job(request, &id) != 0)
        return 1;

    json_t *cancelled = json_array();
    oct_err result = OCT_OK;
    slurm_init(NULL);
    const char *inside = getenv("SLURM_JOB_ID");
    if (name && inside)
        result = cancel_steps((uint32_t)strtoul(inside, NULL, 10), name, cancelled, &err);
    else if (name)
        result = cancel_named(name, cancelled, &err);
    else if (slurm_kill_job(id, SIGKILL, 0) == SLURM_SUCCESS)
        json_array_append_new(cancelled, json_integer(id));
    else if (errno == ESLURM_INVALID_JOB_ID)
        result = oct_fail(&err, OCT_E_NOTFOUND, "there is no job %u", id);
    else if (errno != ESLURM_ALREADY_DONE)
        result = octi_slurm_fail(&err, "cancel the job");
    if (result == OCT_OK)
        return octi_reply_end(json_pack("{s:o}", "cancelled", cancelled));
    json_decref(cancelled);
    return octi_reply_error(&err, NULL);
}
