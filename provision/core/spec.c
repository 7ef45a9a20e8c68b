#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "provision/core/json.h"
#include "runtime/base/size.h"
#include "provision/core/spec.h"
#include "provision/core/version.h"

enum { FILE_MAX = 64 * 1024, MIN_MEMORY = 64 << 20, MIN_SHM = 16 << 20 };

void octi_spec_init(octi_spec *spec)
{
    *spec = (octi_spec){
        .name = "octavo",
        .provider = "docker",
        .nodes = 8,
        .image = "octavo/node:" OCTI_VERSION,
        .shm = 256u << 20,
        .timeout = 120,
        .storage_size = UINT64_C(10) << 30,
    };
}

static oct_err invalid(oct_error *err, const char *hint)
{
    return oct_hint(err, "%s", hint);
}

static oct_err check_name(const char *name, oct_error *err)
{
    size_t length = strlen(name);
    bool good =
        length > 0 && length <= OCTI_NAME_MAX && name[0] >= 'a' && name[0] <= 'z' && name[length - 1] != '-';
    for (size_t i = 0; good && i < length; i++)
        good = (name[i] >= 'a' && name[i] <= 'z') || isdigit((unsigned char)name[i]) || name[i] == '-';
    if (good)
        return OCT_OK;
    oct_fail(err, OCT_E_INVALID, "'%.80s' cannot name a cluster", name);
    return invalid(
        err,
        "a name is a letter, then letters, digits or '-', all lower case, at most 40, not ending in '-'");
}

/* What an image reference may hold; the engine judges the rest. */
static oct_err check_image(const char *image, oct_error *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:@";
    if (*image && isalnum((unsigned char)*image) && image[strspn(image, allowed)] == '\0')
        return OCT_OK;
    oct_fail(err, OCT_E_INVALID, "'%.80s' cannot name an image", image);
    return invalid(err, "write it as repository:tag, such as octavo/node:1.0");
}

static oct_err check_subnet(const char *subnet, unsigned nodes, oct_error *err)
{
    char address[64];
    struct in_addr parsed;
    const char *slash = strchr(subnet, '/');
    size_t length = slash ? (size_t)(slash - subnet) : 0;
    char *end = NULL;
    long bits = slash && isdigit((unsigned char)slash[1]) ? strtol(slash + 1, &end, 10) : -1;
    if (length > 0 && length < sizeof(address)) {
        memcpy(address, subnet, length);
        address[length] = '\0';
    }
    if (length == 0 || length >= sizeof(address) || bits < 8 || bits > 30 || *end ||
        inet_pton(AF_INET, address, &parsed) != 1) {
        oct_fail(err, OCT_E_INVALID, "'%.63s' is not a subnet", subnet);
        return invalid(err, "write it as address/bits, such as 10.88.0.0/24");
    }
    /* One address each for the network, its broadcast and its gateway. */
    if ((1ul << (32 - bits)) - 3 < nodes) {
        oct_fail(err, OCT_E_INVALID, "the subnet '%s' has too few addresses for %u nodes", subnet, nodes);
        return invalid(err, "name a larger one: fewer bits after the slash");
    }
    return OCT_OK;
}

