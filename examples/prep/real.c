#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "examples/prep/checksum.h"
#include "examples/prep/fetch.h"
#include "examples/prep/output.h"
#include "examples/prep/real.h"
#include "examples/prep/text.h"

enum { COLUMNS = 18, FIELDS_MOST = 32, LINE = 4096, PATH = 4096, FILE_BUFFER = 1 << 18 };

static const char parquet_hint[] =
    "write it as CSV first: python3 -c \"import pandas; pandas.read_parquet('X.parquet').to_csv('X.csv', "
    "index=False)\"";

/* --- where --- */

bool real_is_address(const char *from)
{
    return strncmp(from, "http://", 7) == 0 || strncmp(from, "https://", 8) == 0;
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* Where `from`, a folder, has a month. */
static void place(const char *from, int month, const char *ending, char to[PATH])
{
    snprintf(to, PATH, "%s/yellow_tripdata_2019-%02d%s", from, month + 1, ending);
}

/* The month that the name of a file is of, by one of our endings; -1: of none. */
static int month_named(const char *from, const char *ending)
{
    const char *base = strrchr(from, '/');
    char name[64];
    base = base ? base + 1 : from;
    for (int month = 0; month < TAXI_MONTHS; month++) {
        snprintf(name, sizeof(name), "yellow_tripdata_2019-%02d%s", month + 1, ending);
        if (strcmp(base, name) == 0)
            return month;
    }
    return -1;
}

static bool ends_in(const char *text, const char *ending)
{
    size_t length = strlen(text), tail = strlen(ending);
    return length >= tail && strcmp(text + length - tail, ending) == 0;
}

static bool is_one_file(const char *from)
{
    return ends_in(from, ".csv") || ends_in(from, ".csv.gz") || ends_in(from, ".parquet");
}

static oct_err find_one(const char *from, real_months *out, oct_error *err)
{
    if (ends_in(from, ".parquet")) {
        oct_fail(err, OCT_E_UNSUPPORTED, "'%s' is Parquet, which is not read here", from);
        return oct_hint(err, "%s", parquet_hint);
    }
    int month = month_named(from, ".csv");
    month = month >= 0 ? month : month_named(from, ".csv.gz");
    if (month < 0) {
        oct_fail(err, OCT_E_INVALID, "the name of '%s' does not tell which month of 2019 it is", from);
        return oct_hint(err, "call it yellow_tripdata_2019-01.csv, or .csv.gz, for January");
    }
    out->there[month] = true;
    out->count = 1;
    return OCT_OK;
}

oct_err real_find(const char *from, real_months *out, oct_error *err)
{
    *out = (real_months){0};
    struct stat known;
    if (!real_is_address(from) && stat(from, &known) != 0) {
        oct_fail(err, OCT_E_NOTFOUND, "there is no '%s': %s", from, strerror(errno));
        return oct_hint(
            err,
            "on a cluster it must be there on its nodes ('octavo cp' brings it); --here is this machine");
    }
    if (is_one_file(from))
        return find_one(from, out, err);
    for (int month = 0; month < TAXI_MONTHS; month++) {
        char csv[PATH], packed[PATH], parquet[PATH];
        place(from, month, ".csv", csv);
        place(from, month, ".csv.gz", packed);
        place(from, month, ".parquet", parquet);
        out->there[month] = real_is_address(from) || exists(csv) || exists(packed);
        out->count += out->there[month];
        out->parquet += !out->there[month] && exists(parquet);
    }
    if (out->count > 0)
        return OCT_OK;
    if (out->parquet > 0) {
        oct_fail(err, OCT_E_UNSUPPORTED, "'%s' has trips as Parquet only, which is not read here", from);
        return oct_hint(err, "%s", parquet_hint);
    }
    oct_fail(err, OCT_E_NOTFOUND, "'%s' has no trips of 2019", from);
    return oct_hint(err, "they are called yellow_tripdata_2019-01.csv to -12.csv, or .csv.gz");
}

/* --- what is in them --- */

/* Those of our columns that are whole numbers. */
static const bool is_whole[COLUMNS] = {
    [0] = true, [3] = true, [5] = true, [7] = true, [8] = true, [9] = true};

typedef struct piece {
    const char *at;
    int length;
} piece;

/* A file that is being read, and where each of our columns is in it. */
typedef struct reader {
    const char *name;
    gzFile file; /* which reads what is not packed as it is */
    char line[LINE];
    int64_t number; /* of the line */
    int fields;     /* of each line */
    int at[COLUMNS];
} reader;

static int split(const char *line, piece pieces[FIELDS_MOST])
{
    int count = 0;
    for (const char *at = line;; at++) {
        int length = (int)strcspn(at, ",\r\n");
        if (count == FIELDS_MOST)
            return FIELDS_MOST + 1;
        pieces[count++] = (piece){at, length};
        at += length;
        if (*at != ',')
            return count;
    }
}

/* False at the end, and after a failure: which the last piece of what is cut off is, too. */
static bool next_line(reader *r, oct_err *code, oct_error *err)
{
    int problem = Z_OK;
    bool got = gzgets(r->file, r->line, LINE) != NULL;
    if (got && strchr(r->line, '\n')) {
        r->number++;
        return true;
    }
    const char *why = gzerror(r->file, &problem);
    if (problem == Z_ERRNO)
        *code = oct_fail(err, OCT_E_IO, "cannot read '%s': %s", r->name, strerror(errno));
    else if (problem != Z_OK && problem != Z_STREAM_END)
        *code = oct_fail(err, OCT_E_INVALID, "'%s' is damaged after line %lld: %s", r->name,
                         (long long)r->number, why);
    r->number += got;
    return got && *code == OCT_OK;
}

static bool same_name(piece a, piece b)
{
    return a.length == b.length && strncmp(a.at, b.at, (size_t)a.length) == 0;
}

static oct_err read_header(reader *r, oct_error *err)
{
    piece wanted[FIELDS_MOST], found[FIELDS_MOST];
    oct_err code = OCT_OK;
    if (!next_line(r, &code, err))
        return code != OCT_OK ? code : oct_fail(err, OCT_E_INVALID, "'%s' is empty", r->name);
    if (strncmp(r->line, "PAR1", 4) == 0) {
        oct_fail(err, OCT_E_UNSUPPORTED, "'%s' is Parquet, whatever its name, which is not read here",
                 r->name);
        return oct_hint(err, "%s", parquet_hint);
    }
    split(taxi_header, wanted);
    r->fields = split(r->line, found);
    for (int i = 0; i < COLUMNS; i++) {
        r->at[i] = 0;
        while (r->at[i] < r->fields && r->at[i] < FIELDS_MOST && !same_name(found[r->at[i]], wanted[i]))
            r->at[i]++;
        if (r->at[i] >= r->fields || r->at[i] == FIELDS_MOST) {
            oct_fail(err, OCT_E_INVALID, "'%s' has no column '%.*s'", r->name, wanted[i].length,
                     wanted[i].at);
            return oct_hint(err, "files of trips begin with a line of the names of their columns");
        }
    }
    return OCT_OK;
}

/* Puts our columns of the line. */
static char *put_trip(char *at, const reader *r, const piece fields[FIELDS_MOST])
{
    for (int i = 0; i < COLUMNS; i++) {
        piece field = fields[r->at[i]];
        if (is_whole[i] && field.length > 2 && memcmp(field.at + field.length - 2, ".0", 2) == 0)
            field.length -= 2;
        memcpy(at, field.at, (size_t)field.length);
        at += field.length;
        *at++ = i + 1 < COLUMNS ? ',' : '\n';
    }
    return at;
}

static oct_err add_line(checksum *sum, output *out, char *end, oct_error *err)
{
    checksum_add(sum, out->at, (size_t)(end - out->at));
    return output_line(out, end, err);
}

static oct_err copy_trips(reader *r, checksum *sum, output *out, oct_error *err)
{
    piece fields[FIELDS_MOST];
    oct_err code = add_line(sum, out, put_text(out->at, taxi_header), err);
    while (code == OCT_OK && next_line(r, &code, err)) {
        size_t length = strlen(r->line);
        if (r->line[strspn(r->line, "\r\n")] == '\0') /* some files have an empty one under the header */
            continue;
        if (split(r->line, fields) != r->fields || length >= OUTPUT_LINE_MOST)
            return oct_fail(err, OCT_E_INVALID, "'%s', line %lld: no trip", r->name, (long long)r->number);
        code = add_line(sum, out, put_trip(out->at, r, fields), err);
    }
    return code;
}

/* The checksum is there before the file is, so that a file that has none was not made here. */
static oct_err write_trips(reader *r, const char *path, int64_t *bytes, oct_error *err)
{
    output out;
    checksum *sum = checksum_create();
    if (!sum)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for the checksum of '%s'", path);
    oct_err code = output_begin(&out, path, err);
    if (code == OCT_OK) {
        code = copy_trips(r, sum, &out, err);
        if (code == OCT_OK)
            code = checksum_save(sum, path, err);
        code = output_end(&out, code, err);
    }
    if (code == OCT_OK)
        *bytes = out.bytes;
    checksum_destroy(sum);
    return code;
}

static oct_err convert(const char *from, const char *path, int64_t *bytes, oct_error *err)
{
    reader r = {.name = from, .file = gzopen(from, "rb")};
    if (!r.file)
        return oct_fail(err, OCT_E_IO, "cannot open '%s': %s", from, strerror(errno));
    (void)gzbuffer(r.file, FILE_BUFFER);
    oct_err code = read_header(&r, err);
    if (code == OCT_OK)
        code = write_trips(&r, path, bytes, err);
    (void)gzclose(r.file);
    return code;
}

/* --- a month --- */

static oct_err fetch_month(const char *from, int month, const char *to, oct_error *err)
{
    char url[PATH];
    if (is_one_file(from))
        return fetch(from, to, err);
    place(from, month, ".csv.gz", url);
    oct_err code = fetch(url, to, err);
    if (code != OCT_E_NOTFOUND)
        return code;
    place(from, month, ".csv", url);
    code = fetch(url, to, err);
    if (code == OCT_E_NOTFOUND)
        oct_hint(err, "nor is there .csv.gz; the city's own pages give Parquet, which is not read here");
    return code;
}

static oct_err take_address(const char *from, int month, const char *path, int64_t *bytes, oct_error *err)
{
    char fetched[PATH];
    snprintf(fetched, sizeof(fetched), "%s.fetched", path);
    oct_err code = exists(fetched) ? OCT_OK : fetch_month(from, month, fetched, err);
    if (code == OCT_E_UNREACHABLE)
        oct_hint(err, "is there a network? the same command goes on where this one ended; without --from "
                      "trips of the same form are made up");
    if (code != OCT_OK)
        return code;
    code = convert(fetched, path, bytes, err);
    /* What is no trips, or damaged, is asked for again the next time. */
    if (code == OCT_OK || code == OCT_E_INVALID || code == OCT_E_UNSUPPORTED)
        (void)unlink(fetched);
    return code;
}

static oct_err take_path(const char *from, int month, const char *path, int64_t *bytes, oct_error *err)
{
    char source[PATH];
    snprintf(source, sizeof(source), "%s", from);
    if (!is_one_file(from)) {
        place(from, month, ".csv", source);
        if (!exists(source))
            place(from, month, ".csv.gz", source);
    }
    return convert(source, path, bytes, err);
}

oct_err real_take(const char *from, int month, const char *path, real_taken *out, oct_error *err)
{
    *out = (real_taken){0};
    if (exists(path)) {
        bool same = false;
        oct_err code = checksum_verify(path, &same, err);
        if (code != OCT_OK || same)
            return code;
        out->damaged = 1;
    }
    oct_err code = real_is_address(from) ? take_address(from, month, path, &out->bytes, err)
                                         : take_path(from, month, path, &out->bytes, err);
    if (code != OCT_OK && out->damaged)
        oct_prefix(err, "'%s' is not what its checksum says, and cannot be made again", path);
    return code;
}

void real_forget(const char *path)
{
    static const char *const endings[] = {".sha256", ".fetched", ".fetched.part", ".fetched.part.tag"};
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        char beside[PATH];
        snprintf(beside, sizeof(beside), "%s%s", path, endings[i]);
        (void)unlink(beside);
    }
}
