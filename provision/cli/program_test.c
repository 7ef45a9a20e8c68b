#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#include "provision/cli/pack.h"
#include "provision/cli/program.h"

static char folder[] = "/tmp/octavo-program-XXXXXX";

static void write_file(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int make_files(void **state)
{
    (void)state;
    char path[256];
    if (!mkdtemp(folder))
        return -1;
    static const char *const folders[] = {"prog",     "prog/inner",      "empty",
                                          "examples", "examples/01-map", "examples/02-bad"};
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, folders[i]);
        if (mkdir(path, 0755) != 0)
            return -1;
    }
    write_file("one.c", "int main(void) { return 0; }\n");
    write_file("one.h", "");
    write_file("big.bin", "not for compilers");
    write_file("prog/b.c", "");
    write_file("prog/a.c", "");
    write_file("prog/inner/a.h", "");
    write_file("prog/.hidden", "");
    write_file("examples/01-map/lesson.json",
               "{\"program\": \"solution.c\", \"sequential\": \"exercise.c\", \"sources\": [\"prices.c\"],"
               " \"libraries\": [\"hdf5\"], \"data\": [\"stocks\"], \"arguments\": [\"data/stocks\"]}");
    write_file("examples/01-map/solution.c", "");
    write_file("examples/02-bad/lesson.json", "{\"program\": \"../../etc/passwd\"");
    return chdir(folder);
}

