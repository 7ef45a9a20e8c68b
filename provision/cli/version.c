#include "provision/cli/commands.h"
#include "provision/cli/report.h"
#include "provision/cli/session.h"
#include "provision/core/version.h"

static int version(cli_context *cli, int argc, char **argv)
{
    if (argc > 0)
        return cli_usage(cli, "'version' takes no '%s'", argv[0]);
    cli_session session = {0};
    octi_engine_info engine = {0};
    oct_error err = OCT_ERROR_INIT;
    oct_err code = cli_session_open(cli, &session, &err);
    if (code == OCT_OK)
        code = session.provider.ops->engine(session.provider.self, &engine, &err);

    if (cli->json) {
        json_t *found = code == OCT_OK ? json_pack("{s:s, s:s, s:s, s:s, s:b}", "product", engine.product,
                                                   "version", engine.version, "api", engine.api, "endpoint",
                                                   engine.endpoint, "rootless", engine.rootless)
                                       : json_null();
        cli_print_json(
            json_pack("{s:s, s:s, s:o}", "octavo", OCTI_VERSION, "image", cli->spec.image, "engine", found));
    } else {
        printf("octavo %s\nimage  %s\n", OCTI_VERSION, cli->spec.image);
        if (code == OCT_OK)
            printf("engine %s %s (API %s) at %s%s\n", engine.product, engine.version, engine.api,
                   engine.endpoint, engine.rootless ? ", rootless" : "");
        else
            printf("engine none: %s\n", err.what);
    }
    cli_session_close(&session);
    return CLI_EXIT_OK;
}

const cli_command cli_command_version = {
    .name = "version",
    .operands = "",
    .summary = "show the versions of octavo and of the engine",
    .about = "Shows the version of octavo, the image it uses, and the engine it finds.",
    .examples =
        {
            {"octavo version", "for people"},
            {"octavo version --json", "for a bug report"},
            {"octavo version --on docker", "with that provider's engine"},
        },
    .run = version,
};
