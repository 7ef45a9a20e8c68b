#!/usr/bin/env python3
"""Measures clusters on the Docker Engine, a Slurm site or Kubernetes, each figure beside its peer in the same run.

Usage: provision.py [--json] [--runs N] [--nodes N] [--on kubernetes | --on slurm [--absent N]]
(by `octavo bench provision`)

With --on slurm on a site of its own on this machine, as tests/slurm has it; OCTAVO_TEST_PREFIX
names what `octavo install --prefix` made. With --on kubernetes on one of its own, as tests/kubernetes
has it, with the image loaded that the Docker Engine has.

Prints a line a figure; with --json one JSON object a line: bench, pool, value, unit,
peer, peer_value, and limit, the most that value may exceed peer_value by (or be, where
there is no peer). Values are medians of the runs. Everything made is removed.
"""

import argparse
import json
import os
import re
import signal
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = os.environ.get("OCTAVO_ROOT") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OCTAVO = os.environ.get("OCTAVO_PROGRAM") or os.path.join(ROOT, "octavo")
CLUSTER = "bench-%d" % os.getpid()
PEER = "octavo-bench-peer-%d" % os.getpid()


def run(*command, check=True):
    """Runs a command to its end and returns what it printed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    if check and done.returncode != 0:
        sys.exit("error: %s ended with status %d\n%s" % (" ".join(command), done.returncode, done.stderr))
    return done.stdout


def timed(function, *arguments):
    start = time.monotonic()
    function(*arguments)
    return time.monotonic() - start


def octavo(command, *words):
    # Behind the command: what follows a program's name is the program's.
    return run(OCTAVO, command, "--name", CLUSTER, *words)


def parallel(commands):
    children = [subprocess.Popen(c, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for c in commands]
    if any(child.wait() != 0 for child in children):
        sys.exit("error: %s failed" % " ".join(commands[0]))


def peer_up(image, nodes):
    parallel([["docker", "run", "-d", "--name", "%s-%d" % (PEER, i), image] for i in range(nodes)])


def peer_down(nodes):
    run("docker", "rm", "-f", "-v", *["%s-%d" % (PEER, i) for i in range(nodes)])


def peak_memory(*command):
    """The most memory, in bytes, that a command held."""
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_RDWR)
        for fd in range(3):
            os.dup2(null, fd)
        os.execvp(command[0], command)
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        sys.exit("error: %s ended with status %d" % (" ".join(command), status))
    return usage.ru_maxrss * 1024


def node_memory(nodes):
    """Memory of each node, as the engine counts it, in bytes."""
    names = ["octavo-%s-%d" % (CLUSTER, i) for i in range(nodes)]
    units = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
    sizes = []
    for line in run("docker", "stats", "--no-stream", "--format", "{{.MemUsage}}", *names).split("\n"):
        found = re.match(r"([\d.]+)([A-Za-z]+) /", line)
        if found:
            sizes.append(float(found.group(1)) * units[found.group(2)])
    return sizes


def on_node(index, *command):
    return run("docker", "exec", "octavo-%s-%d" % (CLUSTER, index), *command, check=False)


def started():
    """How many tasks of the job have begun, as seen from a node that is not killed."""
    return int(on_node(1, "grep", "-c", "start", "trace").strip() or 0)


def wait_until(condition, what="the job for 'recovery'", seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            sys.exit("error: %s does not get on" % what)
        time.sleep(0.02)


def recovery():
    """Seconds from the death of a node to the first task after it, and the share of tasks that ran twice."""
    tasks = 2000
    on_node(1, "rm", "-f", "trace")
    job = subprocess.Popen(
        [OCTAVO, "run", "--name", CLUSTER, "--fresh", os.path.join(ROOT, "tests/faults/job.c"), "trace", str(tasks), "40"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: started() >= tasks // 10)
        killed = time.monotonic()
        run("docker", "kill", "octavo-%s-2" % CLUSTER)
        while "attempt 1 ended" not in job.stderr.readline():
            if job.poll() is not None:
                sys.exit("error: the job for 'recovery' ended with status %d" % job.returncode)
        before = started()
        wait_until(lambda: started() > before)
        seconds = time.monotonic() - killed
        job.stderr.read()
        if job.wait() != 0:
            sys.exit("error: the job for 'recovery' ended with status %d" % job.returncode)
        return seconds, (started() - tasks) / tasks
    finally:
        job.kill()


class Report:
    def __init__(self, as_json, pool):
        self.as_json = as_json
        self.pool = pool

    def line(self, bench, value, unit, limit, peer=None, peer_value=None):
        if self.as_json:
            record = {"bench": bench, "pool": self.pool, "value": value, "unit": unit, "limit": limit}
            if peer:
                record.update(peer=peer, peer_value=peer_value)
            print(json.dumps(record), flush=True)
            return
        excess = value - (peer_value or 0)
        text = "%-14s %10.3f %-3s" % (bench, value, unit)
        if peer:
            text += "  %s: %.3f %s; %+.3f" % (peer, peer_value, unit, excess)
        print("%s  (limit %s%g: %s)" % (text, "+" if peer else "", limit, "met" if excess <= limit else "MISSED"), flush=True)


def pilots(report, options):
    """A pilot beside an allocation by hand, and a program in it beside srun by hand."""
    size = ["-n", str(options.nodes)]
    up, allocation, start, srun, status = [], [], [], [], []
    try:
        for _ in range(options.runs):
            allocation.append(timed(run, "salloc", "--quiet", "--exclusive", "--nodes=%d" % options.nodes, "true"))
            wait_until(lambda: not run("squeue", "-h"), "the queue")
            up.append(timed(octavo, "up", "--on", "slurm", "--time", "10", *size))
            job = run("squeue", "-h", "-o", "%i").strip()
            start.append(timed(octavo, "run", "--on", "slurm", "--", "/bin/true"))
            srun.append(timed(run, "srun", "--jobid=" + job, "--overlap", "-N%d" % options.nodes,
                              "-n%d" % options.nodes, "--mpi=pmix", "/bin/true"))
            status.append(timed(octavo, "status", "--on", "slurm"))
            octavo("down", "--on", "slurm", "--yes")
            wait_until(lambda: not run("squeue", "-h"), "the queue")
    finally:
        run(OCTAVO, "down", "--on", "slurm", "--yes", "--name", CLUSTER, check=False)
    median = statistics.median
    report.line("up", median(up), "s", 1.0, "salloc by hand", median(allocation))
    report.line("run_empty", median(start), "s", 1.0, "srun by hand", median(srun))
    report.line("status", median(status), "s", 0.1)


def site(report, options, folder):
    global OCTAVO
    script = os.path.join(ROOT, "tests/slurm/site.sh")
    prefix = os.environ.get("OCTAVO_TEST_PREFIX")
    if not prefix:
        sys.exit("error: OCTAVO_TEST_PREFIX names no installation\n\nhint: make one with octavo install --prefix DIR")
    OCTAVO = os.path.join(prefix, "bin/octavo")
    os.chmod(folder, 0o755)
    os.environ["PATH"] = os.path.join(prefix, "bin") + ":" + os.environ["PATH"]
    os.environ["HOME"] = folder
    os.environ["OCTAVO_SITE_ABSENT"] = str(options.absent)
    place = os.path.join(folder, "site")
    try:
        for line in run(script, "up", place, str(options.nodes)).splitlines():
            name, _, value = line.replace("export ", "", 1).partition("=")
            os.environ[name] = value
        pilots(report, options)
    finally:
        run(script, "down", place, check=False)


class Pods:
    """Watches the cluster's pods from before there are any, as `kubectl wait` would: when the last of them was Running."""

    def __init__(self, kubeconfig, nodes):
        server, authority, token = (
            re.search(key + r": *(\S+)", kubeconfig).group(1) for key in ("server", "certificate-authority", "token"))
        request = urllib.request.Request(
            server + "/api/v1/namespaces/default/pods?watch=1&labelSelector=octavo.cluster%3D" + CLUSTER,
            headers={"Authorization": "Bearer " + token})
        context = ssl.create_default_context(cafile=authority)
        self.events = urllib.request.urlopen(request, context=context, timeout=120)
        self.nodes = nodes
        self.seconds = None
        self.thread = threading.Thread(target=self.watch, args=(time.monotonic(),), daemon=True)
        self.thread.start()

    def watch(self, start):
        running = set()
        with self.events:
            for line in self.events:
                pod = json.loads(line)["object"]
                if pod["status"].get("phase") == "Running":
                    running.add(pod["metadata"]["name"])
                if len(running) == self.nodes:
                    self.seconds = time.monotonic() - start
                    return

    def last_running(self):
        self.thread.join(120)
        if self.seconds is None:
            sys.exit("error: not all pods were seen running")
        return self.seconds


