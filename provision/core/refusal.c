#include <string.h>

#include "provision/core/refusal.h"

const octi_refusal *octi_refusal_find(const octi_refusal *list, size_t count, const char *message)
{
    for (size_t i = 0; i < count; i++)
        if (strcasestr(message, list[i].part))
            return &list[i];
    return NULL;
}

oct_err octi_refusal_code(int status)
{
    switch (status) {
    case 400:
    case 422:
        return OCT_E_INVALID;
    case 401:
    case 403:
        return OCT_E_DENIED;
    case 404:
        return OCT_E_NOTFOUND;
    case 409:
    case 410:
        return OCT_E_STATE;
    case 429:
        return OCT_E_EXHAUSTED;
    case 501:
        return OCT_E_UNSUPPORTED;
    case 504:
        return OCT_E_TIMEOUT;
    default:
        return status >= 500 ? OCT_E_IO : OCT_E_PROTOCOL;
    }
}
