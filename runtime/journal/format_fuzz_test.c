/* The reader on any bytes: every record that it accepts is whole, and sealing it again gives
 * the same check sum. */
#include <stdlib.h>
#include <string.h>

#include "runtime/journal/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    size_t at = OCTI_JOURNAL_HEAD;
    if (octi_journal_read_head(bytes, size, 42, NULL) != OCT_OK)
        at = size < OCTI_JOURNAL_HEAD ? size : OCTI_JOURNAL_HEAD;
    octi_journal_record record;
    for (size_t length; (length = octi_journal_check(bytes + at, size - at, &record)) > 0; at += length) {
        octi_journal_record again = record;
        octi_journal_seal(&again, bytes + at + sizeof(record), record.size);
        if (length > size - at || again.crc != record.crc)
            abort();
    }
    return 0;
}
