#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "provision/exercise/course.h"
#include "provision/exercise/record.h"
#include "provision/exercise/reference.h"

static char root[64];

static void write_to(const char *name, const char *text)
{
    char path[OCTI_PATH];
    assert_int_equal(octi_write_file(octi_path(path, root, name), text, strlen(text), NULL), OCT_OK);
}

static void make(const char *name)
{
    char path[OCTI_PATH];
    assert_int_equal(octi_make_folder(octi_path(path, root, name), NULL), OCT_OK);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(root, sizeof(root), "/tmp/lesson.XXXXXX");
    if (!mkdtemp(root))
        return -1;
    make("examples/01-one");
    make("examples/02-two");
    make("examples/reference");
    write_to("examples/reference/lesson.json", "{\"title\": \"none\"}");
    write_to("examples/02-two/lesson.json", "{ spoilt");
    write_to("examples/01-one/exercise.c", "int main(void) { return 0; }\n");
    write_to("examples/01-one/solution.c", "secret\n");
    write_to("examples/01-one/help.h", "help\n");
    write_to("examples/01-one/BUILD", "build\n");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    octi_remove_folder(root);
    return 0;
}

#define LESSON(exercise)                                                                                     \
    "{\"title\": \"One\", \"program\": \"solution.c\", \"sequential\": \"exercise.c\", "                     \
    "\"exercise\": " exercise "}"

static oct_err load(const char *json, octi_lesson *lesson, oct_error *err)
{
    write_to("examples/01-one/lesson.json", json);
    return octi_lesson_load(root, "01-one", lesson, err);
}

static void what_is_left_out_has_its_usual_value(void **state)
{
    (void)state;
    octi_lesson lesson;
    assert_int_equal(load(LESSON("{}"), &lesson, NULL), OCT_OK);
    assert_string_equal(lesson.title, "One");
    assert_string_equal(lesson.exercise, "exercise.c");
    assert_int_equal(lesson.seed_count, 1);
    assert_int_equal(lesson.compare, OCTI_COMPARE_EXACT);
    for (octi_stage stage = 0; stage < OCTI_STAGES; stage++) {
        assert_true(lesson.stages[stage]);
        assert_string_equal(lesson.read[stage], "What to do");
    }
    octi_lesson_deinit(&lesson);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    octi_lesson lesson;
    assert_int_equal(
        load(LESSON("{\"data\": {\"stocks\": {\"size\": \"1m\", \"speed_size\": \"9m\"}}, \"seeds\": [1, 2],"
                    "\"compare\": \"numbers\", \"tolerance\": 0.5, \"stages\": [\"answer\", \"leak\"],"
                    "\"read\": {\"leak\": \"The idea\"}, \"hints\": [\"a\", \"b\"], \"seconds\": 3}"),
             &lesson, NULL),
        OCT_OK);
    assert_int_equal(lesson.data_count, 1);
    assert_string_equal(lesson.data[0].speed_size, "9m");
    assert_int_equal(lesson.seeds[1], 2);
    assert_int_equal(lesson.compare, OCTI_COMPARE_NUMBERS);
    assert_true(lesson.stages[OCTI_STAGE_COMPILE] && lesson.stages[OCTI_STAGE_LEAK]);
    assert_false(lesson.stages[OCTI_STAGE_SPEED]);
    assert_string_equal(lesson.read[OCTI_STAGE_LEAK], "The idea");
    assert_int_equal(lesson.hint_count, 2);
    assert_true(lesson.seconds == 3);
    octi_lesson_deinit(&lesson);
}

static void what_makes_no_sense_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *json, *key;
    } wrong[] = {
        {LESSON("[]"), "'exercise'"},
        {LESSON("{\"compare\": \"roughly\"}"), "'compare'"},
        {LESSON("{\"stages\": [\"smell\"]}"), "'stages'"},
        {LESSON("{\"seeds\": []}"), "'seeds'"},
        {LESSON("{\"seeds\": [1.5]}"), "'seeds'"},
        {LESSON("{\"hints\": [1]}"), "'hints'"},
        {LESSON("{\"data\": {\"../x\": {\"size\": \"1m\"}}}"), "'data'"},
        {LESSON("{\"seconds\": -1}"), "'seconds'"},
        {LESSON("{\"read\": {\"smell\": \"x\"}}"), "'read'"},
        {"{\"title\": \"x\", \"program\": \"../solution.c\", \"sequential\": \"a.c\", \"exercise\": {}}",
         "'program'"},
        {"{\"program\": \"solution.c\", \"sequential\": \"a.c\", \"exercise\": {}}", "'title'"},
        {"{", "lesson.json:1"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        octi_lesson lesson;
        oct_error err;
        assert_int_equal(load(wrong[i].json, &lesson, &err), OCT_E_INVALID);
        if (!strstr(err.what, wrong[i].key))
            fail_msg("'%s' does not name %s", err.what, wrong[i].key);
    }
}

