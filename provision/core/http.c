#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "provision/core/http.h"
#include "provision/core/json.h"
#include "runtime/base/log.h"

enum {
    DEFAULT_PARALLEL = 16,
    DEFAULT_IDLE_S = 60,
    DEFAULT_MAX_REPLY = 16 << 20,
    POLL_MS = 200,
    HEADER_MAX = 8 * 1024,
};

struct octi_http {
    char *label, *url, *socket, *ca, *cert, *key, *authorization;
    char *ca_text, *cert_text, *key_text, *proxy;
    struct curl_slist *connect_to; /* where the server really is, when url has its certificate's name */
    bool insecure;
    long connect_timeout_ms;
    CURLM *multi;
    size_t running;
    struct octi_http_transfer *first; /* all running transfers */
};

/* What a request needs while it runs. */
struct octi_http_transfer {
    octi_http *http;
    octi_http_request *request;
    CURL *easy;
    struct curl_slist *headers;
    char detail[CURL_ERROR_SIZE];
    oct_err output_code; /* why our own callback ended it */
    bool starved;        /* paused until body_fd has something */
    bool head_whole;     /* the empty line after the reply's head has come */
    struct octi_http_transfer *next, **link;
};

static char *copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

/* With a server name the url carries that name, and curl is told where to connect instead:
 * so both SNI and verification use it. false: out of memory. */
static bool set_url(octi_http *http, const octi_http_endpoint *endpoint)
{
    if (!endpoint->server_name) {
        http->url = copy(endpoint->url);
        return http->url != NULL;
    }
    const char *host = strstr(endpoint->url, "://");
    host = host ? host + 3 : endpoint->url;
    const char *rest = host + strcspn(host, "/");
    const char *port = memchr(host, ']', (size_t)(rest - host));
    port = memchr(port ? port : host, ':', (size_t)(rest - (port ? port : host)));
    octi_buffer url = {0}, target = {0};
    bool good = octi_buffer_printf(&url, "%.*s%s%.*s%s", (int)(host - endpoint->url), endpoint->url,
                                   endpoint->server_name, port ? (int)(rest - port) : 0, port ? port : "",
                                   rest) == OCT_OK &&
                octi_buffer_printf(&target, "::%.*s", (int)(rest - host), host) == OCT_OK &&
                (port || octi_buffer_append(&target, ":443", 4) == OCT_OK);
    if (good)
        http->connect_to = curl_slist_append(NULL, target.data);
    http->url = octi_buffer_take(&url);
    octi_buffer_deinit(&target);
    return good && http->connect_to;
}

oct_err octi_http_open(const octi_http_endpoint *endpoint, octi_http **out, oct_error *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return oct_fail(err, OCT_E_UNSUPPORTED, "libcurl cannot be initialised");
    octi_http *http = calloc(1, sizeof(*http));
    if (!http) {
        curl_global_cleanup();
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    }
    http->label = copy(endpoint->label ? endpoint->label : endpoint->url);
    bool has_url = set_url(http, endpoint);
    http->socket = copy(endpoint->socket);
    http->ca = copy(endpoint->ca);
    http->cert = copy(endpoint->cert);
    http->key = copy(endpoint->key);
    http->ca_text = copy(endpoint->ca_text);
    http->cert_text = copy(endpoint->cert_text);
    http->key_text = copy(endpoint->key_text);
    http->proxy = copy(endpoint->proxy);
    http->authorization = copy(endpoint->authorization);
    http->insecure = endpoint->insecure;
    http->connect_timeout_ms = (long)((endpoint->connect_timeout > 0 ? endpoint->connect_timeout : 5) * 1000);
    http->multi = curl_multi_init();

    bool whole = has_url && http->label && http->multi && !http->socket == !endpoint->socket &&
                 !http->ca == !endpoint->ca && !http->cert == !endpoint->cert &&
                 !http->key == !endpoint->key && !http->ca_text == !endpoint->ca_text &&
                 !http->cert_text == !endpoint->cert_text && !http->key_text == !endpoint->key_text &&
                 !http->proxy == !endpoint->proxy && !http->authorization == !endpoint->authorization;
    if (!whole) {
        octi_http_close(http);
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    }
    long parallel = endpoint->parallel ? (long)endpoint->parallel : DEFAULT_PARALLEL;
    curl_multi_setopt(http->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, parallel);
    curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, parallel);
    *out = http;
    return OCT_OK;
}

static void forget(struct octi_http_transfer *transfer);

