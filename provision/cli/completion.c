#include <stdio.h>
#include <string.h>

#include "provision/cli/commands.h"
#include "provision/cli/report.h"

/* Calls visit for each option that the command takes, the common ones included. */
static void for_each_option(const cli_command *command,
                            void (*visit)(const cli_option *option, const void *ctx), const void *ctx)
{
    for (const cli_option *option = command->options; option && option->name; option++)
        visit(option, ctx);
    for (const cli_option *option = cli_common_options; option->name; option++)
        visit(option, ctx);
}

static void print_command_names(void)
{
    for (const cli_command *const *command = cli_commands; *command; command++)
        printf("%s%s", command == cli_commands ? "" : " ", (*command)->name);
}

/* What follows `exercise`, and those of them that may name a lesson. */
#define VERBS_OF_LESSONS "start watch check hint solution reset"
#define VERBS VERBS_OF_LESSONS " list progress report new"

/* --- bash --- */

static void bash_option(const cli_option *option, const void *ctx)
{
    (void)ctx;
    printf(" --%s", option->name);
}

static void print_bash(const char *root)
{
    fputs("_octavo() {\n"
          "    local current=${COMP_WORDS[COMP_CWORD]} command= word words=\n"
          "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
          "        case $word in -*) ;; *) command=$word; break ;; esac\n"
          "    done\n"
          "    case $command in\n"
          "    '') words='",
          stdout);
    print_command_names();
    fputs("' ;;\n", stdout);
    for (const cli_command *const *command = cli_commands; *command; command++) {
        printf("    %s) words='", (*command)->name);
        for_each_option(*command, bash_option, NULL);
        fputs("' ;;\n", stdout);
    }
    fputs("    esac\n"
          "    case $command:$current in\n"
          "    run:[!-]* | run:) words=$(command ls ",
          stdout);
    cli_print_quoted(stdout, root ? root : ".");
    fputs("/examples 2>/dev/null) ;;\n"
          "    exercise:[!-]* | exercise:)\n"
          "        words='" VERBS "'\n"
          "        case \" ${COMP_WORDS[*]:0:COMP_CWORD} \" in\n"
          "        *' exercise report '*) words= ;;\n"
          "        *' exercise '[a-z]*' ') words=$(cd ",
          stdout);
    cli_print_quoted(stdout, root ? root : ".");
    fputs("/examples 2>/dev/null && command ls -d [0-9]*) ;;\n"
          "        esac ;;\n"
          "    help:*) words='",
          stdout);
    print_command_names();
    fputs("' ;;\n"
          "    completion:[!-]* | completion:) words='bash zsh fish' ;;\n"
          "    esac\n"
          "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
          "}\n"
          "complete -o default -F _octavo octavo ./octavo\n",
          stdout);
}

/* --- zsh --- */

/* In a specification of _arguments brackets and colons have a meaning. */
static void zsh_text(const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", stdout);
        else if (strchr("[]:\\", *text))
            printf("\\%c", *text);
        else
            putchar(*text);
    }
}

static void zsh_option(const cli_option *option, const void *ctx)
{
    (void)ctx;
    printf(" \\\n            '--%s%s[", option->name, option->argument ? "=" : "");
    zsh_text(option->help);
    putchar(']');
    if (option->argument)
        printf(":%s:", option->argument);
    putchar('\'');
}

