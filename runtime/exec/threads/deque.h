/* exec/threads/deque.h - a worker's own pile of work, which others may steal from.
 *
 * D. Chase and Y. Lev, "Dynamic circular work-stealing deque", SPAA 2005; which accesses must
 * be ordered is from N. M. Le, A. Pop, A. Cohen and F. Zappa Nardelli, "Correct and efficient
 * work-stealing for weak memory models", PPoPP 2013. Where that paper has fences, the accesses
 * around them are sequentially consistent here: the same instructions on x86, and ThreadSanitizer
 * understands them. */
#ifndef OCTI_DEQUE_H
#define OCTI_DEQUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

typedef struct octi_ring {
    struct octi_ring *smaller; /* kept until the deque goes: a thief may still read it */
    int64_t mask;
    _Atomic(void *) items[];
} octi_ring;

typedef struct octi_deque {
    _Alignas(64) _Atomic int64_t top;    /* thieves' end; only grows */
    _Alignas(64) _Atomic int64_t bottom; /* owner's end */
    _Atomic(octi_ring *) ring;
} octi_deque;

/* NULL when memory is short. `size` is a power of two. */
octi_ring *octi_ring_create(int64_t size);

bool octi_deque_init(octi_deque *deque);
void octi_deque_deinit(octi_deque *deque);

/* Owner, when the ring is full. Without memory it returns NULL, and the deque is as before. */
octi_ring *octi_deque_grow(octi_deque *deque, octi_ring *ring, int64_t top, int64_t bottom);

/* Owner only. `order` is release, or seq_cst when the caller goes on to look for sleepers.
 * False when memory is short. */
static inline bool octi_deque_push(octi_deque *deque, void *item, memory_order order)
{
    int64_t bottom = atomic_load_explicit(&deque->bottom, memory_order_relaxed);
    int64_t top = atomic_load_explicit(&deque->top, memory_order_acquire);
    octi_ring *ring = atomic_load_explicit(&deque->ring, memory_order_relaxed);
    if (__builtin_expect(bottom - top > ring->mask, 0)) {
        ring = octi_deque_grow(deque, ring, top, bottom);
        if (!ring)
            return false;
    }
    atomic_store_explicit(&ring->items[bottom & ring->mask], item, memory_order_relaxed);
    if (order == memory_order_release)
        atomic_store_explicit(&deque->bottom, bottom + 1, memory_order_release);
    else
        atomic_store_explicit(&deque->bottom, bottom + 1, memory_order_seq_cst);
    return true;
}

/* Owner only: the item pushed last, or NULL. */
static inline void *octi_deque_pop(octi_deque *deque)
{
    int64_t bottom = atomic_load_explicit(&deque->bottom, memory_order_relaxed) - 1;
    octi_ring *ring = atomic_load_explicit(&deque->ring, memory_order_relaxed);
    if (atomic_load_explicit(&deque->top, memory_order_relaxed) > bottom)
        return NULL; /* empty: top never falls */
    atomic_store_explicit(&deque->bottom, bottom, memory_order_seq_cst);
    int64_t top = atomic_load_explicit(&deque->top, memory_order_seq_cst);
    if (__builtin_expect(top < bottom, 1))
        return atomic_load_explicit(&ring->items[bottom & ring->mask], memory_order_relaxed);

    void *item = NULL;
    if (top == bottom) { /* the last one: race the thieves for it */
        item = atomic_load_explicit(&ring->items[bottom & ring->mask], memory_order_relaxed);
        if (!atomic_compare_exchange_strong_explicit(&deque->top, &top, top + 1, memory_order_seq_cst,
                                                     memory_order_relaxed))
            item = NULL;
    }
    atomic_store_explicit(&deque->bottom, bottom + 1, memory_order_relaxed);
    return item;
}

/* Any thread: the oldest item, if its address has all bits of `mark` set, or NULL: there is none, it
 * has not, or somebody else got it. */
static inline void *octi_deque_steal_marked(octi_deque *deque, uintptr_t mark)
{
    int64_t top = atomic_load_explicit(&deque->top, memory_order_seq_cst);
    int64_t bottom = atomic_load_explicit(&deque->bottom, memory_order_seq_cst);
    if (top >= bottom)
        return NULL;
    octi_ring *ring = atomic_load_explicit(&deque->ring, memory_order_acquire);
    void *item = atomic_load_explicit(&ring->items[top & ring->mask], memory_order_relaxed);
    if (((uintptr_t)item & mark) != mark)
        return NULL;
    if (!atomic_compare_exchange_strong_explicit(&deque->top, &top, top + 1, memory_order_seq_cst,
                                                 memory_order_relaxed))
        return NULL;
    return item;
}

/* Any thread: the oldest item, or NULL when there is none or somebody else got it. */
static inline void *octi_deque_steal(octi_deque *deque)
{
    return octi_deque_steal_marked(deque, 0);
}

/* Any thread: up to `most` of the oldest items, but at most one in `share`, rounded up; how many.
 * Only for a deque that nobody pops from: then what lies between top and bottom stays. */
static inline int octi_deque_take(octi_deque *deque, void **items, int most, int share)
{
    int64_t top = atomic_load_explicit(&deque->top, memory_order_seq_cst);
    int64_t bottom = atomic_load_explicit(&deque->bottom, memory_order_seq_cst);
    int64_t count = (bottom - top + share - 1) / share;
    if (top >= bottom)
        return 0;
    if (count > most)
        count = most;
    octi_ring *ring = atomic_load_explicit(&deque->ring, memory_order_acquire);
    for (int64_t i = 0; i < count; i++)
        items[i] = atomic_load_explicit(&ring->items[(top + i) & ring->mask], memory_order_relaxed);
    if (!atomic_compare_exchange_strong_explicit(&deque->top, &top, top + count, memory_order_seq_cst,
                                                 memory_order_relaxed))
        return 0;
    return (int)count;
}

/* Any thread, of what may change at once. */
static inline int64_t octi_deque_count(const octi_deque *deque)
{
    int64_t top = atomic_load_explicit(&deque->top, memory_order_seq_cst);
    int64_t bottom = atomic_load_explicit(&deque->bottom, memory_order_seq_cst);
    return bottom > top ? bottom - top : 0;
}

static inline bool octi_deque_empty(const octi_deque *deque)
{
    return octi_deque_count(deque) == 0;
}

#endif
