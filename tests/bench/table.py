"""Figures, a JSON object a line, as a table for people; on ranks beside those of one rank, where there are any."""
import json
import sys


def on(d):
    """The pool, and how many workers; that they share processors, where they do."""
    shared = " on %d processors" % d["processors"] if d.get("oversubscribed") else ""
    return "%s:%d%s" % (d["pool"], d["workers"], shared)


def speed_up(d, of_one):
    """How many times faster than one rank: seconds are better the fewer they are, rates are not."""
    if d["pool"] != "cluster" or d["value"] == 0:
        return ""
    one = of_one.setdefault((d["bench"], d["unit"]), d["value"] if d["workers"] == 1 else None)
    if not one or d["workers"] == 1:
        return ""
    return "  %.2f times one rank" % (one / d["value"] if d["unit"] == "s" else d["value"] / one)


def main():
    of_one = {}
    for line in sys.stdin:
        d = json.loads(line)
        peer = "%14.6g  %s" % (d["peer_value"], d["peer"]) if "peer" in d else ""
        print("%-16s %-28s %14.6g %-14s %s%s" % (d["bench"], on(d), d["value"], d["unit"], peer,
                                                 speed_up(d, of_one)), flush=True)


main()
