#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provision/exercise/workbench.h"

enum { OUTPUT = 16 << 20, PROCESSES = 100 };

static const char *const program_names[OCTI_VARIANTS] = {"program", "program-thread", "program-address"};

void octi_cache_folder(char *out, size_t size)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (cache && *cache)
        snprintf(out, size, "%s/octavo/exercise", cache);
    else
        snprintf(out, size, "%s/.cache/octavo/exercise", home && *home ? home : "/tmp");
}

oct_err octi_workbench_open(octi_workbench *bench, const octi_lesson *lesson, const octi_kit *kit,
                            const char *student, const char *source, bool (*stop)(void), oct_error *err)
{
    *bench = (octi_workbench){.lesson = lesson, .kit = *kit, .stop = stop};
    octi_cache_folder(bench->cache, sizeof(bench->cache));
    if (strlen(student) >= sizeof(bench->student) || strlen(source) >= sizeof(bench->source))
        return oct_fail(err, OCT_E_INVALID, "the path '%.60s...' is too long", student);
    snprintf(bench->student, sizeof(bench->student), "%s", student);
    snprintf(bench->source, sizeof(bench->source), "%s", source);
    /* Short: mpirun makes sockets below it, whose paths must be. */
    snprintf(bench->folder, sizeof(bench->folder), "/tmp/octavo-exercise.XXXXXX");
    if (!mkdtemp(bench->folder)) {
        oct_err code = oct_fail(err, errno == ENOSPC ? OCT_E_EXHAUSTED : OCT_E_IO,
                                "cannot make a folder in /tmp: %s", strerror(errno));
        bench->folder[0] = '\0';
        return code;
    }
    return octi_make_folder(bench->cache, err);
}

void octi_workbench_close(octi_workbench *bench)
{
    octi_ahead_end(bench->ahead);
    bench->ahead = NULL;
    for (size_t i = 0; i < OCTI_LESSON_SEEDS; i++)
        for (size_t speed = 0; speed < 2; speed++)
            octi_buffer_deinit(&bench->expected[i][speed]);
    if (bench->folder[0])
        octi_remove_folder(bench->folder);
    bench->folder[0] = '\0';
}

static oct_err compile(void *ctx, octi_variant variant, bool (*stop)(void), octi_trial_result *result,
                       oct_error *err)
{
    const octi_workbench *bench = ctx;
    char path[OCTI_PATH];
    octi_path(path, bench->folder, program_names[variant]);
    return octi_kit_compile(&bench->kit, variant, bench->lesson, bench->student, bench->source, path, stop,
                            result, err);
}

oct_err octi_workbench_build(octi_workbench *bench, octi_variant variant, octi_trial_result *result,
                             oct_error *err)
{
    *result = (octi_trial_result){0};
    if (bench->built[variant])
        return OCT_OK;
    oct_err code = OCT_OK;
    if (!octi_ahead_take(bench->ahead, variant, bench->stop, result))
        code = compile(bench, variant, bench->stop, result, err);
    bench->built[variant] = code == OCT_OK && result->end == OCTI_END_EXIT && result->status == 0;
    return code;
}

void octi_workbench_build_ahead(octi_workbench *bench, const bool wanted[OCTI_VARIANTS])
{
    bool any = false;
    for (octi_variant variant = 0; variant < OCTI_VARIANTS; variant++)
        any = any || wanted[variant];
    if (any && !bench->ahead)
        bench->ahead = octi_ahead_start(wanted, compile, bench);
}

/* --- data --- */

/* Where the program runs the data sets are folders of links: it may make files beside the data, and
 * what it does to them goes away. */
static oct_err mirror(const char *from, const char *to, oct_error *err)
{
    oct_err code = octi_make_folder(to, err);
    DIR *folder = code == OCT_OK ? opendir(from) : NULL;
    if (code == OCT_OK && !folder)
        return oct_fail(err, OCT_E_IO, "cannot read '%s': %s", from, strerror(errno));
    for (struct dirent *entry; code == OCT_OK && (entry = readdir(folder));) {
        char source[OCTI_PATH], target[OCTI_PATH];
        struct stat known;
        if (entry->d_name[0] == '.')
            continue;
        octi_path(source, from, entry->d_name);
        octi_path(target, to, entry->d_name);
        if (stat(source, &known) == 0 && S_ISDIR(known.st_mode))
            code = mirror(source, target, err);
        else if (symlink(source, target) != 0)
            code = oct_fail(err, errno == ENOSPC ? OCT_E_EXHAUSTED : OCT_E_IO, "cannot link '%s': %s", target,
                            strerror(errno));
    }
    if (folder)
        closedir(folder);
    return code;
}

