#include "runtime/exec/threads/deque.h"

octi_ring *octi_ring_create(int64_t size)
{
    octi_ring *ring = malloc(sizeof(*ring) + (size_t)size * sizeof(ring->items[0]));
    if (!ring)
        return NULL;
    ring->smaller = NULL;
    ring->mask = size - 1;
    for (int64_t i = 0; i < size; i++)
        atomic_init(&ring->items[i], NULL);
    return ring;
}

bool octi_deque_init(octi_deque *deque)
{
    atomic_init(&deque->top, 0);
    atomic_init(&deque->bottom, 0);
    octi_ring *ring = octi_ring_create(1024);
    atomic_init(&deque->ring, ring);
    return ring;
}

void octi_deque_deinit(octi_deque *deque)
{
    octi_ring *ring = atomic_load_explicit(&deque->ring, memory_order_relaxed);
    while (ring) {
        octi_ring *smaller = ring->smaller;
        free(ring);
        ring = smaller;
    }
    atomic_store_explicit(&deque->ring, NULL, memory_order_relaxed);
}

octi_ring *octi_deque_grow(octi_deque *deque, octi_ring *ring, int64_t top, int64_t bottom)
{
    octi_ring *larger = octi_ring_create(2 * (ring->mask + 1));
    if (!larger)
        return NULL;
    for (int64_t i = top; i < bottom; i++) {
        void *item = atomic_load_explicit(&ring->items[i & ring->mask], memory_order_relaxed);
        atomic_store_explicit(&larger->items[i & larger->mask], item, memory_order_relaxed);
    }
    larger->smaller = ring;
    atomic_store_explicit(&deque->ring, larger, memory_order_release);
    return larger;
}
