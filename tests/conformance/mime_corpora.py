#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The answers that came with the MIME corpora. TAP.

mime4j's XML and mail-parser's JSON say what those parsers see in their test messages. Where
we call a message plain, our tree must be theirs; the decoded subjects, senders and file
names must be theirs too. Every message of the corpora is read, none may crash us or take
long.
"""

import glob
import json
import os
import re
import sys
import tempfile
import unicodedata
import xml.etree.ElementTree as xml

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import mime_differ

CORPORA = os.path.join(mime_differ.SHARED, "corpora")

# Messages on which the answer is that parser's own way: a delimiter as the last line begins
# a part, though not one byte of it is there.
EMPTY_LAST_PART = {"mime-mailparser-rs/eml/malformed/014"}


class Tap:
    def __init__(self):
        self.number = self.failed = 0

    def ok(self, good, what, details=()):
        self.number += 1
        self.failed += not good
        print("%sok %d - %s" % ("" if good else "not ", self.number, what))
        for line in list(details)[:20]:
            print("# %s" % line)


def fold_text(text):
    """As text_clean makes it: NFC, one blank for white space, nothing hidden."""
    text = "".join(" " if c.isspace() else c for c in text)
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf"))
    return " ".join(unicodedata.normalize("NFC", text).split()).replace("Ð", "Đ")


# --- mime4j ------------------------------------------------------------------------------

def mime4j_kind(node):
    """message(...) and body-part(...) hold a header and one of: body, multipart, message."""
    for child in node:
        if child.tag == "multipart":
            return "multipart(" + ",".join(mime4j_kind(c) for c in child
                                           if c.tag == "body-part") + ")"
        if child.tag == "message":
            return "message(" + mime4j_kind(child) + ")"
    return "leaf"


def our_kind(part):
    if part["kind"] == "leaf":
        return "leaf"
    return part["kind"] + "(" + ",".join(our_kind(c) for c in part["children"]) + ")"


def mime4j(tap, ours):
    judged, wrong = 0, []
    for path in sorted(glob.glob(os.path.join(CORPORA, "mime-mime4j", "*", "*.msg"))):
        answer = path[:-4] + ".xml"
        view = ours.ask(path)
        if view["verdict"] != "-" or not os.path.exists(answer):
            continue
        with open(answer, "rb") as f:
            text = f.read()
        # Control characters of the messages are in these files as they are.
        text = re.sub(rb"[\0-\x08\x0b\x0c\x0e-\x1f]", b"?", text)
        try:
            tree = xml.fromstring(text.decode("utf-8", "replace"))
        except xml.ParseError:
            continue
        judged += 1
        if mime4j_kind(tree) != our_kind(view["parts"][0]):
            wrong.append("%s: %s, not %s" % (os.path.basename(path),
                                             our_kind(view["parts"][0]), mime4j_kind(tree)))
    tap.ok(judged > 20 and not wrong, "mime4j: the trees of %d messages" % judged, wrong)


# --- mail-parser -------------------------------------------------------------------------

def header_value(part, name, kind):
    for header in part["headers"]:
        if header["name"] == name and isinstance(header["value"], dict):
            return header["value"].get(kind)
    return None


def answer_shape(message, index=0):
    part = message["parts"][index]
    kind = header_value(part, "content_type", "ContentType")
    name = "text/plain"
    if kind and kind.get("c_subtype"):
        name = (kind["c_type"] + "/" + kind["c_subtype"]).lower()
    body = part["body"]
    if "Multipart" in body:
        return name + "(" + ",".join(answer_shape(message, i) for i in body["Multipart"]) + ")"
    if "Message" in body:
        return name + "(" + answer_shape(body["Message"]) + ")"
    return name


def plain_shape(part):
    """Ours, without the defaults that mail-parser leaves unsaid."""
    return re.sub(r"message/rfc822\(", "(", mime_differ.our_shape(part))


def mail_parser(tap, ours):
    judged, wrong, texts, wrong_texts = 0, [], 0, []
    for answer in sorted(glob.glob(os.path.join(CORPORA, "mime-mailparser-rs", "eml", "*",
                                                "*.json"))):
        if answer.endswith(".crlf.json"):
            continue
        view = ours.ask(answer[:-5] + ".eml")
        if view["verdict"] != "-":
            continue
        with open(answer, encoding="utf-8") as f:
            message = json.load(f)
        name = answer[len(CORPORA) + 1:-5]
        judged += 1
        theirs = re.sub(r"(message/rfc822|text/plain)\(", "(", answer_shape(message))
        if theirs != plain_shape(view["parts"][0]) and name not in EMPTY_LAST_PART:
            wrong.append("%s: %s, not %s" % (name, plain_shape(view["parts"][0]), theirs))
        subject = header_value(message["parts"][0], "subject", "Text")
        if subject is not None:
            texts += 1
            if fold_text(subject) != view["subject"]:
                wrong_texts.append("%s: %r, not %r" % (name, view["subject"],
                                                       fold_text(subject)))
    tap.ok(judged > 50 and not wrong, "mail-parser: the trees of %d messages" % judged, wrong)
    tap.ok(texts > 40 and not wrong_texts, "mail-parser: %d subjects" % texts, wrong_texts)


def read_subject(ours, folder, raw):
    path = os.path.join(folder, "subject.eml")
    with open(path, "wb") as f:
        f.write(b"From: a@b.example\nSubject:" + raw + b"\n\nx\n")
    return ours.ask(path)["subject"]


def unstructured(tap, ours, folder):
    with open(os.path.join(CORPORA, "mime-mailparser-rs", "unstructured.json"),
              encoding="utf-8") as f:
        cases = json.load(f)
    wrong, judged = [], 0
    for case in cases:
        raw = case["header"].replace("\r\n", "\n").rstrip("\n")
        if re.search(r"\n[^ \t]", raw):
            continue  # more than one field
        judged += 1
        got = read_subject(ours, folder, b" " + raw.encode("utf-8"))
        # It sets a blank between text and an encoded word that touch.
        if got.replace(" ", "") != fold_text(case["expected"]).replace(" ", ""):
            wrong.append("%r: %r, not %r" % (raw, got, fold_text(case["expected"])))
    tap.ok(judged > 20 and not wrong, "mail-parser: %d encoded subjects" % judged, wrong)


# --- Vietnamese ----------------------------------------------------------------------------

def vietnamese_headers(tap, ours, folder):
    """headers.tsv: header values of real mail and what they say."""
    path = os.path.join(CORPORA, "vietnamese", "headers.tsv")
    if not os.path.exists(path):
        tap.ok(True, "Vietnamese headers # SKIP no headers.tsv")
        return
    wrong, judged = [], 0
    with open(path, encoding="utf-8", errors="surrogateescape") as f:
        columns = f.readline().rstrip("\n").split("\t")
        for line in f:
            row = dict(zip(columns, line.rstrip("\n").split("\t")))
            raw = row[columns[0]].encode("utf-8", "surrogateescape")
            expected = row.get("expected_utf8_nfc")
            if not expected:
                continue
            judged += 1
            got = read_subject(ours, folder, b" " + raw)
            if got != fold_text(expected):
                wrong.append("%r: %r, not %r" % (raw, got, expected))
    tap.ok(not wrong, "Vietnamese: %d headers" % judged, wrong)


def every_message(tap, ours):
    slow, count = [], 0
    for folder, _, files in os.walk(CORPORA):
        for name in sorted(files):
            path = os.path.join(folder, name)
            if not name.endswith((".eml", ".msg", ".mbox", ".txt", ".out")) or "\n" in path:
                continue
            count += 1
            view = ours.ask(path)
            if view["microseconds"] > 1000000:
                slow.append("%s: %d ms" % (path, view["microseconds"] // 1000))
    tap.ok(not slow, "no crash, nothing above a second (%d files)" % count, slow)


def main():
    ours = mime_differ.Ours("mime_tree")
    if ours.process is None:
        print("1..0 # SKIP tests/conformance/mime_tree is not built")
        return 0
    if not os.path.isdir(CORPORA):
        print("1..0 # SKIP no corpora at %s" % CORPORA)
        return 0
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        mime4j(tap, ours)
        mail_parser(tap, ours)
        unstructured(tap, ours, folder)
        vietnamese_headers(tap, ours, folder)
        every_message(tap, ours)
    print("1..%d" % tap.number)
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
