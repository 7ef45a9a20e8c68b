/* readme.h - what the code in README.md takes for granted. */
#include <stdlib.h>

#include <oct/oct.h>

#include "song.h"

enum { BLOCK = 16384 };

extern int32_t *song, *block;
extern int64_t first;