static void the_catalogue_has_exercises_and_spoilt_ones_only(void **state)
{
    (void)state;
    char **names;
    size_t count;
    write_to("examples/01-one/lesson.json", LESSON("{}"));
    assert_int_equal(octi_lesson_names(root, &names, &count, NULL), OCT_OK);
    assert_int_equal(count, 2);
    assert_string_equal(names[0], "01-one");
    assert_string_equal(names[1], "02-two");
    octi_lesson_names_free(names, count);
}

static void names_that_leave_the_folder_are_no_lessons(void **state)
{
    (void)state;
    octi_lesson lesson;
    assert_int_equal(octi_lesson_load(root, "../examples/01-one", &lesson, NULL), OCT_E_NOTFOUND);
    assert_int_equal(octi_lesson_load(root, "", &lesson, NULL), OCT_E_NOTFOUND);
    assert_int_equal(octi_lesson_load(root, "09-none", &lesson, NULL), OCT_E_NOTFOUND);
}

/* --- the student's folder --- */

static bool has(const octi_course *course, const char *name)
{
    char path[OCTI_PATH];
    return octi_has_file(octi_path(path, course->folder, name));
}

static void a_student_gets_all_but_the_solution_and_the_build(void **state)
{
    (void)state;
    octi_lesson lesson;
    octi_course course;
    char folder[OCTI_PATH];
    assert_int_equal(load(LESSON("{}"), &lesson, NULL), OCT_OK);
    assert_int_equal(octi_course_find(octi_path(folder, root, "mine"), &course, NULL), OCT_OK);
    assert_int_equal(octi_course_start(&course, &lesson, NULL), OCT_OK);
    assert_true(has(&course, "01-one/exercise.c") && has(&course, "01-one/help.h"));
    assert_false(has(&course, "01-one/solution.c") || has(&course, "01-one/BUILD"));
    assert_false(octi_course_edited(&course, &lesson));

    oct_error err;
    assert_int_equal(octi_course_start(&course, &lesson, &err), OCT_E_EXISTS);
    assert_non_null(strstr(err.hint, "reset 01-one"));
    octi_lesson_deinit(&lesson);
}

static void a_reset_keeps_what_was_there_each_time(void **state)
{
    (void)state;
    octi_lesson lesson;
    octi_course course;
    char folder[OCTI_PATH], backup[OCTI_PATH];
    assert_int_equal(load(LESSON("{}"), &lesson, NULL), OCT_OK);
    assert_int_equal(octi_course_find(octi_path(folder, root, "mine"), &course, NULL), OCT_OK);
    assert_int_equal(octi_course_reset(&course, &lesson, backup, NULL), OCT_E_NOTFOUND);
    assert_int_equal(octi_course_start(&course, &lesson, NULL), OCT_OK);
    for (int i = 1; i <= 2; i++) {
        write_to("mine/01-one/exercise.c", "edited\n");
        assert_true(octi_course_edited(&course, &lesson));
        assert_int_equal(octi_course_reset(&course, &lesson, backup, NULL), OCT_OK);
        assert_false(octi_course_edited(&course, &lesson));
    }
    assert_true(has(&course, "01-one.backup-1/exercise.c") && has(&course, "01-one.backup-2/exercise.c"));
    octi_lesson_deinit(&lesson);
}

/* --- progress --- */

