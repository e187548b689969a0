# SPDX-License-Identifier: Apache-2.0
"""Cases of groups A to D: each has the id of its row, a title, a message, the verdicts that
are right for it, and the options it is judged under. A case allows VERIFIED or it does not;
there is no third kind."""

import base64
import hashlib

import der
import forge
from forge import (DATA, NOW, DAY, PDF, TEXT, Certificate, Signer, attribute, base64_lines,
                   basic_constraints, default_attributes, extended_key_usage, headers,
                   key_usage, multipart_signed, name, opaque, rfc822, signed_data)

VERIFIED = {"VERIFIED"}
INVALID = {"INVALID"}
UNTRUSTED = {"UNTRUSTED"}
MISMATCH = {"MISMATCH"}
AMBIGUOUS = {"AMBIGUOUS"}
LIMIT = {"LIMIT"}
UNSIGNED = {"UNSIGNED"}
ENCRYPTED = {"ENCRYPTED"}


class Case:
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


# --- what must be accepted ----------------------------------------------------------------


def good_algorithms(a):
    for kind in ("rsa", "rsa3072", "p256", "p384", "p521"):
        for digest in ("sha256", "sha384", "sha512"):
            leaf = a.agency(a.SENDER, kind=kind, owner=kind)
            micalg = {"micalg": "sha-" + digest[3:]}
            yield Case("A01", "%s with %s, detached" % (kind, digest),
                       a.sign(leaf=leaf, digest=digest, mail=micalg), VERIFIED)
            if digest == "sha256" or kind == "rsa":
                cms = signed_data(TEXT, [Signer(leaf, digest=digest)], [leaf, a.issuing],
                                  embedded=TEXT)
                yield Case("A01", "%s with %s, opaque" % (kind, digest),
                           opaque(a.SENDER, cms), VERIFIED)
    for digest in ("sha256", "sha384", "sha512"):
        yield Case("A01", "RSA-PSS with %s" % digest, a.sign(digest=digest, pss=True), VERIFIED)
    leaf = a.agency(a.SENDER, kind="ed25519", owner="ed")
    yield Case("A01", "Ed25519 with sha512 (RFC 8419)", a.sign(leaf=leaf, digest="sha512"),
               VERIFIED)


def good_forms(a):
    yield Case("A01", "a PDF beside the text", a.sign(part=PDF), VERIFIED)
    yield Case("A15", "BER with indefinite lengths",
               multipart_signed(a.SENDER, TEXT, der.indefinite(cms_of(a), 4)), VERIFIED)
    yield Case("A15", "BER with indefinite lengths, opaque",
               opaque(a.SENDER, der.indefinite(cms_of(a, embedded=TEXT), 4)), VERIFIED)
    yield Case("A15", "opaque content in pieces, as NSS writes it",
               opaque(a.SENDER, in_pieces(cms_of(a, embedded=TEXT), TEXT)), VERIFIED)
    yield Case("A13", "micalg says sha1 while the signature is strong",
               a.sign(mail={"micalg": "sha1"}), VERIFIED)
    yield Case("A01", "no certificate but the signer's and the issuing one, root first",
               multipart_signed(a.SENDER, TEXT, cms_of(
                   a, certificates=[a.root, a.issuing, a.leaf])), VERIFIED)
    yield Case("A19", "signer named by subject key identifier",
               a.sign(leaf=a.agency(a.SENDER, extra=[forge.subject_key_id(a.leaf.key)]),
                      by_key_id=True), VERIFIED)
    other = a.agency("vanthu@soctay.hanoi.example", kind="p256", owner="other")
    yield Case("A19", "a certificate of somebody else in the bag",
               multipart_signed(a.SENDER, TEXT, cms_of(
                   a, certificates=[other, a.leaf, a.issuing])), VERIFIED)
    yield Case("A20", "an unsigned attribute that claims another time",
               a.sign(unsigned=[attribute(forge.SIGNING_TIME, der.time(NOW - 900 * DAY))]),
               VERIFIED)
    yield Case("A21", "signing time in the future",
               a.sign(attributes=default_attributes(TEXT, when=NOW + 3 * DAY)), VERIFIED)
    yield Case("A21", "no signing time",
               a.sign(attribute_edit=without(forge.SIGNING_TIME)), VERIFIED)
    for media in ("application/x-pkcs7-signature",):
        yield Case("D04", "x- type names", a.sign(mail={"second_type": media,
                                                        "protocol": media}), VERIFIED)
    cms = cms_of(a, embedded=TEXT)
    yield Case("A01", "opaque as x-pkcs7-mime", opaque(
        a.SENDER, cms, media="application/x-pkcs7-mime"), VERIFIED)
    yield Case("A01", "opaque without smime-type", opaque(a.SENDER, cms, smime_type=None),
               VERIFIED)
    yield Case("A01", "opaque smime.p7m as octet-stream", opaque(
        a.SENDER, cms, media="application/octet-stream", smime_type=None), VERIFIED)
    yield Case("D05", "text in the preamble", a.sign(mail={
        "preamble": b"This is a signed message.\r\n"}), VERIFIED)
    yield Case("D05", "text in the epilogue", a.sign(mail={"epilogue": b"nothing\r\n"}),
               VERIFIED)
    yield Case("D13", "a file with LF only", a.sign(part=PDF).replace(b"\r\n", b"\n"), VERIFIED)
    empty = b"\r\nNo header of its own\r\n"
    yield Case("A01", "signed part without a header", a.sign(part=empty), VERIFIED)


