/* exercise/course.h - the student's folder: a folder a lesson, and progress.json.
 *
 * One owner. Nothing of the student's is ever overwritten without a backup. */
#ifndef OCTI_COURSE_H
#define OCTI_COURSE_H

#include "provision/exercise/lesson.h"

typedef struct octi_course {
    char folder[OCTI_PATH - 256];
    char lesson[64]; /* the one whose folder we stand in, or "" */
} octi_course;

/* The folder named, else the current one where it (or the one above it) has progress.json, else
 * "exercises" in the current one. It need not be there. */
OCT_NODISCARD oct_err octi_course_find(const char *named, octi_course *out, oct_error *err);

/* Where a lesson is, or would be. */
const char *octi_course_lesson(const octi_course *course, const char *lesson, char out[OCTI_PATH]);

/* Copies what a student needs: everything but the solution and the build's own files.
 * OCT_E_EXISTS when the folder is there already. */
OCT_NODISCARD oct_err octi_course_start(const octi_course *course, const octi_lesson *lesson, oct_error *err);

/* Moves the folder to backup ("01-map.backup-1", the first that is free) and starts anew. */
OCT_NODISCARD oct_err octi_course_reset(const octi_course *course, const octi_lesson *lesson,
                                        char backup[OCTI_PATH], oct_error *err);

/* True when the student changed the file that the lesson is about. */
bool octi_course_edited(const octi_course *course, const octi_lesson *lesson);

#endif
