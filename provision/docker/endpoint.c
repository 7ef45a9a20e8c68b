#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provision/docker/endpoint.h"

static oct_err too_long(oct_error *err, const char *host)
{
    return oct_fail(err, OCT_E_INVALID, "DOCKER_HOST '%.60s...' is too long", host);
}

static oct_err parse_unix(const char *host, const char *path, octi_docker_endpoint *out, oct_error *err)
{
    if (path[0] != '/') {
        oct_fail(err, OCT_E_INVALID, "DOCKER_HOST '%.200s' has no absolute path", host);
        return oct_hint(err, "write it as unix:///var/run/docker.sock");
    }
    if (strlen(path) >= sizeof(out->socket))
        return too_long(err, host);
    strcpy(out->socket, path);
    strcpy(out->url, "http://localhost");
    return OCT_OK;
}

static bool set_certificates(const char *folder, octi_docker_endpoint *out)
{
    size_t room = sizeof(out->ca);
    return (size_t)snprintf(out->ca, room, "%s/ca.pem", folder) < room &&
           (size_t)snprintf(out->cert, room, "%s/cert.pem", folder) < room &&
           (size_t)snprintf(out->key, room, "%s/key.pem", folder) < room;
}

static oct_err parse_tcp(const char *host, const char *authority, bool tls, octi_docker_endpoint *out,
                         oct_error *err)
{
    size_t length = strcspn(authority, "/");
    bool plain = length > 0 && authority[length + (authority[length] == '/')] == '\0' &&
                 strcspn(authority, "@?# %\\") >= length;
    if (!plain) {
        oct_fail(err, OCT_E_INVALID, "DOCKER_HOST '%.200s' is no address", host);
        return oct_hint(err, "write it as tcp://host:2376, without user or path");
    }
    const char *bracket = memchr(authority, ']', length);
    const char *after = bracket ? bracket : authority;
    bool port = memchr(after, ':', length - (size_t)(after - authority)) != NULL;
    int size =
        snprintf(out->url, sizeof(out->url), "%s://%.*s%s", tls ? "https" : "http", (int)length, authority,
                 port  ? ""
                 : tls ? ":2376"
                       : ":2375");
    return size > 0 && (size_t)size < sizeof(out->url) ? OCT_OK : too_long(err, host);
}

static oct_err parse_tls(const char *tls_verify, const char *cert_path, octi_docker_endpoint *out,
                         oct_error *err)
{
    char standard[512];
    if (!cert_path || !*cert_path) {
        const char *home = getenv("HOME");
        snprintf(standard, sizeof(standard), "%s/.docker", home ? home : "");
        cert_path = standard;
    }
    out->tls = true;
    out->insecure = !tls_verify || !*tls_verify;
    if (!set_certificates(cert_path, out))
        return oct_fail(err, OCT_E_INVALID, "DOCKER_CERT_PATH is too long");
    return OCT_OK;
}

oct_err octi_docker_endpoint_parse(const char *host, const char *tls_verify, const char *cert_path,
                                   octi_docker_endpoint *out, oct_error *err)
{
    octi_docker_endpoint found = {0};
    bool tls = (tls_verify && *tls_verify) || strncmp(host, "https://", 8) == 0;
    if (strlen(host) >= sizeof(found.label))
        return too_long(err, host);
    strcpy(found.label, host);

    oct_err code;
    if (strncmp(host, "unix://", 7) == 0) {
        code = parse_unix(host, host + 7, &found, err);
        tls = false;
    } else if (strncmp(host, "tcp://", 6) == 0) {
        code = parse_tcp(host, host + 6, tls, &found, err);
    } else if (strncmp(host, "http://", 7) == 0 || strncmp(host, "https://", 8) == 0) {
        code = parse_tcp(host, strstr(host, "://") + 3, tls, &found, err);
    } else if (strncmp(host, "ssh://", 6) == 0) {
        oct_fail(err, OCT_E_UNSUPPORTED, "DOCKER_HOST '%.150s' needs ssh, which octavo does not start", host);
        code = oct_hint(
            err,
            "forward the socket yourself: ssh -nNT -L /tmp/engine.sock:/var/run/docker.sock %.80s, then "
            "DOCKER_HOST=unix:///tmp/engine.sock",
            host + 6);
        code = OCT_E_UNSUPPORTED;
    } else {
        oct_fail(err, OCT_E_UNSUPPORTED, "DOCKER_HOST '%.150s' is of no known kind", host);
        oct_hint(err, "write it as unix:///path or tcp://host:port");
        code = OCT_E_UNSUPPORTED;
    }
    if (code == OCT_OK && tls)
        code = parse_tls(tls_verify, cert_path, &found, err);
    if (code == OCT_OK)
        *out = found;
    return code;
}

/* Adds unix://<folder>/<path> when the folder is known and the path fits. */
static void add_socket(octi_docker_endpoint *out, unsigned *count, const char *folder, const char *path)
{
    char host[256];
    if (!folder || folder[0] != '/')
        return;
    int size = snprintf(host, sizeof(host), "unix://%s/%s", strcmp(folder, "/") == 0 ? "" : folder, path);
    if (size > 0 && (size_t)size < sizeof(host) &&
        octi_docker_endpoint_parse(host, NULL, NULL, &out[*count], NULL) == OCT_OK)
        ++*count;
}

oct_err octi_docker_endpoints(octi_docker_endpoint out[OCTI_DOCKER_ENDPOINTS], unsigned *count,
                              oct_error *err)
{
    const char *host = getenv("DOCKER_HOST");
    *count = 0;
    if (host && *host) {
        oct_err code = octi_docker_endpoint_parse(host, getenv("DOCKER_TLS_VERIFY"),
                                                  getenv("DOCKER_CERT_PATH"), &out[0], err);
        *count = code == OCT_OK;
        return code;
    }
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    add_socket(out, count, "/var/run", "docker.sock");
    add_socket(out, count, runtime, "docker.sock");
    add_socket(out, count, getenv("HOME"), ".docker/run/docker.sock");
    add_socket(out, count, runtime, "podman/podman.sock");
    add_socket(out, count, "/run/podman", "podman.sock");
    return OCT_OK;
}
