/* readme.h - what the code in README.md takes for granted. */
#include <stdio.h>

#include <oct/oct.h>

extern oct_pool *pool;
