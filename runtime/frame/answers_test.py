#!/usr/bin/env python3
"""What frames answer, beside SQLite's answers: answers_test.py PROGRAM [ARGS...].

The rows hold nulls, NaN, both zeroes, 64-bit extremes, unicode, quotes, newlines, dates before 1970;
zones are skewed, one file is empty, and one ends its lines in CRLF and is packed by gzip.
"""
import gzip
import json
import math
import os
import random
import sqlite3
import subprocess
import sys
import tempfile

import tables
from tables import check, write

ZONES = ["a", "Zürich", 'quo"te', "new\nline", "com,ma", "東京", "", None]
HEADER = ["id", "zone", "big", "x", "day", "at"]
TYPES = {"id": int, "big": int, "x": float, "rate": float, "n": int, "k": int, "b": int, "f": int,
         "r": float, "m": float, "q": float, "low": float, "a": int, "u": int, "z": int, "count": int, "mean": float, "std": float, "min": float, "max": float}


def make_rows(rng, count):
    for i in range(count):
        zone = ZONES[0] if rng.random() < 0.7 else rng.choice(ZONES)
        big = rng.choice([2**63 - 1, -2**63, 0, None, rng.randrange(-2**63, 2**63), rng.randrange(9)])
        x = rng.choice([None, 0.0, -0.0, rng.uniform(-1e6, 1e6), rng.randrange(100) / 4, 1e300, 5e-324])
        day = rng.choice([None, "1969-12-31", "1970-01-01", "%04d-%02d-%02d" % (
            rng.randrange(1900, 2100), rng.randrange(1, 13), rng.randrange(1, 29))])
        at = rng.choice([None, "1969-12-31 23:59:59.999999", "2019-%02d-01 %02d:00:00" % (
            rng.randrange(1, 13), rng.randrange(24))])
        yield [i, zone, big, x, day, at]


QUESTIONS = {  # name: (in order, query)
    "all": (True, "select * from trips order by id"),
    "jsonl": (True, "select * from trips order by id"),
    "value_counts": (True, "select zone, count(*) as count from trips group by zone "
                           "order by count desc, zone nulls last"),
    "distinct": (True, "select id, zone, big, x, day, at from (select *, row_number() over "
                       "(partition by zone, day order by id) as r from trips) where r = 1 order by id"),
    "largest": (True, "select * from trips order by x desc nulls last, id limit 100"),
    "smallest": (True, "select * from trips order by day nulls last, big desc nulls last, id limit 50"),
    "sorted": (True, "select * from trips order by big nulls last, id"),
    "tail": (True, "select * from (select * from trips order by id desc limit 10) order by id"),
    "inner": (True, "select t.*, rate from trips t join zones z on t.zone = z.zone order by id, n"),
    "left": (True, "select t.*, rate from trips t left join zones z on t.zone = z.zone order by id, n"),
    "outer": (True, "select id, zone, big, x, day, at, rate from (select t.*, rate, n, 0 as part from trips t "
                    "left join zones z on t.zone = z.zone union all select null, zone, null, null, null, "
                    "null, rate, n, 1 from zones where zone is null or zone not in (select zone from trips "
                    "where zone is not null)) order by part, id, n"),
    "semi": (True, "select * from trips where zone in (select zone from zones) order by id"),
    "anti": (True, "select * from trips where zone is null or zone not in "
                   "(select zone from zones where zone is not null) order by id"),
    "concat": (True, "select zone, rate, null as id, null as big, null as x, null as day, null as at from "
                     "(select * from zones order by n) union all select zone, null, id, big, x, day, at from "
                     "(select * from trips order by id)"),
    "groups": (True, "select day, zone, count(*) as n, count(x) as k, min(big) as b, max(at) as t, min(id) as f "
                     "from trips group by day, zone order by day nulls last, zone nulls last"),
    "none": (True, "select t.*, rate from trips t left join zones z on t.zone = z.zone where id < 0"),
    "held": (True, "select t.zone, count(*) as n, min(rate) as r from trips t left join zones z "
                   "on t.zone = z.zone group by t.zone order by t.zone nulls last"),
}