def in_pieces(cms, content):
    """The content as a constructed octet string of indefinite length, in the indefinite
    lengths around it."""
    pieces = b"\x24\x80" + b"".join(
        der.octets(content[i:i + 20]) for i in range(0, len(content), 20)) + b"\0\0"
    opened = der.indefinite(cms, 4)
    old = der.context(0, der.octets(content))
    assert opened.count(old) == 1
    return opened.replace(old, b"\xa0\x80" + pieces + b"\0\0")


def good_identity(a):
    for title, sender in [
            ("a display name", "Van thu UBND <%s>" % a.SENDER),
            ("a quoted display name", '"UBND, TP. Ha Noi" <%s>' % a.SENDER),
            ("an encoded display name",
             "=?utf-8?B?VsSDbiB0aMawIFVCTkQ=?= <%s>" % a.SENDER),
            ("the domain in capitals", "vanthu@VPUB.HANOI.EXAMPLE"),
            ("a folded From", "Van thu\r\n <%s>" % a.SENDER),
    ]:
        yield Case("C08" if "capitals" in title else "C01", "From with " + title,
                   a.sign(sender=sender), VERIFIED)
    yield Case("C01", "several addresses in the certificate",
               a.sign(leaf=a.agency(a.SENDER, names=[
                   rfc822("vanban@vpub.hanoi.example"), rfc822(a.SENDER)])), VERIFIED)
    yield Case("C10", "address in the name only, where the profile allows it",
               a.sign(leaf=a.agency(None, email_in_name=a.SENDER)), VERIFIED,
               profile="dn-address")
    yield Case("C11", "another Reply-To and Return-Path",
               a.sign(mail={"top": b"Return-Path: <x@y.example>\r\n" + headers(
                   a.SENDER, extra=b"Reply-To: x@y.example\r\n")}), VERIFIED)
    yield Case("B04", "no extended key usage, where the profile allows it",
               a.sign(leaf=a.agency(a.SENDER, purposes=())), VERIFIED, profile="no-eku")
    yield Case("B04", "anyExtendedKeyUsage, where the profile allows it",
               a.sign(leaf=a.agency(a.SENDER, purposes=(forge.ANY_EKU,))), VERIFIED,
               profile="no-eku")
    yield Case("B05", "nonRepudiation alone", a.sign(
        leaf=a.agency(a.SENDER, usage=("nonRepudiation",))), VERIFIED)
    yield Case("B05", "no key usage at all", a.sign(leaf=a.agency(a.SENDER, usage=())),
               VERIFIED | UNTRUSTED)
    issuer = constrained(a, permitted=["vpub.hanoi.example"])
    leaf = a.agency(a.SENDER, issuer=issuer)
    yield Case("B07", "a name constraint that permits the address", a.sign(
        leaf=leaf, certificates=[leaf, issuer]), VERIFIED)
    yield Case("B03", "a fresh list that does not name the signer", a.sign(), VERIFIED,
               crl="good")
    yield Case("B03", "revoked after the time at which it is judged", a.sign(), VERIFIED,
               crl="revoked-later", at=NOW - 2 * DAY)
    ended = a.agency(a.SENDER, begins=NOW - 29 * DAY, ends=NOW - 2 * DAY)
    yield Case("B02", "expired since, judged at its time", a.sign(leaf=ended), VERIFIED,
               at=NOW - 10 * DAY)


def constrained(a, permitted=(), excluded=()):
    key = a.key("rsa", "constrained")
    return Certificate(name("Constrained"), key, a.root, [
        basic_constraints(True), key_usage("keyCertSign", "cRLSign"),
        forge.name_constraints([rfc822(p) for p in permitted],
                               [rfc822(e) for e in excluded])])


