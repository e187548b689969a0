# SPDX-License-Identifier: Apache-2.0
"""Group D: the structure of the mail."""

from case import (Case, VERIFIED, INVALID, MISMATCH, AMBIGUOUS, UNSIGNED, without, cms_of,
                  inside, as_part)
from forge import PDF, TEXT, base64_lines, headers, opaque, rfc822


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
    for group in (hostile_scope, hostile_signed_parts, hostile_headers):
        yield from group(a)
