/* The link over MPI.
 *
 * Messages up to OCTI_LINK_EAGER bytes come into receives that are posted in advance, in a ring.
 * MPI matches them in the order posted, so looking at the oldest alone keeps the messages' order
 * and costs one MPI_Test a poll. A larger message is announced there by its size, and its bytes
 * follow on a communicator of their own, in place; that messages of one sender match in order
 * pairs them. */
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/exec/cluster/link.h"

enum { TAG_MESSAGE = 1, TAG_ANNOUNCE = 2 };
enum { RING = 16, SHORT = 256 };
enum { PIECE = 1 << 30 }; /* MPI counts in int */

typedef struct slot {
    MPI_Request request;
    _Alignas(16) char bytes[OCTI_LINK_EAGER];
} slot;

/* A message on its way out, or a large one on its way in. */
typedef struct transfer {
    struct transfer *next;
    void *token;   /* out: the sender's */
    char *data;    /* in: the block */
    int from;      /* in */
    uint64_t size; /* its address is sent, as the announcement */
    int count;
    MPI_Request requests[];
} transfer;

typedef struct transfer_list {
    transfer *first, *last;
} transfer_list;

struct octi_link {
    MPI_Comm comm, bulk;
    int rank, size;
    bool owns_mpi;
    unsigned head; /* the oldest slot */
    slot *ring;
    slot *spent; /* the one before it, which is not posted again yet; or NULL */
    bool quiet;  /* the latest poll found no message */
    transfer_list out, in;
    transfer *spare; /* of one request each */
};

static oct_err failed(oct_error *err, oct_err code, const char *doing, int status)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int length;
    MPI_Error_string(status, text, &length);
    err->code = code;
    snprintf(err->what, sizeof(err->what), "MPI cannot %s: %.200s", doing, text);
    err->hint[0] = '\0';
    return code;
}

static oct_err out_of_memory(oct_error *err, size_t size)
{
    err->code = OCT_E_NOMEM;
    snprintf(err->what, sizeof(err->what), "out of memory for a message of %zu bytes", size);
    err->hint[0] = '\0';
    return err->code;
}

static void list_append(transfer_list *list, transfer *item)
{
    item->next = NULL;
    if (list->last)
        list->last->next = item;
    else
        list->first = item;
    list->last = item;
}

static transfer *list_take(transfer_list *list)
{
    transfer *item = list->first;
    list->first = item->next;
    if (!list->first)
        list->last = NULL;
    return item;
}

static transfer *transfer_get(octi_link *link, int requests)
{
    transfer *item = link->spare;
    if (requests == 1 && item) {
        link->spare = item->next;
        return item;
    }
    item = malloc(sizeof(*item) + (size_t)requests * sizeof(MPI_Request));
    if (!item)
        return NULL;
    item->count = requests;
    for (int i = 0; i < requests; i++)
        item->requests[i] = MPI_REQUEST_NULL;
    return item;
}

static void transfer_put(octi_link *link, transfer *item)
{
    if (item->count != 1) {
        free(item);
        return;
    }
    item->next = link->spare;
    link->spare = item;
}

static int post(octi_link *link, slot *at)
{
    return MPI_Irecv(at->bytes, OCTI_LINK_EAGER, MPI_BYTE, MPI_ANY_SOURCE, MPI_ANY_TAG, link->comm,
                     &at->request);
}

static oct_err start_mpi(octi_link *link, oct_error *err)
{
    int running = 0, level = MPI_THREAD_SINGLE;
    MPI_Initialized(&running);
    int status =
        running ? MPI_Query_thread(&level) : MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &level);
    if (status != MPI_SUCCESS)
        return failed(err, OCT_E_UNREACHABLE, "start", status);
    link->owns_mpi = !running;
    if (level >= MPI_THREAD_SERIALIZED)
        return OCT_OK;
    err->code = OCT_E_UNSUPPORTED;
    snprintf(err->what, sizeof(err->what), "this MPI may only be called by the thread that started it");
    snprintf(err->hint, sizeof(err->hint), "%s",
             running ? "start it with MPI_Init_thread and MPI_THREAD_SERIALIZED, or let the pool start it"
                     : "install an Open MPI that was built with thread support");
    return err->code;
}