def kubernetes(report, options, folder):
    """`up` beside the moment at which the API server has the last of its pods Running."""
    engine = os.path.join(ROOT, "tests/kubernetes/engine")
    image = os.environ.get("OCTAVO_TEST_IMAGE") or "octavo/node:dev"
    os.environ["OCTAVO_KUBE_DIR"] = os.path.join(folder, "kubernetes")
    up, running = [], []
    try:
        run(OCTAVO, "image", "build", "--image", image)
        path = run(engine, "start", image).strip()
        os.environ["KUBECONFIG"] = path
        with open(path) as file:
            kubeconfig = file.read()
        for _ in range(options.runs):
            pods = Pods(kubeconfig, options.nodes)
            up.append(timed(octavo, "up", "--on", "kubernetes", "--image", image, "-n", str(options.nodes)))
            running.append(pods.last_running())
            octavo("down", "--on", "kubernetes", "--yes")
    finally:
        run(OCTAVO, "down", "--on", "kubernetes", "--yes", "--name", CLUSTER, check=False)
        run(engine, "stop", check=False)
    report.line("up", statistics.median(up), "s", 3.0, "its last pod Running", statistics.median(running))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--runs", type=int, default=5, help="how often to measure (default 5)")
    parser.add_argument("--nodes", type=int, default=8, help="nodes of the cluster (default 8)")
    parser.add_argument("--absent", type=int, default=0, help="nodes that are only in the site's books (default 0)")
    parser.add_argument("--on", choices=["docker", "slurm", "kubernetes"], default="docker", help="the provider (default docker)")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # and remove what was made
    report = Report(options.json, options.on)
    own_engine = {"slurm": site, "kubernetes": kubernetes}.get(options.on)
    if own_engine:
        with tempfile.TemporaryDirectory() as folder:
            own_engine(report, options, folder)
    else:
        docker(report, options)


