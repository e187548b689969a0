# SPDX-License-Identifier: Apache-2.0
"""Group A: the structure of CMS."""

import base64
import hashlib

import der
import forge
from case import (Case, VERIFIED, INVALID, UNTRUSTED, AMBIGUOUS, LIMIT, UNSIGNED, ENCRYPTED,
                  without, doubled, replaced, cms_of, inside)
from forge import (DATA, DAY, NOW, TEXT, Signer, base64_lines, default_attributes,
                   multipart_signed, opaque, signed_data)


def hostile_cms(a):
    other_text = TEXT.replace(b"CNTT", b"tien")
    yield Case("A02", "the same content inside as well", multipart_signed(
        a.SENDER, TEXT, cms_of(a, embedded=TEXT)), INVALID)
    yield Case("A02", "other content inside, signed", multipart_signed(
        a.SENDER, TEXT, cms_of(a, part=other_text, embedded=other_text)), INVALID)
    attributes = der.set_of(*default_attributes(TEXT))
    replay = Signer(a.leaf, attributes=[], signed_bytes=attributes)
    yield Case("A03", "old signed attributes as the content, opaque", opaque(
        a.SENDER, signed_data(attributes, [replay], a.chain, embedded=attributes)), INVALID)
    yield Case("A03", "old signed attributes as the content, detached", multipart_signed(
        a.SENDER, attributes, signed_data(attributes, [replay], a.chain)), INVALID | AMBIGUOUS)
    yield Case("A04", "no signed attributes", a.sign(attributes=[]), INVALID)
    yield Case("A04", "no signed attributes, opaque", opaque(a.SENDER, signed_data(
        TEXT, [Signer(a.leaf, attributes=[])], a.chain, embedded=TEXT)), INVALID)
    yield Case("A05", "attributes signed as if they were content, then added", opaque(
        a.SENDER, signed_data(attributes, [Signer(a.leaf)], a.chain, embedded=attributes)),
        INVALID | AMBIGUOUS)
    for certificates in ([], a.chain):
        yield Case("A06", "no signer, %d certificates" % len(certificates), multipart_signed(
            a.SENDER, TEXT, signed_data(TEXT, [], certificates)), INVALID)
        yield Case("A06", "no signer, opaque, %d certificates" % len(certificates), opaque(
            a.SENDER, signed_data(TEXT, [], certificates, embedded=TEXT)), INVALID | UNSIGNED)
    yield Case("A07", "certificates only", opaque(
        a.SENDER, signed_data(b"", [], a.chain), smime_type="certs-only",
        file_name="smime.p7c"), UNSIGNED)
    yield Case("A07", "certificates only, dressed as a signature", multipart_signed(
        a.SENDER, TEXT, signed_data(b"", [], a.chain)), INVALID)
    stranger = a.agency("vanthu@soctay.hanoi.example", kind="p256", owner="stranger")
    bad = Signer(a.leaf, signature_edit=lambda s: s[:-1] + bytes([s[-1] ^ 1]))
    for title, signers in [
            ("good and bad", [Signer(a.leaf), bad]),
            ("good twice", [Signer(a.leaf), Signer(a.leaf, digest="sha512")]),
            ("good and another's good", [Signer(a.leaf), Signer(stranger)]),
            ("another's good and good", [Signer(stranger), Signer(a.leaf)])]:
        yield Case("A08", "two signers: " + title, multipart_signed(
            a.SENDER, TEXT, signed_data(TEXT, signers, [a.leaf, stranger, a.issuing])), INVALID)


def hostile_changes(a):
    mail = a.sign()
    for title, old, new in [
            ("a letter of the text", b"ke hoach", b"ke hoacH"),
            ("a blank at the end of a line", b"Ba Vi\r\n", b"Ba Vi \r\n"),
            ("the charset", b"charset=utf-8", b"charset=utf-7"),
            ("a field added to the part", b"Content-Transfer-Encoding: 7bit\r\n\r\nKinh",
             b"Content-Transfer-Encoding: 7bit\r\nX-A: b\r\n\r\nKinh"),
            ("a field taken from the part", b"Content-Transfer-Encoding: 7bit\r\n\r\nKinh",
             b"\r\nKinh"),
            ("a line added at the end", b"CNTT\r\n", b"CNTT\r\nPS\r\n"),
            ("a line taken away", b"V/v ke hoach ung dung CNTT\r\n", b"")]:
        assert old in mail
        yield Case("A09", "changed after signing: " + title, mail.replace(old, new, 1), INVALID)
    yield Case("D14", "a relay made the text 8-bit",
               mail.replace(b"ke hoach", "kế hoạch".encode()), INVALID | AMBIGUOUS)