static int set_up(octi_link *link)
{
    int status = MPI_Comm_dup(MPI_COMM_WORLD, &link->comm);
    if (status == MPI_SUCCESS)
        status = MPI_Comm_dup(MPI_COMM_WORLD, &link->bulk);
    if (status == MPI_SUCCESS)
        status = MPI_Comm_set_errhandler(link->comm, MPI_ERRORS_RETURN);
    if (status == MPI_SUCCESS)
        status = MPI_Comm_set_errhandler(link->bulk, MPI_ERRORS_RETURN);
    if (status == MPI_SUCCESS)
        status = MPI_Comm_rank(link->comm, &link->rank);
    if (status == MPI_SUCCESS)
        status = MPI_Comm_size(link->comm, &link->size);
    for (int i = 0; status == MPI_SUCCESS && i < RING; i++)
        status = post(link, &link->ring[i]);
    return status;
}

static void cancel_receives(octi_link *link)
{
    for (int i = 0; i < RING; i++) {
        if (link->ring[i].request == MPI_REQUEST_NULL)
            continue;
        MPI_Cancel(&link->ring[i].request);
        MPI_Wait(&link->ring[i].request, MPI_STATUS_IGNORE);
    }
}

static void free_link(octi_link *link)
{
    if (link->comm != MPI_COMM_NULL)
        MPI_Comm_free(&link->comm);
    if (link->bulk != MPI_COMM_NULL)
        MPI_Comm_free(&link->bulk);
    if (link->owns_mpi)
        MPI_Finalize();
    while (link->spare) {
        transfer *next = link->spare->next;
        free(link->spare);
        link->spare = next;
    }
    free(link->ring);
    free(link);
}

static oct_err link_open(octi_link **out, oct_error *err)
{
    octi_link *link = calloc(1, sizeof(*link));
    if (!link)
        return out_of_memory(err, sizeof(*link));
    link->comm = link->bulk = MPI_COMM_NULL;
    link->ring = malloc(RING * sizeof(*link->ring));
    for (int i = 0; link->ring && i < RING; i++)
        link->ring[i].request = MPI_REQUEST_NULL;

    oct_err code = link->ring ? start_mpi(link, err) : out_of_memory(err, RING * sizeof(*link->ring));
    int status = code == OCT_OK ? set_up(link) : MPI_SUCCESS;
    if (status != MPI_SUCCESS)
        code = failed(err, OCT_E_UNREACHABLE, "set up communication", status);
    if (code != OCT_OK) {
        free_link(link);
        return code;
    }
    *out = link;
    return OCT_OK;
}

static int link_rank(const octi_link *link)
{
    return link->rank;
}

static int link_size(const octi_link *link)
{
    return link->size;
}

static oct_err link_exchange(octi_link *link, const void *mine, size_t size, void *all, oct_error *err)
{
    int status = MPI_Allgather(mine, (int)size, MPI_BYTE, all, (int)size, MPI_BYTE, link->bulk);
    return status == MPI_SUCCESS ? OCT_OK
                                 : failed(err, OCT_E_LOST, "gather what the ranks say of themselves", status);
}

static int piece_count(size_t size)
{
    return (int)((size + PIECE - 1) / PIECE);
}

static int piece_size(size_t size, int piece)
{
    size_t left = size - (size_t)piece * PIECE;
    return left < PIECE ? (int)left : PIECE;
}

/* The transfer is on the list whatever happens, so that its requests are looked after. */
static int send_large(octi_link *link, int to, const char *data, transfer *out)
{
    int status =
        MPI_Isend(&out->size, sizeof(out->size), MPI_BYTE, to, TAG_ANNOUNCE, link->comm, &out->requests[0]);
    for (int i = 1; status == MPI_SUCCESS && i < out->count; i++)
        status = MPI_Isend(data + (size_t)(i - 1) * PIECE, piece_size(out->size, i - 1), MPI_BYTE, to,
                           TAG_MESSAGE, link->bulk, &out->requests[i]);
    return status;
}

static oct_err link_send(octi_link *link, int to, const void *data, size_t size, void *token, oct_error *err)
{
    bool large = size > OCTI_LINK_EAGER;
    transfer *out = transfer_get(link, large ? 1 + piece_count(size) : 1);
    if (!out)
        return out_of_memory(err, size);
    out->token = token;
    out->size = size;
    list_append(&link->out, out);
    int status = large ? send_large(link, to, data, out)
                       : MPI_Isend(data, (int)size, MPI_BYTE, to, TAG_MESSAGE, link->comm, &out->requests[0]);
    return status == MPI_SUCCESS ? OCT_OK : failed(err, OCT_E_LOST, "send", status);
}

