#!/usr/bin/env python3
"""Runs a command in a pseudo-terminal, types at it, and ends with its status.

Usage: terminal.py SCREEN KEYS COMMAND [ARG...]

KEYS are steps separated by '|': a number waits that many seconds, "size ROWSxCOLUMNS"
changes the window, "await TEXT" waits until the screen holds the text, anything else is
typed (with \\r, \\n and \\003 understood). What the command shows goes to the file SCREEN.
"""

import codecs
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

LIMIT = 60  # seconds


def resize(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def main():
    screen, keys, command = sys.argv[1], sys.argv[2], sys.argv[3:]
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        os.execvp(command[0], command)
    resize(fd, 24, 80)

    shown = b""
    steps = keys.split("|") if keys else []
    wake = 0
    deadline = time.monotonic() + LIMIT
    with open(screen, "wb") as out:
        while time.monotonic() < deadline:
            ready, _, _ = select.select([fd], [], [], 0.05)
            if ready:
                try:
                    data = os.read(fd, 65536)
                except OSError:
                    break  # the terminal is closed: the command has ended
                if not data:
                    break
                shown += data
                out.write(data)
                out.flush()  # a test may act on what it sees
            if not steps or time.monotonic() < wake:
                continue
            if steps[0].startswith("await ") and steps[0][6:].encode() not in shown:
                continue
            step = steps.pop(0)
            if step.startswith("await "):
                continue
            if step.startswith("size "):
                resize(fd, *map(int, step[5:].split("x")))
            elif step.replace(".", "", 1).isdigit():
                wake = time.monotonic() + float(step)
            else:
                os.write(fd, codecs.decode(step, "unicode_escape").encode())
        else:
            os.kill(pid, 9)
            sys.exit("the command did not end within %d s" % LIMIT)
    _, status = os.waitpid(pid, 0)
    sys.exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))


main()