def good(a):
    yield from good_algorithms(a)
    yield from good_forms(a)
    yield from good_identity(a)


# --- A: the structure of CMS --------------------------------------------------------------


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


# --- B: certificates and chain -------------------------------------------------------------


def hostile_chain(a):
    own = Certificate(name("Alone"), a.key("p256", "alone"), None, [
        basic_constraints(False), key_usage("digitalSignature"),
        extended_key_usage(forge.EMAIL_PROTECTION),
        forge.alternative_names(rfc822(a.SENDER))])
    yield Case("B01", "self-signed", a.sign(leaf=own, certificates=[own]), UNTRUSTED)
    root = Certificate(name("Other root"), a.key("p256", "otherroot"), None, [
        basic_constraints(True), key_usage("keyCertSign", "cRLSign")])
    leaf = a.agency(a.SENDER, issuer=root, kind="p256", owner="otherleaf")
    yield Case("B01", "unknown root", a.sign(leaf=leaf, certificates=[leaf]), UNTRUSTED)
    yield Case("B01", "unknown root that comes in the mail",
               a.sign(leaf=leaf, certificates=[leaf, root]), UNTRUSTED)
    false = Certificate(name("Root"), a.key("p256", "falseroot"), None, [
        basic_constraints(True), key_usage("keyCertSign", "cRLSign")])
    leaf = a.agency(a.SENDER, issuer=false, kind="p256", owner="falseleaf")
    yield Case("B01", "a root of the same name and another key",
               a.sign(leaf=leaf, certificates=[leaf, false]), UNTRUSTED)
    yield Case("B01", "the issuing certificate is missing",
               a.sign(certificates=[a.leaf]), UNTRUSTED)
    yield Case("B01", "no certificate at all", multipart_signed(
        a.SENDER, TEXT, signed_data(TEXT, [Signer(a.leaf)], [])), UNTRUSTED | INVALID)
    for title, begins, ends in (("expired", NOW - 60 * DAY, NOW - DAY),
                                ("not yet valid", NOW + DAY, NOW + 60 * DAY)):
        leaf = a.agency(a.SENDER, begins=begins, ends=ends)
        yield Case("B02", title, a.sign(leaf=leaf), UNTRUSTED)
        issuing = a.authority("Issuing", a.root, "issuing", begins=begins, ends=ends)
        leaf = a.agency(a.SENDER, issuer=issuing)
        yield Case("B02", "issuing certificate " + title,
                   a.sign(leaf=leaf, certificates=[leaf, issuing]), UNTRUSTED)
    yield Case("B02", "judged before it was valid", a.sign(), UNTRUSTED, at=NOW - 60 * DAY)
    unchecked = {"UNCHECKABLE"}
    yield Case("B03", "revoked", a.sign(), UNTRUSTED, crl="revoked")
    yield Case("B03", "issuing certificate revoked", a.sign(), UNTRUSTED, crl="issuing-revoked")
    yield Case("B03", "list expired", a.sign(), unchecked, crl="expired")
    yield Case("B03", "list of another issuer only", a.sign(), unchecked, crl="other")
    yield Case("B03", "list with a wrong signature", a.sign(), unchecked, crl="wrong-signature")
    inside = base64.b64decode("".join(forge.revocation_list(
        a.issuing).split("\n")[1:-2]))
    yield Case("B03", "a good list only inside the mail", multipart_signed(
        a.SENDER, TEXT, cms_of(a, lists=[inside])), unchecked, crl="other")
    for title, options, expected in [
            ("EKU for servers only", {"purposes": (forge.SERVER_AUTH,)}, UNTRUSTED),
            ("no EKU", {"purposes": ()}, UNTRUSTED),
            ("anyExtendedKeyUsage", {"purposes": (forge.ANY_EKU,)}, UNTRUSTED)]:
        yield Case("B04", title, a.sign(leaf=a.agency(a.SENDER, **options)), expected)
    key = a.key("rsa", "limitedca")
    limited = Certificate(name("Servers only"), key, a.root, [
        basic_constraints(True), key_usage("keyCertSign"),
        extended_key_usage(forge.SERVER_AUTH)])
    leaf = a.agency(a.SENDER, issuer=limited)
    yield Case("B04", "an issuing authority for servers only",
               a.sign(leaf=leaf, certificates=[leaf, limited]), UNTRUSTED)
    for usage in (("keyEncipherment",), ("keyAgreement",), ("keyCertSign",), ("cRLSign",)):
        yield Case("B05", "key usage only " + usage[0],
                   a.sign(leaf=a.agency(a.SENDER, usage=usage)), UNTRUSTED)


