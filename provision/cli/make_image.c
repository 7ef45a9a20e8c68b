#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provision/cli/interrupt.h"
#include "provision/cli/make_image.h"
#include "provision/docker/docker.h"
#include "provision/docker/image.h"

static const char registry_base[] = "debian:trixie-slim";
static const char package_base[] = "octavo/base:trixie";

enum { STEP_WIDTH = 100, PULL_SECONDS = 20, CONTEXT_PATHS_MAX = 64 };

struct making {
    const char *root;
    octi_docker *docker;
    cli_progress *progress;
    octi_image_watch watch;
    const char *base;
    char staged[64]; /* the context's folder, or "" */
};

/* A builder's line becomes the step that is shown; its steps proper stay. */
static void show_line(void *ctx, const char *text)
{
    struct making *making = ctx;
    if (strncmp(text, "Step ", 5) == 0)
        cli_progress_note(making->progress, strlen(text) > STEP_WIDTH ? "%.*s..." : "%.*s", STEP_WIDTH, text);
    else if (*text)
        cli_progress_detail(making->progress, "%s", text);
}

static bool interrupted(void *ctx)
{
    (void)ctx;
    return cli_interrupts() > 0;
}

/* --- other programs --- */

/* Waits for a child; OCT_E_IO says how it failed. */
static oct_err await(pid_t child, const char *what, oct_error *err)
{
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return oct_fail(err, OCT_E_IO, "cannot wait for %s: %s", what, strerror(errno));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return OCT_OK;
    return oct_fail(err, OCT_E_IO, "%s failed with status %d", what,
                    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void become(const char *folder, char *const *argv, int output)
{
    cli_interrupt_reset();
    if (output >= 0)
        dup2(output, STDOUT_FILENO);
    if (chdir(folder) == 0)
        execvp(argv[0], argv);
    fprintf(stderr, "cannot run '%s': %s\n", argv[0], strerror(errno));
    _exit(127);
}

/* --- the base --- */

static oct_err make_package_base(struct making *making, oct_error *err)
{
    char script[] = "images/base.sh";
    char *const argv[] = {script, NULL};
    int ends[2];
    cli_progress_phase(making->progress, "making a base from Debian packages, about a minute");
    if (pipe(ends) != 0)
        return oct_fail(err, OCT_E_IO, "cannot make a pipe: %s", strerror(errno));
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        become(making->root, argv, ends[1]);
    }
    close(ends[1]);
    oct_err code = child > 0
                       ? octi_image_import(making->docker, ends[0], package_base, NULL, &making->watch, err)
                       : oct_fail(err, OCT_E_IO, "cannot start '%s': %s", script, strerror(errno));
    close(ends[0]);
    if (child < 0)
        return code;
    oct_error cause = OCT_ERROR_INIT;
    if (await(child, "images/base.sh", &cause) == OCT_OK)
        return code;
    /* What was imported then is cut short. */
    if (octi_image_remove(making->docker, package_base, NULL) != OCT_OK && code == OCT_OK)
        oct_hint(&cause, "remove the incomplete image '%s'", package_base);
    if (err)
        *err = cause;
    return cause.code;
}

static oct_err find_base(struct making *making, oct_error *err)
{
    octi_image found;
    making->base = registry_base;
    if (octi_image_inspect(making->docker, registry_base, &found, NULL) == OCT_OK)
        return OCT_OK;
    making->base = package_base;
    if (octi_image_inspect(making->docker, package_base, &found, NULL) == OCT_OK)
        return OCT_OK;

    cli_progress_phase(making->progress, "asking a registry for %s", registry_base);
    oct_err code = octi_image_pull(making->docker, registry_base, PULL_SECONDS, &making->watch, err);
    if (code == OCT_OK || code == OCT_E_CANCELLED) {
        making->base = registry_base;
        return code;
    }
    cli_progress_note(making->progress, "no registry answers");
    return make_package_base(making, err);
}

/* --- the context --- */

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *walk)
{
    (void)stat, (void)type, (void)walk;
    return remove(path);
}

/* Reads the paths of images/context into argv from `used` on; they point into text. */
static size_t read_paths(char *text, char **argv, size_t used, size_t max)
{
    char *rest;
    for (char *line = strtok_r(text, "\n", &rest); line && used < max; line = strtok_r(NULL, "\n", &rest))
        if (*line != '#' && *line != ' ')
            argv[used++] = line;
    return used;
}

