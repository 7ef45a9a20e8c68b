#include <arpa/inet.h>
#include <jansson.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "provision/node/config.h"
#include "provision/node/file.h"

void octi_config_deinit(octi_config *config)
{
    free(config->nodes);
    *config = (octi_config){0};
}

/* A DNS label, as a host name must be and as Slurm's files take unquoted. */
static bool is_label(const char *text)
{
    size_t size = strlen(text);
    if (size == 0 || size > 63 || text[0] == '-' || text[size - 1] == '-')
        return false;
    return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == size;
}

static bool is_address(const char *text)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

/* Copies a string member that `valid` accepts into out; where names it in the message. */
static oct_err take_string(json_t *object, const char *key, const char *where, bool (*valid)(const char *),
                           const char *wanted, char *out, size_t size, oct_error *err)
{
    json_t *value = json_object_get(object, key);
    const char *text = json_string_value(value);
    if (!text || json_string_length(value) != strlen(text) || strlen(text) >= size || !valid(text))
        return oct_fail(err, OCT_E_INVALID, "'%s%s' is not %s", where, key, wanted);
    memcpy(out, text, strlen(text) + 1);
    return OCT_OK;
}

/* Reads an integer member of 0..max; a missing one is 0. */
static oct_err take_count(json_t *object, const char *key, int64_t max, uint64_t *out, oct_error *err)
{
    json_t *value = json_object_get(object, key);
    if (value &&
        (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > max))
        return oct_fail(err, OCT_E_INVALID, "'%s' is not an integer from 0 to %" PRId64, key, max);
    *out = value ? (uint64_t)json_integer_value(value) : 0;
    return OCT_OK;
}

static oct_err take_node(json_t *value, size_t index, octi_member *out, oct_error *err)
{
    char where[32];
    snprintf(where, sizeof(where), "nodes[%zu].", index);
    oct_err result =
        take_string(value, "name", where, is_label, "a host name of lower-case letters, digits and '-'",
                    out->name, sizeof(out->name), err);
    if (result == OCT_OK)
        result = take_string(value, "address", where, is_address, "an IP address", out->address,
                             sizeof(out->address), err);
    return result;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(const octi_member *const *)a)->name, (*(const octi_member *const *)b)->name);
}

static int compare_addresses(const void *a, const void *b)
{
    return strcmp((*(const octi_member *const *)a)->address, (*(const octi_member *const *)b)->address);
}

static oct_err check_distinct(const octi_config *config, oct_error *err)
{
    const octi_member **sorted = malloc(config->node_count * sizeof(const octi_member *));
    if (!sorted)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for %zu nodes", config->node_count);
    for (size_t i = 0; i < config->node_count; i++)
        sorted[i] = &config->nodes[i];

    oct_err result = OCT_OK;
    qsort(sorted, config->node_count, sizeof(*sorted), compare_names);
    for (size_t i = 1; i < config->node_count && result == OCT_OK; i++)
        if (compare_names(&sorted[i - 1], &sorted[i]) == 0)
            result = oct_fail(err, OCT_E_INVALID, "two nodes are called '%s'", sorted[i]->name);
    qsort(sorted, config->node_count, sizeof(*sorted), compare_addresses);
    for (size_t i = 1; i < config->node_count && result == OCT_OK; i++)
        if (compare_addresses(&sorted[i - 1], &sorted[i]) == 0)
            result = oct_fail(err, OCT_E_INVALID, "nodes '%s' and '%s' have the same address '%s'",
                              sorted[i - 1]->name, sorted[i]->name, sorted[i]->address);
    free(sorted);
    return result;
}

static oct_err take_nodes(json_t *root, octi_config *config, oct_error *err)
{
    json_t *nodes = json_object_get(root, "nodes");
    size_t count = json_array_size(nodes);
    if (count == 0)
        return oct_fail(err, OCT_E_INVALID, "'nodes' is not a list with at least one node");
    if (count > OCTI_CONFIG_NODES_MAX)
        return oct_fail(err, OCT_E_INVALID, "'nodes' lists %zu nodes, more than %d", count,
                        OCTI_CONFIG_NODES_MAX);

    config->nodes = calloc(count, sizeof(octi_member));
    if (!config->nodes)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for %zu nodes", count);
    config->node_count = count;
    for (size_t i = 0; i < count; i++) {
        oct_err result = take_node(json_array_get(nodes, i), i, &config->nodes[i], err);
        if (result != OCT_OK)
            return result;
    }
    return check_distinct(config, err);
}

