#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/journal/identity.h"
#include "runtime/journal/resume.h"
#include "runtime/journal/suspects.h"
#include "runtime/task/type.h"

typedef struct recorder {
    octi_witness base; /* first */
    octi_journal *journal;
    octi_journal_key key;
} recorder;

/* FNV-1a of the program's file: another build may compute something else. */
static oct_err digest_program(uint64_t *out, oct_error *err)
{
    unsigned char bytes[65536];
    uint64_t digest = 0xcbf29ce484222325u;
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    ssize_t size = -1;
    while (file >= 0 && ((size = read(file, bytes, sizeof(bytes))) > 0 || (size < 0 && errno == EINTR))) {
        for (ssize_t i = 0; i < size; i++)
            digest = (digest ^ bytes[i]) * 0x100000001b3u;
    }
    int error = errno;
    if (file >= 0)
        close(file);
    if (size != 0)
        return oct_fail(err, OCT_E_IO, "cannot read this program's file for its journal: %s",
                        strerror(error));
    *out = digest;
    return OCT_OK;
}

/* The environment's name stands for a program and its arguments, which may run several times at
 * once: each run takes the first file that no other has. Any of them holds what this one wants. */
static oct_err open_free(const char *path, uint64_t build, octi_journal **out, oct_error *err)
{
    enum { RUNS_MAX = 64 };
    char next[4096];
    oct_err code = octi_journal_open(path, build, out, err);
    for (int i = 1; code == OCT_E_EXISTS && i < RUNS_MAX; i++) {
        if (snprintf(next, sizeof(next), "%s.%d", path, i) >= (int)sizeof(next))
            break;
        code = octi_journal_open(next, build, out, err);
    }
    return code;
}

oct_err octi_resume_open(const char *path, octi_journal **out, oct_error *err)
{
    uint64_t build;
    const char *shared = *path ? NULL : getenv("OCTAVO_JOURNAL");
    *out = NULL;
    if (!*path && (!shared || !*shared))
        return OCT_OK;
    oct_err code = digest_program(&build, err);
    if (code != OCT_OK)
        return code;
    if (!shared)
        return octi_journal_open(path, build, out, err);
    code = open_free(shared, build, out, err);
    if (code == OCT_OK)
        octi_suspects_count(*out);
    return code;
}

static bool has_value(const octi_job *job)
{
    return job->task->result.kind != OCTI_VOID && job->task->result.kind != OCTI_ERR;
}

static void job_ended(octi_witness *witness, const octi_job *job, bool done, const void *value)
{
    recorder *self = (recorder *)witness;
    octi_buffer payload = {0};
    if (done && (!has_value(job) || octi_value_pack(&job->task->result, value, &payload) == OCT_OK))
        octi_journal_append(self->journal, &self->key, payload.data, payload.size);
    octi_buffer_deinit(&payload);
    free(self);
}

/* False when the payload makes no sense; else the job has ended, and may be gone. */
static bool end_by(octi_job *job, const octi_buffer *payload)
{
    const octi_type *type = &job->task->result;
    bool valued = has_value(job);
    void *value = malloc(type->size + 1);
    bool usable =
        value && (!valued || octi_value_unpack(type, payload->data, payload->size, value) == OCT_OK);
    if (usable && octi_job_start(job)) {
        octi_job_done(job, valued ? value : NULL);
    } else if (usable) { /* cancelled meanwhile */
        if (valued)
            octi_value_release(type, value);
        octi_job_unref(job);
    }
    free(value);
    return usable;
}

/* Without memory for it the job is not recorded, and computed once more by the next program. */
static void watch(octi_journal *journal, const octi_journal_key *key, octi_job *job)
{
    recorder *self = malloc(sizeof(*self));
    octi_more *more = self ? octi_job_more(job) : NULL;
    if (!more) {
        free(self);
        return;
    }
    *self = (recorder){{job_ended}, journal, *key};
    more->witness = &self->base;
}

bool octi_resume_job(octi_journal *journal, octi_job *job)
{
    octi_journal_key key;
    octi_buffer bytes = {0};
    if (!octi_identity_is_recorded(job->task))
        return false;
    oct_err code = octi_identity_describe(job, &bytes);
    if (code == OCT_OK)
        code = octi_journal_key_of(journal, bytes.data, bytes.size, &key);
    bytes.size = 0;
    bool ended = false;
    if (code == OCT_OK && octi_journal_find(journal, &key, &bytes) == OCT_OK)
        ended = end_by(job, &bytes);
    octi_buffer_deinit(&bytes);
    if (code != OCT_OK || ended)
        return ended;
    watch(journal, &key, job);
    return octi_suspects_hold(journal, &key, job);
}
