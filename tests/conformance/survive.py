#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every file of every corpus before `vanthu verify`: as the message itself, and what is DER
or PEM also as a signature, as opaque content, and as a certificate or list in the bag of a
good signature. Each must be answered in JSON within 5 seconds, with a proper exit code, and
none of the fuzzers' files may be VERIFIED. One line for each folder.

    survive.py [--every N] [FOLDER...]      N: take only each N-th file
"""

import argparse
import base64
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import der
import forge
from vanthu import COMMAND, CORPORA, Tap, objects

BATCH = 100
SECONDS = 5  # for one message
LIST = "list"  # the form in which it does no harm: lists in a mail are not read
RAW = ("fuzz-openssl", "smime-br-certs", "openssl-cms", "rfc4134", "pkits", "lamps",
       "thunderbird-smime", "vietnamese")
VERDICTS = {"VERIFIED", "UNSIGNED", "INVALID", "UNTRUSTED", "MISMATCH", "AMBIGUOUS", "LIMIT",
            "ENCRYPTED", "UNCHECKABLE"}


class Raw:
    """Bytes where a certificate is due."""

    def __init__(self, encoded):
        self.encoded = encoded


class Replayed:
    """A SignerInfo made once; perhaps under another signer's name."""

    digest = "sha256"

    def __init__(self, encoded, name=None):
        self.bytes = encoded
        if name is not None:
            _, start, _ = der.header(encoded, 0)
            version, rest = split(encoded[start:])
            self.bytes = der.seq(version, name, split(rest)[1])

    def encode(self, _):
        return self.bytes


def split(encoded):
    """The first element, and what follows it."""
    _, _, end = der.header(encoded, 0)
    return encoded[:end], encoded[end:]


def issuer_and_serial(certificate):
    """What a SignerInfo would call it; None when it is too broken."""
    try:
        body = certificate
        for _ in range(2):
            _, start, _ = der.header(body, 0)
            body = body[start:]
        if body[:1] == b"\xa0":
            body = split(body)[1]
        serial, body = split(body)
        issuer, _ = split(split(body)[1])
        return der.seq(issuer, serial)
    except (IndexError, ValueError, OverflowError):
        return None


def files_below(corpus):
    found = []
    for folder, _, names in os.walk(os.path.join(CORPORA, corpus)):
        found += [os.path.join(folder, n) for n in names]
    return sorted(found)


def bare(content):
    """The DER inside, when it is PEM."""
    if b"-----BEGIN" not in content[:4000]:
        return content
    body = content[content.index(b"-----BEGIN"):].split(b"-----")
    try:
        return base64.b64decode(body[2]) if len(body) > 2 else content
    except ValueError:
        return content


def wrapped(authority, signer, content):
    """The forms in which raw bytes can come in a message, each with a word for it."""
    me = authority.SENDER
    yield "p7s", forge.multipart_signed(me, forge.TEXT, content)
    yield "p7m", forge.opaque(me, content)
    yield "certificate", forge.multipart_signed(me, forge.TEXT, forge.signed_data(
        forge.TEXT, [signer], [Raw(content)]))
    named = issuer_and_serial(content)
    if named is not None:
        yield "signer", forge.multipart_signed(me, forge.TEXT, forge.signed_data(
            forge.TEXT, [Replayed(signer.bytes, named)], [Raw(content), *authority.chain]))
    yield LIST, forge.multipart_signed(me, forge.TEXT, forge.signed_data(
        forge.TEXT, [signer], authority.chain, lists=[content]))


def messages(corpus, every, authority, folder):
    """Paths of messages; the files of fuzzers are no mail, so they come only wrapped."""
    signer = Replayed(forge.Signer(authority.leaf).encode(forge.TEXT))
    number = 0
    for path in files_below(corpus)[::every]:
        if corpus != "fuzz-openssl":
            yield path
        if corpus not in RAW or path.endswith((".eml", ".txt", ".md", ".tsv")):
            continue
        with open(path, "rb") as raw:
            content = bare(raw.read(600000))
        for form, mail in wrapped(authority, signer, content):
            number += 1
            out = os.path.join(folder, "%s-%06d-%s.eml" % (corpus, number, form))
            with open(out, "wb") as written:
                written.write(mail)
            yield out


class Count:
    def __init__(self):
        self.messages = 0
        self.slowest = 0.0
        self.wrong = []


def ask(paths, root):
    environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")  # it needs ptrace
    start = time.monotonic()
    try:
        done = subprocess.run([COMMAND, "verify", "--json", "--anchor", root, *paths],
                              capture_output=True, env=environment,
                              timeout=SECONDS * (len(paths) + 1))
    except subprocess.TimeoutExpired:
        return [], 70, "no answer", time.monotonic() - start
    try:
        answers = objects(done.stdout.decode())
    except ValueError as wrong:
        return [], done.returncode, "JSON: %s" % wrong, time.monotonic() - start
    # A build with a sanitizer says that it has no seccomp filter.
    errors = [line for line in done.stderr.decode(errors="replace").splitlines()
              if "warning: sandbox: " not in line]
    return answers, done.returncode, "\n".join(errors), time.monotonic() - start


def judge(paths, root, count):
    answers, code, errors, took = ask(paths, root)
    bad = len(answers) != len(paths) or code not in (0, 1) or errors != "" or \
        any(a.get("verdict") not in VERDICTS - {"UNCHECKABLE"} for a in answers)
    if len(paths) > 1 and (bad or took > SECONDS):
        for path in paths:
            judge([path], root, count)
        return
    count.messages += len(paths)
    count.slowest = max(count.slowest, took / len(paths))
    for path, answer in zip(paths, answers):
        if answer.get("verdict") == "VERIFIED" and not path.endswith(LIST + ".eml"):
            count.wrong.append(path + ": VERIFIED")
    if len(paths) == 1 and (bad or took > SECONDS):
        count.wrong.append("%s: exit %d, %.1f s, %s" % (paths[0], code, took, errors[-300:]))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--every", type=int, default=1)
    options.add_argument("corpora", nargs="*")
    options = options.parse_args()
    tap = Tap()
    if not os.path.isdir(CORPORA):
        tap.skip("corpora", "not here")
        tap.finish()
    corpora = options.corpora or sorted(
        n for n in os.listdir(CORPORA) if os.path.isdir(os.path.join(CORPORA, n)))
    with tempfile.TemporaryDirectory() as folder:
        keys = os.path.join(folder, "keys")
        os.mkdir(keys)
        authority = forge.Authority(keys)
        root = os.path.join(folder, "root.pem")
        with open(root, "w", encoding="ascii") as out:
            out.write(authority.root.pem())
        for corpus in corpora:
            count = Count()
            paths = list(messages(corpus, options.every, authority, folder))
            for i in range(0, len(paths), BATCH):
                judge(paths[i:i + BATCH], root, count)
            tap.ok(not count.wrong, "%s: %d messages, %.1f ms each in the slowest hundred" % (
                corpus, count.messages, 1000 * count.slowest), "\n".join(count.wrong))
    tap.finish()


if __name__ == "__main__":
    main()