static oct_err load_list(const char *root, char *text, size_t size, oct_error *err)
{
    char path[4200];
    snprintf(path, sizeof(path), "%s/images/context", root);
    FILE *file = fopen(path, "re");
    size_t length = file ? fread(text, 1, size - 1, file) : 0;
    text[length] = '\0';
    bool good = file && !ferror(file) && length < size - 1;
    if (file)
        fclose(file);
    return good ? OCT_OK : oct_fail(err, OCT_E_IO, "cannot read '%s': %s", path, strerror(errno));
}

/* Copies what images/context lists into a folder of its own, so that nothing else of the
 * repository reaches the engine or spoils its cache. */
static oct_err stage_context(struct making *making, oct_error *err)
{
    char text[8192], command[] = "cp", keep[] = "-a", parents[] = "--parents", end[] = "--";
    char *argv[CONTEXT_PATHS_MAX] = {command, keep, parents, end};
    oct_err code = load_list(making->root, text, sizeof(text), err);
    if (code != OCT_OK)
        return code;
    size_t used = read_paths(text, argv, 4, CONTEXT_PATHS_MAX - 2);
    strcpy(making->staged, "/tmp/octavo-context-XXXXXX");
    if (!mkdtemp(making->staged)) {
        making->staged[0] = '\0';
        return oct_fail(err, OCT_E_IO, "cannot make a folder in /tmp: %s", strerror(errno));
    }
    argv[used] = making->staged;
    pid_t child = fork();
    if (child == 0)
        become(making->root, argv, -1);
    if (child < 0)
        return oct_fail(err, OCT_E_IO, "cannot start 'cp': %s", strerror(errno));
    return await(child, "copying the image's context", err);
}

static void unstage(const struct making *making)
{
    if (making->staged[0])
        nftw(making->staged, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static oct_err build(struct making *making, const char *name, bool no_cache, oct_error *err)
{
    char base[64];
    snprintf(base, sizeof(base), "BASE=%s", making->base);
    const char *const args[] = {base, NULL};
    octi_image_recipe recipe = {.context = making->staged,
                                .dockerfile = "images/Dockerfile",
                                .tag = name,
                                .args = args,
                                .no_cache = no_cache};
    cli_progress_phase(making->progress, "building on %s, some minutes the first time", making->base);
    return octi_image_build(making->docker, &recipe, &making->watch, err);
}

bool cli_image_is_to_be_made(const cli_context *cli, const octi_provider *provider)
{
    octi_image found;
    octi_spec defaults;
    octi_spec_init(&defaults);
    return cli->root && provider->ops == &octi_docker_ops && strcmp(cli->spec.image, defaults.image) == 0 &&
           octi_image_inspect(provider->self, cli->spec.image, &found, NULL) == OCT_E_NOTFOUND;
}

oct_err cli_make_image(const cli_context *cli, const octi_provider *provider, const char *name, bool no_cache,
                       octi_buffer *evidence, oct_error *err)
{
    if (provider->ops != &octi_docker_ops)
        return oct_fail(err, OCT_E_UNSUPPORTED, "'%s' builds no images", provider->ops->name);
    if (!cli->root) {
        oct_fail(err, OCT_E_NOTFOUND, "cannot find the repository to build from: OCTAVO_ROOT is not set");
        return oct_hint(err, "run './octavo image build' from a clone of it");
    }
    cli_progress_mode mode = cli->quiet ? CLI_PROGRESS_QUIET : cli->progress;
    struct making making = {.root = cli->root,
                            .docker = provider->self,
                            .progress = cli_progress_create(mode, stderr, name),
                            .watch = {.line = show_line, .interrupted = interrupted, .last_lines = evidence}};
    making.watch.ctx = &making;
    cli_interrupt_count(true);
    oct_err code = find_base(&making, err);
    if (code == OCT_OK)
        code = stage_context(&making, err);
    if (code == OCT_OK)
        code = build(&making, name, no_cache, err);
    unstage(&making);
    cli_interrupt_count(false);
    cli_progress_destroy(making.progress);
    return code;
}
