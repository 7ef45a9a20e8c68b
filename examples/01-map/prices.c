#include <errno.h>
#include <glob.h>
#include <hdf5.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "prices.h"

/* The HDF5 library keeps global state and Debian builds it without locks: two threads in
 * it at once corrupt each other's files. Processes and nodes have one library each, but
 * with --pool=threads this lock is what keeps the answer right, and the writing serial. */
static pthread_mutex_t hdf5_lock = PTHREAD_MUTEX_INITIALIZER;

double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void prices_free(prices *p)
{
    free(p->timestamp);
    free(p->open);
    free(p->high);
    free(p->low);
    free(p->close);
    *p = (prices){0};
}

static int grow(prices *p)
{
    size_t capacity = p->capacity ? 2 * p->capacity : 4096;
    double **columns[] = {&p->open, &p->high, &p->low, &p->close};
    for (int i = 0; i < 4; i++) {
        double *column = realloc(*columns[i], capacity * sizeof(double));
        if (!column)
            return -1;
        *columns[i] = column;
    }
    int64_t *timestamp = realloc(p->timestamp, capacity * sizeof(int64_t));
    if (!timestamp)
        return -1;
    p->timestamp = timestamp;
    p->capacity = capacity;
    return 0;
}

/* "2013-01-02 09:30:00" in seconds since 1970; false when it is not such a text. */
static int parse_timestamp(const char *text, int64_t *seconds)
{
    struct tm tm = {0};
    int end = 0;
    int fields = sscanf(text, "%4d-%2d-%2d %2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
                        &tm.tm_min, &tm.tm_sec, &end);
    if (fields != 6 || text[end] != '\0' || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 ||
        tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
        return 0;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    *seconds = timegm(&tm);
    return 1;
}

static oct_err read_line(prices *p, const char *line, size_t length, const char *path, size_t number,
                         oct_error *err)
{
    json_error_t why;
    json_t *object = json_loadb(line, length, 0, &why);
    if (!object)
        return oct_fail(err, OCT_E_INVALID, "%s:%zu: not JSON: %s, column %d", path, number, why.text,
                        why.column);

    oct_err code = OCT_OK;
    const char *timestamp;
    double value[4];
    if (p->rows == p->capacity && grow(p) != 0)
        code = oct_fail(err, OCT_E_NOMEM, "%s:%zu: out of memory", path, number);
    else if (json_unpack_ex(object, &why, 0, "{s:s, s:F, s:F, s:F, s:F}", "timestamp", &timestamp, "open",
                            &value[0], "high", &value[1], "low", &value[2], "close", &value[3]) != 0)
        code = oct_fail(err, OCT_E_INVALID, "%s:%zu: %s", path, number, why.text);
    else if (!parse_timestamp(timestamp, &p->timestamp[p->rows]))
        code = oct_fail(err, OCT_E_INVALID, "%s:%zu: '%.40s' is not a time like 2013-01-02 09:30:00", path,
                        number, timestamp);
    if (code == OCT_OK) {
        p->open[p->rows] = value[0];
        p->high[p->rows] = value[1];
        p->low[p->rows] = value[2];
        p->close[p->rows] = value[3];
        p->rows++;
    }
    json_decref(object);
    return code;
}

oct_err prices_read_json(const char *path, prices *out, int64_t *bytes, oct_error *err)
{
    FILE *file = fopen(path, "r");
    if (!file) {
        oct_fail(err, errno == ENOENT ? OCT_E_NOTFOUND : OCT_E_IO, "cannot open '%s': %s", path,
                 strerror(errno));
        return oct_hint(err, "'octavo prep stocks' makes the data");
    }

    prices p = {0};
    char *line = NULL;
    size_t room = 0, number = 0;
    ssize_t length;
    oct_err code = OCT_OK;
    *bytes = 0;
    while (code == OCT_OK && (length = getline(&line, &room, file)) >= 0) {
        *bytes += length;
        code = read_line(&p, line, (size_t)length, path, ++number, err);
    }
    if (code == OCT_OK && ferror(file))
        code = oct_fail(err, OCT_E_IO, "cannot read '%s': %s", path, strerror(errno));
    free(line);
    fclose(file);
    if (code == OCT_OK)
        *out = p;
    else
        prices_free(&p);
    return code;
}

static int write_column(hid_t file, const char *name, hid_t disk, hid_t memory, const void *values,
                        hsize_t rows)
{
    hid_t plain = H5Pcreate(H5P_DATASET_CREATE);
    /* Without this HDF5 notes the time, and no two files are equal. */
    H5Pset_obj_track_times(plain, 0);
    hid_t space = H5Screate_simple(1, &rows, NULL);
    hid_t column = H5Dcreate2(file, name, disk, space, H5P_DEFAULT, plain, H5P_DEFAULT);
    int failed =
        column < 0 || (rows > 0 && H5Dwrite(column, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0);
    if (column >= 0)
        H5Dclose(column);
    H5Sclose(space);
    H5Pclose(plain);
    return failed;
}

static int write_columns(const prices *p, const char *path)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    if (file < 0)
        return -1;
    int failed = write_column(file, "timestamp", H5T_STD_I64LE, H5T_NATIVE_INT64, p->timestamp, p->rows) ||
                 write_column(file, "open", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, p->open, p->rows) ||
                 write_column(file, "high", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, p->high, p->rows) ||
                 write_column(file, "low", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, p->low, p->rows) ||
                 write_column(file, "close", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, p->close, p->rows);
    return H5Fclose(file) < 0 || failed ? -1 : 0;
}

/* FNV-1a, 64 bits, taken eight bytes at a time to be quick: a change anywhere shows. */
static oct_err digest_file(const char *path, int64_t *bytes, uint64_t *digest, oct_error *err)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return oct_fail(err, OCT_E_IO, "cannot open '%s': %s", path, strerror(errno));
    uint64_t hash = 0xcbf29ce484222325u, words[4096];
    size_t size;
    *bytes = 0;
    while ((size = fread(words, 1, sizeof(words), file)) > 0) {
        memset((char *)words + size, 0, (sizeof(words) - size) % 8);
        for (size_t i = 0; i < (size + 7) / 8; i++)
            hash = (hash ^ words[i]) * 0x100000001b3u;
        *bytes += (int64_t)size;
    }
    int failed = ferror(file);
    fclose(file);
    *digest = hash;
    return failed ? oct_fail(err, OCT_E_IO, "cannot read '%s'", path) : OCT_OK;
}

