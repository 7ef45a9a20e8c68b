#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "provision/core/http_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is complete stays complete with more bytes after it, and means the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    octi_http_head head = {0}, shorter = {0};
    bool complete = false, again = false;
    const char *bytes = (const char *)data;
    if (octi_http_head_parse(bytes, size, &head, &complete, NULL) == OCT_OK && complete) {
        if (head.size > size || head.status < 100 || head.status > 599)
            abort();
        if (octi_http_head_parse(bytes, head.size, &shorter, &again, NULL) != OCT_OK || !again ||
            shorter.status != head.status || shorter.length != head.length)
            abort();
    }

    char *copy = malloc(size ? size : 1);
    if (!copy)
        return 0;
    memcpy(copy, data, size);
    if (octi_http_dechunk(copy, size) > size)
        abort();
    free(copy);
    return 0;
}
