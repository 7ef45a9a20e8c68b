#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "provision/core/base64.h"

oct_err octi_base64_decode(const char *text, char **out)
{
    size_t length = strlen(text);
    char *plain = malloc(length / 4 * 3 + 4);
    if (!plain)
        return OCT_E_NOMEM;
    int size = length % 4 == 0 && length < INT_MAX
                   ? EVP_DecodeBlock((unsigned char *)plain, (const unsigned char *)text, (int)length)
                   : -1;
    if (size < 0) {
        free(plain);
        return OCT_E_INVALID;
    }
    for (size_t i = length; i > 0 && text[i - 1] == '=' && size > 0; i--)
        size--;
    plain[size] = '\0';
    *out = plain;
    return OCT_OK;
}

char *octi_base64_encode(const char *text)
{
    size_t size = strlen(text);
    char *out = size < INT_MAX / 2 ? malloc(4 * ((size + 2) / 3) + 1) : NULL;
    if (out)
        EVP_EncodeBlock((unsigned char *)out, (const unsigned char *)text, (int)size);
    return out;
}

char *octi_base64_encode_for_url(const char *text)
{
    char *out = octi_base64_encode(text);
    for (char *at = out; at && *at; at++)
        *at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
    return out;
}
