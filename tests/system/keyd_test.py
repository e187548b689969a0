#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""vanthu-keyd as a process: what it refuses to start with, what it refuses to sign, what a
hostile client can and cannot do to it, and the walls it stands behind. TAP."""

import hashlib
import os
import signal
import socket
import struct
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import keyd  # noqa: E402
from conformance.vanthu import Tap  # noqa: E402
from keyd import PERM, SIGNED, TEMP, Keyd, entry, issue, request  # noqa: E402

DIGEST = hashlib.sha256(b"content").digest()


def refusals_at_start(tap, folder):
    """A key that is not right refuses the start, by file and reason."""

    def path(name):
        return os.path.join(folder, name)

    issue(folder, "server", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
          extensions="keyUsage=digitalSignature\nextendedKeyUsage=serverAuth\n")
    issue(folder, "weak", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")
    issue(folder, "past", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", days=-1)
    os.symlink("bavi.key", path("link.key"))
    with open(path("loose.key"), "wb") as to, open(path("bavi.key"), "rb") as f:
        to.write(f.read())
    os.chmod(path("loose.key"), 0o640)
    cases = [
        ("a key that the group can read", entry("bavi", "bavi", key="loose.key"),
         ["loose.key", "0640"]),
        ("a key behind a link", entry("bavi", "bavi", key="link.key"), ["link.key"]),
        ("no key file", entry("bavi", "bavi", key="gone.key"), ["gone.key"]),
        ("the key of another certificate", entry("bavi", "bavi", key="vpub.key"),
         ["bavi-chain.pem", "not that of"]),
        ("a server's certificate", entry("bavi", "server"),
         ["server-chain.pem", "emailProtection"]),
        ("RSA-1024", entry("bavi", "weak"), ["weak-chain.pem", "1024"]),
        ("only an expired certificate", entry("bavi", "past"), ["past-chain.pem", "expired"]),
        ("a CA's certificate", entry("bavi", "bavi", certificate="issuing.pem",
                                     key="issuing.key"), ["issuing.pem", "CA"]),
        ("an unknown setting", entry("bavi", "bavi", passphrase="x"), ["keys.conf:3"]),
        ("two rates for one agency",
         entry("bavi", "bavi", rate=1) + ",\n" + entry("bavi", "vpub", rate=2),
         ["keys.conf:4", "bavi"]),
        ("a descriptor that nobody passed", entry("bavi", "bavi", passphrase_fd="x"),
         ["passphrase_fd"]),
    ]
    for name, keys, words in cases:
        k = Keyd(folder, keys)
        started = k.start()
        said = k.said()
        tap.ok(not started and k.process.returncode == 1 and all(w in said for w in words),
               "refused at start: " + name, said)
        k.stop()
    k = Keyd(folder, entry("bavi", "bavi"))
    os.chmod(path("keys.conf"), 0o666)
    tap.ok(not k.start() and "keys.conf" in k.said(),
           "refused at start: keys.conf that others can write", k.said())
    k.stop()


def passphrases(tap, folder):
    """Encrypted keys: by file, by descriptor; and the passphrase is seen nowhere."""
    secret = "mat khau rat dai 7301"
    keyd.run("openssl", "pkcs8", "-topk8", "-v2", "aes256", "-in",
             os.path.join(folder, "bavi.key"), "-out", os.path.join(folder, "enc.key"),
             "-passout", "pass:" + secret)
    os.chmod(os.path.join(folder, "enc.key"), 0o600)
    with open(os.path.join(folder, "pass"), "w", encoding="ascii") as f:
        f.write(secret + "\n")
    os.chmod(os.path.join(folder, "pass"), 0o600)
    k = Keyd(folder, entry("bavi", "bavi", key="enc.key", passphrase_file="pass"))
    tap.ok(k.start() and k.ask("bavi", DIGEST)[0] == SIGNED, "a passphrase in a file", k.said())
    k.stop()
    readable, writable = os.pipe()
    os.write(writable, secret.encode() + b"\n")
    os.close(writable)
    k = Keyd(folder, entry("bavi", "bavi", key="enc.key", passphrase_fd="seal"))
    tap.ok(k.start((readable,), ("--fd", "seal=%d" % readable))
           and k.ask("bavi", DIGEST)[0] == SIGNED, "a passphrase from a descriptor", k.said())
    os.close(readable)
    if k.process and k.process.poll() is None and os.geteuid() == 0:
        seen = b""
        for name in ("cmdline", "environ"):
            with open("/proc/%d/%s" % (k.process.pid, name), "rb") as f:
                seen += f.read()
        tap.ok(secret.encode() not in seen, "it is in no argument and no environment")
        tap.ok("pipe" not in " ".join(descriptors(k)), "its descriptor is closed",
               descriptors(k))
    k.stop()


def descriptors(k):
    folder = "/proc/%d/fd" % k.process.pid
    return sorted(os.readlink(os.path.join(folder, n)) for n in os.listdir(folder))


def permits(tap, k):
    """What is signed, what is not, and the class of each no."""
    now = int(time.time())
    sha512 = hashlib.sha512(b"content").digest()
    cases = [
        ("a digest of an agency", SIGNED, ("bavi", DIGEST), {}),
        ("another agency, another key", SIGNED, ("vpub", DIGEST), {}),
        ("SHA-512 where it is allowed", SIGNED, ("vpub", sha512, "sha-512"), {}),
        ("SHA-512 where it is not", PERM, ("bavi", sha512, "sha-512"), {}),
        ("an agency without a key", TEMP, ("soxd", DIGEST), {}),
        ("a time an hour and a half ago", TEMP, ("bavi", DIGEST), {"at": now - 5400}),
        ("a time in two hours", TEMP, ("bavi", DIGEST), {"at": now + 7200}),
        ("a time in half an hour", SIGNED, ("bavi", DIGEST), {"at": now + 1800}),
        ("a time before the certificate's first day", TEMP, ("bavi", DIGEST),
         {"at": now - 1800}),
        ("a digest that is too short", PERM, ("bavi", DIGEST[:20]), {}),
        ("signed attributes for a digest", PERM, ("bavi", b"1" * 64), {}),
        ("an agency that is a path", PERM, ("../bavi", DIGEST), {}),
    ]
    for name, want, args, more in cases:
        got = k.ask(*args, **more)
        tap.ok(got[0] == want and (want == SIGNED) == (len(got[2]) > 0), name, got)
    lines = k.log()
    signed = [x for x in lines if " result=signed agency=bavi algorithm=sha-256 digest=%s tx=%s "
              % (DIGEST.hex(), keyd.TX) in x]
    refused = [x for x in lines if " result=refused " in x and " reason=" in x]
    tap.ok(len(signed) == 2 and len(refused) == 8 and len(lines) == len(cases),
           "each use and each refusal is one line of its log", "\n".join(lines))
    tap.ok(os.stat(k.logfile).st_mode & 0o777 == 0o600, "which only its owner reads")


def rate(tap, folder):
    k = Keyd(folder, entry("bavi", "bavi", rate=30))
    k.start()
    results = [k.ask("bavi", DIGEST)[0] for _ in range(40)]
    tap.ok(results.count(SIGNED) in (30, 31) and results[-1] == TEMP,
           "at most a minute's worth of signatures at once", results)
    before = len(k.log())
    for _ in range(200):
        k.ask("bavi", DIGEST)
    tap.ok(len(k.log()) - before <= 125, "a flood of refusals does not fill the log",
           len(k.log()) - before)
    k.stop()


def hostile_clients(tap, k):
    """Whatever they do, the next one is served at once."""

    def served():
        begin = time.monotonic()
        return k.ask("bavi", DIGEST)[0] == SIGNED and time.monotonic() - begin < 2

    def ends(payload):
        with k.connect() as s:
            try:
                s.send(payload)
                return s.recv(65536)
            except OSError:
                return b""

    tap.ok(keyd.parse(ends(b"\x01"))[0] == PERM and keyd.parse(ends(os.urandom(200)))[0] == PERM
           and served(), "garbage is answered with no")
    tap.ok(ends(b"x" * 4000) == b"" and served(), "a message that is too long ends the client")
    idle = [k.connect() for _ in range(100)]
    tap.ok(served(), "a hundred idle clients cost nothing")
    readable, writable = os.pipe()
    with k.connect() as s:
        s.sendmsg([request("bavi", DIGEST)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                               struct.pack("i", readable))])
        answer = keyd.parse(s.recv(65536))
    os.close(readable)
    os.close(writable)
    tap.ok(answer[0] == SIGNED and served(), "a descriptor that nobody asked for is dropped")
    deaf = k.connect()
    deaf.setblocking(False)
    sent = 0
    end = time.monotonic() + 3
    while time.monotonic() < end:
        try:
            deaf.send(request("bavi", DIGEST))
            sent += 1
        except BlockingIOError:
            time.sleep(0.01)
        except OSError:
            break  # dropped
    tap.ok(sent > 0 and served(), "a client that takes no answer stalls nobody", sent)
    half = k.connect()
    half.send(request("bavi", DIGEST))
    half.close()
    tap.ok(served(), "nor does one that leaves before its answer")
    for s in idle + [deaf]:
        s.close()
    tap.ok(k.process.poll() is None, "it lives", k.said())


def walls(tap, k):
    """What the process has and may, as the kernel tells it."""
    status = {}
    with open("/proc/%d/status" % k.process.pid, encoding="utf-8") as f:
        for line in f:
            name, value = line.split(":", 1)
            status[name] = value.strip()
    tap.ok(status["NoNewPrivs"] == "1", "no new privileges", status["NoNewPrivs"])
    if "no system call filter" in k.said() or "sanitizer" in k.said():
        tap.skip("a filter of system calls", "a build with a sanitizer has none")
    else:
        tap.ok(status["Seccomp"] == "2", "a filter of system calls", status["Seccomp"])
    with open("/proc/%d/limits" % k.process.pid, encoding="utf-8") as f:
        core = [line for line in f if line.startswith("Max core file size")][0]
    tap.ok(core.split()[4:6] == ["0", "0"], "no core dumps", core)
    try:
        kinds = [d.split(":")[0] for d in descriptors(k)]
    except PermissionError:
        tap.ok(True, "not dumpable: not even its own user can look inside")
        return
    tap.ok(len(kinds) == 5, "five descriptors: three standard ones, its socket, its log", kinds)
    tap.ok(not any(name.endswith((".key", ".pem", ".conf")) for name in descriptors(k)),
           "no key or configuration stays open", descriptors(k))


def strangers(tap, k):
    """Only the session user may ask (SO_PEERCRED)."""
    if os.geteuid() != 0:
        tap.skip("a stranger is turned away", "needs root to be somebody else")
        return
    os.chmod(k.folder, 0o755)
    child = os.fork()
    if child == 0:
        try:
            os.setgid(65534)
            os.setuid(65534)
            with k.connect() as s:
                s.send(request("bavi", DIGEST))
                os._exit(0 if s.recv(65536) == b"" else 1)
        except OSError:
            os._exit(0)
        os._exit(2)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    tap.ok(code == 0 and "refused" in k.said(), "a stranger is turned away", code)


def main():
    tap = Tap()
    if not os.path.exists(keyd.PROGRAM):
        tap.skip("vanthu-keyd", "it is not built")
        tap.finish()
    with tempfile.TemporaryDirectory() as folder:
        keyd.make_pki(folder)
        refusals_at_start(tap, folder)
        passphrases(tap, folder)
        k = Keyd(folder, entry("bavi", "bavi", rate=100000) + ",\n"
                 + entry("vpub", "vpub", digests='[ "sha-256", "sha-512" ]'))
        os.unlink(k.logfile)
        if tap.ok(k.start(), "it starts with sound keys", k.said()):
            walls(tap, k)
            permits(tap, k)
            hostile_clients(tap, k)
            strangers(tap, k)
            begin = time.monotonic()
            code = k.stop()
            tap.ok(code == 0 and time.monotonic() - begin < 1, "SIGTERM ends it at once",
                   "%s\n%s" % (code, k.said()[-800:]))
        rate(tap, folder)
    tap.finish()


if __name__ == "__main__":
    signal.alarm(300)
    sys.exit(main())
