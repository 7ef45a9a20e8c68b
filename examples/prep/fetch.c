#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "examples/prep/fetch.h"

enum {
    TAG = 256,        /* bytes of a version's name */
    TRIES = 3,        /* in a row that bring nothing */
    CONNECT = 15,     /* seconds to connect */
    SILENCE = 60,     /* seconds without a byte */
    FIRST_PAUSE = 200 /* ms after the first that brings nothing; then twice as long */
};

/* A file on its way. */
typedef struct transfer {
    const char *url;
    char part[4096], tag_path[4096];
    int fd;
    CURL *curl;
    int64_t have;  /* bytes in the part */
    char tag[TAG]; /* the version that they are of; "": nobody knows */

    /* Of the reply that is coming in: */
    int64_t asked_from;
    int64_t range_from; /* -1: it did not say */
    char etag[TAG], modified[TAG];
    bool begun;   /* the part is ready for its bytes */
    oct_err code; /* why this program ended it */
    oct_error *err;
} transfer;

oct_err fetch_init(oct_error *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
        return oct_fail(err, OCT_E_NOMEM, "cannot start libcurl");
    return OCT_OK;
}

/* --- the part and its tag --- */

static void read_tag(transfer *t)
{
    FILE *file = fopen(t->tag_path, "r");
    if (!file || !fgets(t->tag, sizeof(t->tag), file))
        t->tag[0] = '\0';
    t->tag[strcspn(t->tag, "\n")] = '\0';
    if (file)
        fclose(file);
}

/* Before the first byte of a version, so that no byte is ever taken for another's. */
static oct_err write_tag(transfer *t)
{
    if (unlink(t->tag_path) != 0 && errno != ENOENT)
        return oct_fail(t->err, OCT_E_IO, "cannot remove '%s': %s", t->tag_path, strerror(errno));
    snprintf(t->tag, sizeof(t->tag), "%s", t->etag[0] ? t->etag : t->modified);
    if (!t->tag[0])
        return OCT_OK;
    FILE *file = fopen(t->tag_path, "w");
    bool written = file && fputs(t->tag, file) >= 0;
    if (file && fclose(file) != 0)
        written = false;
    if (!written)
        return oct_fail(t->err, errno == ENOSPC || errno == EDQUOT ? OCT_E_EXHAUSTED : OCT_E_IO,
                        "cannot write '%s': %s", t->tag_path, strerror(errno));
    return OCT_OK;
}

