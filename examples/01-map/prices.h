/* prices.h - minute prices: read from JSON lines, written as HDF5.
 *
 * This is the work of the lesson, done already, so that exercise.c and solution.c show
 * only what the lesson is about. */
#ifndef PRICES_H
#define PRICES_H

#include <stddef.h>
#include <stdint.h>

#include <oct/error.h>

/* A table by columns; row i is one minute. */
typedef struct prices {
    size_t rows, capacity;
    int64_t *timestamp; /* seconds since 1970 */
    double *open, *high, *low, *close;
} prices;

/* What one file cost; a plain value, so it travels from any node. */
typedef struct conversion {
    int64_t rows;
    int64_t bytes_in, bytes_out;
    double seconds_reading, seconds_writing;
    uint64_t digest; /* of the HDF5 file's bytes */
} conversion;

/* Reads one JSON object a line with Jansson. A line that is not what it should be is
 * OCT_E_INVALID and named: "data/x.json:17: ...". The caller frees with prices_free. */
oct_err prices_read_json(const char *path, prices *out, int64_t *bytes, oct_error *err);

/* Writes one data set a column, the same bytes for the same prices. The file appears
 * under its name when it is complete. */
oct_err prices_write_hdf5(const prices *prices, const char *path, int64_t *bytes, uint64_t *digest,
                          oct_error *err);

void prices_free(prices *prices);

/* Reads json_path and writes it as HDF5 into the folder hdf5_dir, which it makes, under the same name. */
oct_err convert_file(const char *json_path, const char *hdf5_dir, conversion *out, oct_error *err);

/* The *.json files of a folder, sorted by name; the caller frees with list_free. */
oct_err list_json(const char *dir, char ***paths, size_t *count, oct_error *err);
void list_free(char **paths, size_t count);

/* Finds the *.json files in folder/json and makes folder/hdf5 for the results, or ends the
 * program saying why not. */
void prepare(const char *folder, char *hdf5_dir, size_t size, char ***paths, size_t *count);

/* Ends the program with an error's message and hint. */
__attribute__((noreturn)) void die(const oct_error *err);

/* Prints the result on stdout, the same whatever computed it, and the times on stderr. */
void print_summary(const conversion *files, size_t count, double seconds);

/* Seconds since some fixed moment. */
double now(void);

#endif
