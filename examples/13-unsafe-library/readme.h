/* readme.h - what the code in README.md takes for granted. */
#include <oct/oct.h>
#include <pthread.h>
#include <string.h>

#include "pages.h"

extern char line[LINE_BYTES], *word, *rest;
extern lengths own;
extern pthread_mutex_t lock;
