# SPDX-License-Identifier: Apache-2.0
"""Messages for the demonstration and the tests: a PDF, a mail, a signed mail.

The signed mail is made as an agency's own client would make it: by the openssl command
over exactly the octets that are sent. Everything returns bytes with CRLF line ends.
"""

import base64
import email.header
import itertools
import os
import subprocess
import time
import email.utils

_serial = itertools.count(1)


def pdf(text="Vanthu", size=0):
    """A one-page PDF that shows an ASCII text, at least `size` bytes long."""
    stream = b"BT /F1 18 Tf 72 720 Td (" + text.encode("ascii", "replace") + b") Tj ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    if size:
        filler = os.urandom(size)
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (size, filler))
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for offset in offsets:
        out += b"%010d 00000 n \n" % offset
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        table,
    )
    return bytes(out)


def _base64(data):
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def _word(text):
    """A header value, encoded where it is not ASCII (RFC 2047)."""
    return email.header.Header(text, "utf-8").encode(linesep="\r\n")


def entity(text, attachments=(), eight_bit=False, boundary=None):
    """A MIME entity (headers and body): a text and files given as (name, type, bytes)."""
    if eight_bit:
        encoding, body = b"8bit", text.encode().replace(b"\n", b"\r\n") + b"\r\n"
    else:
        encoding, body = b"base64", _base64(text.encode())
    leaf = (
        b"Content-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: " + encoding + b"\r\n\r\n" + body
    )
    if not attachments:
        return leaf
    boundary = (boundary or "mixed-%d-%d" % (os.getpid(), next(_serial))).encode()
    out = b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\r\n\r\n'
    out += b"--" + boundary + b"\r\n" + leaf
    for name, kind, data in attachments:
        quoted = "".join(
            chr(b) if 48 <= b < 58 or 65 <= b < 91 or 97 <= b < 123 or b in b"-._"
            else "%%%02X" % b
            for b in name.encode()
        )
        out += (
            b"--" + boundary + b"\r\nContent-Type: " + kind.encode() + b"\r\n"
            b"Content-Disposition: attachment; filename*=UTF-8''"
            + quoted.encode() + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + _base64(data)
        )
    return out + b"--" + boundary + b"--\r\n"


def message_id(domain="hanoi.example"):
    return "<%d.%d.%d@%s>" % (time.time_ns(), os.getpid(), next(_serial), domain)


def message(sender, recipients, subject, body, fields=(), identifier=None):
    """Headers on top of an entity. `fields`: extra header lines, bytes without CRLF."""
    if isinstance(recipients, str):
        recipients = [recipients]
    head = [
        b"From: " + sender.encode(),
        b"To: " + ", ".join(recipients).encode(),
        b"Subject: " + _word(subject).encode(),
        b"Date: " + email.utils.formatdate().encode(),
        b"Message-ID: " + (identifier or message_id()).encode(),
        b"MIME-Version: 1.0",
    ]
    return b"\r\n".join(head + list(fields)) + b"\r\n" + body


def signed_entity(pki, who, body, digest="sha256"):
    """multipart/signed around an entity, with the key `who` of a deploy/pki folder."""
    issuer = "stranger-root" if who == "stranger" else "issuing"
    der = subprocess.run(
        [
            "openssl", "cms", "-sign", "-binary", "-outform", "DER", "-md", digest,
            "-signer", os.path.join(pki, who + ".pem"),
            "-inkey", os.path.join(pki, who + ".key"),
            "-certfile", os.path.join(pki, issuer + ".pem"),
        ],
        input=body, stdout=subprocess.PIPE, check=True,
    ).stdout
    micalg = {"sha256": b"sha-256", "sha384": b"sha-384", "sha512": b"sha-512"}[digest]
    boundary = b"signed-%d-%d" % (os.getpid(), next(_serial))
    return (
        b'Content-Type: multipart/signed; protocol="application/pkcs7-signature";'
        b" micalg=" + micalg + b';\r\n boundary="' + boundary + b'"\r\n\r\n'
        b"--" + boundary + b"\r\n" + body + b"\r\n--" + boundary + b"\r\n"
        b'Content-Type: application/pkcs7-signature; name="smime.p7s"\r\n'
        b"Content-Transfer-Encoding: base64\r\n"
        b'Content-Disposition: attachment; filename="smime.p7s"\r\n\r\n'
        + _base64(der) + b"--" + boundary + b"--\r\n"
    )
