#include "tests/bench/collections/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/bench/runtime/bench.h"

/* Debian's Python, which has Debian's pandas, whatever is first on the PATH. */
static const struct {
    const char *name, *runs, *script;
} known[PEERS] = {{"pandas", "/usr/bin/python3", "peer.py"}, {"DuckDB", "node", "peer.js"}};

static long threads_of(oct_pool *pool)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN), workers = oct_pool_workers(pool);
    return workers < processors ? workers : processors;
}

peers peers_ask(oct_pool *pool, const char *question, const char *argument)
{
    peers asked = {0};
    const char *root = getenv("OCTAVO_ROOT");
    for (int i = 0; i < PEERS; i++) {
        char command[8192];
        peer_figures *to = &asked.of[asked.count];
        snprintf(command, sizeof(command), "%s '%s/tests/bench/collections/%s' %s '%s' %ld 2>/dev/null",
                 known[i].runs, root ? root : ".", known[i].script, question, argument, threads_of(pool));
        FILE *answer = popen(command, "re");
        if (answer && fscanf(answer, "%lf %lf %lf", &to->seconds, &to->cpu_seconds, &to->bytes) == 3) {
            to->name = known[i].name;
            asked.count++;
        }
        if (answer)
            pclose(answer);
    }
    return asked;
}

static double figure_of(const peer_figures *peer, peer_unit unit, double bytes)
{
    return unit == PEER_SECONDS ? peer->seconds
           : unit == PEER_BYTES ? peer->bytes
                                : bytes / peer->cpu_seconds / 1e9;
}

void peers_lines(oct_pool *pool, const char *bench, double value, peer_unit unit, const peers *others,
                 double bytes)
{
    static const char *const units[] = {"s", "bytes", "gb_per_s_core"};
    for (int i = 0; i < others->count; i++)
        bench_line(pool, bench, value, units[unit], others->of[i].name,
                   figure_of(&others->of[i], unit, bytes));
    if (others->count == 0)
        bench_line(pool, bench, value, units[unit], NULL, 0);
}
