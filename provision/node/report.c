#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "provision/node/inquiry.h"
#include "provision/node/report.h"

/* libslurm gives up by itself after ten seconds. */
static const int64_t PATIENCE_NS = 15000000000;

enum { WAITING_MAX = 16 };

oct_err octi_report_init(octi_report *report, uint16_t port, oct_error *err)
{
    *report = (octi_report){.child = -1};
    struct sockaddr_in here = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_ANY)};
    int one = 1;
    report->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (report->socket >= 0 && setsockopt(report->socket, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
        bind(report->socket, (struct sockaddr *)&here, sizeof(here)) == 0 &&
        listen(report->socket, WAITING_MAX) == 0)
        return OCT_OK;
    oct_fail(err, OCT_E_IO, "cannot listen at TCP port %u: %s", port, strerror(errno));
    octi_report_deinit(report);
    return OCT_E_IO;
}

void octi_report_deinit(octi_report *report)
{
    if (report->socket >= 0)
        close(report->socket);
    if (report->child >= 0)
        close(report->child);
    *report = (octi_report){.socket = -1, .child = -1};
}

static bool is_busy(octi_report *report, int64_t now)
{
    if (report->child < 0)
        return false;
    struct pollfd ended = {.fd = report->child, .events = POLLIN};
    if (poll(&ended, 1, 0) == 0) {
        if (now - report->since_ns > PATIENCE_NS)
            pidfd_send_signal(report->child, SIGKILL, NULL, 0);
        return true;
    }
    close(report->child);
    report->child = -1;
    return false;
}

void octi_report_answer(octi_report *report, int64_t now)
{
    if (report->socket < 0 || is_busy(report, now))
        return;
    int caller = accept4(report->socket, NULL, NULL, SOCK_CLOEXEC);
    if (caller < 0)
        return;
    pid_t child = octi_inquiry_start("{\"op\":\"status\"}\n", caller);
    if (child > 0)
        report->child = pidfd_open(child, 0);
    report->since_ns = now;
    close(caller);
}
