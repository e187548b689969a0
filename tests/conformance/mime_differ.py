#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Three other readers of MIME look at the same messages. TAP.

A message on which GMime, libetpan or Python's email see another tree than our scanner, and
which we did not call AMBIGUOUS or LIMIT (or INVALID), is a bug of ours. The messages are
those of the MIME corpora, and mutations of small seeds made by a seeded generator: the same
every time. Python's view is compared down to the bytes of every leaf.

    mime_differ.py [--count N] [--seed N] [--keep DIR] [FILE...]
"""

import argparse
import email
import email.message
import hashlib
import os
import random
import re
import subprocess
import sys
import tempfile
import urllib.parse

BUILD = os.environ.get("VANTHU_BUILDDIR", ".")
SHARED = os.environ.get("VANTHU_SHARED", "../shared")

class Reader:
    """A program that answers each path on its standard input with its lines."""

    def __init__(self, name):
        self.name = name
        self.path = os.path.join(BUILD, "tests", "conformance", name)
        self.process = None
        if os.access(self.path, os.X_OK):
            self.process = subprocess.Popen([self.path] + self.arguments(),
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def arguments(self):
        return []

    def ask(self, path):
        self.process.stdin.write(path.encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline().decode("utf-8", "replace")
        if not line.startswith("tree "):
            raise RuntimeError("%s died on %s" % (self.name, path))
        return line[5:].rstrip("\n")


def text(word):
    """A text of mime_tree's output."""
    return "" if word == "-" else urllib.parse.unquote(word)


class Ours(Reader):
    """Our own view: the verdict, the shape, and the range of each leaf's body."""

    def arguments(self):
        return ["-"]

    def ask(self, path):
        self.process.stdin.write(path.encode() + b"\n")
        self.process.stdin.flush()
        view = {"parts": [], "notes": [], "documents": {},
                "problem": None}
        while True:
            line = self.process.stdout.readline().decode("ascii")
            if not line:
                raise RuntimeError("the scanner died on %s" % path)
            words = line.split()
            if words[0] == "file":
                view["microseconds"] = int(words[2])
            elif words[0] == "head":
                view["subject"] = text(words[2])
            elif words[0] == "problem":
                view["problem"], view["verdict"] = words[1], words[2]
            elif words[0] == "part":
                view["parts"].append({
                    "parent": int(words[2]), "kind": words[4], "type": words[5],
                    "body": (int(words[8]), int(words[9])), "index": int(words[1]),
                    "encoding": words[6],
                    "header": int(words[7]), "children": []})
            elif words[0] == "document":
                view["documents"][int(words[1])] = words[4]
            elif words[0] == "note":
                view["notes"].append(words[1])
            elif words[0] == "end":
                break
        for part in view["parts"]:
            if part["parent"] >= 0:
                view["parts"][part["parent"]]["children"].append(part)
        return view


def our_shape(part):
    kind = urllib.parse.unquote(part["type"])
    if part["kind"] == "leaf":
        return kind
    return kind + "(" + ",".join(our_shape(c) for c in part["children"]) + ")"


def is_wrapping(message):
    return message.get_content_type() in ("message/rfc822", "message/global")


def python_shape(message):
    kind = message.get_content_type()
    payload = message.get_payload()
    if isinstance(payload, list) and (message.get_content_maintype() == "multipart" or
                                      is_wrapping(message)):
        return kind + "(" + ",".join(python_shape(m) for m in payload) + ")"
    return kind


def python_leaves(message):
    payload = message.get_payload()
    if isinstance(payload, list):
        if message.get_content_maintype() == "multipart" or is_wrapping(message):
            for part in payload:
                yield from python_leaves(part)
        else:
            yield message, None  # split further by Python only: not compared
        return
    raw = message._payload  # get_payload() would apply the charset
    yield message, raw.encode("utf-8", "surrogateescape") if raw is not None else b""


def our_leaves(part, data):
    if part["kind"] == "leaf":
        yield part, data[part["body"][0]:part["body"][1]]
    for child in part["children"]:
        yield from our_leaves(child, data)


