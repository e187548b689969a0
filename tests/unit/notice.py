#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Notices read back by another implementation (verdicts.md G01): only our own header
fields, three parts, both languages, and nothing of a message's content. TAP."""

import email
import email.policy
import os
import subprocess
import sys

TOOL = os.path.join(os.environ.get("VANTHU_BUILDDIR", "."), "tests/unit/notify_test")
OURS = {
    "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
    "Auto-Submitted", "MIME-Version", "Content-Type",
}
count = failed = 0


def check(good, what, shown=""):
    global count, failed
    count += 1
    print("%sok %d - %s" % ("" if good else "not ", count, what))
    if not good:
        failed += 1
        print("# %r" % (shown,))


def notice(name):
    raw = subprocess.run([TOOL, "print", name], check=True, stdout=subprocess.PIPE).stdout
    return raw, email.message_from_bytes(raw, policy=email.policy.default)


def parts(message):
    return {p.get_content_type(): p for p in message.iter_parts()}


def common(name, raw, m):
    lines = raw.split(b"\r\n")
    check(b"\n" not in b"".join(lines) and b"\r" not in b"".join(lines),
          name + ": every line ends in CRLF")
    check(max(map(len, lines)) <= 998, name + ": no line above 998 bytes")
    check(raw.isascii(), name + ": ASCII only")
    check(not m.defects and not any(p.defects for p in m.walk()), name + ": no defects",
          [p.defects for p in m.walk()])
    check(set(m.keys()) <= OURS and len(m.keys()) == len(set(m.keys())),
          name + ": only our header fields, each once", m.keys())
    check(m["To"] == "<vanthu@bavi.hanoi.example>" or
          m["To"].addresses[0].addr_spec == "vanthu@bavi.hanoi.example",
          name + ": to the sender")
    check(m["Auto-Submitted"] == "auto-replied", name + ": Auto-Submitted (RFC 3834)")


def plain():
    raw, m = notice("plain")
    common("plain", raw, m)
    check(m.get_content_type() == "multipart/report" and
          m.get_param("report-type") == "delivery-status", "plain: multipart/report")
    check(m["In-Reply-To"] == "<1@bavi.hanoi.example>" and
          m["References"] == "<1@bavi.hanoi.example>", "plain: refers to the original")
    check("/ Document not delivered" in m["Subject"], "plain: a subject in two languages",
          m["Subject"])
    check([p.get_content_type() for p in m.iter_parts()] ==
          ["text/plain", "message/delivery-status", "text/rfc822-headers"],
          "plain: text, report, header")
    text = parts(m)["text/plain"].get_content()
    for wanted in ("văn.thư@vpub.hanoi.example", "Tệp có mật khẩu.", "The file is locked.",
                   "nobody@elsewhere.example", "Báo cáo tháng 9", "01/06/2012 08:00"):
        check(wanted in text, "plain: the text says " + wanted, text)
    check(text.count("Thư của quý cơ quan") == 1, "plain: the Vietnamese is Vietnamese", text)
    blocks = parts(m)["message/delivery-status"].get_payload()
    check(len(blocks) == 3, "plain: one block for the message, one for each recipient")
    check(blocks[0]["Reporting-MTA"] == "dns; vanthu.hanoi.example", "plain: Reporting-MTA")
    check((blocks[1]["Action"], blocks[1]["Status"]) == ("failed", "5.7.1"),
          "plain: a refusal is failed", blocks[1].items())
    check((blocks[2]["Action"], blocks[2]["Status"][0]) == ("delayed", "4"),
          "plain: a hold is delayed", blocks[2].items())
    check(blocks[2]["Final-Recipient"] ==
          "utf-8; v\\x{103}n.th\\x{1B0}@vpub.hanoi.example",
          "plain: an address beyond ASCII (RFC 6533)", blocks[2]["Final-Recipient"])
    header = parts(m)["text/rfc822-headers"].get_payload(decode=True)
    check(header.startswith(b"From: ") and header.endswith(b"--\r\n"),
          "plain: the header as it was, without our MTA's own fields", header)
    check(b"nhac lai" not in raw and b"nhac lai" not in header, "plain: no content")


def hostile():
    raw, m = notice("hostile")
    common("hostile", raw, m)
    check(b"\nbcc:" not in raw.lower(), "hostile: no field was smuggled in")
    check(m["In-Reply-To"] is None and m["References"] is None,
          "hostile: a Message-ID that is none is not repeated")
    text = parts(m)["text/plain"].get_content()
    check("\u2028" not in text and "\u202e" not in text, "hostile: controls are shown", text)
    check(len(list(m.iter_parts())) == 3, "hostile: three parts")


def large():
    raw, m = notice("large")
    common("large", raw, m)
    header = parts(m)["text/rfc822-headers"].get_payload(decode=True)
    check(len(header) <= 16384 and header.endswith(b"\r\n"), "large: the header is cut")


def secret():
    raw, m = notice("secret")
    common("secret", raw, m)
    check("text/rfc822-headers" not in parts(m), "secret: no header of the original")
    check("Báo cáo tháng 9" not in parts(m)["text/plain"].get_content(),
          "secret: no subject")


if not os.access(TOOL, os.X_OK):
    print("1..0 # SKIP notify_test was not built")
    sys.exit(0)
for case in (plain, hostile, large, secret):
    case()
print("1..%d" % count)
sys.exit(1 if failed else 0)
