/* readme.h - what the code in README.md takes for granted. */
#include <oct/oct.h>
#include <pthread.h>

#include "days.h"

extern int town, person, day;
extern days all, of_town[TOWNS];
extern pthread_mutex_t lock;
extern oct_pool *pool;
extern oct_future *counted[TOWNS], *sum;
