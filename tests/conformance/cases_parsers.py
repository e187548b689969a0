# SPDX-License-Identifier: Apache-2.0
"""Group D once more, as the published attacks on parsers vary it: one message that two
readers take apart in two ways. Every variant is properly signed, by an attacker who may sign
what he likes or around what an honest sender signed; none may be VERIFIED."""

from case import AMBIGUOUS, Case, INVALID, LIMIT, MISMATCH, UNSIGNED, as_part, cms_of, inside
from forge import (PDF, TEXT, Signer, base64_lines, headers, multipart_signed, opaque,
                   signed_data)

REFUSED = AMBIGUOUS | INVALID | UNSIGNED | LIMIT
OTHER = (b"Content-Type: text/html\r\n\r\n<p>Chuyen tien ngay</p>\r\n")
SIGNED = (b'multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; '
          b'boundary="ky"')


def changed(part, old, new):
    assert old in part, old
    return part.replace(old, new, 1)


def hostile_root_type(a):
    """The one field that says where the signed part begins and ends."""
    b = b'boundary="ky"'
    for title, value in [
            ("a comment before the type", b"(x) " + SIGNED),
            ("a comment after the type", changed(SIGNED, b"signed;", b"signed (x);")),
            ("a comment that hides a boundary", changed(SIGNED, b, b'(boundary="kx") ' + b)),
            ("a comment around the boundary", changed(SIGNED, b, b'boundary="ky" (x)')),
            ("an unclosed comment", changed(SIGNED, b, b"(" + b)),
            ("a blank before the slash", changed(SIGNED, b"multipart/", b"multipart /")),
            ("a blank before the equals sign", changed(SIGNED, b, b'boundary ="ky"')),
            ("a blank after the equals sign", changed(SIGNED, b, b'boundary= "ky"')),
            ("no equals sign", changed(SIGNED, b, b'boundary "ky"')),
            ("a comma for a semicolon", SIGNED.replace(b"; ", b", ")),
            ("a blank for a semicolon", SIGNED.replace(b"; ", b" ")),
            ("two semicolons", changed(SIGNED, b, b";" + b)),
            ("a leading semicolon", b";" + SIGNED),
            ("single quotes", changed(SIGNED, b, b"boundary='ky'")),
            ("an escape in the boundary", changed(SIGNED, b, b'boundary="k\\y"')),
            ("an escaped quote", changed(SIGNED, b, b'boundary="\\"ky"')),
            ("text after the quotes", changed(SIGNED, b, b'boundary="ky"x')),
            ("a blank at the end of the boundary", changed(SIGNED, b, b'boundary="ky "')),
            ("a blank at its start", changed(SIGNED, b, b'boundary=" ky"')),
            ("a tab inside the boundary", changed(SIGNED, b, b'boundary="k\ty"')),
            ("a fold inside the boundary", changed(SIGNED, b, b'boundary="k\r\n y"')),
            ("a semicolon in the boundary", changed(SIGNED, b, b'boundary="ky;x"')),
            ("an unquoted boundary cut by a comma", changed(SIGNED, b, b"boundary=ky,x")),
            ("an unquoted boundary with an equals sign", changed(SIGNED, b, b"boundary=ky=x")),
            ("a boundary in an encoded word", changed(SIGNED, b, b"boundary=\"=?utf-8?Q?ky?=\"")),
            ("a percent-encoded boundary", changed(SIGNED, b, b"boundary*=utf-8''k%79")),
            ("a boundary in one piece", changed(SIGNED, b, b'boundary*0="ky"')),
            ("a boundary in pieces, out of order", changed(
                SIGNED, b, b'boundary*1="y"; boundary*0="k"')),
            ("plain and pieces", SIGNED + b'; boundary*0="k"; boundary*1="x"'),
            ("pieces and plain", changed(SIGNED, b, b'boundary*0="kx"; ' + b)),
            ("an empty boundary first", changed(SIGNED, b, b'boundary=""; ' + b)),
            ("an empty boundary last", SIGNED + b'; boundary=""'),
            ("another boundary in capitals", SIGNED + b'; BOUNDARY="kx"'),
            ("a name that ends like boundary", changed(SIGNED, b, b'xboundary="ky"')),
            ("8-bit bytes in the boundary", changed(SIGNED, b, b'boundary="k\xc3\xbdy"')),
            ("a vertical tab", changed(SIGNED, b, b"\x0b" + b)),
            ("a form feed for a blank", changed(SIGNED, b"; " + b, b";\x0c" + b)),
            ("a bare CR in the field", changed(SIGNED, b, b"x=1\r; " + b)),
            ("two protocols", SIGNED + b'; protocol="application/pgp-signature"'),
            ("two types, a comma between", SIGNED + b", text/plain"),
            ("no type", SIGNED[len(b"multipart/signed"):]),
            ("no subtype", changed(SIGNED, b"multipart/signed", b"multipart")),
            ("an empty subtype", changed(SIGNED, b"multipart/signed", b"multipart/")),
            ("three parts of a type", changed(SIGNED, b"signed", b"signed/mixed")),
            ("a control after the type", changed(SIGNED, b"signed", b"signed\x01")),
            ("a boundary of 71 bytes", changed(SIGNED, b, b'boundary="' + b"x" * 71 + b'"'))]:
        yield Case("D07", "Content-Type with " + title,
                   a.sign(mail={"content_type": value}), REFUSED)
    field = b"Content-Type: " + SIGNED + b"\r\n"
    mail = a.sign(mail={"content_type": SIGNED})
    for title, new in [
            ("a second field below", field + b"Content-Type: text/plain\r\n"),
            ("a second field above", b"Content-Type: text/plain\r\n" + field),
            ("a second field, another boundary", field + changed(field, b"ky", b"kx")),
            ("a second field, empty", field + b"Content-Type:\r\n"),
            ("a second field with a blank before its colon",
             field + b"Content-Type : text/plain\r\n"),
            ("a second field with a tab before its colon",
             b"Content-Type\t: text/plain\r\n" + field),
            ("a second field with a NUL in its name", field + b"Content\0-Type: text/plain\r\n"),
            ("a field whose colon is on the next line", changed(field, b"Type: ", b"Type\r\n : ")),
            ("a fold of blanks only", changed(field, b"; micalg", b";\r\n \r\n micalg")),
            ("a fold of a bare LF", changed(field, b"; micalg", b";\n micalg")),
            ("a fold of a bare CR", changed(field, b"; micalg", b";\r micalg")),
            ("a fold without a blank", changed(field, b"; micalg", b";\r\nmicalg")),
            ("a line without a colon above", b"khong phai truong\r\n" + field),
            ("a line of blanks above", b"   \r\n" + field),
            ("a line that begins with a colon", b": x\r\n" + field),
            ("a blank at the start of the line", b" " + field),
            ("a NUL at the end", changed(field, b"\r\n", b"\0\r\n")),
            ("a bare CR before it", b"X: y\r" + field),
            ("a bare LF before it", b"X: y\n" + field),
            ("a byte order mark before its name", b"\xef\xbb\xbf" + field),
            ("an mbox line above", b"From vanthu@vpub.hanoi.example Fri Jan  3 16:02:01 2025\r\n" +
             field),
            ("a fullwidth hyphen in its name", "Content－Type: text/plain\r\n".encode() + field),
            ("an encoding of base64", field + b"Content-Transfer-Encoding: base64\r\n"),
            ("an encoding of quoted-printable",
             b"Content-Transfer-Encoding: quoted-printable\r\n" + field),
            ("an unknown encoding", field + b"Content-Transfer-Encoding: x-none\r\n"),
            ("MIME-Version 2.0", field + b"MIME-Version: 2.0\r\n")]:
        yield Case("D06", title, changed(mail, field, new), REFUSED)
    top = headers(a.SENDER)
    for title, new in [("at its start", b"\r\n" + top), ("a blank line in it", changed(
            top, b"Subject", b"\r\nSubject")), ("a line of CR LF CR in it", changed(
                top, b"Subject", b"\r\r\nSubject")), ("LF LF in it", changed(
                    top, b"Subject", b"\n\nSubject"))]:
        yield Case("D09", "the header ends early: " + title, a.sign(mail={"top": new}),
                   REFUSED | MISMATCH)


