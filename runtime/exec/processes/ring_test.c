#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/exec/processes/bell.h"
#include "runtime/exec/processes/ring.h"
#include "runtime/exec/processes/stream.h"

static octi_ring *make_ring(void)
{
    octi_ring *ring = aligned_alloc(64, sizeof(octi_ring));
    assert_non_null(ring);
    memset(ring, 0, sizeof(*ring));
    return ring;
}

static bool write_number(octi_ring_writer *writer, uint64_t number, uint32_t size)
{
    octi_record *record = octi_ring_write(writer, 1, size);
    if (!record)
        return false;
    memset(record->payload, (int)number, size);
    memcpy(record->payload, &number, sizeof(number));
    octi_ring_publish(writer);
    return true;
}

static uint64_t number_of(const octi_record *record)
{
    uint64_t number;
    memcpy(&number, record->payload, sizeof(number));
    return number;
}

/* What a writer that was refused looks at once more before it sleeps. */
static void a_refused_writer_sees_that_room_came(void **state)
{
    (void)state;
    octi_ring *ring = make_ring();
    octi_ring_writer writer = {.ring = ring};
    octi_ring_reader reader = {.ring = ring};
    bool broken = false;
    while (write_number(&writer, 0, OCTI_RING_PIECE))
        continue;
    assert_false(octi_ring_has_drained(&writer));
    assert_non_null(octi_ring_read(&reader, &broken)); /* it is still being read */
    assert_false(octi_ring_has_drained(&writer));
    assert_non_null(octi_ring_read(&reader, &broken));
    assert_true(octi_ring_has_drained(&writer));
    while (write_number(&writer, 0, OCTI_RING_PIECE))
        continue;
    assert_false(octi_ring_has_drained(&writer));
    /* A wrecked reader's nonsense is no room. */
    atomic_store(&ring->tail, writer.head + 1);
    assert_false(octi_ring_has_drained(&writer));
    free(ring);
}

static void a_full_ring_refuses_and_takes_again_when_it_was_read(void **state)
{
    (void)state;
    octi_ring *ring = make_ring();
    octi_ring_writer writer = {.ring = ring};
    octi_ring_reader reader = {.ring = ring};
    uint64_t written = 0, read = 0;
    bool broken = false;
    for (uint32_t size = 8; size <= OCTI_RING_PIECE; size = size * 3 + 5) {
        while (write_number(&writer, written, size))
            written++;
        assert_true(written - read >= OCTI_RING_BYTES / (OCTI_RING_PIECE + 16) - 1);
        for (const octi_record *record; (record = octi_ring_read(&reader, &broken));)
            assert_int_equal(number_of(record), read++);
        assert_int_equal(read, written);
        assert_false(broken);
    }
    free(ring);
}

static void what_was_revoked_is_not_read(void **state)
{
    (void)state;
    octi_ring *ring = make_ring();
    octi_ring_writer writer = {.ring = ring};
    uint64_t positions[5];
    for (uint64_t i = 0; i < 5; i++) {
        assert_true(write_number(&writer, i, 8));
        positions[i] = writer.last;
    }
    assert_int_equal(number_of(octi_ring_claim(ring)), 0);
    assert_int_equal(number_of(octi_ring_claim(ring)), 1);
    assert_int_equal(octi_ring_revoke(&writer), positions[2]);
    assert_true(octi_ring_was_claimed(ring, positions[1]));
    assert_null(octi_ring_claim(ring));
    assert_true(write_number(&writer, 7, 8));
    assert_int_equal(number_of(octi_ring_claim(ring)), 7);
    free(ring);
}

/* One thread writes and takes back at random, another claims: each number is claimed or taken
 * back, once. */
enum { NUMBERS = 300000 };

typedef struct race {
    octi_ring *ring;
    octi_bell bell;
    _Atomic bool over;
    unsigned char claimed[NUMBERS];
} race;

static void *claim_all(void *ctx)
{
    race *self = ctx;
    for (;;) {
        uint32_t seen = octi_bell_seen(&self->bell);
        octi_bell_arm(&self->bell);
        bool over = atomic_load(&self->over);
        octi_record *record = octi_ring_claim(self->ring);
        if (record)
            self->claimed[number_of(record)]++;
        else if (over)
            return NULL;
        else
            octi_bell_sleep(&self->bell, seen, 0);
    }
}

