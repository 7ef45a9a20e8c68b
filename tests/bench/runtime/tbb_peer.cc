#include <atomic>

#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include "tests/bench/runtime/tbb_peer.h"

static long fib(int n)
{
    if (n < 2)
        return n;
    long left, right;
    tbb::task_group group;
    group.run([&] { left = fib(n - 1); });
    right = fib(n - 2);
    group.wait();
    return left + right;
}

long tbb_fib(int n, int threads)
{
    tbb::task_arena arena(threads);
    long result;
    arena.execute([&] { result = fib(n); });
    return result;
}

long tbb_submit(long count, int threads)
{
    tbb::task_arena arena(threads);
    std::atomic<long> sum{0};
    arena.execute([&] {
        tbb::task_group group;
        for (long i = 0; i < count; i++)
            group.run([&sum, i] { sum.fetch_add(i, std::memory_order_relaxed); });
        group.wait();
    });
    return sum;
}
