/* journal/journal.h - results that outlive the program.
 *
 *   file     header | record ...
 *   header   "OCTJRNL1", uint64_t build
 *   record   uint32_t size, uint32_t crc, key: uint64_t hi, lo, uint64_t occurrence | payload
 *
 * Numbers are little-endian as on the hosts that we run on. The check sum (CRC-32C, as in RFC
 * 3720 appendix B.4) is over the size, the key and the payload. Records are only appended; one
 * that is cut or damaged ends the file: it and what follows is cut off when the journal is
 * opened.
 *
 * A record is handed to the kernel before octi_journal_append returns, so that it survives the
 * program; a thread of the journal's own has it written to the disk soon after, many at a time,
 * so that it survives the machine. Any thread may use a journal. */
#ifndef OCTI_JOURNAL_H
#define OCTI_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/buffer.h"

typedef struct octi_journal octi_journal;

/* What was computed: a digest of a task's name and arguments, and the how manieth time. */
typedef struct octi_journal_key {
    uint64_t hi, lo;
    uint64_t occurrence;
} octi_journal_key;

/* Opens or makes it; within one program a journal that is open is shared. `build` tells the program's
 * version: the results of another are not to be believed. OCT_E_EXISTS when another program has it open,
 * OCT_E_INVALID when it is another build's or not a journal, OCT_E_IO. */
OCT_NODISCARD oct_err octi_journal_open(const char *path, uint64_t build, octi_journal **out, oct_error *err);

/* FNV-1a, 128 bits: http://www.isthe.com/chongo/tech/comp/fnv/ . The occurrence is 0. */
octi_journal_key octi_journal_digest(const void *bytes, size_t size);

/* The same, with an occurrence that counts up with each call for the same bytes. OCT_E_NOMEM. */
OCT_NODISCARD oct_err octi_journal_key_of(octi_journal *journal, const void *bytes, size_t size,
                                          octi_journal_key *out);

/* Appends what was recorded under the key. OCT_E_NOTFOUND when nothing was. */
OCT_NODISCARD oct_err octi_journal_find(octi_journal *journal, const octi_journal_key *key, octi_buffer *to);

/* Records it. After a failure, of which the log tells once, the journal records no more: the
 * program goes on without it, and a later one finds what was recorded until then. */
void octi_journal_append(octi_journal *journal, const octi_journal_key *key, const void *payload,
                         size_t size);

/* Why it records no more; OCT_OK while it does. */
oct_err octi_journal_failed(octi_journal *journal, oct_error *err);

/* How many records it has. */
uint64_t octi_journal_count(octi_journal *journal);

/* Waits, the last time, until all is on the disk. NULL is ignored. */
void octi_journal_close(octi_journal *journal);

#endif
