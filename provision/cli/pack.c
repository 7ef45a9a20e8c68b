#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provision/cli/pack.h"

enum { DEPTH_MAX = 16, PATH_SIZE = 4096 };

struct packer {
    const cli_program *program;
    struct archive *archive;
    octi_buffer *out;
    oct_error *err;
};

static const char *here_if_empty(const char *folder)
{
    return *folder ? folder : "./";
}

static la_ssize_t append(struct archive *archive, void *ctx, const void *bytes, size_t size)
{
    if (octi_buffer_append(ctx, bytes, size) == OCT_OK)
        return (la_ssize_t)size;
    archive_set_error(archive, ENOMEM, "out of memory");
    return -1;
}

static oct_err write_content(struct packer *packer, int fd, const char *path)
{
    char block[65536];
    for (;;) {
        ssize_t got = read(fd, block, sizeof(block));
        if (got == 0)
            return OCT_OK;
        if (got < 0)
            return oct_fail(packer->err, OCT_E_IO, "cannot read '%s': %s", path, strerror(errno));
        if (archive_write_data(packer->archive, block, (size_t)got) < 0)
            return oct_fail(packer->err, OCT_E_IO, "cannot pack '%s': %s", path,
                            archive_error_string(packer->archive));
    }
}

/* Owner, times and most of the mode stay out: they would change the bytes of an unchanged
 * program. */
static oct_err write_entry(struct packer *packer, const char *name, const struct stat *stat)
{
    struct archive_entry *entry = archive_entry_new();
    if (!entry)
        return oct_fail(packer->err, OCT_E_NOMEM, "out of memory");
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_size(entry, stat->st_size);
    archive_entry_set_perm(entry, stat->st_mode & 0111 ? 0755 : 0644);
    archive_entry_set_mtime(entry, 0, 0);
    int written = archive_write_header(packer->archive, entry);
    archive_entry_free(entry);
    if (written == ARCHIVE_OK)
        return OCT_OK;
    return oct_fail(packer->err, OCT_E_IO, "cannot pack '%s': %s", name,
                    archive_error_string(packer->archive));
}

/* `name` is relative to the program's folder. */
static oct_err pack_file(struct packer *packer, const char *name)
{
    char path[PATH_SIZE + 300], inside[PATH_SIZE + 300];
    struct stat stat;
    snprintf(path, sizeof(path), "%s%s", packer->program->folder, name);
    snprintf(inside, sizeof(inside), "%s%s", CLI_PACK_FOLDER, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &stat) != 0) {
        oct_fail(packer->err, OCT_E_IO, "cannot read '%s': %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return OCT_E_IO;
    }
    oct_err code = OCT_OK;
    if (S_ISREG(stat.st_mode) && (size_t)stat.st_size + packer->out->size > CLI_PACK_MAX) {
        oct_fail(packer->err, OCT_E_EXHAUSTED, "the program's folder '%s' holds more than %d MiB",
                 here_if_empty(packer->program->folder), CLI_PACK_MAX >> 20);
        code = oct_hint(packer->err, "put large data elsewhere, and copy it with 'octavo cp'");
    } else if (S_ISREG(stat.st_mode)) {
        code = write_entry(packer, inside, &stat);
        if (code == OCT_OK)
            code = write_content(packer, fd, path);
    }
    close(fd);
    return code;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool is_header(const char *name)
{
    size_t length = strlen(name);
    return length > 2 && strcmp(name + length - 2, ".h") == 0;
}

static oct_err pack_folder(struct packer *packer, const char *below, unsigned depth);

static oct_err pack_found(struct packer *packer, const char *below, const char *found, unsigned depth)
{
    char name[PATH_SIZE], path[2 * PATH_SIZE];
    struct stat stat_found;
    if ((size_t)snprintf(name, sizeof(name), "%s%s", below, found) + 2 > sizeof(name))
        return oct_fail(packer->err, OCT_E_INVALID, "the path '%.60s...' is too long", below);
    snprintf(path, sizeof(path), "%s%s", packer->program->folder, name);
    bool folder = stat(path, &stat_found) == 0 && S_ISDIR(stat_found.st_mode);
    if (!folder)
        return packer->program->whole_folder || is_header(found) ? pack_file(packer, name) : OCT_OK;
    if (!packer->program->whole_folder)
        return OCT_OK;
    strcat(name, "/");
    return pack_folder(packer, name, depth + 1);
}

/* In the order of names, so that the tar does not depend on the file system's. */
static oct_err pack_folder(struct packer *packer, const char *below, unsigned depth)
{
    char path[2 * PATH_SIZE];
    struct dirent **found;
    snprintf(path, sizeof(path), "%s%s", here_if_empty(packer->program->folder), below);
    if (depth > DEPTH_MAX)
        return oct_fail(packer->err, OCT_E_INVALID, "folder '%.100s' is nested too deeply", path);
    int count = scandir(path, &found, visible, alphasort);
    if (count < 0)
        return oct_fail(packer->err, OCT_E_IO, "cannot read folder '%.100s': %s", path, strerror(errno));
    oct_err code = OCT_OK;
    for (int i = 0; i < count; i++) {
        if (code == OCT_OK)
            code = pack_found(packer, below, found[i]->d_name, depth);
        free(found[i]);
    }
    free(found);
    return code;
}

static oct_err pack_all(struct packer *packer)
{
    oct_err code = OCT_OK;
    if (!packer->program->whole_folder)
        for (size_t i = 0; i < packer->program->source_count && code == OCT_OK; i++)
            code = pack_file(packer, packer->program->sources[i]);
    return code == OCT_OK ? pack_folder(packer, "", 0) : code;
}

oct_err cli_pack(const cli_program *program, octi_buffer *out, oct_error *err)
{
    struct packer packer = {.program = program, .archive = archive_write_new(), .out = out, .err = err};
    if (!packer.archive)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    oct_err code = OCT_OK;
    if (archive_write_set_format_pax_restricted(packer.archive) != ARCHIVE_OK ||
        archive_write_open(packer.archive, out, NULL, append, NULL) != ARCHIVE_OK)
        code = oct_fail(err, OCT_E_IO, "cannot pack: %s", archive_error_string(packer.archive));
    if (code == OCT_OK)
        code = pack_all(&packer);
    if (code == OCT_OK && archive_write_close(packer.archive) != ARCHIVE_OK)
        code = oct_fail(err, OCT_E_IO, "cannot pack: %s", archive_error_string(packer.archive));
    archive_write_free(packer.archive);
    return code;
}