static int remove_files(void **state)
{
    (void)state;
    char command[256];
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static oct_err find(const char *what, cli_program *out, oct_error *err)
{
    *err = (oct_error)OCT_ERROR_INIT;
    return cli_program_find(what, folder, CLI_LESSON_SOLUTION, out, err);
}

static void a_file_is_compiled_under_its_own_name(void **state)
{
    (void)state;
    cli_program program;
    oct_error err;
    char path[256];
    snprintf(path, sizeof(path), "%s/one.c", folder);
    assert_int_equal(find("one.c", &program, &err), OCT_OK);
    assert_string_equal(program.name, "one");
    assert_string_equal(program.folder, "");
    assert_string_equal(program.sources[0], "one.c");
    cli_program_deinit(&program);
    assert_int_equal(find(path, &program, &err), OCT_OK);
    assert_string_equal(program.sources[0], "one.c");
    assert_int_equal(strncmp(program.folder, folder, strlen(folder)), 0);
    cli_program_deinit(&program);
}

static void a_folder_is_all_its_c_files_in_order(void **state)
{
    (void)state;
    cli_program program;
    oct_error err;
    assert_int_equal(find("prog//", &program, &err), OCT_OK);
    assert_string_equal(program.name, "prog");
    assert_string_equal(program.folder, "prog/");
    assert_int_equal(program.source_count, 2);
    assert_string_equal(program.sources[0], "a.c");
    assert_string_equal(program.sources[1], "b.c");
    cli_program_deinit(&program);
    assert_int_equal(find("empty", &program, &err), OCT_E_NOTFOUND);
}

static void a_lesson_is_what_its_json_says(void **state)
{
    (void)state;
    cli_program program;
    oct_error err;
    assert_int_equal(find("01-map", &program, &err), OCT_OK);
    assert_string_equal(program.lesson, "01-map");
    assert_int_equal(program.source_count, 2);
    assert_string_equal(program.sources[0], "solution.c");
    assert_string_equal(program.sources[1], "prices.c");
    assert_string_equal(program.flags[0], "-lhdf5");
    assert_string_equal(program.data[0], "stocks");
    assert_string_equal(program.arguments[0], "data/stocks");
    assert_null(program.arguments[1]);
    cli_program_deinit(&program);
    assert_int_equal(cli_program_find("01-map", folder, CLI_LESSON_EXERCISE, &program, &err), OCT_OK);
    assert_string_equal(program.sources[0], "exercise.c");
    cli_program_deinit(&program);
}

static void a_file_of_a_lesson_is_compiled_as_the_lesson_says(void **state)
{
    (void)state;
    cli_program program;
    oct_error err;
    assert_int_equal(find("examples/01-map/solution.c", &program, &err), OCT_OK);
    assert_string_equal(program.lesson, "");
    assert_int_equal(program.source_count, 2);
    assert_string_equal(program.flags[0], "-lhdf5");
    cli_program_deinit(&program);
}

static void what_is_not_there_is_told_with_what_is_near(void **state)
{
    (void)state;
    cli_program program;
    oct_error err;
    assert_int_equal(find("01-mpa", &program, &err), OCT_E_NOTFOUND);
    assert_string_equal(err.hint, "did you mean the lesson '01-map'?");
    assert_int_equal(find("none.c", &program, &err), OCT_E_NOTFOUND);
    assert_int_equal(find("none/", &program, &err), OCT_E_NOTFOUND);
    assert_int_equal(find("", &program, &err), OCT_E_INVALID);
    assert_int_equal(find("02-bad", &program, &err), OCT_E_INVALID);
    assert_non_null(strstr(err.what, "lesson.json:1:"));
}

static void another_word_is_a_program_in_the_cluster(void **state)
{
    (void)state;
    cli_program program;
    oct_error err;
    assert_int_equal(find("/usr/bin/hostname", &program, &err), OCT_OK);
    assert_int_equal(program.source_count, 0);
    assert_string_equal(program.remote, "/usr/bin/hostname");
    assert_string_equal(program.name, "hostname");
    cli_program_deinit(&program);
}

static void pack(const char *what, octi_buffer *tar)
{
    cli_program program;
    oct_error err;
    assert_int_equal(find(what, &program, &err), OCT_OK);
    assert_int_equal(cli_pack(&program, tar, &err), OCT_OK);
    cli_program_deinit(&program);
}

static bool holds(const octi_buffer *tar, const char *text)
{
    return memmem(tar->data, tar->size, text, strlen(text)) != NULL;
}

static void the_same_sources_make_the_same_bytes(void **state)
{
    (void)state;
    octi_buffer first = {0}, second = {0}, third = {0};
    pack("prog", &first);
    struct utimbuf long_ago = {1, 1};
    assert_int_equal(utime("prog/a.c", &long_ago), 0);
    pack("prog", &second);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    write_file("prog/a.c", "int changed;\n");
    pack("prog", &third);
    assert_true(first.size != third.size || memcmp(first.data, third.data, first.size) != 0);
    octi_buffer_deinit(&first);
    octi_buffer_deinit(&second);
    octi_buffer_deinit(&third);
}

static void a_file_takes_its_headers_along_and_nothing_else(void **state)
{
    (void)state;
    octi_buffer tar = {0};
    pack("one.c", &tar);
    assert_true(holds(&tar, CLI_PACK_FOLDER "one.c"));
    assert_true(holds(&tar, CLI_PACK_FOLDER "one.h"));
    assert_false(holds(&tar, "big.bin"));
    octi_buffer_deinit(&tar);
}

static void a_folder_takes_all_but_what_is_hidden(void **state)
{
    (void)state;
    octi_buffer tar = {0};
    pack("prog", &tar);
    assert_true(holds(&tar, CLI_PACK_FOLDER "inner/a.h"));
    assert_false(holds(&tar, "hidden"));
    octi_buffer_deinit(&tar);
}

static void too_much_is_refused(void **state)
{
    (void)state;
    cli_program program;
    oct_error err;
    octi_buffer tar = {0};
    write_file("prog/huge", "");
    assert_int_equal(truncate("prog/huge", CLI_PACK_MAX + 1), 0);
    assert_int_equal(find("prog", &program, &err), OCT_OK);
    assert_int_equal(cli_pack(&program, &tar, &err), OCT_E_EXHAUSTED);
    assert_int_equal(unlink("prog/huge"), 0);
    assert_int_equal(symlink("..", "prog/loop"), 0);
    octi_buffer_deinit(&tar);
    assert_int_equal(cli_pack(&program, &tar, &err), OCT_E_INVALID);
    assert_int_equal(unlink("prog/loop"), 0);
    octi_buffer_deinit(&tar);
    cli_program_deinit(&program);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_compiled_under_its_own_name),
        cmocka_unit_test(a_folder_is_all_its_c_files_in_order),
        cmocka_unit_test(a_lesson_is_what_its_json_says),
        cmocka_unit_test(a_file_of_a_lesson_is_compiled_as_the_lesson_says),
        cmocka_unit_test(what_is_not_there_is_told_with_what_is_near),
        cmocka_unit_test(another_word_is_a_program_in_the_cluster),
        cmocka_unit_test(the_same_sources_make_the_same_bytes),
        cmocka_unit_test(a_file_takes_its_headers_along_and_nothing_else),
        cmocka_unit_test(a_folder_takes_all_but_what_is_hidden),
        cmocka_unit_test(too_much_is_refused),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
