# SPDX-License-Identifier: Apache-2.0
"""Running the built programs from tests, and TAP."""

import json
import os
import subprocess
import sys

BUILD = os.environ.get("VANTHU_BUILDDIR", ".")
SOURCE = os.environ.get("VANTHU_SRCDIR", ".")
SHARED = os.environ.get("VANTHU_SHARED", os.path.join(SOURCE, "..", "shared"))
CORPORA = os.path.join(SHARED, "corpora")
COMMAND = os.path.join(BUILD, "vanthu")


class Tap:
    """Prints results as they come and the plan at the end."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def ok(self, passed, text, detail=""):
        self.count += 1
        text = text.replace("#", "no. ")
        print("%sok %d - %s" % ("" if passed else "not ", self.count, text))
        if not passed:
            self.failed += 1
            for line in str(detail).splitlines()[:20]:
                print("#   " + line)
        sys.stdout.flush()
        return passed

    def skip(self, text, why):
        self.count += 1
        print("ok %d - %s # SKIP %s" % (self.count, text, why))

    def finish(self):
        print("1..%d" % self.count)
        sys.exit(1 if self.failed else 0)


def verify(files, anchors=(), crls=(), profile=None, at=None, timeout=120):
    """`vanthu verify --json` on many files at once: a list of objects in their order, with
    the exit code of the whole. A message that is not answered gives None."""
    arguments = [COMMAND, "verify", "--json"]
    for path in anchors:
        arguments += ["--anchor", path]
    for path in crls:
        arguments += ["--crl", path]
    if profile:
        arguments += ["--profile", profile]
    if at:
        arguments += ["--at", at]
    results = []
    code = 0
    for start in range(0, len(files), 200):
        batch = files[start:start + 200]
        done = subprocess.run(arguments + batch, capture_output=True, timeout=timeout)
        code = max(code, done.returncode)
        if done.stderr.strip():
            sys.stderr.write(done.stderr.decode(errors="replace")[:2000])
        results += objects(done.stdout.decode()) + [None] * len(batch)
        results = results[:start + len(batch)]
    return results, code


def objects(text):
    """JSON objects standing one after the other."""
    decoder = json.JSONDecoder()
    at = 0
    found = []
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if at == len(text):
            return found
        value, at = decoder.raw_decode(text, at)
        found.append(value)