static oct_err check_numbers(const octi_spec *spec, oct_error *err)
{
    if (spec->nodes < 1 || spec->nodes > OCTI_NODES_MAX) {
        oct_fail(err, OCT_E_INVALID, "a cluster cannot have %u nodes", spec->nodes);
        return oct_hint(err, "ask for 1 to %d", OCTI_NODES_MAX);
    }
    if (!isfinite(spec->cpus) || spec->cpus < 0 || (spec->cpus > 0 && spec->cpus < 0.01) ||
        spec->cpus > 4096) {
        oct_fail(err, OCT_E_INVALID, "a node cannot have %g cpus", spec->cpus);
        return invalid(err, "ask for 0.01 or more, or 0 for no limit");
    }
    if (spec->memory != 0 && spec->memory < MIN_MEMORY) {
        oct_fail(err, OCT_E_INVALID, "%llu bytes of memory are too few for a node",
                 (unsigned long long)spec->memory);
        return invalid(err, "ask for 64m or more, or 0 for no limit");
    }
    if (spec->shm < MIN_SHM) {
        oct_fail(err, OCT_E_INVALID, "%llu bytes of shared memory are too few for MPI",
                 (unsigned long long)spec->shm);
        return invalid(err, "ask for 16m or more; 256m is the default");
    }
    if (!isfinite(spec->timeout) || spec->timeout <= 0 || spec->timeout > 86400) {
        oct_fail(err, OCT_E_INVALID, "a timeout cannot be %g seconds", spec->timeout);
        return invalid(err, "give seconds, from above 0 to 86400");
    }
    return OCT_OK;
}

oct_err octi_spec_check(const octi_spec *spec, oct_error *err)
{
    oct_err code = check_name(spec->name, err);
    if (code == OCT_OK && !*spec->provider) {
        oct_fail(err, OCT_E_INVALID, "the provider's name is empty");
        code = invalid(err, "one of docker, kubernetes, slurm");
    }
    if (code == OCT_OK)
        code = check_image(spec->image, err);
    if (code == OCT_OK)
        code = check_numbers(spec, err);
    if (code == OCT_OK && *spec->subnet)
        code = check_subnet(spec->subnet, spec->nodes, err);
    return code;
}

/* Splits "[days-]hours:minutes:seconds", "minutes:seconds" or "minutes", as sbatch does. */
oct_err octi_spec_minutes(const char *text, unsigned *out, oct_error *err)
{
    unsigned long parts[3] = {0}, days = 0, minutes = ULONG_MAX;
    const char *rest = text, *dash = strchr(text, '-');
    size_t count = 0;
    char *end = NULL;
    bool good = *text != '\0';
    if (dash) {
        good = isdigit((unsigned char)*text) && (days = strtoul(text, &end, 10), end == dash);
        rest = dash + 1;
    }
    for (; good && count < 3; rest = end + 1) {
        good = isdigit((unsigned char)*rest);
        parts[count++] = strtoul(rest, &end, 10);
        if (!good || *end != ':')
            break;
    }
    good = good && *end == '\0' && days <= 366 && parts[0] <= 600000 && parts[1] < 600000 && parts[2] < 60;
    if (good && dash)
        minutes = days * 1440 + parts[0] * 60 + parts[1] + (parts[2] > 0);
    else if (good)
        minutes = count == 3 ? parts[0] * 60 + parts[1] + (parts[2] > 0) : parts[0] + (parts[1] > 0);
    if (minutes > 0 && minutes <= OCTI_MINUTES_MAX) {
        *out = (unsigned)minutes;
        return OCT_OK;
    }
    oct_fail(err, OCT_E_INVALID, "'%.40s' is not a time", text);
    return invalid(err, "give hours:minutes:seconds, such as 2:00:00, or minutes, at most a year");
}

typedef enum field_kind {
    FIELD_TEXT,
    FIELD_COUNT,
    FIELD_NUMBER,
    FIELD_SIZE,
    FIELD_MINUTES,
    FIELD_OBJECT, /* JSON, kept as compact text */
    FIELD_ARRAY,
} field_kind;

