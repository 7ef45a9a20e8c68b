#include <stdlib.h>
#include <string.h>

#include "provision/cli/commands.h"
#include "provision/cli/image_transfer.h"
#include "provision/cli/make_image.h"
#include "provision/cli/report.h"
#include "provision/cli/session.h"
#include "provision/core/json.h"
#include "provision/docker/docker.h"
#include "provision/docker/image.h"

static oct_err build_image(const cli_context *cli, octi_docker *docker, const char *name, oct_error *err,
                           octi_buffer *evidence)
{
    octi_image built;
    const octi_provider provider = {.ops = &octi_docker_ops, .self = docker};
    if (cli->dry_run) {
        cli_say(cli, "would build image '%s' from '%s'", name, cli->root ? cli->root : "the repository");
        return OCT_OK;
    }
    oct_err code = cli_make_image(cli, &provider, name, cli_given(cli, "no-cache"), evidence, err);
    if (code == OCT_OK)
        code = octi_image_inspect(docker, name, &built, err);
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

static oct_err list_images(const cli_context *cli, octi_docker *docker, oct_error *err)
{
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

static oct_err remove_image(const cli_context *cli, octi_docker *docker, const char *name, oct_error *err)
{
    if (cli->dry_run) {
        cli_say(cli, "would remove image '%s'", name);
        return OCT_OK;
    }
    oct_err code = octi_image_remove(docker, name, err);
    if (code == OCT_OK)
        cli_say(cli, "removed %s", name);
    return code;
}

/* The second word of the command, and how many may follow it. */
typedef struct verb {
    const char *name;
    int least, most;
    oct_err (*run)(const cli_context *cli, octi_docker *docker, int argc, char **argv, octi_buffer *evidence,
                   oct_error *err);
} verb;

static oct_err build(const cli_context *cli, octi_docker *docker, int argc, char **argv,
                     octi_buffer *evidence, oct_error *err)
{
    return build_image(cli, docker, argc > 0 ? argv[0] : cli->spec.image, err, evidence);
}

static oct_err list(const cli_context *cli, octi_docker *docker, int argc, char **argv, octi_buffer *evidence,
                    oct_error *err)
{
    (void)argc, (void)argv, (void)evidence;
    return list_images(cli, docker, err);
}

static oct_err take_away(const cli_context *cli, octi_docker *docker, int argc, char **argv,
                         octi_buffer *evidence, oct_error *err)
{
    (void)evidence;
    return remove_image(cli, docker, argc > 0 ? argv[0] : cli->spec.image, err);
}

static oct_err push(const cli_context *cli, octi_docker *docker, int argc, char **argv, octi_buffer *evidence,
                    oct_error *err)
{
    (void)argc;
    return cli_push_image(cli, docker, argv[0], evidence, err);
}

static oct_err load(const cli_context *cli, octi_docker *docker, int argc, char **argv, octi_buffer *evidence,
                    oct_error *err)
{
    (void)evidence;
    return cli_load_image(cli, docker, argv[0], argc > 1 ? argv[1] : NULL, err);
}

static const verb verbs[] = {
    {"build", 0, 1, build}, {"list", 0, 0, list}, {"remove", 0, 1, take_away},
    {"push", 1, 1, push},   {"load", 1, 2, load},
};

static const verb *find_verb(int argc, char **argv)
{
    for (size_t i = 0; argc > 0 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (strcmp(argv[0], verbs[i].name) == 0)
            return argc - 1 >= verbs[i].least && argc - 1 <= verbs[i].most ? &verbs[i] : NULL;
    return NULL;
}

static int image(cli_context *cli, int argc, char **argv)
{
    const verb *chosen = find_verb(argc, argv);
    if (!chosen)
        return cli_usage(cli,
                         "'image' is followed by build [IMAGE], list, remove [IMAGE], push NAME, or load "
                         "kind|minikube|containerd [CLUSTER]");
    cli_session session = {0};
    octi_buffer evidence = {0};
    oct_error err = OCT_ERROR_INIT;
    oct_err code = cli_session_open(cli, &session, &err);
    if (code == OCT_OK && session.provider.ops != &octi_docker_ops)
        code = oct_fail(&err, OCT_E_UNSUPPORTED, "'%s' keeps no images", session.provider.ops->name);
    if (code == OCT_OK)
        code = chosen->run(cli, session.provider.self, argc - 1, argv + 1, &evidence, &err);
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
    .operands = "build [IMAGE] | list | remove [IMAGE] | push NAME | load WHERE [CLUSTER]",
    .summary = "build the nodes' image, list, remove, push or load it",
    .about =
        "Builds the image that nodes are made of, from this repository: on top of Debian's image where a "
        "registry "
        "answers, from Debian packages alone where none does. 'up' and 'run' build it when it is missing. "
        "Pods find it where 'push' has sent it, a registry, or in the nodes of a cluster on this machine, "
        "where "
        "'load' puts it: kind, minikube or containerd. Credentials are those that 'docker login' has kept.",
    .examples =
        {
            {"octavo image build", "the default image"},
            {"octavo image push registry.example.org/me/octavo:1", "to a registry"},
            {"octavo image load kind", "into the nodes of kind's cluster"},
        },
    .options = options,
    .run = image,
};
