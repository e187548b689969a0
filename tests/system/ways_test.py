#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Real Postfix and Dovecot: both zones, each by both ways, and what becomes of mail."""

import email
import hashlib
import os
import re
import subprocess
import sys

from harness import absent, document, mail, main, same, signed
from world import BAVI, ELSEWHERE, PERSON, SOTC, SOXD, VPUB

INSIDE = ("submission", "submission_proxy")
OUTSIDE = ("outside", "outside_filter")


def openssl_accepts(world, message):
    done = subprocess.run(
        ["openssl", "cms", "-verify", "-CAfile", os.path.join(world.pki, "root.pem"),
         "-out", "/dev/null"],
        input=message, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode == 0


def pdf_of(message):
    for part in email.message_from_bytes(message).walk():
        if part.get_content_type() == "application/pdf":
            return part.get_payload(decode=True)
    raise AssertionError("no PDF in the message")


def an_agency_inside_is_signed_filed_and_relayed(world):
    for way in INSIDE:
        token = mail.message_id()
        before = set(world.gateway.filed("bavi"))
        entity = document()
        same(world.submit(VPUB, BAVI, mail.message(VPUB, BAVI, "Kế hoạch 06/KH-VP", entity,
                                                   identifier=token), way)[0], 250, way)
        (received,) = world.dovecot.wait_message(BAVI, token)
        assert b"multipart/signed" in received, way
        assert openssl_accepts(world, received), way
        same(pdf_of(received), pdf_of(entity), way)
        (new,) = set(world.gateway.filed("bavi")) - before
        with open(os.path.join(new, "original.eml"), "rb") as f:
            assert token.encode() in f.read(), way


def every_kind_of_key_signs(world):
    for sender in (VPUB, BAVI):  # RSA-2048 and P-256
        token = mail.message_id()
        same(world.submit(sender, ELSEWHERE, mail.message(
            sender, ELSEWHERE, "Công văn", document(), identifier=token))[0], 250, sender)
        (received,) = world.dovecot.wait_message(ELSEWHERE, token)
        assert openssl_accepts(world, received), sender


def an_eight_bit_body_is_signed_safe_for_seven_bits(world):
    token = mail.message_id()
    entity = mail.entity("Về việc họp giao ban quý I tại huyện Ba Vì\n", eight_bit=True)
    same(world.submit(VPUB, BAVI, mail.message(VPUB, BAVI, "Giấy mời", entity,
                                               identifier=token),
                      options=["BODY=8BITMIME"])[0], 250, "submission")
    (received,) = world.dovecot.wait_message(BAVI, token)
    assert openssl_accepts(world, received)
    inner = received.split(b"\r\n\r\n", 1)[1]
    assert max(inner) < 128, "an 8-bit byte inside what is signed"
    text = email.message_from_bytes(received).get_payload(0).get_payload(decode=True)
    assert "huyện Ba Vì" in text.decode()


def a_person_inside_is_not_signed_for(world):
    token = mail.message_id()
    same(world.submit(PERSON, VPUB, mail.message(PERSON, VPUB, "Chào", mail.entity("Chào"),
                                                 identifier=token))[0], 250, "submission")
    (received,) = world.dovecot.wait_message(VPUB, token)
    assert b"multipart/signed" not in received


def from_must_be_the_login(world):
    """No oracle: a good login cannot get another agency's seal by what it writes in From."""
    token = mail.message_id()
    code, _ = world.submit(VPUB, BAVI, mail.message(BAVI, BAVI, "Mạo danh", document(),
                                                    identifier=token), "submission_proxy")
    assert code >= 500, code
    absent(world, BAVI, token)


def a_signed_message_from_outside_is_verified_filed_and_relayed(world):
    for way in OUTSIDE:
        token = mail.message_id()
        before = set(world.gateway.filed("bavi"))
        entity = document("12/BC-STC", name="12_BC-STC.pdf")
        same(world.arrive(SOTC, BAVI, mail.message(SOTC, BAVI, "Báo cáo 12/BC-STC", signed(
            world, entity=entity), identifier=token), way)[0], 250, way)
        (received,) = world.dovecot.wait_message(BAVI, token)
        assert openssl_accepts(world, received), way
        assert re.search(rb"Authentication-Results: [^;]+;\s+smime=pass", received), way
        (new,) = set(world.gateway.filed("bavi")) - before
        pdf = [n for n in os.listdir(new) if n.endswith(".pdf")]
        same(len(pdf), 1, "PDF files in %s" % new)
        with open(os.path.join(new, pdf[0]), "rb") as f:
            same(hashlib.sha256(f.read()).hexdigest(),
                 hashlib.sha256(pdf_of(entity)).hexdigest(), "the filed PDF")


def what_is_not_verified_is_refused_in_the_dialogue(world):
    good = signed(world)
    tampered = bytearray(mail.message(SOTC, BAVI, "Báo cáo", good))
    tampered[tampered.index(b"JVBER") + 30] ^= 1  # inside the base64 of the PDF
    cases = {
        "unsigned": (SOTC, mail.message(SOTC, BAVI, "Báo cáo", document())),
        "tampered": (SOTC, bytes(tampered)),
        "stranger": (VPUB, mail.message(VPUB, BAVI, "Báo cáo", signed(world, "stranger"))),
        "another's": (VPUB, mail.message(VPUB, BAVI, "Báo cáo", good)),
        "revoked": (SOXD, mail.message(SOXD, BAVI, "Báo cáo", signed(world, "revoked"))),
    }
    before = world.gateway.filed()
    inbox = len(world.dovecot.fetch(BAVI))
    for what, (sender, message) in cases.items():
        code, text = world.arrive(sender, BAVI, message)
        assert 500 <= code < 600, "%s: %d %s" % (what, code, text)
        assert re.match(r"5\.\d+\.\d+ ", text), "%s: no enhanced code in %r" % (what, text)
        assert len(text) > 20, "%s: says nothing: %r" % (what, text)
    world.postfix.wait_empty()
    same(len(world.dovecot.fetch(BAVI)), inbox, "mail in the inbox")
    same(world.gateway.filed(), before, "filed documents")


def forged_copies_of_our_headers_are_stripped(world):
    token = mail.message_id()
    fields = (
        b"Authentication-Results: vanthu.hanoi.example;\r\n smime=pass (forged-1)",
        b"AUTHENTICATION-RESULTS: vanthu.hanoi.example; smime=pass (forged-2)",
        b"Authentication-Results: other.example; spf=pass (not-ours)",
    )
    same(world.arrive("ai@elsewhere.example", PERSON, mail.message(
        "ai@elsewhere.example", PERSON, "Chào", mail.entity("Chào"), fields, token))[0], 250,
        "outside")
    (received,) = world.dovecot.wait_message(PERSON, token)
    assert b"forged-1" not in received and b"forged-2" not in received
    assert b"not-ours" in received, "another server's result is not ours to remove"
    assert not re.search(rb"smime=pass", received)


def a_refusal_after_the_queue_is_told_to_the_clerk(world):
    token = mail.message_id()
    program = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\x3e\x00\x01\x00\x00\x00" + bytes(400)
    entity = mail.entity("Xem tệp.", [("bao-cao.pdf", "application/pdf", program)])
    before = len(world.dovecot.fetch(VPUB))
    world.submit(VPUB, BAVI, mail.message(VPUB, BAVI, "Báo cáo", entity, identifier=token))
    absent(world, BAVI, token)
    notices = world.dovecot.fetch(VPUB)[before:]
    same(len(notices), 1, "notices in the clerk's inbox")
    notice = email.message_from_bytes(notices[0])
    same(notice.get_content_type(), "multipart/report", "RFC 3464 form")
    assert notice["Auto-Submitted"], "RFC 3834"
    whole = b" ".join(
        p.get_payload(decode=True) or b"" for p in notice.walk() if not p.is_multipart())
    assert "chương trình".encode() in whole, "the reason in Vietnamese"
    assert b"program" in whole, "the reason in English"
    assert "Return-Path: <>" in notices[0].decode(errors="replace")


def a_refusal_before_the_queue_is_said_in_the_dialogue(world):
    program = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\x3e\x00\x01\x00\x00\x00" + bytes(400)
    entity = mail.entity("Xem tệp.", [("bao-cao.pdf", "application/pdf", program)])
    before = len(world.dovecot.fetch(VPUB))
    code, text = world.submit(VPUB, BAVI, mail.message(VPUB, BAVI, "Báo cáo", entity),
                              "submission_proxy")
    assert 500 <= code < 600, (code, text)
    assert "program" in text, text
    world.postfix.wait_empty()
    same(len(world.dovecot.fetch(VPUB)), before, "no second word by mail")


def recipients_fare_each_by_its_own_rule(world):
    """One agency that files, one person, one outside: one signature, three fates."""
    token = mail.message_id()
    everyone = [BAVI, PERSON, ELSEWHERE]
    before = len(world.gateway.filed())
    same(world.submit(VPUB, everyone, mail.message(
        VPUB, everyone, "Thông báo 9/TB-VP", document("9/TB-VP"), identifier=token))[0], 250,
        "submission")
    received = [world.dovecot.wait_message(box, token)[0] for box in everyone]
    for box, message in zip(everyone, received):
        assert openssl_accepts(world, message), box
    bodies = {message[message.index(b"Content-Type: multipart/signed"):] for message in received}
    same(len(bodies), 1, "different signed bodies")
    same(len(world.gateway.filed()), before + 1, "filed")


def different_fates_after_the_queue(world):
    """Unsigned from outside: held for the agency, relayed to the person."""
    token = mail.message_id()
    world.arrive("ai@elsewhere.example", [BAVI, PERSON], mail.message(
        "ai@elsewhere.example", [BAVI, PERSON], "Hỏi", mail.entity("Hỏi"), identifier=token),
        "outside_filter")
    world.dovecot.wait_message(PERSON, token)
    absent(world, BAVI, token)
    assert token.strip("<>") in held_text(world) or "ai@elsewhere.example" in held_text(world)


def held_text(world):
    return world.gateway.command("hold", "list", "--config", world.gateway.config, status=None)


def thirty_megabytes_pass_whole(world):
    token = mail.message_id()
    entity = document(size=22000000)
    message = mail.message(VPUB, BAVI, "Dự án lớn", entity, identifier=token)
    assert len(message) > 30000000
    same(world.submit(VPUB, BAVI, message)[0], 250, "submission")
    (received,) = world.dovecot.wait_message(BAVI, token, 120)
    assert openssl_accepts(world, received)
    same(hashlib.sha256(pdf_of(received)).digest(), hashlib.sha256(pdf_of(entity)).digest(),
         "the document")


def a_long_line_in_a_signed_part_is_not_broken(world):
    """Postfix would break it at 998; the signature would break with it."""
    token = mail.message_id()
    line = b"x" * 2500
    entity = b"Content-Type: text/plain\r\n\r\n" + line + b"\r\n"
    code, text = world.arrive(SOTC, PERSON, mail.message(
        SOTC, PERSON, "Dài", signed(world, entity=entity), identifier=token))
    same(code, 250, text)
    (received,) = world.dovecot.wait_message(PERSON, token)
    assert re.search(rb"smime=pass", received)


def a_redelivery_is_answered_and_not_acted_on(world):
    """The very same bytes again within the time of retries: filed once, relayed once."""
    token = mail.message_id()
    message = mail.message(SOTC, BAVI, "Báo cáo 14/BC-STC", signed(
        world, entity=document("14/BC-STC")), identifier=token)
    before = len(world.gateway.filed("bavi"))
    for _ in range(3):
        same(world.arrive(SOTC, BAVI, message)[0], 250, "outside")
    world.postfix.wait_empty()
    same(len(world.dovecot.wait_message(BAVI, token)), 1, "copies in the inbox")
    same(len(world.gateway.filed("bavi")), before + 1, "filed")


def a_trace_tells_the_way(world):
    token = mail.message_id()
    same(world.submit(VPUB, BAVI, mail.message(
        VPUB, BAVI, "Quyết định 77/QĐ-UBND", document("77/QĐ-UBND"), identifier=token))[0],
        250, "submission")
    world.dovecot.wait_message(BAVI, token)
    by_message_id = world.gateway.command(
        "trace", "--config", world.gateway.config, token.strip("<>"))
    for word in ("received", "examined", "decided", "rule agency-to-agency", "signed",
                 "planned", "filing", "bavi/", "relaying", "answered for good"):
        assert word in by_message_id, "no %r in:\n%s" % (word, by_message_id)
    by_number = world.gateway.command(
        "trace", "--config", world.gateway.config, "77/QĐ-UBND")
    assert VPUB in by_number or token.strip("<>") in by_number, by_number


TESTS = [
    an_agency_inside_is_signed_filed_and_relayed,
    every_kind_of_key_signs,
    an_eight_bit_body_is_signed_safe_for_seven_bits,
    a_person_inside_is_not_signed_for,
    from_must_be_the_login,
    a_signed_message_from_outside_is_verified_filed_and_relayed,
    what_is_not_verified_is_refused_in_the_dialogue,
    forged_copies_of_our_headers_are_stripped,
    a_refusal_after_the_queue_is_told_to_the_clerk,
    a_refusal_before_the_queue_is_said_in_the_dialogue,
    recipients_fare_each_by_its_own_rule,
    different_fates_after_the_queue,
    thirty_megabytes_pass_whole,
    a_long_line_in_a_signed_part_is_not_broken,
    a_redelivery_is_answered_and_not_acted_on,
    a_trace_tells_the_way,
]

if __name__ == "__main__":
    sys.exit(main(TESTS))