/* The keys, in the order of octi_spec. */
static const struct field {
    const char *key;
    field_kind kind;
    size_t offset, capacity;
} fields[] = {
#define TEXT(member)                                                                                         \
    {                                                                                                        \
#member, FIELD_TEXT, offsetof(octi_spec, member), sizeof(((octi_spec *)0)->member)                   \
    }
#define VALUE(member, kind)                                                                                  \
    {                                                                                                        \
#member, kind, offsetof(octi_spec, member), 0                                                        \
    }
#define JSON(member, kind)                                                                                   \
    {                                                                                                        \
#member, kind, offsetof(octi_spec, member), sizeof(((octi_spec *)0)->member)                         \
    }
    TEXT(name),
    TEXT(provider),
    VALUE(nodes, FIELD_COUNT),
    TEXT(image),
    VALUE(cpus, FIELD_NUMBER),
    VALUE(memory, FIELD_SIZE),
    VALUE(shm, FIELD_SIZE),
    TEXT(subnet),
    VALUE(timeout, FIELD_NUMBER),
    TEXT(context),
    TEXT(namespace),
    VALUE(gpus, FIELD_COUNT),
    JSON(node_selector, FIELD_OBJECT),
    JSON(tolerations, FIELD_ARRAY),
    TEXT(storage_class),
    VALUE(storage_size, FIELD_SIZE),
    VALUE(time, FIELD_MINUTES),
    TEXT(partition),
    TEXT(account),
    TEXT(qos),
    TEXT(constraint),
#undef TEXT
#undef VALUE
#undef JSON
};

enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

static oct_err set_text(const struct field *field, const json_t *value, char *out, oct_error *err)
{
    const char *text = json_string_value(value);
    if (!text)
        return oct_fail(err, OCT_E_INVALID, "'%s' must be a string", field->key);
    if (strlen(text) >= field->capacity)
        return oct_fail(err, OCT_E_INVALID, "'%s' is longer than %zu bytes", field->key, field->capacity - 1);
    memset(out, 0, field->capacity);
    memcpy(out, text, strlen(text));
    return OCT_OK;
}

static oct_err set_json(const struct field *field, const json_t *value, char *out, oct_error *err)
{
    bool object = field->kind == FIELD_OBJECT;
    if (object ? !json_is_object(value) : !json_is_array(value))
        return oct_fail(err, OCT_E_INVALID, "'%s' must be %s", field->key, object ? "an object" : "an array");
    size_t size = json_dumpb(value, out, field->capacity - 1, JSON_COMPACT);
    memset(out + (size < field->capacity ? size : 0), 0, size < field->capacity ? field->capacity - size : 1);
    return size < field->capacity ? OCT_OK
                                  : oct_fail(err, OCT_E_INVALID, "'%s' is longer than %zu bytes as JSON",
                                             field->key, field->capacity - 1);
}

static oct_err set_size(const struct field *field, const json_t *value, uint64_t *out, oct_error *err)
{
    if (json_is_string(value)) {
        oct_err code = octi_size_parse(json_string_value(value), out, err);
        if (code != OCT_OK)
            oct_prefix(err, "'%s'", field->key);
        return code;
    }
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return oct_fail(err, OCT_E_INVALID, "'%s' must be bytes or a string such as \"2g\"", field->key);
    *out = (uint64_t)json_integer_value(value);
    return OCT_OK;
}

/* A number of minutes, or what --time takes. */
static oct_err set_minutes(const struct field *field, const json_t *value, unsigned *out, oct_error *err)
{
    if (json_is_string(value) && *json_string_value(value))
        return octi_spec_minutes(json_string_value(value), out, err);
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > OCTI_MINUTES_MAX)
        return oct_fail(err, OCT_E_INVALID, "'%s' must be minutes or a string such as \"2:00:00\"",
                        field->key);
    *out = (unsigned)json_integer_value(value);
    return OCT_OK;
}

static oct_err set_field(const struct field *field, const json_t *value, octi_spec *spec, oct_error *err)
{
    char *member = (char *)spec + field->offset;
    switch (field->kind) {
    case FIELD_TEXT:
        return set_text(field, value, member, err);
    case FIELD_OBJECT:
    case FIELD_ARRAY:
        return set_json(field, value, member, err);
    case FIELD_SIZE:
        return set_size(field, value, (uint64_t *)(void *)member, err);
    case FIELD_MINUTES:
        return set_minutes(field, value, (unsigned *)(void *)member, err);
    case FIELD_COUNT:
        if (!json_is_integer(value) || json_integer_value(value) < 0 ||
            json_integer_value(value) > OCTI_NODES_MAX)
            return oct_fail(err, OCT_E_INVALID, "'%s' must be a whole number up to %d", field->key,
                            OCTI_NODES_MAX);
        *(unsigned *)(void *)member = (unsigned)json_integer_value(value);
        return OCT_OK;
    default:
        if (!json_is_number(value))
            return oct_fail(err, OCT_E_INVALID, "'%s' must be a number", field->key);
        *(double *)(void *)member = json_number_value(value);
        return OCT_OK;
    }
}

