#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Other people's signed mail, with their answers: thunderbird-smime, lamps, rfc4134,
openssl-cms, and PKITS judged on path and revocation alone."""

import base64
import csv
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from vanthu import CORPORA, Tap, verify

# Corpus, profile under which its expected verdicts hold.
SETS = [
    ("thunderbird-smime", "legacy"),
    ("lamps", "rfc8550"),
    ("rfc4134", "legacy"),
    ("openssl-cms", "legacy"),
]

# What each word of expected.tsv allows (VERDICTS.txt of the corpora).
NOT_VERIFIED = {"INVALID", "UNTRUSTED", "MISMATCH", "AMBIGUOUS", "UNSIGNED", "ENCRYPTED",
                "LIMIT"}
ANY = NOT_VERIFIED | {"VERIFIED"}
ALLOWED = {
    "valid": {"VERIFIED"},
    "weak": ANY,
    "outer-valid": ANY,
    "date-mismatch": ANY,
    "mismatch": NOT_VERIFIED - {"UNSIGNED", "ENCRYPTED"},
    "partial": {"UNSIGNED", "AMBIGUOUS", "INVALID"},
    "invalid": NOT_VERIFIED - {"UNSIGNED", "ENCRYPTED"},
    "not-trusted": {"UNTRUSTED", "MISMATCH"},
    "unsigned": {"UNSIGNED"},
    "not-signed": {"UNSIGNED"},
    "encrypted": {"ENCRYPTED"},
    "partial-encrypted": NOT_VERIFIED,
    "encrypted-or-certs": {"ENCRYPTED", "UNSIGNED"},
}


def rows(corpus):
    path = os.path.join(CORPORA, corpus, "expected.tsv")
    with open(path, newline="", encoding="utf-8") as table:
        return list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))


def as_mail(path, folder):
    """Raw CMS wrapped as PROVENANCE.txt says; a mail as it is."""
    if path.endswith(".eml"):
        return path
    with open(path, "rb") as raw:
        content = raw.read()
    if path.endswith(".pem"):
        lines = [l for l in content.splitlines() if l and not l.startswith(b"-----")]
        content = base64.b64decode(b"".join(lines))
    out = os.path.join(folder, path.replace("/", "_") + ".eml")
    with open(out, "wb") as mail:
        mail.write(b"From: vanthu@vpub.hanoi.example\r\nMIME-Version: 1.0\r\n"
                   b"Content-Type: application/pkcs7-mime; smime-type=signed-data;"
                   b" name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
                   base64.encodebytes(content).replace(b"\n", b"\r\n"))
    return out


def check_set(tap, corpus, profile, folder):
    table = rows(corpus)
    groups = {}
    for row in table:
        groups.setdefault((row.get("ca", ""), row.get("at_time", "")), []).append(row)
    for (ca, at), members in groups.items():
        anchors = [os.path.join(CORPORA, corpus, ca)] if ca else []
        files = [as_mail(os.path.join(CORPORA, corpus, r["file"]), folder) for r in members]
        results, _ = verify(files, anchors, profile=profile, at=at or None)
        for row, got in zip(members, results):
            check_row(tap, corpus, row, got)


def check_row(tap, corpus, row, got):
    verdict = got["verdict"] if got else "nothing"
    allowed = ALLOWED[row["expected"]]
    passed = verdict in allowed
    if verdict == "VERIFIED":
        signer = (got["signer"]["address"] or "").lower()
        passed = passed and signer == row["signer"].lower()
    tap.ok(passed, "%s/%s: %s" % (corpus, row["file"], row["expected"]),
           "%s %s" % (verdict, got))


def check_pkits(tap):
    folder = os.path.join(CORPORA, "pkits")
    table = rows("pkits")
    files = [os.path.join(folder, r["file"]) for r in table]
    results, _ = verify(files, [os.path.join(folder, "trust-anchor.pem")],
                        [os.path.join(folder, "crls.pem")])
    counts = {}
    for row, got in zip(table, results):
        path = got["checks"]["path"] if got else "nothing"
        revocation = got["checks"]["revocation"] if got else "nothing"
        accepted = path == "ok" and revocation == "ok"
        wanted = row["expected"] == "valid"
        if row["class"] == "accept-if-supported":
            counts["optional"] = counts.get("optional", 0) + accepted
            continue
        counts[row["class"]] = counts.get(row["class"], 0) + (accepted == wanted)
        tap.ok(accepted == wanted, "PKITS %s %s: %s" % (row["test"], row["title"], row["class"]),
               "path %s revocation %s %s" % (path, revocation, got and got["check_reasons"]))
    print("# PKITS: %s" % counts)


def main():
    tap = Tap()
    if not os.path.isdir(CORPORA):
        tap.skip("signed mail of others", "no corpora here")
        tap.finish()
    with tempfile.TemporaryDirectory() as folder:
        for corpus, profile in SETS:
            check_set(tap, corpus, profile, folder)
    check_pkits(tap)
    tap.finish()


if __name__ == "__main__":
    main()
