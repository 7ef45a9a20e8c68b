#include <stdlib.h>

#include "runtime/exec/processes/hand.h"

/* A buffer that one large request has grown is not kept. */
enum { KEPT_BYTES = 1 << 20 };

static void drop_answers(octi_hand *hand)
{
    for (octi_answer *answer = hand->first_answer, *next; answer; answer = next) {
        next = answer->next;
        free(answer);
    }
    hand->first_answer = hand->last_answer = NULL;
    hand->answer_out = (octi_outgoing){0};
}

void octi_hand_reset(octi_hand *hand)
{
    octi_slot *slot = hand->slot;
    octi_ring_reset(&slot->requests);
    octi_ring_reset(&slot->replies);
    octi_ring_reset(&slot->answers);
    atomic_store(&slot->bell.armed, 0);
    atomic_store(&slot->answers_bell.armed, 0);
    atomic_store(&slot->waiting, 0);
    atomic_store(&slot->heard, 0);
    atomic_store(&slot->wants_room, 0);
    atomic_store(&slot->crash.count, 0);
    octi_incoming_deinit(&hand->inbox);
    drop_answers(hand);
    hand->requests = (octi_ring_writer){.ring = &slot->requests};
    hand->answers = (octi_ring_writer){.ring = &slot->answers};
    hand->replies = (octi_ring_reader){&slot->replies, 0};
    hand->request_out = (octi_outgoing){0};
    hand->first = hand->count = 0;
    hand->window = OCTI_WINDOW_MIN;
    hand->nested = hand->answered = 0;
    hand->full = hand->touched = false;
    hand->kill_ns = 0;
    hand->doom = OCT_OK;
    hand->life++;
}

void octi_hand_deinit(octi_hand *hand)
{
    octi_incoming_deinit(&hand->inbox);
    octi_buffer_deinit(&hand->request);
    octi_queue_deinit(&hand->own);
    drop_answers(hand);
}

bool octi_hand_send(octi_hand *hand, octi_job *job)
{
    octi_outgoing_open(&hand->request_out, OCTI_MSG_TASK, hand->request.data, hand->request.size);
    if (!octi_outgoing_flush(&hand->request_out, &hand->requests) && hand->request_out.sent == 0) {
        hand->request_out.open = false;
        return false;
    }
    hand->sent[(hand->first + hand->count++) % OCTI_WINDOW] =
        (octi_sent){job, hand->request_out.position, hand->requests.head};
    return true;
}

static void begin_answer(octi_hand *hand)
{
    octi_answer *answer = hand->first_answer;
    octi_outgoing_open(&hand->answer_out, OCTI_MSG_ANSWER, answer->bytes, answer->size);
}

static bool flush_answers(octi_hand *hand)
{
    uint64_t before = hand->answers.head;
    while (hand->first_answer && octi_outgoing_flush(&hand->answer_out, &hand->answers)) {
        octi_answer *sent = hand->first_answer;
        hand->first_answer = sent->next;
        free(sent);
        if (hand->first_answer)
            begin_answer(hand);
    }
    if (hand->answers.head != before)
        octi_bell_ring(&hand->slot->answers_bell);
    return hand->answers.head != before;
}

bool octi_hand_flush(octi_hand *hand)
{
    bool moved = hand->first_answer && flush_answers(hand);
    if (!hand->request_out.open)
        return moved;
    uint64_t before = hand->requests.head;
    if (octi_outgoing_flush(&hand->request_out, &hand->requests) && hand->request.capacity > KEPT_BYTES)
        octi_buffer_deinit(&hand->request);
    if (hand->requests.head == before)
        return moved;
    hand->sent[(hand->first + hand->count - 1) % OCTI_WINDOW].end = hand->requests.head;
    octi_bell_ring(&hand->slot->bell);
    return true;
}

octi_job *octi_hand_finish(octi_hand *hand)
{
    if (hand->count == 0)
        return NULL;
    octi_job *job = hand->sent[hand->first].job;
    hand->first = (hand->first + 1) % OCTI_WINDOW;
    hand->count--;
    return job;
}

bool octi_hand_runs(const octi_hand *hand)
{
    return hand->count > 0 && octi_ring_was_claimed(&hand->slot->requests, hand->sent[hand->first].position);
}

/* A request in several pieces, of which the worker has taken some and not all. */
static bool is_half_read(const octi_hand *hand, uint64_t claimed)
{
    for (uint32_t i = 0; i < hand->count; i++) {
        const octi_sent *sent = &hand->sent[(hand->first + i) % OCTI_WINDOW];
        if (sent->position < claimed && claimed < sent->end)
            return true;
    }
    return false;
}

bool octi_hand_revoke(octi_hand *hand, uint64_t *from)
{
    uint64_t claimed = octi_ring_claimed(&hand->slot->requests);
    do {
        if (hand->request_out.open || is_half_read(hand, claimed))
            return false;
    } while (!octi_ring_revoke_at(&hand->requests, &claimed));
    *from = claimed;
    return true;
}

octi_job *octi_hand_take_back(octi_hand *hand, uint64_t from)
{
    if (hand->count == 0)
        return NULL;
    octi_sent *last = &hand->sent[(hand->first + hand->count - 1) % OCTI_WINDOW];
    if (last->position < from)
        return NULL;
    hand->count--;
    return last->job;
}

void octi_hand_answer(octi_hand *hand, octi_answer *answer)
{
    answer->next = NULL;
    hand->answered++;
    if (hand->first_answer) {
        hand->last_answer->next = answer;
        hand->last_answer = answer;
        return;
    }
    hand->first_answer = hand->last_answer = answer;
    begin_answer(hand);
}
