#include <string.h>
#include <unistd.h>

#include "provision/cli/exercise.h"
#include "provision/cli/interrupt.h"
#include "provision/cli/report.h"
#include "provision/cli/term.h"
#include "provision/exercise/proof.h"

struct telling {
    const cli_context *cli;
    json_t *claims;
};

static void tell(void *ctx, bool holds, const char *what, const char *detail)
{
    struct telling *telling = ctx;
    json_array_append_new(telling->claims,
                          json_pack("{s:b, s:s, s:s}", "holds", holds, "what", what, "detail", detail));
    if (telling->cli->json)
        return;
    printf("  %-5s %s\n", holds ? "ok" : "FAIL", what);
    for (const char *line = detail; *line;) {
        size_t length = strcspn(line, "\n");
        printf("        | %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
    fflush(stdout);
}

int cli_exercise_prove(cli_exercise *exercise, const char *name, octi_stage last)
{
    octi_lesson lesson;
    octi_kit kit;
    oct_error err = OCT_ERROR_INIT;
    size_t failures = 0;
    struct telling telling = {exercise->cli, json_array()};
    oct_err code = cli_exercise_lesson(exercise, name, &lesson, &err);
    if (code != OCT_OK) {
        json_decref(telling.claims);
        return cli_fail(exercise->cli, &err, NULL);
    }
    code = octi_kit_find(&kit, &err);
    if (code == OCT_OK) {
        const octi_proof_options options = {
            .last = last, .stop = cli_exercise_interrupted, .tell = tell, .ctx = &telling};
        if (!exercise->cli->json)
            printf("%s: %s\n", lesson.name, lesson.title);
        fflush(stdout);
        cli_interrupt_count(true);
        code = octi_prove(&lesson, &kit, &options, &failures, &err);
        cli_interrupt_count(false);
    }
    if (code == OCT_OK && exercise->cli->json)
        cli_print_json(json_pack("{s:s, s:s, s:i, s:O}", "command", "exercise check", "lesson", lesson.name,
                                 "failures", (int)failures, "claims", telling.claims));
    json_decref(telling.claims);
    octi_lesson_deinit(&lesson);
    if (code != OCT_OK)
        return cli_fail(exercise->cli, &err, NULL);
    return failures == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}