def hostile_authority(a):
    ca = Certificate(name("An authority"), a.key("rsa"), a.issuing, [
        basic_constraints(True), key_usage("digitalSignature", "keyCertSign"),
        extended_key_usage(forge.EMAIL_PROTECTION),
        forge.alternative_names(rfc822(a.SENDER))])
    yield Case("B06", "the signer is an authority", a.sign(leaf=ca), UNTRUSTED)
    below = a.agency(a.SENDER, issuer=a.leaf, kind="p256", owner="below")
    yield Case("B06", "a leaf issued it", a.sign(
        leaf=below, certificates=[below, a.leaf, a.issuing]), UNTRUSTED)
    for title, extensions in [
            ("without basicConstraints", [key_usage("keyCertSign")]),
            ("without keyCertSign", [basic_constraints(True), key_usage("cRLSign")]),
            ("that says it is none", [basic_constraints(False), key_usage("keyCertSign")])]:
        key = a.key("rsa", "badca")
        issuer = Certificate(name("Bad authority"), key, a.root, extensions)
        leaf = a.agency(a.SENDER, issuer=issuer)
        yield Case("B06", "an authority " + title,
                   a.sign(leaf=leaf, certificates=[leaf, issuer]), UNTRUSTED)
    first = Certificate(name("Length 0"), a.key("rsa", "first"), a.root, [
        basic_constraints(True, 0), key_usage("keyCertSign")])
    second = Certificate(name("One more"), a.key("rsa", "second"), first, [
        basic_constraints(True), key_usage("keyCertSign")])
    leaf = a.agency(a.SENDER, issuer=second)
    yield Case("B06", "path length exceeded",
               a.sign(leaf=leaf, certificates=[leaf, second, first]), UNTRUSTED)
    old = Certificate(name("Version 1"), a.key("rsa", "v1ca"), a.root, version=1)
    leaf = a.agency(a.SENDER, issuer=old)
    yield Case("B06", "an authority of version 1",
               a.sign(leaf=leaf, certificates=[leaf, old]), UNTRUSTED)
    wrong = a.key("p256", "wrongissuer")
    leaf = a.agency(a.SENDER, signature_from=wrong)
    yield Case("B01", "signed by another key than the issuer's", a.sign(leaf=leaf),
               UNTRUSTED | INVALID)


def hostile_names(a):
    for title, constraints, leaf_options in [
            ("permitted domain, address elsewhere",
             {"permitted": ["other.hanoi.example"]}, {}),
            ("excluded domain", {"excluded": ["vpub.hanoi.example"]}, {}),
            ("excluded address", {"excluded": [a.SENDER]}, {}),
            ("permitted domain, address in the name elsewhere",
             {"permitted": ["other.hanoi.example"]},
             {"names": [rfc822("x@other.hanoi.example")], "email_in_name": a.SENDER})]:
        issuer = constrained(a, **constraints)
        leaf = a.agency(a.SENDER, issuer=issuer, **leaf_options)
        yield Case("B07", title, a.sign(leaf=leaf, certificates=[leaf, issuer]), UNTRUSTED)
    for title, options in [
            ("an unknown critical extension",
             {"extra": [forge.extension("1.2.3.4.5", der.null(), critical=True)]}),
            ("a doubled extension", {"extra": [key_usage("digitalSignature")]}),
            ("version 1", {"version": 1}),
            ("signed with SHA-1", {"digest": "sha1"}),
            ("signed with MD5", {"digest": "md5"}),
            ("a serial number of 30 bytes", {"serial": 1 << 230}),
            ("a negative serial number", {"serial": -5})]:
        yield Case("B08" if "signed" not in title else "B09", "certificate with " + title,
                   a.sign(leaf=a.agency(a.SENDER, **options)), UNTRUSTED | MISMATCH | INVALID)


# --- C: who it is -----------------------------------------------------------------------------


