#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provision/cli/image_transfer.h"
#include "provision/cli/interrupt.h"
#include "provision/cli/progress.h"
#include "provision/cli/report.h"
#include "provision/docker/image.h"
#include "runtime/base/scratch.h"

static void show_line(void *ctx, const char *text)
{
    if (*text)
        cli_progress_detail(ctx, "%s", text);
}

static bool interrupted(void *ctx)
{
    (void)ctx;
    return cli_interrupts() > 0;
}

static cli_progress *begin(const cli_context *cli)
{
    cli_interrupt_count(true);
    return cli_progress_create(cli->quiet ? CLI_PROGRESS_QUIET : cli->progress, stderr, cli->spec.image);
}

static void end(cli_progress *progress)
{
    cli_progress_destroy(progress);
    cli_interrupt_count(false);
}

/* ---- to a registry ---- */

/* The name on the engine is only how it is told what to send where. */
static oct_err push_as(octi_docker *docker, const char *image, const char *name,
                       const octi_image_watch *watch, oct_error *err)
{
    octi_image before;
    bool was_there = octi_image_inspect(docker, name, &before, NULL) == OCT_OK;
    oct_err code = octi_image_tag(docker, image, name, err);
    if (code != OCT_OK)
        return code;
    code = octi_image_push(docker, name, watch, err);
    oct_err restored = was_there ? octi_image_tag(docker, before.id, name, code == OCT_OK ? err : NULL)
                                 : octi_image_remove(docker, name, code == OCT_OK ? err : NULL);
    return code == OCT_OK ? restored : code;
}

oct_err cli_push_image(const cli_context *cli, octi_docker *docker, const char *name, octi_buffer *evidence,
                       oct_error *err)
{
    const char *image = cli->spec.image;
    octi_image found;
    oct_err code = octi_image_inspect(docker, image, &found, err);
    if (code == OCT_OK && cli->dry_run)
        cli_say(cli, "would push %s as %s (%llu MB)", image, name,
                (unsigned long long)(found.size / 1000000));
    if (code != OCT_OK || cli->dry_run)
        return code;
    cli_progress *progress = begin(cli);
    octi_image_watch watch = {
        .line = show_line, .interrupted = interrupted, .ctx = progress, .last_lines = evidence};
    cli_progress_phase(progress, "sending it as %s", name);
    code = push_as(docker, image, name, &watch, err);
    end(progress);
    if (code == OCT_OK && cli->json)
        cli_print_json(json_pack("{s:s, s:s, s:s}", "image", image, "id", found.id, "pushed", name));
    else if (code == OCT_OK)
        cli_say(cli, "pushed %s as %s: octavo up --on kubernetes --image %s", image, name, name);
    return code;
}

/* ---- into a cluster on this machine ---- */

/* They read a file more than once, a node each: that is the descriptor IMAGE_FD, by its name in /proc. */
enum { IMAGE_FD = 3, WORDS = 8 };
static const char image_path[] = "/proc/self/fd/3";

static const struct {
    const char *into;
    const char *command[WORDS];
    const char *option; /* before the cluster's name; NULL: it has none */
} ways[] = {
    {"kind", {"kind", "load", "image-archive", image_path}, "--name"},
    {"minikube", {"minikube", "image", "load", image_path}, "--profile"},
    {"containerd", {"ctr", "--namespace", "k8s.io", "images", "import", image_path}, NULL},
};

enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

static oct_err choose(const char *into, const char *cluster, const char *command[WORDS], oct_error *err)
{
    size_t way = 0, count = 0;
    while (way < WAYS && strcmp(ways[way].into, into) != 0)
        way++;
    if (way == WAYS) {
        oct_fail(err, OCT_E_INVALID, "an image cannot be loaded into '%s'", into);
        return oct_hint(err, "say kind, minikube or containerd; a registry is 'octavo image push'");
    }
    if (cluster && !ways[way].option)
        return oct_fail(err, OCT_E_INVALID, "%s has no clusters with names, such as '%s'", into, cluster);
    for (; ways[way].command[count]; count++)
        command[count] = ways[way].command[count];
    if (cluster) {
        command[count++] = ways[way].option;
        command[count] = cluster;
    }
    return OCT_OK;
}

/* What it says goes to our standard error: our own output is one object, or nothing. */
static void become(const char *const *command, int image)
{
    cli_interrupt_reset();
    dup2(STDERR_FILENO, STDOUT_FILENO);
    if (dup2(image, IMAGE_FD) == IMAGE_FD) {
        close_range(IMAGE_FD + 1, ~0U, 0);
        execvp(command[0], (char *const *)command);
    }
    _exit(127);
}

static oct_err run(const char *const *command, int image, oct_error *err)
{
    int status;
    if (lseek(image, 0, SEEK_SET) != 0)
        return oct_fail(err, OCT_E_IO, "cannot read the image: %s", strerror(errno));
    pid_t child = fork();
    if (child == 0)
        become(command, image);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    if (child < 0)
        return oct_fail(err, OCT_E_IO, "cannot start '%s': %s", command[0], strerror(errno));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return OCT_OK;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
        oct_fail(err, OCT_E_NOTFOUND, "'%s' is not on this machine", command[0]);
        return oct_hint(err, "install it, or push the image to a registry: octavo image push NAME");
    }
    return oct_fail(err, OCT_E_IO, "'%s' failed with status %d", command[0],
                    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* By way of a file: all of them want to know its size, or read it twice. */
static oct_err save_and_run(const cli_context *cli, octi_docker *docker, const char *const *command,
                            cli_progress *progress, oct_error *err)
{
    const octi_image_watch watch = {.interrupted = interrupted};
    int file = octi_scratch_open();
    if (file < 0)
        return oct_fail(err, OCT_E_IO, "cannot make a temporary file: %s", strerror(errno));
    cli_progress_phase(progress, "taking it from the engine");
    oct_err code = octi_image_save(docker, cli->spec.image, file, &watch, err);
    if (code == OCT_E_EXHAUSTED)
        oct_hint(err, "let TMPDIR be a folder with room for it; it is in %s now", octi_scratch_folder());
    if (code == OCT_OK) {
        cli_progress_phase(progress, "giving it to %s", command[0]);
        code = run(command, file, err);
    }
    close(file);
    return code;
}

oct_err cli_load_image(const cli_context *cli, octi_docker *docker, const char *into, const char *cluster,
                       oct_error *err)
{
    const char *image = cli->spec.image, *command[WORDS + 2] = {NULL};
    octi_image found;
    oct_err code = choose(into, cluster, command, err);
    if (code == OCT_OK)
        code = octi_image_inspect(docker, image, &found, err);
    if (code == OCT_OK && cli->dry_run)
        cli_say(cli, "would load %s into %s (%llu MB)", image, into,
                (unsigned long long)(found.size / 1000000));
    if (code != OCT_OK || cli->dry_run)
        return code;
    cli_progress *progress = begin(cli);
    code = save_and_run(cli, docker, command, progress, err);
    end(progress);
    if (code == OCT_OK && cli->json)
        cli_print_json(json_pack("{s:s, s:s, s:s}", "image", image, "id", found.id, "loaded", into));
    else if (code == OCT_OK)
        cli_say(cli, "loaded %s into %s: octavo up --on kubernetes --image %s", image, into, image);
    return code;
}
