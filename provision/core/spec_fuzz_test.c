#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "provision/core/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A spec that passes the check survives being written and read. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    octi_spec spec, again;
    octi_spec_init(&spec);
    octi_spec_init(&again);
    if (octi_spec_parse((const char *)data, size, "fuzz", &spec, NULL) != OCT_OK ||
        octi_spec_check(&spec, NULL) != OCT_OK)
        return 0;
    char *text = octi_spec_format(&spec);
    if (!text || octi_spec_parse(text, strlen(text), "again", &again, NULL) != OCT_OK ||
        octi_spec_match(&spec, &again, NULL) != OCT_OK)
        abort();
    free(text);
    return 0;
}
