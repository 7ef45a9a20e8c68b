#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "provision/node/commands.h"
#include "provision/node/config.h"
#include "provision/node/file.h"
#include "provision/node/paths.h"
#include "runtime/base/clock.h"

/* A controller that is told to end has a second; it must not be asked any more. */
enum { PATIENCE_S = 5, PAUSE_NS = 10000000 };

/* What the node says of itself (status.h). */
typedef struct state {
    uint64_t generation;
    json_int_t controller; /* its process; 0: none */
    bool runs;             /* the controller does, and is to go on */
} state;

static int complain(const oct_error *err)
{
    fprintf(stderr, "error: cannot configure this cluster: %s\n", err->what);
    if (err->hint[0])
        fprintf(stderr, "hint: %s\n", err->hint);
    return 1;
}

static oct_err store(const octi_paths *paths, const octi_config *config, oct_error *err)
{
    octi_buffer text = {0};
    oct_err result = octi_config_format(config, &text);
    if (result != OCT_OK)
        oct_fail(err, result, "out of memory");
    else
        result = octi_file_replace(paths->config, text.data, text.size, 0644, err);
    octi_buffer_deinit(&text);
    return result;
}

/* False where no node serves. */
static bool look(const octi_paths *paths, state *out)
{
    octi_buffer text = {0};
    *out = (state){0};
    json_t *status = octi_file_read(paths->status, OCTI_CONFIG_SIZE_MAX, &text, NULL) == OCT_OK
                         ? json_loadb(text.data, text.size, 0, NULL)
                         : NULL;
    bool serves = status;
    size_t index;
    json_t *daemon;
    out->generation = (uint64_t)json_integer_value(json_object_get(status, "generation"));
    json_array_foreach(json_object_get(status, "daemons"), index, daemon)
    {
        const char *name = json_string_value(json_object_get(daemon, "name"));
        if (!name || strcmp(name, "slurmctld") != 0)
            continue;
        out->controller = json_integer_value(json_object_get(daemon, "pid"));
        out->runs = json_is_true(json_object_get(daemon, "running"));
    }
    json_decref(status);
    octi_buffer_deinit(&text);
    return serves;
}

/* Until the node has taken the configuration in, and a controller that knew another is gone: whoever asks
 * Slurm next would be answered by that one, and by none a moment later. */
static void await_taken(const octi_paths *paths, uint64_t generation, const state *before)
{
    int64_t until = octi_clock_ns() + (int64_t)PATIENCE_S * 1000000000;
    state now;
    while (look(paths, &now) && octi_clock_ns() < until) {
        bool is_other = before->controller == 0 || now.controller != before->controller;
        if (now.generation >= generation && (is_other || now.runs))
            return;
        nanosleep(&(struct timespec){0, PAUSE_NS}, NULL);
    }
}

static oct_err configure(oct_error *err)
{
    octi_buffer text = {0};
    octi_config config = {0};
    octi_paths paths;
    state before;
    octi_paths_init(&paths);
    bool serves = look(&paths, &before);
    oct_err result = octi_file_read_fd(STDIN_FILENO, "standard input", OCTI_CONFIG_SIZE_MAX, &text, err);
    if (result == OCT_OK) {
        result = octi_config_parse(text.data, text.size, &config, err);
        if (result != OCT_OK)
            oct_prefix(err, "standard input");
    }
    if (result == OCT_OK)
        result = store(&paths, &config, err);
    if (result == OCT_OK && serves)
        await_taken(&paths, config.generation, &before);
    octi_config_deinit(&config);
    octi_buffer_deinit(&text);
    return result;
}

int octi_configure_main(int argc, char **argv)
{
    (void)argv;
    if (argc != 1) {
        fprintf(stderr,
                "error: 'configure' takes no arguments\nhint: it reads cluster.json from standard input\n");
        return 2;
    }
    oct_error err = OCT_ERROR_INIT;
    return configure(&err) == OCT_OK ? 0 : complain(&err);
}
