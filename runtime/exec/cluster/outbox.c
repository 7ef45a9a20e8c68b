#include <stdlib.h>
#include <string.h>

#include "runtime/exec/cluster/cluster.h"

/* A message being made, or on its way. */
struct octi_parcel {
    octi_parcel *next;
    size_t size, capacity;
    _Alignas(16) char bytes[];
};

/* Answers wait so long for company while there is other work, or until there are so many. */
enum { LINGER_NS = 2000, ENOUGH = 4096 };

static octi_parcel *parcel_get(octi_cluster *cluster, size_t size)
{
    octi_parcel *parcel = cluster->spare;
    if (size <= OCTI_LINK_EAGER && parcel) {
        cluster->spare = parcel->next;
        return parcel;
    }
    size_t capacity = size <= OCTI_LINK_EAGER ? OCTI_LINK_EAGER : size;
    parcel = malloc(sizeof(*parcel) + capacity);
    if (parcel)
        parcel->capacity = capacity;
    return parcel;
}

void octi_outbox_sent(octi_cluster *cluster, octi_parcel *parcel)
{
    if (parcel->capacity != OCTI_LINK_EAGER) {
        free(parcel);
        return;
    }
    parcel->next = cluster->spare;
    cluster->spare = parcel;
}

static void send_parcel(octi_cluster *cluster, int to)
{
    octi_peer *peer = &cluster->peers[to];
    octi_parcel *parcel = peer->open;
    peer->open = NULL;
    peer->in_a_hurry = false;
    oct_error error;
    octi_trace_moved(parcel->size);
    if (cluster->mpi->send(cluster->link, to, parcel->bytes, parcel->size, parcel, &error) == OCT_OK)
        return;
    oct_prefix(&error, "rank %d on '%s' is lost", to, cluster->members[to].node);
    octi_progress_broke(cluster, &error);
}

void *octi_outbox_add(octi_cluster *cluster, int to, octi_record_kind kind, uint32_t detail, size_t size,
                      bool hurry)
{
    octi_peer *peer = &cluster->peers[to];
    size = octi_padded(size);
    if (peer->open && peer->open->capacity - peer->open->size < size)
        send_parcel(cluster, to);
    if (!peer->open) {
        peer->open = parcel_get(cluster, size);
        if (!peer->open)
            return NULL;
        peer->open->size = 0;
        peer->open_since = 0;
    }
    octi_record *head = (octi_record *)(peer->open->bytes + peer->open->size);
    peer->open->size += size;
    peer->in_a_hurry = peer->in_a_hurry || hurry;
    *head = (octi_record){size, (uint32_t)kind, detail};
    return head;
}

void octi_outbox_flush(octi_cluster *cluster, int64_t now, bool all)
{
    for (int i = 0; i < cluster->size; i++) {
        octi_peer *peer = &cluster->peers[i];
        if (!peer->open)
            continue;
        if (peer->open_since == 0)
            peer->open_since = now;
        if (all || peer->in_a_hurry || peer->open->size >= ENOUGH || now - peer->open_since > LINGER_NS)
            send_parcel(cluster, i);
    }
}

void octi_outbox_deinit(octi_cluster *cluster)
{
    for (int i = 0; i < cluster->size; i++)
        free(cluster->peers[i].open);
    while (cluster->spare) {
        octi_parcel *next = cluster->spare->next;
        free(cluster->spare);
        cluster->spare = next;
    }
}
