/* Credentials from config.json, and from a helper that is a program on the PATH. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "provision/core/base64.h"
#include "provision/docker/credentials.h"

/* What the header says, decoded; to be freed. */
static char *taken(const char *config, const char *registry)
{
    oct_error err = OCT_ERROR_INIT;
    char *header = NULL, *text = NULL;
    if (octi_credentials_take(config, strlen(config), "config.json", registry, &header, &err) != OCT_OK)
        return strdup(err.what);
    for (char *at = header; *at; at++)
        *at = *at == '-' ? '+' : *at == '_' ? '/' : *at;
    assert_int_equal(octi_base64_decode(header, &text), OCT_OK);
    octi_credentials_free(header);
    return text;
}

static void expect(const char *config, const char *registry, const char *wanted)
{
    char *text = taken(config, registry);
    assert_string_equal(text, wanted);
    free(text);
}

static void a_registry_is_what_looks_like_a_host(void **state)
{
    static const char *const cases[][2] = {
        {"registry.example.org/me/octavo:1", "registry.example.org"},
        {"localhost/octavo", "localhost"},
        {"127.0.0.1:5000/octavo/node:dev", "127.0.0.1:5000"},
        {"me/octavo", "https://index.docker.io/v1/"},
        {"octavo:1", "https://index.docker.io/v1/"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char registry[64];
        octi_credentials_registry(cases[i][0], registry, sizeof(registry));
        assert_string_equal(registry, cases[i][1]);
    }
}

static void a_password_is_taken_as_docker_login_writes_it(void **state)
{
    (void)state;
    /* "me:pa:ss?>~", whose code has characters that URLs may not have */
    static const char config[] =
        "{\"auths\":{\"r.org\":{\"auth\":\"bWU6cGE6c3M/Pn4=\"},\"t.org\":{\"auth\":\"eDo=\","
        "\"identitytoken\":\"T\"},\"empty.org\":{}}}";
    expect(config, "r.org", "{\"username\":\"me\",\"password\":\"pa:ss?>~\",\"serveraddress\":\"r.org\"}");
    expect(config, "t.org", "{\"identitytoken\":\"T\",\"serveraddress\":\"t.org\"}");
    expect(config, "empty.org", "{}");
    expect(config, "other.org", "{}");
    expect("{}", "r.org", "{}");
}

static void what_makes_no_sense_is_an_error_without_the_secret(void **state)
{
    (void)state;
    expect("{\"auths\":{\"r.org\":{\"auth\":\"%%%\"}}}", "r.org",
           "config.json's entry for 'r.org' makes no sense");
    expect("{\"auths\":{\"r.org\":{\"auth\":\"c2VjcmV0\"}}}", "r.org",
           "config.json's entry for 'r.org' makes no sense");
    expect("{\"credsStore\":\"../../bin/sh\"}", "r.org",
           "config.json names a credential helper that makes no sense");
}

/* A program that answers for one registry as docker-credential-helpers do. */
static void make_helper(void)
{
    const char *folder = getenv("TEST_TMPDIR");
    char path[4096];
    folder = folder ? folder : "/tmp";
    snprintf(path, sizeof(path), "%s/docker-credential-octavo", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("#!/bin/sh\nread -r registry || true\ncase $1,$registry in\n"
          "get,r.org) echo '{\"ServerURL\":\"r.org\",\"Username\":\"me\",\"Secret\":\"word\"}' ;;\n"
          "get,t.org) echo '{\"Username\":\"<token>\",\"Secret\":\"T\"}' ;;\n"
          "get,none.org) echo 'credentials not found in native keychain'; exit 1 ;;\n"
          "*) exit 3 ;;\nesac\n",
          file);
    fclose(file);
    assert_int_equal(chmod(path, 0700), 0);
    snprintf(path, sizeof(path), "%s:/usr/bin:/bin", folder);
    setenv("PATH", path, 1);
}

static void a_helper_is_asked(void **state)
{
    (void)state;
    make_helper();
    static const char all[] = "{\"auths\":{\"r.org\":{}},\"credsStore\":\"octavo\"}";
    expect(all, "r.org", "{\"username\":\"me\",\"password\":\"word\",\"serveraddress\":\"r.org\"}");
    expect(all, "t.org", "{\"identitytoken\":\"T\",\"serveraddress\":\"t.org\"}");
    expect(all, "none.org", "{}");
    expect(all, "broken.org", "'docker-credential-octavo' knows no credentials of 'broken.org'");
    expect("{\"credHelpers\":{\"r.org\":\"octavo\"}}", "r.org",
           "{\"username\":\"me\",\"password\":\"word\",\"serveraddress\":\"r.org\"}");
    expect("{\"credHelpers\":{\"r.org\":\"octavo\"}}", "other.org", "{}");
    expect("{\"credsStore\":\"absent\"}", "r.org", "'docker-credential-absent' is not there");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_registry_is_what_looks_like_a_host),
        cmocka_unit_test(a_password_is_taken_as_docker_login_writes_it),
        cmocka_unit_test(what_makes_no_sense_is_an_error_without_the_secret),
        cmocka_unit_test(a_helper_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
