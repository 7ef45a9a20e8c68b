#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "provision/cli/commands.h"
#include "provision/cli/report.h"
#include "provision/cli/session.h"
#include "provision/cli/term.h"
#include "provision/docker/docker.h"
#include "provision/docker/image.h"

enum verdict { FINE, WARN, FAIL };

struct findings {
    const cli_context *cli;
    json_t *list; /* for --json; NULL: printed as they come */
    enum verdict worst;
};

static void find(struct findings *findings, enum verdict verdict, const char *check, const char *hint,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

static void find(struct findings *findings, enum verdict verdict, const char *check, const char *hint,
                 const char *format, ...)
{
    static const char *const names[] = {"ok", "warn", "fail"};
    static const char *const colours[] = {"\033[32m", "\033[33m", "\033[31m"};
    char what[512];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    if (verdict > findings->worst)
        findings->worst = verdict;
    if (findings->list) {
        json_array_append_new(findings->list,
                              json_pack("{s:s, s:s, s:s, s:s}", "check", check, "verdict", names[verdict],
                                        "what", what, "hint", hint ? hint : ""));
        return;
    }
    bool colour = cli_term_coloured(STDOUT_FILENO);
    printf("%s%-4s%s  %-10s %s\n", colour ? colours[verdict] : "", names[verdict], colour ? "\033[0m" : "",
           check, what);
    if (hint && *hint)
        printf("      %-10s hint: %s\n", "", hint);
}

/* The first number in a file, or -1. */
static long long read_number(const char *path, const char *after)
{
    char text[8192];
    FILE *file = fopen(path, "re");
    size_t length = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
    if (file)
        fclose(file);
    text[length] = '\0';
    const char *from = after ? strstr(text, after) : text;
    if (!length || !from)
        return -1;
    from += after ? strlen(after) : 0;
    return atoll(from + strspn(from, " \t:"));
}

static bool file_mentions(const char *path, const char *word)
{
    char text[16384];
    FILE *file = fopen(path, "re");
    size_t length = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
    if (file)
        fclose(file);
    text[length] = '\0';
    return strstr(text, word) != NULL;
}

/* --- the engine --- */

static bool check_engine(struct findings *findings, cli_session *session)
{
    octi_engine_info info = {0};
    oct_error err = OCT_ERROR_INIT;
    oct_err code = cli_session_open(findings->cli, session, &err);
    if (code == OCT_OK)
        code = session->provider.ops->engine(session->provider.self, &info, &err);
    if (code != OCT_OK) {
        find(findings, FAIL, "engine", err.hint, "%s", err.what);
        return false;
    }
    find(findings, FINE, "engine", NULL, "%s %s, API %s, at %s%s", info.product, info.version, info.api,
         info.endpoint, info.rootless ? ", rootless" : "");
    return true;
}

static void check_image(struct findings *findings, const cli_session *session)
{
    const cli_context *cli = findings->cli;
    octi_image found;
    oct_error err = OCT_ERROR_INIT;
    if (session->provider.ops != &octi_docker_ops)
        return;
    if (octi_image_inspect(session->provider.self, cli->spec.image, &found, &err) == OCT_OK)
        find(findings, FINE, "image", NULL, "%s, %llu MB", cli->spec.image,
             (unsigned long long)(found.size / 1000000));
    else
        find(findings, WARN, "image", err.hint, "%s", err.what);
}

/* Clusters that are not complete are most often what an interrupted command left. */
static void check_clusters(struct findings *findings, const cli_session *session)
{
    char **names = NULL;
    size_t count = 0;
    oct_error err = OCT_ERROR_INIT;
    const octi_provider *provider = &session->provider;
    if (provider->ops->list(provider->self, &names, &count, &err) != OCT_OK)
        find(findings, FAIL, "clusters", err.hint, "%s", err.what);
    else if (count == 0)
        find(findings, FINE, "clusters", NULL, "none");
    for (size_t i = 0; i < count; i++) {
        cli_session one = {.provider = *provider};
        char hint[128];
        snprintf(hint, sizeof(hint), "'octavo up --name %s' completes it, 'octavo down --name %s' removes it",
                 names[i], names[i]);
        if (provider->ops->inspect(provider->self, names[i], &one.cluster, &err) != OCT_OK)
            find(findings, WARN, "clusters", hint, "'%s': %s", names[i], err.what);
        else if (!cli_session_complete(&one))
            find(findings, WARN, "clusters", hint, "'%s' is not complete: not all of its %u nodes run",
                 names[i], one.cluster.wanted);
        else
            find(findings, FINE, "clusters", NULL, "'%s', %u nodes, since %s", names[i], one.cluster.wanted,
                 one.cluster.created);
        octi_cluster_deinit(&one.cluster);
        free(names[i]);
    }
    free(names);
}

/* --- this machine --- */

static void check_disk(struct findings *findings)
{
    static const char *const folders[] = {"/var/lib/docker", "/var/lib/containers", "/var/lib", "/"};
    struct statvfs disk;
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        if (statvfs(folders[i], &disk) != 0)
            continue;
        double free_gb = (double)disk.f_bavail * (double)disk.f_frsize / 1e9;
        /* The image, the base it is made from and the layers in between take about 4 GB. */
        if (free_gb < 1)
            find(findings, FAIL, "disk", "make room, or let the engine: docker system prune",
                 "%.1f GB free below %s", free_gb, folders[i]);
        else if (free_gb < 5)
            find(findings, WARN, "disk", "building the image takes about 4 GB", "%.1f GB free below %s",
                 free_gb, folders[i]);
        else
            find(findings, FINE, "disk", NULL, "%.0f GB free below %s", free_gb, folders[i]);
        return;
    }
}

