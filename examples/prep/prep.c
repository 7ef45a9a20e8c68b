/* octavo-prep: makes the lessons' data, on any pool, or brings the real ones.
 *
 * Each piece depends on the seed and its own name alone, so it is the same whoever makes it,
 * and one that is there already, complete, is kept: an interrupted run is resumed by the
 * same command. prep.json beside the data says what it is, once it is complete. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <oct/oct.h>

#include "examples/prep/digits.h"
#include "examples/prep/events.h"
#include "examples/prep/fetch.h"
#include "examples/prep/real.h"
#include "examples/prep/stocks.h"
#include "examples/prep/taxi.h"
#include "runtime/base/size.h"

enum { EXIT_USAGE = 2 };

static const char usage[] =
    "Makes the data of the lessons, in parallel, or brings the real ones; what is there already is kept.\n"
    "\n"
    "  octavo-prep stocks                      64 MB of minute prices in data/stocks\n"
    "  octavo-prep stocks --size 1g            the full course's\n"
    "  octavo-prep taxi --size 1g              a year of taxi trips as CSV, in data/taxi\n"
    "  octavo-prep taxi --from public          the real year, 7 GB, from its public address\n"
    "  octavo-prep taxi --from ~/trips         the real ones of a folder: yellow_tripdata_2019-MM.csv or "
    ".csv.gz\n"
    "  octavo-prep digits                      600 handwritten digits, in data/digits\n"
    "  octavo-prep events --size 1g            a day of a code site's events, in data/events\n"
    "  octavo-prep stocks --to /tmp/s --seed 7 others, elsewhere\n"
    "\n"
    "Options:\n"
    "  --size SIZE   how much, such as 500m or 1g (default 64m; digits: 96k)\n"
    "  --seed N      another number makes other data (default 42)\n"
    "  --to FOLDER   where (default data/<what>)\n"
    "  --from WHERE  of taxi, the real trips: a folder, a file, an address, or 'public'\n"
    "  --months N    with --from, the first N months that are there\n"
    "  --pool SPEC   threads, threads:4, processes:4 or cluster\n"
    "  --quiet       no progress\n";

/* A set of data: files that are made one apart from another. */
typedef struct data_set {
    const char *name;
    int64_t usual;      /* bytes of all, where nobody says */
    const char *length; /* what the length of a file is counted in */
    const char *under;  /* the folder's part that the files are in, with a slash before it */
    int files;
    int (*length_of)(int64_t bytes); /* of each, for so many bytes together */
    void (*path)(int file, const char *folder, char *to, size_t size);
    oct_err (*write)(int file, int length, uint64_t seed, const char *path, int64_t *bytes, oct_error *err);
} data_set;

static void stock_path(int file, const char *folder, char *to, size_t size)
{
    snprintf(to, size, "%s/json/%s.json", folder, stocks_symbol(file));
}

static void taxi_path(int file, const char *folder, char *to, size_t size)
{
    snprintf(to, size, "%s/yellow_tripdata_2019-%02d.csv", folder, file + 1);
}

static void digits_path(int file, const char *folder, char *to, size_t size)
{
    snprintf(to, size, "%s/digits-%d.csv", folder, file + 1);
}

static void events_path(int file, const char *folder, char *to, size_t size)
{
    snprintf(to, size, "%s/json/2015-01-01-%d.json", folder, file);
}

static const data_set sets[] = {
    {"stocks", 64 << 20, "days", "/json", STOCKS_SYMBOLS, stocks_days, stock_path, stocks_write_json},
    {"taxi", 64 << 20, "trips", "", TAXI_MONTHS, taxi_trips, taxi_path, taxi_write_csv},
    {"digits", 96 << 10, "digits", "", DIGITS_FILES, digits_count, digits_path, digits_write_csv},
    {"events", 64 << 20, "events", "/json", EVENTS_HOURS, events_count, events_path, events_write_json},
};

enum { SETS = sizeof(sets) / sizeof(sets[0]), FILES_MOST = 64 };