static void each_record_is_claimed_or_revoked_once(void **state)
{
    (void)state;
    race *self = aligned_alloc(64, (sizeof(*self) + 63) & ~(size_t)63);
    memset(self, 0, sizeof(*self));
    self->ring = make_ring();
    unsigned char *revoked = calloc(NUMBERS, 1);
    uint64_t *positions = calloc(NUMBERS, sizeof(*positions)), first = 0;
    octi_ring_writer writer = {.ring = self->ring};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, claim_all, self), 0);
    srand(3);
    for (uint64_t i = 0; i < NUMBERS; i++) {
        while (!write_number(&writer, i, 8 + (uint32_t)(rand() % 300)))
            octi_bell_ring(&self->bell);
        positions[i] = writer.last;
        octi_bell_ring(&self->bell);
        if (rand() % 8 != 0)
            continue;
        uint64_t from = octi_ring_revoke(&writer);
        for (uint64_t k = i + 1; k-- > first && positions[k] >= from;)
            revoked[k]++;
        first = i + 1;
    }
    atomic_store(&self->over, true);
    octi_bell_wake(&self->bell);
    pthread_join(thread, NULL);
    size_t taken_back = 0;
    for (size_t i = 0; i < NUMBERS; i++) {
        assert_int_equal(self->claimed[i] + revoked[i], 1);
        taken_back += revoked[i];
    }
    assert_in_range(taken_back, 1, NUMBERS - 1);
    free(positions);
    free(revoked);
    free(self->ring);
    free(self);
}

typedef struct pipe_ends {
    octi_ring *ring;
    const char *data;
    size_t size;
} pipe_ends;

static void *send_all(void *ctx)
{
    pipe_ends *self = ctx;
    octi_ring_writer writer = {.ring = self->ring};
    for (size_t size = 0; size < self->size; size = 2 * size + 1) {
        octi_outgoing box;
        octi_outgoing_open(&box, (uint32_t)size + 1, self->data, size);
        while (!octi_outgoing_flush(&box, &writer))
            sched_yield();
    }
    return NULL;
}

static void messages_of_any_size_arrive_whole(void **state)
{
    (void)state;
    pipe_ends self = {make_ring(), NULL, 3 << 20};
    char *data = malloc(self.size);
    for (size_t i = 0; i < self.size; i++)
        data[i] = (char)(i * 7 + i / 509);
    self.data = data;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, send_all, &self), 0);
    octi_ring_reader reader = {.ring = self.ring};
    octi_incoming box = {0};
    bool broken = false;
    for (size_t size = 0; size < self.size;) {
        octi_message message;
        const octi_record *record = octi_ring_read(&reader, &broken);
        assert_false(broken);
        if (!record || !octi_incoming_take(&box, record, &message, &broken)) {
            sched_yield();
            continue;
        }
        assert_int_equal(message.kind, size + 1);
        assert_int_equal(message.size, size);
        assert_memory_equal(message.data, data, size);
        size = 2 * size + 1;
    }
    pthread_join(thread, NULL);
    octi_incoming_deinit(&box);
    free(data);
    free(self.ring);
}

/* A worker that a task has wrecked may leave anything. */
static void nonsense_in_the_ring_is_told_and_not_followed(void **state)
{
    (void)state;
    octi_ring *ring = make_ring();
    srand(5);
    for (int round = 0; round < 20000; round++) {
        for (size_t i = 0; i < 4096; i += sizeof(int))
            memcpy(ring->bytes + i, &(int){rand() & (round % 2 ? -1 : 0xff)}, sizeof(int));
        atomic_store(&ring->head, (uint64_t)rand() % (2 * OCTI_RING_BYTES));
        octi_ring_reader reader = {.ring = ring};
        octi_incoming box = {0};
        bool broken = false;
        const octi_record *record;
        while (!broken && (record = octi_ring_read(&reader, &broken))) {
            octi_message message;
            const char *end = (const char *)record->payload + record->size;
            assert_true(end <= ring->bytes + OCTI_RING_BYTES);
            if (record->total > 1 << 24)
                break;
            octi_incoming_take(&box, record, &message, &broken);
        }
        octi_incoming_deinit(&box);
    }
    free(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_ring_refuses_and_takes_again_when_it_was_read),
        cmocka_unit_test(a_refused_writer_sees_that_room_came),
        cmocka_unit_test(what_was_revoked_is_not_read),
        cmocka_unit_test(each_record_is_claimed_or_revoked_once),
        cmocka_unit_test(messages_of_any_size_arrive_whole),
        cmocka_unit_test(nonsense_in_the_ring_is_told_and_not_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