static void progress_is_what_was_noted(void **state)
{
    (void)state;
    octi_lesson lesson;
    octi_record record;
    assert_int_equal(load(LESSON("{}"), &lesson, NULL), OCT_OK);
    assert_int_equal(octi_record_open(root, &record, NULL), OCT_OK);
    assert_false(octi_record_started(&record, "01-one"));
    octi_record_start(&record, "01-one");
    octi_record_hint(&record, "01-one", 2);

    octi_check check = {.lesson = &lesson, .count = 2};
    check.verdicts[0] = (octi_verdict){.stage = OCTI_STAGE_COMPILE, .outcome = OCTI_PASSED};
    check.verdicts[1] =
        (octi_verdict){.stage = OCTI_STAGE_RACE, .outcome = OCTI_FAILED, .cause = OCTI_CAUSE_RACE};
    octi_record_check(&record, &check);
    assert_int_equal(octi_record_save(&record, NULL), OCT_OK);
    octi_record_close(&record);

    assert_int_equal(octi_record_open(root, &record, NULL), OCT_OK);
    assert_true(octi_record_started(&record, "01-one"));
    assert_false(octi_record_passed(&record, "01-one"));
    assert_string_equal(octi_record_stuck(&record, "01-one"), "race");
    assert_int_equal(octi_record_hints(&record, "01-one"), 2);

    check.count = 1;
    check.passed = true;
    octi_record_check(&record, &check);
    assert_true(octi_record_passed(&record, "01-one"));
    assert_null(octi_record_stuck(&record, "01-one"));

    /* Once passed, it stays so: a later experiment takes nothing away. */
    check.count = 2;
    check.passed = false;
    octi_record_check(&record, &check);
    assert_true(octi_record_passed(&record, "01-one"));
    octi_record_close(&record);
    octi_lesson_deinit(&lesson);
}

/* Two stages, the first passed; what became of speed is the caller's. */
static octi_check checked(const octi_lesson *lesson, uint64_t digest, octi_outcome speed, bool later)
{
    octi_check check = {.lesson = lesson, .count = 2, .digest = digest};
    check.verdicts[0] = (octi_verdict){.stage = OCTI_STAGE_COMPILE, .outcome = OCTI_PASSED};
    check.verdicts[1] = (octi_verdict){.stage = OCTI_STAGE_SPEED, .outcome = speed, .later = later};
    return check;
}

static void note(octi_record *record, octi_check check)
{
    octi_record_complete(record, &check);
    octi_record_check(record, &check);
}

/* Opens both, and notes a check of the program 7 that is right; how fast it is could not be told. */
static octi_check right_but_for_speed(octi_lesson *lesson, octi_record *record)
{
    assert_int_equal(load(LESSON("{}"), lesson, NULL), OCT_OK);
    assert_int_equal(octi_record_open(root, record, NULL), OCT_OK);
    octi_check whole = checked(lesson, 7, OCTI_SKIPPED, true);
    whole.right = true;
    note(record, whole);
    return whole;
}

static void what_was_left_for_later_passes_when_it_is_told_of_the_same_program(void **state)
{
    (void)state;
    octi_lesson lesson;
    octi_record record;
    (void)right_but_for_speed(&lesson, &record);
    assert_string_equal(octi_record_state(&record, "01-one"), "right");

    /* Busy once more, or another stage: it stays right. */
    note(&record, checked(&lesson, 7, OCTI_SKIPPED, true));
    assert_string_equal(octi_record_state(&record, "01-one"), "right");
    octi_check other = checked(&lesson, 7, OCTI_PASSED, false);
    other.verdicts[1].stage = OCTI_STAGE_LEAK;
    note(&record, other);
    assert_string_equal(octi_record_state(&record, "01-one"), "right");

    note(&record, checked(&lesson, 7, OCTI_PASSED, false));
    assert_string_equal(octi_record_state(&record, "01-one"), "passed");
    const json_t *known = octi_record_lesson(&record, "01-one");
    assert_null(json_object_get(known, "later"));
    assert_string_equal(json_string_value(json_object_get(json_object_get(known, "stages"), "leak")),
                        "passed");
    octi_record_close(&record);
    octi_lesson_deinit(&lesson);
}

static void what_was_found_of_one_program_says_nothing_of_another(void **state)
{
    (void)state;
    octi_lesson lesson;
    octi_record record;
    octi_check whole = right_but_for_speed(&lesson, &record);
    note(&record, checked(&lesson, 8, OCTI_PASSED, false));
    assert_string_equal(octi_record_state(&record, "01-one"), "started");
    note(&record, checked(&lesson, 7, OCTI_PASSED, false));
    assert_string_equal(octi_record_state(&record, "01-one"), "started");

    note(&record, whole);
    note(&record, checked(&lesson, 7, OCTI_FAILED, false));
    assert_string_equal(octi_record_state(&record, "01-one"), "speed");
    octi_record_close(&record);
    octi_lesson_deinit(&lesson);
}

