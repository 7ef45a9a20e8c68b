/* Requests and replies that somebody else wrote. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "oct/oct.h"
#include "runtime/exec/args.h"
#include "runtime/exec/wire.h"
#include "runtime/task/registry.h"

OCT_TASK(long, fuzz_plain, int, a, double, b)
{
    return (long)a + (b > 0);
}

OCT_TASK(char *, fuzz_strings, const char *, a, oct_doubles, b, const char *, c)
{
    size_t size = (a ? strlen(a) : 0) + (c ? strlen(c) : 0) + 1;
    double sum = 0;
    for (size_t i = 0; i < b.count; i++)
        sum += b.data[i];
    return sum < 0 ? NULL : calloc(1, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What these return is as large as their plan says, which may be more than there is memory. */
static bool may_be_huge(const char *request, size_t size)
{
    uint32_t index = 0;
    if (size >= 12)
        memcpy(&index, request + 8, sizeof(index));
    const oct_task *task = octi_registry_at(index);
    return task && strncmp(task->name, "octi_array_", 11) == 0;
}

/* Input: the request as it arrives. Each is also tried with its task's index made valid, and with
 * an origin that makes small numbers pointers into the block. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    oct_error err;
    if (octi_registry_resolve(&err) != OCT_OK)
        abort();
    for (int variant = 0; variant < 2; variant++) {
        char *request = aligned_alloc(16, (size + 31) & ~(size_t)15);
        if (!request)
            return 0;
        memcpy(request, data, size);
        if (variant == 1 && size >= 16) {
            uint64_t origin = 0;
            uint32_t task = data[0] % (uint32_t)octi_registry_count();
            memcpy(request, &origin, sizeof(origin));
            memcpy(request + 8, &task, sizeof(task));
        }
        octi_buffer reply = {0};
        if (!may_be_huge(request, size) && octi_wire_serve(request, size, NULL, &reply) != OCT_OK)
            abort();
        octi_buffer_deinit(&reply);
        free(request);
    }
    return 0;
}