typedef struct request {
    int set;
    const char *folder;
    int64_t size; /* 0: the set's usual one */
    uint64_t seed;
    bool seeded;      /* the seed was given */
    const char *from; /* the real ones are there; NULL: made up */
    int months;       /* of those */
    bool quiet;
    bool help;
} request;

static int fail(const oct_error *err, int status)
{
    fprintf(stderr, "error: %s\n", err->what);
    if (err->hint[0])
        fprintf(stderr, "\nhint: %s\n", err->hint);
    return status;
}

/* Writes a file of a set, unless it is there; the bytes that were written. */
OCT_TASK(int64_t, write_file, int, file, int, set, const char *, folder, int, length, uint64_t, seed)
{
    char path[4096];
    int64_t bytes = 0;
    sets[set].path(file, folder, path, sizeof(path));
    if (access(path, F_OK) != 0)
        (void)sets[set].write(file, length, seed, path, &bytes, oct_task_error());
    return bytes;
}

/* Like mkdir -p. */
static oct_err make_folders(const char *path, oct_error *err)
{
    char part[4096];
    for (size_t i = 1; path[i - 1] != '\0'; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        snprintf(part, sizeof(part), "%.*s", (int)i, path);
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return oct_fail(err, OCT_E_IO, "cannot make the folder '%s': %s", part, strerror(errno));
    }
    return OCT_OK;
}

/* The same for a real one. */
OCT_TASK(real_taken, take_file, int, file, int, set, const char *, folder, const char *, from)
{
    char path[4096];
    real_taken taken = {0};
    sets[set].path(file, folder, path, sizeof(path));
    (void)real_take(from, file, path, &taken, oct_task_error());
    return taken;
}

static json_t *describe(const request *r, int length)
{
    if (r->from)
        return json_pack("{s:s, s:i, s:s}", "what", sets[r->set].name, "version", 1, "from", r->from);
    return json_pack("{s:s, s:i, s:I, s:i}", "what", sets[r->set].name, "version", 1, "seed",
                     (json_int_t)r->seed, sets[r->set].length, length);
}

/* True when the file describes the same data. */
static bool describes(const char *path, const json_t *description)
{
    json_t *there = json_load_file(path, 0, NULL);
    bool same = there && json_equal(there, description);
    json_decref(there);
    return same;
}

/* What was fetched took somebody hours: a lesson that finds no data, and so makes the usual ones, is no
 * reason to remove it. */
static oct_err spare_real(const request *r, const char *part, oct_error *err)
{
    json_t *there = json_load_file(part, 0, NULL);
    const char *from = json_string_value(json_object_get(there, "from"));
    oct_err code = OCT_OK;
    if (from && !r->from) {
        oct_fail(err, OCT_E_EXISTS, "'%s' has some of the real data, from '%s'", r->folder, from);
        code = oct_hint(
            err,
            "--from goes on with them; others go elsewhere (--to), or here once 'prep.json.part' is removed");
    }
    json_decref(there);
    return code;
}

/* Notes in prep.json.part what the folder is being made for, after removing what was made
 * for something else; files of an interrupted run for the same are kept. */
static oct_err begin(const request *r, int length, oct_error *err)
{
    char path[4096], part[4096];
    snprintf(path, sizeof(path), "%s%s", r->folder, sets[r->set].under);
    oct_err code = make_folders(path, err);
    if (code != OCT_OK)
        return code;

    snprintf(path, sizeof(path), "%s/prep.json", r->folder);
    snprintf(part, sizeof(part), "%s/prep.json.part", r->folder);
    code = spare_real(r, part, err);
    if (code != OCT_OK)
        return code;
    json_t *description = describe(r, length);
    if (!describes(path, description) && !describes(part, description)) {
        (void)unlink(path);
        for (int i = 0; i < sets[r->set].files; i++) {
            char stale[4096];
            sets[r->set].path(i, r->folder, stale, sizeof(stale));
            (void)unlink(stale);
            real_forget(stale);
        }
    }
    if (json_dump_file(description, part, JSON_INDENT(2)) != 0)
        code = oct_fail(err, OCT_E_IO, "cannot write '%s': %s", part, strerror(errno));
    json_decref(description);
    return code;
}

