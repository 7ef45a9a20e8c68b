/* bench/runtime/tbb_peer.h - what oneTBB, which is C++, does in the same benchmark. */
#ifndef TBB_PEER_H
#define TBB_PEER_H

#ifdef __cplusplus
extern "C" {
#endif

long tbb_fib(int n, int threads);

/* Runs `count` tasks that add their number to a sum, from one submitter; returns the sum. */
long tbb_submit(long count, int threads);

#ifdef __cplusplus
}
#endif
#endif
