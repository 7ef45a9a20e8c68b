#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "provision/core/json.h"
#include "provision/core/yaml.h"

enum { SIZE_LIMIT = 4 << 20, DEPTH_MAX = 64 };

struct reader {
    yaml_parser_t parser;
    yaml_event_t event;
    const char *subject;
    bool typed;
    oct_error *err;
};

static oct_err complain(const struct reader *reader, size_t line, const char *what)
{
    return oct_fail(reader->err, OCT_E_INVALID, "%s:%zu: %s", reader->subject, line + 1, what);
}

static oct_err next(struct reader *reader)
{
    yaml_event_delete(&reader->event);
    if (yaml_parser_parse(&reader->parser, &reader->event))
        return OCT_OK;
    const yaml_parser_t *parser = &reader->parser;
    if (parser->error == YAML_MEMORY_ERROR)
        return oct_fail(reader->err, OCT_E_NOMEM, "out of memory");
    return complain(reader, parser->problem_mark.line, parser->problem ? parser->problem : "no YAML");
}

static bool any_of(const char *text, const char *const words[])
{
    for (; *words; words++)
        if (strcmp(text, *words) == 0)
            return true;
    return false;
}

/* A plain scalar by YAML 1.2's core schema (10.3.2), decimal numbers only; NULL: a string. */
static json_t *resolve(const char *text)
{
    static const char *const null_words[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const true_words[] = {"true", "True", "TRUE", NULL};
    static const char *const false_words[] = {"false", "False", "FALSE", NULL};
    if (any_of(text, null_words))
        return json_null();
    if (any_of(text, true_words) || any_of(text, false_words))
        return json_boolean(any_of(text, true_words));
    const char *digits = text + (*text == '-' || *text == '+');
    if (*digits < '0' || *digits > '9' || text[strspn(text, "+-.0123456789eE")])
        return NULL;
    char *end;
    errno = 0;
    long long whole = strtoll(text, &end, 10);
    if (!*end && errno == 0)
        return json_integer(whole);
    double real = strtod(text, &end);
    return *end ? NULL : json_real(real);
}

static oct_err read_scalar(struct reader *reader, json_t **out)
{
    const yaml_event_t *event = &reader->event;
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    if (strlen(text) != length)
        return complain(reader, event->start_mark.line, "a text holds a NUL");
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    json_t *value = reader->typed && plain ? resolve(text) : NULL;
    *out = value ? value : json_stringn(text, length);
    return *out ? OCT_OK : complain(reader, event->start_mark.line, "a text is not UTF-8");
}

static oct_err read_value(struct reader *reader, unsigned depth, json_t **out);

static oct_err read_sequence(struct reader *reader, unsigned depth, json_t *array)
{
    for (;;) {
        json_t *element;
        oct_err code = next(reader);
        if (code != OCT_OK || reader->event.type == YAML_SEQUENCE_END_EVENT)
            return code;
        code = read_value(reader, depth, &element);
        if (code != OCT_OK)
            return code;
        if (json_array_append_new(array, element) != 0)
            return oct_fail(reader->err, OCT_E_NOMEM, "out of memory");
    }
}

/* The next key, whose copy the caller frees; NULL at the mapping's end. */
static oct_err read_key(struct reader *reader, const json_t *object, char **key)
{
    *key = NULL;
    oct_err code = next(reader);
    const yaml_event_t *event = &reader->event;
    if (code != OCT_OK || event->type == YAML_MAPPING_END_EVENT)
        return code;
    if (event->type != YAML_SCALAR_EVENT)
        return complain(reader, event->start_mark.line, "a key is no text");
    const char *text = (const char *)event->data.scalar.value;
    if (json_object_get(object, text))
        return complain(reader, event->start_mark.line, "a key comes twice");
    *key = strdup(text);
    return *key ? OCT_OK : oct_fail(reader->err, OCT_E_NOMEM, "out of memory");
}

static oct_err read_mapping(struct reader *reader, unsigned depth, json_t *object)
{
    for (;;) {
        char *key;
        json_t *value = NULL;
        oct_err code = read_key(reader, object, &key);
        if (code != OCT_OK || !key)
            return code;
        code = next(reader);
        size_t line = reader->event.start_mark.line;
        if (code == OCT_OK)
            code = read_value(reader, depth, &value);
        if (code == OCT_OK && json_object_set_new(object, key, value) != 0)
            code = complain(reader, line, "a key is not UTF-8");
        free(key);
        if (code != OCT_OK)
            return code;
    }
}

/* The value that the current event begins. */
static oct_err read_value(struct reader *reader, unsigned depth, json_t **out)
{
    const yaml_event_t *event = &reader->event;
    size_t line = event->start_mark.line;
    if (depth == DEPTH_MAX)
        return complain(reader, line, "nested too deeply");
    if (event->type == YAML_ALIAS_EVENT)
        return complain(reader, line, "aliases are not taken");
    if (event->type == YAML_SCALAR_EVENT)
        return read_scalar(reader, out);
    bool mapping = event->type == YAML_MAPPING_START_EVENT;
    json_t *value = mapping ? json_object() : json_array();
    if (!value)
        return oct_fail(reader->err, OCT_E_NOMEM, "out of memory");
    oct_err code = mapping ? read_mapping(reader, depth + 1, value) : read_sequence(reader, depth + 1, value);
    if (code == OCT_OK)
        *out = value;
    else
        json_decref(value);
    return code;
}

static oct_err read_stream(struct reader *reader, json_t *documents)
{
    for (;;) {
        json_t *value;
        oct_err code = next(reader);
        if (code != OCT_OK || reader->event.type == YAML_STREAM_END_EVENT)
            return code;
        if (reader->event.type != YAML_DOCUMENT_START_EVENT)
            continue; /* the stream's own start, a document's end */
        code = next(reader);
        if (code == OCT_OK)
            code = read_value(reader, 0, &value);
        if (code != OCT_OK)
            return code;
        if (json_array_append_new(documents, value) != 0)
            return oct_fail(reader->err, OCT_E_NOMEM, "out of memory");
    }
}

oct_err octi_yaml_parse(const char *text, size_t size, const char *subject, bool typed, json_t **out,
                        oct_error *err)
{
    struct reader reader = {.subject = subject, .typed = typed, .err = err};
    if (size > SIZE_LIMIT)
        return oct_fail(err, OCT_E_INVALID, "%s is larger than %d bytes", subject, SIZE_LIMIT);
    json_t *documents = json_array();
    if (!documents || !yaml_parser_initialize(&reader.parser)) {
        json_decref(documents);
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    }
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, size);
    oct_err code = read_stream(&reader, documents);
    yaml_event_delete(&reader.event);
    yaml_parser_delete(&reader.parser);
    if (code == OCT_OK)
        *out = documents;
    else
        json_decref(documents);
    return code;
}