def hostile_delimiters(a):
    mail = a.sign(part=PDF)
    part = b"--ky\r\n" + OTHER
    for title, old, new in [
            ("a part before, its delimiter longer", b"--ky\r\n", b"--kyx\r\n" + OTHER + b"--ky\r\n"),
            ("a part before, its delimiter indented", b"--ky\r\n", b" " + part + b"--ky\r\n"),
            ("a part before, after a bare CR", b"--ky\r\n", b"x\r" + part + b"--ky\r\n"),
            ("a part before, after a NUL", b"--ky\r\n", b"\0" + part + b"--ky\r\n"),
            ("a part before, closed", b"--ky\r\n", b"--ky--\r\n" + part + b"--ky\r\n"),
            ("a part in the preamble, without delimiter", b"--ky\r\n", OTHER + b"--ky\r\n"),
            ("a message in the preamble", b"--ky\r\n", b"Content-Type: text/html\r\n\r\nx\r\n--ky\r\n"),
            ("a delimiter followed by text", b"--ky\r\n", b"--ky x\r\n"),
            ("a delimiter followed by a NUL", b"--ky\r\n", b"--ky\0\r\n"),
            ("a delimiter followed by a form feed", b"--ky\r\n", b"--ky\x0c\r\n"),
            ("a delimiter followed by a bare CR", b"--ky\r\n", b"--ky\r\r\n"),
            ("a delimiter ended by LF", b"--ky\r\n", b"--ky\n"),
            ("a delimiter ended by CR", b"--ky\r\n", b"--ky\r"),
            ("a delimiter with a third dash", b"--ky\r\n", b"---ky\r\n--ky\r\n--ky\r\n"),
            ("a close delimiter followed by text", b"\r\n--ky--", b"\r\n--ky--x"),
            ("a close delimiter with one dash", b"\r\n--ky--", b"\r\n--ky-"),
            ("a close delimiter with a blank", b"\r\n--ky--", b"\r\n--ky --"),
            ("a close delimiter with three dashes", b"\r\n--ky--", b"\r\n--ky---"),
            ("a part after the close delimiter", b"\r\n--ky--\r\n", b"\r\n--ky--\r\n" + part +
             b"--ky--\r\n"),
            ("a part in the epilogue", b"\r\n--ky--\r\n", b"\r\n--ky--\r\n" + OTHER),
            ("a second close delimiter", b"\r\n--ky--\r\n", b"\r\n--ky--\r\n--ky--\r\n"),
            ("an inner delimiter after its end", b"--trong--\r\n",
             b"--trong--\r\n--trong\r\n" + OTHER + b"--trong--\r\n"),
            ("cut before the signature", b"\r\n--ky\r\nContent-Type: application/pkcs7",
             b"\r\nContent-Type: application/pkcs7")]:
        yield Case("D08", title, changed(mail, old, new), REFUSED)
    for title, old, new in [
            ("an inner delimiter that is longer", b"--trong\r\n", b"--trongx\r\n" + OTHER +
             b"--trong\r\n"),
            ("an inner delimiter, indented", b"--trong\r\n", b"\t--trong\r\n" + OTHER +
             b"--trong\r\n"),
            ("an inner delimiter with text", b"--trong\r\n", b"--trong (x)\r\n"),
            ("an inner part in the preamble", b"--trong\r\n", OTHER + b"--trong\r\n"),
            ("an inner part in the epilogue", b"--trong--\r\n", b"--trong--\r\n" + OTHER),
            ("inner parts after the end", b"--trong--\r\n", b"--trong--\r\n--trong\r\n" + OTHER +
             b"--trong--\r\n"),
            ("the inner end missing", b"--trong--\r\n", b""),
            ("the inner end with one dash", b"--trong--", b"--trong-"),
            ("the inner boundary twice", b'boundary="trong"', b'boundary="trong"; boundary="x"'),
            ("an inner boundary by RFC 2231", b'boundary="trong"', b"boundary*=''trong"),
            ("an inner boundary of nothing", b'boundary="trong"', b'boundary=""'),
            ("an inner type twice", b"Content-Type: multipart/mixed",
             b"Content-Type: text/plain\r\nContent-Type: multipart/mixed"),
            ("an inner multipart that is encoded", b'boundary="trong"\r\n',
             b'boundary="trong"\r\nContent-Transfer-Encoding: base64\r\n'),
            ("an inner multipart without parts", b"--trong", b"--khac")]:
        part = PDF.replace(old, new) if title == "an inner multipart without parts" \
            else changed(PDF, old, new)
        yield Case("D08", title + ", signed as it is", a.sign(part=part), REFUSED)
    for title, outer, inner in [("the same", "ky", b"ky"), ("inner longer", "ky", b"kyx"),
                                ("inner shorter", "kyx", b"ky"), ("inner one byte", "xy", b"x"),
                                ("inner is the outer's end", "ky", b"ky--")]:
        yield Case("D08", "two boundaries, " + title, a.sign(
            part=PDF.replace(b"trong", inner), mail={"boundary": outer}), REFUSED)