static void forget_secret(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

void octi_http_close(octi_http *http)
{
    if (!http)
        return;
    while (http->first)
        forget(http->first);
    curl_multi_cleanup(http->multi);
    forget_secret(http->authorization);
    forget_secret(http->key_text);
    free(http->label);
    free(http->url);
    free(http->socket);
    free(http->ca);
    free(http->cert);
    free(http->key);
    free(http->ca_text);
    free(http->cert_text);
    free(http->proxy);
    curl_slist_free_all(http->connect_to);
    free(http);
    curl_global_cleanup();
}

const char *octi_http_label(const octi_http *http)
{
    return http->label;
}

const char *octi_http_authorization(const octi_http *http)
{
    return http->authorization;
}

static void set_pem(CURL *easy, CURLoption option, char *text)
{
    struct curl_blob blob = {.data = text, .len = strlen(text), .flags = CURL_BLOB_NOCOPY};
    curl_easy_setopt(easy, option, &blob);
}

/* Whom to trust and who we are. Texts stay the client's, which outlives its handles. */
static void set_tls(CURL *easy, const octi_http *http)
{
    if (http->ca_text)
        set_pem(easy, CURLOPT_CAINFO_BLOB, http->ca_text);
    else if (http->ca)
        curl_easy_setopt(easy, CURLOPT_CAINFO, http->ca);
    if (http->cert_text)
        set_pem(easy, CURLOPT_SSLCERT_BLOB, http->cert_text);
    else if (http->cert)
        curl_easy_setopt(easy, CURLOPT_SSLCERT, http->cert);
    if (http->key_text)
        set_pem(easy, CURLOPT_SSLKEY_BLOB, http->key_text);
    else if (http->key)
        curl_easy_setopt(easy, CURLOPT_SSLKEY, http->key);
    if (http->insecure) {
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

void *octi_http_new_handle(const octi_http *http)
{
    CURL *easy = curl_easy_init();
    if (!easy)
        return NULL;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, http->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    /* Behind a web proxy only where the endpoint says so, whatever http_proxy says. */
    curl_easy_setopt(easy, CURLOPT_PROXY, http->proxy ? http->proxy : "");
    if (http->socket)
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, http->socket);
    if (http->connect_to)
        curl_easy_setopt(easy, CURLOPT_CONNECT_TO, http->connect_to);
    set_tls(easy, http);
    char url[512];
    snprintf(url, sizeof(url), "%s/", http->url);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    return easy;
}

static oct_err explain_connect(const octi_http *http, long system_error, const char *why, oct_error *err)
{
    if (system_error == EACCES || system_error == EPERM)
        return oct_fail(err, OCT_E_DENIED, "no permission to connect to %s", http->label);
    if (http->socket && system_error == ENOENT)
        return oct_fail(err, OCT_E_UNREACHABLE, "there is no socket at %s", http->label);
    if (system_error != 0)
        why = strerror((int)system_error);
    return oct_fail(err, OCT_E_UNREACHABLE, "nobody answers at %s: %s", http->label, why);
}

oct_err octi_http_explain(const octi_http *http, void *handle, int curl_code, const char *detail,
                          oct_error *err)
{
    long system_error = 0;
    curl_easy_getinfo((CURL *)handle, CURLINFO_OS_ERRNO, &system_error);
    char why[160];
    octi_text_clean(detail && *detail ? detail : curl_easy_strerror((CURLcode)curl_code), why, sizeof(why));

    switch ((CURLcode)curl_code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return oct_fail(err, OCT_E_UNREACHABLE, "the host of %s has no address", http->label);
    case CURLE_COULDNT_CONNECT:
        return explain_connect(http, system_error, why, err);
    case CURLE_OPERATION_TIMEDOUT:
        return oct_fail(err, OCT_E_TIMEOUT, "%s did not answer in time: %s", http->label, why);
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return oct_fail(err, OCT_E_LOST, "the connection to %s was cut: %s", http->label, why);
    case CURLE_OUT_OF_MEMORY:
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CONNECT_ERROR:
        oct_fail(err, OCT_E_DENIED, "TLS with %s failed: %s", http->label, why);
        oct_hint(err, "check the certificate files and that both sides use TLS");
        return OCT_E_DENIED;
    default:
        return oct_fail(err, OCT_E_PROTOCOL, "%s does not speak HTTP as expected: %s", http->label, why);
    }
}

static size_t on_body(char *bytes, size_t one, size_t size, void *user)
{
    (void)one;
    struct octi_http_transfer *transfer = user;
    octi_http_request *request = transfer->request;
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);

    oct_err code;
    size_t limit = request->max_reply ? request->max_reply : DEFAULT_MAX_REPLY;
    if (request->output && status < 300)
        code = request->output(request->ctx, bytes, size);
    else if (request->reply.size + size > limit)
        code = oct_fail(&request->error, OCT_E_PROTOCOL, "the reply of %s is larger than %zu bytes",
                        transfer->http->label, limit);
    else
        code = octi_buffer_append(&request->reply, bytes, size);
    transfer->output_code = code;
    return code == OCT_OK ? size : CURL_WRITEFUNC_ERROR;
}

/* curl takes a reply that is cut in its head for a whole one without a body. */
static size_t on_head(char *line, size_t one, size_t size, void *user)
{
    struct octi_http_transfer *transfer = user;
    if (size >= 5 && strncmp(line, "HTTP/", 5) == 0)
        transfer->head_whole = false; /* again after an interim reply */
    else if (line[0] == '\r' || line[0] == '\n')
        transfer->head_whole = true;
    return one * size;
}

/* Never waits for the source: one that is slow pauses only its own request. */
static size_t on_upload(char *bytes, size_t one, size_t capacity, void *user)
{
    struct octi_http_transfer *transfer = user;
    struct pollfd source = {.fd = transfer->request->body_fd, .events = POLLIN};
    if (poll(&source, 1, 0) == 0) {
        transfer->starved = true;
        return CURL_READFUNC_PAUSE;
    }
    ssize_t got;
    do
        got = read(source.fd, bytes, one * capacity);
    while (got < 0 && errno == EINTR);
    if (got >= 0)
        return (size_t)got;
    transfer->output_code =
        oct_fail(&transfer->request->error, OCT_E_IO, "cannot read what to send: %s", strerror(errno));
    return CURL_READFUNC_ABORT;
}

static bool add_header(struct octi_http_transfer *transfer, const char *line)
{
    struct curl_slist *longer = curl_slist_append(transfer->headers, line);
    if (longer)
        transfer->headers = longer;
    return longer != NULL;
}

static bool add_headers(struct octi_http_transfer *transfer)
{
    octi_http_request *request = transfer->request;
    char line[HEADER_MAX];
    bool good = add_header(transfer, "Expect:"); /* engines answer late errors anyway; do not wait a second */
    if (transfer->http->authorization) {
        snprintf(line, sizeof(line), "Authorization: %s", transfer->http->authorization);
        good = add_header(transfer, line) && good;
        explicit_bzero(line, sizeof(line));
    }
    if (request->body || request->stream_body) {
        snprintf(line, sizeof(line), "Content-Type: %s",
                 request->content_type ? request->content_type : "application/json");
        good = add_header(transfer, line) && good;
    }
    if (request->stream_body)
        good = add_header(transfer, "Transfer-Encoding: chunked") && good;
    for (const char *const *header = request->headers; header && *header; header++)
        good = add_header(transfer, *header) && good;
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
    return good;
}

static void set_body(struct octi_http_transfer *transfer)
{
    octi_http_request *request = transfer->request;
    CURL *easy = transfer->easy;
    const char *method = request->method ? request->method : "GET";
    if (request->stream_body) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_upload);
        curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
    } else if (request->body || strcmp(method, "POST") == 0) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body ? request->body : "");
    } else if (strcmp(method, "HEAD") == 0) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
}

