#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""SMTP and LMTP transcripts: tests/session/*.in played against the server, compared with
*.ref. TAP. Each is played twice, as written and byte by byte, and both must answer alike
(unless the file says "whole": there the packets are the point).

transcripts.py --update    writes the .ref files anew; read the difference before you keep it.
"""

import difflib
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.join(os.environ.get("VANTHU_SRCDIR", "."), "tests", "session")
DRIVER = os.path.join(os.environ.get("VANTHU_BUILDDIR", "."), "tests", "session_transcript")
SECONDS = 20


def play(path, *options):
    """What the driver prints; a crash or a hang is an answer of its own."""
    try:
        done = subprocess.run([DRIVER, *options, path], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return "no end after %d seconds\n" % SECONDS
    out = done.stdout.decode("utf-8", "backslashreplace")
    if done.returncode != 0:
        out += "exit status %d\n%s" % (done.returncode, done.stderr.decode("utf-8", "replace"))
    return out


def settings(path):
    with open(path, encoding="utf-8") as f:
        return {line.strip() for line in f}


def judge(path, wanted):
    """A list of (how, difference) for what went wrong."""
    bad = []
    for options in [()] if "whole" in settings(path) else [(), ("--bytes",)]:
        got = play(path, *options)
        if got != wanted:
            bad.append((" ".join(options) or "as written",
                        difflib.unified_diff(wanted.splitlines(), got.splitlines(),
                                             "wanted", "got", lineterm="")))
    return bad


def judge_file(path):
    try:
        with open(path[:-3] + ".ref", encoding="utf-8") as f:
            return judge(path, f.read())
    except FileNotFoundError:
        return [("as written", ["no .ref file"])]


SMUGGLED = r"""C: EHLO client.example
C+ MAIL FROM:<vanthu@sontay.hanoi.example>
C+ RCPT TO:<vanthu@bavi.hanoi.example>
C: DATA
P: From: vanthu@sontay.hanoi.example\r\n\r\nfirst%sMAIL FROM:<smuggled@sontay.hanoi.example>\r\nRCPT TO:<vanthu@bavi.hanoi.example>\r\nDATA\r\nFrom: x@sontay.hanoi.example\r\n\r\nsecond\r\n.\r\n
C: QUIT
"""


def judge_sequence(sequence):
    """A false end of data must leave one message, refused, and obey nothing inside it."""
    with tempfile.NamedTemporaryFile("w", suffix=".in", encoding="utf-8") as f:
        f.write(SMUGGLED % "".join("\\x%02x" % b for b in sequence))
        f.flush()
        bad = []
        for options in [(), ("--bytes",)]:
            lines = play(f.name, *options).splitlines()
            said = [line[3:6] for line in lines if line.startswith("S: ")]
            delivered = [line for line in lines if line.startswith("D: ")]
            if sequence == b"\r\n.\r\n":
                # The control: the first message ends here and what follows are commands.
                good = "D: from <vanthu@sontay.hanoi.example>" in lines
            else:
                good = said[-3:] == ["354", "550", "221"] and not delivered
            if not good:
                bad.append((" ".join(options) or "as written", lines))
        return bad


def sequences():
    shared = os.environ.get("VANTHU_SHARED", "../shared")
    path = os.path.join(shared, "corpora", "smtp-smuggling", "eod.tsv")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as f:
        rows = [line.split("\t") for line in f.read().splitlines()[1:]]
    return [(row[0], bytes.fromhex(row[1])) for row in rows]


def update(names):
    for name in names:
        with open(os.path.join(HERE, name[:-3] + ".ref"), "w", encoding="utf-8") as f:
            f.write(play(os.path.join(HERE, name)))


def main():
    names = sorted(n for n in os.listdir(HERE) if n.endswith(".in"))
    if not names:
        print("1..0\nBail out! no transcripts in %s" % HERE)
        return 1
    if sys.argv[1:] == ["--update"]:
        update(names)
        return 0
    with ThreadPoolExecutor(8) as pool:  # most of them wait
        tests = [(n, pool.submit(judge_file, os.path.join(HERE, n))) for n in names]
        known = sequences()
        tests += [("end of data " + text, pool.submit(judge_sequence, sequence))
                  for text, sequence in known or []]
    failed = 0
    for number, (name, result) in enumerate(tests, 1):
        bad = result.result()
        failed += bool(bad)
        print("%sok %d - %s" % ("not " if bad else "", number, name.replace("#", "")))
        for how, lines in bad:
            print("# %s:" % how)
            for line in lines:
                print("#   " + line)
    count = len(tests)
    if known is None:
        count += 1
        print("ok %d - end of data, public sequences # SKIP no shared corpora" % count)
    print("1..%d" % count)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