static void print_zsh(const char *root)
{
    fputs("#compdef octavo\n"
          "_octavo_lessons() {\n"
          "    compadd -- $(command ls ",
          stdout);
    cli_print_quoted(stdout, root ? root : ".");
    fputs("/examples 2>/dev/null | command grep '^[0-9]')\n"
          "}\n"
          "_octavo() {\n"
          "    local -a commands=(\n",
          stdout);
    for (const cli_command *const *command = cli_commands; *command; command++) {
        printf("        '%s:", (*command)->name);
        zsh_text((*command)->summary);
        fputs("'\n", stdout);
    }
    fputs("    )\n"
          "    if (( CURRENT == 2 )); then\n"
          "        _describe command commands\n"
          "        return\n"
          "    fi\n"
          "    local command=$words[2]\n"
          "    shift words\n"
          "    (( CURRENT-- ))\n"
          "    case $command in\n",
          stdout);
    for (const cli_command *const *command = cli_commands; *command; command++) {
        printf("    %s)\n        _arguments", (*command)->name);
        for_each_option(*command, zsh_option, NULL);
        if (strcmp((*command)->name, "exercise") == 0)
            fputs(" \\\n            '1:verb:(" VERBS ")' \\\n            '2:lesson:_octavo_lessons'", stdout);
        fputs((*command)->takes_files ? " \\\n            '*:file:_files'\n        ;;\n" : "\n        ;;\n",
              stdout);
    }
    fputs("    esac\n"
          "}\n"
          "if [ \"$funcstack[1]\" = _octavo ]; then _octavo \"$@\"; else compdef _octavo octavo; fi\n",
          stdout);
}

/* --- fish --- */

static void fish_option(const cli_option *option, const void *ctx)
{
    const cli_command *command = ctx;
    printf("complete -c octavo -n '__fish_seen_subcommand_from %s' -l %s", command->name, option->name);
    if (option->letter)
        printf(" -s %c", option->letter);
    fputs(option->argument ? " -r -d " : " -d ", stdout);
    cli_print_quoted(stdout, option->help);
    putchar('\n');
}

static void fish_exercise(const char *root)
{
    char lessons[4352];
    snprintf(lessons, sizeof(lessons),
             "(command ls \"%.4200s/examples\" 2>/dev/null | string match -r '^[0-9].*')", root ? root : ".");
    fputs("complete -c octavo -n '__fish_seen_subcommand_from exercise; and not "
          "__fish_seen_subcommand_from " VERBS "' -f -a '" VERBS "'\n"
          "complete -c octavo -n '__fish_seen_subcommand_from exercise; and "
          "__fish_seen_subcommand_from " VERBS_OF_LESSONS "' -f -a ",
          stdout);
    cli_print_quoted(stdout, lessons);
    putchar('\n');
}

static void print_fish(const char *root)
{
    fish_exercise(root);
    for (const cli_command *const *command = cli_commands; *command; command++) {
        printf("complete -c octavo -n __fish_use_subcommand -f -a %s -d ", (*command)->name);
        cli_print_quoted(stdout, (*command)->summary);
        putchar('\n');
        for_each_option(*command, fish_option, *command);
        if (!(*command)->takes_files)
            printf("complete -c octavo -n '__fish_seen_subcommand_from %s' -f\n", (*command)->name);
    }
}

static int completion(cli_context *cli, int argc, char **argv)
{
    if (argc != 1)
        return cli_usage(cli, "'completion' needs the shell's name: bash, zsh or fish");
    if (strcmp(argv[0], "bash") == 0)
        print_bash(cli->root);
    else if (strcmp(argv[0], "zsh") == 0)
        print_zsh(cli->root);
    else if (strcmp(argv[0], "fish") == 0)
        print_fish(cli->root);
    else
        return cli_usage(cli, "there is no completion for '%s', only for bash, zsh and fish", argv[0]);
    return CLI_EXIT_OK;
}

const cli_command cli_command_completion = {
    .name = "completion",
    .operands = "SHELL",
    .summary = "print completion for bash, zsh or fish",
    .about = "Prints a script that makes the shell complete octavo's commands, options and lessons.",
    .examples =
        {
            {"source <(octavo completion bash)", "in ~/.bashrc"},
            {"octavo completion zsh > ~/.zfunc/_octavo", "in a folder of zsh's fpath"},
            {"octavo completion fish | source", "in fish's configuration"},
        },
    .run = completion,
};
