#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/exec/cluster/load.h"

#define LIBRARY "liboctavo-cluster.so"

static struct {
    pthread_mutex_t lock;
    const octi_link_class *link;
} loaded = {PTHREAD_MUTEX_INITIALIZER, NULL};

/* MPI's own plugins may look for its symbols, hence RTLD_GLOBAL. */
static void *open_at(const char *folder, int length, const char *below)
{
    char path[PATH_MAX];
    int size = snprintf(path, sizeof(path), "%.*s/%s" LIBRARY, length, folder, below);
    if (size <= 0 || (size_t)size >= sizeof(path) || access(path, R_OK) != 0)
        return NULL;
    return dlopen(path, RTLD_NOW | RTLD_GLOBAL);
}

static void *open_near(const char *file)
{
    const char *slash = strrchr(file, '/');
    if (!slash)
        return NULL;
    int folder = (int)(slash - file);
    void *library = open_at(file, folder, "");
    return library ? library : open_at(file, folder, "../lib/");
}

/* ".../bazel-out/k8-opt/bin/examples/hello" has it in ".../bin/runtime/exec/cluster". */
static void *open_in_bazel_tree(const char *program)
{
    const char *end = strstr(program, "/bazel-out/");
    for (int i = 0; end && i < 3; i++)
        end = strchr(end + 1, '/');
    return end ? open_at(program, (int)(end - program), "runtime/exec/cluster/") : NULL;
}

static void *open_library(void)
{
    Dl_info self;
    void *library = NULL;
    if (dladdr(&loaded, &self) && self.dli_fname)
        library = open_near(self.dli_fname);

    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
    if (!library && length > 0) {
        program[length] = '\0';
        library = open_near(program);
        if (!library)
            library = open_in_bazel_tree(program);
    }
    return library ? library : dlopen(LIBRARY, RTLD_NOW | RTLD_GLOBAL);
}

static oct_err load(const octi_link_class **out, oct_error *err)
{
    dlerror();
    void *library = open_library();
    if (!library) {
        const char *why = dlerror();
        oct_fail(err, OCT_E_UNSUPPORTED, "the cluster pool cannot be loaded: %s",
                 why ? why : LIBRARY " is missing");
        return oct_hint(err, why && strstr(why, "libmpi") ? "install Open MPI (apt-get install openmpi-bin), "
                                                            "or use --pool=threads"
                                                          : "put " LIBRARY
                                                            " beside liboctavo.so or the program, "
                                                            "or use --pool=threads");
    }
    const octi_link_class *link = dlsym(library, OCTI_LINK_SYMBOL);
    if (!link || link->version != OCTI_LINK_VERSION) {
        oct_fail(err, OCT_E_UNSUPPORTED, LIBRARY " is of another version of Octavo than this program");
        return oct_hint(err, "build both from the same source, or remove the old " LIBRARY);
    }
    *out = link;
    return OCT_OK;
}

oct_err octi_link_load(const octi_link_class **out, oct_error *err)
{
    pthread_mutex_lock(&loaded.lock);
    oct_err code = loaded.link ? OCT_OK : load(&loaded.link, err);
    if (code == OCT_OK)
        *out = loaded.link;
    pthread_mutex_unlock(&loaded.lock);
    return code;
}
