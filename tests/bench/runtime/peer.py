"""Small tasks by Python's runtimes: peer.py PEER WORKERS prints tasks a second, and microseconds for one by itself.

PEER is threads or processes (concurrent.futures), dask, or mpi4py; that runs under mpirun, by -m mpi4py.futures, and
counts its own workers."""
import sys
import time


def plus_one(x):
    return x + 1


def measure(submit, many, few):
    submit(0).result()
    began = time.perf_counter()
    for future in [submit(i) for i in range(many)]:
        future.result()
    rate = many / (time.perf_counter() - began)
    began = time.perf_counter()
    for i in range(few):
        submit(i).result()
    print(rate, (time.perf_counter() - began) / few * 1e6)


def main(peer, workers):
    if peer == "dask":
        from distributed import Client, LocalCluster
        with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster:
            with Client(cluster) as client:
                measure(lambda i: client.submit(plus_one, i, pure=False), 2000, 200)
    elif peer == "mpi4py":
        from mpi4py.futures import MPIPoolExecutor
        with MPIPoolExecutor() as pool:
            measure(lambda i: pool.submit(plus_one, i), 20000, 2000)
    else:
        from concurrent import futures
        kind = futures.ProcessPoolExecutor if peer == "processes" else futures.ThreadPoolExecutor
        with kind(workers) as pool:
            measure(lambda i: pool.submit(plus_one, i), 20000, 2000)


if __name__ == "__main__":
    try:
        main(sys.argv[1], int(sys.argv[2]))
    except ImportError:
        pass  # no peer here; whoever asked finds no figures
