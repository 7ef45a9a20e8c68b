#include <pthread.h>
#include <string.h>

#include "runtime/journal/format.h"

static const char magic[8] = {'O', 'C', 'T', 'J', 'R', 'N', 'L', '1'};

static uint32_t crc_table[256];
static pthread_once_t crc_once = PTHREAD_ONCE_INIT;

static void make_crc_table(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0); /* the Castagnoli polynomial, reflected */
        crc_table[byte] = crc;
    }
}

static uint32_t crc32c(uint32_t crc, const void *bytes, size_t size)
{
    pthread_once(&crc_once, make_crc_table);
    crc = ~crc;
    for (size_t i = 0; i < size; i++)
        crc = crc >> 8 ^ crc_table[(crc ^ ((const unsigned char *)bytes)[i]) & 0xff];
    return ~crc;
}

static uint32_t crc_of(const octi_journal_record *record, const void *payload)
{
    uint32_t crc = crc32c(0, &record->size, sizeof(record->size));
    crc = crc32c(crc, &record->key, sizeof(record->key));
    return crc32c(crc, payload, record->size);
}

void octi_journal_write_head(uint64_t build, char head[OCTI_JOURNAL_HEAD])
{
    memcpy(head, magic, sizeof(magic));
    memcpy(head + sizeof(magic), &build, sizeof(build));
}

oct_err octi_journal_read_head(const char *bytes, size_t size, uint64_t build, oct_error *err)
{
    uint64_t written;
    if (size < OCTI_JOURNAL_HEAD || memcmp(bytes, magic, sizeof(magic)) != 0)
        return oct_fail(err, OCT_E_INVALID, "it is not a journal");
    memcpy(&written, bytes + sizeof(magic), sizeof(written));
    if (written != build)
        return oct_fail(err, OCT_E_INVALID,
                        "it was written by another build of this program, or another one");
    return OCT_OK;
}

void octi_journal_seal(octi_journal_record *record, const void *payload, uint32_t size)
{
    record->size = size;
    record->crc = crc_of(record, payload);
}

size_t octi_journal_check(const char *bytes, size_t size, octi_journal_record *out)
{
    if (size < sizeof(*out))
        return 0;
    memcpy(out, bytes, sizeof(*out));
    if (out->size > size - sizeof(*out) || crc_of(out, bytes + sizeof(*out)) != out->crc)
        return 0;
    return sizeof(*out) + out->size;
}
