/* prep/real.h - the city's own files of taxi trips, from a folder, a file or an address.
 *
 * A month of 2019 is yellow_tripdata_2019-MM.csv, or .csv.gz. From each come the columns that taxi.h
 * makes, in their order: files of later years, and those that were Parquet, have more of them, and write
 * 1.0 for 1. */
#ifndef PREP_REAL_H
#define PREP_REAL_H

#include <stdbool.h>
#include <stdint.h>

#include "examples/prep/taxi.h"
#include "oct/error.h"

/* The trips of 2019 as CSV files, which the city itself gives away only as Parquet since 2022. */
#define REAL_PUBLIC "https://github.com/DataTalksClub/nyc-tlc-data/releases/download/yellow"

typedef struct real_months {
    bool there[TAXI_MONTHS];
    int count;
    int parquet; /* files that cannot be read */
} real_months;

/* What became of a month's file; bytes: what was written, 0 when it was there already. */
typedef struct real_taken {
    int64_t bytes;
    int damaged; /* 1: it was there, and was not what its checksum says */
} real_taken;

bool real_is_address(const char *from);

/* Which months a folder, a file or an address has. An address is not asked: all twelve, or the one in its
 * name. OCT_E_NOTFOUND, OCT_E_UNSUPPORTED (only Parquet). */
oct_err real_find(const char *from, real_months *out, oct_error *err);

/* Makes path of a month's file, and path.sha256, unless it is there and its checksum is right. What is
 * fetched on the way is path.fetched, and path.fetched.part until that is whole: both are used again. Errors
 * as fetch.h has, and OCT_E_INVALID for a file of another form. path is whole or not there; one whose
 * checksum is wrong stays until another takes its place. Any thread. */
oct_err real_take(const char *from, int month, const char *path, real_taken *out, oct_error *err);

/* Removes what is beside path: its checksum, and what was fetched of it. */
void real_forget(const char *path);

#endif
