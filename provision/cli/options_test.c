#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "provision/cli/cli.h"
#include "provision/cli/commands.h"
#include "provision/cli/help.h"

enum { WORDS_MAX = 16 };

/* Parses "octavo" and the words of a line; the operands are argv[*rest] and on. */
static oct_err parse(const char *line, cli_context *cli, char ***argv, int *rest, int *argc, oct_error *err)
{
    static char copy[512], program[] = "octavo";
    static char *words[WORDS_MAX];
    *cli = (cli_context){0};
    *err = (oct_error)OCT_ERROR_INIT;
    snprintf(copy, sizeof(copy), "%s", line);
    *argc = 0;
    words[(*argc)++] = program;
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        words[(*argc)++] = word;
    words[*argc] = NULL;
    *argv = words;
    return cli_parse(cli, *argc, words, rest, err);
}

/* The same for a line that is right, up to its operands joined by spaces. */
static const char *operands_of(const char *line, cli_context *cli)
{
    static char joined[512];
    char **argv;
    int rest, argc;
    oct_error err;
    assert_int_equal(parse(line, cli, &argv, &rest, &argc, &err), OCT_OK);
    joined[0] = '\0';
    for (int i = rest; i < argc; i++) {
        strcat(joined, argv[i]);
        strcat(joined, i + 1 < argc ? " " : "");
    }
    return joined;
}

static oct_error error_of(const char *line)
{
    cli_context cli;
    char **argv;
    int rest, argc;
    oct_error err;
    assert_int_not_equal(parse(line, &cli, &argv, &rest, &argc, &err), OCT_OK);
    return err;
}

static void options_may_stand_before_and_after_the_command(void **state)
{
    (void)state;
    cli_context cli;
    assert_string_equal(operands_of("--name dev up -n 4 --json", &cli), "");
    assert_string_equal(cli.command->name, "up");
    assert_string_equal(cli_value(&cli, "name"), "dev");
    assert_string_equal(cli_value(&cli, "nodes"), "4");
    assert_true(cli_given(&cli, "json"));
    assert_false(cli_given(&cli, "quiet"));
}

static void the_options_of_the_users_program_stay_its_own(void **state)
{
    (void)state;
    cli_context cli;
    assert_string_equal(operands_of("run -n 4 prog --json -n 9", &cli), "prog --json -n 9");
    assert_string_equal(cli_value(&cli, "nodes"), "4");
    assert_false(cli_given(&cli, "json"));
    assert_string_equal(operands_of("exec -- ls -l", &cli), "ls -l");
    assert_string_equal(operands_of("logs head --tail 3", &cli), "head");
    assert_string_equal(cli_value(&cli, "tail"), "3");
}

static void an_unknown_word_is_told_with_the_nearest(void **state)
{
    (void)state;
    oct_error err = error_of("staus");
    assert_string_equal(err.what, "there is no command 'staus'");
    assert_string_equal(err.hint, "did you mean 'octavo status'?");
    err = error_of("up --tiemout=3");
    assert_string_equal(err.what, "'up' has no option '--tiemout'");
    assert_string_equal(err.hint, "did you mean '--timeout'?");
    err = error_of("up -Z");
    assert_string_equal(err.what, "'up' has no option '-Z'");
    assert_string_equal(err.hint, "'octavo help up' lists them");
}

static void a_missing_or_needless_value_is_told(void **state)
{
    (void)state;
    assert_string_equal(error_of("up --nodes").what, "option '--nodes' needs a value: N");
    assert_string_equal(error_of("up -n").what, "option '--nodes' needs a value: N");
    assert_string_equal(error_of("up --json=yes").what, "option '--json' takes no value");
}

static oct_err settle(const char *line, cli_context *cli, oct_error *err)
{
    char **argv;
    int rest, argc;
    assert_int_equal(parse(line, cli, &argv, &rest, &argc, err), OCT_OK);
    return cli_settle(cli, err);
}

static void flags_beat_the_file_which_beats_the_defaults(void **state)
{
    (void)state;
    char path[] = "/tmp/octavo-spec-XXXXXX", line[128];
    int fd = mkstemp(path);
    static const char text[] = "{\"name\": \"fromfile\", \"nodes\": 3, \"memory\": \"2g\"}";
    assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
    close(fd);
    cli_context cli;
    oct_error err;
    snprintf(line, sizeof(line), "up --file %s -n 5 --timeout 2.5 --progress=plain", path);
    assert_int_equal(settle(line, &cli, &err), OCT_OK);
    unlink(path);
    assert_string_equal(cli.spec.name, "fromfile");
    assert_int_equal(cli.spec.nodes, 5);
    assert_int_equal(cli.spec.memory, 2ull << 30);
    assert_true(cli.spec.timeout == 2.5);
    assert_int_equal(cli.progress, CLI_PROGRESS_PLAIN);
}

