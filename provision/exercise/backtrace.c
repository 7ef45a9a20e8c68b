#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "provision/exercise/backtrace.h"

/* Not dwfl_standard_find_debuginfo: that one may ask servers in the network. */
static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_linux_proc_find_elf,
    .find_debuginfo = dwfl_build_id_find_debuginfo,
};

enum { FRAMES = 64 };

struct walk {
    octi_buffer *out;
    int frames;
};

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* What called main is the C library's, and has no line of its own: the nearest would be told, which is the
 * program's. */
static bool is_last(Dwfl *dwfl, Dwarf_Addr address)
{
    Dwfl_Module *module = dwfl_addrmodule(dwfl, address);
    const char *name = module ? dwfl_module_addrname(module, address) : NULL;
    return name && strcmp(name, "main") == 0;
}

static void append_frame(struct walk *walk, Dwfl *dwfl, Dwarf_Addr address)
{
    Dwfl_Module *module = dwfl_addrmodule(dwfl, address);
    const char *name = module ? dwfl_module_addrname(module, address) : NULL;
    Dwfl_Line *line = module ? dwfl_module_getsrc(module, address) : NULL;
    int number = 0;
    const char *file = line ? dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL) : NULL;
    oct_err ignored; /* a shorter trace is better than none */
    if (file)
        ignored = octi_buffer_printf(walk->out, "  %s at %s:%d\n", name ? name : "?", base_of(file), number);
    else
        ignored = octi_buffer_printf(walk->out, "  %s\n", name ? name : "?");
    (void)ignored;
}

static int each_frame(Dwfl_Frame *frame, void *ctx)
{
    struct walk *walk = ctx;
    Dwarf_Addr address;
    bool activation;
    if (walk->frames++ >= FRAMES || !dwfl_frame_pc(frame, &address, &activation))
        return DWARF_CB_ABORT;
    /* What a call returns to is one past it. */
    Dwfl *dwfl = dwfl_thread_dwfl(dwfl_frame_thread(frame));
    address -= activation ? 0 : 1;
    append_frame(walk, dwfl, address);
    return is_last(dwfl, address) ? DWARF_CB_ABORT : DWARF_CB_OK;
}

static int each_thread(Dwfl_Thread *thread, void *ctx)
{
    struct walk *walk = ctx;
    walk->frames = 0;
    if (octi_buffer_printf(walk->out, "thread %ld\n", (long)dwfl_thread_tid(thread)) != OCT_OK)
        return DWARF_CB_ABORT;
    dwfl_thread_getframes(thread, each_frame, walk);
    return DWARF_CB_OK;
}

void octi_backtrace(pid_t pid, octi_buffer *out)
{
    struct walk walk = {.out = out};
    Dwfl *dwfl = dwfl_begin(&callbacks);
    if (dwfl && dwfl_linux_proc_report(dwfl, pid) == 0 && dwfl_report_end(dwfl, NULL, NULL) == 0 &&
        dwfl_linux_proc_attach(dwfl, pid, false) == 0)
        dwfl_getthreads(dwfl, each_thread, &walk);
    dwfl_end(dwfl);
}
