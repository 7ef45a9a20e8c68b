#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "provision/exercise/kit.h"

enum { COMPILE_SECONDS = 60, PREPARE_SECONDS = 600, MESSAGES = 4 << 20, WORDS = 64 };

static const char *const variant_folders[OCTI_VARIANTS] = {"", "/thread", "/address"};

static bool is_prefix(const char *folder)
{
    char path[OCTI_PATH];
    return octi_has_file(octi_path(path, folder, "include/oct/oct.h")) &&
           octi_has_file(octi_path(path, folder, "bin/octcc"));
}

oct_err octi_kit_find(octi_kit *out, oct_error *err)
{
    octi_kit kit;
    const char *told = getenv("OCTAVO_KIT");
    if (told && *told) {
        snprintf(kit.folder, sizeof(kit.folder), "%s", told);
    } else {
        char self[sizeof(kit.folder) - 8];
        ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
        self[length > 0 ? length : 0] = '\0';
        char *slash = strrchr(self, '/');
        snprintf(kit.folder, sizeof(kit.folder), "%.*s/..", slash ? (int)(slash - self) : 0, self);
    }
    if (!is_prefix(kit.folder)) {
        oct_fail(err, OCT_E_NOTFOUND, "there is no Octavo to compile with in '%s'", kit.folder);
        return oct_hint(err, "start it as ./octavo in the repository, which builds it, or set OCTAVO_KIT");
    }
    *out = kit;
    return OCT_OK;
}

bool octi_kit_has(const octi_kit *kit, octi_variant variant)
{
    char folder[OCTI_PATH];
    snprintf(folder, sizeof(folder), "%s%s", kit->folder, variant_folders[variant]);
    return is_prefix(folder);
}

struct words {
    const char *list[WORDS];
    size_t count;
};

static void add(struct words *words, const char *word)
{
    if (words->count + 1 < WORDS)
        words->list[words->count++] = word;
}

static oct_err compile(const char *const *words, const char *folder, bool (*stop)(void),
                       octi_trial_result *result, oct_error *err)
{
    /* Messages as everywhere: the user's language may not be ours. */
    static const char *const environment[] = {"LC_ALL=C.UTF-8", "GCC_COLORS=", NULL};
    const octi_trial trial = {
        .argv = words,
        .environment = environment,
        .folder = folder,
        .seconds = COMPILE_SECONDS,
        .output = MESSAGES,
        .processes = 64,
        .disk = (uint64_t)2 << 30,
        .stop = stop,
    };
    return octi_trial_run(&trial, result, err);
}

oct_err octi_kit_compile(const octi_kit *kit, octi_variant variant, const octi_lesson *lesson,
                         const char *folder, const char *source, const char *to, bool (*stop)(void),
                         octi_trial_result *result, oct_error *err)
{
    static const char *const sanitize[OCTI_VARIANTS] = {NULL, "-fsanitize=thread", "-fsanitize=address"};
    char compiler[OCTI_PATH], libraries[OCTI_LESSON_LIST][80];
    struct words words = {0};
    snprintf(compiler, sizeof(compiler), "%s%s/bin/octcc", kit->folder, variant_folders[variant]);
    add(&words, compiler);
    add(&words, "-Wall");
    if (sanitize[variant]) {
        add(&words, sanitize[variant]);
        add(&words, "-O1");
        add(&words, "-fno-omit-frame-pointer");
        add(&words, "-U_FORTIFY_SOURCE");
    }
    add(&words, "-o");
    add(&words, to);
    add(&words, source);
    for (size_t i = 0; lesson->sources[i]; i++)
        add(&words, lesson->sources[i]);
    for (size_t i = 0; lesson->libraries[i]; i++) {
        snprintf(libraries[i], sizeof(libraries[i]), "-l%.70s", lesson->libraries[i]);
        add(&words, libraries[i]);
    }
    return compile(words.list, folder, stop, result, err);
}

oct_err octi_kit_syntax(const octi_kit *kit, const char *folder, const char *path, bool (*stop)(void),
                        octi_trial_result *result, oct_error *err)
{
    char compiler[OCTI_PATH];
    octi_path(compiler, kit->folder, "bin/octcc");
    const char *const words[] = {compiler, "-fsyntax-only", "-I.", path, NULL};
    return compile(words, folder, stop, result, err);
}

oct_err octi_kit_prepare(const octi_kit *kit, const char *set, const char *size, uint64_t seed,
                         const char *folder, bool (*stop)(void), oct_error *err)
{
    char path[OCTI_PATH], program[OCTI_PATH], number[24];
    if (octi_has_file(octi_path(path, folder, "prep.json")))
        return OCT_OK;
    oct_err code = octi_make_folder(folder, err);
    if (code != OCT_OK)
        return code;
    octi_path(program, kit->folder, "bin/octavo-prep");
    snprintf(number, sizeof(number), "%" PRIu64, seed);
    const char *const argv[] = {program, set,    "--size", size,      "--seed",
                                number,  "--to", folder,   "--quiet", NULL};
    static const char *const environment[] = {"OCTAVO_POOL=threads", "OCTAVO_JOURNAL", NULL};
    const octi_trial trial = {
        .argv = argv,
        .environment = environment,
        .folder = folder,
        .seconds = PREPARE_SECONDS,
        .output = MESSAGES,
        .processes = 64,
        .disk = (uint64_t)8 << 30,
        .stop = stop,
    };
    octi_trial_result result;
    code = octi_trial_run(&trial, &result, err);
    if (code != OCT_OK)
        return code;
    if (result.end == OCTI_END_STOPPED)
        code = oct_fail(err, OCT_E_CANCELLED, "stopped");
    else if (result.end != OCTI_END_EXIT || result.status != 0) {
        char how[128];
        const char *said = result.err.data ? result.err.data : "";
        octi_trial_tell(&trial, &result, how, sizeof(how));
        if (result.end == OCTI_END_DISK || strstr(said, "no space left")) {
            code = oct_fail(err, OCT_E_EXHAUSTED, "no space left for the data set '%s' in '%.150s'", set,
                            folder);
            oct_hint(err, "make room there ('df -h'), or name another place by XDG_CACHE_HOME");
        } else {
            code = oct_fail(err, OCT_E_TASK, "cannot make the data set '%s': octavo-prep %s: %.100s", set,
                            how, said);
        }
    }
    octi_trial_deinit(&result);
    return code;
}