/* From here on the folder is complete, and prep.json says of what. */
static oct_err finish(const request *r, oct_error *err)
{
    char path[4096], part[4096];
    snprintf(path, sizeof(path), "%s/prep.json", r->folder);
    snprintf(part, sizeof(part), "%s/prep.json.part", r->folder);
    if (rename(part, path) != 0)
        return oct_fail(err, OCT_E_IO, "cannot rename '%s': %s", part, strerror(errno));
    return OCT_OK;
}

/* What a run did to the files of a set. */
typedef struct outcome {
    int made, there;
    int64_t bytes; /* of those made */
} outcome;

static void count(outcome *all, int64_t bytes)
{
    all->made += bytes > 0;
    all->there += bytes == 0;
    all->bytes += bytes;
}

static oct_err make_files(oct_pool *pool, const request *r, int length, outcome *all)
{
    const data_set *set = &sets[r->set];
    const oct_map_options options = {.chunk = 1};
    int files[FILES_MOST];
    int64_t bytes[FILES_MOST] = {0};
    for (int i = 0; i < set->files; i++)
        files[i] = i;
    oct_err code = oct_map_with(pool, &options, write_file, files, (size_t)set->files, bytes, r->set,
                                r->folder, length, r->seed);
    for (int i = 0; code == OCT_OK && i < set->files; i++)
        count(all, bytes[i]);
    return code;
}

static oct_err take_files(oct_pool *pool, const request *r, const real_months *months, outcome *all)
{
    const oct_map_options options = {.chunk = 1};
    int files[TAXI_MONTHS], wanted = 0;
    real_taken taken[TAXI_MONTHS] = {{0}};
    for (int month = 0; month < TAXI_MONTHS && wanted < r->months; month++)
        if (months->there[month])
            files[wanted++] = month;
    if (months->parquet > 0)
        fprintf(stderr, "%s: %d files are Parquet, which is not read here: left out\n", r->from,
                months->parquet);
    oct_err code =
        oct_map_with(pool, &options, take_file, files, (size_t)wanted, taken, r->set, r->folder, r->from);
    for (int i = 0; code == OCT_OK && i < wanted; i++) {
        char path[4096];
        sets[r->set].path(files[i], r->folder, path, sizeof(path));
        if (taken[i].damaged)
            fprintf(stderr, "%s: its checksum was wrong: made again\n", path);
        count(all, taken[i].bytes);
    }
    return code;
}

static int prepare(oct_pool *pool, const request *r)
{
    oct_error err;
    outcome all = {0};
    real_months months = {0};
    int length = sets[r->set].length_of(r->size);
    if (r->from && real_find(r->from, &months, &err) != OCT_OK)
        return fail(&err, 1);
    if (begin(r, length, &err) != OCT_OK)
        return fail(&err, 1);
    oct_progress *progress = r->quiet ? NULL : oct_progress_open(pool, sets[r->set].name);
    oct_err code = r->from ? take_files(pool, r, &months, &all) : make_files(pool, r, length, &all);
    oct_progress_close(progress);
    if (code != OCT_OK)
        return fail(oct_last_error(), 1);
    if (finish(r, &err) != OCT_OK)
        return fail(&err, 1);
    if (!r->quiet)
        fprintf(stderr, "%s: %d files made (%.1f MB), %d were there\n", r->folder, all.made,
                (double)all.bytes / 1e6, all.there);
    return 0;
}

/* Which set is meant, and its usual folder where none was given. */
static oct_err parse_set(const char *name, request *r, char *folder, size_t size, oct_error *err)
{
    r->set = 0;
    while (r->set < SETS && strcmp(name, sets[r->set].name) != 0)
        r->set++;
    if (r->set == SETS) {
        oct_fail(err, OCT_E_INVALID, "no data set is called '%s'", name);
        return oct_hint(err, "there are: stocks, taxi, digits, events");
    }
    if (r->from && (strcmp(name, "taxi") != 0 || r->size || r->seeded))
        return oct_fail(err, OCT_E_INVALID, "--from is for taxi, and goes without --size and --seed");
    if (r->months && !r->from)
        return oct_fail(err, OCT_E_INVALID, "--months goes with --from");
    r->months = r->months ? r->months : TAXI_MONTHS;
    snprintf(folder, size, "data/%s", name);
    r->folder = r->folder ? r->folder : folder;
    r->size = r->size ? r->size : sets[r->set].usual;
    return OCT_OK;
}

