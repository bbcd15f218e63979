#!/usr/bin/env python3
"""The talkers of the lab that no ready-made program provides: multicast, a neighbouring switch, VLANs without kernel VLAN devices.

Run by captures/lab.sh in network namespaces of its own; every verb ends by itself after --seconds. Standard library only.
"""

import argparse
import fcntl
import os
import select
import socket
import struct
import time

ETH_P_ALL = 0x0003
SOL_PACKET = 263
PACKET_AUXDATA = 8
PACKET_OUTGOING = 4
TP_STATUS_VLAN_VALID = 1 << 4
TUNSETIFF = 0x400454CA
IFF_TAP = 0x0002
IFF_NO_PI = 0x1000


def listen(arguments):
    """Joins a group (IGMP, MLD's elder sibling) and reads what comes."""
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    receiver.bind(("", arguments.port))
    index = socket.if_nametoindex("eth0")
    request = struct.pack("4s4si", socket.inet_aton(arguments.group), socket.inet_aton("0.0.0.0"), index)
    receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
    end = time.monotonic() + arguments.seconds
    while (left := end - time.monotonic()) > 0:
        receiver.settimeout(left)
        try:
            receiver.recv(2048)
        except TimeoutError:
            break


def sender_to(group):
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255 if group == "224.0.0.251" else 4)
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack("4s4si", socket.inet_aton(group), b"\0" * 4, socket.if_nametoindex("eth0")))
    return sender


def repeat(arguments):
    """Yields 0, 1, 2 … every `--every` seconds for `--seconds`."""
    end = time.monotonic() + arguments.seconds
    number = 0
    while time.monotonic() < end:
        yield number
        number += 1
        time.sleep(arguments.every)


def send(arguments):
    """A stream of RTP packets (RFC 3550; PCMU, 20 ms of silence) to a group."""
    sender = sender_to(arguments.group)
    for number in repeat(arguments):
        header = struct.pack("!BBHII", 0x80, 0, number & 0xFFFF, number * 160 & 0xFFFFFFFF, 0x77000001)
        sender.sendto(header + b"\xff" * 160, (arguments.group, arguments.port))


def mdns(arguments):
    """mDNS questions (RFC 6762)."""
    sender = sender_to("224.0.0.251")
    sender.bind(("", 5353))
    name = b"".join(bytes([len(label)]) + label.encode() for label in arguments.name.split(".")) + b"\0"
    question = struct.pack("!HHHHHH", 0, 0, 1, 0, 0, 0) + name + struct.pack("!HH", 12, 1)
    for _ in repeat(arguments):
        sender.sendto(question, ("224.0.0.251", 5353))


def raw(interface):
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    link.bind((interface, 0))
    return link


def lldp(mac):
    def tlv(kind, value):
        return struct.pack("!H", kind << 9 | len(value)) + value

    return (
        bytes.fromhex("0180c200000e")
        + mac
        + b"\x88\xcc"
        + tlv(1, b"\x04" + mac)
        + tlv(2, b"\x05Gi1/0/24")
        + tlv(3, struct.pack("!H", 120))
        + tlv(4, b"uplink of the lab")
        + tlv(5, b"neighbour-switch")
        + tlv(6, b"A made-up switch, version 1")
        + tlv(7, struct.pack("!HH", 0x14, 0x04))
        + tlv(127, bytes.fromhex("0080c201") + struct.pack("!H", 1))
        + tlv(0, b"")
    )


def bpdu(mac, flags):
    """A configuration BPDU of RSTP (IEEE 802.1Q clause 14): this bridge says it is the root."""
    bridge = struct.pack("!H", 32768) + mac
    body = b"\x00\x00\x02\x02" + bytes([flags]) + bridge + struct.pack("!I", 0) + bridge + struct.pack("!HHHHH", 0x8018, 0, 20 << 8, 2 << 8, 15 << 8) + b"\0"
    frame = b"\x42\x42\x03" + body
    return bytes.fromhex("0180c2000000") + mac + struct.pack("!H", len(frame)) + frame


def neighbour(arguments):
    """A neighbouring switch: BPDUs every two seconds, LLDP now and then, one topology change."""
    link = raw(arguments.interface)
    mac = bytes.fromhex("02005e0000aa")
    arguments.every = 2.0
    for number in repeat(arguments):
        link.send(bpdu(mac, 0x3D if number in (3, 4) else 0x3C).ljust(60, b"\0"))
        if number % 5 == 0:
            link.send(lldp(mac).ljust(60, b"\0"))


def tags_of(text):
    """`10` or `100.10` (outer first) as (ethertype, id) pairs."""
    ids = [int(part) for part in text.split(".")]
    return [(0x88A8 if n + 1 < len(ids) else 0x8100, vid) for n, vid in enumerate(ids)]


def open_tap(name):
    tap = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TAP | IFF_NO_PI))
    return tap


