#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The bytes of private keys are in the memory of vanthu-keyd and of no other process. TAP.

Looks through /proc/PID/mem of every process of ours while signatures are made, for the
private numbers of the keys in each byte order in which a library may hold them. That the
search finds them in keyd is the proof that it can see. Needs root: keyd is not dumpable.

Here with a keyd and a client of its own; keyproc_test.py does it with a whole gateway.
"""

import hashlib
import os
import re
import signal
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import keyd  # noqa: E402
from conformance.vanthu import Tap  # noqa: E402
from keyd import Keyd, entry, run  # noqa: E402

CHUNK = 1 << 20
SHADOW = 1 << 36  # bytes; a mapping of that size is the shadow of a sanitizer
PRIVATE = {"RSA": ("privateExponent", "prime1", "prime2", "exponent1", "exponent2",
                   "coefficient"), "EC": ("priv",)}


def numbers(path):
    """The private numbers of a key file, by name."""
    text = run("openssl", "pkey", "-in", path, "-noout", "-text").decode()
    kind = "RSA" if "prime1" in text else "EC"
    found = {}
    for name in PRIVATE[kind]:
        match = re.search(name + r":\n((?:    [ 0-9a-f:]+\n)+)", text)
        found[name] = bytes.fromhex(re.sub(r"[^0-9a-f]", "", match.group(1))).lstrip(b"\0")
    return found


def needles(key_files):
    """What to look for: (name, bytes). 24 bytes of a number are enough to know it."""
    for path in key_files:
        for name, value in numbers(path).items():
            name = "%s %s" % (os.path.basename(path), name)
            yield name + ", most significant byte first", value[:24]
            yield name + ", least significant byte first", value[::-1][:24]
            yield name + ", as text", value.hex()[:48].encode()
        with open(path, "rb") as f:
            body = f.read().split(b"\n")
        yield os.path.basename(path) + ", as PEM", body[2][:48]


def is_sanitized(pid):
    """A sanitizer maps terabytes, which nobody can look through."""
    with open("/proc/%d/maps" % pid, encoding="utf-8", errors="replace") as maps:
        ranges = [line.split()[0].split("-") for line in maps]
    return any(int(end, 16) - int(at, 16) > SHADOW for at, end in ranges)


def memory(pid):
    """All readable memory of a process, in pieces that overlap."""
    with open("/proc/%d/maps" % pid, encoding="utf-8", errors="replace") as maps:
        areas = [line.split() for line in maps]
    with open("/proc/%d/mem" % pid, "rb", buffering=0) as mem:
        for area in areas:
            if "r" not in area[1] or area[-1] in ("[vvar]", "[vsyscall]", "[vvar_vclock]"):
                continue
            at, end = (int(x, 16) for x in area[0].split("-"))
            tail = b""
            while at < end:
                try:
                    piece = os.pread(mem.fileno(), min(CHUNK, end - at), at)
                except OSError:
                    break  # a mapping that is past the end of its file
                if not piece:
                    break
                yield tail + piece
                tail = piece[-64:]
                at += len(piece)


def search(pid, wanted):
    """Names of the needles that are in the memory of a process."""
    found = set()
    for piece in memory(pid):
        found.update(name for name, value in wanted if value in piece)
    return found


def name_of(pid):
    with open("/proc/%d/comm" % pid, encoding="utf-8") as f:
        return f.read().strip()


def judge(tap, pids, wanted):
    """Exactly one kind of process holds them, and it is keyd."""
    for pid in pids:
        name = name_of(pid)
        found = search(pid, wanted)
        if name == "vanthu-keyd":
            numbers_found = {n.split(",")[0] for n in found}
            tap.ok(len(numbers_found) >= 2, "the search can see: keys are in vanthu-keyd",
                   sorted(numbers_found))
            tap.ok(not any(n.endswith(("as PEM", "as text")) for n in found),
                   "and no copy of their files is left in it", sorted(found))
        else:
            tap.ok(not found, "no private number in %s (%d)" % (name, pid), sorted(found))


def own_keyd(tap):
    """A keyd and a client that asks without a pause; the client is a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        keyd.make_pki(folder)
        k = Keyd(folder, ",\n".join(entry(n, n, rate=1000000) for n in ("vpub", "bavi")))
        if not tap.ok(k.start(), "keyd starts", k.said()):
            return
        if is_sanitized(k.process.pid):
            tap.skip("key bytes are in one process", "keyd is built with a sanitizer")
            k.stop()
            return
        client = os.fork()
        if client == 0:
            ask_for_ever(k)
        wanted = list(needles([os.path.join(folder, n + ".key") for n in ("vpub", "bavi")]))
        judge(tap, [k.process.pid, client], wanted)
        os.kill(client, signal.SIGKILL)
        os.waitpid(client, 0)
        tap.ok(len(k.log()) > 100, "signatures were made all the while", len(k.log()))
        unreadable(tap, k)
        k.stop()


def ask_for_ever(k):
    with k.connect() as s:
        count = 0
        while True:
            count += 1
            s.send(keyd.request("vpub" if count % 2 else "bavi",
                                hashlib.sha256(b"%d" % count).digest()))
            s.recv(65536)


def unreadable(tap, k):
    """Somebody else on the machine, and keyd's own user, see nothing."""
    child = os.fork()
    if child == 0:
        os.setgid(65534)
        os.setuid(65534)
        try:
            with open("/proc/%d/mem" % k.process.pid, "rb"):
                os._exit(1)
        except OSError:
            os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    tap.ok(code == 0, "its memory is closed to other users")


def main():
    tap = Tap()
    if os.geteuid() != 0:
        tap.skip("key bytes in one process", "needs root: keyd is not dumpable")
    elif not os.path.exists(keyd.PROGRAM):
        tap.skip("key bytes in one process", "vanthu-keyd is not built")
    else:
        own_keyd(tap)
    tap.finish()


if __name__ == "__main__":
    signal.alarm(300)
    sys.exit(main())