def hostile_from(a):
    me = a.SENDER
    other = "vanthu@soctay.hanoi.example"
    yield Case("C01", "From is another's", a.sign(sender=other), MISMATCH)
    yield Case("C08", "the local part in another case", a.sign(
        sender="VanThu@vpub.hanoi.example"), MISMATCH)
    for title, sender in [
            ("the signer in the display name", '"%s" <%s>' % (me, other)),
            ("the signer in the display name, unquoted", "%s <%s>" % (me, other)),
            ("the signer in a comment", "%s (%s)" % (other, me)),
            ("the signer in an encoded display name", "=?utf-8?B?%s?= <%s>" % (
                base64.b64encode(me.encode()).decode(), other)),
            ("an encoded word that hides brackets", "=?utf-8?Q?=3C%s=3E?= <%s>" % (me, other)),
            ("the whole in an encoded word", "=?utf-8?Q?%s?=" % me.replace("@", "=40")),
            ("nothing", ""),
            ("a name only", "Van thu"),
            ("empty brackets", "Van thu <>"),
            ("two addresses", "%s, %s" % (me, other)),
            ("two addresses, the other way round", "%s, %s" % (other, me)),
            ("the same address twice", "%s, %s" % (me, me)),
            ("a group", "Van thu: %s;" % me),
            ("an empty group", "Van thu:;"),
            ("a source route", "<@soctay.hanoi.example:%s>" % me),
            ("a comment in the address", "vanthu(x)@vpub.hanoi.example"),
            ("a comment in the domain", "vanthu@vpub.(x)hanoi.example"),
            ("a quoted local part", '"vanthu"@vpub.hanoi.example'),
            ("a quote that does not end", '"Van thu <%s>' % me),
            ("a bracket that does not end", "Van thu <%s" % me),
            ("a bracket that does not begin", "Van thu %s>" % me),
            ("two pairs of brackets", "<%s> <%s>" % (other, me)),
            ("brackets in brackets", "<<%s>>" % me),
            ("two at signs", "%s@soctay.hanoi.example" % me),
            ("a blank in the address", "van thu@vpub.hanoi.example"),
            ("a blank before the at sign", "vanthu @vpub.hanoi.example <%s>" % other),
            ("a comma in the display name", "Van thu, %s" % me),
            ("a semicolon", "%s; %s" % (me, other)),
            ("a percent", "vanthu%%vpub.hanoi.example@soctay.hanoi.example")]:
        yield Case("C02" if "display" in title else "C05", "From with " + title,
                   a.sign(sender=sender), MISMATCH | AMBIGUOUS)
    for title, sender in [
            ("a NUL", b"vanthu@vpub.hanoi.example\0"),
            ("a NUL inside", b"van\0thu@vpub.hanoi.example"),
            ("a tab inside", b"vanthu@vpub.\thanoi.example"),
            ("a bare CR", b"vanthu@vpub.hanoi.example\rX: y"),
            ("a bare LF", b"vanthu@vpub.hanoi.example\nX: y"),
            ("a Cyrillic letter", "vаnthu@vpub.hanoi.example".encode()),
            ("a right-to-left mark", "vanthu\u202e@vpub.hanoi.example".encode()),
            ("a zero-width blank", "vanthu\u200b@vpub.hanoi.example".encode()),
            ("a full-width at sign", "vanthu＠vpub.hanoi.example".encode()),
            ("latin-1 bytes", b"v\xe3nthu@vpub.hanoi.example")]:
        yield Case("C06", "From with " + title, a.sign(sender=sender), MISMATCH | AMBIGUOUS)


