#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/exec/processes/symbol.h"

/* Not dwfl_standard_find_debuginfo: that one may ask servers in the network. */
static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_linux_proc_find_elf,
    .find_debuginfo = dwfl_build_id_find_debuginfo,
};

static Dwfl *open_self(void)
{
    Dwfl *dwfl = dwfl_begin(&callbacks);
    if (dwfl && dwfl_linux_proc_report(dwfl, getpid()) == 0 && dwfl_report_end(dwfl, NULL, NULL) == 0)
        return dwfl;
    dwfl_end(dwfl);
    return NULL;
}

/* The executor, which called the task: not the reader's concern. */
static bool is_runtime(const char *name)
{
    return name && (strcmp(name, "octi_run") == 0 || strcmp(name, "octi_loop_run") == 0);
}

/* The task macro's trampolines bear the task's name behind a prefix; the compiler may have put
 * the task's body into them. */
static const char *plain_name(const char *name)
{
    static const char *const prefixes[] = {"octi__run_", "octi__loop_", "octi__forkrun_"};
    for (size_t i = 0; name && i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return name + strlen(prefixes[i]);
    }
    return name;
}

typedef struct frame {
    const char *name;
    const char *file;
    int line;
} frame;

/* dwfl_module_getsrc goes by .debug_aranges, which clang leaves out: then the unit that holds
 * the address is looked for. */
static void find_line(Dwfl_Module *module, uintptr_t address, frame *found)
{
    Dwfl_Line *known = dwfl_module_getsrc(module, address);
    if (known) {
        found->file = dwfl_lineinfo(known, NULL, &found->line, NULL, NULL, NULL);
        return;
    }
    Dwarf_Addr bias;
    for (Dwarf_Die *unit = dwfl_module_nextcu(module, NULL, &bias); unit;
         unit = dwfl_module_nextcu(module, unit, &bias)) {
        Dwarf_Line *line =
            dwarf_haspc(unit, address - bias) > 0 ? dwarf_getsrc_die(unit, address - bias) : NULL;
        if (line && dwarf_lineno(line, &found->line) == 0) {
            found->file = dwarf_linesrc(line, NULL, NULL);
            return;
        }
    }
}

static frame look_up(Dwfl *dwfl, uintptr_t address)
{
    frame found = {NULL, NULL, 0};
    Dwfl_Module *module = dwfl ? dwfl_addrmodule(dwfl, address) : NULL;
    if (!module)
        return found;
    found.name = dwfl_module_addrname(module, address);
    find_line(module, address, &found);
    if (!found.file)
        found.file = dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    return found;
}

static bool print_frame(const frame *at, int number, uintptr_t address, char **out, size_t *size)
{
    int length;
    if (!at->name && !at->file)
        length = snprintf(*out, *size, "  #%d 0x%llx\n", number, (unsigned long long)address);
    else if (at->line > 0)
        length = snprintf(*out, *size, "  #%d %s at %s:%d\n", number, at->name ? at->name : "?", at->file,
                          at->line);
    else
        length = snprintf(*out, *size, "  #%d %s in %s\n", number, at->name ? at->name : "?",
                          at->file ? at->file : "?");
    if (length < 0 || (size_t)length >= *size) {
        **out = '\0';
        return false;
    }
    *out += length;
    *size -= (size_t)length;
    return true;
}

void octi_symbol_backtrace(void *const *frames, int count, char *out, size_t size)
{
    /* libdw's handles are not for two threads, and reading the program's tables is slow. */
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    Dwfl *dwfl = open_self();
    out[0] = '\0';
    const char *above = NULL;
    for (int i = 0, number = 0; i < count; i++) {
        /* All but the innermost are return addresses: the call is just before. */
        uintptr_t address = (uintptr_t)frames[i] - (i > 0);
        frame at = look_up(dwfl, address);
        if (is_runtime(at.name))
            break;
        const char *name = plain_name(at.name);
        bool trampoline = name != at.name && above && strcmp(name, above) == 0;
        at.name = above = name;
        if (!trampoline && !print_frame(&at, number++, address, &out, &size))
            break;
    }
    dwfl_end(dwfl);
    pthread_mutex_unlock(&lock);
}
