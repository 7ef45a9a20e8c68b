/* core/yaml.h - YAML as JSON values: kubeconfigs, and the manifests in k8s/.
 *
 * libyaml parses; what it hands out becomes Jansson's values. Bounded: 4 MiB, 64 levels.
 * Aliases are refused, since a few of them can stand for gigabytes. */
#ifndef OCTI_YAML_H
#define OCTI_YAML_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "oct/error.h"
#include "runtime/base/buffer.h"

/* Parses all documents into an array. `typed` makes unquoted numbers, true, false and null
 * what they look like (YAML 1.2's core schema); else every scalar is a string. The message of
 * OCT_E_INVALID names subject and line. The caller releases *out with json_decref. */
OCT_NODISCARD oct_err octi_yaml_parse(const char *text, size_t size, const char *subject, bool typed,
                                      json_t **out, oct_error *err);

/* Appends value as a document that begins with "---" and that octi_yaml_parse reads back as
 * it was. */
OCT_NODISCARD oct_err octi_yaml_format(const json_t *value, octi_buffer *out);

#endif
