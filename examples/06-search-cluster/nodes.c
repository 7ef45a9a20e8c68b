#include <stdio.h>

#include "nodes.h"

enum { WIDEST = 40 };

void nodes_report(const outcome *outcomes, size_t count, int nodes, double seconds)
{
    double all = 0, longest = 0;
    for (size_t i = 0; i < count; i++) {
        all += outcomes[i].seconds;
        longest = outcomes[i].seconds > longest ? outcomes[i].seconds : longest;
    }
    fprintf(stderr, "%6s%8s%10s\n", "node", "trials", "seconds");
    for (int node = 0; node < nodes; node++) {
        double busy = 0;
        int trials = 0;
        for (size_t i = 0; i < count; i++)
            if (outcomes[i].node == node) {
                busy += outcomes[i].seconds;
                trials++;
            }
        int bar = all > 0 ? (int)(WIDEST * busy / all + 0.5) : 0;
        fprintf(stderr, "%6d%8d%10.2f  %.*s\n", node, trials, busy, bar,
                "########################################");
    }
    fprintf(stderr, "%.2f s of work in %.2f s: %.1f trials at a time; the longest took %.2f s\n", all,
            seconds, seconds > 0 ? all / seconds : 0, longest);
}
