#include <fcntl.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "runtime/exec/context.h"
#include "runtime/exec/processes/crash.h"
#include "runtime/exec/processes/nested.h"
#include "runtime/exec/processes/port.h"
#include "runtime/exec/processes/worker.h"
#include "runtime/exec/wire.h"

/* A buffer that one large reply has grown is not kept. */
enum { KEPT_BYTES = 1 << 20 };

/* When memory runs out the kernel is to end a worker, which can be replaced, and not the
 * program: proc(5), oom_score_adj. */
static void volunteer(void)
{
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return;
    if (write(file, "500", 3) != 3) {
        /* Then the kernel chooses as it does. */
    }
    close(file);
}

/* What a task printed is out before its result is. */
static void flush_output(void)
{
    if (__fpending(stdout) > 0)
        fflush(stdout);
}

/* A rank knows its number only when its workers are there already. */
static void settle(const octi_shared *shared)
{
    static int32_t settled;
    int32_t node = atomic_load_explicit(&shared->node, memory_order_acquire);
    if (node != settled)
        octi_node_set(node - 1, shared->node_name);
    settled = node;
}

static oct_err serve(octi_message *request, oct_pool *pool, octi_buffer *reply)
{
    if (request->data)
        return octi_wire_serve(request->data, request->size, pool, reply);
    oct_failure failure = {.attempts = 1};
    oct_fail(&failure.error, OCT_E_NOMEM, "out of memory for arguments of %zu bytes", request->size);
    return octi_wire_failure(&failure, reply);
}

void octi_worker_run(octi_shared *shared, uint32_t index, oct_pool *pool)
{
    static octi_port port;
    octi_slot *slot = &shared->slots[index];
    octi_incoming inbox = {0};
    octi_buffer reply = {0};
    prctl(PR_SET_NAME, "octavo-worker");
    octi_names_forked();
    volunteer();
    octi_crash_watch(&slot->crash);
    octi_port_init(&port, shared, index);
    octi_nested_install(&port, pool);
    for (;;) {
        octi_message request = octi_port_receive(&port, &slot->requests, &slot->bell, &inbox);
        reply.size = 0;
        settle(shared);
        if (serve(&request, pool, &reply) != OCT_OK)
            _exit(1); /* no memory even to say so: the exit will be told */
        flush_output();
        octi_port_send(&port, OCTI_MSG_REPLY, reply.data, reply.size, false);
        if (reply.capacity > KEPT_BYTES)
            octi_buffer_deinit(&reply);
    }
}