def decoded_alike(view, part, raw, message):
    """Is the document that we hashed the one that Python decodes?"""
    ours = view["documents"].get(part["index"])
    if ours is None or part["encoding"] not in ("base64", "quoted-printable"):
        return True
    theirs = message.get_payload(decode=True)
    if part["encoding"] == "quoted-printable" and re.search(rb"[ \t]+(\r?\n|$)", raw):
        return True  # Python keeps the blanks that RFC 2045 6.7 rule 3 drops
    return hashlib.sha256(theirs).hexdigest() == ours


def python_view(path):
    with open(path, "rb") as f:
        data = f.read()
    return email.message_from_bytes(data), data


def is_cut_short(view):
    """Does the end of the message end the outermost multipart? Then the line end before it
    is a matter of taste, and so is a part that has not one byte."""
    return view["notes"] and "part-open" in view["notes"]


def excused(name, view, shape):
    """Is it a known fault of that reader, on a message that is plain to everybody else?"""
    last = view["parts"][-1]
    if is_cut_short(view) and last["header"] == last["body"][1]:
        return True
    if name != "etpan_tree":
        return False
    if shape == "!":
        return True  # it crashed, as it does
    # It swallows the blank line of an empty header block, and what follows.
    return any(part["header"] + 2 >= part["body"][0] and part["parent"] >= 0
               for part in view["parts"])


def compare(path, ours, others):
    """The differences between our view of a file and the others', as sentences."""
    view = ours.ask(path)
    if view["verdict"] != "-":
        return []
    mine = our_shape(view["parts"][0])
    message, data = python_view(path)
    found = []
    theirs = python_shape(message)
    if theirs != mine:
        found.append("python sees %s, we see %s" % (theirs, mine))
    else:
        for (part, a), (leaf, b) in zip(our_leaves(view["parts"][0], data),
                                        python_leaves(message)):
            if b is None:
                continue
            if is_cut_short(view):
                a, b = a.rstrip(b"\r\n"), b.rstrip(b"\r\n")
            if a != b:
                found.append("python's leaf %r, ours %r" % (b[-40:], a[-40:]))
            elif not decoded_alike(view, part, a, leaf):
                found.append("python decodes %r differently" % a[-40:])
    for other in others:
        shape = other.ask(path)
        if shape != mine and not excused(other.name, view, shape):
            found.append("%s sees %s, we see %s" % (other.name, shape, mine))
    return found


# --- messages --------------------------------------------------------------------------

SEEDS = [
    b"From: a@b.example\r\nTo: c@d.example\r\nSubject: one\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=\"OUT\"\r\n\r\npreamble\r\n--OUT\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    b"text\r\n--OUT\r\nContent-Type: application/pdf; name=\"a.pdf\"\r\n"
    b"Content-Transfer-Encoding: base64\r\n"
    b"Content-Disposition: attachment; filename=\"a.pdf\"\r\n\r\nJVBERi0xLjQK\r\n"
    b"--OUT--\r\nepilogue\r\n",
    b"From: a@b.example\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n"
    b"\tmicalg=sha-256; boundary=\"sig\"\r\n\r\n--sig\r\n"
    b"Content-Type: multipart/alternative; boundary=alt\r\n\r\n--alt\r\n"
    b"Content-Type: text/plain\r\n\r\nplain\r\n--alt\r\nContent-Type: text/html\r\n\r\n"
    b"<p>html</p>\r\n--alt--\r\n\r\n--sig\r\n"
    b"Content-Type: application/pkcs7-signature; name=smime.p7s\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nMIIB\r\n--sig--\r\n",
    b"From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/digest;\r\n"
    b" boundary=d\r\n\r\n--d\r\n\r\nFrom: x@y.example\r\nSubject: inner\r\n\r\ninner text\r\n"
    b"--d\r\nContent-Type: message/rfc822\r\n\r\nFrom: x@y.example\r\n"
    b"Content-Type: multipart/mixed; boundary=\"e\"\r\n\r\n--e\r\n\r\nleaf\r\n--e--\r\n"
    b"--d--\r\n",
    b"From: a@b.example\r\nSubject: plain\r\n\r\nline one\r\n--OUT\r\nline two\r\n",
    b"From: a@b.example\r\nContent-Type: application/pdf; name=a.pdf\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQKJVBERi0xLjQKJVBERi0xLjQK\r\n"
    b"JVBERi0xLjQKJVBERi0xLjQKJVBERi0xLjQ=\r\n",
    b"From: a@b.example\r\nContent-Type: text/plain; name=a.txt\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\nB=C3=A1o c=C3=A1o=\r\n 06=2FKH\r\n"
    b"end=20\r\n",
]

