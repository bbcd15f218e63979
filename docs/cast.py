#!/usr/bin/env python3
"""Records docs/demo.cast (asciicast 2, https://docs.asciinema.org/manual/asciicast/v2/): the dashboard on the probe port of the lab, on which
real programs talk. Needs root and what `make setup-lab` installs.

  docs/cast.py PROGRAM [OUT]                  `make cast` does it;  asciinema play docs/demo.cast
"""
import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time

WIDTH, HEIGHT = 100, 28
# Seconds to wait, and what is typed then.
KEYS = [
    (5, "4"), (1.5, "\x1b[B"), (1, "m"), (2.5, "\x1b"), (0.5, "\x1b"), (1, "5"), (2, "6"), (3, "7"), (2.5, "0"),
    (2.5, "8"), (2.5, "9"), (1.5, "\x1b[B"),
    (1, "\r"), (2, "\x1b"), (1, "1"), (1.5, "w"), (3, "\x1b"), (1, "t"), (1.5, "q"),
]


# A lab of its own, and how long its programs talk before the dashboard is opened, in seconds.
LAB, BEFORE = "spancast", 8


def lab(*arguments):
    """Runs a verb of the lab."""
    subprocess.run(["captures/lab.sh", *arguments], env={**os.environ, "SPANTOP_LAB": LAB}, check=True, stdout=subprocess.DEVNULL)


def main():
    program = os.path.abspath(sys.argv[1])
    out = sys.argv[2] if len(sys.argv) > 2 else "docs/demo.cast"
    lab("up")
    try:
        lab("talk", "90", "--lively")
        time.sleep(BEFORE)
        record(program, out)
    finally:
        lab("down")


def record(program, out):
    """Runs the dashboard in a terminal, types, and writes down what it draws."""
    pid, terminal = pty.fork()
    if pid == 0:
        environment = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "TZ": "UTC", "XDG_CONFIG_HOME": "/nonexistent"}
        command = ["ip", "netns", "exec", f"{LAB}-probe", program, "--theme", "dark", "-i", "probe"]
        os.execvpe(command[0], command, {**environment, "PATH": os.environ["PATH"]})
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
    begun, events = time.monotonic(), []

    def watch(seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([terminal], [], [], left)[0]:
                return True
            try:
                data = os.read(terminal, 65536)
            except OSError:
                return False
            if not data:
                return False
            events.append([round(time.monotonic() - begun, 3), "o", data.decode("utf-8", "replace")])
        return True

    for wait, keys in KEYS:
        if not watch(wait):
            break
        os.write(terminal, keys.encode())
    watch(2)
    _, status = os.waitpid(pid, 0)
    with open(out, "w", encoding="utf-8") as file:
        file.write(json.dumps({"version": 2, "width": WIDTH, "height": HEIGHT, "title": "spantop on a mirror port: an office of real programs in network namespaces"}) + "\n")
        file.writelines(json.dumps(event, ensure_ascii=False) + "\n" for event in events)
    print(f"{out}: {len(events)} events, {events[-1][0] if events else 0} s, exit {os.waitstatus_to_exitcode(status)}")


main()