static void values_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "up -n 0",          "up -n -3",        "up -n 100000",        "up -n 8x",
        "up --timeout 0",   "up --timeout no", "up --timeout inf",    "up --progress loud",
        "up --name Not_ok", "up --name -",     "up --file /not/there"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        cli_context cli;
        oct_error err;
        oct_err code = settle(lines[i], &cli, &err);
        if (code == OCT_OK)
            print_error("accepted: %s\n", lines[i]);
        assert_int_not_equal(code, OCT_OK);
        assert_string_not_equal(err.what, "");
    }
}

static void a_cluster_may_be_named_by_one_operand(void **state)
{
    (void)state;
    cli_context cli;
    oct_error err;
    char dev[] = "dev", bad[] = "Bad!", *one[] = {dev, NULL}, *two[] = {dev, bad, NULL},
         *wrong[] = {bad, NULL};
    assert_int_equal(settle("down", &cli, &err), OCT_OK);
    assert_int_equal(cli_take_name(&cli, 1, one, &err), OCT_OK);
    assert_string_equal(cli.spec.name, "dev");
    assert_int_equal(cli_take_name(&cli, 2, two, &err), OCT_E_INVALID);
    assert_int_equal(cli_take_name(&cli, 1, wrong, &err), OCT_E_INVALID);
    assert_int_equal(settle("down --name other", &cli, &err), OCT_OK);
    assert_int_equal(cli_take_name(&cli, 1, one, &err), OCT_E_INVALID);
    assert_string_equal(cli.spec.name, "other");
}

static void numbers_must_lie_between_their_bounds(void **state)
{
    (void)state;
    cli_context cli;
    oct_error err;
    long out = 0;
    assert_int_equal(settle("logs --tail 12", &cli, &err), OCT_OK);
    assert_int_equal(cli_number(&cli, "tail", 0, 12, -1, &out, &err), OCT_OK);
    assert_int_equal(out, 12);
    assert_int_equal(cli_number(&cli, "tail", 0, 11, -1, &out, &err), OCT_E_INVALID);
    assert_int_equal(settle("logs", &cli, &err), OCT_OK);
    assert_int_equal(cli_number(&cli, "tail", 0, 12, -1, &out, &err), OCT_OK);
    assert_int_equal(out, -1);
}

static void every_command_has_a_sentence_three_examples_and_its_options(void **state)
{
    (void)state;
    for (const cli_command *const *command = cli_commands; *command; command++) {
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        cli_help_command(out, *command);
        fclose(out);
        assert_ptr_equal(cli_command_find((*command)->name), *command);
        for (size_t i = 0; i < 3; i++) {
            assert_non_null((*command)->examples[i].line);
            assert_non_null(strstr(text, (*command)->examples[i].line));
            assert_non_null(strstr((*command)->examples[i].line, (*command)->name));
        }
        for (const cli_option *option = (*command)->options; option && option->name; option++)
            assert_non_null(strstr(text, option->help));
        assert_true(strlen((*command)->summary) < 66);
        free(text);
    }
}

static void no_command_has_two_options_of_one_name_or_letter(void **state)
{
    (void)state;
    for (const cli_command *const *command = cli_commands; *command; command++)
        for (const cli_option *own = (*command)->options; own && own->name; own++) {
            for (const cli_option *other = own + 1; other->name; other++)
                assert_true(strcmp(own->name, other->name) != 0 &&
                            (!own->letter || own->letter != other->letter));
            for (const cli_option *other = cli_common_options; other->name; other++)
                assert_true(strcmp(own->name, other->name) != 0 &&
                            (!own->letter || own->letter != other->letter));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_may_stand_before_and_after_the_command),
        cmocka_unit_test(the_options_of_the_users_program_stay_its_own),
        cmocka_unit_test(an_unknown_word_is_told_with_the_nearest),
        cmocka_unit_test(a_missing_or_needless_value_is_told),
        cmocka_unit_test(flags_beat_the_file_which_beats_the_defaults),
        cmocka_unit_test(values_that_make_no_sense_are_refused),
        cmocka_unit_test(a_cluster_may_be_named_by_one_operand),
        cmocka_unit_test(numbers_must_lie_between_their_bounds),
        cmocka_unit_test(every_command_has_a_sentence_three_examples_and_its_options),
        cmocka_unit_test(no_command_has_two_options_of_one_name_or_letter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
