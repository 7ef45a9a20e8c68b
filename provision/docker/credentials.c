#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provision/core/base64.h"
#include "provision/core/command.h"
#include "provision/core/json.h"
#include "provision/docker/credentials.h"
#include "runtime/base/buffer.h"

static const char docker_hub[] = "https://index.docker.io/v1/";

enum { HELPER_SECONDS = 60, ANSWER_MAX = 1 << 16, CONFIG_MAX = 1 << 20 };

void octi_credentials_registry(const char *image, char *out, size_t size)
{
    size_t first = strcspn(image, "/");
    bool is_host = image[first] && (memchr(image, '.', first) || memchr(image, ':', first) ||
                                    (first == 9 && strncmp(image, "localhost", 9) == 0));
    snprintf(out, size, "%.*s", is_host ? (int)first : (int)sizeof(docker_hub), is_host ? image : docker_hub);
}

void octi_credentials_free(char *header)
{
    if (header)
        explicit_bzero(header, strlen(header));
    free(header);
}

static void wipe(octi_buffer *buffer)
{
    if (buffer->data)
        explicit_bzero(buffer->data, buffer->size);
    octi_buffer_deinit(buffer);
}

/* Takes over the object. */
static oct_err encode(json_t *auth, char **out, oct_error *err)
{
    char *text = auth ? json_dumps(auth, JSON_COMPACT) : NULL;
    *out = text ? octi_base64_encode_for_url(text) : NULL;
    octi_credentials_free(text);
    json_decref(auth);
    return *out ? OCT_OK : oct_fail(err, OCT_E_NOMEM, "out of memory");
}

/* ---- by a helper ---- */

/* https://github.com/docker/docker-credential-helpers: "get" reads the registry and writes an object. */
static oct_err ask_helper(const char *helper, const char *registry, octi_buffer *said, oct_error *err)
{
    char program[128];
    int status;
    snprintf(program, sizeof(program), "docker-credential-%.100s", helper);
    const char *const argv[] = {program, "get", NULL};
    const octi_command command = {
        .argv = argv, .input = registry, .seconds = HELPER_SECONDS, .most = ANSWER_MAX};
    oct_err code = octi_command_run(&command, said, &status, err);
    if (code != OCT_OK || status == 0)
        return code;
    if (said->data && strstr(said->data, "credentials not found"))
        return OCT_E_NOTFOUND; /* then we are nobody */
    oct_fail(err, OCT_E_DENIED, status == 127 ? "'%s' is not there" : "'%s' knows no credentials of '%s'",
             program, registry);
    return oct_hint(err, "config.json names it: repair that, or say 'docker login %s'", registry);
}

static oct_err by_helper(const char *helper, const char *registry, char **out, oct_error *err)
{
    octi_buffer said = {0};
    json_t *answer = NULL;
    if (strspn(helper, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != strlen(helper))
        return oct_fail(err, OCT_E_INVALID, "config.json names a credential helper that makes no sense");
    oct_err code = ask_helper(helper, registry, &said, err);
    if (code == OCT_OK)
        code = octi_json_parse(said.data ? said.data : "", said.size, "the credential helper's answer",
                               &answer, err);
    wipe(&said);
    if (code == OCT_E_NOTFOUND)
        return encode(json_object(), out, err);
    if (code != OCT_OK)
        return code;
    const char *user = octi_json_string_or(answer, "Username", ""),
               *secret = octi_json_string_or(answer, "Secret", "");
    code = encode(
        strcmp(user, "<token>") == 0
            ? json_pack("{s:s, s:s}", "identitytoken", secret, "serveraddress", registry)
            : json_pack("{s:s, s:s, s:s}", "username", user, "password", secret, "serveraddress", registry),
        out, err);
    json_decref(answer);
    return code;
}

/* ---- in config.json ---- */

/* "auth" is base64 of "user:password". */
static oct_err by_password(const json_t *entry, const char *registry, char **out, oct_error *err)
{
    const char *auth = json_string_value(json_object_get(entry, "auth"));
    const char *token = json_string_value(json_object_get(entry, "identitytoken"));
    if (token && *token)
        return encode(json_pack("{s:s, s:s}", "identitytoken", token, "serveraddress", registry), out, err);
    if (!auth || !*auth)
        return encode(json_object(), out, err);
    char *plain = NULL;
    oct_err code = octi_base64_decode(auth, &plain);
    if (code == OCT_E_NOMEM)
        return oct_fail(err, code, "out of memory");
    size_t size = plain ? strlen(plain) : 0;
    char *colon = plain ? strchr(plain, ':') : NULL;
    if (colon) {
        *colon = '\0';
        code = encode(
            json_pack("{s:s, s:s, s:s}", "username", plain, "password", colon + 1, "serveraddress", registry),
            out, err);
    } else {
        oct_fail(err, OCT_E_INVALID, "config.json's entry for '%s' makes no sense", registry);
        code = oct_hint(err, "log in again: docker login %s", registry);
    }
    if (plain)
        explicit_bzero(plain, size);
    free(plain);
    return code;
}

oct_err octi_credentials_take(const char *text, size_t size, const char *subject, const char *registry,
                              char **out, oct_error *err)
{
    json_t *config;
    oct_err code = octi_json_parse(text, size, subject, &config, err);
    if (code != OCT_OK)
        return code;
    /* Keys hold dots and slashes, so no paths. */
    const char *own = json_string_value(json_object_get(json_object_get(config, "credHelpers"), registry));
    const char *helper = own ? own : json_string_value(json_object_get(config, "credsStore"));
    code = helper && *helper
               ? by_helper(helper, registry, out, err)
               : by_password(json_object_get(json_object_get(config, "auths"), registry), registry, out, err);
    json_decref(config);
    return code;
}

static oct_err read_config(octi_buffer *text, char path[4096], oct_error *err)
{
    const char *folder = getenv("DOCKER_CONFIG"), *home = getenv("HOME");
    char piece[4096];
    if (folder && *folder)
        snprintf(path, 4096, "%s/config.json", folder);
    else
        snprintf(path, 4096, "%s/.docker/config.json", home ? home : "");
    FILE *file = fopen(path, "re");
    if (!file)
        return errno == ENOENT ? OCT_E_NOTFOUND
                               : oct_fail(err, OCT_E_IO, "cannot read '%s': %s", path, strerror(errno));
    oct_err code = OCT_OK;
    for (size_t got;
         code == OCT_OK && text->size < CONFIG_MAX && (got = fread(piece, 1, sizeof(piece), file)) > 0;)
        code = octi_buffer_append(text, piece, got);
    explicit_bzero(piece, sizeof(piece));
    fclose(file);
    return code == OCT_OK ? OCT_OK : oct_fail(err, code, "out of memory");
}

oct_err octi_credentials_find(const char *registry, char **out, oct_error *err)
{
    octi_buffer text = {0};
    char path[4096];
    oct_err code = read_config(&text, path, err);
    if (code == OCT_E_NOTFOUND)
        code = encode(json_object(), out, err);
    else if (code == OCT_OK)
        code = octi_credentials_take(text.data ? text.data : "", text.size, path, registry, out, err);
    wipe(&text);
    return code;
}
