/* cli/exercise.h - the verbs of `octavo exercise`, and what they share. */
#ifndef OCTI_CLI_EXERCISE_H
#define OCTI_CLI_EXERCISE_H

#include "provision/cli/cli.h"
#include "provision/exercise/check.h"
#include "provision/exercise/course.h"
#include "provision/exercise/record.h"

/* Where a verb works: the lessons that there are, the student's folder and its record. */
typedef struct cli_exercise {
    cli_context *cli;
    char **names; /* of all lessons, in order */
    size_t name_count;
    octi_course course;
    octi_record record;
} cli_exercise;

/* Finds the lesson meant: the one named ("01-map"; "1" and "map" will do), else the one whose folder we stand
 * in, else the first that was started and has not passed. OCT_E_NOTFOUND tells the nearest name. The caller
 * frees. */
OCT_NODISCARD oct_err cli_exercise_lesson(const cli_exercise *exercise, const char *named, octi_lesson *out,
                                          oct_error *err);

/* The first lesson after `name` (NULL: of all) that has not passed; NULL when all have. */
const char *cli_exercise_next(const cli_exercise *exercise, const char *name);

/* A line about each lesson, and a bar of how many have passed. */
void cli_exercise_print_list(const cli_exercise *exercise, FILE *out);

/* "[####....] 2 of 8", into text. */
void cli_exercise_bar(const cli_exercise *exercise, char *text, size_t size);

/* Prints a title, which may be coloured, and a text, broken at blanks where the terminal ends (elsewhere at
 * the 93rd column), its other lines below its first. */
void cli_exercise_wrapped(FILE *out, const char *title, const char *text);

/* Shows the next hint of a lesson, or all again once all were shown. */
OCT_NODISCARD oct_err cli_exercise_hint(cli_exercise *exercise, const octi_lesson *lesson, FILE *out,
                                        oct_error *err);

/* Copies the solution beside the student's file, if it may be seen. */
OCT_NODISCARD oct_err cli_exercise_solution(cli_exercise *exercise, const octi_lesson *lesson, bool anyway,
                                            FILE *out, oct_error *err);

/* For a check's stop: true once Ctrl-C or SIGTERM came. */
bool cli_exercise_interrupted(void);

/* Runs a check and shows each verdict as it comes; notes it in the record and draws the picture. *passed
 * tells whether no stage failed. */
OCT_NODISCARD oct_err cli_exercise_check(cli_exercise *exercise, const octi_lesson *lesson, octi_stage first,
                                         octi_stage last, bool *passed, oct_error *err);

/* The stage 'cluster': on the cluster that is up, by `octavo run`; where none is, on ranks of this machine,
 * as octi_stage_ranks. Never starts one. */
OCT_NODISCARD oct_err cli_exercise_cluster(const cli_context *cli, octi_workbench *bench,
                                           octi_verdict *verdict, oct_error *err);

/* The verbs with files of their own; each returns the exit status. */
int cli_exercise_watch(cli_exercise *exercise, int argc, char **argv);
int cli_exercise_report(cli_exercise *exercise, int argc, char **argv);
int cli_exercise_new(cli_exercise *exercise, int argc, char **argv);

/* The teacher's check of a lesson, as far as `last`. */
int cli_exercise_prove(cli_exercise *exercise, const char *name, octi_stage last);

#endif