static void check_memory(struct findings *findings)
{
    long long available_kb = read_number("/proc/meminfo", "MemAvailable:");
    double needed_gb = findings->cli->spec.nodes * 0.06; /* a node idles below 60 MB */
    double available_gb = (double)available_kb * 1024 / 1e9;
    if (available_kb < 0)
        find(findings, WARN, "memory", NULL, "cannot tell how much is free");
    else if (available_gb < needed_gb + 0.5)
        find(findings, WARN, "memory", "take fewer nodes with -n",
             "%.1f GB available; %u nodes need %.1f and your programs more", available_gb,
             findings->cli->spec.nodes, needed_gb);
    else
        find(findings, FINE, "memory", NULL, "%.1f GB available", available_gb);
}

/* Each node watches its configuration; exhausted, that fails with "too many open files". */
static void check_inotify(struct findings *findings)
{
    long long instances = read_number("/proc/sys/fs/inotify/max_user_instances", NULL);
    long long wanted = 4LL * findings->cli->spec.nodes;
    if (instances < 0)
        find(findings, WARN, "inotify", NULL, "cannot tell its limits");
    else if (instances < wanted)
        find(findings, WARN, "inotify", "sysctl fs.inotify.max_user_instances=512",
             "%lld instances for each user; %u nodes want %lld", instances, findings->cli->spec.nodes,
             wanted);
    else
        find(findings, FINE, "inotify", NULL, "%lld instances for each user", instances);
}

static void check_kernel(struct findings *findings)
{
    bool overlay = file_mentions("/proc/filesystems", "overlay"),
         seccomp = file_mentions("/proc/self/status", "Seccomp");
    bool bridge = access("/sys/class/net", F_OK) == 0;
    if (!overlay || !seccomp || !bridge)
        find(findings, WARN, "kernel", "containers may be slow or not start", "missing:%s%s%s",
             overlay ? "" : " overlay", seccomp ? "" : " seccomp", bridge ? "" : " network devices");
    else
        find(findings, FINE, "kernel", NULL, "overlay, seccomp and network devices are there");
}

static int doctor(cli_context *cli, int argc, char **argv)
{
    if (argc > 0)
        return cli_usage(cli, "'doctor' takes no '%s'", argv[0]);
    struct findings findings = {.cli = cli, .list = cli->json ? json_array() : NULL};
    cli_session session = {0};
    if (check_engine(&findings, &session)) {
        check_image(&findings, &session);
        check_clusters(&findings, &session);
    }
    cli_session_close(&session);
    check_disk(&findings);
    check_memory(&findings);
    check_inotify(&findings);
    check_kernel(&findings);
    if (cli->json)
        cli_print_json(json_pack("{s:b, s:o}", "healthy", findings.worst != FAIL, "checks", findings.list));
    return findings.worst == FAIL ? CLI_EXIT_FAILED : CLI_EXIT_OK;
}

const cli_command cli_command_doctor = {
    .name = "doctor",
    .operands = "",
    .summary = "check what a cluster needs",
    .about = "Checks the engine and the right to use it, the image, what other clusters are there, disk, "
             "memory, inotify "
             "limits and the kernel. Each finding is ok, warn or fail, with the way out.",
    .examples =
        {
            {"octavo doctor", "for the usual eight nodes"},
            {"octavo doctor -n 64", "for more"},
            {"octavo doctor --json", "for a bug report"},
        },
    .run = doctor,
};
