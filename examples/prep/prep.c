/* octavo-prep: makes the lessons' data, on any pool.
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

#include "examples/prep/stocks.h"
#include "runtime/base/size.h"

enum { EXIT_USAGE = 2 };

static const char usage[] =
    "Makes the data of the lessons, in parallel; what is there already is kept.\n"
    "\n"
    "  octavo-prep stocks                      64 MB of minute prices in data/stocks\n"
    "  octavo-prep stocks --size 1g            the full course's\n"
    "  octavo-prep stocks --to /tmp/s --seed 7 others, elsewhere\n"
    "\n"
    "Options:\n"
    "  --size SIZE   how much, such as 500m or 1g (default 64m)\n"
    "  --seed N      another number makes other data (default 42)\n"
    "  --to FOLDER   where (default data/<what>)\n"
    "  --pool SPEC   threads, threads:4, processes:4 or cluster\n"
    "  --quiet       no progress\n";

typedef struct request {
    const char *what;
    const char *folder;
    int64_t size;
    uint64_t seed;
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

/* Writes one symbol's file, unless a complete one of that many days is there. */
OCT_TASK(stocks_result, write_stock, int, symbol, const char *, folder, int, days, uint64_t, seed)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/json/%s.json", folder, stocks_symbol(symbol));
    stocks_result result = {0};
    if (access(path, F_OK) != 0)
        (void)stocks_write_json(symbol, days, seed, path, &result, oct_task_error());
    return result;
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

static json_t *describe(const request *r, int days)
{
    return json_pack("{s:s, s:i, s:I, s:i}", "what", r->what, "version", 1, "seed", (json_int_t)r->seed,
                     "days", days);
}

/* True when the file describes the same data. */
static bool describes(const char *path, const json_t *description)
{
    json_t *there = json_load_file(path, 0, NULL);
    bool same = there && json_equal(there, description);
    json_decref(there);
    return same;
}

/* Notes in prep.json.part what the folder is being made for, after removing what was made
 * for something else; files of an interrupted run for the same are kept. */
static oct_err begin(const request *r, int days, oct_error *err)
{
    char path[4096], part[4096];
    snprintf(path, sizeof(path), "%s/json", r->folder);
    oct_err code = make_folders(path, err);
    if (code != OCT_OK)
        return code;

    snprintf(path, sizeof(path), "%s/prep.json", r->folder);
    snprintf(part, sizeof(part), "%s/prep.json.part", r->folder);
    json_t *description = describe(r, days);
    if (!describes(path, description) && !describes(part, description)) {
        (void)unlink(path);
        for (int i = 0; i < STOCKS_SYMBOLS; i++) {
            char stale[4096];
            snprintf(stale, sizeof(stale), "%s/json/%s.json", r->folder, stocks_symbol(i));
            (void)unlink(stale);
        }
    }
    if (json_dump_file(description, part, JSON_INDENT(2)) != 0)
        code = oct_fail(err, OCT_E_IO, "cannot write '%s'", part);
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

static int prepare_stocks(oct_pool *pool, const request *r)
{
    oct_error err;
    int days = stocks_days(r->size);
    if (begin(r, days, &err) != OCT_OK)
        return fail(&err, 1);

    int symbols[STOCKS_SYMBOLS];
    stocks_result results[STOCKS_SYMBOLS] = {{0}};
    for (int i = 0; i < STOCKS_SYMBOLS; i++)
        symbols[i] = i;
    oct_map_options options = {.chunk = 1};
    if (oct_map_with(pool, &options, write_stock, symbols, STOCKS_SYMBOLS, results, r->folder, days,
                     r->seed) != OCT_OK)
        return fail(oct_last_error(), 1);
    if (finish(r, &err) != OCT_OK)
        return fail(&err, 1);

    stocks_result made = {0};
    int files = 0;
    for (int i = 0; i < STOCKS_SYMBOLS; i++) {
        made.lines += results[i].lines;
        made.bytes += results[i].bytes;
        files += results[i].lines > 0;
    }
    if (!r->quiet)
        fprintf(stderr, "%s: %d files made (%.1f MB), %d were there\n", r->folder, files,
                (double)made.bytes / 1e6, STOCKS_SYMBOLS - files);
    return 0;
}

static oct_err parse_seed(const char *text, uint64_t *seed, oct_error *err)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || *text == '-' || value > INT64_MAX)
        return oct_fail(err, OCT_E_INVALID, "the seed '%s' is not a whole number", text);
    *seed = value;
    return OCT_OK;
}

static oct_err parse_options(int argc, char **argv, request *r, oct_error *err)
{
    enum { SIZE = 1, SEED, TO, QUIET, HELP };
    static const struct option options[] = {
        {"size", required_argument, NULL, SIZE}, {"seed", required_argument, NULL, SEED},
        {"to", required_argument, NULL, TO},     {"quiet", no_argument, NULL, QUIET},
        {"help", no_argument, NULL, HELP},       {0},
    };
    uint64_t size = (uint64_t)r->size;
    int option;
    oct_err code = OCT_OK;
    opterr = 0;
    while (code == OCT_OK && (option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == SIZE)
            code = octi_size_parse(optarg, &size, err);
        else if (option == SEED)
            code = parse_seed(optarg, &r->seed, err);
        else if (option == TO)
            r->folder = optarg;
        else if (option == QUIET)
            r->quiet = true;
        else if (option == HELP || option == 'h')
            r->help = true;
        else
            code = oct_fail(err, OCT_E_INVALID, "'%s' is no option, or lacks its value", argv[optind - 1]);
    }
    if (code != OCT_OK || r->help)
        return code;
    if (size < 1 || size > ((uint64_t)1 << 40))
        return oct_fail(err, OCT_E_INVALID, "the size must be from 1 byte to 1 TB");
    r->size = (int64_t)size;
    if (optind == argc)
        return oct_fail(err, OCT_E_INVALID, "which data? 'octavo-prep stocks', say");
    r->what = argv[optind];
    if (strcmp(r->what, "stocks") != 0) {
        oct_fail(err, OCT_E_INVALID, "no data set is called '%s'", r->what);
        return oct_hint(err, "there is: stocks");
    }
    if (optind + 1 < argc)
        return oct_fail(err, OCT_E_INVALID, "'%s' is one word too many", argv[optind + 1]);
    return OCT_OK;
}

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    if (!pool)
        return fail(oct_last_error(), 1);

    /* From here on every way out closes the pool: other ranks wait for that. */
    request r = {.folder = "data/stocks", .size = 64 << 20, .seed = 42};
    oct_error err;
    int status = 0;
    if (parse_options(argc, argv, &r, &err) != OCT_OK)
        status = fail(&err, EXIT_USAGE);
    else if (r.help)
        fputs(usage, stdout);
    else
        status = prepare_stocks(pool, &r);
    return oct_pool_close(pool) == OCT_OK ? status : 1;
}
