# SPDX-License-Identifier: Apache-2.0
"""The messages of the crash tests: each way that a plan can go, once."""

import base64
import os
import subprocess
import sys

from house import TOP, Scenario

sys.path.insert(0, os.path.join(TOP, "deploy", "lib"))

import mail  # noqa: E402

VPUB = "vanthu@vpub.hanoi.example"
BAVI = "vanthu@bavi.hanoi.example"
SOTC = "vanthu@sotc.hanoi.example"
SOMEBODY = "vanthu@vinhphuc.example"
NOBODY = "khongco@vinhphuc.example"  # the next hop refuses it; see Sink

TEXT = "Kính gửi quý cơ quan,\nXin gửi văn bản kèm theo.\n"


def document(subject, sender, recipients, identifier, attachments, pki=None, who=None):
    body = mail.entity(TEXT, attachments)
    if who:
        body = mail.signed_entity(pki, who, body)
    return mail.message(sender, recipients, subject, body, identifier="<%s>" % identifier)


def pdf():
    return [("06.KH-VP.pdf", "application/pdf", mail.pdf("Ke hoach", 3000))]


def from_inside(house, identifier):
    return document("06/KH-VP Kế hoạch", VPUB, [BAVI, SOMEBODY], identifier, pdf())


def from_agency(house, identifier):
    return document("07/BC-STC Báo cáo", SOTC, [BAVI, VPUB], identifier, pdf(), house.pki,
                    "sotc")


def to_nobody(house, identifier):
    return document("07/BC-STC Báo cáo", SOTC, [BAVI, NOBODY], identifier, pdf(), house.pki,
                    "sotc")


def opaque(house, identifier):
    der = subprocess.run(
        ["openssl", "cms", "-sign", "-binary", "-nodetach", "-outform", "DER",
         "-signer", house.pki + "/sotc.pem", "-inkey", house.pki + "/sotc.key",
         "-certfile", house.pki + "/issuing.pem"],
        input=mail.entity(TEXT, pdf()), stdout=subprocess.PIPE, check=True).stdout
    body = (b"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n"
            + base64.encodebytes(der).replace(b"\n", b"\r\n"))
    return mail.message(SOTC, [BAVI], "08/CV-STC Công văn", body,
                        identifier="<%s>" % identifier)


def unsigned(house, identifier):
    return document("Không ký", SOMEBODY, [BAVI], identifier, pdf())


def program(house, identifier):
    exe = b"MZ\x90\x00" + bytes(60) + b"PE\x00\x00" + bytes(400)
    return document("Phần mềm", VPUB, [BAVI], identifier,
                    [("tro-choi.exe", "application/octet-stream", exe)])


SCENARIOS = (
    # Signed, filed for one recipient, relayed to both; one reply each.
    Scenario("inside", "inside", VPUB, [BAVI, SOMEBODY], from_inside,
             filed=1, relayed=(BAVI, SOMEBODY)),
    # Verified, filed for both agencies, relayed; one reply for both.
    Scenario("proxy", "proxy", SOTC, [BAVI, VPUB], from_agency,
             filed=2, relayed=(BAVI, VPUB)),
    Scenario("held", "outside", SOMEBODY, [BAVI], unsigned, held=1),
    Scenario("refused", "inside", VPUB, [BAVI], program, notices=1),
    # The next hop refuses one of two, and there is one reply: that one is held instead.
    Scenario("amended", "proxy", SOTC, [BAVI, NOBODY], to_nobody,
             filed=1, held=1, relayed=(BAVI,)),
    # The document is inside the signature and taken out anew for a redelivery.
    Scenario("opaque", "outside", SOTC, [BAVI], opaque, filed=1, relayed=(BAVI,)),
)