static oct_err parse_seed(const char *text, request *r, oct_error *err)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || *text == '-' || value > INT64_MAX)
        return oct_fail(err, OCT_E_INVALID, "the seed '%s' is not a whole number", text);
    r->seed = value;
    r->seeded = true;
    return OCT_OK;
}

static oct_err parse_size(const char *text, int64_t *size, oct_error *err)
{
    uint64_t bytes = 0;
    oct_err code = octi_size_parse(text, &bytes, err);
    if (code != OCT_OK)
        return code;
    if (bytes < 1 || bytes > ((uint64_t)1 << 40))
        return oct_fail(err, OCT_E_INVALID, "the size must be from 1 byte to 1 TB");
    *size = (int64_t)bytes;
    return OCT_OK;
}

static oct_err parse_months(const char *text, int *months, oct_error *err)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (end == text || *end != '\0' || value < 1 || value > TAXI_MONTHS)
        return oct_fail(err, OCT_E_INVALID, "--months is a number from 1 to %d, not '%s'", TAXI_MONTHS, text);
    *months = (int)value;
    return OCT_OK;
}

static oct_err parse_options(int argc, char **argv, request *r, char *folder, size_t room, oct_error *err)
{
    enum { SIZE = 1, SEED, TO, FROM, MONTHS, QUIET, HELP };
    static const struct option options[] = {
        {"size", required_argument, NULL, SIZE},     {"seed", required_argument, NULL, SEED},
        {"to", required_argument, NULL, TO},         {"from", required_argument, NULL, FROM},
        {"months", required_argument, NULL, MONTHS}, {"quiet", no_argument, NULL, QUIET},
        {"help", no_argument, NULL, HELP},           {0},
    };
    int option;
    oct_err code = OCT_OK;
    opterr = 0;
    while (code == OCT_OK && (option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == SIZE)
            code = parse_size(optarg, &r->size, err);
        else if (option == SEED)
            code = parse_seed(optarg, r, err);
        else if (option == TO)
            r->folder = optarg;
        else if (option == FROM)
            r->from = strcmp(optarg, "public") == 0 ? REAL_PUBLIC : optarg;
        else if (option == MONTHS)
            code = parse_months(optarg, &r->months, err);
        else if (option == QUIET)
            r->quiet = true;
        else if (option == HELP || option == 'h')
            r->help = true;
        else
            code = oct_fail(err, OCT_E_INVALID, "'%s' is no option, or lacks its value", argv[optind - 1]);
    }
    if (code != OCT_OK || r->help)
        return code;
    if (optind == argc)
        return oct_fail(err, OCT_E_INVALID, "which data? 'octavo-prep stocks', say");
    if (optind + 1 < argc)
        return oct_fail(err, OCT_E_INVALID, "'%s' is one word too many", argv[optind + 1]);
    return parse_set(argv[optind], r, folder, room, err);
}

int main(int argc, char **argv)
{
    oct_error err;
    if (fetch_init(&err) != OCT_OK)
        return fail(&err, 1);
    oct_pool *pool = oct_pool_open(&argc, argv);
    if (!pool)
        return fail(oct_last_error(), 1);

    /* From here on every way out closes the pool: other ranks wait for that. */
    request r = {.seed = 42};
    char folder[64];
    int status = 0;
    if (parse_options(argc, argv, &r, folder, sizeof(folder), &err) != OCT_OK) {
        if (!err.hint[0])
            oct_hint(&err, "'octavo prep stocks --help' shows the options");
        status = fail(&err, EXIT_USAGE);
    } else if (r.help) {
        fputs(usage, stdout);
    } else {
        status = prepare(pool, &r);
    }
    return oct_pool_close(pool) == OCT_OK ? status : 1;
}
