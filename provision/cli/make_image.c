#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provision/cli/image_source.h"
#include "provision/cli/interrupt.h"
#include "provision/cli/make_image.h"
#include "provision/docker/docker.h"
#include "provision/docker/found.h"
#include "provision/docker/image.h"

static const char registry_base[] = "debian:trixie-slim";
static const char package_base[] = "octavo/base:trixie";

enum { STEP_WIDTH = 100, PULL_SECONDS = 20 };

struct making {
    const char *root;
    octi_docker *docker;
    cli_progress *progress;
    octi_image_watch watch;
    const char *base;
    char staged[64]; /* the build context's folder, or "" */
    char digest[CLI_IMAGE_SOURCE_DIGEST];
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
    /* Whatever else is open here, or was where we were started: mmdebstrap's hooks write to a
     * descriptor by number through dash, which knows only those of one digit. */
    close_range(STDERR_FILENO + 1, ~0U, 0);
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
    /* A tar that is cut short is a failure of its reading; any other one, such as a full disk,
     * came first, and the script failed since nobody took its output. */
    if (code != OCT_OK && code != OCT_E_IO)
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

static oct_err build(struct making *making, const char *name, bool no_cache, oct_error *err)
{
    char base[64];
    snprintf(base, sizeof(base), "BASE=%s", making->base);
    char label[64];
    snprintf(label, sizeof(label), "%s=%s", OCTI_LABEL_SOURCE, making->digest);
    const char *const args[] = {base, NULL}, *const labels[] = {label, NULL};
    octi_image_recipe recipe = {.context = making->staged,
                                .dockerfile = "images/Dockerfile",
                                .tag = name,
                                .args = args,
                                .labels = labels,
                                .no_cache = no_cache};
    octi_image old = {0};
    bool replaces = octi_image_inspect(making->docker, name, &old, NULL) == OCT_OK;
    cli_progress_phase(making->progress, "building on %s, some minutes the first time", making->base);
    oct_err code = octi_image_build(making->docker, &recipe, &making->watch, err);
    if (code != OCT_OK)
        return code;

    /* What nobody needs any more: the image of the same name that was, unless it is the same
     * or in use, and what the builder kept of the sources. */
    oct_error ignored;
    octi_image now;
    if (replaces && octi_image_inspect(making->docker, name, &now, NULL) == OCT_OK &&
        strcmp(now.id, old.id) != 0 && octi_image_remove(making->docker, old.id, &ignored) != OCT_OK)
        cli_progress_detail(making->progress, "the old image is still in use");
    octi_image_sweep(making->docker, "octavo.stage=sources");
    return OCT_OK;
}

cli_image_state cli_image_check(const cli_context *cli, const octi_provider *provider)
{
    octi_image found;
    octi_spec defaults;
    char digest[CLI_IMAGE_SOURCE_DIGEST];
    octi_spec_init(&defaults);
    if (!cli->root || provider->ops != &octi_docker_ops || strcmp(cli->spec.image, defaults.image) != 0)
        return CLI_IMAGE_NOT_OURS;
    oct_err code = octi_image_inspect(provider->self, cli->spec.image, &found, NULL);
    if (code == OCT_E_NOTFOUND)
        return CLI_IMAGE_MISSING;
    if (code != OCT_OK || cli_image_source_digest(cli->root, digest, NULL) != OCT_OK)
        return CLI_IMAGE_NOT_OURS; /* whoever needs the image is told why there is none */
    return strcmp(found.source, digest) == 0 ? CLI_IMAGE_CURRENT : CLI_IMAGE_STALE;
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
        code = cli_image_source_digest(making.root, making.digest, err);
    if (code == OCT_OK)
        code = cli_image_source_stage(making.root, making.staged, err);
    if (code == OCT_OK)
        code = build(&making, name, no_cache, err);
    cli_image_source_unstage(making.staged);
    cli_interrupt_count(false);
    cli_progress_destroy(making.progress);
    return code;
}