def hostile_attributes(a):
    digest = hashlib.sha256(TEXT).digest()
    for title, edit in [
            ("messageDigest twice", doubled(forge.MESSAGE_DIGEST)),
            ("messageDigest missing", without(forge.MESSAGE_DIGEST)),
            ("messageDigest too short", replaced(forge.MESSAGE_DIGEST, der.octets(digest[:31]))),
            ("messageDigest empty", replaced(forge.MESSAGE_DIGEST, der.octets(b""))),
            ("messageDigest with two values", replaced(
                forge.MESSAGE_DIGEST, der.octets(digest), der.octets(b"\0" * 32))),
            ("messageDigest with no value", replaced(forge.MESSAGE_DIGEST)),
            ("messageDigest of another type", replaced(forge.MESSAGE_DIGEST, der.utf8("x"))),
            ("contentType missing", without(forge.CONTENT_TYPE)),
            ("contentType twice", doubled(forge.CONTENT_TYPE)),
            ("contentType not id-data", replaced(forge.CONTENT_TYPE, der.oid(forge.TST_INFO))),
            ("contentType with two values", replaced(
                forge.CONTENT_TYPE, der.oid(DATA), der.oid(forge.TST_INFO)))]:
        yield Case("A10", title, a.sign(attribute_edit=edit), INVALID)
    yield Case("A10", "the content calls itself a time-stamp", opaque(
        a.SENDER, signed_data(TEXT, [Signer(a.leaf, content_type=forge.TST_INFO)], a.chain,
                              embedded=TEXT, content_type=forge.TST_INFO, version=3)), INVALID)
    yield Case("A21", "signingTime twice", a.sign(
        attribute_edit=doubled(forge.SIGNING_TIME)), INVALID)
    yield Case("A21", "signingTime with two values", a.sign(attribute_edit=replaced(
        forge.SIGNING_TIME, der.time(NOW), der.time(NOW - DAY))), INVALID)
    yield Case("A21", "signingTime of another type", a.sign(attribute_edit=replaced(
        forge.SIGNING_TIME, der.utf8("yesterday"))), INVALID)
    yield Case("A11", "no digest algorithm announced", multipart_signed(
        a.SENDER, TEXT, cms_of(a, digests=[])), INVALID)
    yield Case("A11", "another digest algorithm announced", multipart_signed(
        a.SENDER, TEXT, cms_of(a, digests=["sha512"])), INVALID)


