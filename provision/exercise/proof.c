#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provision/exercise/course.h"
#include "provision/exercise/proof.h"

struct proof {
    const octi_lesson *lesson;
    const octi_kit *kit;
    const octi_proof_options *options;
    char folder[64]; /* goes away */
    octi_course course;
    size_t failures;
};

static void claim(struct proof *proof, bool holds, const char *detail, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void claim(struct proof *proof, bool holds, const char *detail, const char *format, ...)
{
    char what[200];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    proof->failures += !holds;
    proof->options->tell(proof->options->ctx, holds, what, holds || !detail ? "" : detail);
}

/* --- the two programs --- */

static oct_err check(const struct proof *proof, octi_stage last, octi_check *out, oct_error *err)
{
    char student[OCTI_PATH];
    const octi_check_options options = {.last = last, .stop = proof->options->stop};
    octi_course_lesson(&proof->course, proof->lesson->name, student);
    return octi_check_run(proof->lesson, proof->kit, student, proof->lesson->exercise, &options, out, err);
}

static oct_err prove_exercise(struct proof *proof, oct_error *err)
{
    octi_check found;
    oct_err code = octi_course_start(&proof->course, proof->lesson, err);
    if (code != OCT_OK)
        return code;
    code = check(proof, OCTI_STAGE_ANSWER, &found, err);
    if (code == OCT_OK) {
        const octi_verdict *compile = octi_check_verdict(&found, OCTI_STAGE_COMPILE);
        const octi_verdict *answer = octi_check_verdict(&found, OCTI_STAGE_ANSWER);
        claim(proof, compile->outcome == OCTI_PASSED, compile->seen.data, "%s compiles as handed out",
              proof->lesson->exercise);
        claim(proof, answer && answer->outcome == OCTI_FAILED, "it passes without any work",
              "%s fails as handed out", proof->lesson->exercise);
    }
    octi_check_deinit(&found);
    return code;
}

static oct_err prove_solution(struct proof *proof, oct_error *err)
{
    char from[OCTI_PATH], student[OCTI_PATH], to[OCTI_PATH];
    octi_check found;
    octi_course_lesson(&proof->course, proof->lesson->name, student);
    octi_path(from, proof->lesson->folder, proof->lesson->solution);
    octi_path(to, student, proof->lesson->exercise);
    oct_err code = octi_copy_file(from, to, err);
    if (code != OCT_OK)
        return code;
    code = check(proof, proof->options->last, &found, err);
    for (size_t i = 0; code == OCT_OK && i < found.count; i++) {
        const octi_verdict *verdict = &found.verdicts[i];
        claim(proof, verdict->outcome != OCTI_FAILED, verdict->seen.data, "%s: %s: %s%s",
              proof->lesson->solution, octi_stage_name(verdict->stage),
              verdict->outcome == OCTI_SKIPPED ? "skipped: " : "", verdict->said);
    }
    octi_check_deinit(&found);
    return code;
}

/* --- README.md --- */

/* The next ```c block at or after *at; *line counts. False when there is none. */
static bool next_block(const char **at, size_t *line, const char **code, size_t *size, size_t *first)
{
    bool inside = false;
    while (**at) {
        const char *text = *at;
        size_t length = strcspn(text, "\n");
        *at += length + (text[length] == '\n');
        ++*line;
        if (!inside && length == 4 && strncmp(text, "```c", 4) == 0) {
            inside = true;
            *code = *at;
            *first = *line + 1;
        } else if (inside && length >= 3 && strncmp(text, "```", 3) == 0) {
            *size = (size_t)(text - *code);
            return true;
        }
    }
    return false;
}

static oct_err compiles(const struct proof *proof, const octi_buffer *text, octi_trial_result *result,
                        oct_error *err)
{
    char path[OCTI_PATH];
    octi_path(path, proof->folder, "block.c");
    oct_err code = octi_write_file(path, text->data, text->size, err);
    return code == OCT_OK
               ? octi_kit_syntax(proof->kit, proof->lesson->folder, path, proof->options->stop, result, err)
               : code;
}

static oct_err prove_block(struct proof *proof, const char *code_text, size_t size, size_t first,
                           oct_error *err)
{
    char header[OCTI_PATH];
    octi_buffer text = {0};
    octi_trial_result result = {0};
    const char *before =
        octi_has_file(octi_path(header, proof->lesson->folder, "readme.h")) ? "#include \"readme.h\"\n" : "";
    bool fine = false;
    oct_err code = OCT_OK;
    for (int body = 1; code == OCT_OK && body >= 0 && !fine; body--) {
        octi_buffer_deinit(&text);
        octi_trial_deinit(&result);
        result = (octi_trial_result){0};
        code = octi_buffer_printf(&text, "%s%s#line %zu \"README.md\"\n%.*s%s", before,
                                  body ? "void readme_block(void);\nvoid readme_block(void)\n{\n" : "", first,
                                  (int)size, code_text, body ? "}\n" : "");
        code = code == OCT_OK ? compiles(proof, &text, &result, err) : oct_fail(err, code, "out of memory");
        fine = code == OCT_OK && result.end == OCTI_END_EXIT && result.status == 0;
    }
    if (code == OCT_OK)
        claim(proof, fine, result.err.data, "README.md:%zu compiles", first);
    octi_trial_deinit(&result);
    octi_buffer_deinit(&text);
    return code;
}

static bool has_heading(const char *text, const char *heading)
{
    size_t length = strlen(heading);
    for (const char *at = text; (at = strstr(at, "## ")); at += 3)
        if ((at == text || at[-1] == '\n') && strncmp(at + 3, heading, length) == 0 &&
            (at[3 + length] == '\n' || at[3 + length] == '\0'))
            return true;
    return false;
}

static oct_err prove_readme(struct proof *proof, oct_error *err)
{
    char path[OCTI_PATH];
    octi_buffer text = {0};
    oct_err code = octi_read_file(octi_path(path, proof->lesson->folder, "README.md"), 1 << 20, &text, err);
    const char *at = text.data ? text.data : "", *block = NULL;
    size_t line = 0, size = 0, first = 0;
    while (code == OCT_OK && next_block(&at, &line, &block, &size, &first))
        code = prove_block(proof, block, size, first, err);
    for (octi_stage stage = 0; code == OCT_OK && stage < OCTI_STAGES; stage++)
        if (!has_heading(text.data ? text.data : "", proof->lesson->read[stage]))
            claim(proof, false, "lesson.json sends students there", "README.md has a part \"%s\"",
                  proof->lesson->read[stage]);
    if (code == OCT_OK)
        claim(proof, proof->lesson->hint_count > 0, "lesson.json has no \"hints\"", "there are hints");
    octi_buffer_deinit(&text);
    return code;
}

oct_err octi_prove(const octi_lesson *lesson, const octi_kit *kit, const octi_proof_options *options,
                   size_t *failures, oct_error *err)
{
    struct proof proof = {.lesson = lesson, .kit = kit, .options = options};
    snprintf(proof.folder, sizeof(proof.folder), "/tmp/octavo-proof.XXXXXX");
    if (!mkdtemp(proof.folder))
        return oct_fail(err, OCT_E_IO, "cannot make a folder in /tmp: %s", strerror(errno));
    oct_err code = octi_course_find(proof.folder, &proof.course, err);
    if (code == OCT_OK)
        code = prove_readme(&proof, err);
    if (code == OCT_OK)
        code = prove_exercise(&proof, err);
    if (code == OCT_OK)
        code = prove_solution(&proof, err);
    octi_remove_folder(proof.folder);
    *failures = proof.failures;
    return code;
}