static void set_limits(struct octi_http_transfer *transfer)
{
    const octi_http_request *request = transfer->request;
    if (request->timeout > 0)
        curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS, (long)(request->timeout * 1000) + 1);
    if (request->idle_timeout >= 0) {
        double idle = request->idle_timeout > 0 ? request->idle_timeout : DEFAULT_IDLE_S;
        curl_easy_setopt(transfer->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(transfer->easy, CURLOPT_LOW_SPEED_TIME, (long)(idle < 1 ? 1 : idle));
    }
}

/* Sets up the transfer's handle; false is out of memory. */
static bool prepare(struct octi_http_transfer *transfer)
{
    octi_http *http = transfer->http;
    transfer->easy = octi_http_new_handle(http);
    if (!transfer->easy)
        return false;
    octi_buffer url = {0};
    if (octi_buffer_printf(&url, "%s%s", http->url, transfer->request->path) != OCT_OK)
        return false;
    bool good = curl_easy_setopt(transfer->easy, CURLOPT_URL, url.data) == CURLE_OK;
    octi_buffer_deinit(&url);
    curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(transfer->easy, CURLOPT_ERRORBUFFER, transfer->detail);
    curl_easy_setopt(transfer->easy, CURLOPT_HEADERFUNCTION, on_head);
    curl_easy_setopt(transfer->easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(transfer->easy, CURLOPT_WRITEDATA, transfer);
    set_body(transfer);
    set_limits(transfer);
    return add_headers(transfer) && good;
}

/* Takes a transfer out of its client and frees it; the request stays. */
static void forget(struct octi_http_transfer *transfer)
{
    octi_http *http = transfer->http;
    *transfer->link = transfer->next;
    if (transfer->next)
        transfer->next->link = transfer->link;
    http->running--;
    if (transfer->easy) {
        curl_multi_remove_handle(http->multi, transfer->easy);
        curl_easy_cleanup(transfer->easy);
    }
    curl_slist_free_all(transfer->headers);
    transfer->request->transfer = NULL;
    free(transfer);
}

void octi_http_request_deinit(octi_http_request *request)
{
    if (request->transfer)
        forget(request->transfer);
    octi_buffer_deinit(&request->reply);
}

static void finish(octi_http_request *request)
{
    if (request->done)
        request->done(request->ctx, request);
}

void octi_http_start(octi_http *http, octi_http_request *request)
{
    request->code = OCT_OK;
    request->status = 0;
    request->error = (oct_error)OCT_ERROR_INIT;
    octi_buffer_consume(&request->reply, request->reply.size);

    struct octi_http_transfer *transfer = calloc(1, sizeof(*transfer));
    bool good = transfer != NULL;
    if (good) {
        *transfer = (struct octi_http_transfer){
            .http = http, .request = request, .next = http->first, .link = &http->first};
        if (http->first)
            http->first->link = &transfer->next;
        http->first = transfer;
        http->running++;
        request->transfer = transfer;
        good = prepare(transfer) && curl_multi_add_handle(http->multi, transfer->easy) == CURLM_OK;
    }
    if (good)
        return;
    if (transfer)
        forget(transfer);
    request->code = oct_fail(&request->error, OCT_E_NOMEM, "out of memory");
    finish(request);
}

static void complete(octi_http *http, CURL *easy, CURLcode result)
{
    struct octi_http_transfer *transfer = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
    octi_http_request *request = transfer->request;
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    request->status = (int)status;

    if (result == CURLE_OK && transfer->head_whole)
        request->code = OCT_OK;
    else if (result == CURLE_OK)
        request->code =
            oct_fail(&request->error, OCT_E_LOST, "the connection to %s was cut in its reply", http->label);
    else if (transfer->output_code == OCT_OK)
        request->code = octi_http_explain(http, easy, result, transfer->detail, &request->error);
    else if (request->error.code == transfer->output_code)
        request->code = transfer->output_code;
    else
        request->code = oct_fail(&request->error, transfer->output_code,
                                 "the reply of %s was not taken to its end", http->label);
    octi_log(OCT_LOG_DEBUG, "http %s %s: status %d, %s", request->method ? request->method : "GET",
             request->path, request->status, oct_err_name(request->code));
    forget(transfer);
    finish(request);
}

static void cancel_all(octi_http *http)
{
    while (http->first) {
        octi_http_request *request = http->first->request;
        forget(http->first);
        request->code = oct_fail(&request->error, OCT_E_CANCELLED, "interrupted");
        /* Not told: a `done` could start the next request and so never end. */
    }
}

/* Waits for the sockets, and for the source of one request that waits for its own. */
static void wait_for_any(octi_http *http)
{
    struct octi_http_transfer *starved = http->first;
    while (starved && !starved->starved)
        starved = starved->next;
    struct curl_waitfd source = {.fd = starved ? starved->request->body_fd : -1, .events = CURL_WAIT_POLLIN};
    curl_multi_poll(http->multi, &source, starved ? 1 : 0, POLL_MS, NULL);
    if (starved) {
        starved->starved = false;
        curl_easy_pause(starved->easy, CURLPAUSE_CONT);
    }
}

oct_err octi_http_wait(octi_http *http, bool (*interrupted)(void *ctx), void *ctx)
{
    while (http->running > 0) {
        int running, left;
        curl_multi_perform(http->multi, &running);
        for (CURLMsg *message; (message = curl_multi_info_read(http->multi, &left));)
            if (message->msg == CURLMSG_DONE)
                complete(http, message->easy_handle, message->data.result);
        if (interrupted && interrupted(ctx)) {
            cancel_all(http);
            return OCT_E_CANCELLED;
        }
        if (http->running > 0)
            wait_for_any(http);
    }
    return OCT_OK;
}

oct_err octi_http_perform(octi_http *http, octi_http_request *request, oct_error *err)
{
    octi_http_start(http, request);
    oct_err code = octi_http_wait(http, NULL, NULL);
    if (code == OCT_OK)
        code = request->code;
    if (code != OCT_OK && err)
        *err = request->error;
    return code;
}

oct_err octi_http_escape(octi_buffer *buffer, const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (; *text; text++) {
        oct_err code = strchr(plain, *text) ? octi_buffer_append(buffer, text, 1)
                                            : octi_buffer_printf(buffer, "%%%02X", (unsigned char)*text);
        if (code != OCT_OK)
            return code;
    }
    return OCT_OK;
}
