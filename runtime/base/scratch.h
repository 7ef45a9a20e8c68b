/* base/scratch.h - temporary files without a name: they are gone with the last who has them open or mapped,
 * however he ends. */
#ifndef OCTI_SCRATCH_H
#define OCTI_SCRATCH_H

/* Where they are: the folder that TMPDIR names, else /tmp. */
const char *octi_scratch_folder(void);

/* An empty file for reading and writing, closed on exec; -1 and errno. */
int octi_scratch_open(void);

#endif