static oct_err lay_out_data(octi_workbench *bench, uint64_t seed, bool speed, const char *run, oct_error *err)
{
    oct_err code = octi_make_folder(run, err);
    for (size_t i = 0; code == OCT_OK && i < bench->lesson->data_count; i++) {
        const octi_lesson_data *data = &bench->lesson->data[i];
        const char *size = speed ? data->speed_size : data->size;
        char made[OCTI_PATH], sets[OCTI_PATH], here[OCTI_PATH];
        snprintf(made, sizeof(made), "%s/data/%s-%s-%" PRIu64, bench->cache, data->name, size, seed);
        octi_path(here, octi_path(sets, run, "data"), data->name);
        code = octi_kit_prepare(&bench->kit, data->name, size, seed, made, bench->stop, err);
        if (code == OCT_OK)
            code = mirror(made, here, err);
    }
    return code;
}

/* --- the lesson's own sequential program --- */

static uint64_t hash_file(uint64_t hash, const char *folder, const char *name)
{
    char path[OCTI_PATH];
    octi_buffer bytes = {0};
    if (octi_read_file(octi_path(path, folder, name), 1 << 20, &bytes, NULL) == OCT_OK)
        hash = octi_hash(hash, bytes.data ? bytes.data : "", bytes.size);
    octi_buffer_deinit(&bytes);
    return hash;
}

static int is_header(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 2 && strcmp(entry->d_name + length - 2, ".h") == 0;
}

/* Of all that a program is compiled from: which headers it includes is not known, so any may matter. */
static uint64_t hash_program(const octi_lesson *lesson, const char *folder, const char *source)
{
    struct dirent **headers;
    uint64_t hash = hash_file(OCTI_HASH, folder, source);
    for (size_t i = 0; lesson->sources[i]; i++)
        hash = hash_file(hash, folder, lesson->sources[i]);
    int count = scandir(folder, &headers, is_header, alphasort);
    for (int i = 0; i < count; i++) {
        hash = hash_file(hash, folder, headers[i]->d_name);
        free(headers[i]);
    }
    if (count >= 0)
        free(headers);
    return hash;
}

uint64_t octi_workbench_digest(const octi_workbench *bench)
{
    return hash_program(bench->lesson, bench->student, bench->source);
}

/* Its name in the cache tells what it was made from. */
static void name_sequential(const octi_workbench *bench, char out[OCTI_PATH])
{
    const octi_lesson *lesson = bench->lesson;
    uint64_t hash = hash_program(lesson, lesson->folder, lesson->exercise);
    hash = hash_file(hash, lesson->folder, "lesson.json");
    hash = hash_file(octi_hash(hash, bench->kit.folder, strlen(bench->kit.folder)), bench->kit.folder,
                     "include/oct/oct.h");
    snprintf(out, OCTI_PATH, "%s/bin/%s-%016" PRIx64, bench->cache, lesson->name, hash);
}

static oct_err build_sequential(octi_workbench *bench, char program[OCTI_PATH], oct_error *err)
{
    char part[OCTI_PATH], folder[OCTI_PATH];
    octi_trial_result result;
    name_sequential(bench, program);
    if (octi_has_file(program))
        return OCT_OK;
    oct_err code = octi_make_folder(octi_path(folder, bench->cache, "bin"), err);
    if (code != OCT_OK)
        return code;
    snprintf(part, sizeof(part), "%.4000s.%ld", program, (long)getpid());
    code = octi_kit_compile(&bench->kit, OCTI_PLAIN, bench->lesson, bench->lesson->folder,
                            bench->lesson->exercise, part, bench->stop, &result, err);
    if (code != OCT_OK)
        return code;
    if (result.end == OCTI_END_STOPPED)
        code = oct_fail(err, OCT_E_CANCELLED, "stopped");
    else if (result.end != OCTI_END_EXIT || result.status != 0 || rename(part, program) != 0) {
        code = oct_fail(err, OCT_E_STATE, "cannot compile the lesson's own %s: %.120s",
                        bench->lesson->exercise, result.err.data ? result.err.data : "no message");
        oct_hint(err, "this is not your program's fault: see whether the compiler and what the lesson needs "
                      "are installed ('octavo doctor')");
    }
    octi_trial_deinit(&result);
    return code;
}