static oct_err take_key_file(json_t *root, octi_config *config, oct_error *err)
{
    json_t *value = json_object_get(root, "munge_key_file");
    if (!value || json_is_null(value))
        return OCT_OK;
    const char *path = json_string_value(value);
    if (!path || path[0] != '/' || json_string_length(value) != strlen(path) ||
        strlen(path) >= sizeof(config->munge_key_file))
        return oct_fail(err, OCT_E_INVALID, "'munge_key_file' is neither null nor an absolute path");
    memcpy(config->munge_key_file, path, strlen(path) + 1);
    return OCT_OK;
}

static oct_err take_all(json_t *root, octi_config *config, oct_error *err)
{
    if (!json_is_object(root))
        return oct_fail(err, OCT_E_INVALID, "it is not a JSON object");
    json_t *version = json_object_get(root, "version");
    if (!json_is_integer(version) || json_integer_value(version) != 1)
        return oct_fail(err, OCT_E_UNSUPPORTED, "'version' is not 1");

    uint64_t cpus = 0;
    oct_err result =
        take_string(root, "cluster", "", is_label, "a name of lower-case letters, digits and '-'",
                    config->cluster, sizeof(config->cluster), err);
    if (result == OCT_OK)
        result = take_count(root, "generation", INT64_MAX, &config->generation, err);
    if (result == OCT_OK)
        result = take_count(root, "cpus", OCTI_CONFIG_CPUS_MAX, &cpus, err);
    if (result == OCT_OK)
        result = take_count(root, "memory_mb", 1 << 30, &config->memory_mb, err);
    if (result == OCT_OK)
        result = take_key_file(root, config, err);
    if (result == OCT_OK)
        result = take_nodes(root, config, err);
    config->cpus = (unsigned)cpus;
    return result;
}

oct_err octi_config_parse(const char *text, size_t size, octi_config *out, oct_error *err)
{
    json_error_t where;
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
    if (!root)
        return oct_fail(err, OCT_E_INVALID, "it is not JSON: %s at line %d", where.text, where.line);

    octi_config config = {0};
    oct_err result = take_all(root, &config, err);
    json_decref(root);
    if (result != OCT_OK) {
        octi_config_deinit(&config);
        return result;
    }
    *out = config;
    return OCT_OK;
}

oct_err octi_config_load(const char *path, octi_config *out, oct_error *err)
{
    octi_buffer text = {0};
    oct_err result = octi_file_read(path, OCTI_CONFIG_SIZE_MAX, &text, err);
    if (result == OCT_OK) {
        result = octi_config_parse(text.data ? text.data : "", text.size, out, err);
        if (result != OCT_OK)
            oct_prefix(err, "'%s' cannot be used", path);
    }
    octi_buffer_deinit(&text);
    return result;
}

oct_err octi_config_format(const octi_config *config, octi_buffer *out)
{
    json_t *nodes = json_array();
    for (size_t i = 0; i < config->node_count; i++)
        json_array_append_new(nodes, json_pack("{s:s, s:s}", "name", config->nodes[i].name, "address",
                                               config->nodes[i].address));
    const char *key_file = config->munge_key_file[0] ? config->munge_key_file : NULL;
    json_t *root =
        json_pack("{s:i, s:s, s:I, s:o, s:i, s:I, s:s?}", "version", 1, "cluster", config->cluster,
                  "generation", (json_int_t)config->generation, "nodes", nodes, "cpus", (int)config->cpus,
                  "memory_mb", (json_int_t)config->memory_mb, "munge_key_file", key_file);
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    oct_err result = text ? octi_buffer_printf(out, "%s\n", text) : OCT_E_NOMEM;
    free(text);
    return result;
}

long octi_config_find(const octi_config *config, const char *name)
{
    for (size_t i = 0; i < config->node_count; i++)
        if (strcmp(config->nodes[i].name, name) == 0)
            return (long)i;
    return -1;
}
