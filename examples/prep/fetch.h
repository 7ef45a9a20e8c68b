/* prep/fetch.h - a file from an address, continued where an earlier try ended.
 *
 * On libcurl, with the proxies that the environment names. RFC 9110, sections 13.1.5 and 14.2. */
#ifndef PREP_FETCH_H
#define PREP_FETCH_H

#include "oct/error.h"

/* Once a process, before it has threads. */
oct_err fetch_init(oct_error *err);

/* Brings what an http or https address holds to path, where it appears when it is whole. Until then it
 * is path.part, and path.part.tag is what the server calls this version of it (its ETag, else its date):
 * as long as the server still has that version, a later call asks for the rest only; else it begins anew,
 * as it does where the server knows neither. A connection that is cut is made again, unless nothing comes
 * three times. Any thread.
 *
 * OCT_E_NOTFOUND when it is not there, OCT_E_UNREACHABLE when nobody answers or the connection
 * is cut again and again, OCT_E_PROTOCOL for another refusal, OCT_E_EXHAUSTED (disk full), OCT_E_IO,
 * OCT_E_STATE when somebody else is fetching it. path.part is kept. */
oct_err fetch(const char *url, const char *path, oct_error *err);

#endif