def hostile_part_headers(a):
    top, body = TEXT.split(b"\r\n\r\n", 1)
    kind = b"Content-Type: text/plain; charset=utf-8"
    coding = b"Content-Transfer-Encoding: 7bit"
    for title, new in [
            ("an unknown field without a colon", b"khong\r\n" + top),
            ("a blank line of blanks", top + b"\r\n \t"),
            ("a blank before the first field", b" " + top),
            ("a bare CR between fields", kind + b"\r" + coding),
            ("a bare LF between fields", kind + b"\n" + coding),
            ("two blank bytes at the fold", kind + b";\r\n \r\n x=y\r\n" + coding),
            ("a NUL before a field", b"\0" + top),
            ("a NUL in a value", top + b"\r\nX: \0"),
            ("the encoding twice, the same", top + b"\r\n" + coding),
            ("the encoding twice, base64 last", top + b"\r\nContent-Transfer-Encoding: base64"),
            ("the encoding twice, base64 first",
             b"Content-Transfer-Encoding: base64\r\n" + top),
            ("the encoding twice, a blank before the colon",
             top + b"\r\nContent-Transfer-Encoding : base64"),
            ("an encoding in quotes", kind + b'\r\nContent-Transfer-Encoding: "base64"'),
            ("an encoding with a comment", kind + b"\r\nContent-Transfer-Encoding: base64 (x)"),
            ("an encoding with a parameter", kind + b"\r\nContent-Transfer-Encoding: base64; x=y"),
            ("an encoding with a comma", kind + b"\r\nContent-Transfer-Encoding: base64, 7bit"),
            ("an encoding with a prefix", kind + b"\r\nContent-Transfer-Encoding: xbase64"),
            ("an encoding with a suffix", kind + b"\r\nContent-Transfer-Encoding: base64x"),
            ("an empty encoding", kind + b"\r\nContent-Transfer-Encoding:"),
            ("an encoded word as encoding",
             kind + b"\r\nContent-Transfer-Encoding: =?utf-8?Q?base64?="),
            ("x-uuencode", kind + b"\r\nContent-Transfer-Encoding: x-uuencode"),
            ("8-bit bytes in the encoding", kind + b"\r\nContent-Transfer-Encoding: base64\xa0"),
            ("two types", top + b"\r\nContent-Type: text/html"),
            ("two types, the second folded", top + b"\r\nContent-Type:\r\n text/html"),
            ("two dispositions", top + b"\r\nContent-Disposition: inline\r\n"
             b"Content-Disposition: attachment"),
            ("two charsets", top.replace(b"utf-8", b"utf-8; charset=utf-7")),
            ("a charset in two forms", top.replace(b"utf-8", b"utf-8; charset*=''utf-7")),
            ("a type with a comment", top.replace(b"plain", b"plain (html)")),
            ("a type without a slash", top.replace(b"text/plain", b"text")),
            ("a type of nothing", top.replace(b"text/plain; charset=utf-8", b"")),
            ("a NUL in the type", top.replace(b"plain", b"plain\0"))]:
        yield Case("D09", "part header with " + title + ", signed as it is",
                   a.sign(part=new + b"\r\n\r\n" + body), REFUSED)
    name = b'filename="06_KH-VP.pdf"'
    for title, new in [
            ("two names", name + b'; filename="a.exe"'),
            ("two names, one in capitals", name + b'; FILENAME="a.exe"'),
            ("an encoded NUL", b"filename*=utf-8''a.exe%00.pdf"),
            ("a NUL", b'filename="a.exe\0.pdf"'),
            ("an encoded line end", b"filename*=utf-8''a%0D%0AX:%20y.pdf"),
            ("an open quote", b'filename="06_KH-VP.pdf'),
            ("a comment", b"filename=06_KH-VP.pdf(x).exe"),
            ("unquoted blanks", b"filename=06 KH.exe VP.pdf"),
            ("a gap in its pieces", b'filename*0="a"; filename*2=".exe"'),
            ("the same piece twice", b'filename*0="a.pdf"; filename*0="b.exe"'),
            ("a backslash", b'filename="a\\b.exe"'),
            ("a leading zero in a piece", b'filename*0="a"; filename*01=".exe"')]:
        yield Case("F02", "attachment's name with " + title + ", signed as it is",
                   a.sign(part=changed(PDF, name, new)), REFUSED)


