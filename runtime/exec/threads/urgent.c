#include <stdlib.h>

#include "runtime/exec/threads/urgent.h"

void octi_urgent_init(octi_urgent *urgent)
{
    *urgent = (octi_urgent){.lock = PTHREAD_MUTEX_INITIALIZER};
}

void octi_urgent_deinit(octi_urgent *urgent)
{
    free(urgent->heap);
    pthread_mutex_destroy(&urgent->lock);
}

static bool before(const octi_urgent_entry *a, const octi_urgent_entry *b)
{
    return a->priority != b->priority ? a->priority > b->priority : a->number < b->number;
}

static bool make_room(octi_urgent *urgent, int count)
{
    if (count < urgent->capacity)
        return true;
    int capacity = urgent->capacity ? 2 * urgent->capacity : 64;
    octi_urgent_entry *heap = realloc(urgent->heap, (size_t)capacity * sizeof(*heap));
    if (!heap)
        return false;
    urgent->heap = heap;
    urgent->capacity = capacity;
    return true;
}

static void sift_up(octi_urgent_entry *heap, int at)
{
    octi_urgent_entry entry = heap[at];
    for (int parent; at > 0 && before(&entry, &heap[parent = (at - 1) / 2]); at = parent)
        heap[at] = heap[parent];
    heap[at] = entry;
}

static void sift_down(octi_urgent_entry *heap, int count, octi_urgent_entry entry)
{
    int at = 0;
    for (int child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && before(&heap[child + 1], &heap[child]))
            child++;
        if (!before(&heap[child], &entry))
            break;
        heap[at] = heap[child];
    }
    heap[at] = entry;
}

bool octi_urgent_push(octi_urgent *urgent, octi_job *job)
{
    pthread_mutex_lock(&urgent->lock);
    int count = atomic_load_explicit(&urgent->count, memory_order_relaxed);
    bool room = make_room(urgent, count);
    if (room) {
        urgent->heap[count] = (octi_urgent_entry){job->more->options.priority, urgent->pushed++, job};
        sift_up(urgent->heap, count);
        atomic_store_explicit(&urgent->count, count + 1, memory_order_seq_cst);
    }
    pthread_mutex_unlock(&urgent->lock);
    return room;
}

octi_job *octi_urgent_pop(octi_urgent *urgent)
{
    octi_job *job = NULL;
    pthread_mutex_lock(&urgent->lock);
    int count = atomic_load_explicit(&urgent->count, memory_order_relaxed);
    if (count > 0) {
        job = urgent->heap[0].job;
        if (--count > 0)
            sift_down(urgent->heap, count, urgent->heap[count]);
        atomic_store_explicit(&urgent->count, count, memory_order_seq_cst);
    }
    pthread_mutex_unlock(&urgent->lock);
    return job;
}
