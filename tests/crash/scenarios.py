# SPDX-License-Identifier: Apache-2.0
"""The messages of the crash tests: each way that a plan can go, once."""

import os
import sys

from house import TOP, Scenario

sys.path.insert(0, os.path.join(TOP, "deploy", "lib"))

import mail  # noqa: E402

VPUB = "vanthu@vpub.hanoi.example"
BAVI = "vanthu@bavi.hanoi.example"
SOTC = "vanthu@sotc.hanoi.example"
SOMEBODY = "vanthu@vinhphuc.example"

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
)
