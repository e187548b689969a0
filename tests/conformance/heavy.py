#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Messages that are large, deep or made to exhaust us (group I): the right verdict, within
one second for what ends in a limit, ten for the largest that is read, and in bounded memory."""

import os
import resource
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import forge
from forge import (TEXT, Certificate, Signer, base64_lines, basic_constraints,
                   default_attributes, headers, key_usage, multipart_signed, name, opaque, rfc822,
                   signed_data)
from vanthu import COMMAND, Tap, objects

MB = 1 << 20
MEMORY = 256 * MB  # of the larger of the two programs
PDF_TOP = (b"Content-Type: application/pdf; name=a.pdf\r\n"
           b"Content-Transfer-Encoding: base64\r\n\r\n")


def large(a):
    """What is honest although it is large."""
    pdf = PDF_TOP + base64_lines(b"%PDF-1.4\n" + os.urandom(40 * MB), 76)
    yield "an attachment of 40 MB", a.sign(part=pdf)
    zipped = PDF_TOP.replace(b"pdf", b"zip") + base64_lines(b"PK\x03\x04" + bytes(29 * MB), 76)
    yield "an archive of 29 MB without a directory", a.sign(part=zipped)
    inside = PDF_TOP + base64_lines(b"%PDF-1.4\n" + bytes(25 * MB), 76)
    yield "opaque content of 34 MB", opaque(a.SENDER, signed_data(
        inside, [Signer(a.leaf)], a.chain, embedded=inside))
    yield "20 million empty lines", a.sign(part=b"\r\n" + b"\r\n" * (20 * MB))
    yield "40 MB of quoted-printable", a.sign(
        part=b"Content-Type: application/x; name=x\r\nContent-Transfer-Encoding: "
        b"quoted-printable\r\n\r\n" + (b"=41" * 24 + b"=\r\n") * (40 * MB // 75))
    macros = PDF_TOP.replace(b"pdf", b"doc") + base64_lines(b"_\0V\0B\0A\0" * (3 * MB), 76)
    yield "24 MB of what a macro begins with", a.sign(part=macros)


def bombs(a):
    me = headers(a.SENDER)
    mixed = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    yield "100,000 parts", me + mixed + b"--x\r\n\r\na\r\n" * 100000 + b"--x--\r\n"
    yield "27,570 nested messages", me + b"Content-Type: message/rfc822\r\n\r\n" * 27570
    yield "a million nested messages", me + b"Content-Type: message/rfc822\r\n\r\n" * 1000000
    yield "20,000 nested multiparts", me + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i)
        for i in range(20000))
    yield "105,000 brackets in From", b"From: " + b"(" * 105000 + b"\r\n\r\nx\r\n"
    yield "9,000 brackets in From, folded", b"From: a@b.example " + b"(\r\n " * 9000 + \
        b"\r\n\r\nx\r\n"
    yield "100,000 addresses", b"From: " + b"a@b.example,\r\n " * 100000 + b"x\r\n\r\nx\r\n"
    yield "100,000 fields", b"From: a@b.example\r\n" + b"X: y\r\n" * 100000 + b"\r\nx\r\n"
    yield "a field of 10 MB", b"From: a@b.example\r\nX: " + b"y" * (10 * MB) + b"\r\n\r\nx\r\n"
    yield "100,000 folds", b"From: a@b.example\r\nX: y" + b"\r\n y" * 100000 + b"\r\n\r\nx\r\n"
    yield "100,000 parameters", me + b"Content-Type: text/plain" + b";\r\n a=b" * 100000 + \
        b"\r\n\r\nx\r\n"
    yield "990 attachments of 40 kB", me + mixed + b"".join(
        b"--x\r\nContent-Type: application/pdf; name=x\r\n\r\n" + (b"a" * 70 + b"\r\n") * 560
        for _ in range(990)) + b"--x--\r\n"


def slow(a):
    """What no limit stops: it is read, and must be read fast."""
    me = headers(a.SENDER)
    dashes = b"-" * 60
    yield "200,000 lines like a delimiter", me + b"Content-Type: multipart/mixed; boundary=" + \
        dashes + b"\r\n\r\n" + (b"--" + dashes + b"x\r\n") * 200000
    yield "500,000 lines like the delimiters of 18 multiparts", me + b"".join(
        b"Content-Type: multipart/mixed; boundary=%s%02d\r\n\r\n--%s%02d\r\n" % (
            dashes, i, dashes, i) for i in range(18)) + b"\r\n" + (
                b"--" + dashes + b"99\r\n") * 500000
    yield "36 MB of carriage returns and dashes", me + \
        b"Content-Type: multipart/mixed; boundary=xxxxxxxx\r\n\r\n--xxxxxxxx\r\n\r\n" + \
        (b"\r--" * 3000 + b"\r\n") * 4000
    authority = [basic_constraints(True), key_usage("keyCertSign")]
    circle = []
    for i in range(60):
        above = Certificate(name("X"), a.key("p256", "x%d" % (i % 4)), None, authority)
        circle.append(Certificate(name("X"), a.key("p256", "x%d" % ((i + 1) % 4)), above,
                                  authority))
    leaf = a.agency(a.SENDER, issuer=circle[0])
    yield "sixty authorities of one name in a circle", multipart_signed(
        a.SENDER, TEXT, signed_data(TEXT, [Signer(leaf)], [leaf] + circle))
    limits = forge.name_constraints([rfc822("h%d.example" % i) for i in range(5000)],
                                    [rfc822("x%d.example" % i) for i in range(1000)])
    above = Certificate(name("Names"), a.key("p256", "names"), a.root, authority + [limits])
    leaf = a.agency(None, issuer=above, names=[rfc822("u%d@h%d.example" % (i, i))
                                               for i in range(5000)])
    yield "6,000 name constraints over 5,000 names", multipart_signed(
        "u1@h1.example", TEXT, signed_data(TEXT, [Signer(leaf)], [leaf, above]))
    yield "sixty attributes", a.sign(attributes=default_attributes(TEXT) + [
        forge.attribute("1.2.3.%d" % i, forge.der.null()) for i in range(60)])


def run(arguments):
    """Runs as a process of its own: what it measures must not count ours."""
    done = subprocess.run(arguments, capture_output=True, timeout=60)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print("%f %d" % (used.ru_utime + used.ru_stime, used.ru_maxrss * 1024))
    sys.stdout.write(done.stdout.decode())


def measure(path, root):
    """The answer, the seconds of processor time that it took, the bytes of memory."""
    done = subprocess.run([sys.executable, os.path.abspath(__file__), "--run", COMMAND, "verify",
                           "--json", "--anchor", root, path], capture_output=True, timeout=90)
    first, _, answer = done.stdout.decode().partition("\n")
    took, memory = first.split()
    answers = objects(answer)
    return (answers[0] if answers else {}), float(took), int(memory)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        keys = os.path.join(folder, "keys")
        os.mkdir(keys)
        authority = forge.Authority(keys)
        root = os.path.join(folder, "root.pem")
        with open(root, "w", encoding="ascii") as out:
            out.write(authority.root.pem())
        path = os.path.join(folder, "mail.eml")
        for group, allowed, seconds in ((large, {"VERIFIED"}, 10), (bombs, {"LIMIT"}, 1),
                                        (slow, None, 10)):
            for title, mail in group(authority):
                with open(path, "wb") as out:
                    out.write(mail)
                got, took, memory = measure(path, root)
                verdict = got.get("verdict", "nothing")
                good = took <= seconds and memory <= MEMORY and (
                    verdict in allowed if allowed else verdict not in ("nothing",
                                                                       "UNCHECKABLE"))
                tap.ok(good, "%s: %s, %.1f MB read in %.2f s of processor time, %d MB used" % (
                    title, verdict, len(mail) / 1e6, took, memory // MB), got.get("reason"))
    tap.finish()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        run(sys.argv[2:])
    else:
        main()
