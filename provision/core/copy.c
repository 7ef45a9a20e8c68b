#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "provision/core/copy.h"
#include "provision/core/json.h"
#include "provision/core/tar.h"

enum { NAME_CAPACITY = 4096, COMPLAINT_MAX = 1024 };

/* One command of a copy: where its output goes, and what it complains of. */
struct transfer {
    const octi_provider *provider;
    const octi_node *node;
    octi_tar *tar;     /* output is unpacked by it; or NULL */
    octi_buffer *text; /* else kept here; or NULL */
    octi_buffer errors;
    const octi_exec *lender;
};

/* A path taken apart: folder ("." or "/" at least) and last name. */
struct place {
    char folder[NAME_CAPACITY];
    char name[NAME_CAPACITY];
};

static oct_err split(const char *path, struct place *out, oct_error *err)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    if (length == 0 || length >= NAME_CAPACITY)
        return oct_fail(err, OCT_E_INVALID, length ? "a path is too long" : "a path is empty");
    size_t slash = length;
    while (slash > 0 && path[slash - 1] != '/')
        slash--;
    snprintf(out->name, sizeof(out->name), "%.*s", (int)(length - slash), path + slash);
    while (slash > 1 && path[slash - 1] == '/')
        slash--;
    snprintf(out->folder, sizeof(out->folder), "%.*s", slash ? (int)slash : 1, slash ? path : ".");
    return OCT_OK;
}

/* Whether a last name can be created or packed under that name. */
static oct_err check_name(const struct place *place, const char *path, oct_error *err)
{
    if (*place->name && strcmp(place->name, ".") != 0 && strcmp(place->name, "..") != 0 &&
        strcmp(place->name, "/") != 0)
        return OCT_OK;
    return oct_fail(err, OCT_E_INVALID, "'%.200s' does not end in a name", path);
}

static oct_err take_output(void *ctx, int stream, const void *bytes, size_t size)
{
    struct transfer *transfer = ctx;
    if (stream == 2) {
        size_t room = COMPLAINT_MAX - transfer->errors.size;
        return octi_buffer_append(&transfer->errors, bytes, size < room ? size : room);
    }
    if (transfer->tar)
        return octi_tar_write(transfer->tar, bytes, size);
    return transfer->text ? octi_buffer_append(transfer->text, bytes, size) : OCT_OK;
}

static bool ask_interrupted(void *ctx)
{
    const octi_exec *lender = ((struct transfer *)ctx)->lender;
    return lender && lender->interrupted && lender->interrupted(lender->ctx);
}

/* Runs `sh -c script sh argument` with input_fd; a failing command fails with what it said. */
static oct_err run_script(struct transfer *transfer, const char *script, const char *first,
                          const char *second, int input_fd, oct_error *err)
{
    const char *argv[] = {"sh", "-c", script, "sh", first, second, NULL};
    octi_exec exec = {
        .argv = argv,
        .input_fd = input_fd,
        .output = take_output,
        .interrupted = ask_interrupted,
        .ctx = transfer,
        .timeout = transfer->lender ? transfer->lender->timeout : 0,
    };
    int status;
    octi_buffer_consume(&transfer->errors, transfer->errors.size);
    oct_err code =
        transfer->provider->ops->exec(transfer->provider->self, transfer->node, &exec, &status, err);
    if (code != OCT_OK || status == 0)
        return code;
    char complaint[160];
    octi_text_clean(transfer->errors.data ? transfer->errors.data : "", complaint, sizeof(complaint));
    bool missing = strstr(complaint, "No such file") || strstr(complaint, "can't cd");
    bool full = strstr(complaint, "No space left");
    return oct_fail(err,
                    full      ? OCT_E_EXHAUSTED
                    : missing ? OCT_E_NOTFOUND
                              : OCT_E_IO,
                    "on %s: %s", transfer->node->name, *complaint ? complaint : "tar failed without a word");
}

/* Whether the remote path is a folder. */
static oct_err remote_is_folder(struct transfer *transfer, const char *remote, bool *is, oct_error *err)
{
    octi_buffer answer = {0};
    transfer->text = &answer;
    oct_err code = run_script(transfer, "if [ -d \"$1\" ]; then echo folder; fi", remote, NULL, -1, err);
    transfer->text = NULL;
    *is = code == OCT_OK && answer.size > 0;
    octi_buffer_deinit(&answer);
    return code;
}

