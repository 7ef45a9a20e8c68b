/* Any bytes as lines of JSON: they are rows, or an error is told; and where chunks are cut changes
 * nothing. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/io/jsonl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t rows_in(const octi_format *format, octi_text_range *range)
{
    octi_batch batch;
    octi_text_stats stats;
    if (octi_jsonl_read(format, range, &batch, &stats, NULL) != OCT_OK)
        abort(); /* malformed lines are skipped */
    size_t rows = batch.rows + stats.skipped;
    for (size_t c = 0; c < batch.count; c++)
        for (size_t i = 0; i < batch.rows; i++)
            if (octi_column_compare(&batch.columns[c], i, &batch.columns[c], i) != 0)
                abort();
    octi_batch_deinit(&batch);
    return rows;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[32];
    int fd = memfd_create("jsonl", 0);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    octi_format format = {0};
    oct_error err = OCT_ERROR_INIT;
    oct_err code = octi_jsonl_open(path, &format, &err);
    if (code != err.code || (code != OCT_OK && !err.what[0]))
        abort();
    if (code == OCT_OK && octi_format_set_types(&format, "a int64, s string", &err) == OCT_OK) {
        format.skip = true;
        octi_text_range whole = {.path = path, .end = size + 1, .first = true};
        octi_text_range left = {.path = path, .end = size / 2 + 1, .first = true};
        octi_text_range right = {.path = path, .begin = size / 2 + 1, .end = size + 1};
        size_t rows = rows_in(&format, &whole), cut = rows_in(&format, &left) + rows_in(&format, &right);
        if (rows != cut)
            abort();
    }
    octi_format_deinit(&format);
    close(fd);
    return 0;
}