static void a_program_is_another_one_when_its_header_is(void **state)
{
    (void)state;
    octi_lesson lesson;
    octi_workbench bench = {.lesson = &lesson, .source = "exercise.c"};
    assert_int_equal(load(LESSON("{}"), &lesson, NULL), OCT_OK);
    snprintf(bench.student, sizeof(bench.student), "%s/examples/01-one", root);
    uint64_t before = octi_workbench_digest(&bench);
    assert_true(octi_workbench_digest(&bench) == before);
    write_to("examples/01-one/help.h", "help more\n");
    uint64_t helped = octi_workbench_digest(&bench);
    assert_true(helped != before);
    write_to("examples/01-one/exercise.c", "int main(void) { return 1; }\n");
    assert_true(octi_workbench_digest(&bench) != helped);
    octi_lesson_deinit(&lesson);
}

static void spoilt_progress_is_told_and_kept(void **state)
{
    (void)state;
    octi_record record;
    oct_error err;
    write_to("progress.json", "{\"lessons\": ");
    assert_int_equal(octi_record_open(root, &record, &err), OCT_E_INVALID);
    assert_non_null(strstr(err.what, "progress.json:1"));
    write_to("progress.json", "{\"lessons\": 3}");
    assert_int_equal(octi_record_open(root, &record, &err), OCT_E_INVALID);
    write_to("progress.json", "{\"lessons\": {\"01-one\": 3, \"02-two\": {\"hints\": -5, \"passed\": 1}}}");
    assert_int_equal(octi_record_open(root, &record, &err), OCT_OK);
    assert_false(octi_record_started(&record, "01-one"));
    assert_false(octi_record_passed(&record, "02-two"));
    assert_int_equal(octi_record_hints(&record, "02-two"), 0);
    octi_record_start(&record, "01-one");
    assert_true(octi_record_started(&record, "01-one"));
    octi_record_close(&record);
    write_to("progress.json", "{\"lessons\": {\"01-one\": {\"started\": \"now\", \"stuck\": \"\\u001b[2J\"},"
                              " \"02-two\": {\"started\": \"now\", \"stuck\": \"race\"}}}");
    assert_int_equal(octi_record_open(root, &record, &err), OCT_OK);
    assert_string_equal(octi_record_state(&record, "01-one"), "started");
    assert_string_equal(octi_record_state(&record, "02-two"), "race");
    octi_record_close(&record);
}

static void a_reference_says_what_it_is_in_its_first_words(void **state)
{
    (void)state;
    octi_reference found[OCTI_REFERENCES];
    write_to("examples/reference/one_lock.c",
             "/* One lock: for\n * all of them.\n *\n *   one_lock */\nint main(void)\n");
    write_to("examples/reference/helper.c", "/* Not a program. */\nint help(void);\n");
    write_to("examples/reference/silent.c", "\nint main(void)\n");
    assert_int_equal(octi_references(root, found), 1);
    assert_string_equal(found[0].name, "one_lock");
    assert_string_equal(found[0].title, "One lock: for all of them");
    assert_int_equal(octi_references("/nowhere", found), 0);
}

static void a_full_disk_is_told_with_the_way_out(void **state)
{
    (void)state;
    char path[OCTI_PATH], part[OCTI_PATH + 32];
    oct_error err = OCT_ERROR_INIT;
    octi_path(path, root, "full");
    snprintf(part, sizeof(part), "%s.%ld.part", path,
             (long)getpid()); /* what it is called until it is whole */
    assert_int_equal(symlink("/dev/full", part), 0);
    assert_int_equal(octi_write_file(path, "text", 4, &err), OCT_E_EXHAUSTED);
    assert_non_null(strstr(err.what, "No space left on device"));
    assert_non_null(strstr(err.hint, "df -h"));
    assert_false(octi_has_file(path) || octi_has_file(part));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_reference_says_what_it_is_in_its_first_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_left_out_has_its_usual_value, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_written_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_makes_no_sense_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_catalogue_has_exercises_and_spoilt_ones_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_that_leave_the_folder_are_no_lessons, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_student_gets_all_but_the_solution_and_the_build, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reset_keeps_what_was_there_each_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(progress_is_what_was_noted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_left_for_later_passes_when_it_is_told_of_the_same_program,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_found_of_one_program_says_nothing_of_another, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_program_is_another_one_when_its_header_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(spoilt_progress_is_told_and_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_is_told_with_the_way_out, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
