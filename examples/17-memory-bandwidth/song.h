/* song.h - a recording, and the effects that it is put through, one after the other.
 *
 * This is the work of the lesson, done already, so that exercise.c and solution.c show
 * only what the lesson is about. */
#ifndef SONG_H
#define SONG_H

#include <stddef.h>
#include <stdint.h>

enum { SAMPLES = 16 << 20, EFFECTS = 16 };

/* Reads `count` samples from number `first` on. Any thread, and so are the others. */
void song_read(int64_t first, int32_t *samples, size_t count);

/* Puts them through one effect, of 0 to EFFECTS - 1. */
void song_effect(int effect, int32_t *samples, size_t count);

/* How loud they are, to be added up. */
int64_t song_loudness(const int32_t *samples, size_t count);

/* Prints how loud the whole song is on stdout, and the time on stderr. */
void song_report(int64_t loudness, double seconds);

/* Seconds since some fixed moment. */
double now(void);

#endif