def hostile_algorithms(a):
    for digest in ("md5", "sha1"):
        yield Case("A12", "digest %s" % digest, a.sign(digest=digest), UNTRUSTED)
        yield Case("A12", "digest %s, opaque" % digest, opaque(a.SENDER, signed_data(
            TEXT, [Signer(a.leaf, digest=digest)], a.chain, embedded=TEXT)), UNTRUSTED)
    yield Case("A12", "micalg says sha-256, the digest is sha1",
               a.sign(digest="sha1", mail={"micalg": "sha-256"}), UNTRUSTED)
    yield Case("A12", "SHA-1 where the profile's date has passed", a.sign(digest="sha1"),
               UNTRUSTED, profile="sha1-until=2016-01-01")
    yield Case("A12", "declared sha256, signed with sha1", a.sign(
        digest="sha1", declared_digest="sha256"), INVALID | UNTRUSTED)
    leaf = a.agency(a.SENDER, kind="p256", owner="p256sha1")
    yield Case("A12", "ECDSA with sha1", a.sign(leaf=leaf, digest="sha1"), UNTRUSTED)
    yield Case("B09", "RSA 1024", a.sign(leaf=a.agency(a.SENDER, kind="rsa1024",
                                                      owner="weak")), UNTRUSTED)
    yield Case("B09", "P-192", a.sign(leaf=a.agency(a.SENDER, kind="p192", owner="weak")),
               UNTRUSTED | INVALID)
    yield Case("A23", "explicit curve parameters", a.sign(
        leaf=a.agency(a.SENDER, kind="p256explicit", owner="explicit")), UNTRUSTED | INVALID)
    ec = a.agency(a.SENDER, kind="p256", owner="p256zero")
    for title, r, s in (("r = 0", 0, 1), ("s = 0", 1, 0), ("both 0", 0, 0),
                        ("r = s = 1", 1, 1), ("r negative", -1, 1),
                        ("r = 2^256", 1 << 256, 1)):
        value = der.seq(der.integer(r), der.integer(s))
        yield Case("A23", "ECDSA with " + title, a.sign(
            leaf=ec, signature_edit=lambda _, v=value: v), INVALID)
    good = a.key("p256", "p256zero").sign(b"x")
    yield Case("A23", "ECDSA signature with bytes after it", a.sign(
        leaf=ec, signature_edit=lambda s: s + b"\0"), INVALID)
    yield Case("A23", "ECDSA signature of something else", a.sign(
        leaf=ec, signature_edit=lambda _: good), INVALID)
    ed = a.agency(a.SENDER, kind="ed25519", owner="edbad")
    yield Case("A23", "Ed25519 with S not reduced", a.sign(
        leaf=ed, digest="sha512", signature_edit=unreduced), INVALID)
    yield Case("A22", "RSA signature of 0", a.sign(
        signature_edit=lambda s: b"\0" * len(s)), INVALID)
    yield Case("A22", "RSA signature of 1", a.sign(
        signature_edit=lambda s: b"\0" * (len(s) - 1) + b"\1"), INVALID)
    yield Case("A22", "RSA signature too short", a.sign(signature_edit=lambda s: s[1:]), INVALID)
    yield Case("A22", "RSA exponent 3 with a cube root as signature", a.sign(
        leaf=a.agency(a.SENDER, kind="rsae3", owner="e3"), signature_edit=cube_root),
        INVALID | UNTRUSTED)
    yield Case("A22", "PSS parameters with another mask digest", a.sign(
        pss=True, algorithm=forge.pss_algorithm("sha256", mgf="sha1")), INVALID | UNTRUSTED)
    yield Case("A22", "PSS parameters with a salt of 0", a.sign(
        pss=True, algorithm=forge.pss_algorithm("sha256", salt=0)), INVALID | UNTRUSTED)
    yield Case("A22", "PSS signature called PKCS #1", a.sign(
        pss=True, algorithm=der.seq(der.oid(forge.RSA), der.null())), INVALID)


def unreduced(signature):
    order = (1 << 252) + 27742317777372353535851937790883648493
    s = int.from_bytes(signature[32:], "little") + order
    return signature[:32] + s.to_bytes(32, "little")


