"""The benchmarks' questions to pandas: peer.py QUESTION ARGUMENT [THREADS] prints seconds, CPU seconds, peak bytes.

OCTAVO_PEERS is a folder of one run of the benchmarks: what was answered there is told again, not asked again, since
pandas has one thread, and is the same whatever the ranks beside it."""
import glob
import hashlib
import os
import resource
import sys
import time

folder = os.environ.get("OCTAVO_PEERS")
answer = folder and os.path.join(folder, hashlib.sha256(" ".join(sys.argv[1:3]).encode()).hexdigest())
if answer and os.path.exists(answer):
    print(open(answer).read())
    sys.exit(0)

try:
    import numpy as np
    import pandas as pd
except ImportError:
    sys.exit(0)  # no peer here; whoever asked finds no figures


def csv_groupby(pattern):
    # A file at a time, else pandas needs several times the files' size; only the columns that
    # matter, which is the fastest that it can be asked to be.
    parts = []
    for path in sorted(glob.glob(pattern)):
        trips = pd.read_csv(path, usecols=["passenger_count", "fare_amount", "tip_amount"])
        paid = trips[trips.fare_amount > 0]
        tips = (paid.tip_amount / paid.fare_amount).groupby(paid.passenger_count, dropna=False)
        parts.append(tips.agg(["sum", "count"]))
    whole = pd.concat(parts).groupby(level=0, dropna=False).sum()
    return whole["sum"] / whole["count"]


def jsonl(pattern):
    return [pd.read_json(path, lines=True).count() for path in sorted(glob.glob(pattern))]


def states(rows):
    """The states of the generator of memory.c and questions.c, a block at a time."""
    state, steps = np.empty(int(rows), np.uint64), 1 << 12
    multiply, add = 6364136223846793005, 1442695040888963407
    mask, at = 2**64 - 1, 1
    block = np.empty(steps, np.uint64)
    for i in range(steps):
        at = (at * multiply + add) & mask
        block[i] = at
    jump, shift = 1, 0
    for _ in range(steps):
        jump, shift = jump * multiply & mask, (shift * multiply + add) & mask
    jump, shift = np.uint64(jump), np.uint64(shift)
    for begin in range(0, len(state), steps):
        size = min(steps, len(state) - begin)
        state[begin:begin + size] = block[:size]
        block = block * jump + shift
    return state


def table(rows):
    """The columns that memory.c makes."""
    state = states(rows)
    key = (state >> np.uint64(33)).astype(np.int64)
    return pd.DataFrame({"few": key % 100, "many": key % 1000000, "x": (state >> np.uint64(11)) / 2.0**53})


def ids(rows):
    """The columns that questions.c makes."""
    state, many = states(rows), max(int(rows) // 100, 1)
    key = (state >> np.uint64(33)).astype(np.int64)
    draw = ((state >> np.uint64(11)) & np.uint64(0x3fffff)).astype(np.int64)
    text = np.array(["id%03d" % i for i in range(100)])
    long_text = np.array(["id%010d" % i for i in range(many)])
    return pd.DataFrame({
        "id1": pd.Categorical.from_codes(key % 100, text), "id2": pd.Categorical.from_codes(key // 100 % 100, text),
        "id3": pd.Categorical.from_codes(key % many, long_text), "id4": key // 7 % 100, "id5": key // 11 % 100,
        "id6": key // 13 % many, "v1": 1 + draw % 5, "v2": 1 + draw // 5 % 15,
        "v3": (state >> np.uint64(11)) / 2.0**53 * 100})


def by(frame, *keys):
    return frame.groupby(list(keys), observed=True)


def r2(frame):
    return by(frame, "id2", "id4")[["v1", "v2"]].corr().iloc[0::2]["v2"] ** 2


def series(rows):
    """A row a second, as series.c makes them."""
    x = table(rows).x
    x.index = pd.to_datetime(np.arange(len(x), dtype=np.int64) * 10**9)
    return x


def sides(rows, key):
    """The left table of joins.c, and the right one of a key."""
    rows, state = int(rows), states(rows)
    draw = (state >> np.uint64(33)).astype(np.int64)
    small, medium = max(rows // 1000000, 10), max(rows // 1000, 10)
    left = pd.DataFrame({"small": draw % small, "medium": draw // 7 % medium, "large": np.arange(rows) * 7919 % rows,
                         "v": (state >> np.uint64(11)) / 2.0**53})
    names = np.array(["id%010d" % i for i in range(2 * medium)])
    left["text"] = names[left.medium]
    keys = {"small": small, "medium": medium, "text": medium, "large": rows}[key]
    ids = keys // 10 + np.arange(keys) * 7919 % keys
    return left, pd.DataFrame({key: names[ids] if key == "text" else ids, "w": np.arange(keys) * 1.0})


def joined(key, how="inner"):
    return lambda rows: sides(rows, key), lambda both: both[0].merge(both[1], on=key, how=how)


# What each asks of its data, which is made before the clock starts.
QUESTIONS = {
    "csv_groupby": (str, csv_groupby),
    "jsonl": (str, jsonl),
    "groupby_100": (table, lambda t: t.groupby("few").x.sum()),
    "groupby_1m": (table, lambda t: t.groupby("many").x.sum()),
    "sort": (table, lambda t: t.x.sort_values()),
    "resample": (series, lambda x: x.resample("h").agg(["mean", "max"])),
    "rolling": (series, lambda x: x.rolling(20, min_periods=1).mean()),
    "rolling_median": (series, lambda x: x.rolling(1000, min_periods=1).median()),
    "topk": (table, lambda t: t.x.nlargest(100)),
    "join_small": joined("small"),
    "join_medium": joined("medium"),
    "join_left": joined("medium", "left"),
    "join_text": joined("text"),
    "join_large": joined("large"),
    "question_1": (ids, lambda t: by(t, "id1").v1.sum()),
    "question_2": (ids, lambda t: by(t, "id1", "id2").v1.sum()),
    "question_3": (ids, lambda t: by(t, "id3").agg({"v1": "sum", "v3": "mean"})),
    "question_4": (ids, lambda t: by(t, "id4").agg({"v1": "mean", "v2": "mean", "v3": "mean"})),
    "question_5": (ids, lambda t: by(t, "id6").agg({"v1": "sum", "v2": "sum", "v3": "sum"})),
    "question_6": (ids, lambda t: by(t, "id4", "id5").v3.agg(["median", "std"])),
    "question_7": (ids, lambda t: by(t, "id3").v1.max() - by(t, "id3").v2.min()),
    "question_8": (ids, lambda t: t[["id6", "v3"]].sort_values("v3", ascending=False).groupby("id6").head(2)),
    "question_9": (ids, r2),
    "question_10": (ids, lambda t: by(t, "id1", "id2", "id3", "id4", "id5", "id6").agg({"v3": "sum", "v1": "size"})),
}

make, ask = QUESTIONS[sys.argv[1]]
data = make(sys.argv[2])
start, start_cpu = time.perf_counter(), time.process_time()
ask(data)
figures = "%r %r %d" % (time.perf_counter() - start, time.process_time() - start_cpu,
                        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
print(figures)
if answer:
    with open(answer, "w") as out:
        out.write(figures)