def hostile_fields(a):
    me, other = a.SENDER.encode(), b"vanthu@soctay.hanoi.example"
    first = headers(me)
    for title, top in [
            ("signer first", first + b"From: " + other + b"\r\n"),
            ("signer last", b"From: " + other + b"\r\n" + first),
            ("the same twice", first + b"From: " + me + b"\r\n"),
            ("signer last, in capitals", b"FROM: " + other + b"\r\n" + first),
            ("a blank before the colon", b"From : " + other + b"\r\n" + first)]:
        yield Case("C03", "two From fields: " + title, a.sign(mail={"top": top}),
                   MISMATCH | AMBIGUOUS)
    yield Case("C03", "no From field", a.sign(mail={"top": first.replace(
        b"From: " + me + b"\r\n", b"")}), MISMATCH | AMBIGUOUS)
    yield Case("C04", "Sender is the signer, From is not", a.sign(mail={
        "top": headers(other, extra=b"Sender: " + me + b"\r\n")}), MISMATCH)
    yield Case("C04", "Resent-From is the signer, From is not", a.sign(mail={
        "top": headers(other, extra=b"Resent-From: " + me + b"\r\n")}), MISMATCH)
    for title, raw in [
            ("a blank before", b" vanthu@vpub.hanoi.example"),
            ("a blank after", b"vanthu@vpub.hanoi.example "),
            ("a NUL and more", b"vanthu@vpub.hanoi.example\0.evil.example"),
            ("a newline", b"vanthu@vpub.hanoi.example\n"),
            ("brackets", b"<vanthu@vpub.hanoi.example>"),
            ("quotes", b"\"vanthu\"@vpub.hanoi.example"),
            ("a list", b"vanthu@vpub.hanoi.example,x@y.example"),
            ("a trailing dot", b"vanthu@vpub.hanoi.example."),
            ("a name before", b"Van thu <vanthu@vpub.hanoi.example>")]:
        yield Case("C07", "certificate's address with " + title,
                   a.sign(leaf=a.agency(None, names=[rfc822(raw)])), UNTRUSTED | MISMATCH)
    yield Case("C09", "certificate without any address", a.sign(leaf=a.agency(None)), MISMATCH)
    yield Case("C10", "address in the name only", a.sign(
        leaf=a.agency(None, email_in_name=a.SENDER)), MISMATCH)
    yield Case("C10", "another address in the alternative names, the right one in the name",
               a.sign(leaf=a.agency("x@vpub.hanoi.example", email_in_name=a.SENDER)), MISMATCH)
    yield Case("C10", "the same, where names count", a.sign(
        leaf=a.agency("x@vpub.hanoi.example", email_in_name=a.SENDER)), MISMATCH,
        profile="dn-address")
    yield Case("C08", "only the domain is the signer's", a.sign(
        leaf=a.agency("vanban@vpub.hanoi.example")), MISMATCH)
    protected = (b"Content-Type: text/plain; charset=utf-8; hp=\"clear\"\r\n"
                 b"From: vanthu@soctay.hanoi.example\r\n"
                 b"Subject: 06/KH-VP\r\n\r\nnoi dung\r\n")
    yield Case("C12", "protected From is another's", a.sign(part=protected), MISMATCH)
    yield Case("C12", "wrapped message with another From", a.sign(
        part=b"Content-Type: message/rfc822; forwarded=no\r\n\r\n" + headers(
            other) + b"\r\nnoi dung\r\n"), MISMATCH | VERIFIED)


# --- D: the structure of the mail ------------------------------------------------------------


def inside(kind, *parts, boundary=b"ngoai"):
    b = boundary
    return (b"Content-Type: multipart/" + kind + b"; boundary=\"" + b + b"\"\r\n\r\n" +
            b"".join(b"--" + b + b"\r\n" + p + b"\r\n" for p in parts) + b"--" + b + b"--\r\n")


def as_part(mail):
    """The signed entity without its mail header."""
    return mail[mail.index(b"Content-Type:"):]


def hostile_scope(a):
    signed = as_part(a.sign())
    plain = b"Content-Type: text/plain\r\n\r\nthem vao\r\n"
    top = headers(a.SENDER)
    for kind in (b"mixed", b"related", b"alternative", b"report"):
        yield Case("D01", "signed part after another in multipart/" + kind.decode(),
                   top + inside(kind, plain, signed), UNSIGNED | AMBIGUOUS | INVALID)
        yield Case("D01", "signed part before another in multipart/" + kind.decode(),
                   top + inside(kind, signed, plain), UNSIGNED | AMBIGUOUS | INVALID)
    yield Case("D01", "signed part alone in multipart/mixed", top + inside(b"mixed", signed),
               UNSIGNED | AMBIGUOUS | INVALID)
    html = (b"Content-Type: text/html\r\n\r\n<p>khac</p><div style=\"display:none\">\r\n")
    yield Case("D02", "signed part hidden by HTML", top + inside(b"mixed", html, signed),
               UNSIGNED | AMBIGUOUS)
    opaque_part = as_part(opaque(a.SENDER, cms_of(a, embedded=TEXT)))
    yield Case("D01", "opaque part in multipart/mixed", top + inside(
        b"mixed", plain, opaque_part), UNSIGNED | AMBIGUOUS)
    yield Case("D03", "a mailing list's footer around it", top + inside(
        b"mixed", signed, b"Content-Type: text/plain\r\n\r\n-- \r\ndanh sach\r\n"),
        UNSIGNED | AMBIGUOUS)
    yield Case("D15", "a forwarded signed mail", top +
               b"Content-Type: message/rfc822\r\n\r\n" + a.sign(), UNSIGNED | AMBIGUOUS)
    inner = b"Content-Type: message/rfc822\r\n\r\n" + a.sign(mail={"boundary": "trong"})
    leaf = a.agency("vanthu@soctay.hanoi.example", kind="p256", owner="outer")
    bad = a.sign(part=inner, leaf=leaf, sender="vanthu@soctay.hanoi.example").replace(
        b"V/v", b"V/V", 1)
    yield Case("D15", "outer signature broken around a good signed mail", bad, INVALID)
    outer = {"boundary": "ngoai"}
    yield Case("D16", "a good signature inside a good signature",
               a.sign(part=signed, mail=outer), VERIFIED)
    yield Case("D16", "outer signature broken around a good signature", a.sign(
        part=signed, mail=outer).replace(b"Kinh", b"kinh", 1), INVALID)
    yield Case("D16", "outer signature another's than From",
               a.sign(part=signed, leaf=leaf, mail=outer), MISMATCH)


