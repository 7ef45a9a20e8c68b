/* journal/table.h - numbers by journal keys. Open addressing; no locks. */
#ifndef OCTI_JOURNAL_TABLE_H
#define OCTI_JOURNAL_TABLE_H

#include "runtime/journal/journal.h"

typedef struct octi_journal_entry {
    octi_journal_key key;
    uint64_t value;
    bool used;
} octi_journal_entry;

/* All zero is empty. */
typedef struct octi_journal_table {
    octi_journal_entry *entries;
    uint64_t capacity; /* a power of two */
    uint64_t count;
} octi_journal_table;

/* NULL when there is none. Valid until the next insertion. */
uint64_t *octi_journal_table_find(const octi_journal_table *table, const octi_journal_key *key);

/* Puts a value in, over one that is there. OCT_E_NOMEM. */
OCT_NODISCARD oct_err octi_journal_table_put(octi_journal_table *table, const octi_journal_key *key,
                                             uint64_t value);

void octi_journal_table_deinit(octi_journal_table *table);

#endif
