# SPDX-License-Identifier: Apache-2.0
"""What a case is, and pieces that several groups of cases are made of."""

import der
import forge
from forge import (TEXT, Certificate, Signer, attribute, basic_constraints, key_usage, name,
                   rfc822, signed_data)


VERIFIED = {"VERIFIED"}
INVALID = {"INVALID"}
UNTRUSTED = {"UNTRUSTED"}
MISMATCH = {"MISMATCH"}
AMBIGUOUS = {"AMBIGUOUS"}
LIMIT = {"LIMIT"}
UNSIGNED = {"UNSIGNED"}
ENCRYPTED = {"ENCRYPTED"}


class Case:
    """The id of its row, a title, a message, the verdicts that are right for it, and the
    options it is judged under. A case allows VERIFIED or it does not; there is no third
    kind."""

    def __init__(self, row, title, mail, allowed, **options):
        self.row = row
        self.title = title
        self.mail = mail
        self.allowed = allowed
        self.options = options  # profile, at, crl (names of lists), anchors


def without(number):
    """Drop an attribute."""
    return lambda attributes: [a for a in attributes if der.oid(number) not in a]


def doubled(number):
    return lambda attributes: attributes + [a for a in attributes if der.oid(number) in a]


def replaced(number, *values):
    return lambda attributes: without(number)(attributes) + [attribute(number, *values)]


def cms_of(authority, part=TEXT, signers=None, certificates=None, **options):
    if signers is None:
        signers = [Signer(authority.leaf)]
    return signed_data(part, signers, authority.chain if certificates is None
                       else certificates, **options)


def constrained(a, permitted=(), excluded=()):
    key = a.key("rsa", "constrained")
    return Certificate(name("Constrained"), key, a.root, [
        basic_constraints(True), key_usage("keyCertSign", "cRLSign"),
        forge.name_constraints([rfc822(p) for p in permitted],
                               [rfc822(e) for e in excluded])])


def inside(kind, *parts, boundary=b"ngoai"):
    b = boundary
    return (b"Content-Type: multipart/" + kind + b"; boundary=\"" + b + b"\"\r\n\r\n" +
            b"".join(b"--" + b + b"\r\n" + p + b"\r\n" for p in parts) + b"--" + b + b"--\r\n")


def as_part(mail):
    """The signed entity without its mail header."""
    return mail[mail.index(b"Content-Type:"):]
