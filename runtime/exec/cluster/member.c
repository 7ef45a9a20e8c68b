#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cpus.h"
#include "runtime/exec/cluster/member.h"
#include "runtime/task/registry.h"

static void print_hex(const unsigned char *bytes, size_t size, char *out, size_t room)
{
    for (size_t i = 0; i < size && 2 * i + 2 < room; i++)
        snprintf(out + 2 * i, room - 2 * i, "%02x", bytes[i]);
}

static size_t padded(size_t size)
{
    return (size + 3) & ~(size_t)3;
}

static void read_notes(const char *note, size_t size, octi_member *self)
{
    ElfW(Nhdr) head;
    while (size >= sizeof(head)) {
        memcpy(&head, note, sizeof(head));
        size_t name = padded(head.n_namesz), body = padded(head.n_descsz);
        if (name > size - sizeof(head) || body > size - sizeof(head) - name)
            return;
        const char *text = note + sizeof(head);
        if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 && memcmp(text, "GNU", 4) == 0)
            print_hex((const unsigned char *)text + name, head.n_descsz, self->build, sizeof(self->build));
        note += sizeof(head) + name + body;
        size -= sizeof(head) + name + body;
    }
}

/* The first object listed is the program: see dl_iterate_phdr(3). */
static int read_program(struct dl_phdr_info *program, size_t size, void *ctx)
{
    (void)size;
    for (int i = 0; i < program->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &program->dlpi_phdr[i];
        if (part->p_type == PT_NOTE)
            read_notes((const char *)program->dlpi_addr + part->p_vaddr, part->p_memsz, ctx);
    }
    return 1;
}

/* Not more than Slurm gave this step on this node, where it does not bind. */
static int given_cpus(void)
{
    const char *given = getenv("SLURM_CPUS_ON_NODE");
    int cpus = octi_usable_cpus(), limit = given ? atoi(given) : 0;
    return limit > 0 && limit < cpus ? limit : cpus;
}

void octi_member_init(octi_member *self, int workers, const char *tags)
{
    memset(self, 0, sizeof(*self));
    if (gethostname(self->node, sizeof(self->node) - 1) != 0)
        snprintf(self->node, sizeof(self->node), "localhost");
    dl_iterate_phdr(read_program, self);
    self->tasks = octi_registry_digest();
    self->task_count = (int32_t)octi_registry_count();
    self->bad_tags = octi_tags_own(tags, self->tags, NULL) != OCT_OK;
    /* Negative: a number of processors, to be shared. */
    self->workers = workers > 0 ? workers : -given_cpus();
}

void octi_member_share(octi_member *all, int count)
{
    for (int i = 0; i < count; i++) {
        int sharing = 0;
        for (int j = 0; j < count; j++)
            sharing += strcmp(all[i].node, all[j].node) == 0;
        if (all[i].workers < 0 && -all[i].workers < sharing)
            all[i].workers = -sharing;
    }
    for (int i = 0; i < count; i++) {
        int sharing = 0;
        for (int j = 0; j < count && all[i].workers < 0; j++)
            sharing += strcmp(all[i].node, all[j].node) == 0;
        if (all[i].workers < 0)
            all[i].workers = -all[i].workers / sharing;
    }
}

oct_err octi_member_check(const octi_member *all, int count, oct_error *err)
{
    for (int i = 0; i < count; i++) {
        if (!all[i].bad_tags)
            continue;
        oct_fail(err, OCT_E_INVALID, "the tags of rank %d on '%s' make no sense", i, all[i].node);
        return oct_hint(err,
                        "see OCTAVO_TAGS there: words of letters, digits, '_', '-' and '.', joined by "
                        "'+', %d bytes at most",
                        OCTI_TAGS - 1);
    }
    for (int i = 1; i < count; i++) {
        bool same_tasks = all[i].tasks == all[0].tasks && all[i].task_count == all[0].task_count;
        if (same_tasks && strcmp(all[i].build, all[0].build) == 0)
            continue;
        oct_fail(err, OCT_E_INVALID,
                 "rank %d on '%s' runs another program than rank 0 on '%s': %s %.12s, not %.12s", i,
                 all[i].node, all[0].node, same_tasks ? "build" : "other tasks, build",
                 all[i].build[0] ? all[i].build : "without id",
                 all[0].build[0] ? all[0].build : "without id");
        return oct_hint(err, "start one file on all nodes; 'octavo run' sends the same one to each");
    }
    return OCT_OK;
}