oct_err prices_write_hdf5(const prices *p, const char *path, int64_t *bytes, uint64_t *digest, oct_error *err)
{
    /* A name of its own: without a pool, every node of a cluster runs main and writes the file. */
    char part[4096];
    snprintf(part, sizeof(part), "%s.part-XXXXXX", path);
    int fd = mkstemp(part);
    if (fd < 0 || fchmod(fd, 0644) != 0 || close(fd) != 0)
        return oct_fail(err, OCT_E_IO, "cannot create '%s': %s", part, strerror(errno));

    pthread_mutex_lock(&hdf5_lock);
    int failed = write_columns(p, part);
    pthread_mutex_unlock(&hdf5_lock);

    oct_err code = OCT_OK;
    if (failed)
        code = oct_fail(err, OCT_E_IO, "cannot write '%s': HDF5 failed (disk full, or not allowed?)", part);
    if (code == OCT_OK)
        code = digest_file(part, bytes, digest, err);
    if (code == OCT_OK && rename(part, path) != 0)
        code = oct_fail(err, OCT_E_IO, "cannot rename '%s': %s", part, strerror(errno));
    if (code != OCT_OK)
        unlink(part);
    return code;
}

/* Also by each task: nodes may share no folder, and then the one that main makes is on its node alone. */
static oct_err make_folder(const char *path, oct_error *err)
{
    if (mkdir(path, 0755) != 0 && errno != EEXIST)
        return oct_fail(err, OCT_E_IO, "cannot make the folder '%s': %s", path, strerror(errno));
    return OCT_OK;
}