def hostile_bodies(a):
    """What is decoded in two ways, or shown in two ways."""
    start = b"Content-Type: text/plain\r\nContent-Transfer-Encoding: "
    data = b"Chuyen tien cho ong A theo so tai khoan 123456789\r\n"
    lines = base64_lines(data)
    for title, body in [
            ("junk between lines", lines[:20] + b"\r\n*\r\n" + lines[20:]),
            ("a hyphen", lines[:20] + b"-" + lines[20:]),
            ("the URL alphabet", base64_lines(b"\xfb\xff\xfe").replace(b"+", b"-").replace(
                b"/", b"_")),
            ("a blank inside a line", lines[:21] + b" " + lines[21:]),
            ("padding in the middle", base64_lines(b"a") + lines),
            ("padding in the middle, same line", b"QQ==" + lines),
            ("one padding sign too few", b"QQ=\r\n"), ("one too many", b"QUI==\r\n"),
            ("padding alone", b"====\r\n"), ("three characters", b"QUJ\r\n"),
            ("one character", b"QUJDR\r\n"),
            ("bits that are not zero", b"QUJ=\r\n".replace(b"QUJ", b"QUK")),
            ("text after the padding", b"QQ==\r\nday la phan sau\r\n"),
            ("more after the padding", b"QUI=\r\n" + lines),
            ("a bare CR", lines[:20] + b"\r" + lines[20:]),
            ("a NUL", lines[:20] + b"\0" + lines[20:]),
            ("8-bit bytes", lines[:20] + b"\xc3\xa9" + lines[20:]),
            ("a comment", b"(x)\r\n" + lines), ("PEM armour", b"-----BEGIN X-----\r\n" + lines),
            ("a uuencoded body", b"begin 644 a\r\n" + lines + b"end\r\n"),
            ("a line of 5,000", base64_lines(data * 100, 5000))]:
        yield Case("D11", "base64 with " + title + ", signed as it is",
                   a.sign(part=start + b"base64\r\n\r\n" + body), REFUSED)
    for title, body in [
            ("a wrong digit", b"a=G1b\r\n"), ("one digit", b"a=4\r\nb\r\n"),
            ("a blank after the equals sign", b"a= \r\nb\r\n"),
            ("an equals sign before text", b"a =b\r\n"), ("two equals signs", b"a==3D\r\n"),
            ("a soft break by LF", b"a=\nb\r\n"), ("a soft break by CR", b"a=\rb\r\n"),
            ("a NUL", b"a\0b\r\n"), ("raw 8-bit bytes", "Kế hoạch\r\n".encode()),
            ("a bare CR", b"a\rb\r\n"), ("cut after the equals sign", b"ab="),
            ("cut after one digit", b"ab=4"), ("a hex prefix", b"a=0x41\r\n")]:
        yield Case("D11", "quoted-printable with " + title + ", signed as it is",
                   a.sign(part=start + b"quoted-printable\r\n\r\n" + body), REFUSED)
    for title, body in [("a NUL", b"Dong y\0 khong\r\n"), ("a bare CR", b"Dong y\rKhong dong y\r\n"),
                        ("a bare LF", b"Dong y\nKhong\r\nhet\r\n")]:
        part = start + b"7bit\r\n\r\n" + body
        yield Case("D13", "text with " + title + ", signed as it is", a.sign(part=part), REFUSED)
        if title != "a bare LF":
            yield Case("D13", "opaque text with " + title, opaque(a.SENDER, cms_of(
                a, part, embedded=part)), REFUSED)
    broken = start + b"quoted-printable\r\n\r\na=ZZb\r\n"
    for media in ("application/pkcs7-mime", "application/octet-stream"):
        yield Case("D11", "a wrong escape in opaque content of " + media, opaque(
            a.SENDER, cms_of(a, broken, embedded=broken), media=media,
            smime_type=None), REFUSED)
        named = changed(PDF, b'filename="06_KH-VP.pdf"', b"filename=06 KH.exe VP.pdf")
        yield Case("F02", "an unquoted name in opaque content of " + media, opaque(
            a.SENDER, cms_of(a, named, embedded=named), media=media, smime_type=None), REFUSED)


