/* A table and a matrix to HDF5 and back: hdf5 [--pool=SPEC]. */
#include <oct/hdf5.h>
#include <oct/oct.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char days[] =
    "{\"day\":\"2013-01-02\",\"close\":78.5}\n{\"day\":\"2013-01-03\",\"close\":null}\n";

static oct_err table(oct_pool *pool, const char *folder, oct_error *err)
{
    char lines[64], file[64];
    snprintf(lines, sizeof(lines), "%s/days.jsonl", folder);
    snprintf(file, sizeof(file), "%s/days.h5", folder);
    FILE *to = fopen(lines, "w");
    if (!to || fputs(days, to) < 0 || fclose(to) != 0)
        return oct_fail(err, OCT_E_IO, "cannot write '%s'", lines);
    oct_frame *read = oct_read_jsonl(pool, lines), *again = NULL;
    oct_err code = oct_hdf5_write_frame(read, file, err);
    if (code == OCT_OK && (again = oct_hdf5_read_frame(pool, file, "day, close", err)))
        code = oct_frame_print(again, stdout);
    oct_frame_destroy(read);
    oct_frame_destroy(again);
    unlink(lines);
    unlink(file);
    return code;
}

static oct_err matrix(oct_pool *pool, const char *folder, oct_error *err)
{
    char file[64];
    double *values = NULL, sum = 0;
    size_t rows, columns;
    snprintf(file, sizeof(file), "%s/matrix.h5", folder);
    oct_array *ones = oct_array_full(pool, 3, 4, 1);
    oct_err code = oct_hdf5_write_array(ones, file, "/ones", err);
    if (code == OCT_OK &&
        (code = oct_hdf5_read_array(file, "/ones", &values, &rows, &columns, err)) == OCT_OK) {
        oct_array *read = oct_array_from(pool, values, rows, columns), *total = oct_array_sum(read, OCT_ALL);
        code = oct_array_gather(total, &sum);
        printf("%zu x %zu, sum %g\n", rows, columns, sum);
        oct_array_destroy(read);
        oct_array_destroy(total);
    }
    oct_array_destroy(ones);
    free(values);
    unlink(file);
    return code;
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    oct_error err = OCT_ERROR_INIT;
    char folder[] = "/tmp/hdf5.XXXXXX";
    if (!mkdtemp(folder))
        return 1;
    oct_err code = table(pool, folder, &err);
    if (code == OCT_OK)
        code = matrix(pool, folder, &err);
    if (code != OCT_OK)
        fprintf(stderr, "%s\n", err.what[0] ? err.what : oct_last_error()->what);
    rmdir(folder);
    oct_pool_close(pool);
    return code != OCT_OK;
}
