#!/usr/bin/env python3
"""Has a program do what it will mostly do, so that a compiler may see what is often reached (packaging/build.sh profile).

    train.py SPANTOP

It reads the bundled captures and one of many conversations, writes reports in every format, looks at a port of its own where it may make one (as
root), and draws every screen.
"""

import fcntl
import os
import pathlib
import pty
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time

CAPTURES = pathlib.Path(__file__).resolve().parent.parent / "captures"
CONVERSATIONS = 60_000


def frame(source, destination, transport, protocol, payload):
    """An Ethernet frame of IPv4, in a VLAN for every second host."""
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(transport) + len(payload), 0, 0x4000, 64, protocol, 0, source, destination)
    tag = struct.pack("!HH", 0x8100, 10 + source[3] % 5) if source[3] % 2 else b""
    return b"\2\0\0\0\0" + destination[3:] + b"\2\0\0\0\0" + source[3:] + tag + b"\x08\0" + ip + transport + payload


def tcp(ports, seq, ack, flags, window=64_240):
    return struct.pack("!HHIIBBHHH", *ports, seq, ack, 5 << 4, flags, window, 0, 0)


def conversation(n):
    """Frames of one conversation with their distance in microseconds: TCP with a request and an answer, or a datagram each way."""
    a = bytes([10, n >> 16 & 255, n >> 8 & 255, n & 255])
    b = bytes([10, 200, 0, n % 50])
    port = 1_024 + n % 60_000
    if n % 4 == 0:
        udp = lambda s, d, payload: struct.pack("!HHHH", s, d, 8 + len(payload), 0)
        query, answer = b"\0\1" * 20, b"\1\0" * 60
        return [(0, frame(a, b, udp(port, 9_000, query), 17, query)), (800, frame(b, a, udp(9_000, port, answer), 17, answer))]
    there, back = (port, 8_000 + n % 3), (8_000 + n % 3, port)
    request, answer = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", bytes(1_400)
    frames = [
        frame(a, b, tcp(there, 99, 0, 2), 6, b""),
        frame(b, a, tcp(back, 499, 100, 18), 6, b""),
        frame(a, b, tcp(there, 100, 500, 16), 6, b""),
        frame(a, b, tcp(there, 100, 500, 24), 6, request),
    ]
    for i in range(n % 8):
        frames.append(frame(b, a, tcp(back, 500 + 1_400 * i, 135, 16), 6, answer))
        frames.append(frame(a, b, tcp(there, 135, 1_900 + 1_400 * i, 16), 6, b""))
    end = 500 + 1_400 * (n % 8)
    frames += [frame(b, a, tcp(back, end, 135, 17), 6, b""), frame(a, b, tcp(there, 135, end + 1, 17), 6, b"")]
    return [(300 * i, bytes_) for i, bytes_ in enumerate(frames)]


def many(path):
    """A capture of many conversations, about a hundred at any time."""
    found = [(100 * n + at, n, data) for n in range(CONVERSATIONS) for at, data in conversation(n)]
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1))
        for at, _, data in sorted(found):
            file.write(struct.pack("<IIII", 1_700_000_000 + at // 1_000_000, at % 1_000_000, len(data), len(data)) + data)


def run(*command, outcomes=(0,)):
    """Runs what is not to break off."""
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode not in outcomes:
        sys.exit(f"{' '.join(map(str, command))}: {done.returncode}: {done.stderr.decode()}")


def draw(spantop, capture):
    """Every screen in a terminal, each for a moment."""
    child, terminal = pty.fork()
    if child == 0:
        os.execv(spantop, [spantop, "--no-sandbox", str(capture)])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    keys = list("123456789") + ["1", "\r", "\x1b", "?", "\x1b", "q"]
    until = time.monotonic() + 60
    due = time.monotonic() + 2
    while time.monotonic() < until:
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                if not os.read(terminal, 65_536):
                    break
            except OSError:
                break
        if keys and time.monotonic() > due:
            os.write(terminal, keys.pop(0).encode())
            due = time.monotonic() + 0.5
    os.waitpid(child, 0)


def watch(spantop):
    """A port of a network of its own, with datagrams on it for three seconds."""
    sends = "import socket, time; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); end = time.time() + 5\nwhile time.time() < end: s.sendto(bytes(200), ('127.0.0.1', 9))"
    inside = f"ip link set lo up; '{sys.executable}' -c \"{sends}\" & '{spantop}' report -q --no-sandbox -i lo --for 3s; wait"
    if os.geteuid() == 0 and shutil.which("unshare") and shutil.which("ip"):
        run("unshare", "--net", "sh", "-c", inside)
    else:
        print("train: no port is looked at: that takes root, unshare and ip", file=sys.stderr)


def main():
    spantop = str(pathlib.Path(sys.argv[1]).resolve())
    captures = sorted(path for path in CAPTURES.iterdir() if path.suffix in (".pcap", ".pcapng"))
    with tempfile.TemporaryDirectory(prefix="spantop-train-") as folder:
        large = pathlib.Path(folder, "many.pcap")
        many(large)
        for capture in captures:
            for _ in range(20):
                run(spantop, "report", "-q", "--no-sandbox", str(capture))
        for capture in [*captures, large]:
            for form in ("text", "json", "csv", "markdown", "html"):
                run(spantop, "report", "-q", "--no-sandbox", "--format", form, str(capture))
            # What is wrong with the capture, or could not be judged.
            run(spantop, "check", "-q", "--no-sandbox", str(capture), outcomes=(0, 1, 2, 3))
        for threads in ("0", "2"):
            run(spantop, "report", "-q", "--no-sandbox", "--threads", threads, str(large))
        draw(spantop, captures[0])
        draw(spantop, large)
    watch(spantop)


if __name__ == "__main__":
    main()