static oct_err set_by_key(const char *key, const json_t *value, bool strict, octi_spec *spec, oct_error *err)
{
    for (size_t i = 0; i < FIELDS; i++)
        if (strcmp(fields[i].key, key) == 0)
            return set_field(&fields[i], value, spec, err);
    if (!strict)
        return OCT_OK;
    char shown[64];
    octi_text_clean(key, shown, sizeof(shown));
    oct_fail(err, OCT_E_INVALID, "'%s' is no key of a spec", shown);
    return oct_hint(
        err, "the keys are name, provider, nodes, image, cpus, memory, shm, subnet, timeout; for "
             "slurm time, partition, account, qos, constraint; for kubernetes context, namespace, gpus, "
             "node_selector, tolerations, storage_class, storage_size");
}

static oct_err parse(const char *text, size_t size, const char *subject, bool strict, octi_spec *spec,
                     oct_error *err)
{
    json_t *root;
    oct_err code = octi_json_parse(text, size, subject, &root, err);
    if (code != OCT_OK) {
        if (err)
            err->code = OCT_E_INVALID; /* a person wrote it, no engine */
        return OCT_E_INVALID;
    }
    octi_spec found = *spec;
    if (!json_is_object(root)) {
        oct_fail(err, OCT_E_INVALID, "a JSON object is needed");
        code = oct_hint(err, "such as {\"name\": \"dev\", \"nodes\": 8}");
    }
    const char *key;
    json_t *value;
    json_object_foreach(root, key, value)
    {
        code = set_by_key(key, value, strict, &found, err);
        if (code != OCT_OK) {
            code = OCT_E_INVALID;
            break;
        }
    }
    json_decref(root);
    if (code == OCT_OK)
        *spec = found;
    else
        oct_prefix(err, "%s", subject);
    return code;
}

oct_err octi_spec_parse(const char *text, size_t size, const char *subject, octi_spec *spec, oct_error *err)
{
    return parse(text, size, subject, true, spec, err);
}

oct_err octi_spec_recall(const char *text, const char *subject, octi_spec *spec, oct_error *err)
{
    return parse(text, strlen(text), subject, false, spec, err);
}

oct_err octi_spec_read(const char *path, octi_spec *spec, oct_error *err)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return oct_fail(err, errno == ENOENT ? OCT_E_NOTFOUND : OCT_E_IO, "cannot open '%s': %s", path,
                        strerror(errno));
    char text[FILE_MAX];
    size_t size = fread(text, 1, sizeof(text), file);
    bool failed = ferror(file);
    fclose(file);
    if (failed)
        return oct_fail(err, OCT_E_IO, "cannot read '%s'", path);
    if (size == sizeof(text))
        return oct_fail(err, OCT_E_INVALID, "'%s' is too large for a spec", path);
    return octi_spec_parse(text, size, path, spec, err);
}

static void add_text(json_t *root, const char *key, const char *value)
{
    if (*value)
        json_object_set_new(root, key, json_string(value));
}

static void add_slurm(json_t *root, const octi_spec *spec)
{
    if (spec->time)
        json_object_set_new(root, "time", json_integer((json_int_t)spec->time));
    add_text(root, "partition", spec->partition);
    add_text(root, "account", spec->account);
    add_text(root, "qos", spec->qos);
    add_text(root, "constraint", spec->constraint);
}

