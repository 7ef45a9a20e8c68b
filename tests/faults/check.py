#!/usr/bin/env python3
"""Reads what tests/faults/job.c traced: check.py TRACE TASKS MOST_REPEATED.

Fails when a task that the program had the result of began again, when one never ran, or
when more than that many beginnings were repeated. Prints their count and share."""
import sys

path, tasks, most = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
done, started, again = set(), {}, []
for line in open(path):
    what, item = line.split()
    if what == "done":
        done.add(item)
        continue
    started[item] = started.get(item, 0) + 1
    if item in done:
        again.append(item)
repeated = sum(started.values()) - len(started)
print("%d of %d tasks ran again: %.2f %%" % (repeated, tasks, 100.0 * repeated / tasks))
if again:
    sys.exit("ran again though the program had the result: %s" % " ".join(again[:20]))
if len(started) != tasks:
    sys.exit("%d tasks ran, not %d" % (len(started), tasks))
if repeated > most:
    sys.exit("%d beginnings were repeated, more than %d" % (repeated, most))
