/* readme.h - what the code in README.md takes for granted. */
#include <oct/oct.h>

#include "dice.h"

typedef struct throws {
    int64_t of[FACES];
} throws;

extern int player, face;
