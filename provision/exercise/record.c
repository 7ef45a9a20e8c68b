#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "provision/exercise/record.h"

oct_err octi_record_open(const char *folder, octi_record *out, oct_error *err)
{
    octi_record record = {0};
    json_error_t where;
    octi_path(record.path, folder, "progress.json");
    if (!octi_has_file(record.path)) {
        record.document = json_pack("{s:i, s:{}}", "version", 1, "lessons");
        if (!record.document)
            return oct_fail(err, OCT_E_NOMEM, "out of memory");
        *out = record;
        return OCT_OK;
    }
    record.document = json_load_file(record.path, 0, &where);
    oct_err code = OCT_OK;
    if (!record.document)
        code = oct_fail(err, OCT_E_INVALID, "%s:%d: %s", record.path, where.line, where.text);
    else if (!json_is_object(json_object_get(record.document, "lessons")))
        code = oct_fail(err, OCT_E_INVALID, "%s has no 'lessons'", record.path);
    if (code == OCT_OK) {
        *out = record;
        return OCT_OK;
    }
    json_decref(record.document);
    oct_hint(err, "mend the file, or move it away to begin anew: the lessons' folders stay as they are");
    return code;
}

void octi_record_close(octi_record *record)
{
    json_decref(record->document);
    record->document = NULL;
}

oct_err octi_record_save(const octi_record *record, oct_error *err)
{
    char *text = json_dumps(record->document, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(4));
    if (!text)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    octi_buffer line = {0};
    oct_err code = octi_buffer_printf(&line, "%s\n", text);
    free(text);
    if (code == OCT_OK)
        code = octi_write_file(record->path, line.data, line.size, err);
    octi_buffer_deinit(&line);
    return code;
}

const json_t *octi_record_lesson(const octi_record *record, const char *lesson)
{
    return json_object_get(json_object_get(record->document, "lessons"), lesson);
}

static json_t *entry(octi_record *record, const char *lesson)
{
    json_t *lessons = json_object_get(record->document, "lessons");
    if (!json_is_object(json_object_get(lessons, lesson)))
        json_object_set_new(lessons, lesson, json_object());
    return json_object_get(lessons, lesson);
}

static json_t *now(void)
{
    char text[32];
    time_t seconds = time(NULL);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
    return json_string(text);
}

static void count_up(json_t *object, const char *key)
{
    json_object_set_new(object, key, json_integer(json_integer_value(json_object_get(object, key)) + 1));
}

void octi_record_start(octi_record *record, const char *lesson)
{
    json_t *object = entry(record, lesson);
    if (!json_object_get(object, "started"))
        json_object_set_new(object, "started", now());
}

static const char *outcome_name(octi_outcome outcome)
{
    return outcome == OCTI_PASSED ? "passed" : outcome == OCTI_FAILED ? "failed" : "skipped";
}

static const char *digest_text(const octi_check *check, char out[20])
{
    snprintf(out, 20, "%016" PRIx64, check->digest);
    return out;
}

void octi_record_complete(const octi_record *record, octi_check *check)
{
    char digest[20];
    const json_t *known = octi_record_lesson(record, check->lesson->name);
    const char *later = json_string_value(json_object_get(known, "later"));
    const char *of = json_string_value(json_object_get(known, "digest"));
    if (check->right || !later || !of || strcmp(of, digest_text(check, digest)) != 0)
        return;
    for (size_t i = 0; i < check->count; i++)
        if (check->verdicts[i].outcome == OCTI_FAILED)
            return;
    const octi_verdict *now_told = octi_check_verdict(check, octi_stage_find(later));
    check->right = true;
    check->passed = now_told && !now_told->later;
}

/* What a right program waits for stays noted until it is told, or another program is checked. */
static void note_later(json_t *object, const octi_check *check)
{
    char digest[20];
    if (!check->right || check->passed) {
        json_object_del(object, "later");
        json_object_del(object, "digest");
        return;
    }
    for (size_t i = 0; i < check->count; i++)
        if (check->verdicts[i].later)
            json_object_set_new(object, "later", json_string(octi_stage_name(check->verdicts[i].stage)));
    json_object_set_new(object, "digest", json_string(digest_text(check, digest)));
}

void octi_record_check(octi_record *record, const octi_check *check)
{
    json_t *object = entry(record, check->lesson->name);
    /* Of a right program those that were not looked at once more are still true. */
    json_t *stages = check->right ? json_incref(json_object_get(object, "stages")) : NULL;
    stages = stages ? stages : json_object();
    octi_record_start(record, check->lesson->name);
    count_up(object, "checks");
    json_object_set_new(object, "checked", now());
    json_object_del(object, "stuck");
    json_object_del(object, "cause");
    for (size_t i = 0; i < check->count; i++) {
        const octi_verdict *verdict = &check->verdicts[i];
        json_object_set_new(stages, octi_stage_name(verdict->stage),
                            json_string(outcome_name(verdict->outcome)));
        if (verdict->outcome == OCTI_FAILED && !json_object_get(object, "stuck")) {
            json_object_set_new(object, "stuck", json_string(octi_stage_name(verdict->stage)));
            json_object_set_new(object, "cause", json_string(octi_cause_name(verdict->cause)));
        }
    }
    note_later(object, check);
    json_object_set_new(object, "stages", stages);
    if (check->passed && !json_object_get(object, "passed"))
        json_object_set_new(object, "passed", now());
    if (check->scaling.rounds > 0)
        json_object_set_new(object, "speed_up",
                            json_real(octi_scaling_best(&check->scaling)->speed_up.median));
}

size_t octi_record_hints(const octi_record *record, const char *lesson)
{
    json_int_t hints = json_integer_value(json_object_get(octi_record_lesson(record, lesson), "hints"));
    return hints > 0 ? (size_t)hints : 0;
}

void octi_record_hint(octi_record *record, const char *lesson, size_t hints)
{
    json_object_set_new(entry(record, lesson), "hints", json_integer((json_int_t)hints));
}

void octi_record_solution(octi_record *record, const char *lesson)
{
    json_object_set_new(entry(record, lesson), "solution_seen", json_true());
}

bool octi_record_started(const octi_record *record, const char *lesson)
{
    return json_is_string(json_object_get(octi_record_lesson(record, lesson), "started"));
}

bool octi_record_passed(const octi_record *record, const char *lesson)
{
    return json_is_string(json_object_get(octi_record_lesson(record, lesson), "passed"));
}

bool octi_record_right(const octi_record *record, const char *lesson)
{
    return octi_record_passed(record, lesson) ||
           json_is_string(json_object_get(octi_record_lesson(record, lesson), "later"));
}

const char *octi_record_state(const octi_record *record, const char *lesson)
{
    const char *stuck = octi_record_stuck(record, lesson);
    return octi_record_passed(record, lesson)     ? "passed"
           : octi_record_right(record, lesson)    ? "right"
           : !octi_record_started(record, lesson) ? "-"
           : stuck                                ? stuck
                                                  : "started";
}

const char *octi_record_stuck(const octi_record *record, const char *lesson)
{
    /* A file that anybody may edit: what is no stage is not shown on a teacher's terminal. */
    const char *name = json_string_value(json_object_get(octi_record_lesson(record, lesson), "stuck"));
    octi_stage stage = name ? octi_stage_find(name) : OCTI_STAGES;
    return stage < OCTI_STAGES ? octi_stage_name(stage) : NULL;
}
