#include <pthread.h>
#include <stdlib.h>

#include "runtime/exec/slab.h"

enum { CHUNK_JOBS = 4096, MAX_CHUNKS = 65536, BATCH = 256 };

/* Free blocks are linked through their executor word. */
typedef struct cache {
    octi_job *free;
    uint32_t count;
    bool registered; /* its thread will flush it when it ends */
} cache;

static struct {
    _Atomic(octi_job *) chunks[MAX_CHUNKS];
    _Atomic uint32_t chunk_count;
    pthread_mutex_t lock; /* guards depot and the growth of chunks */
    octi_job *depot;      /* batches' heads, linked through waiters */
    pthread_once_t once;
    pthread_key_t flusher;
} slab = {.lock = PTHREAD_MUTEX_INITIALIZER, .once = PTHREAD_ONCE_INIT};

static __thread cache mine;

static octi_job *next_of(const octi_job *job)
{
    return (octi_job *)(uintptr_t)job->executor;
}

static void set_next(octi_job *job, octi_job *next)
{
    job->executor = (uintptr_t)next;
}

/* A batch's length may differ from BATCH only when a thread ends; nobody counts on it. */
static void give_batch(octi_job *head)
{
    pthread_mutex_lock(&slab.lock);
    head->waiters = (octi_waiter *)slab.depot;
    slab.depot = head;
    pthread_mutex_unlock(&slab.lock);
}

static void flush(void *unused)
{
    (void)unused;
    if (mine.free)
        give_batch(mine.free);
    mine = (cache){0};
}

static void make_flusher(void)
{
    pthread_key_create(&slab.flusher, flush);
}

static octi_job *carve_chunk(void)
{
    uint32_t number = atomic_load_explicit(&slab.chunk_count, memory_order_relaxed);
    if (number == MAX_CHUNKS)
        return NULL;
    octi_job *chunk = aligned_alloc(64, CHUNK_JOBS * sizeof(octi_job));
    if (!chunk)
        return NULL;
    for (uint32_t i = 0; i < CHUNK_JOBS; i++) {
        octi_job *job = &chunk[i];
        atomic_init(&job->word, OCTI_FREE);
        atomic_init(&job->pool, NULL);
        atomic_init(&job->generation, 1);
        job->index = number * CHUNK_JOBS + i;
        set_next(job, i % BATCH == BATCH - 1 ? NULL : job + 1);
        if (i % BATCH == 0) {
            job->waiters = (octi_waiter *)slab.depot;
            slab.depot = job;
        }
    }
    atomic_store_explicit(&slab.chunks[number], chunk, memory_order_release);
    atomic_store_explicit(&slab.chunk_count, number + 1, memory_order_release);
    return chunk;
}

static bool refill(void)
{
    if (!mine.registered) {
        pthread_once(&slab.once, make_flusher);
        pthread_setspecific(slab.flusher, &mine);
        mine.registered = true;
    }
    pthread_mutex_lock(&slab.lock);
    if (slab.depot || carve_chunk()) {
        mine.free = slab.depot;
        slab.depot = (octi_job *)mine.free->waiters;
    }
    pthread_mutex_unlock(&slab.lock);
    mine.count = 0;
    for (octi_job *job = mine.free; job; job = next_of(job))
        mine.count++;
    return mine.free;
}

octi_job *octi_slab_get(void)
{
    if (!mine.free && !refill())
        return NULL;
    octi_job *job = mine.free;
    mine.free = next_of(job);
    mine.count--;
    return job;
}

void octi_slab_put(octi_job *job)
{
    uint32_t generation = atomic_load_explicit(&job->generation, memory_order_relaxed) + 1;
    atomic_store_explicit(&job->generation, generation ? generation : 1, memory_order_relaxed);
    set_next(job, mine.free);
    mine.free = job;
    if (++mine.count < 2 * BATCH)
        return;

    octi_job *last = job;
    for (int i = 1; i < BATCH; i++)
        last = next_of(last);
    mine.free = next_of(last);
    mine.count -= BATCH;
    set_next(last, NULL);
    give_batch(job);
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
