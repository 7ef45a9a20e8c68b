#include <stdio.h>
#include <unistd.h>

#include "provision/node/commands.h"
#include "provision/node/config.h"
#include "provision/node/file.h"
#include "provision/node/paths.h"

static int complain(const oct_error *err)
{
    fprintf(stderr, "error: cannot configure this cluster: %s\n", err->what);
    if (err->hint[0])
        fprintf(stderr, "hint: %s\n", err->hint);
    return 1;
}

static oct_err store(const octi_config *config, oct_error *err)
{
    octi_paths paths;
    octi_paths_init(&paths);
    octi_buffer text = {0};
    oct_err result = octi_config_format(config, &text);
    if (result != OCT_OK)
        oct_fail(err, result, "out of memory");
    else
        result = octi_file_replace(paths.config, text.data, text.size, 0644, err);
    octi_buffer_deinit(&text);
    return result;
}

static oct_err configure(oct_error *err)
{
    octi_buffer text = {0};
    octi_config config = {0};
    oct_err result = octi_file_read_fd(STDIN_FILENO, "standard input", OCTI_CONFIG_SIZE_MAX, &text, err);
    if (result == OCT_OK) {
        result = octi_config_parse(text.data, text.size, &config, err);
        if (result != OCT_OK)
            oct_prefix(err, "standard input");
    }
    if (result == OCT_OK)
        result = store(&config, err);
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
