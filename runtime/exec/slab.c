#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/exec/slab.h"

enum { CHUNK_JOBS = 4096, MAX_CHUNKS = 65536, BATCH = 256, AHEAD = 12 };

/* Free blocks, the last one first. Arrays and not lists: the next ones can be fetched from memory
 * before they are wanted. */
typedef struct cache {
    uint32_t count;
    bool registered; /* its thread will flush it when it ends */
    octi_job *free[2 * BATCH];
} cache;

static struct {
    _Atomic(octi_job *) chunks[MAX_CHUNKS];
    _Atomic uint32_t chunk_count;
    pthread_mutex_t lock; /* guards the depot and the growth of chunks */
    octi_job **depot;     /* free blocks of no thread; there is room for all blocks there are */
    size_t depot_count, depot_room;
    pthread_once_t once;
    pthread_key_t flusher;
} slab = {.lock = PTHREAD_MUTEX_INITIALIZER, .once = PTHREAD_ONCE_INIT};

static __thread cache mine;

/* The `count` blocks at free[from] go to the depot. */
static void give(uint32_t from, uint32_t count)
{
    pthread_mutex_lock(&slab.lock);
    memcpy(slab.depot + slab.depot_count, mine.free + from, count * sizeof(mine.free[0]));
    slab.depot_count += count;
    pthread_mutex_unlock(&slab.lock);
}

static void flush(void *unused)
{
    (void)unused;
    if (mine.count > 0)
        give(0, mine.count);
    mine.count = 0;
    mine.registered = false;
}

static void make_flusher(void)
{
    pthread_key_create(&slab.flusher, flush);
}

static bool make_room(size_t jobs)
{
    if (jobs <= slab.depot_room)
        return true;
    size_t room = jobs > 2 * slab.depot_room ? jobs : 2 * slab.depot_room;
    octi_job **depot = realloc(slab.depot, room * sizeof(*depot));
    if (!depot)
        return false;
    slab.depot = depot;
    slab.depot_room = room;
    return true;
}

/* Under the lock; the depot is empty. */
static bool carve_chunk(void)
{
    uint32_t number = atomic_load_explicit(&slab.chunk_count, memory_order_relaxed);
    if (number == MAX_CHUNKS)
        return false;
    if (!make_room((number + 1) * (size_t)CHUNK_JOBS))
        return false;
    octi_job *chunk = aligned_alloc(64, CHUNK_JOBS * sizeof(octi_job));
    if (!chunk)
        return false;
    for (uint32_t i = 0; i < CHUNK_JOBS; i++) {
        octi_job *job = &chunk[i];
        atomic_init(&job->word, OCTI_FREE);
        atomic_init(&job->pool, NULL);
        atomic_init(&job->generation, 1);
        job->index = number * CHUNK_JOBS + i;
        job->deps = NULL;
        slab.depot[CHUNK_JOBS - 1 - i] = job;
    }
    slab.depot_count = CHUNK_JOBS;
    atomic_store_explicit(&slab.chunks[number], chunk, memory_order_release);
    atomic_store_explicit(&slab.chunk_count, number + 1, memory_order_release);
    return true;
}

/* That of a thread that ends goes to the depot. */
static void announce(void)
{
    pthread_once(&slab.once, make_flusher);
    pthread_setspecific(slab.flusher, &mine);
    mine.registered = true;
}

static bool refill(void)
{
    if (!mine.registered)
        announce();
    pthread_mutex_lock(&slab.lock);
    if (slab.depot_count > 0 || carve_chunk()) {
        mine.count = slab.depot_count < BATCH ? (uint32_t)slab.depot_count : BATCH;
        slab.depot_count -= mine.count;
        memcpy(mine.free, slab.depot + slab.depot_count, mine.count * sizeof(mine.free[0]));
    }
    pthread_mutex_unlock(&slab.lock);
    return mine.count > 0;
}

octi_job *octi_slab_get(void)
{
    if (mine.count == 0 && !refill())
        return NULL;
    octi_job *job = mine.free[--mine.count];
    if (mine.count >= AHEAD) {
        const char *soon = (const char *)mine.free[mine.count - AHEAD];
        __builtin_prefetch(soon, 1);
        __builtin_prefetch(soon + 64, 1);
    }
    return job;
}

/* The older half goes: the others may still be in the processor's cache. */
void octi_slab_put(octi_job *job)
{
    uint32_t generation = atomic_load_explicit(&job->generation, memory_order_relaxed) + 1;
    atomic_store_explicit(&job->generation, generation ? generation : 1, memory_order_relaxed);
    if (!mine.registered)
        announce();
    if (mine.count == 2 * BATCH) {
        give(0, BATCH);
        memmove(mine.free, mine.free + BATCH, BATCH * sizeof(mine.free[0]));
        mine.count = BATCH;
    }
    mine.free[mine.count++] = job;
}

octi_job *octi_slab_at(uint32_t index)
{
    if (index >= octi_slab_count())
        return NULL;
    octi_job *chunk = atomic_load_explicit(&slab.chunks[index / CHUNK_JOBS], memory_order_acquire);
    return &chunk[index % CHUNK_JOBS];
}

uint32_t octi_slab_count(void)
{
    return atomic_load_explicit(&slab.chunk_count, memory_order_acquire) * CHUNK_JOBS;
}
