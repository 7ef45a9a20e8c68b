"""Tables as CSV files, as frames write and read them, and what differs between two."""
import math


def field(value):
    if value is None:
        return ""
    text = repr(value) if isinstance(value, float) else str(value)
    quote = value == "" or any(c in text for c in ',"\n\r')
    return '"%s"' % text.replace('"', '""') if quote else text


def write(path, header, rows, end="\n"):
    with open(path, "w", newline="", encoding="utf-8") as out:
        for row in [header] + rows:
            out.write(",".join(map(field, row)) + end)


def read(path, types):
    """The header and rows of values; csv cannot tell "" from nothing, so the fields are split here."""
    text = open(path, newline="", encoding="utf-8").read()
    rows, row, at = [], [], 0
    while at < len(text):
        if text[at] == '"':
            end, value = at + 1, ""
            while True:
                stop = text.index('"', end)
                value += text[end:stop]
                if text[stop + 1] != '"':
                    break
                value, end = value + '"', stop + 2
            at = stop + 1
        else:
            end = at
            while text[at] not in ",\n":
                at += 1
            value = text[end:at] or None
        row.append(value)
        if text[at] == "\n":
            rows.append(row)
            row = []
        at += 1
    header, rows = rows[0], rows[1:]
    return header, [[types.get(h, str)(v) if v is not None else None for h, v in zip(header, r)] for r in rows]


def close(a, b):
    if isinstance(a, float) and isinstance(b, float):
        return a == b or math.isclose(a, b, rel_tol=1e-9) or (math.isnan(a) and math.isnan(b))
    return a == b


failures = 0


def check(name, ordered, got, wanted, header, names):
    global failures
    if not ordered:
        key = lambda row: [(v is None, v if v is not None else 0, "") if not isinstance(v, str) else (False, 0, v)
                           for v in row]
        got, wanted = sorted(got, key=key), sorted(wanted, key=key)
    bad = header != names or len(got) != len(wanted)
    at = next((i for i, (a, b) in enumerate(zip(got, wanted)) if not all(map(close, a, b))), None)
    if bad or at is not None:
        print("FAIL ", name, header, names, len(got), len(wanted), at is not None and (at, got[at], wanted[at]))
        failures += 1
    else:
        print("ok   ", name, len(got), "rows")
