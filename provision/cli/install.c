#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provision/cli/commands.h"
#include "provision/cli/interrupt.h"
#include "provision/cli/report.h"

/* $1 is the repository, $2 the prefix, $3 this program; what Bazel says is kept in $4. */
static const char script[] = "set -eu\n"
                             "if ! \"$1/images/prefix.sh\" \"$2\" >\"$4\" 2>&1; then\n"
                             "    tail -n 5 \"$4\" >&2\n"
                             "    printf '\\nhint: the whole log is %s\\n' \"$4\" >&2\n"
                             "    exit 1\n"
                             "fi\n"
                             "mkdir -p \"$2/share/octavo\"\n"
                             "install -m 755 \"$3\" \"$2/bin/octavo\"\n"
                             "rm -rf \"$2/share/octavo/examples\"\n"
                             "cp -R \"$1/examples\" \"$2/share/octavo/examples\"\n";

static oct_err find_builder(const cli_context *cli, char *path, size_t size, oct_error *err)
{
    snprintf(path, size, "%s/images/prefix.sh", cli->root ? cli->root : "");
    if (cli->root && access(path, X_OK) == 0)
        return OCT_OK;
    oct_fail(err, OCT_E_NOTFOUND, "cannot find Octavo's sources");
    return oct_hint(err, "run './octavo install --prefix DIR' from a clone of the repository");
}

/* The folder itself, made if it is not there, by its absolute name. The caller frees it. */
static oct_err make_prefix(const char *prefix, char **out, oct_error *err)
{
    if (mkdir(prefix, 0755) != 0 && errno != EEXIST) {
        oct_err code = errno == EACCES || errno == EROFS ? OCT_E_DENIED : OCT_E_IO;
        oct_fail(err, code, "cannot make '%s': %s", prefix, strerror(errno));
        return oct_hint(err, "name a folder of yours whose parent exists, such as ~/octavo");
    }
    *out = access(prefix, W_OK | X_OK) == 0 ? realpath(prefix, NULL) : NULL;
    if (*out)
        return OCT_OK;
    oct_fail(err, errno == EACCES || errno == EROFS ? OCT_E_DENIED : OCT_E_IO, "cannot write to '%s': %s",
             prefix, strerror(errno));
    return oct_hint(err, "name a folder of yours, such as ~/octavo");
}

/* Runs the script in the place of this program, once all that can be wrong with the words is not. */
static oct_err build_and_lay_out(const cli_context *cli, const char *prefix, oct_error *err)
{
    char self[4096], log[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (length < 0)
        return oct_fail(err, OCT_E_IO, "cannot find this program: %s", strerror(errno));
    self[length] = '\0';
    snprintf(log, sizeof(log), "%s/install.log", prefix);
    cli_say(cli, "building, and installing to %s; then put %s/bin on PATH", prefix, prefix);
    cli_interrupt_reset();
    execl("/bin/sh", "sh", "-c", script, "octavo-install", cli->root, prefix, self, log, (char *)NULL);
    return oct_fail(err, OCT_E_IO, "cannot run a shell: %s", strerror(errno));
}

static int install(cli_context *cli, int argc, char **argv)
{
    if (argc > 0)
        return cli_usage(cli, "'install' takes no '%s'", argv[0]);
    const char *wanted = cli_value(cli, "prefix");
    if (!wanted || !*wanted)
        return cli_usage(cli, "'install' needs a folder: --prefix DIR");
    char builder[4200], *prefix = NULL;
    oct_error err = OCT_ERROR_INIT;
    oct_err code = find_builder(cli, builder, sizeof(builder), &err);
    if (code == OCT_OK)
        code = make_prefix(wanted, &prefix, &err);
    if (code == OCT_OK)
        code = build_and_lay_out(cli, prefix, &err);
    free(prefix);
    return cli_fail(cli, &err, NULL);
}

static const cli_option options[] = {
    {"prefix", 0, "DIR", "where to install; bin, lib, include and share below it"},
    {NULL, 0, NULL, NULL},
};

const cli_command cli_command_install = {
    .name = "install",
    .operands = "",
    .summary = "install octavo under a folder, for a Slurm site",
    .about =
        "Builds octavo's programs and liboctavo against this machine's Slurm and Open MPI, and installs "
        "them where all nodes of a site see them. Then put its bin on PATH: 'octavo up --on slurm' works on "
        "the login node. Nothing is written elsewhere; removing the folder uninstalls it.",
    .examples =
        {
            {"octavo install --prefix ~/octavo", "for yourself, in a home that all nodes share"},
            {"octavo install --prefix /sw/octavo", "for everybody on the site"},
            {"octavo install --prefix ~/octavo --quiet", "only errors"},
        },
    .options = options,
    .run = install,
};