/* --- running --- */

struct command {
    const char *words[OCTI_LESSON_LIST + 16];
    const char *environment[16];
    char program[OCTI_PATH], pool[64], temporary[OCTI_PATH], segments[OCTI_PATH + 64], ranks[16], copies[16],
        trace[OCTI_PATH];
};

static void trace_path(const octi_workbench *bench, char out[OCTI_PATH])
{
    octi_path(out, bench->folder, "trace.json");
}

/* What the tools say of the student's program must not depend on the user's environment. */
static void set_environment(const octi_workbench *bench, const octi_attempt *attempt, struct command *command)
{
    size_t n = 0;
    snprintf(command->pool, sizeof(command->pool), "OCTAVO_POOL=%s",
             attempt->pool ? attempt->pool : "threads:1");
    snprintf(command->temporary, sizeof(command->temporary), "TMPDIR=%s", bench->folder);
    command->environment[n++] = command->pool;
    command->environment[n++] = command->temporary;
    command->environment[n++] = "OCTAVO_JOURNAL"; /* unset */
    command->environment[n++] = "LC_ALL=C.UTF-8";
    command->environment[n++] = "TSAN_OPTIONS=exitcode=66 halt_on_error=1 ignore_noninstrumented_modules=1 "
                                "report_signal_unsafe=0 history_size=4";
    command->environment[n++] = "ASAN_OPTIONS=exitcode=67 detect_leaks=1 detect_stack_use_after_return=0";
    command->environment[n++] = "LSAN_OPTIONS=exitcode=67 max_leaks=8 print_suppressions=0";
    command->environment[n++] = "OMPI_ALLOW_RUN_AS_ROOT=1";
    command->environment[n++] = "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1";
    command->environment[n++] = "OMPI_MCA_btl_vader_single_copy_mechanism=none";
    /* What ranks share memory by: it goes with the folder where they are killed, and is no other mpirun's,
     * which in a container beside this one may have the same process number. */
    snprintf(command->segments, sizeof(command->segments), "OMPI_MCA_btl_vader_backing_directory=%s",
             bench->folder);
    command->environment[n++] = command->segments;
    command->environment[n] = NULL;
}

/* A rank of this machine has a folder for what is needed for a moment that the others do not look into, as
 * a node has: what is in a file there does not travel by its name. */
static const char own_scratch[] =
    "TMPDIR=$TMPDIR/scratch-$OMPI_COMM_WORLD_RANK && mkdir -p \"$TMPDIR\" && exec \"$@\"";

/* Programs that make files beside their data must not meet each other's. */
static const char beside_each_other[] =
    "n=$1 all=; shift; while [ $n -gt 0 ]; do "
    "(mkdir copy-$n && { [ ! -e data ] || cp -RP data copy-$n; } && cd copy-$n && TMPDIR=$PWD exec \"$@\") "
    ">/dev/null & "
    "all=\"$all $!\" n=$((n - 1)); done; for one in $all; do wait $one || exit; done";

static void set_words(const octi_workbench *bench, const octi_attempt *attempt, struct command *command)
{
    size_t n = 0;
    if (attempt->ranks > 0) {
        snprintf(command->ranks, sizeof(command->ranks), "%u", attempt->ranks);
        command->words[n++] = "mpirun";
        command->words[n++] = "--oversubscribe";
        command->words[n++] = "-n";
        command->words[n++] = command->ranks;
        command->words[n++] = "sh";
        command->words[n++] = "-c";
        command->words[n++] = own_scratch;
        command->words[n++] = "sh";
    } else if (attempt->copies > 1) {
        snprintf(command->copies, sizeof(command->copies), "%u", attempt->copies);
        command->words[n++] = "sh";
        command->words[n++] = "-c";
        command->words[n++] = beside_each_other;
        command->words[n++] = "sh";
        command->words[n++] = command->copies;
    }
    command->words[n++] = command->program;
    for (size_t i = 0; bench->lesson->arguments[i]; i++)
        command->words[n++] = bench->lesson->arguments[i];
    if (attempt->trace) {
        /* After the arguments, where a program that opens no pool does not look. */
        char path[OCTI_PATH];
        trace_path(bench, path);
        unlink(path);
        snprintf(command->trace, sizeof(command->trace), "--trace=%.4000s", path);
        command->words[n++] = command->trace;
    }
    command->words[n] = NULL;
}

