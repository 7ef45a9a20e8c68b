/* core/base64.h - bytes as RFC 4648 writes them. */
#ifndef OCTI_BASE64_H
#define OCTI_BASE64_H

#include "oct/error.h"

/* *out is what text says, ended by a zero, to be freed. OCT_E_INVALID, without a message, when it is not
 * base64; OCT_E_NOMEM. */
OCT_NODISCARD oct_err octi_base64_decode(const char *text, char **out);

/* text as base64, the second in the alphabet for URLs; to be freed. NULL when memory is short. */
char *octi_base64_encode(const char *text);
char *octi_base64_encode_for_url(const char *text);

#endif
