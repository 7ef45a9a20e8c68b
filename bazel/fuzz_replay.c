/* main() for a fuzz target built without libFuzzer: each file named on the command
 * line is run as it is, then a fixed number of seeded mutations of it. That keeps every
 * fuzz target an ordinary, deterministic test; --config=fuzz does the searching. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MUTATIONS = 2000, MAX_INPUT = 1 << 20 };

static uint64_t next_random(uint64_t *state)
{
    /* SplitMix64, Steele, Lea and Flood, OOPSLA 2014. */
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Runs one exact-sized heap copy, so that the sanitizers see a read past the end. */
static void run_copy(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        exit(2);
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static size_t mutate(uint8_t *data, size_t size, uint64_t *state)
{
    for (unsigned edits = 1 + next_random(state) % 4; edits > 0 && size > 0; edits--) {
        size_t at = next_random(state) % size;
        switch (next_random(state) % 4) {
        case 0:
            data[at] ^= (uint8_t)(1u << next_random(state) % 8);
            break;
        case 1:
            data[at] = (uint8_t)next_random(state);
            break;
        case 2:
            size = at;
            break;
        default:
            memmove(data + at, data + at + 1, size - at - 1);
            size--;
        }
    }
    return size;
}

static int replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *seed = malloc(MAX_INPUT), *work = malloc(MAX_INPUT);
    if (!file || !seed || !work) {
        fprintf(stderr, "cannot read '%s'\n", path);
        return 2;
    }
    size_t size = fread(seed, 1, MAX_INPUT, file);
    fclose(file);

    uint64_t state = size;
    run_copy(seed, size);
    for (int i = 0; i < MUTATIONS; i++) {
        memcpy(work, seed, size);
        run_copy(work, mutate(work, size, &state));
    }
    free(seed);
    free(work);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "no corpus given\n");
        return 2;
    }
    for (int i = 1; i < argc; i++)
        if (replay(argv[i]) != 0)
            return 2;
    return 0;
}
