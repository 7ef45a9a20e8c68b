#include <stdint.h>
#include <stdlib.h>

#include "provision/node/config.h"
#include "provision/node/slurmconf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever is accepted can be written and is read back as the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    octi_config config = {0}, again = {0};
    oct_error err = OCT_ERROR_INIT;
    if (octi_config_parse((const char *)data, size, &config, &err) != OCT_OK)
        return 0;

    octi_buffer text = {0}, slurm = {0};
    octi_slurmconf_paths paths = {.state = "/s", .run = "/r", .spool = "/p"};
    if (octi_config_format(&config, &text) != OCT_OK ||
        octi_config_parse(text.data, text.size, &again, &err) != OCT_OK ||
        again.node_count != config.node_count ||
        octi_slurmconf_format(&config, &paths, "octavo", 1, &slurm) != OCT_OK)
        abort();
    octi_buffer_deinit(&slurm);
    octi_buffer_deinit(&text);
    octi_config_deinit(&again);
    octi_config_deinit(&config);
    return 0;
}
