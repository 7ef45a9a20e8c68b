/* journal/format.h - the bytes of a journal, read with suspicion. */
#ifndef OCTI_JOURNAL_FORMAT_H
#define OCTI_JOURNAL_FORMAT_H

#include "runtime/journal/journal.h"

enum { OCTI_JOURNAL_HEAD = 16 };

/* What a record begins with; its payload follows. */
typedef struct octi_journal_record {
    uint32_t size;
    uint32_t crc;
    octi_journal_key key;
} octi_journal_record;

void octi_journal_write_head(uint64_t build, char head[OCTI_JOURNAL_HEAD]);

/* OCT_E_INVALID when it is not a journal, or another build's. */
OCT_NODISCARD oct_err octi_journal_read_head(const char *bytes, size_t size, uint64_t build, oct_error *err);

/* Fills in size and check sum. */
void octi_journal_seal(octi_journal_record *record, const void *payload, uint32_t size);

/* The record at `bytes`, of which `size` are left: how long it is with its payload; 0 when it is
 * cut or damaged. */
size_t octi_journal_check(const char *bytes, size_t size, octi_journal_record *out);

#endif
