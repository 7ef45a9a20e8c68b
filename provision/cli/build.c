#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "provision/cli/build.h"
#include "provision/cli/pack.h"
#include "provision/cli/stream.h"
#include "provision/core/join.h"
#include "provision/core/lines.h"

/* Arguments: the mark of a joined cluster and where it is kept, the program's name, then
 * octcc's arguments; the tar of the sources is standard input. A build appears under its
 * final name only when it is whole, so two at once do not disturb each other. */
static const char compile_script[] =
    "[ \"$(cat \"${OCTAVO_JOINED:-$2}\" 2>/dev/null)\" = \"$1\" ] || exit 101\n"
    "name=$3; shift 3\n"
    "builds=${OCTAVO_HOME:-" OCTI_HOME "}/.cache/octavo/build\n"
    "mkdir -p \"$builds\" && tmp=$(mktemp -d \"$builds/tmp.XXXXXX\") || exit 103\n"
    "trap 'rm -rf \"$tmp\"' EXIT\n"
    "cat >\"$tmp/sources.tar\" || exit 103\n"
    "key=$({ printf '%s\\n' \"$name\" \"$@\"; cat \"$tmp/sources.tar\"; } | sha256sum | cut -c1-32)\n"
    "if [ -x \"$builds/$key/$name\" ]; then echo \"cached $builds/$key/$name\"; exit 0; fi\n"
    "cd \"$tmp\" && mkdir out && tar -xf sources.tar || exit 103\n"
    "octcc -o \"out/$name\" \"$@\" || exit 102\n"
    "mv -T out \"$builds/$key\" 2>/dev/null || [ -x \"$builds/$key/$name\" ] || exit 103\n"
    "echo \"compiled $builds/$key/$name\"\n";

/* The same for a program that is there already: its name is the third argument. (`command
 * -v` would find the shell's own printf.) */
static const char look_up_script[] =
    "[ \"$(cat \"${OCTAVO_JOINED:-$2}\" 2>/dev/null)\" = \"$1\" ] || exit 101\n"
    "case $3 in\n"
    "*/*) path=$3 ;;\n"
    "*) IFS=:; for folder in $PATH; do path=$folder/$3; [ -f \"$path\" ] && "
    "[ -x \"$path\" ] && break; done ;;\n"
    "esac\n"
    "[ -f \"$path\" ] && [ -x \"$path\" ] || exit 104\n"
    "echo \"cached $path\"\n";

enum { NOT_JOINED = 101, REFUSED = 102, NO_ROOM = 103, NOT_THERE = 104 };

enum { COMPILE_SECONDS = 600 };

struct building {
    const cli_program *program;
    octi_buffer answer;
    octi_lines messages;
};

/* Gives the compiler's line the user's own folder name back. */
static oct_err show_message(void *ctx, const char *line, size_t length)
{
    const struct building *building = ctx;
    octi_buffer shown = {0};
    oct_err code = OCT_OK;
    (void)length;
    for (const char *rest = line; code == OCT_OK;) {
        const char *found = strstr(rest, CLI_PACK_FOLDER);
        code = octi_buffer_append(&shown, rest, found ? (size_t)(found - rest) : strlen(rest));
        if (!found || code != OCT_OK)
            break;
        code = octi_buffer_append(&shown, building->program->folder, strlen(building->program->folder));
        rest = found + strlen(CLI_PACK_FOLDER);
    }
    if (code == OCT_OK)
        code = octi_buffer_append(&shown, "\n", 1);
    if (code == OCT_OK)
        code = cli_stream_write(STDERR_FILENO, shown.data, shown.size);
    octi_buffer_deinit(&shown);
    return code;
}

static oct_err hear(void *ctx, int stream, const void *bytes, size_t size)
{
    struct building *building = ctx;
    if (stream == 1)
        return octi_buffer_append(&building->answer, bytes, size);
    return octi_lines_feed(&building->messages, bytes, size);
}

static oct_err out_of_memory(oct_error *err)
{
    return oct_fail(err, OCT_E_NOMEM, "out of memory");
}