static void add_kubernetes(json_t *root, const octi_spec *spec)
{
    add_text(root, "context", spec->context);
    add_text(root, "namespace", spec->namespace);
    add_text(root, "storage_class", spec->storage_class);
    if (*spec->node_selector)
        json_object_set_new(root, "node_selector", json_loads(spec->node_selector, 0, NULL));
    if (*spec->tolerations)
        json_object_set_new(root, "tolerations", json_loads(spec->tolerations, 0, NULL));
    if (spec->gpus)
        json_object_set_new(root, "gpus", json_integer(spec->gpus));
    if (*spec->storage_class)
        json_object_set_new(root, "storage_size", json_integer((json_int_t)spec->storage_size));
}

/* Of what concerns one provider only what was asked for, so that an octavo from before it was known reads
 * the rest. */
char *octi_spec_format(const octi_spec *spec)
{
    json_t *root = json_pack("{s:s, s:s, s:i, s:s, s:f, s:I, s:I, s:s, s:f}", "name", spec->name, "provider",
                             spec->provider, "nodes", (int)spec->nodes, "image", spec->image, "cpus",
                             spec->cpus, "memory", (json_int_t)spec->memory, "shm", (json_int_t)spec->shm,
                             "subnet", spec->subnet, "timeout", spec->timeout);
    if (root) {
        add_slurm(root, spec);
        add_kubernetes(root, spec);
    }
    char *text = root ? json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(root);
    return text;
}

static oct_err differs(const octi_spec *have, oct_error *err, const char *key, const char *old,
                       const char *wanted)
{
    oct_fail(err, OCT_E_EXISTS, "cluster '%s' exists with %s '%s', but '%s' is asked for", have->name, key,
             old, wanted);
    oct_hint(err, "remove it with 'octavo down %s', take another name, or leave %s out", have->name, key);
    return OCT_E_EXISTS;
}

oct_err octi_spec_match(const octi_spec *have, const octi_spec *want, oct_error *err)
{
    if (have->nodes != want->nodes) {
        oct_fail(err, OCT_E_EXISTS, "cluster '%s' exists with %u nodes, but %u are asked for", have->name,
                 have->nodes, want->nodes);
        oct_hint(err,
                 "take another name, or change its size where nodes are containers: 'octavo scale %u %s'",
                 want->nodes, have->name);
        return OCT_E_EXISTS;
    }
    if (strcmp(have->image, want->image) != 0)
        return differs(have, err, "image", have->image, want->image);
    if (strcmp(have->subnet, want->subnet) != 0)
        return differs(have, err, "subnet", have->subnet, want->subnet);

    if (strcmp(have->partition, want->partition) != 0)
        return differs(have, err, "partition", have->partition, want->partition);
    if (strcmp(have->account, want->account) != 0)
        return differs(have, err, "account", have->account, want->account);
    if (strcmp(have->qos, want->qos) != 0)
        return differs(have, err, "qos", have->qos, want->qos);
    if (strcmp(have->constraint, want->constraint) != 0)
        return differs(have, err, "constraint", have->constraint, want->constraint);
    if (strcmp(have->node_selector, want->node_selector) != 0)
        return differs(have, err, "node_selector", have->node_selector, want->node_selector);
    if (strcmp(have->storage_class, want->storage_class) != 0)
        return differs(have, err, "storage_class", have->storage_class, want->storage_class);

    char old[OCTI_SIZE_TEXT], wanted[OCTI_SIZE_TEXT];
    if (fabs(have->cpus - want->cpus) > 1e-9) {
        snprintf(old, sizeof(old), "%g", have->cpus);
        snprintf(wanted, sizeof(wanted), "%g", want->cpus);
        return differs(have, err, "cpus", old, wanted);
    }
    if (have->memory != want->memory || have->shm != want->shm) {
        bool memory = have->memory != want->memory;
        octi_size_format(memory ? have->memory : have->shm, old);
        octi_size_format(memory ? want->memory : want->shm, wanted);
        return differs(have, err, memory ? "memory" : "shm", old, wanted);
    }
    return OCT_OK;
}