oct_err convert_file(const char *json_path, const char *hdf5_dir, conversion *out, oct_error *err)
{
    const char *name = strrchr(json_path, '/') ? strrchr(json_path, '/') + 1 : json_path;
    char hdf5_path[4000];
    if (snprintf(hdf5_path, sizeof(hdf5_path), "%s/%.*s.h5", hdf5_dir, (int)strcspn(name, "."), name) >=
        (int)sizeof(hdf5_path))
        return oct_fail(err, OCT_E_INVALID, "the path '%.80s...' is too long", hdf5_dir);

    prices p = {0};
    conversion c = {0};
    double start = now();
    oct_err code = make_folder(hdf5_dir, err);
    if (code == OCT_OK)
        code = prices_read_json(json_path, &p, &c.bytes_in, err);
    if (code != OCT_OK)
        return code;
    c.rows = (int64_t)p.rows;
    double read = now();
    code = prices_write_hdf5(&p, hdf5_path, &c.bytes_out, &c.digest, err);
    c.seconds_reading = read - start;
    c.seconds_writing = now() - read;
    prices_free(&p);
    if (code == OCT_OK)
        *out = c;
    return code;
}

oct_err list_json(const char *dir, char ***paths, size_t *count, oct_error *err)
{
    char pattern[4096];
    snprintf(pattern, sizeof(pattern), "%s/*.json", dir);
    glob_t found;
    int result = glob(pattern, 0, NULL, &found);
    if (result != 0 || found.gl_pathc == 0) {
        if (result == 0)
            globfree(&found);
        oct_fail(err, OCT_E_NOTFOUND, "no .json files in '%s'", dir);
        return oct_hint(err, "'octavo prep stocks' makes the data");
    }
    char **copy = calloc(found.gl_pathc, sizeof(*copy));
    for (size_t i = 0; copy && i < found.gl_pathc; i++)
        if (!(copy[i] = strdup(found.gl_pathv[i]))) {
            list_free(copy, i);
            copy = NULL;
        }
    *count = found.gl_pathc;
    *paths = copy;
    globfree(&found);
    return copy ? OCT_OK : oct_fail(err, OCT_E_NOMEM, "out of memory");
}

void list_free(char **paths, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(paths[i]);
    free(paths);
}

void die(const oct_error *err)
{
    fprintf(stderr, "error: %s\n", err->what);
    if (err->hint[0])
        fprintf(stderr, "\nhint: %s\n", err->hint);
    exit(1);
}

void prepare(const char *folder, char *hdf5_dir, size_t size, char ***paths, size_t *count)
{
    char json_dir[4000];
    oct_error err;
    snprintf(json_dir, sizeof(json_dir), "%s/json", folder);
    snprintf(hdf5_dir, size, "%s/hdf5", folder);
    if (list_json(json_dir, paths, count, &err) != OCT_OK || make_folder(hdf5_dir, &err) != OCT_OK)
        die(&err);
}

void print_summary(const conversion *files, size_t count, double seconds)
{
    conversion sum = {0};
    for (size_t i = 0; i < count; i++) {
        sum.rows += files[i].rows;
        sum.bytes_in += files[i].bytes_in;
        sum.bytes_out += files[i].bytes_out;
        sum.seconds_reading += files[i].seconds_reading;
        sum.seconds_writing += files[i].seconds_writing;
        sum.digest = sum.digest * 31 + files[i].digest;
    }
    printf("%zu files, %lld prices, %.1f MB of JSON to %.1f MB of HDF5, digest %016llx\n", count,
           (long long)sum.rows, (double)sum.bytes_in / 1e6, (double)sum.bytes_out / 1e6,
           (unsigned long long)sum.digest);
    fflush(stdout);
    fprintf(stderr, "%.2f s in all; of the work, %.2f s reading JSON and %.2f s writing HDF5\n", seconds,
            sum.seconds_reading, sum.seconds_writing);
}