def hostile_signed_parts(a):
    cms = cms_of(a)
    p7s = (b"Content-Type: application/pkcs7-signature\r\n"
           b"Content-Transfer-Encoding: base64\r\n\r\n" + base64_lines(cms))
    plain = b"Content-Type: text/plain\r\n\r\nthem vao\r\n"
    signed_type = b"signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256"
    top = headers(a.SENDER)
    for title, parts in [("one part", [TEXT]), ("three parts, one more first", [plain, TEXT, p7s]),
                         ("three parts, one more last", [TEXT, p7s, plain]),
                         ("parts swapped", [p7s, TEXT]), ("two texts", [TEXT, TEXT]),
                         ("two signatures", [TEXT, p7s, p7s])]:
        yield Case("D04", "multipart/signed with " + title, top + inside(signed_type, *parts),
                   INVALID | AMBIGUOUS)
    yield Case("D04", "protocol names another type", a.sign(mail={
        "protocol": "application/pkcs7-mime"}), INVALID | AMBIGUOUS)
    yield Case("D04", "second part is octet-stream", a.sign(mail={
        "second_type": "application/octet-stream"}), INVALID | AMBIGUOUS)
    yield Case("D04", "protocol of PGP", a.sign(mail={
        "protocol": "application/pgp-signature"}), UNSIGNED | INVALID | AMBIGUOUS)
    yield Case("D08", "no closing delimiter, not signed", headers(a.SENDER) +
               inside(b"mixed", plain)[:-9], UNSIGNED)
    yield Case("D08", "no closing delimiter", a.sign().replace(b"\r\n--ky--\r\n", b"\r\n"),
               AMBIGUOUS | INVALID)
    yield Case("D08", "parts after the closing delimiter", a.sign(mail={
        "epilogue": b"--ky\r\n" + plain + b"\r\n--ky--\r\n"}), AMBIGUOUS | INVALID)
    yield Case("D08", "inner boundary is the outer one", a.sign(
        part=PDF.replace(b"trong", b"ky")), AMBIGUOUS | INVALID)
    yield Case("D08", "outer boundary is a prefix of the inner one", a.sign(
        part=PDF.replace(b"trong", b"kyz")), AMBIGUOUS | VERIFIED)
    yield Case("D08", "inner multipart without its end", a.sign(
        part=PDF.replace(b"--trong--\r\n", b"")), AMBIGUOUS | INVALID)
    yield Case("D08", "inner multipart without a boundary", a.sign(
        part=PDF.replace(b"; boundary=\"trong\"", b"")), AMBIGUOUS | INVALID)