def describe(db):
    for name in ["id", "big", "x"]:
        values = [float(v) for (v,) in db.execute(f"select {name} from trips where {name} is not null")]
        mean = math.fsum(values) / len(values)
        peak = max(map(abs, values))
        var = math.fsum(((v - mean) / peak) ** 2 for v in values) / (len(values) - 1)
        yield [name, len(values), mean, math.sqrt(var) * peak, min(values), max(values)]


def quantile(values, q):
    values = sorted(v for v in values if v is not None)
    if not values:
        return None
    low = int((len(values) - 1) * q)
    part = (len(values) - 1) * q - low
    return values[low] if part == 0 or values[low] == values[low + 1] else values[low] * (1 - part) + values[low + 1] * part


def different(values):
    return len({v for v in values if v is not None})


def by(rows, key):
    """Groups in the order of their keys, nulls last."""
    groups = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    order = lambda k: [(v is None, v if v is not None else 0) for v in k]
    return [(k, list(zip(*groups[k]))) for k in sorted(groups, key=order)]


def spread(rows):
    for (day, zone), (ids, _, _, x, _, at) in by(rows, lambda r: (r[4], r[1])):
        yield [day, zone, quantile(x, 0.5), quantile(x, 0.9), float(min(ids)), different(at), different(x)]


def of_signs(rows):
    sign = lambda r: (None if r[2] is None else r[2] > 0,)
    for (positive,), (ids, zone, big, x, _, _) in by(rows, sign):
        yield [None if positive is None else str(positive).lower(), different(zone), different(x), different(big),
               quantile(ids, 0.5)]


def main():
    rng = random.Random(17)
    rows = list(make_rows(rng, 25000))
    for row in rows:
        if row[3] is not None and abs(row[3]) == 1e300:
            row[3] = 1e9  # squares must stay finite
    zones = [[z, i / 4] for i, z in enumerate(["Zürich", "a", "nowhere", "東京", "a", None, ""])]
    with tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR")) as folder:
        write(folder + "/trips1.csv", HEADER, rows[:6000])
        write(folder + "/trips2.csv", HEADER, [])
        write(folder + "/trips3.csv", HEADER, rows[6000:], end="\r\n")
        with open(folder + "/trips3.csv", "rb") as plain:
            packed = gzip.compress(plain.read())  # read as it is: its first bytes tell
        with open(folder + "/trips3.csv", "wb") as out:
            out.write(packed)
        with open(folder + "/trips.jsonl", "w", encoding="utf-8") as out:
            for i, row in enumerate(rows):  # a null is one, or not there
                known = {k: v for k, v in zip(HEADER, row) if v is not None or i % 2}
                print(json.dumps(known, ensure_ascii=i % 3 == 0), file=out)
        write(folder + "/zones.csv", ["zone", "rate"], zones)
        subprocess.run(sys.argv[1:] + [folder], check=True)
        db = sqlite3.connect(":memory:")
        db.execute("create table trips (id int, zone text, big int, x real, day text, at text)")
        db.execute("create table zones (zone text, rate real, n int)")
        db.executemany("insert into trips values (?, ?, ?, ?, ?, ?)", rows)
        db.executemany("insert into zones values (?, ?, ?)", [z + [i] for i, z in enumerate(zones)])
        for name, (ordered, query) in QUESTIONS.items():
            cursor = db.execute(query)
            names = [d[0] for d in cursor.description]
            header, got = tables.read(f"{folder}/{name}.answer", TYPES)
            check(name, ordered, got, [list(r) for r in cursor], header, names)
        header, got_spread = tables.read(folder + "/spread.answer", TYPES)
        check("spread", True, got_spread, list(spread(rows)), header, ["day", "zone", "m", "q", "low", "a", "u"])
        header, got_signs = tables.read(folder + "/different.answer", TYPES)
        check("different", True, got_signs, list(of_signs(rows)), header, ["positive", "z", "u", "b", "m"])
        header, got = tables.read(folder + "/describe.answer", TYPES)
        check("describe", True, got, list(describe(db)), header, ["column", "count", "mean", "std", "min", "max"])
    sys.exit(1 if tables.failures else 0)


main()
