#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Good signed mail, damaged at random, the same way every time. What is still VERIFIED must
be the same mail to other readers: Python's email finds the same sender and the same parts
with the same bytes below the signature, GMime (when built) the same tree.

    mutate.py [--count N] [--seed N] [--keep DIR]
"""

import argparse
import email
import email.utils
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import cases_clients
import cases_honest
import forge
from vanthu import BUILD, Tap, verify

GMIME = os.path.join(BUILD, "tests", "conformance", "gmime_tree")
BYTES = b"\r\n\0 \t-;\"()=:,\\%*'<>@?_/.x\x0b\x7f\x80\xa0\xff"
LINES = [b"", b" ", b"\t", b"--", b"--ky", b"--ky--", b"x", b"Content-Type: text/html",
         b"Content-Type: multipart/mixed; boundary=ky", b"Content-Transfer-Encoding: base64",
         b"Content-Transfer-Encoding: quoted-printable", b"From: vanthu@soctay.hanoi.example",
         b"Content-Disposition: attachment; filename=a.exe", b"MIME-Version: 2.0",
         b" boundary=ky;", b"\tboundary=\"x\"", b"khong phai truong", b"From x",
         b"Subject: khac", b"Content-Type: message/rfc822", b"begin 644 a"]


def damage(r, mail):
    for _ in range(r.choice((1, 1, 1, 2, 3))):
        mail = r.choice((one_byte, one_byte, one_line, line_end, move))(r, mail)
    return mail


def place(r, mail):
    """Anywhere, but mostly where structure is: near the start or a line of the frame."""
    if r.random() < 0.3:
        return r.randrange(len(mail))
    spots = [i for i in range(len(mail) - 2) if mail[i:i + 1] == b"\n" and
             (mail[i + 1:i + 3] == b"--" or mail[i + 1:i + 9].lower() == b"content-")]
    spots.append(0)
    at = r.choice(spots) + r.randrange(-4, 120)
    return min(max(at, 0), len(mail) - 1)


def one_byte(r, mail):
    at = place(r, mail)
    new = bytes([r.choice(BYTES)])
    return r.choice((mail[:at] + new + mail[at:], mail[:at] + new + mail[at + 1:],
                     mail[:at] + mail[at + 1:], mail[:at] + mail[at:at + 1].swapcase() +
                     mail[at + 1:]))


def lines_of(r, mail):
    """The mail in lines, and one of them."""
    lines = mail.split(b"\r\n")
    return lines, mail[:place(r, mail)].count(b"\r\n")


def one_line(r, mail):
    lines, at = lines_of(r, mail)
    lines[at:at + r.choice((0, 0, 1))] = [r.choice(LINES + [lines[at]])]
    return b"\r\n".join(lines)


def line_end(r, mail):
    at = mail.find(b"\r\n", place(r, mail))
    if at < 0:
        return mail
    return mail[:at] + r.choice((b"\n", b"\r", b"\r\r\n", b"\n\r", b" \r\n", b"\r\n\r\n",
                                 b"\0\r\n", b"\r\n ", b"", b"\x0b\r\n")) + mail[at + 2:]


def move(r, mail):
    lines, at = lines_of(r, mail)
    _, other = lines_of(r, mail)
    piece = lines[at:at + r.randrange(1, 4)]
    if r.random() < 0.5:
        del lines[at:at + len(piece)]
    lines[other:other] = piece
    return b"\r\n".join(lines)


def leaves(part):
    return [(p.get_content_type(), p.get_filename(), p.get_payload(decode=True))
            for p in part.walk() if not p.is_multipart()]


def view(mail):
    """The sender and what is below the signature, as Python sees them."""
    message = email.message_from_bytes(mail)
    senders = [email.utils.getaddresses([str(f)]) for f in message.get_all("from", [])]
    addresses = [local + "@" + domain.lower() for field in senders
                 for local, _, domain in [a.rpartition("@") for _, a in field]]
    if message.get_content_type() == "multipart/signed" and message.is_multipart():
        return addresses, message.get_content_type(), leaves(message.get_payload(0))
    return addresses, message.get_content_type(), [
        (kind, content) for kind, _, content in leaves(message)]


class Gmime:
    def __init__(self):
        self.process = None
        if os.access(GMIME, os.X_OK):
            self.process = subprocess.Popen([GMIME], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE)

    def tree(self, path):
        if self.process is None:
            return ""
        self.process.stdin.write(path.encode() + b"\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().decode("utf-8", "replace").strip()


def write(path, content):
    with open(path, "wb") as out:
        out.write(content)
    return path


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--count", type=int, default=4000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--keep")
    options = options.parse_args()
    r = random.Random(options.seed)
    tap = Tap()
    gmime = Gmime()
    with tempfile.TemporaryDirectory() as folder:
        folder = options.keep or folder
        keys = os.path.join(folder, "keys")
        os.makedirs(keys, exist_ok=True)
        authority = forge.Authority(keys)
        root = write(os.path.join(folder, "root.pem"), authority.root.pem().encode())
        seeds = [case.mail for group in (cases_clients, cases_honest)
                 for case in group.good(authority) if b"\r\n" in case.mail and
                 len(case.mail) < 40000]
        trees = [gmime.tree(write(os.path.join(folder, "seed-%d.eml" % i), mail))
                 for i, mail in enumerate(seeds)]
        numbers = [r.randrange(len(seeds)) for _ in range(options.count)]
        mails = [damage(r, seeds[n]) for n in numbers]
        paths = [write(os.path.join(folder, "%06d.eml" % i), mail)
                 for i, mail in enumerate(mails)]
        results, _ = verify(paths, [root])
        verified = 0
        wrong = []
        for number, mail, path, got in zip(numbers, mails, paths, results):
            if got is None:
                wrong.append(path + ": not answered")
            elif got["verdict"] == "VERIFIED":
                verified += 1
                if view(mail) != view(seeds[number]):
                    wrong.append(path + ": Python's email sees other mail")
                elif gmime.tree(path) != trees[number]:
                    wrong.append(path + ": GMime sees another tree")
    tap.ok(not wrong, "%d damaged messages of %d seeds: %d VERIFIED, %d of them seen "
           "differently by others" % (len(mails), len(seeds), verified, len(wrong)),
           "\n".join(wrong))
    tap.finish()


if __name__ == "__main__":
    main()