def hostile_headers(a):
    good = b'multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="ky"'
    for title, content_type in [
            ("two Content-Type fields", good + b"\r\nContent-Type: text/plain"),
            ("two Content-Type fields, the other first",
             b"text/plain\r\nContent-Type: " + good),
            ("two boundaries", good + b"; boundary=\"khac\""),
            ("two boundaries, the same", good + b"; boundary=\"ky\""),
            ("a boundary by RFC 2231", good.replace(b'boundary="ky"', b"boundary*=us-ascii''ky")),
            ("a boundary in pieces", good.replace(
                b'boundary="ky"', b'boundary*0="k"; boundary*1="y"')),
            ("both forms of boundary", good + b"; boundary*=us-ascii''khac"),
            ("a comment in the boundary", good.replace(b'boundary="ky"', b"boundary=(x)ky")),
            ("a boundary with half a quote", good.replace(b'"ky"', b'"ky')),
            ("an empty boundary", good.replace(b'"ky"', b'""')),
            ("two types in one field", b"text/plain, " + good),
            ("a NUL in the field", good.replace(b"micalg", b"mic\0alg")),
            ("a NUL in the boundary", good.replace(b'"ky"', b'"ky\0"'))]:
        yield Case("D07" if "bound" in title else "D06", title,
                   a.sign(mail={"content_type": content_type}), AMBIGUOUS | INVALID | UNSIGNED)
    for title, old, new in [
            ("two encodings of the part", b"Content-Transfer-Encoding: 7bit\r\n",
             b"Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\n"),
            ("a comment in the encoding", b"Encoding: 7bit", b"Encoding: (x)7bit"),
            ("an unknown encoding", b"Encoding: 7bit", b"Encoding: 9bit"),
            ("a NUL in the encoding", b"Encoding: 7bit", b"Encoding: 7b\0it"),
            ("two types of the part", b"Content-Type: text/plain; charset=utf-8\r\n",
             b"Content-Type: text/plain\r\nContent-Type: text/html\r\n"),
            ("a bare CR after the header", b"7bit\r\n\r\nKinh", b"7bit\r\n\rKinh"),
            ("a bare LF after the header", b"7bit\r\n\r\nKinh", b"7bit\n\nKinh"),
            ("a blank in the empty line", b"7bit\r\n\r\nKinh", b"7bit\r\n \r\nKinh"),
            ("a line without a colon", b"Content-Transfer-Encoding: 7bit\r\n",
             b"Content-Transfer-Encoding: 7bit\r\nkhong co hai cham\r\n"),
            ("a blank before the colon", b"Content-Type: text/plain", b"Content-Type : text/plain"),
            ("a NUL in a header", b"charset=utf-8", b"charset=utf\0-8")]:
        part = TEXT.replace(old, new, 1)
        assert part != TEXT, title
        yield Case("D10" if "encoding" in title else "D09", title + ", signed as it is",
                   a.sign(part=part), AMBIGUOUS | INVALID)
    attachment = base64_lines(b"%PDF-1.4\n" + bytes(range(256)) * 4 + b"\n%%EOF\n", 76)
    for title, new in [
            ("junk characters", attachment[:20] + b"!!" + attachment[20:]),
            ("early padding", attachment[:20] + b"==" + attachment[22:]),
            ("two padded blocks", b"QQ==\r\nQg==\r\n"),
            ("no padding", b"QUJDRA\r\n"),
            ("a fake delimiter", attachment[:76] + b"\r\n--x\r\n" + attachment[78:])]:
        yield Case("D11", "base64 with " + title + ", signed as it is",
                   a.sign(part=PDF.replace(attachment, new)), AMBIGUOUS | INVALID)
    for title, text in [("a wrong escape", b"a=ZZb\r\n"), ("an escape at the end", b"ab=4"),
                        ("a lone equals sign", b"a = b\r\n")]:
        part = b"Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        yield Case("D11", "quoted-printable with " + title + ", signed as it is",
                   a.sign(part=part + text), AMBIGUOUS | INVALID)
    for media in (b"message/partial; id=\"1\"; number=1; total=2",
                  b"message/external-body; access-type=URL; URL=\"http://x.example/\""):
        yield Case("D12", media.split(b";")[0].decode(), a.sign(
            part=b"Content-Type: " + media + b"\r\n\r\nContent-Type: text/plain\r\n\r\nx\r\n"),
            INVALID | AMBIGUOUS)
    yield Case("D13", "LF and CRLF mixed in the signed part", a.sign(
        part=TEXT.replace(b"Ba Vi\r\n", b"Ba Vi\n")), AMBIGUOUS | INVALID)


def hostile(a):
    for group in (hostile_cms, hostile_changes, hostile_attributes, hostile_algorithms,
                  hostile_types, hostile_encoding, hostile_chain, hostile_authority,
                  hostile_names, hostile_from, hostile_fields, hostile_scope,
                  hostile_signed_parts, hostile_headers):
        yield from group(a)


def revocation_lists(a):
    """The lists that cases name, in PEM: one file each, issuing and root together."""
    root = forge.revocation_list(a.root)
    serial = a.leaf.serial
    past = NOW - 10 * DAY
    other = Certificate(name("Another"), a.key("p256", "othercrl"), None, [
        basic_constraints(True), key_usage("keyCertSign", "cRLSign")])
    return {
        "good": root + forge.revocation_list(a.issuing),
        "revoked": root + forge.revocation_list(a.issuing, [(serial, past)]),
        "revoked-later": forge.revocation_list(a.root, begins=NOW - 5 * DAY) +
        forge.revocation_list(a.issuing, [(serial, NOW - DAY)], begins=NOW - 5 * DAY),
        "issuing-revoked": forge.revocation_list(a.root, [(a.issuing.serial, past)]) +
        forge.revocation_list(a.issuing),
        "expired": root + forge.revocation_list(a.issuing, begins=NOW - 60 * DAY,
                                                ends=NOW - 30 * DAY),
        "other": root + forge.revocation_list(other),
        "wrong-signature": root + forge.revocation_list(
            a.issuing, key=a.key("rsa", "wrongcrl")),
    }
