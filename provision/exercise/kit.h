/* exercise/kit.h - what an exercise is compiled with: liboctavo three times, octcc, octavo-prep.
 *
 *   KIT/{bin,include,lib}            as under any prefix; bin has octcc and octavo-prep
 *   KIT/thread/{bin,include,lib}     the library with the thread sanitizer: without it in the library
 *   KIT/address/{bin,include,lib}    too, every correct program would be accused of races
 *
 * (//provision/exercise:kit makes it.) Where the last two are missing, their stages are skipped. */
#ifndef OCTI_KIT_H
#define OCTI_KIT_H

#include "provision/exercise/files.h"
#include "provision/exercise/lesson.h"
#include "provision/exercise/trial.h"

typedef enum octi_variant { OCTI_PLAIN, OCTI_THREAD, OCTI_ADDRESS, OCTI_VARIANTS } octi_variant;

typedef struct octi_kit {
    char folder[OCTI_PATH - 64];
} octi_kit;

/* OCTAVO_KIT of the environment, else the prefix that this program is installed under. */
OCT_NODISCARD oct_err octi_kit_find(octi_kit *out, oct_error *err);

bool octi_kit_has(const octi_kit *kit, octi_variant variant);

/* Compiles source and the lesson's others, all in folder, to the program `to`, under the limits of
 * a trial. result->err has the compiler's messages, result->status is not 0 when it refused. */
OCT_NODISCARD oct_err octi_kit_compile(const octi_kit *kit, octi_variant variant, const octi_lesson *lesson,
                                       const char *folder, const char *source, const char *to,
                                       bool (*stop)(void), octi_trial_result *result, oct_error *err);

/* Whether the file `path` would compile, with the headers of folder; as octi_kit_compile. */
OCT_NODISCARD oct_err octi_kit_syntax(const octi_kit *kit, const char *folder, const char *path,
                                      bool (*stop)(void), octi_trial_result *result, oct_error *err);

/* Makes a data set in folder, unless it is there. */
OCT_NODISCARD oct_err octi_kit_prepare(const octi_kit *kit, const char *set, const char *size, uint64_t seed,
                                       const char *folder, bool (*stop)(void), oct_error *err);

#endif