SPLICES = [
    b"\r\n", b"\n", b"\r", b" ", b"\t", b"\0", b"--", b"--OUT", b"--OUT\r\n", b"--OUT--\r\n",
    b"--sig\r\n", b"--alt--\r\n", b"--d\r\n", b"--e\r\n", b"\r\n--OUT\r\n\r\n", b"\r\n\r\n",
    b"\"", b"\\", b";", b",", b"(x)", b"=", b"*", b"boundary=OUT", b"; boundary=\"x\"",
    b"boundary*0=O; boundary*1=UT", b"Content-Type: text/plain\r\n",
    b"Content-Type: multipart/mixed; boundary=OUT\r\n", b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Transfer-Encoding: 7bit\r\n", b"MIME-Version: 1.0\r\n", b": ", b" : ",
    b"message/rfc822", b"text/plain", b"multipart/mixed", b"no colon\r\n", b"\r\n ",
    b"\r\n\t\r\n", b"From x\r\n", b"\xc3\xa9", b"\xff", b"OUT", b"OU", b"x" * 80,
]


def mutate(rng, data):
    """One to four small changes of the kinds that forgers make."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        what = rng.randrange(6)
        if what == 0:
            data = data[:at] + rng.choice(SPLICES) + data[at:]
        elif what == 1:
            data = data[:at] + data[at + rng.randint(1, 8):]
        elif what == 2:
            end = min(len(data), at + rng.randint(1, 80))
            data = data[:end] + data[at:end] + data[end:]
        elif what == 3:
            lines = data.split(b"\r\n")
            i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
            lines[i], lines[j] = lines[j], lines[i]
            data = b"\r\n".join(lines)
        elif what == 4:
            lines = data.split(b"\r\n")
            i = rng.randrange(len(lines))
            lines.insert(i, rng.choice(lines))
            data = b"\r\n".join(lines)
        elif at < len(data):
            data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1:]
        if not data:
            data = b"\r\n"
    return data


def corpus_files():
    for name in ("mime-cpython", "mime-kmime", "mime-mailparser-rs", "mime-mime4j",
                 "mime-zbateson", "lamps", "rfc4134", "thunderbird-smime"):
        for folder, _, files in sorted(os.walk(os.path.join(SHARED, "corpora", name))):
            for file in sorted(files):
                path = os.path.join(folder, file)
                if file.endswith((".eml", ".msg", ".mbox")) or (
                        file.endswith(".txt") and ("/emails/m" in path or "/msg_" in path)):
                    yield path


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--keep", help="folder for mutations on which readers differ")
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()

    ours = Ours("mime_tree")
    if ours.process is None:
        print("1..0 # SKIP tests/conformance/mime_tree is not built")
        return 0
    others = [r for r in (Reader("gmime_tree"), Reader("etpan_tree")) if r.process is not None]
    names = "python" + "".join(", " + r.name for r in others)

    files = options.files or list(corpus_files())
    bad = 0
    for path in files:
        for sentence in compare(path, ours, others):
            print("# %s: %s" % (path, sentence))
            bad += 1
    skip = "" if files else " # SKIP no corpora at %s" % SHARED
    print("%s 1 - corpora: nobody sees another tree (%d files; %s)%s" %
          ("not ok" if bad else "ok", len(files), names, skip))

    rng = random.Random(options.seed)
    worse = judged = 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "message")
        for number in range(0 if options.files else options.count):
            data = mutate(rng, rng.choice(SEEDS))
            if rng.random() < 0.1:
                data = data.replace(b"\r\n", b"\n")
            with open(path, "wb") as f:
                f.write(data)
            differences = compare(path, ours, others)
            judged += 1
            for sentence in differences:
                print("# mutation %d: %s" % (number, sentence))
            if differences:
                worse += 1
                if options.keep:
                    with open(os.path.join(options.keep, "%d.eml" % number), "wb") as f:
                        f.write(data)
    print("%s 2 - mutations: nobody sees another tree (%d, seed %d)" %
          ("not ok" if worse else "ok", judged, options.seed))
    print("1..2")
    return 1 if bad or worse else 0


if __name__ == "__main__":
    sys.exit(main())
