/* exec/cluster/member.h - what ranks tell each other when they join: who they are, and which
 * program they run. */
#ifndef OCTI_MEMBER_H
#define OCTI_MEMBER_H

#include <stdint.h>

#include "oct/error.h"
#include "runtime/exec/tags.h"

/* Sent as it is, between machines of one architecture. */
typedef struct octi_member {
    char node[64];  /* host name */
    char build[48]; /* the program's GNU build id in hex, or "" */
    uint64_t tasks; /* octi_registry_digest() */
    int32_t workers;
    int32_t task_count;
    char tags[OCTI_TAGS];
    uint64_t bad_tags; /* 1: they make no sense */
} octi_member;

/* Describes this process. workers is what the user asked for, or 0; tags are the pool's. */
void octi_member_init(octi_member *self, int workers, const char *tags);

/* Divides what a host has among the ranks on it, for those that were not told a number.
 * Every rank does this with the same input, and so comes to the same. */
void octi_member_share(octi_member *all, int count);

/* OCT_E_INVALID naming the node when a rank runs another program than rank 0, or another
 * build of it, or its tags make no sense. */
OCT_NODISCARD oct_err octi_member_check(const octi_member *all, int count, oct_error *err);

#endif
