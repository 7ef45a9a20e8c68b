#include "provision/cli/exercise.h"
#include "provision/cli/report.h"
#include "provision/exercise/scaffold.h"

int cli_exercise_new(cli_exercise *exercise, int argc, char **argv)
{
    char folder[OCTI_PATH];
    oct_error err = OCT_ERROR_INIT;
    if (argc == 0)
        return cli_usage(exercise->cli, "'exercise new' needs a name, such as 09-primes");
    if (octi_scaffold(exercise->cli->root, argv[0], folder, &err) != OCT_OK)
        return cli_fail(exercise->cli, &err, NULL);
    if (exercise->cli->json)
        cli_print_json(
            json_pack("{s:s, s:s, s:s}", "command", "exercise new", "lesson", argv[0], "folder", folder));
    else
        printf("%s\n\n"
               "  write  README.md, exercise.c, solution.c; hints and data in lesson.json\n"
               "  prove  octavo exercise check --lesson %s\n"
               "  keep   add it to LESSONS in tests/exercise/BUILD\n",
               folder, argv[0]);
    return CLI_EXIT_OK;
}
