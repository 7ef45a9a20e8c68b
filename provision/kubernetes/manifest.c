#include <ctype.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "k8s/manifests.inc"
#include "provision/core/json.h"
#include "provision/core/spec.h"
#include "provision/core/version.h"
#include "provision/core/yaml.h"
#include "provision/kubernetes/manifest.h"
#include "runtime/base/buffer.h"

enum { KEY_SIZE = 128 }; /* as mungekey makes it */

/* --- filling in --- */

/* "${NAME}" that begins at text: its value and end; NULL when there is none. */
static json_t *value_at(const char *text, const json_t *values, const char **end)
{
    char name[40];
    size_t length = strncmp(text, "${", 2) == 0 ? strcspn(text + 2, "}") : 0;
    if (length == 0 || length >= sizeof(name) || text[2 + length] != '}')
        return NULL;
    memcpy(name, text + 2, length);
    name[length] = '\0';
    *end = text + 3 + length;
    return json_object_get(values, name);
}

/* The value that stands for a text, new; NULL: a name is not known, or no memory. */
static json_t *filled(const char *text, const json_t *values)
{
    const char *end;
    json_t *whole = value_at(text, values, &end);
    if (whole && !*end)
        return json_deep_copy(whole);
    octi_buffer out = {0};
    oct_err code = octi_buffer_append(&out, "", 0);
    while (code == OCT_OK && *text) {
        if (strncmp(text, "${", 2) != 0) {
            code = octi_buffer_append(&out, text++, 1);
            continue;
        }
        const char *value = json_string_value(value_at(text, values, &end));
        code = value ? octi_buffer_printf(&out, "%s", value) : OCT_E_INVALID;
        text = value ? end : text;
    }
    json_t *made = code == OCT_OK ? json_stringn(out.data ? out.data : "", out.size) : NULL;
    octi_buffer_deinit(&out);
    return made;
}

static oct_err fill_child(json_t *child, const json_t *values, json_t **replaced, oct_error *err)
{
    *replaced = NULL;
    if (!json_is_string(child))
        return octi_kube_fill(child, values, err);
    if (!strstr(json_string_value(child), "${"))
        return OCT_OK;
    *replaced = filled(json_string_value(child), values);
    return *replaced ? OCT_OK : oct_fail(err, OCT_E_INVALID, "'%s' has no value", json_string_value(child));
}

oct_err octi_kube_fill(json_t *tree, const json_t *values, oct_error *err)
{
    oct_err code = OCT_OK;
    const char *key;
    json_t *child, *replaced;
    void *next;
    size_t i;
    json_object_foreach_safe(tree, next, key, child)
    {
        if (code == OCT_OK)
            code = fill_child(child, values, &replaced, err);
        if (code == OCT_OK && json_is_null(replaced ? replaced : child)) {
            json_decref(replaced);
            json_object_del(tree, key);
        } else if (code == OCT_OK && replaced) {
            json_object_set_new(tree, key, replaced);
        }
    }
    if (json_is_array(tree)) {
        json_array_foreach(tree, i, child)
        {
            if (code == OCT_OK)
                code = fill_child(child, values, &replaced, err);
            if (code == OCT_OK && replaced)
                json_array_set_new(tree, i, replaced);
        }
    }
    return code;
}

/* --- values --- */

static json_t *labels_of(const octi_spec *spec)
{
    return json_pack("{s:s, s:s, s:s}", "app.kubernetes.io/name", "octavo", "app.kubernetes.io/managed-by",
                     "octavo", "octavo.cluster", spec->name);
}

static oct_err new_key(char text[2 * KEY_SIZE], oct_error *err)
{
    unsigned char key[KEY_SIZE];
    if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
        return oct_fail(err, OCT_E_IO, "cannot get %d random bytes: %s", KEY_SIZE, strerror(errno));
    EVP_EncodeBlock((unsigned char *)text, key, sizeof(key));
    explicit_bzero(key, sizeof(key));
    return OCT_OK;
}

/* Requests and limits are the same, so that a node has what it was promised. */
static json_t *resources_of(const octi_spec *spec)
{
    if (spec->cpus <= 0 && spec->memory == 0 && spec->gpus == 0)
        return json_null();
    json_t *resources = json_object();
    if (spec->cpus > 0)
        json_object_set_new(resources, "cpu", json_sprintf("%.0fm", spec->cpus * 1000));
    if (spec->memory > 0)
        json_object_set_new(resources, "memory", json_sprintf("%llu", (unsigned long long)spec->memory));
    if (spec->gpus > 0)
        json_object_set_new(resources, "nvidia.com/gpu", json_sprintf("%u", spec->gpus));
    return resources;
}