/* The stream's reason, where it has one, explains more than the command that fed it. */
static oct_err finish(octi_tar *tar, oct_err code, oct_error *err)
{
    oct_error cause = OCT_ERROR_INIT;
    oct_err stream = octi_tar_finish(tar, &cause);
    if (stream == OCT_OK)
        return code;
    if (err)
        *err = cause;
    return stream;
}

static oct_err put_into(struct transfer *transfer, const char *local, const char *folder, const char *name,
                        oct_error *err)
{
    static const char script[] =
        "case $2 in make) mkdir -p -- \"$1\" || exit 1;; esac; cd -- \"$1\" && exec tar -xof -";
    size_t length = strlen(folder);
    oct_err code = octi_tar_pack(local, name, &transfer->tar, err);
    if (code != OCT_OK)
        return code;
    octi_tar *tar = transfer->tar;
    transfer->tar = NULL; /* tar writes nothing back */
    code = run_script(transfer, script, folder, length > 1 && folder[length - 1] == '/' ? "make" : "",
                      octi_tar_fd(tar), err);
    return finish(tar, code, err);
}

oct_err octi_copy_put(const octi_provider *provider, const octi_node *node, const char *local,
                      const char *remote, const octi_exec *exec, oct_error *err)
{
    struct transfer transfer = {.provider = provider, .node = node, .lender = exec};
    struct place from, to;
    bool folder = *remote && remote[strlen(remote) - 1] == '/';
    oct_err code = split(local, &from, err);
    if (code == OCT_OK)
        code = split(remote, &to, err);
    if (code == OCT_OK && !folder)
        code = remote_is_folder(&transfer, remote, &folder, err);
    if (code == OCT_OK)
        code = check_name(folder ? &from : &to, folder ? local : remote, err);
    if (code == OCT_OK)
        code = folder ? put_into(&transfer, local, remote, from.name, err)
                      : put_into(&transfer, local, to.folder, to.name, err);
    octi_buffer_deinit(&transfer.errors);
    if (code != OCT_OK)
        oct_prefix(err, "cannot copy '%.100s' to %s", local, node->name);
    return code;
}

/* Where a copy to `local` ends up: its folder and the name in it. */
static oct_err local_place(const char *local, const char *name, struct place *out, oct_error *err)
{
    struct stat info;
    bool is_folder = stat(local, &info) == 0 && S_ISDIR(info.st_mode);
    if (!is_folder && *local && local[strlen(local) - 1] == '/')
        return oct_fail(err, OCT_E_NOTFOUND, "there is no folder '%.200s'", local);
    if (!is_folder)
        return split(local, out, err);
    if (strlen(local) >= sizeof(out->folder))
        return oct_fail(err, OCT_E_INVALID, "a path is too long");
    strcpy(out->folder, local);
    snprintf(out->name, sizeof(out->name), "%s", name);
    return OCT_OK;
}

oct_err octi_copy_get(const octi_provider *provider, const octi_node *node, const char *remote,
                      const char *local, const octi_exec *exec, oct_error *err)
{
    static const char script[] = "cd -- \"$1\" && exec tar -cf - -- \"$2\"";
    struct transfer transfer = {.provider = provider, .node = node, .lender = exec};
    struct place from, to;
    oct_err code = split(remote, &from, err);
    if (code == OCT_OK)
        code = check_name(&from, remote, err);
    if (code == OCT_OK)
        code = local_place(local, from.name, &to, err);
    if (code == OCT_OK)
        code = check_name(&to, local, err);
    if (code == OCT_OK)
        code = octi_tar_unpack(to.folder, from.name, to.name, &transfer.tar, err);
    if (code == OCT_OK) {
        code = run_script(&transfer, script, from.folder, from.name, -1, err);
        code = finish(transfer.tar, code, err);
    }
    octi_buffer_deinit(&transfer.errors);
    if (code != OCT_OK)
        oct_prefix(err, "cannot copy '%.100s' from %s", remote, node->name);
    return code;
}