def cube_root(signature):
    """Bleichenbacher 2006: padding cut short, the digest, then what makes it a cube."""
    attributes = der.set_of(*default_attributes(TEXT))
    info = der.seq(forge.digest_algorithm("sha256"),
                   der.octets(hashlib.sha256(attributes).digest()))
    head = b"\x00\x01" + b"\xff" * 8 + b"\x00" + info
    target = int.from_bytes(head + b"\xff" * (len(signature) - len(head)), "big")
    low, high = 0, 1 << (8 * len(signature) // 3 + 2)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle ** 3 <= target else (low, middle - 1)
    return low.to_bytes(len(signature), "big")


def hostile_types(a):
    inner = der.octets(b"abc")
    recipients = der.set_of()
    enveloped = der.seq(der.integer(0), recipients, der.seq(
        der.oid(DATA), der.seq(der.oid("2.16.840.1.101.3.4.1.2"), der.octets(b"\0" * 16)),
        der.context(0, b"\0" * 16, constructed=False)))
    for title, number, content, allowed in [
            ("enveloped-data", forge.ENVELOPED_DATA, enveloped, ENCRYPTED),
            ("authEnveloped-data", forge.AUTH_ENVELOPED, enveloped, ENCRYPTED),
            ("encrypted-data", forge.ENCRYPTED_DATA, enveloped, ENCRYPTED),
            ("compressed-data", forge.COMPRESSED_DATA, der.seq(inner),
             INVALID | ENCRYPTED | UNSIGNED),
            ("digested-data", forge.DIGESTED_DATA, der.seq(inner), INVALID | UNSIGNED),
            ("authenticated-data", forge.AUTH_DATA, der.seq(inner),
             INVALID | UNSIGNED | ENCRYPTED),
            ("an unknown type", "1.2.3.4", der.seq(inner), INVALID | UNSIGNED)]:
        cms = forge.content_info(number, content)
        yield Case("A16", title + " called signed-data", opaque(a.SENDER, cms), allowed)
        yield Case("A16", title + " as the signature of multipart/signed", multipart_signed(
            a.SENDER, TEXT, cms), INVALID | ENCRYPTED)
    envelope = (b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n"
                b"Content-Transfer-Encoding: base64\r\n\r\n" +
                base64_lines(forge.content_info(forge.ENVELOPED_DATA, enveloped)))
    yield Case("A17", "good signature over enveloped data", a.sign(part=envelope),
               VERIFIED | ENCRYPTED)
    for title, content in (("empty", b""), ("not a MIME entity", b"\0\1\2\3" * 20)):
        yield Case("A18", "opaque content that is " + title, opaque(a.SENDER, signed_data(
            content, [Signer(a.leaf)], a.chain, embedded=content)), INVALID | AMBIGUOUS)
    yield Case("A18", "opaque without content", opaque(a.SENDER, cms_of(a)), INVALID)


def hostile_encoding(a):
    cms = cms_of(a)
    yield Case("A14", "5,000 bytes after the ContentInfo", multipart_signed(
        a.SENDER, TEXT, cms + b"\0" * 5000), INVALID)
    yield Case("A14", "one byte after the ContentInfo", multipart_signed(
        a.SENDER, TEXT, cms + b"\0"), INVALID)
    yield Case("A14", "two ContentInfos", multipart_signed(a.SENDER, TEXT, cms + cms), INVALID)
    yield Case("A14", "an element after SignedData inside", multipart_signed(
        a.SENDER, TEXT, cms_of(a, extra=der.null())), INVALID)
    yield Case("A15", "SignedData nested in 40 sequences", multipart_signed(
        a.SENDER, TEXT, nested(40)), INVALID)
    yield Case("A15", "a hundred thousand nested sequences", multipart_signed(
        a.SENDER, TEXT, b"\x30\x80" * 100000), INVALID | LIMIT)
    yield Case("A15", "a length written longer than need be", multipart_signed(
        a.SENDER, TEXT, longer_length(cms)), INVALID | VERIFIED)
    text = base64.b64encode(cms)
    lines = base64_lines(cms)
    for title, encoded in [
            ("junk between the characters", lines[:40] + b"!*(" + lines[40:]),
            ("no padding", lines.rstrip(b"=\r\n") + b"\r\n" if text.endswith(b"=")
             else lines[:-3] + b"\r\n"),
            ("padding in the middle", base64_lines(cms[:100]) + base64_lines(cms[100:])),
            ("PEM armour", b"-----BEGIN PKCS7-----\r\n" + lines + b"-----END PKCS7-----\r\n"),
            ("characters after the padding", base64_lines(cms + b"\0" * (2 - len(cms) % 3)) +
             b"QUJD\r\n")]:
        yield Case("A25", "signature in base64 with " + title, multipart_signed(
            a.SENDER, TEXT, cms, encoded=encoded), INVALID | AMBIGUOUS)
    yield Case("A25", "signature in one line of a megabyte", multipart_signed(
        a.SENDER, TEXT, cms, encoded=b"A" * 1000000 + b"\r\n"), INVALID | AMBIGUOUS | LIMIT)
    yield Case("A26", "an empty signature", multipart_signed(a.SENDER, TEXT, b""),
               INVALID | AMBIGUOUS)
    big = der.seq(der.oid(forge.SIGNED_DATA), der.context(0, der.octets(b"\0" * 800000)))
    yield Case("A24", "a signature of 800 kB", multipart_signed(a.SENDER, TEXT, big),
               LIMIT | INVALID)
    yield Case("A24", "a hundred certificates", multipart_signed(a.SENDER, TEXT, cms_of(
        a, certificates=[a.leaf, a.issuing] + [a.root] * 98)), LIMIT | INVALID)
    yield Case("A24", "three hundred signers", multipart_signed(
        a.SENDER, TEXT, signed_data(TEXT, [Replayed(Signer(a.leaf), TEXT)] * 300, a.chain)),
        LIMIT | INVALID)


class Replayed:
    """One SignerInfo, made once and repeated."""

    def __init__(self, signer, content):
        self.digest = signer.digest
        self.bytes = signer.encode(content)

    def encode(self, _):
        return self.bytes


def nested(depth):
    inner = der.null()
    for _ in range(depth):
        inner = der.seq(inner)
    return inner


def longer_length(cms):
    _, start, _ = der.header(cms, 0)
    return bytes([0x30, 0x84]) + (len(cms) - start).to_bytes(4, "big") + cms[start:]


def hostile(a):
    for group in (hostile_cms, hostile_changes, hostile_attributes,
                  hostile_algorithms, hostile_types, hostile_encoding):
        yield from group(a)
