/* jsonl: minute prices of stocks from JSON lines to typed columns, all of them: bytes of file a second and
 * worker, beside pandas, DuckDB, and the library's own parse of the same lines, of which nothing is made.
 * jsonl [--pool=SPEC] FOLDER */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/io/json.h"
#include "tests/bench/collections/files.h"
#include "tests/bench/collections/peer.h"
#include "tests/bench/runtime/bench.h"

static double ask(void *ctx)
{
    const files_question *q = ctx;
    double start = bench_now();
    oct_frame *prices = oct_read_jsonl(q->pool, q->pattern);
    oct_frame *counts = oct_frame_groupby(prices, "1 as all",
                                          "count(timestamp) as times, count(open), count(high), count(low), "
                                          "count(close) as prices");
    oct_frame *table = oct_frame_compute(counts);
    double took = bench_now() - start;
    if (!table || oct_frame_int64s(table, "times")[0] != oct_frame_int64s(table, "prices")[0])
        oct_die(NULL);
    oct_frame *all[] = {prices, counts, table};
    for (int i = 0; i < 3; i++)
        oct_frame_destroy(all[i]);
    return took;
}

/* Many lines of a file, which are read at once where the library can. */
enum { LINES = 340 };

typedef struct alone {
    octi_json *json;
    char *text[LINES];
    size_t room[LINES];
    octi_json_text lines[LINES];
    double bytes, seconds;
} alone;

static double thread_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void parse_lines(alone *a, size_t count)
{
    double start = thread_seconds();
    bool at_once = octi_json_read_all(a->json, a->lines, count);
    for (size_t i = 0; !at_once && i < count; i++)
        if (octi_json_read(a->json, a->lines[i].text, a->lines[i].size, NULL) != OCT_OK)
            oct_die(NULL);
    a->seconds += thread_seconds() - start;
}

static void parse_file(alone *a, const char *path)
{
    FILE *file = fopen(path, "re");
    ssize_t size = 0;
    while (file && size >= 0) {
        size_t count = 0;
        for (; count < LINES && (size = getline(&a->text[count], &a->room[count], file)) >= 0; count++) {
            a->lines[count] =
                (octi_json_text){a->text[count], (size_t)size - (a->text[count][size - 1] == '\n')};
            a->bytes += (double)size;
        }
        parse_lines(a, count);
    }
    if (file)
        fclose(file);
}

/* Bytes a second of one thread. */
static double parse_alone(const char *pattern)
{
    glob_t paths = {0};
    alone a = {0};
    if (octi_json_create(&a.json, NULL) != OCT_OK)
        oct_die(NULL);
    if (glob(pattern, 0, NULL, &paths) == 0)
        for (size_t i = 0; i < paths.gl_pathc; i++)
            parse_file(&a, paths.gl_pathv[i]);
    globfree(&paths);
    octi_json_destroy(a.json);
    for (int i = 0; i < LINES; i++)
        free(a.text[i]);
    return a.bytes / a.seconds;
}

int main(int argc, char **argv)
{
    oct_pool *pool = bench_open(&argc, argv);
    char pattern[4096];
    snprintf(pattern, sizeof(pattern), "%s/json/*.json", argc > 1 ? argv[1] : "data/stocks");
    files_figures ours = files_measure(&(files_question){pool, pattern}, ask);
    peers others = peers_ask(pool, "jsonl", pattern);
    peers_lines(pool, "jsonl", ours.bytes / ours.core_seconds / 1e9, PEER_RATE, &others, ours.bytes);
    char library[32];
    snprintf(library, sizeof(library), "%s alone", octi_json_library());
    bench_line(pool, "jsonl_columns", ours.bytes / ours.core_seconds / 1e9, "gb_per_s_core", library,
               parse_alone(pattern) / 1e9);
    return oct_pool_close(pool);
}
