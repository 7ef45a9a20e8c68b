#include <errno.h>
#include <ftw.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "provision/node/file.h"
#include "provision/node/key.h"
#include "provision/node/membership.h"
#include "provision/node/say.h"
#include "provision/node/slurmconf.h"

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info;
    (void)type;
    return where->level == 0 ? 0 : remove(path);
}

oct_err octi_membership_init(octi_membership *membership, const octi_paths *paths, oct_error *err)
{
    *membership = (octi_membership){.paths = paths};
    if (gethostname(membership->host, sizeof(membership->host) - 1) != 0)
        return oct_fail(err, OCT_E_IO, "cannot learn this node's name: %s", strerror(errno));
    /* Nothing of ours runs yet, so sockets, locks and pid files there are dead. */
    nftw(paths->run, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    nftw(paths->spool, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);

    oct_err result = octi_folder_make(paths->run, 0755, err);
    if (result == OCT_OK)
        result = octi_folder_make(paths->munge, 0755, err);
    if (result == OCT_OK)
        result = octi_folder_make(paths->slurm, 0755, err);
    if (result == OCT_OK)
        result = octi_folder_make(paths->spool, 0700, err);
    snprintf(membership->reason, sizeof(membership->reason), "not configured yet");
    return result;
}

void octi_membership_deinit(octi_membership *membership)
{
    octi_buffer_deinit(&membership->rendered);
}

static unsigned not_yet(octi_membership *membership, const char *reason, bool waiting)
{
    if (strcmp(membership->reason, reason) != 0) {
        snprintf(membership->reason, sizeof(membership->reason), "%s", reason);
        octi_say("octavo-node", "%s", reason);
    }
    membership->waiting = waiting;
    return OCTI_MEMBERSHIP_SAME;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static oct_err install_key(octi_membership *membership, const octi_config *config, unsigned *change,
                           oct_error *err)
{
    const octi_paths *paths = membership->paths;
    const char *from = config->munge_key_file[0] ? config->munge_key_file : paths->shared_key;
    int changed = 0;
    oct_err result = OCT_OK;
    if (!config->munge_key_file[0] && membership->head)
        result = octi_key_ensure(from, err);
    if (result == OCT_OK)
        result = octi_key_install(from, paths->key, &changed, err);
    if (changed)
        *change |= OCTI_MEMBERSHIP_KEY;
    return result;
}

static const char *user_name(char number[16])
{
    const struct passwd *entry = getpwuid(getuid());
    if (entry)
        return entry->pw_name;
    snprintf(number, 16, "%u", (unsigned)getuid());
    return number;
}

static oct_err write_files(octi_membership *membership, octi_buffer *conf, oct_error *err)
{
    octi_buffer cgroup = {0};
    if (octi_slurmconf_format_cgroup(&cgroup) != OCT_OK)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    oct_err result = octi_file_replace(membership->paths->cgroup_conf, cgroup.data, cgroup.size, 0644, err);
    if (result == OCT_OK)
        result = octi_file_replace(membership->paths->slurm_conf, conf->data, conf->size, 0644, err);
    octi_buffer_deinit(&cgroup);
    return result;
}

static oct_err install_files(octi_membership *membership, const octi_config *config, unsigned *change,
                             oct_error *err)
{
    const octi_paths *paths = membership->paths;
    octi_slurmconf_paths places = {.state = paths->state, .run = paths->run, .spool = paths->spool};
    octi_buffer conf = {0};
    char number[16];
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    oct_err result =
        octi_slurmconf_format(config, &places, user_name(number), cpus > 0 ? (unsigned)cpus : 1, &conf);
    if (result != OCT_OK)
        oct_fail(err, result, "out of memory");
    if (result == OCT_OK && membership->head)
        result = octi_folder_make(paths->slurmctld, 0700, err);

    const octi_buffer *old = &membership->rendered;
    bool same = conf.size == old->size && old->size > 0 && memcmp(conf.data, old->data, conf.size) == 0;
    if (result == OCT_OK && !same)
        result = write_files(membership, &conf, err);
    if (result == OCT_OK && !same) {
        octi_buffer_deinit(&membership->rendered);
        membership->rendered = conf;
        *change |= OCTI_MEMBERSHIP_FILES;
        return OCT_OK;
    }
    octi_buffer_deinit(&conf);
    return result;
}

static unsigned leave(octi_membership *membership, const octi_config *config)
{
    char reason[320];
    snprintf(reason, sizeof(reason), "'%s' is not one of the %zu nodes of '%s' in cluster.json",
             membership->host, config->node_count, config->cluster);
    not_yet(membership, reason, false);
    bool was = membership->member;
    membership->member = false;
    octi_buffer_deinit(&membership->rendered);
    return was ? OCTI_MEMBERSHIP_FILES : OCTI_MEMBERSHIP_SAME;
}

static unsigned join(octi_membership *membership, const octi_config *config, long index)
{
    unsigned change = OCTI_MEMBERSHIP_SAME;
    oct_error err = OCT_ERROR_INIT;
    membership->head = index == 0;
    oct_err result = install_key(membership, config, &change, &err);
    if (result == OCT_E_NOTFOUND)
        return not_yet(membership, "waiting for the head to make the munge key", true);
    if (result == OCT_OK)
        result = install_files(membership, config, &change, &err);
    if (result != OCT_OK)
        return not_yet(membership, err.what, true);

    if (!membership->member || membership->generation != config->generation)
        octi_say("octavo-node", "node %ld of %zu in cluster '%s', generation %llu%s", index,
                 config->node_count, config->cluster, (unsigned long long)config->generation,
                 membership->head ? ", head" : "");
    membership->member = true;
    membership->waiting = false;
    membership->generation = config->generation;
    membership->node_count = config->node_count;
    memcpy(membership->cluster, config->cluster, sizeof(membership->cluster));
    membership->reason[0] = '\0';
    return change;
}

unsigned octi_membership_update(octi_membership *membership)
{
    struct stat now;
    if (stat(membership->paths->config, &now) != 0)
        return membership->member ? OCTI_MEMBERSHIP_SAME : not_yet(membership, "not configured yet", false);
    if (same_file(&now, &membership->seen) && !membership->waiting)
        return OCTI_MEMBERSHIP_SAME;
    membership->seen = now;

    octi_config config = {0};
    oct_error err = OCT_ERROR_INIT;
    if (octi_config_load(membership->paths->config, &config, &err) != OCT_OK)
        return not_yet(membership, err.what, false);
    long index = octi_config_find(&config, membership->host);
    unsigned change = index < 0 ? leave(membership, &config) : join(membership, &config, index);
    octi_config_deinit(&config);
    return change;
}
