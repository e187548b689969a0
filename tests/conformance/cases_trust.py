# SPDX-License-Identifier: Apache-2.0
"""Groups B and C: certificates and chain, and who it is."""

import base64

import der
import forge
from case import (Case, VERIFIED, INVALID, UNTRUSTED, MISMATCH, AMBIGUOUS, without, doubled,
                  cms_of, constrained, inside)
from forge import (DAY, NOW, TEXT, Certificate, Signer, basic_constraints,
                   extended_key_usage, headers, key_usage, multipart_signed, name, rfc822,
                   signed_data)


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


# --- C: who it is ----------------------------------------------------------------------


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
            other) + b"\r\nnoi dung\r\n"), MISMATCH)
    yield Case("C12", "wrapped message with another From, not said to wrap", a.sign(
        part=b"Content-Type: message/rfc822\r\n\r\n" + headers(
            other) + b"\r\nnoi dung\r\n"), MISMATCH)
    yield Case("C12", "protected From is two", a.sign(part=protected.replace(
        b"vanthu@soctay.hanoi.example",
        b"vanthu@vpub.hanoi.example, vanthu@soctay.hanoi.example")), MISMATCH | AMBIGUOUS)


def hostile(a):
    for group in (hostile_chain, hostile_authority, hostile_names,
                  hostile_from, hostile_fields):
        yield from group(a)