def untagged(link, stack):
    """Reads one frame; returns it without its tags when they are `stack`, else None. The kernel keeps the outer tag beside the frame."""
    frame, ancillary, _, address = link.recvmsg(65535, 256)
    if address[2] == PACKET_OUTGOING:
        return None
    for level, kind, data in ancillary:
        if level == SOL_PACKET and kind == PACKET_AUXDATA:
            status, _, _, _, _, tci, tpid = struct.unpack("IIIHHHH", data[:20])
            if status & TP_STATUS_VLAN_VALID:
                frame = frame[:12] + struct.pack("!HH", tpid or 0x8100, tci) + frame[12:]
    for ethertype, vid in stack:
        if len(frame) < 18 or struct.unpack("!HH", frame[12:16]) != (ethertype, struct.unpack("!H", frame[14:16])[0]):
            return None
        if struct.unpack("!H", frame[14:16])[0] & 0x0FFF != vid:
            return None
        frame = frame[:12] + frame[16:]
    return frame if struct.unpack("!H", frame[12:14])[0] not in (0x8100, 0x88A8) else None


def vlan(arguments):
    """A VLAN device in user space: what is written to the tap leaves tagged, what comes tagged is read from the tap."""
    link = raw(arguments.interface)
    link.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    tap = open_tap(arguments.tap)
    stack = tags_of(arguments.id)
    tags = b"".join(struct.pack("!HH", ethertype, arguments.priority << 13 | vid) for ethertype, vid in stack)
    end = time.monotonic() + arguments.seconds
    while (left := end - time.monotonic()) > 0:
        readable, _, _ = select.select([tap, link], [], [], left)
        if tap in readable:
            frame = os.read(tap, 65535)
            link.send(frame[:12] + tags + frame[12:])
        if link in readable:
            frame = untagged(link, stack)
            if frame is not None:
                try:
                    os.write(tap, frame)
                except OSError:
                    pass  # the tap is not up yet


def checksum(header):
    total = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def erspan(arguments):
    """Wraps the frames of a classic pcap file in ERSPAN type II (draft-foschiano-erspan-03), as a distant switch would, and loses some on the way.

    The sequence number counts every frame, also those that are lost, so a reader can tell how many are missing.
    """
    with open(arguments.source, "rb") as source, open(arguments.target, "wb") as target:
        header = source.read(24)
        if header[:4] != b"\xd4\xc3\xb2\xa1" or struct.unpack("<I", header[20:24])[0] != 1:
            raise SystemExit(f"{arguments.source}: not a little-endian pcap file of Ethernet frames")
        target.write(header)
        ports = {}
        for sequence in range(arguments.most):
            record = source.read(16)
            if len(record) < 16:
                break
            seconds, fraction, captured, wire = struct.unpack("<IIII", record)
            frame = source.read(captured)
            if sequence % arguments.lose == arguments.lose - 1:
                continue
            index = ports.setdefault(frame[6:12], len(ports) + 1)
            inner = struct.pack("!HHI", 1 << 12, arguments.session, index) + frame
            gre = struct.pack("!HHI", 0x1000, 0x88BE, sequence)
            addresses = socket.inet_aton("10.99.0.1") + socket.inet_aton("10.99.0.2")
            ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(gre) + len(inner), 0, 0x4000, 62, 47, 0) + addresses
            ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
            packet = bytes.fromhex("02005e000101" "02005e000102" "0800") + ip + gre + inner
            target.write(struct.pack("<IIII", seconds, fraction, len(packet), wire + len(packet) - captured) + packet)


def without(options, unwanted):
    """The options of a pcapng block without those codes."""
    kept = b""
    while len(options) >= 4:
        code, length = struct.unpack("<HH", options[:4])
        size = 4 + (length + 3 & ~3)
        if code not in unwanted:
            kept += options[:size]
        options = options[size:]
    return kept


def plain(arguments):
    """Takes the names of the recording machine's processor and system out of a little-endian pcapng file, in place."""
    with open(arguments.file, "rb") as file:
        data = file.read()
    out = b""
    while len(data) >= 12:
        kind, length = struct.unpack("<II", data[:8])
        block, data = data[:length], data[length:]
        fixed, unwanted = {0x0A0D0D0A: (24, (2, 3)), 1: (16, (12,))}.get(kind, (None, ()))
        if fixed:
            body = block[8:fixed] + without(block[fixed:-4], unwanted)
            block = struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)
        out += block
    with open(arguments.file, "wb") as file:
        file.write(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    verbs = parser.add_subparsers(required=True)

    def verb(function, *options):
        command = verbs.add_parser(function.__name__, help=function.__doc__)
        command.add_argument("--seconds", type=float, default=60)
        for names, settings in options:
            command.add_argument(*names, **settings)
        command.set_defaults(run=function)

    group = (("--group",), {"default": "239.77.0.1"})
    port = (("--port",), {"type": int, "default": 5004})
    every = (("--every",), {"type": float, "default": 1.0})
    interface = (("interface",), {})
    verb(listen, group, port)
    verb(send, group, port, every)
    verb(mdns, (("--name",), {"default": "_services._dns-sd._udp.local"}), every)
    verb(neighbour, interface)
    verb(vlan, interface, (("tap",), {}), (("id",), {}), (("--priority",), {"type": int, "default": 0}))
    number = {"type": int}
    verb(
        erspan,
        (("source",), {}),
        (("target",), {}),
        (("--session",), {**number, "default": 101}),
        (("--lose",), {**number, "default": 50, "help": "one frame in so many"}),
        (("--most",), {**number, "default": 100000}),
    )
    verb(plain, (("file",), {}))
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