static json_t *text_or_null(const char *text)
{
    return *text ? json_string(text) : json_null();
}

static json_t *json_or_null(const char *text)
{
    json_t *value = *text ? json_loads(text, 0, NULL) : NULL;
    return value ? value : json_null();
}

static oct_err make_values(const octi_spec *spec, const char *namespace, int minor, json_t **out,
                           oct_error *err)
{
    char key[2 * KEY_SIZE];
    octi_spec kept = *spec; /* what tells this user's way to the server is not the cluster's */
    kept.context[0] = kept.namespace[0] = '\0';
    char *text = octi_spec_format(&kept);
    oct_err code = text ? new_key(key, err) : oct_fail(err, OCT_E_NOMEM, "out of memory");
    if (code != OCT_OK) {
        free(text);
        return code;
    }
    bool shared = *spec->storage_class;
    *out = json_pack(
        "{s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
        "NAME", spec->name, "NAMESPACE", namespace, "IMAGE", spec->image, "NODES", (int)spec->nodes, "SPEC",
        text, "VERSION", OCTI_VERSION, "MUNGE_KEY", key, "BUDGET_VERSION",
        minor >= 21 ? "policy/v1" : "policy/v1beta1", "LABELS", labels_of(spec), "RESOURCES",
        resources_of(spec), "NODE_SELECTOR", json_or_null(spec->node_selector), "TOLERATIONS",
        json_or_null(spec->tolerations), "SHM", json_sprintf("%llu", (unsigned long long)spec->shm),
        "STORAGE_CLASS", text_or_null(spec->storage_class), "STORAGE_SIZE",
        json_sprintf("%llu", (unsigned long long)spec->storage_size), "OWN_FOLDER",
        shared ? json_null() : json_object(), "SHARED_FOLDER",
        shared ? json_pack("{s:o}", "claimName", json_sprintf("%s-storage", spec->name)) : json_null(),
        "STATE_FOLDER", shared ? json_string("state") : json_null(), "HOME_FOLDER",
        shared ? json_string("home") : json_null());
    explicit_bzero(key, sizeof(key));
    free(text);
    return *out ? OCT_OK : oct_fail(err, OCT_E_NOMEM, "out of memory");
}

/* --- all of them --- */

static oct_err add(json_t *list, const char *template, size_t size, const char *name, const json_t *values,
                   oct_error *err)
{
    json_t *documents;
    oct_err code = octi_yaml_parse(template, size, name, true, &documents, err);
    if (code != OCT_OK)
        return code;
    json_t *object = json_array_get(documents, 0);
    code = octi_kube_fill(object, values, err);
    if (code == OCT_OK && json_array_append(list, object) != 0)
        code = oct_fail(err, OCT_E_NOMEM, "out of memory");
    json_decref(documents);
    return code;
}

oct_err octi_kube_manifests(const octi_spec *spec, const char *namespace, int minor, json_t **out,
                            oct_error *err)
{
#define TEMPLATE(name)                                                                                       \
    {                                                                                                        \
        name##_yaml, sizeof(name##_yaml) - 1, "k8s/" #name ".yaml"                                           \
    }
    static const struct template
    {
        const char *text;
        size_t size;
        const char *name;
    }
    templates[] = {TEMPLATE(secret), TEMPLATE(network_policy), TEMPLATE(disruption_budget), TEMPLATE(storage),
                   TEMPLATE(nodes)};
#undef TEMPLATE
    json_t *values = NULL, *list = json_array();
    oct_err code = make_values(spec, namespace, minor, &values, err);
    for (size_t i = 0; code == OCT_OK && i < sizeof(templates) / sizeof(templates[0]); i++)
        if (templates[i].text != storage_yaml || *spec->storage_class)
            code = add(list, templates[i].text, templates[i].size, templates[i].name, values, err);
    if (values)
        json_decref(values);
    if (code == OCT_OK)
        *out = list;
    else
        json_decref(list);
    return code;
}

void octi_kube_place(const json_t *object, char group[64], char resource[64])
{
    const char *version = octi_json_string_or(object, "apiVersion", "v1");
    const char *kind = octi_json_string_or(object, "kind", "");
    snprintf(group, 64, "%s/%.50s", strchr(version, '/') ? "apis" : "api", version);
    size_t length = strlen(kind);
    bool plural_ies = length > 0 && kind[length - 1] == 'y';
    snprintf(resource, 64, "%.*s%s", (int)(plural_ies && length ? length - 1 : length), kind,
             plural_ies ? "ies" : "s");
    for (char *c = resource; *c; c++)
        *c = (char)tolower((unsigned char)*c);
}
