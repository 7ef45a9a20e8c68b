#include <ctype.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "provision/cli/interrupt.h"
#include "provision/cli/report.h"
#include "provision/cli/stream.h"
#include "provision/cli/term.h"

int cli_exit_of(oct_err code)
{
    switch (code) {
    case OCT_OK:
        return CLI_EXIT_OK;
    case OCT_E_INVALID:
        return CLI_EXIT_USAGE;
    case OCT_E_NOTFOUND:
        return CLI_EXIT_NOTFOUND;
    case OCT_E_DENIED:
        return CLI_EXIT_DENIED;
    case OCT_E_TIMEOUT:
        return CLI_EXIT_TIMEOUT;
    case OCT_E_CANCELLED: /* SIGTERM and SIGHUP are told apart as a shell does it */
        return cli_interrupt_signal() ? 128 + cli_interrupt_signal() : CLI_EXIT_INTERRUPTED;
    default:
        return CLI_EXIT_FAILED;
    }
}

void cli_print_json(json_t *object)
{
    json_t *versioned = json_pack("{s:i}", "version", 1);
    char *line = NULL;
    if (versioned && object && json_object_update(versioned, object) == 0)
        line = json_dumps(versioned, JSON_COMPACT | JSON_REAL_PRECISION(6));
    if (line)
        printf("%s\n", line);
    else
        fprintf(stderr, "error: out of memory while writing JSON\n");
    fflush(stdout);
    free(line);
    json_decref(versioned);
    json_decref(object);
}

json_t *cli_error_json(const oct_error *err)
{
    return json_pack("{s:s, s:s, s:s}", "code", oct_err_name(err->code), "what", err->what, "hint",
                     err->hint);
}

/* Log lines come from elsewhere: control characters stay out of the user's terminal. */
static void print_evidence(const char *evidence)
{
    for (const char *line = evidence; *line;) {
        size_t length = strcspn(line, "\n");
        fputs("  ", stderr);
        for (size_t i = 0; i < length; i++)
            putc(iscntrl((unsigned char)line[i]) ? ' ' : line[i], stderr);
        putc('\n', stderr);
        line += length + (line[length] == '\n');
    }
}

int cli_fail(const cli_context *cli, const oct_error *err, const char *evidence)
{
    if (cli_stream_abandoned())
        return 128 + SIGPIPE; /* as a program without this handler ends */
    if (cli->json) {
        json_t *object = json_pack("{s:s*, s:o, s:s*}", "command", cli->command ? cli->command->name : NULL,
                                   "error", cli_error_json(err), "evidence", evidence);
        cli_print_json(object);
    }
    bool colour = cli_term_coloured(STDERR_FILENO);
    fflush(stdout);
    fprintf(stderr, "%serror:%s %s\n", colour ? "\033[1;31m" : "", colour ? "\033[0m" : "", err->what);
    if (evidence && *evidence)
        print_evidence(evidence);
    if (err->hint[0])
        fprintf(stderr, "\n%shint:%s %s\n", colour ? "\033[1m" : "", colour ? "\033[0m" : "", err->hint);
    return cli_exit_of(err->code);
}

int cli_usage(const cli_context *cli, const char *format, ...)
{
    oct_error err = {.code = OCT_E_INVALID};
    va_list args;
    va_start(args, format);
    vsnprintf(err.what, sizeof(err.what), format, args);
    va_end(args);
    if (cli->command)
        oct_hint(&err, "'octavo help %s' shows how", cli->command->name);
    return cli_fail(cli, &err, NULL);
}

void cli_say(const cli_context *cli, const char *format, ...)
{
    if (cli->quiet)
        return;
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    putc('\n', stderr);
}

bool cli_may_ask(const cli_context *cli)
{
    return !cli->yes && isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

bool cli_confirm(const cli_context *cli, const char *format, ...)
{
    if (!cli_may_ask(cli))
        return true;
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputs(" [y/N] ", stderr);
    char answer[16];
    return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

void cli_print_quoted(FILE *out, const char *text)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,@%+";
    if (*text && strspn(text, safe) == strlen(text)) {
        fputs(text, out);
        return;
    }
    putc('\'', out);
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", out);
        else
            putc(*text, out);
    }
    putc('\'', out);
}
