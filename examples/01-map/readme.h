/* readme.h - what the code in README.md takes for granted. */
#include <stdio.h>

#include <oct/oct.h>

#include "prices.h"

extern oct_pool *pool;
extern char **paths, hdf5_dir[4096];
extern size_t count;
extern conversion *results;
extern oct_error err;
