#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Groups A to D of the attacks on signed mail, and the good mail that must not suffer from
the defence: every case by the id of its row, judged by `vanthu verify`."""

import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import cases
import forge
from case import VERIFIED
from vanthu import Tap, verify


def write(path, content):
    with open(path, "w" if isinstance(content, str) else "wb") as out:
        out.write(content)
    return path


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        keys = os.path.join(folder, "keys")
        os.mkdir(keys)
        authority = forge.Authority(keys)
        root = write(os.path.join(folder, "root.pem"), authority.root.pem())
        lists = {n: write(os.path.join(folder, n + ".crl"), text)
                 for n, text in cases.revocation_lists(authority).items()}
        good = list(cases.good(authority))
        hostile = list(cases.hostile(authority))
        groups = {}
        for i, case in enumerate(good + hostile):
            case.file = write(os.path.join(folder, "%04d.eml" % i), case.mail)
            key = tuple(case.options.get(k) for k in ("profile", "at", "crl"))
            groups.setdefault(key, []).append(case)
        for (profile, at, crl), members in groups.items():
            moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)) if at else None
            results, _ = verify([c.file for c in members], [root],
                                [lists[crl]] if crl else [], profile, moment)
            for case, got in zip(members, results):
                case.got = got
        report(tap, good, hostile)
    tap.finish()


def report(tap, good, hostile):
    refused = believed = 0
    for case in good + hostile:
        verdict = case.got["verdict"] if case.got else "nothing"
        tap.ok(verdict in case.allowed, "%s %s" % (case.row, case.title),
               "is %s (%s), must be %s" % (verdict, case.got and case.got["reason"],
                                           "/".join(sorted(case.allowed))))
        refused += case.allowed == VERIFIED and verdict != "VERIFIED"
        believed += "VERIFIED" not in case.allowed and verdict == "VERIFIED"
    print("# %d good, %d refused; %d hostile, %d VERIFIED" % (
        len(good), refused, len(hostile), believed))


if __name__ == "__main__":
    main()