static oct_err open_part(transfer *t)
{
    struct stat known;
    t->fd = open(t->part, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (t->fd < 0)
        return oct_fail(t->err, OCT_E_IO, "cannot create '%s': %s", t->part, strerror(errno));
    if (flock(t->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        oct_fail(t->err, OCT_E_STATE, "'%s' is being fetched by another program", t->part);
        return oct_hint(t->err, "wait for it, or end it");
    }
    if (fstat(t->fd, &known) != 0)
        return oct_fail(t->err, OCT_E_IO, "cannot look at '%s': %s", t->part, strerror(errno));
    read_tag(t);
    t->have = t->tag[0] ? (int64_t)known.st_size : 0;
    return OCT_OK;
}

static long status_of(const transfer *t)
{
    long status = 0;
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* Makes the part ready for the bytes of the reply whose head has come. */
static oct_err begin(transfer *t)
{
    long status = status_of(t);
    t->begun = true;
    if (status == 206 && t->range_from == t->asked_from)
        return OCT_OK;
    if (status != 200)
        return oct_fail(t->err, OCT_E_PROTOCOL,
                        "'%s' answers with bytes that were not asked for (status %ld)", t->url, status);
    t->have = 0;
    if (ftruncate(t->fd, 0) != 0)
        return oct_fail(t->err, OCT_E_IO, "cannot empty '%s': %s", t->part, strerror(errno));
    return write_tag(t);
}

static oct_err append(transfer *t, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = pwrite(t->fd, bytes, size, (off_t)t->have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)) {
            oct_fail(t->err, OCT_E_EXHAUSTED, "no space left for '%s'", t->part);
            return oct_hint(t->err, "free some: the same command goes on where this one ended");
        }
        if (n < 0)
            return oct_fail(t->err, OCT_E_IO, "cannot write '%s': %s", t->part, strerror(errno));
        bytes += n;
        size -= (size_t)n;
        t->have += n;
    }
    return OCT_OK;
}

/* --- the reply --- */

static size_t take_bytes(char *bytes, size_t one, size_t size, void *context)
{
    (void)one;
    transfer *t = context;
    if (!t->begun)
        t->code = begin(t);
    if (t->code == OCT_OK)
        t->code = append(t, bytes, size);
    return t->code == OCT_OK ? size : 0;
}

static bool header_is(const char *line, size_t size, const char *name, char value[TAG])
{
    size_t length = strlen(name);
    if (size <= length || strncasecmp(line, name, length) != 0)
        return false;
    line += length;
    size -= length;
    while (size > 0 && (*line == ' ' || *line == '\t'))
        line++, size--;
    while (size > 0 && (line[size - 1] == '\r' || line[size - 1] == '\n' || line[size - 1] == ' '))
        size--;
    snprintf(value, TAG, "%.*s", size < TAG ? (int)size : 0, line);
    return true;
}

static size_t take_header(char *line, size_t one, size_t size, void *context)
{
    (void)one;
    transfer *t = context;
    char value[TAG];
    if (size > 5 && memcmp(line, "HTTP/", 5) == 0) { /* another reply, after a redirection */
        t->etag[0] = t->modified[0] = '\0';
        t->range_from = -1;
    } else if (header_is(line, size, "ETag:", value) && strncmp(value, "W/", 2) != 0) {
        /* Weak ones do not promise the same bytes. */
        snprintf(t->etag, TAG, "%s", value);
    } else if (header_is(line, size, "Last-Modified:", value)) {
        snprintf(t->modified, TAG, "%s", value);
    } else if (header_is(line, size, "Content-Range:", value)) {
        (void)sscanf(value, "bytes %" SCNd64 "-", &t->range_from);
    }
    return size;
}

/* --- tries --- */

static oct_err explain(transfer *t, CURLcode result, const char *detail)
{
    long status = status_of(t);
    if (t->code != OCT_OK)
        return t->code;
    if (result == CURLE_HTTP_RETURNED_ERROR) {
        bool absent =
            status == 403 || status == 404 || status == 410; /* stores say 403 of what is not there */
        oct_err code = absent ? OCT_E_NOTFOUND : status >= 500 ? OCT_E_UNREACHABLE : OCT_E_PROTOCOL;
        return oct_fail(t->err, code, "'%s' answers with status %ld", t->url, status);
    }
    if (result == CURLE_OUT_OF_MEMORY)
        return oct_fail(t->err, OCT_E_NOMEM, "out of memory to fetch '%s'", t->url);
    if (result == CURLE_URL_MALFORMAT || result == CURLE_UNSUPPORTED_PROTOCOL)
        return oct_fail(t->err, OCT_E_INVALID, "'%s' is no address that can be fetched", t->url);
    return oct_fail(t->err, OCT_E_UNREACHABLE, "cannot fetch '%s': %s", t->url,
                    *detail ? detail : curl_easy_strerror(result));
}

/* What the part has is as long as the file, or longer. */
static bool past_the_end(const transfer *t, CURLcode result)
{
    return result == CURLE_HTTP_RETURNED_ERROR && status_of(t) == 416;
}

/* Failures that may be over in a moment. */
static bool may_pass(const transfer *t, CURLcode result)
{
    switch (result) {
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return true;
    case CURLE_HTTP_RETURNED_ERROR:
        return status_of(t) >= 500 || past_the_end(t, result);
    default:
        return false;
    }
}

static CURLcode ask(transfer *t, char detail[CURL_ERROR_SIZE])
{
    char range[32], if_range[TAG + 16];
    struct curl_slist *headers = NULL;
    t->asked_from = t->have;
    t->begun = false;
    detail[0] = '\0';
    curl_easy_setopt(t->curl, CURLOPT_RANGE, NULL);
    if (t->have > 0) {
        snprintf(range, sizeof(range), "%" PRId64 "-", t->have);
        curl_easy_setopt(t->curl, CURLOPT_RANGE, range);
        snprintf(if_range, sizeof(if_range), "If-Range: %s", t->tag);
        headers = curl_slist_append(NULL, if_range);
        if (!headers)
            return CURLE_OUT_OF_MEMORY;
    }
    curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(t->curl, CURLOPT_ERRORBUFFER, detail);
    CURLcode result = curl_easy_perform(t->curl);
    if (result == CURLE_OK && !t->begun && (t->code = begin(t)) != OCT_OK) /* an empty file */
        result = CURLE_WRITE_ERROR;
    curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(t->curl, CURLOPT_ERRORBUFFER, NULL);
    curl_slist_free_all(headers);
    return result;
}

static void pause_after(int tries)
{
    int64_t ms = (int64_t)FIRST_PAUSE << (tries - 1);
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&pause, NULL);
}