/* --- writing --- */

static int append(void *ctx, unsigned char *bytes, size_t size)
{
    return octi_buffer_append(ctx, bytes, size) == OCT_OK;
}

/* What some reader of YAML 1.1 would take for a truth value. */
static bool misread(const char *text)
{
    static const char *const words[] = {"y", "n", "yes", "no", "on", "off", NULL};
    for (const char *const *word = words; *word; word++)
        if (strcasecmp(text, *word) == 0)
            return true;
    return false;
}

static bool emit_scalar(yaml_emitter_t *emitter, const json_t *value)
{
    char number[40] = "null";
    const char *text = number;
    bool quoted = false;
    if (json_is_string(value)) {
        text = json_string_value(value);
        json_t *other = resolve(text);
        quoted = other || misread(text) || (*text >= '0' && *text <= '9');
        json_decref(other);
    } else if (json_is_integer(value)) {
        snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    } else if (json_is_real(value)) {
        int length = snprintf(number, sizeof(number), "%.17g", json_real_value(value));
        if (!strpbrk(number, ".e")) /* it would be read as an integer */
            snprintf(number + length, sizeof(number) - (size_t)length, ".0");
    } else if (json_is_boolean(value)) {
        text = json_is_true(value) ? "true" : "false";
    }
    yaml_event_t event;
    return yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text, (int)strlen(text),
                                        !quoted, 1,
                                        quoted ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE) &&
           yaml_emitter_emit(emitter, &event);
}

static bool emit_value(yaml_emitter_t *emitter, const json_t *value)
{
    yaml_event_t event;
    bool good = true;
    if (json_is_array(value)) {
        const json_t *element;
        size_t i;
        good = yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE) &&
               yaml_emitter_emit(emitter, &event);
        json_array_foreach(value, i, element) good = good && emit_value(emitter, element);
        return good && yaml_sequence_end_event_initialize(&event) && yaml_emitter_emit(emitter, &event);
    }
    if (!json_is_object(value))
        return emit_scalar(emitter, value);
    const char *key;
    json_t *member;
    good = yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE) &&
           yaml_emitter_emit(emitter, &event);
    json_object_foreach((json_t *)value, key, member)
    {
        json_t *name = json_string(key);
        good = good && name && emit_scalar(emitter, name) && emit_value(emitter, member);
        json_decref(name);
    }
    return good && yaml_mapping_end_event_initialize(&event) && yaml_emitter_emit(emitter, &event);
}

oct_err octi_yaml_format(const json_t *value, octi_buffer *out)
{
    yaml_emitter_t emitter;
    yaml_event_t event;
    if (!yaml_emitter_initialize(&emitter))
        return OCT_E_NOMEM;
    yaml_emitter_set_output(&emitter, append, out);
    yaml_emitter_set_unicode(&emitter, 1);
    yaml_emitter_set_width(&emitter, -1);
    bool good = yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING) &&
                yaml_emitter_emit(&emitter, &event) &&
                yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 0) &&
                yaml_emitter_emit(&emitter, &event) && emit_value(&emitter, value) &&
                yaml_document_end_event_initialize(&event, 1) && yaml_emitter_emit(&emitter, &event) &&
                yaml_stream_end_event_initialize(&event) && yaml_emitter_emit(&emitter, &event);
    yaml_emitter_delete(&emitter);
    return good ? OCT_OK : OCT_E_NOMEM;
}
