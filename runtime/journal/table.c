#include <stdlib.h>

#include "runtime/journal/table.h"

/* The entry of the key, or the free one where it belongs. */
static octi_journal_entry *place_of(const octi_journal_table *table, const octi_journal_key *key)
{
    uint64_t mask = table->capacity - 1;
    uint64_t i = (key->lo ^ key->occurrence * 0x9e3779b97f4a7c15u) & mask;
    for (;; i = (i + 1) & mask) {
        octi_journal_entry *entry = &table->entries[i];
        if (!entry->used || (entry->key.hi == key->hi && entry->key.lo == key->lo &&
                             entry->key.occurrence == key->occurrence))
            return entry;
    }
}

uint64_t *octi_journal_table_find(const octi_journal_table *table, const octi_journal_key *key)
{
    octi_journal_entry *entry = table->capacity > 0 ? place_of(table, key) : NULL;
    return entry && entry->used ? &entry->value : NULL;
}

static oct_err grow(octi_journal_table *table)
{
    octi_journal_table larger = {.capacity = table->capacity > 0 ? 2 * table->capacity : 64,
                                 .count = table->count};
    larger.entries = calloc(larger.capacity, sizeof(*larger.entries));
    if (!larger.entries)
        return OCT_E_NOMEM;
    for (uint64_t i = 0; i < table->capacity; i++) {
        if (table->entries[i].used)
            *place_of(&larger, &table->entries[i].key) = table->entries[i];
    }
    free(table->entries);
    *table = larger;
    return OCT_OK;
}

oct_err octi_journal_table_put(octi_journal_table *table, const octi_journal_key *key, uint64_t value)
{
    if (2 * (table->count + 1) > table->capacity && grow(table) != OCT_OK)
        return OCT_E_NOMEM;
    octi_journal_entry *entry = place_of(table, key);
    table->count += !entry->used;
    *entry = (octi_journal_entry){*key, value, true};
    return OCT_OK;
}

void octi_journal_table_deinit(octi_journal_table *table)
{
    free(table->entries);
    *table = (octi_journal_table){0};
}