/* Asks until all is there. What counts as progress is more than there ever was: a server that sends all
 * from the start each time, and is cut each time, makes none. */
static oct_err ask_until_whole(transfer *t)
{
    char detail[CURL_ERROR_SIZE];
    int64_t most = t->have;
    for (int idle = 0;;) {
        CURLcode result = ask(t, detail);
        if (result == CURLE_OK)
            return OCT_OK;
        idle = t->have > most ? 0 : idle + 1;
        most = t->have > most ? t->have : most;
        if (!may_pass(t, result) || idle == TRIES)
            return explain(t, result, detail);
        if (past_the_end(t, result) || !t->tag[0])
            t->have = 0;
        if (idle > 0)
            pause_after(idle);
    }
}

static oct_err set_up(transfer *t)
{
    t->curl = curl_easy_init();
    if (!t->curl)
        return oct_fail(t->err, OCT_E_NOMEM, "out of memory to fetch '%s'", t->url);
    curl_easy_setopt(t->curl, CURLOPT_URL, t->url);
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(t->curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(t->curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    curl_easy_setopt(t->curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(t->curl, CURLOPT_MAXREDIRS, 5L);
    curl_easy_setopt(t->curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(t->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(t->curl, CURLOPT_USERAGENT, "octavo-prep");
    curl_easy_setopt(t->curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT);
    curl_easy_setopt(t->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(t->curl, CURLOPT_LOW_SPEED_TIME, (long)SILENCE);
    curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(t->curl, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(t->curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(t->curl, CURLOPT_HEADERDATA, t);
    return OCT_OK;
}

oct_err fetch(const char *url, const char *path, oct_error *err)
{
    oct_error mine = OCT_ERROR_INIT;
    transfer t = {.url = url, .fd = -1, .err = err ? err : &mine};
    if (snprintf(t.part, sizeof(t.part), "%s.part", path) >= (int)sizeof(t.part) ||
        snprintf(t.tag_path, sizeof(t.tag_path), "%s.part.tag", path) >= (int)sizeof(t.tag_path))
        return oct_fail(err, OCT_E_INVALID, "the path '%.80s...' is too long", path);
    oct_err code = open_part(&t);
    if (code == OCT_OK)
        code = set_up(&t);
    if (code == OCT_OK)
        code = ask_until_whole(&t);
    if (code == OCT_OK && rename(t.part, path) != 0)
        code = oct_fail(err, OCT_E_IO, "cannot rename '%s' to '%s': %s", t.part, path, strerror(errno));
    if (code != OCT_OK && t.fd >= 0 && t.have == 0 && code != OCT_E_STATE)
        (void)unlink(t.part);
    if (code == OCT_OK || (t.have == 0 && code != OCT_E_STATE))
        (void)unlink(t.tag_path);
    if (t.fd >= 0)
        close(t.fd);
    curl_easy_cleanup(t.curl);
    return code;
}
