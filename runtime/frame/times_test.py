#!/usr/bin/env python3
"""What frames answer about time, beside plain Python: times_test.py PROGRAM [ARGS...].

More than a chunk of rows, out of order, some at the same time and some without one, from before and after 1970.
"""
import math
import os
import random
import subprocess
import sys
import tempfile
from datetime import date, datetime, timedelta

import tables
from tables import check

EPOCH = datetime(1970, 1, 1)
HEADER = ["id", "at", "day", "zone", "price", "volume", "y"]
FLOATS = ["m", "low", "high", "s", "t", "y", "p", "price", "less", "mid", "most"]
TYPES = {**{k: int for k in ["id", "n", "k", "v", "u", "f", "volume"]}, **{k: float for k in FLOATS}}


def text(time):
    if time is None or not isinstance(time, datetime):
        return None if time is None else time.isoformat()
    return time.strftime("%Y-%m-%d %H:%M:%S") + (".%06d" % time.microsecond if time.microsecond else "")


def make_rows(rng, count):
    for i in range(count):
        at = EPOCH + timedelta(seconds=rng.randrange(-12 * 86400, 20 * 86400),
                               microseconds=rng.choice([0, 1, 999999]))
        if timedelta(0) < at - EPOCH < timedelta(days=1) and rng.random() < 0.9:
            at = EPOCH + timedelta(days=1.5)  # a gap of hours, and many rows at once
        yield [i, rng.choice([at] * 20 + [None]),
               rng.choice([None, date(1969, 10, 31), date(1969, 12, 31), date(1970, 1, 1), date(1971, 3, 1)]),
               rng.choice([None, "a", "Zürich", ""]), rng.choice([None, rng.randrange(1, 4000) / 8]),
               rng.choice([None, rng.randrange(-10**6, 10**6)]), math.nan if rng.random() < 0.001 else float(i % 7)]


def floor(time, step):
    return None if time is None else EPOCH + (time - EPOCH) // step * step


