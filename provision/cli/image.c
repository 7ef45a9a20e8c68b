#include <stdlib.h>
#include <string.h>

#include "provision/cli/commands.h"
#include "provision/cli/make_image.h"
#include "provision/cli/report.h"
#include "provision/cli/session.h"
#include "provision/core/json.h"
#include "provision/docker/docker.h"
#include "provision/docker/image.h"

static oct_err build_image(const cli_context *cli, const cli_session *session, const char *name,
                           oct_error *err, octi_buffer *evidence)
{
    octi_image built;
    if (cli->dry_run) {
        cli_say(cli, "would build image '%s' from '%s'", name, cli->root ? cli->root : "the repository");
        return OCT_OK;
    }
    oct_err code = cli_make_image(cli, &session->provider, name, cli_given(cli, "no-cache"), evidence, err);
    if (code == OCT_OK)
        code = octi_image_inspect(session->provider.self, name, &built, err);
    if (code != OCT_OK)
        return code;
    if (cli->json)
        cli_print_json(
            json_pack("{s:s, s:s, s:I}", "image", name, "id", built.id, "size", (json_int_t)built.size));
    else
        cli_say(cli, "built %s (%llu MB)", name, (unsigned long long)(built.size / 1000000));
    return OCT_OK;
}

/* The filter is {"reference":["octavo/" "*"]}, escaped. */
static const char list_query[] =
    "/images/json?filters=%%7B%%22reference%%22%%3A%%5B%%22octavo%%2F%%2A%%22%%5D%%7D";

static oct_err list_images(const cli_context *cli, const cli_session *session, oct_error *err)
{
    octi_docker *docker = session->provider.self;
    json_t *reply = NULL, *list = json_array(), *image, *tag;
    size_t i, j;
    oct_err code = octi_docker_call(docker, "GET", octi_docker_path(docker, list_query), NULL, &reply, err);
    json_array_foreach(reply, i, image)
    {
        json_array_foreach(json_object_get(image, "RepoTags"), j, tag)
        {
            json_array_append_new(list, json_pack("{s:O, s:s, s:I}", "image", tag, "id",
                                                  octi_json_string_or(image, "Id", ""), "size",
                                                  (json_int_t)octi_json_integer_or(image, "Size", 0)));
        }
    }
    json_decref(reply);
    if (code == OCT_OK && cli->json) {
        cli_print_json(json_pack("{s:O}", "images", list));
    } else if (code == OCT_OK) {
        json_array_foreach(list, i, image)
        {
            printf("%-32s %6lld MB\n", octi_json_string_or(image, "image", ""),
                   (long long)octi_json_integer_or(image, "size", 0) / 1000000);
        }
    }
    json_decref(list);
    return code;
}

static oct_err remove_image(const cli_context *cli, const cli_session *session, const char *name,
                            oct_error *err)
{
    if (cli->dry_run) {
        cli_say(cli, "would remove image '%s'", name);
        return OCT_OK;
    }
    oct_err code = octi_image_remove(session->provider.self, name, err);
    if (code == OCT_OK)
        cli_say(cli, "removed %s", name);
    return code;
}

static int image(cli_context *cli, int argc, char **argv)
{
    bool named = argc == 1 || argc == 2;
    bool build = named && strcmp(argv[0], "build") == 0, remove = named && strcmp(argv[0], "remove") == 0;
    bool list = argc == 1 && strcmp(argv[0], "list") == 0;
    if (!build && !list && !remove)
        return cli_usage(cli, "'image' is followed by build [IMAGE], list or remove [IMAGE]");
    const char *name = argc == 2 ? argv[1] : cli->spec.image;

    cli_session session = {0};
    octi_buffer evidence = {0};
    oct_error err = OCT_ERROR_INIT;
    oct_err code = cli_session_open(cli, &session, &err);
    if (code == OCT_OK && session.provider.ops != &octi_docker_ops)
        code = oct_fail(&err, OCT_E_UNSUPPORTED, "'%s' keeps no images", session.provider.ops->name);
    if (code == OCT_OK && build)
        code = build_image(cli, &session, name, &err, &evidence);
    else if (code == OCT_OK && list)
        code = list_images(cli, &session, &err);
    else if (code == OCT_OK)
        code = remove_image(cli, &session, name, &err);
    cli_session_close(&session);
    int status = code == OCT_OK ? CLI_EXIT_OK : cli_fail(cli, &err, evidence.data);
    octi_buffer_deinit(&evidence);
    return status;
}

static const cli_option options[] = {
    {"no-cache", 0, NULL, "build every step again"},
    {NULL, 0, NULL, NULL},
};

const cli_command cli_command_image = {
    .name = "image",
    .operands = "build [IMAGE] | list | remove [IMAGE]",
    .summary = "build, list or remove the nodes' image",
    .about =
        "Builds the image that nodes are made of, from this repository: on top of Debian's image where a "
        "registry "
        "answers, from Debian packages alone where none does. 'up' and 'run' build it when it is missing.",
    .examples =
        {
            {"octavo image build", "the default image"},
            {"octavo image list", "those on the engine, with their sizes"},
            {"octavo image remove octavo/node:dev", "one of them"},
        },
    .options = options,
    .run = image,
};