static int receive_large(octi_link *link, int from, uint64_t size)
{
    transfer *in = transfer_get(link, 1 + piece_count(size));
    char *data = malloc(size);
    if (!in || !data) {
        free(in);
        free(data);
        return MPI_ERR_NO_MEM;
    }
    in->data = data;
    in->from = from;
    in->size = size;
    list_append(&link->in, in);
    int status = MPI_SUCCESS;
    for (int i = 1; status == MPI_SUCCESS && i < in->count; i++)
        status = MPI_Irecv(data + (size_t)(i - 1) * PIECE, piece_size(size, i - 1), MPI_BYTE, from,
                           TAG_MESSAGE, link->bulk, &in->requests[i]);
    return status;
}

static int post_spent(octi_link *link)
{
    int status = link->spent ? post(link, link->spent) : MPI_SUCCESS;
    link->spent = NULL;
    return status;
}

/* At most a ring of messages, so that a poll ends even where more keep coming. What comes alone and is
 * short is what somebody waits for: *urgent, and all else is done by the next poll. To post the slot
 * again, and to ask for more in vain, takes as long as the message itself took. */
static int poll_ring(octi_link *link, const octi_link_events *events, bool *moved, bool *urgent)
{
    bool was_quiet = link->quiet;
    int posted = post_spent(link);
    link->quiet = true;
    if (posted != MPI_SUCCESS)
        return posted;
    for (int i = 0; i < RING; i++) {
        slot *at = &link->ring[link->head % RING];
        MPI_Status came;
        int done = 0, size = 0;
        int status = MPI_Test(&at->request, &done, &came);
        if (status != MPI_SUCCESS || !done)
            return status;
        *moved = true;
        link->quiet = false;
        MPI_Get_count(&came, MPI_BYTE, &size);
        if (came.MPI_TAG == TAG_ANNOUNCE) {
            uint64_t bytes;
            memcpy(&bytes, at->bytes, sizeof(bytes));
            status = receive_large(link, came.MPI_SOURCE, bytes);
        } else {
            events->received(events->ctx, came.MPI_SOURCE, at->bytes, (size_t)size, NULL);
            *urgent = was_quiet && i == 0 && size <= SHORT;
        }
        link->head++;
        link->spent = at;
        if (status != MPI_SUCCESS || *urgent)
            return status;
        posted = post_spent(link);
        if (posted != MPI_SUCCESS)
            return posted;
    }
    return MPI_SUCCESS;
}

static int test(transfer *item, bool *done)
{
    int flag = 0;
    int status = item->count == 1 ? MPI_Test(&item->requests[0], &flag, MPI_STATUS_IGNORE)
                                  : MPI_Testall(item->count, item->requests, &flag, MPI_STATUSES_IGNORE);
    *done = flag;
    return status;
}

static int poll_out(octi_link *link, const octi_link_events *events, bool *moved)
{
    while (link->out.first) {
        bool done;
        int status = test(link->out.first, &done);
        if (status != MPI_SUCCESS || !done)
            return status;
        *moved = true;
        transfer *item = list_take(&link->out);
        events->sent(events->ctx, item->token);
        transfer_put(link, item);
    }
    return MPI_SUCCESS;
}

static int poll_in(octi_link *link, const octi_link_events *events, bool *moved)
{
    while (link->in.first) {
        bool done;
        int status = test(link->in.first, &done);
        if (status != MPI_SUCCESS || !done)
            return status;
        *moved = true;
        transfer *item = list_take(&link->in);
        bool keep = false;
        events->received(events->ctx, item->from, item->data, item->size, &keep);
        if (!keep)
            free(item->data);
        transfer_put(link, item);
    }
    return MPI_SUCCESS;
}

static bool link_poll(octi_link *link, const octi_link_events *events, oct_error *err)
{
    bool moved = false, urgent = false;
    int status = poll_ring(link, events, &moved, &urgent);
    if (status == MPI_SUCCESS && !urgent)
        status = poll_out(link, events, &moved);
    if (status == MPI_SUCCESS && !urgent)
        status = poll_in(link, events, &moved);
    if (status != MPI_SUCCESS)
        failed(err, OCT_E_LOST, "receive", status);
    return moved;
}

static bool link_sending(const octi_link *link)
{
    return link->out.first;
}

static void link_close(octi_link *link)
{
    MPI_Barrier(link->bulk);
    cancel_receives(link);
    free_link(link);
}

static void link_abort(octi_link *link, int status)
{
    MPI_Abort(link->comm, status);
}

__attribute__((visibility("default"))) extern const octi_link_class octi_link_mpi;
const octi_link_class octi_link_mpi = {
    .version = OCTI_LINK_VERSION,
    .open = link_open,
    .rank = link_rank,
    .size = link_size,
    .exchange = link_exchange,
    .send = link_send,
    .poll = link_poll,
    .sending = link_sending,
    .close = link_close,
    .abort = link_abort,
};
