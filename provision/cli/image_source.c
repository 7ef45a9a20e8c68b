#include <errno.h>
#include <fts.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provision/cli/image_source.h"
#include "provision/cli/interrupt.h"
#include "provision/core/digest.h"

enum { PATHS_MAX = 64 };

/* The listed paths; they point into text. */
typedef struct source_list {
    char text[8192];
    char *paths[PATHS_MAX + 1]; /* NULL-terminated */
    size_t count;
} source_list;

static oct_err load_list(const char *root, source_list *list, oct_error *err)
{
    char path[4200];
    snprintf(path, sizeof(path), "%s/images/context", root);
    FILE *file = fopen(path, "re");
    size_t length = file ? fread(list->text, 1, sizeof(list->text) - 1, file) : 0;
    bool good = file && !ferror(file) && length < sizeof(list->text) - 1;
    if (file)
        fclose(file);
    if (!good)
        return oct_fail(err, OCT_E_IO, "cannot read '%s': %s", path, strerror(errno));

    list->text[length] = '\0';
    list->count = 0;
    char *rest;
    for (char *line = strtok_r(list->text, "\n", &rest); line && list->count < PATHS_MAX;
         line = strtok_r(NULL, "\n", &rest))
        if (*line != '#' && *line != ' ')
            list->paths[list->count++] = line;
    list->paths[list->count] = NULL;
    return OCT_OK;
}

/* --- digest --- */

static oct_err add_file(uint64_t *digest, const char *path, oct_error *err)
{
    char bytes[16384];
    size_t size;
    FILE *file = fopen(path, "re");
    while (file && (size = fread(bytes, 1, sizeof(bytes), file)) > 0)
        *digest = octi_digest_add(*digest, bytes, size);
    bool good = file && !ferror(file);
    if (file)
        fclose(file);
    return good ? OCT_OK : oct_fail(err, OCT_E_IO, "cannot read '%s': %s", path, strerror(errno));
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* One path with all below it; `skip` bytes of each name are the root's, which may differ. */
static oct_err add_tree(uint64_t *digest, char *path, size_t skip, oct_error *err)
{
    char *const paths[] = {path, NULL};
    FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    if (!walk)
        return oct_fail(err, OCT_E_IO, "cannot read '%s': %s", path, strerror(errno));
    oct_err code = OCT_OK;
    for (FTSENT *entry; code == OCT_OK && (entry = fts_read(walk));) {
        if (entry->fts_info == FTS_ERR || entry->fts_info == FTS_DNR || entry->fts_info == FTS_NS)
            code =
                oct_fail(err, OCT_E_IO, "cannot read '%s': %s", entry->fts_path, strerror(entry->fts_errno));
        if (code != OCT_OK || entry->fts_info != FTS_F)
            continue;
        char executable = (entry->fts_statp->st_mode & S_IXUSR) != 0;
        *digest = octi_digest_add(*digest, entry->fts_path + skip, entry->fts_pathlen - skip + 1);
        *digest = octi_digest_add(*digest, &executable, 1);
        code = add_file(digest, entry->fts_path, err);
    }
    fts_close(walk);
    return code;
}

oct_err cli_image_source_digest(const char *root, char digest[CLI_IMAGE_SOURCE_DIGEST], oct_error *err)
{
    source_list list;
    uint64_t value = OCTI_DIGEST_INIT;
    oct_err code = load_list(root, &list, err);
    for (size_t i = 0; i < list.count && code == OCT_OK; i++) {
        char path[4400];
        snprintf(path, sizeof(path), "%s/%s", root, list.paths[i]);
        code = add_tree(&value, path, strlen(root), err);
    }
    if (code == OCT_OK)
        snprintf(digest, CLI_IMAGE_SOURCE_DIGEST, "%016" PRIx64, value);
    return code;
}

/* --- staging --- */

static void become_cp(const char *root, const source_list *list, char *folder)
{
    char command[] = "cp", keep[] = "-a", parents[] = "--parents", end[] = "--";
    char *argv[PATHS_MAX + 6] = {command, keep, parents, end};
    memcpy(argv + 4, list->paths, list->count * sizeof(*argv));
    argv[4 + list->count] = folder;
    cli_interrupt_reset();
    if (chdir(root) == 0)
        execvp(argv[0], argv);
    fprintf(stderr, "cannot run 'cp': %s\n", strerror(errno));
    _exit(127);
}

oct_err cli_image_source_stage(const char *root, char folder[64], oct_error *err)
{
    source_list list;
    folder[0] = '\0';
    oct_err code = load_list(root, &list, err);
    if (code != OCT_OK)
        return code;
    strcpy(folder, "/tmp/octavo-context-XXXXXX");
    if (!mkdtemp(folder)) {
        folder[0] = '\0';
        return oct_fail(err, OCT_E_IO, "cannot make a folder in /tmp: %s", strerror(errno));
    }
    pid_t child = fork();
    if (child == 0)
        become_cp(root, &list, folder);
    if (child < 0)
        return oct_fail(err, OCT_E_IO, "cannot start 'cp': %s", strerror(errno));
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return oct_fail(err, OCT_E_IO, "cannot wait for 'cp': %s", strerror(errno));
    return status == 0 ? OCT_OK : oct_fail(err, OCT_E_IO, "cannot copy the image's sources to '%s'", folder);
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *walk)
{
    (void)stat, (void)type, (void)walk;
    return remove(path);
}

void cli_image_source_unstage(const char *folder)
{
    if (folder[0])
        nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