def hostile_layers(a):
    """Where the signed layer is, and what else could be taken for it."""
    signed = as_part(a.sign())
    cms = cms_of(a, TEXT, embedded=TEXT)
    two = opaque(a.SENDER, cms)
    both = opaque(a.SENDER, cms, smime_type=None)
    for title, mail in [
            ("opaque, smime-type twice", changed(two, b"smime-type=signed-data",
                                                 b"smime-type=signed-data; "
                                                 b"smime-type=enveloped-data")),
            ("opaque, the type twice", changed(
                two, b"Content-Type: application", b"Content-Type: text/plain\r\n"
                b"Content-Type: application")),
            ("opaque, encoded twice", changed(
                two, b"Content-Transfer-Encoding: base64\r\n",
                b"Content-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: 7bit\r\n")),
            ("opaque, no encoding", changed(two, b"Content-Transfer-Encoding: base64\r\n", b"")),
            ("opaque, smime-type of certificates", changed(two, b"signed-data", b"certs-only")),
            ("opaque, text after the base64", two + b"\r\nnoi dung khac\r\n"),
            ("opaque, a second block", two + base64_lines(cms)),
            ("opaque as text/plain", changed(both, b"application/pkcs7-mime", b"text/plain")),
            ("opaque as octet-stream of another name", changed(both.replace(
                b"smime.p7m", b"van-ban.p7m"), b"pkcs7-mime", b"octet-stream")),
            ("opaque as pkcs7-signature", changed(both, b"pkcs7-mime", b"pkcs7-signature")),
            ("in a message in a message", headers(a.SENDER) + b"Content-Type: message/rfc822\r\n"
             b"\r\n" + headers(a.SENDER) + signed),
            ("in multipart/signed of PGP", headers(a.SENDER) + inside(
                b'signed; protocol="application/pgp-signature"', signed,
                b"Content-Type: application/pgp-signature\r\n\r\nx\r\n")),
            ("in a multipart of an unknown kind", headers(a.SENDER) + inside(b"x-signed", signed)),
            ("in multipart/digest", headers(a.SENDER) + inside(
                b"digest", b"Content-Type: message/rfc822\r\n\r\n" + headers(a.SENDER) + signed)),
            ("in multipart/report", headers(a.SENDER) + inside(b"report", signed, OTHER)),
            ("in multipart/appledouble", headers(a.SENDER) + inside(
                b"appledouble", OTHER, signed)),
            ("a signature that is a message", headers(a.SENDER) + inside(
                SIGNED.split(b"/", 1)[1].split(b"; boundary")[0], TEXT,
                b"Content-Type: message/rfc822\r\n\r\n" + headers(a.SENDER) + signed))]:
        yield Case("D01", title, mail, REFUSED)
    for title, second in [
            ("a multipart", b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
             b"Content-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: base64"
             b"\r\n\r\n" + base64_lines(cms_of(a)) + b"--x--\r\n"),
            ("in quoted-printable", b"Content-Type: application/pkcs7-signature\r\n"
             b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + base64_lines(cms_of(a))),
            ("not encoded", b"Content-Type: application/pkcs7-signature\r\n\r\n" +
             base64_lines(cms_of(a))),
            ("without a type", b"Content-Transfer-Encoding: base64\r\n\r\n" +
             base64_lines(cms_of(a))),
            ("of two types", b"Content-Type: application/pkcs7-signature\r\n"
             b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
             base64_lines(cms_of(a)))]:
        yield Case("D04", "a signature part that is " + title, headers(a.SENDER) + inside(
            SIGNED.split(b"/", 1)[1].split(b"; boundary")[0], TEXT, second), REFUSED)
    yield Case("A02", "other content in the signature, signed", multipart_signed(
        a.SENDER, OTHER, signed_data(OTHER, [Signer(a.leaf)], a.chain, embedded=TEXT)), REFUSED)


