#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "examples/prep/checksum.h"
#include "examples/prep/output.h"

enum { BYTES = 32, DIGITS = 2 * BYTES, PIECE = 1 << 18 };

struct checksum {
    EVP_MD_CTX *context;
    bool failed; /* of memory: told when it is asked for */
};

checksum *checksum_create(void)
{
    checksum *sum = calloc(1, sizeof(*sum));
    if (sum)
        sum->context = EVP_MD_CTX_new();
    if (sum && (!sum->context || EVP_DigestInit_ex(sum->context, EVP_sha256(), NULL) != 1)) {
        checksum_destroy(sum);
        sum = NULL;
    }
    return sum;
}

void checksum_destroy(checksum *sum)
{
    if (!sum)
        return;
    EVP_MD_CTX_free(sum->context);
    free(sum);
}

void checksum_add(checksum *sum, const void *bytes, size_t size)
{
    sum->failed |= EVP_DigestUpdate(sum->context, bytes, size) != 1;
}

static oct_err finish(checksum *sum, char digits[DIGITS + 1], oct_error *err)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    if (sum->failed || EVP_DigestFinal_ex(sum->context, bytes, NULL) != 1)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for a checksum");
    for (int i = 0; i < BYTES; i++)
        snprintf(digits + 2 * i, 3, "%02x", bytes[i]);
    return OCT_OK;
}

static void name_beside(const char *path, char *name, size_t size)
{
    snprintf(name, size, "%s.sha256", path);
}

oct_err checksum_save(checksum *sum, const char *path, oct_error *err)
{
    char name[4096], digits[DIGITS + 1];
    const char *base = strrchr(path, '/');
    output out;
    oct_err code = finish(sum, digits, err);
    name_beside(path, name, sizeof(name));
    if (code == OCT_OK)
        code = output_begin(&out, name, err);
    if (code != OCT_OK)
        return code;
    int length = snprintf(out.at, OUTPUT_LINE_MOST, "%s  %s\n", digits, base ? base + 1 : path);
    code = length < OUTPUT_LINE_MOST ? output_line(&out, out.at + length, err)
                                     : oct_fail(err, OCT_E_INVALID, "the name '%.80s...' is too long", path);
    return output_end(&out, code, err);
}

static oct_err add_file(checksum *sum, const char *path, oct_error *err)
{
    oct_err code = OCT_OK;
    ssize_t got = 0;
    char *piece = malloc(PIECE);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        code = oct_fail(err, OCT_E_IO, "cannot open '%s': %s", path, strerror(errno));
    else if (!piece)
        code = oct_fail(err, OCT_E_NOMEM, "out of memory to read '%s'", path);
    while (code == OCT_OK && (got = read(fd, piece, PIECE)) != 0) {
        if (got > 0)
            checksum_add(sum, piece, (size_t)got);
        else if (errno != EINTR)
            code = oct_fail(err, OCT_E_IO, "cannot read '%s': %s", path, strerror(errno));
    }
    if (fd >= 0)
        close(fd);
    free(piece);
    return code;
}

oct_err checksum_verify(const char *path, bool *same, oct_error *err)
{
    char name[4096], digits[DIGITS + 1], noted[DIGITS + 1] = "";
    name_beside(path, name, sizeof(name));
    FILE *file = fopen(name, "r");
    *same = false;
    if (!file)
        return OCT_OK;
    size_t length = fread(noted, 1, DIGITS, file);
    fclose(file);
    if (length < DIGITS)
        return OCT_OK;
    checksum *sum = checksum_create();
    if (!sum)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for the checksum of '%s'", path);
    oct_err code = add_file(sum, path, err);
    if (code == OCT_OK)
        code = finish(sum, digits, err);
    if (code == OCT_OK)
        *same = strcmp(digits, noted) == 0;
    checksum_destroy(sum);
    return code;
}
