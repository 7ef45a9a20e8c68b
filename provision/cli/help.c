#include <string.h>

#include "provision/cli/help.h"

static void print_examples(FILE *out, const cli_example *examples, size_t count)
{
    int width = 0;
    for (size_t i = 0; i < count; i++)
        if ((int)strlen(examples[i].line) > width)
            width = (int)strlen(examples[i].line);
    fputs("\nexamples:\n", out);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "  %-*s   %s\n", width, examples[i].line, examples[i].does);
}

static void print_options(FILE *out, const char *title, const cli_option *options)
{
    if (!options || !options->name)
        return;
    fprintf(out, "\n%s:\n", title);
    for (const cli_option *option = options; option->name; option++) {
        char left[64], letter[8] = "    ";
        if (option->letter)
            snprintf(letter, sizeof(letter), "-%c, ", option->letter);
        snprintf(left, sizeof(left), "%s--%s%s%s", letter, option->name, option->argument ? " " : "",
                 option->argument ? option->argument : "");
        fprintf(out, "  %-24s %s\n", left, option->help);
    }
}

/* Breaks text at spaces so that no line passes 90 columns. */
static void print_paragraph(FILE *out, const char *text)
{
    enum { WIDTH = 90 };
    size_t column = 0;
    while (*text) {
        size_t word = strcspn(text, " \n");
        if (column > 0 && column + 1 + word > WIDTH) {
            putc('\n', out);
            column = 0;
        }
        column += (size_t)fprintf(out, "%s%.*s", column ? " " : "", (int)word, text);
        text += word;
        text += strspn(text, " \n");
    }
    putc('\n', out);
}

void cli_help_all(FILE *out)
{
    static const cli_example examples[] = {
        {"octavo run 01-map", "run the first lesson on eight nodes, which are started if none are up"},
        {"octavo run -n 4 prog.c", "compile your own program in the cluster and run it on four nodes"},
        {"octavo down", "remove the cluster"},
    };
    fputs("octavo: parallel C on eight nodes, from one command\n\n"
          "usage: octavo COMMAND [options] [operands]\n",
          out);
    print_examples(out, examples, sizeof(examples) / sizeof(examples[0]));
    fputs("\ncommands:\n", out);
    for (const cli_command *const *command = cli_commands; *command; command++)
        fprintf(out, "  %-11s %s\n", (*command)->name, (*command)->summary);
    fputs("\n'octavo help COMMAND' shows a command's options.\n", out);
}

void cli_help_command(FILE *out, const cli_command *command)
{
    fprintf(out, "usage: octavo %s [options]%s%s\n\n", command->name, *command->operands ? " " : "",
            command->operands);
    print_paragraph(out, command->about);
    print_examples(out, command->examples, sizeof(command->examples) / sizeof(command->examples[0]));
    print_options(out, "options", command->options);
    print_options(out, "common options", cli_common_options);
    fputs("\nexit status: 0 done, 1 failed, 2 used wrongly, 3 not found, 4 not allowed, 5 timed out, 130 "
          "interrupted"
          "\n",
          out);
}