def docker(report, options):
    up, down, peer_ups, peer_downs, start, srun, status, recoveries = [], [], [], [], [], [], [], []
    image = None
    try:
        # The first one warms the engine's caches and tells the image; it is not counted.
        octavo("up", "-n", str(options.nodes))
        image = run("docker", "inspect", "-f", "{{.Config.Image}}", "octavo-%s-0" % CLUSTER).strip()
        for _ in range(options.runs):
            # Alternating, so that a slow moment of the machine meets both alike.
            start.append(timed(octavo, "run", "--", "/bin/true"))
            srun.append(timed(run, "docker", "exec", "octavo-%s-0" % CLUSTER, "srun", "-N%d" % options.nodes,
                              "-n%d" % options.nodes, "--mpi=pmix", "/bin/true"))
            status.append(timed(octavo, "status"))
        idle = max(node_memory(options.nodes))
        memory = max(peak_memory(OCTAVO, "status", "--name", CLUSTER),
                     peak_memory(OCTAVO, "run", "--name", CLUSTER, "--", "/bin/true"))
        recoveries = [recovery() for _ in range(options.runs)]
        octavo("down", "--yes")
        for _ in range(options.runs):
            peer_ups.append(timed(peer_up, image, options.nodes))
            peer_downs.append(timed(peer_down, options.nodes))
            up.append(timed(octavo, "up", "-n", str(options.nodes)))
            down.append(timed(octavo, "down", "--yes"))
    finally:
        run(OCTAVO, "down", "--yes", "--name", CLUSTER, check=False)
        run("docker", "rm", "-f", "-v", *["%s-%d" % (PEER, i) for i in range(options.nodes)], check=False)

    median = statistics.median
    report.line("up", median(up), "s", 2.5, "%d parallel docker run" % options.nodes, median(peer_ups))
    report.line("down", median(down), "s", 1.0, "docker rm -f of %d" % options.nodes, median(peer_downs))
    report.line("run_empty", median(start), "s", 1.0, "the same srun by docker exec", median(srun))
    report.line("status", median(status), "s", 0.1)
    report.line("recovery", median(seconds for seconds, _ in recoveries), "s", 5)
    report.line("recovery_again", median(share for _, share in recoveries), "ratio", 0.02)
    report.line("cli_memory", memory, "bytes", 20e6)
    report.line("node_idle", idle, "bytes", 60e6)


if __name__ == "__main__":
    main()