/* A program that hangs should not be waited for as long as the slowest machine might need. (How long ranks
 * take to find each other on a busy one says nothing of the program.) */
static double time_limit(const octi_workbench *bench, const octi_attempt *attempt)
{
    enum { START = 4, TIMES = 10 };
    double slower = attempt->variant == OCTI_THREAD ? 5 : attempt->variant == OCTI_ADDRESS ? 3 : 1;
    double enough = START + TIMES * bench->slowest, most = bench->lesson->seconds;
    bool known = bench->slowest > 0 && !attempt->sequential && attempt->ranks == 0;
    return slower * (known && enough < most ? enough : most);
}

oct_err octi_workbench_run(octi_workbench *bench, const octi_attempt *attempt, octi_trial_result *result,
                           char told[256], oct_error *err)
{
    struct command command;
    char run[OCTI_PATH];
    *result = (octi_trial_result){0};
    octi_path(command.program, bench->folder, program_names[attempt->variant]);
    octi_path(run, bench->folder, "run");
    octi_remove_folder(run);
    oct_err code = attempt->sequential ? build_sequential(bench, command.program, err) : OCT_OK;
    if (code == OCT_OK)
        code = lay_out_data(bench, attempt->seed, attempt->speed, run, err);
    if (code != OCT_OK)
        return code;
    set_environment(bench, attempt, &command);
    set_words(bench, attempt, &command);
    const octi_trial trial = {
        .argv = command.words,
        .environment = command.environment,
        .folder = run,
        .seconds = time_limit(bench, attempt),
        .output = OUTPUT,
        .memory = (uint64_t)2 << 30,
        .processes = PROCESSES,
        .disk = (uint64_t)512 << 20,
        .look_every = attempt->speed ? 0.05 : 0,
        .most_at_once = attempt->cores,
        .stop = bench->stop,
    };
    code = octi_trial_run(&trial, result, err);
    if (code == OCT_OK && result->end == OCTI_END_STOPPED)
        code = oct_fail(err, OCT_E_CANCELLED, "stopped");
    if (code == OCT_OK && attempt->sequential && attempt->copies < 2 && result->seconds > bench->slowest)
        bench->slowest = result->seconds;
    if (code == OCT_OK)
        octi_trial_tell(&trial, result, told, 256);
    else
        octi_trial_deinit(result);
    octi_remove_folder(run); /* a full disk is given back before the next run */
    return code;
}

size_t octi_workbench_tasks(const octi_workbench *bench)
{
    char path[OCTI_PATH];
    size_t tasks = 0, index;
    json_t *event;
    trace_path(bench, path);
    json_t *trace = json_load_file(path, 0, NULL);
    json_array_foreach(json_object_get(trace, "traceEvents"), index, event)
    {
        const char *kind = json_string_value(json_object_get(event, "cat"));
        tasks += kind && strcmp(kind, "task") == 0;
    }
    json_decref(trace);
    return tasks;
}

/* Which of the lesson's seeds it is. */
static size_t index_of(const octi_lesson *lesson, uint64_t seed)
{
    size_t i = 0;
    while (i + 1 < lesson->seed_count && lesson->seeds[i] != seed)
        i++;
    return i;
}

oct_err octi_workbench_expected(octi_workbench *bench, uint64_t seed, bool speed, const char **out,
                                oct_error *err)
{
    octi_buffer *known = &bench->expected[index_of(bench->lesson, seed)][speed];
    const octi_attempt attempt = {.sequential = true, .seed = seed, .speed = speed};
    octi_trial_result result;
    char told[256];
    *out = known->data;
    if (known->data)
        return OCT_OK;
    oct_err code = octi_workbench_run(bench, &attempt, &result, told, err);
    if (code != OCT_OK)
        return code;
    if (result.end != OCTI_END_EXIT || result.status != 0)
        code = oct_fail(err, OCT_E_STATE, "the lesson's own sequential program %s: %.100s", told,
                        result.err.data ? result.err.data : "");
    else if (octi_buffer_append(known, result.out.data ? result.out.data : "", result.out.size) != OCT_OK)
        code = oct_fail(err, OCT_E_NOMEM, "out of memory");
    *out = known->data;
    octi_trial_deinit(&result);
    return code;
}
