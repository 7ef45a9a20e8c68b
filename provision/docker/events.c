#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "provision/core/json.h"
#include "provision/docker/events.h"

enum { TIMEOUT_S = 10, LINES_MAX = 1 << 20 };

static oct_err append_event(const json_t *event, octi_buffer *text)
{
    static const char *const shown[] = {"exitCode", "signal"};
    time_t when = (time_t)octi_json_integer_or(event, "time", 0);
    struct tm parts;
    char stamp[40] = "", action[40], value[40];
    if (gmtime_r(&when, &parts))
        strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &parts);
    octi_text_clean(octi_json_string_or(event, "Action", ""), action, sizeof(action));
    oct_err code = octi_buffer_printf(text, "  %s %s", stamp, action);
    const json_t *attributes = octi_json_find(event, "Actor/Attributes");
    for (size_t i = 0; code == OCT_OK && i < sizeof(shown) / sizeof(shown[0]); i++) {
        octi_text_clean(octi_json_string_or(attributes, shown[i], ""), value, sizeof(value));
        if (*value)
            code = octi_buffer_printf(text, " %s=%s", shown[i], value);
    }
    return code == OCT_OK ? octi_buffer_append(text, "\n", 1) : code;
}

static oct_err append_events(const octi_buffer *lines, octi_buffer *text, oct_error *err)
{
    for (size_t at = 0; at < lines->size;) {
        const char *line = lines->data + at;
        size_t length = strcspn(line, "\n");
        json_t *event;
        at += length + 1;
        if (length == 0)
            continue;
        oct_err code = octi_json_parse(line, length, "the engine's event", &event, err);
        if (code != OCT_OK)
            return code;
        code = append_event(event, text);
        json_decref(event);
        if (code != OCT_OK)
            return oct_fail(err, code, "out of memory");
    }
    return OCT_OK;
}

oct_err octi_docker_events(octi_docker *docker, const char *id, octi_buffer *text, oct_error *err)
{
    json_t *filters = json_pack("{s:[s], s:[s, s, s]}", "container", id, "event", "oom", "kill", "die");
    char *filter = filters ? json_dumps(filters, JSON_COMPACT) : NULL;
    octi_buffer escaped = {0};
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    char *path = filter && octi_http_escape(&escaped, filter) == OCT_OK
                     /* until this very moment: without an end the engine would wait for more */
                     ? octi_docker_path(docker, "/events?since=0&until=%lld&filters=%s",
                                        (long long)time(NULL) + 1, escaped.data)
                     : NULL;
    octi_http_request request = {.path = path, .timeout = TIMEOUT_S, .max_reply = LINES_MAX};
    oct_err code =
        path ? octi_http_perform(docker->http, &request, err) : oct_fail(err, OCT_E_NOMEM, "out of memory");
    if (code == OCT_OK)
        code = octi_docker_outcome(&request, err);
    if (code == OCT_OK)
        code = append_events(&request.reply, text, err);
    octi_http_request_deinit(&request);
    octi_buffer_deinit(&escaped);
    json_decref(filters);
    free(filter);
    free(path);
    return code;
}