/* The command line; strings that are made for it go to *texts, which outlives it. */
static const char **command_line(const cli_program *program, const char *mark, octi_buffer *texts)
{
    size_t count = 0;
    bool compile = program->source_count > 0;
    const char **argv = calloc(program->flag_count + program->source_count + 10, sizeof(*argv));
    if (!argv)
        return NULL;
    argv[count++] = "sh";
    argv[count++] = "-c";
    argv[count++] = compile ? compile_script : look_up_script;
    argv[count++] = "octavo-build";
    argv[count++] = mark;
    argv[count++] = OCTI_JOIN_FILE;
    argv[count++] = compile ? program->name : program->remote;
    if (!compile)
        return argv;

    /* __FILE__, assert and backtraces name the user's files too. */
    size_t first = count;
    oct_err code =
        octi_buffer_printf(texts, "-ffile-prefix-map=%s=%s%c", CLI_PACK_FOLDER, program->folder, 0);
    for (size_t i = 0; i < program->source_count && code == OCT_OK; i++)
        code = octi_buffer_printf(texts, "%s%s%c", CLI_PACK_FOLDER, program->sources[i], 0);
    if (code != OCT_OK) {
        free(argv);
        return NULL;
    }
    for (const char *text = texts->data; count - first < program->source_count + 1; text += strlen(text) + 1)
        argv[count++] = text;
    for (size_t i = 0; i < program->flag_count; i++)
        argv[count++] = program->flags[i];
    return argv;
}

/* "cached PATH" or "compiled PATH" */
static oct_err take_answer(struct building *building, cli_build *build, oct_error *err)
{
    char *answer = building->answer.data ? building->answer.data : "";
    const char *space = strchr(answer, ' ');
    size_t length = space ? strcspn(space + 1, "\n") : 0;
    if (length == 0 || length >= sizeof(build->path))
        return oct_fail(err, OCT_E_PROTOCOL, "the head did not say where '%s' is", building->program->name);
    memcpy(build->path, space + 1, length);
    build->path[length] = '\0';
    build->cached = strncmp(answer, "cached", 6) == 0;
    return OCT_OK;
}

static oct_err judge(struct building *building, int status, cli_build_result *result, cli_build *build,
                     oct_error *err)
{
    const cli_program *program = building->program;
    switch (status) {
    case 0:
        *result = CLI_BUILD_READY;
        return take_answer(building, build, err);
    case NOT_JOINED:
        *result = CLI_BUILD_NOT_JOINED;
        return OCT_OK;
    case REFUSED:
        *result = CLI_BUILD_REFUSED;
        return OCT_OK;
    case NOT_THERE:
        oct_fail(err, OCT_E_NOTFOUND, "there is no program '%s' in the cluster", program->remote);
        return oct_hint(err,
                        access(program->remote, F_OK) == 0
                            ? "it is on this machine only: give its .c file, or copy it with 'octavo cp'"
                            : "give a lesson, a .c file, a folder of .c files, or a program in the cluster");
    case NO_ROOM:
        oct_fail(err, OCT_E_EXHAUSTED, "cannot write the sources of '%s' to the cluster's home",
                 program->name);
        return oct_hint(err, "see how full it is: octavo exec df -h .");
    default:
        return oct_fail(err, OCT_E_STATE, "cannot compile '%s' in the cluster (status %d)", program->name,
                        status);
    }
}

static oct_err ask_head(const cli_session *session, struct building *building, const char *const *argv,
                        const octi_buffer *tar, int *status, oct_error *err)
{
    octi_exec exec = OCTI_EXEC_INIT;
    exec.argv = argv;
    exec.input = tar->data;
    exec.input_size = tar->size;
    exec.output = hear;
    exec.ctx = building;
    exec.timeout = COMPILE_SECONDS;
    if (session->cluster.node_count == 0 || session->cluster.nodes[0].index != 0)
        return oct_fail(err, OCT_E_STATE, "'%s' has no head", session->cluster.name);
    oct_err code =
        session->provider.ops->exec(session->provider.self, &session->cluster.nodes[0], &exec, status, err);
    if (octi_lines_finish(&building->messages) != OCT_OK && code == OCT_OK)
        code = oct_fail(err, OCT_E_IO, "cannot show the compiler's messages");
    return code;
}

oct_err cli_build_program(const cli_session *session, const cli_program *program, cli_build_result *result,
                          cli_build *build, oct_error *err)
{
    struct building building = {.program = program, .messages = {.line = show_message}};
    octi_buffer tar = {0}, texts = {0};
    char mark[OCTI_JOIN_MARK];
    building.messages.ctx = &building;
    octi_join_mark(&session->cluster, mark);

    const char **argv = command_line(program, mark, &texts);
    oct_err code = argv ? OCT_OK : out_of_memory(err);
    if (code == OCT_OK && program->source_count > 0)
        code = cli_pack(program, &tar, err);
    int status = 0;
    if (code == OCT_OK)
        code = ask_head(session, &building, argv, &tar, &status, err);
    if (code == OCT_OK)
        code = judge(&building, status, result, build, err);
    free(argv);
    octi_buffer_deinit(&tar);
    octi_buffer_deinit(&texts);
    octi_buffer_deinit(&building.answer);
    return code;
}
