# SPDX-License-Identifier: Apache-2.0
"""Good mail, in every algorithm, form and identity that we accept."""

import hashlib

import der
import forge
from case import Case, VERIFIED, UNTRUSTED, without, cms_of, constrained
from forge import (DAY, NOW, PDF, TEXT, Signer, attribute, basic_constraints,
                   default_attributes, extended_key_usage, headers, key_usage,
                   multipart_signed, opaque, rfc822, signed_data)


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


def good_forwards(a):
    """D15, C12: what is inside is the signer's business, as long as it names no other sender
    of this very message."""
    other = "vanthu@soctay.hanoi.example"
    leaf = a.agency(other, kind="p256", owner="soctay")
    theirs = a.sign(leaf=leaf, sender=other, mail={"boundary": "cua-ho"})
    forward = b"Content-Type: message/rfc822\r\n"
    yield Case("D15", "another agency's signed mail, forwarded whole", a.sign(
        part=forward + b"\r\n" + theirs), VERIFIED)
    yield Case("D15", "another's mail, forwarded as an attachment", a.sign(
        part=forward + b"Content-Disposition: attachment\r\n\r\n" + headers(
            other) + b"\r\nnoi dung\r\n"), VERIFIED)
    yield Case("C12", "wrapped message of the same sender", a.sign(
        part=forward + b"\r\n" + headers(a.SENDER) + b"\r\nnoi dung\r\n"), VERIFIED)


def good_composers(a):
    """CMS and certificates as other toolkits write them."""
    rsa = forge.RSA_WITH["sha256"]
    ess = der.seq(der.seq(der.seq(der.octets(hashlib.sha256(a.leaf.encoded).digest()))))
    old_ess = der.seq(der.seq(der.seq(der.octets(hashlib.sha1(a.leaf.encoded).digest()))))
    capabilities = der.seq(der.seq(der.oid("2.16.840.1.101.3.4.1.42")),
                           der.seq(der.oid("1.2.840.113549.3.7")))
    for title, options in [
            ("sha256WithRSAEncryption for the signature",
             {"algorithm": der.seq(der.oid(rsa), der.null())}),
            ("rsaEncryption without parameters", {"algorithm": der.seq(der.oid(forge.RSA))}),
            ("sMIMECapabilities and a key preference", {"attributes": default_attributes(TEXT) + [
                attribute("1.2.840.113549.1.9.15", capabilities),
                attribute("1.2.840.113549.1.9.16.2.11", der.context(0, der.seq(
                    a.leaf.issuer_name, der.integer(a.leaf.serial))[2:]))]}),
            ("signingCertificateV2, as CAdES asks", {"attributes": default_attributes(TEXT) + [
                attribute("1.2.840.113549.1.9.16.2.47", ess)]}),
            ("both signingCertificate attributes", {"attributes": default_attributes(TEXT) + [
                attribute("1.2.840.113549.1.9.16.2.12", old_ess),
                attribute("1.2.840.113549.1.9.16.2.47", ess)]}),
            ("a time-stamp token among the unsigned attributes", {"unsigned": [
                attribute("1.2.840.113549.1.9.16.2.14", der.seq(der.oid(
                    forge.SIGNED_DATA), der.context(0, der.seq())))]}),
            ("twenty attributes of its own", {"attributes": default_attributes(TEXT) + [
                attribute("1.2.3.%d" % i, der.null()) for i in range(20)]})]:
        yield Case("A01", "a signature with " + title, a.sign(**options), VERIFIED)
    yield Case("A01", "digests announced without parameters", multipart_signed(
        a.SENDER, TEXT, cms_of(a, digests=["sha256:bare"], signers=[
            Signer(a.leaf, declared_digest="sha256:bare")])), VERIFIED)
    yield Case("A01", "more digests announced than used", multipart_signed(
        a.SENDER, TEXT, cms_of(a, digests=["sha1", "sha256", "sha512"])), VERIFIED)
    yield Case("A01", "the same certificate twice", multipart_signed(
        a.SENDER, TEXT, cms_of(a, certificates=a.chain + a.chain)), VERIFIED)
    for title, options in [
            ("a serial number of 20 bytes", {"serial": (1 << 158) + 1}),
            ("keys for signing and for encryption",
             {"usage": ("digitalSignature", "keyEncipherment")}),
            ("client authentication beside mail",
             {"purposes": (forge.EMAIL_PROTECTION, "1.3.6.1.5.5.7.3.2")}),
            ("an organisation without a common name", {"subject": der.seq(der.set_of(der.seq(
                der.oid(forge.ORGANISATION), der.utf8("Văn phòng UBND"))))}),
            ("no subject at all, critical alternative names", {"subject": der.seq(), "names": None,
                "extensions": [basic_constraints(False), key_usage("digitalSignature"),
                               extended_key_usage(forge.EMAIL_PROTECTION),
                               forge.alternative_names(rfc822(a.SENDER), critical=True)]}),
            ("critical extended key usage", {"extensions": [
                key_usage("digitalSignature"),
                extended_key_usage(forge.EMAIL_PROTECTION, critical=True),
                forge.alternative_names(rfc822(a.SENDER))]}),
            ("the address in the name as well", {"email_in_name": a.SENDER}),
            ("other kinds of alternative names", {"names": [
                der.context(2, b"vpub.hanoi.example", constructed=False),
                der.context(6, b"https://vpub.hanoi.example/", constructed=False),
                rfc822(a.SENDER)]}),
            ("statements of its authority", {"extra": [
                forge.extension("1.3.6.1.5.5.7.1.3", der.seq(der.seq(der.oid("0.4.0.1862.1.1")))),
                forge.extension("2.5.29.32", der.seq(der.seq(der.oid("2.16.704.1.1")))),
                forge.extension("1.2.3.4.5", der.null())]}),
            ("the end of 2055", {"ends": NOW + 29 * 365 * DAY})]:
        yield Case("B08", "a certificate with " + title, a.sign(
            leaf=a.agency(a.SENDER, **options)), VERIFIED)


def good(a):
    yield from good_composers(a)
    yield from good_algorithms(a)
    yield from good_forms(a)
    yield from good_identity(a)
    yield from good_forwards(a)
