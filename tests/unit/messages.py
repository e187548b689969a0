#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every English text for people has its Vietnamese in po/vi.po, with the same
placeholders ({1}, {2}) and the same printf conversions, and no translation is left over."""

import ast
import os
import re
import subprocess
import sys

SOURCES = ["common", "gateway"]
PLACEHOLDER = re.compile(r"\{[12]\}|%[-+ #0]*[0-9*]*(?:\.[0-9*]+)?(?:hh|h|ll|l|z|j|t)?[a-zA-Z%]")


def parse(text):
    """msgid -> msgstr of a .po text; no plurals and no contexts are used in this project."""
    entries, field, parts = {}, None, {"msgid": "", "msgstr": ""}

    def store():
        if field == "msgstr":
            entries[parts["msgid"]] = parts["msgstr"]

    for line in text.splitlines():
        match = re.match(r'(msgid|msgstr) (".*")$', line)
        if match:
            if match.group(1) == "msgid":
                store()
            field = match.group(1)
            parts[field] = ast.literal_eval(match.group(2))
        elif line.startswith('"') and field:
            parts[field] += ast.literal_eval(line)
    store()
    return entries


def used(srcdir):
    files = []
    for folder in SOURCES:
        for where, _, names in os.walk(os.path.join(srcdir, folder)):
            files += [os.path.join(where, n) for n in names if n.endswith((".c", ".h"))]
    run = subprocess.run(
        ["xgettext", "--language=C", "--from-code=UTF-8", "-kN_", "-k_", "-o", "-"]
        + sorted(files), stdout=subprocess.PIPE, check=True)
    return parse(run.stdout.decode())


def report(number, faults, promise):
    for fault in faults:
        print("# " + fault.replace("\n", "\\n"))
    print("%s %d - %s" % ("not ok" if faults else "ok", number, promise))
    return bool(faults)


def main():
    srcdir = os.environ.get("VANTHU_SRCDIR", ".")
    with open(os.path.join(srcdir, "po", "vi.po"), encoding="utf-8") as f:
        text = f.read()
    vi, en = parse(text), used(srcdir)
    vi.pop("", None)
    en.pop("", None)
    both = sorted(set(vi) & set(en))
    print("1..5")
    failed = report(1, [] if len(en) > 5 else ["xgettext found %d" % len(en)],
                    "texts for people are marked in the sources")
    failed |= report(2, sorted(m for m in en if not vi.get(m)), "each text has its Vietnamese")
    failed |= report(3, ["%s -> %s" % (m, vi[m]) for m in both if vi[m]
                         and sorted(PLACEHOLDER.findall(m)) != sorted(PLACEHOLDER.findall(vi[m]))],
                     "a translation has the placeholders of its text")
    failed |= report(4, sorted(set(vi) - set(en)), "no translation is left over")
    failed |= report(5, [l for l in text.splitlines() if l.startswith("#,") and "fuzzy" in l],
                     "no translation is marked as a guess")
    return 1 if failed else 0


sys.exit(main())