def first_of(day, months):
    months = (day.year * 12 + day.month - 1 - 1970 * 12) // months * months + 1970 * 12
    return date(months // 12, months % 12 + 1, 1)


def known(values):
    return [v for v in values if v is not None]


def mean(values):
    return math.fsum(values) / len(values) if values else None


def std(values):
    middle = mean(values)
    return math.sqrt(math.fsum((v - middle) ** 2 for v in values) / (len(values) - 1)) if len(values) > 1 else None


def quantile(values, q):
    if not values:
        return None
    values, place = sorted(values), (len(values) - 1) * q
    low = int(place)
    return values[low] + (values[min(low + 1, len(values) - 1)] - values[low]) * (place - low)


def total(values):
    return sum(values) if values else None


def arg(best, rows, of, by):
    """Of the rows that have both, the first with the least or largest."""
    rows = [r for r in rows if r[of] is not None and r[by] is not None]
    return best(rows, key=lambda r: r[by])[of] if rows else None


ID, AT, DAY, ZONE, PRICE, VOLUME, Y = range(7)


def column(rows, which):
    return known([r[which] for r in rows])


def stretch(rows):
    return [len(rows), len(column(rows, PRICE)), mean(column(rows, PRICE)), total(column(rows, VOLUME)),
            text(arg(max, rows, AT, PRICE)), len(set(column(rows, ZONE)))]


def window(rows):
    prices = column(rows, PRICE)
    return [len(rows), len(prices), total(column(rows, VOLUME)), mean(prices), min(prices, default=None),
            max(prices, default=None), std(prices), total(column(rows, Y)), rows[0][ID] if rows else None,
            arg(min, rows, ID, PRICE), quantile(prices, 0.5), quantile(prices, 0.9), len(set(column(rows, ZONE)))]


WINDOW = ["n", "k", "v", "m", "low", "high", "s", "t", "f", "w", "mid", "most", "u"]
STRETCH = ["n", "k", "m", "v", "w", "u"]


def by(rows, key):
    groups = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def ordered(values):
    return sorted(values, key=lambda v: (v is None, v if v is not None else 0))


def resample(rows, of, cut, following):
    groups = by([r for r in rows if r[of] is not None], lambda r: cut(r[of]))
    at = min(groups, default=None)
    while at is not None and at <= max(groups):
        yield [text(at)] + stretch(groups.get(at, []))
        at = following(at)


def plain(rows):
    return [[text(v) if isinstance(v, (date, datetime)) else v for v in row] for row in rows]


def rolling(rows):
    rows = sorted(rows, key=lambda r: (r[AT] is None, r[AT] or EPOCH))
    begin = 0
    for i, row in enumerate(rows):
        while row[AT] is not None and rows[begin][AT] <= row[AT] - timedelta(minutes=5):
            begin += 1
        if row[ID] % 7 == 0:
            yield plain([row])[0] + window(rows[begin:i + 1] if row[AT] is not None else [])


def pearson(rows, x, y):
    pairs = [(x(r), y(r)) for r in rows if x(r) is not None and y(r) is not None]
    mx, my = mean([a for a, _ in pairs]), mean([b for _, b in pairs])
    xx, yy = (math.fsum((p[i] - m) ** 2 for p in pairs) for i, m in [(0, mx), (1, my)])
    return math.fsum((a - mx) * (b - my) for a, b in pairs) / math.sqrt(xx * yy) if len(pairs) > 1 and xx * yy else None


def answers(rows):
    """name: (header, rows)"""
    series = sorted(rows, key=lambda r: (r[AT] is None, r[AT] or EPOCH))
    low, high = datetime(1969, 12, 31, 12), datetime(1970, 1, 2)
    slice_ = [r for r in series if r[AT] is not None and low <= r[AT] < high]
    days = by(rows, lambda r: r[DAY])
    yield "groups", ["day", "w", "low", "high", "p"], [
        [text(d), text(arg(max, days[d], AT, PRICE)), arg(min, days[d], ID, PRICE),
         max(column(days[d], PRICE), default=None), arg(max, days[d], PRICE, AT)] for d in ordered(days)]
    yield "stretches", ["at"] + STRETCH, list(resample(rows, AT, lambda t: floor(t, timedelta(hours=6)),
                                                       lambda t: t + timedelta(hours=6)))
    yield "months", ["day"] + STRETCH, list(resample(rows, DAY, lambda d: first_of(d, 1),
                                                     lambda d: first_of(d + timedelta(days=32), 1)))
    yield "rows", HEADER + WINDOW, [plain([r])[0] + window(series[max(0, i - 8):i + 1])
                                    for i, r in enumerate(series) if r[ID] % 7 == 0]
    yield "rolled", HEADER + WINDOW, list(rolling(rows))
    yield "slice", ["id", "at"], plain([[r[ID], r[AT]] for r in slice_])
    zones = by([r for r in rows if r[AT] is not None and r[AT] >= datetime(1970, 1, 5)], lambda r: r[ZONE])
    yield "tail", ["zone", "n"], [[z, len(zones[z])] for z in sorted(known(zones)) + [z for z in zones if z is None]]
    yield "head", HEADER + ["f"], [plain([r])[0] + [min(r[ID], slice_[max(0, i - 1)][ID])] for i, r in enumerate(slice_)]
    names = sorted(known({r[ZONE] for r in rows})) + ["null"] * any(r[ZONE] is None for r in rows)
    cells = by(rows, lambda r: (r[DAY], "null" if r[ZONE] is None else r[ZONE]))
    yield "pivot", ["day"] + names, [
        [text(d)] + [max(column(cells.get((d, n), []), VOLUME), default=None) for n in names] for d in ordered(days)]
    numbers = {"price": lambda r: r[PRICE], "volume": lambda r: r[VOLUME], "id": lambda r: r[ID],
               "less": lambda r: None if r[PRICE] is None else -2 * r[PRICE]}
    yield "correlation", ["column"] + list(numbers), [
        [n] + [pearson(rows, x, y) for y in numbers.values()] for n, x in numbers.items()]


def cut(rows):
    monday = datetime(1969, 12, 29)
    for r in rows:
        at, day = r[AT], r[DAY] and datetime.combine(r[DAY], datetime.min.time())
        week = at and monday + (at - monday) // timedelta(days=7) * timedelta(days=7)
        two = day and (monday + (day - monday) // timedelta(days=14) * timedelta(days=14)).date()
        yield [r[ID], text(floor(at, timedelta(minutes=15))), text(week), text(r[DAY] and first_of(r[DAY], 3)), text(two),
               text(at and datetime(at.year, 1, 1)), text(floor(at, timedelta(milliseconds=100)))]


def main():
    rows = list(make_rows(random.Random(23), 70000))
    with tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR")) as folder:
        tables.write(folder + "/prices.csv", HEADER, plain(rows))
        subprocess.run(sys.argv[1:] + [folder], check=True)
        header, got = tables.read(folder + "/cut.answer", {"id": int})
        check("cut", True, got, list(cut(rows[::7])), header, ["id", "a", "b", "c", "d", "e", "f"])
        for suffix, of in [("", rows), ("_none", [])]:
            for name, names, wanted in answers(of):
                types = {"groups": {**TYPES, "low": int}, "pivot": {n: int for n in names[1:]},
                         "rows": {**TYPES, "w": int}, "rolled": {**TYPES, "w": int},
                         "correlation": {n: float for n in names[1:]}}.get(name, TYPES)
                header, got = tables.read(f"{folder}/{name}{suffix}.answer", types)
                check(name + suffix, True, got, wanted, header, names)
    sys.exit(1 if tables.failures else 0)


main()