def hostile_protected(a):
    """C12: what the signed part says of itself must not contradict the mail."""
    me, other = a.SENDER.encode(), b"vanthu@soctay.hanoi.example"
    plain = b"Content-Type: text/plain; charset=utf-8; hp=\"clear\"\r\n"
    tail = b"Subject: x\r\n\r\nnoi dung\r\n"
    for title, part in [
            ("inner From is another's", b"From: " + other + b"\r\n" + plain + tail),
            ("two inner From fields", b"From: " + me + b"\r\nFrom: " + other + b"\r\n" + plain + tail),
            ("inner From with two mailboxes", b"From: " + me + b", " + other + b"\r\n" + plain + tail),
            ("an empty inner From", b"From:\r\n" + plain + tail),
            ("inner From that hides another", b"From: \"" + me + b"\" <" + other + b">\r\n" +
             plain + tail),
            ("inner From with a blank before the colon", b"From : " + other + b"\r\n" + plain + tail),
            ("a wrapped message of another", b"Content-Type: message/rfc822; forwarded=no\r\n\r\n" +
             headers(other) + TEXT),
            ("an attached message alone, of another, without disposition",
             b"Content-Type: message/rfc822\r\n\r\n" + headers(other) + TEXT)]:
        yield Case("C12", title, a.sign(part=part), MISMATCH | AMBIGUOUS)
    for title, part in [("inner From is the signer's, outer another's",
                         b"From: " + me + b"\r\n" + plain + tail)]:
        yield Case("C12", title, a.sign(part=part, sender=other.decode()), MISMATCH)


def hostile(a):
    for group in (hostile_root_type, hostile_delimiters, hostile_part_headers, hostile_bodies,
                  hostile_layers, hostile_protected):
        yield from group(a)
