# SPDX-License-Identifier: Apache-2.0
"""Honest mail, one oddity at a time: what programs and relays write in header fields, in
senders, in parts and around them. All of it must be VERIFIED."""

from case import Case, VERIFIED, cms_of
from cases_clients import (HTML, PDF_BYTES, PLAIN_UTF8, PNG_BYTES, VIETNAMESE, around,
                           attachment, multipart)
from forge import TEXT, base64_lines, headers, multipart_signed, opaque, smtp_utf8


def good_fields(a):
    me = a.SENDER.encode()
    long_chain = b"".join(
        b"Received: from mx%d.hanoi.example (mx%d.hanoi.example [192.0.2.%d])\r\n"
        b"\tby mx%d.hanoi.example (Postfix) with ESMTPS id 4YP%d\r\n"
        b"\tfor <vanthu@bavi.hanoi.example>; Fri,  3 Jan 2025 16:02:%02d +0700 (+07)\r\n"
        % (i, i, i, i + 1, i, i) for i in range(40))
    dkim = (b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=vpub.hanoi.example;\r\n"
            b"\ts=2025; t=1735894921;\r\n\th=from:to:subject:date:message-id:mime-version:\r\n"
            b"\t content-type; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\r\n"
            b"\tb=dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSbav+yuU4zGeeruD00lszZVoG4ZHRNiYzR\r\n"
            b"\t Dg==\r\n"
            b"ARC-Seal: i=1; a=rsa-sha256; t=1735894921; cv=none;\r\n        d=x.example; s=a;\r\n"
            b"        b=abc\r\n         def==\r\n")
    lists = (b"List-Id: =?utf-8?Q?V=C4=83n_b=E1=BA=A3n?= <vanban.hanoi.example>\r\n"
             b"List-Unsubscribe: <mailto:x@hanoi.example?subject=u>,\r\n"
             b"\t<https://hanoi.example/u>\r\nPrecedence: list\r\nX-Spam-Status: No, score=-1\r\n"
             b"\ttests=[BAYES_00=-1.9,\r\n\tDKIM_SIGNED=0.1]\r\n")
    references = b"References:" + b"".join(
        b"\r\n <%032x@vpub.hanoi.example>" % i for i in range(120)) + b"\r\n"
    for title, top in [
            ("forty Received fields", long_chain + headers(me)),
            ("DKIM and ARC", dkim + headers(me)),
            ("fields of a mailing list", headers(me, extra=lists)),
            ("120 references", headers(me, extra=references)),
            ("field names in lower case", headers(me).replace(b"From:", b"from:").replace(
                b"MIME-Version:", b"mime-version:").replace(b"Subject:", b"subject:")),
            ("field names in capitals", headers(me).replace(b"From:", b"FROM:")),
            ("no blank after the colons", headers(me).replace(b": ", b":")),
            ("a tab after the colons", headers(me).replace(b": ", b":\t")),
            ("blanks at the ends of fields", headers(me).replace(b"\r\n", b"  \r\n")),
            ("empty fields", headers(me, extra=b"Cc:\r\nX-Empty: \r\nKeywords:\r\n")),
            ("a field that begins on its second line", headers(
                me, extra=b"X-Long-Name:\r\n noi dung\r\n")),
            ("a comment in Date", headers(me).replace(b"+0000", b"+0000 (GMT (UTC))")),
            ("an undisclosed To", headers(me).replace(
                b"To: vanthu@bavi.hanoi.example", b"To: undisclosed-recipients:;")),
            ("fifty recipients", headers(me, extra=b"Cc: " + b",\r\n\t".join(
                b"\"Phong, so %d\" <p%d@hanoi.example>" % (i, i) for i in range(50)) + b"\r\n")),
            ("a raw UTF-8 subject", headers(me, subject="Kế hoạch ứng dụng CNTT")),
            ("a windows-1258 subject", headers(
                me, subject="=?windows-1258?Q?K=EA=ECho=E1=F2ch?=")),
            ("an empty subject", headers(me, subject="")),
            ("a subject of 900 bytes", headers(me, subject="ke hoach " * 100)),
            ("no Message-ID, no Date, no To", b"From: " + me + b"\r\nMIME-Version: 1.0\r\n"),
            ("no MIME-Version", headers(me).replace(b"MIME-Version: 1.0\r\n", b"")),
            ("the same MIME-Version twice", headers(me, extra=b"Mime-Version: 1.0\r\n")),
            ("a comment after the version", headers(me).replace(
                b"1.0\r\n", b"1.0 (produced by X)\r\n")),
            ("Sender, Reply-To, Errors-To", headers(me, extra=b"Sender: " + me +
                                                    b"\r\nReply-To: \"Van thu\" <" + me +
                                                    b">\r\nErrors-To: " + me + b"\r\n")),
            ("a Received field with odd comments", b"Received: (qmail 123 invoked by uid 0); "
             b"3 Jan 2025 09:02:03 -0000\r\nReceived: from x (HELO y) (a@b@192.0.2.1)\r\n"
             b"  by z with SMTP; 3 Jan 2025 09:02:03 -0000\r\n" + headers(me)),
            ("a field of 8-bit bytes in no charset", headers(
                me, extra=b"X-Note: K\xea\xec ho\xe1\xf2ch\r\n"))]:
        yield Case("A01", "header with " + title, a.sign(mail={"top": top}), VERIFIED)


def good_senders(a):
    for title, sender in [
            ("a comma in an encoded name",
             "=?UTF-8?Q?V=C4=83n_th=C6=B0=2C_UBND_H=C3=A0_N=E1=BB=99i?= <%s>"),
            ("a name of two encoded words", "=?UTF-8?B?VsSDbiA=?=\r\n =?UTF-8?B?dGjGsA==?= <%s>"),
            ("a raw UTF-8 name", "Văn thư UBND TP. Hà Nội <%s>"),
            ("a raw quoted UTF-8 name", "\"Văn thư, UBND\" <%s>"),
            ("a windows-1258 name", "=?windows-1258?Q?V=E3n_th=FD?= <%s>"),
            ("an encoded word inside quotes", "\"=?UTF-8?B?VsSDbiB0aMaw?=\" <%s>"),
            ("a quoted apostrophe", "\"UBND 'Ha Noi'\" <%s>"),
            ("an apostrophe and dots", "O'Brien V.T. <%s>"),
            ("a name with a slash and a dash", "P. QLVB/VPUB - Ha Noi <%s>"),
            ("a name in quotes with quotes in it", "\"Phong \\\"Mot cua\\\"\" <%s>"),
            ("a plain comment in the name", "Phong QLVB (VPUB) <%s>"),
            ("a quoted comment in the name", "\"Phong QLVB (VPUB)\" <%s>"),
            ("an encoded comment in the name", "=?UTF-8?Q?V=C4=83n_th=C6=B0_=28VPUB=29?= <%s>"),
            ("no blank before the bracket", "Vanthu<%s>"),
            ("its own address as the name", "\"vanthu@vpub.hanoi.example\" <%s>"),
            ("a bare address in brackets", "<%s>"),
            ("the name in a comment", "%s (Van thu UBND)"),
            ("an empty quoted name", "\"\" <%s>"),
            ("a no-break space in the name", "Văn\u00a0thư <%s>"),
            ("decomposed letters in the name", "Va\u0306n thu\u031b <%s>"),
            ("blanks around", "  Van thu   <%s>  "),
            ("a fold after the colon", "\r\n Van thu <%s>")]:
        if isinstance(sender, str):
            sender = sender.replace("%s", a.SENDER).encode()
        yield Case("C01", "From with " + title, a.sign(sender=sender), VERIFIED)
    upper = a.agency(a.SENDER.replace("vpub.hanoi", "VPUB.HaNoi"))
    yield Case("C08", "the certificate writes the domain in capitals", a.sign(leaf=upper),
               VERIFIED)
    unicode_domain = "vanthu@vănphòng.hanoi.example"
    label = "vanthu@xn--%s.hanoi.example" % "vănphòng".encode("punycode").decode()
    yield Case("C01", "A-label in the certificate, U-label in From",
               a.sign(leaf=a.agency(label), sender=unicode_domain), VERIFIED)
    yield Case("C01", "SmtpUTF8Mailbox in the certificate (RFC 9598)", a.sign(
        leaf=a.agency(None, names=[smtp_utf8("vănthư@vpub.hanoi.example")]),
        sender="vănthư@vpub.hanoi.example"), VERIFIED)


def text(charset, encoding, body):
    kind = b"; charset=" + charset if charset else b""
    field = b"Content-Transfer-Encoding: " + encoding + b"\r\n" if encoding else b""
    return b"Content-Type: text/plain" + kind + b"\r\n" + field + b"\r\n" + body


def good_texts(a):
    tcvn = bytes([0x4b, 0xd5, 0x20, 0x68, 0x6f, 0xb9, 0x63, 0x68])
    for title, part in [
            ("UTF-8, 8bit", PLAIN_UTF8),
            ("UTF-8, 8bit, called 7bit", PLAIN_UTF8.replace(b"8bit", b"7bit")),
            ("UTF-8, called binary", PLAIN_UTF8.replace(b"8bit", b"binary")),
            ("no charset, 8-bit", text(b"", b"8bit", VIETNAMESE.encode())),
            ("no charset, no encoding", text(b"", b"", VIETNAMESE.encode())),
            ("no fields at all", b"\r\n" + VIETNAMESE.encode()),
            ("windows-1258", text(b"windows-1258", b"8bit", b"K\xea\xec hoach\r\n")),
            ("TCVN3 in no charset", text(b"x-user-defined", b"8bit", tcvn + b"\r\n")),
            ("iso-2022-jp", text(b"iso-2022-jp", b"7bit", b"\x1b$B4A;z\x1b(B\r\n")),
            ("quoted charset and blanks", text(b"\"utf-8\" ; format=flowed; delsp=yes", b"7bit",
                                               b"xin chao \r\nban\r\n")),
            ("a semicolon at the end", text(b"utf-8;", b"7bit", b"x\r\n")),
            ("a semicolon and a fold at the end", text(b"utf-8;\r\n", b"7bit", b"x\r\n")),
            ("an encoding in capitals", text(b"utf-8", b"QUOTED-PRINTABLE", b"=C4=83\r\n")),
            ("lower-case quoted-printable", text(b"utf-8", b"quoted-printable", b"=c4=83\r\n")),
            ("quoted-printable that ends in a soft break", text(
                b"utf-8", b"quoted-printable", b"=C4=83n th=C6=B0=\r\n")),
            ("quoted-printable with blanks at line ends", text(
                b"utf-8", b"quoted-printable", b"mot \r\nhai\t\r\nba=20\r\n")),
            ("quoted-printable with a tab", text(b"utf-8", b"quoted-printable", b"a\tb\r\n")),
            ("base64 in one line of 900", text(b"utf-8", b"base64", base64_lines(
                VIETNAMESE.encode() * 15, 900))),
            ("base64 with empty lines around", text(
                b"utf-8", b"base64", b"\r\n" + base64_lines(VIETNAMESE.encode()) +
                b"\r\n\r\n")),
            ("base64 with blanks at line ends", text(b"utf-8", b"base64", base64_lines(
                VIETNAMESE.encode()).replace(b"\r\n", b" \r\n"))),
            ("base64 of nothing", text(b"utf-8", b"base64", b"")),
            ("an empty body", text(b"utf-8", b"7bit", b"")),
            ("a body of empty lines", text(b"utf-8", b"7bit", b"\r\n\r\n\r\n")),
            ("no line end at the end", text(b"utf-8", b"7bit", b"het")),
            ("lines of 998", text(b"utf-8", b"7bit", (b"a" * 998 + b"\r\n") * 3)),
            ("lines of 5,000", text(b"utf-8", b"8bit", (b"a" * 5000 + b"\r\n") * 3)),
            ("a form feed and an escape", text(b"utf-8", b"7bit", b"a\x0cb\x1b[1m\r\n")),
            ("lines of dots, dashes and From", text(
                b"utf-8", b"7bit", b"..\r\n.\r\n-- \r\n--\r\n---\r\n>From x\r\n"
                b"From: y\r\n----- Original Message -----\r\n--kyx\r\n--k\r\n")),
            ("what looks like a header", text(
                b"utf-8", b"7bit", b"Content-Type: text/html\r\n\r\nnoi dung\r\n")),
            ("uuencoded text", text(b"utf-8", b"7bit", b"begin 644 a.txt\r\n"
                                    b"#0V%T\r\n`\r\nend\r\n")),
            ("other fields in the part", b"Content-Language: vi\r\nContent-ID: <1@x>\r\n"
             b"Content-Description: =?utf-8?q?v=C4=83n?=\r\nX-Part: 1\r\n" + TEXT),
            ("HTML with an image", multipart(
                b"related", b"lien-quan", b"Content-Type: text/html; charset=utf-8\r\n"
                b"Content-Transfer-Encoding: 8bit\r\n\r\n" + HTML,
                attachment(PNG_BYTES, b"image/png", b"", b"inline\r\nContent-ID: <i@x>"),
                parameters=b";\r\n\ttype=\"text/html\"; start=\"<1@x>\"")),
            ("a calendar", b"Content-Type: text/calendar; charset=\"utf-8\"; "
             b"method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")]:
        if title == "lines of dots, dashes and From":
            mail = a.sign(part=part, mail={"boundary": "=_0123456789"})
        else:
            mail = a.sign(part=part)
        yield Case("A01", "text with " + title, mail, VERIFIED)


def good_attachments(a):
    for title, name, disposition in [
            ("a name by RFC 2231", b"; name*=UTF-8''K%E1%BA%BF.pdf",
             b"attachment; filename*=UTF-8''K%E1%BA%BF.pdf"),
            ("both forms", b"; name=\"Ke.pdf\"; name*=utf-8'vi'K%E1%BA%BF.pdf",
             b"attachment; filename=\"Ke.pdf\"; filename*=utf-8'vi'K%E1%BA%BF.pdf"),
            ("a quoted extended value", b"", b"attachment; filename*=\"UTF-8''K%E1%BA%BF.pdf\""),
            ("a name in pieces", b"; name*0=\"Ke hoach \"; name*1=\"06.pdf\"",
             b"attachment; filename*0=\"Ke hoach \"; filename*1=\"06.pdf\""),
            ("ten pieces", b"", b"attachment;\r\n " + b";\r\n ".join(
                b"filename*%d*=%s%%E1%%BA%%BF" % (i, b"utf-8''" if i == 0 else b"")
                for i in range(12))),
            ("an encoded word", b"; name=\"=?utf-8?B?S+G6vyBob+G6oWNoLnBkZg==?=\"",
             b"attachment; filename=\"=?utf-8?B?S+G6vyBob+G6oWNoLnBkZg==?=\""),
            ("two encoded words, folded", b"; name=\"=?utf-8?B?S+G6vyA=?=\r\n "
             b"=?utf-8?B?aG/huqFjaC5wZGY=?=\"", b"attachment"),
            ("raw UTF-8", "; name=\"Kế hoạch.pdf\"".encode(),
             "attachment; filename=\"Kế hoạch.pdf\"".encode()),
            ("raw windows-1258", b"; name=\"K\xea\xec.pdf\"", b"attachment"),
            ("a bare token", b"; name=06-KH_VP.v2.pdf", b"attachment; filename=06-KH_VP.v2.pdf"),
            ("blanks, dots and brackets", b"; name=\"(ban 2) 06. KH [VP] v1.0.pdf\"",
             b"attachment; filename=\"(ban 2) 06. KH [VP] v1.0.pdf\""),
            ("semicolons and equals signs", b"; name=\"a;b=c, d.pdf\"",
             b"attachment; filename=\"a;b=c, d.pdf\""),
            ("a name of 240 bytes", b"; name=\"" + b"a" * 236 + b".pdf\"",
             b"attachment; filename=\"" + b"a" * 236 + b".pdf\""),
            ("a folded name", b";\r\n\tname=\"ke hoach\r\n so 6.pdf\"", b"attachment"),
            ("size and dates", b"; name=\"06.pdf\"", b"attachment; filename=\"06.pdf\"; "
             b"size=1036;\r\n\tcreation-date=\"Fri, 03 Jan 2025 09:02:01 GMT\";\r\n"
             b"\tmodification-date=\"Fri, 03 Jan 2025 09:02:01 GMT\""),
            ("no name at all", b"", b""),
            ("an empty name", b"; name=\"\"", b"attachment; filename=\"\""),
            ("a quote in the name", b"", b"attachment; filename=\"Bao cao \\\"06\\\".pdf\""),
            ("capitals", b"; NAME=\"06.PDF\"", b"ATTACHMENT; FILENAME=\"06.PDF\""),
            ("a semicolon at the end", b"; name=\"06.pdf\";", b"attachment; "
             b"filename=\"06.pdf\";"),
            ("no blank after semicolons", b";name=\"06.pdf\"", b"attachment;filename=\"06.pdf\""),
            ("a blank before the semicolon", b" ; name=\"06.pdf\"", b"attachment ; "
             b"filename=\"06.pdf\"")]:
        part = multipart(b"mixed", b"trong", TEXT, attachment(name=name,
                                                              disposition=disposition))
        yield Case("F02", "attachment with " + title, a.sign(part=part), VERIFIED)
    forwarded = headers("x@y.example") + TEXT
    for title, field in [("attached", b"Content-Disposition: attachment; "
                          b"filename=\"thu cu.eml\"\r\n"), ("inline", b"")]:
        part = multipart(b"mixed", b"trong", TEXT,
                         b"Content-Type: message/rfc822\r\n" + field + b"\r\n" + forwarded)
        yield Case("D15", "a forwarded message, " + title, a.sign(part=part), VERIFIED)
    part = multipart(b"mixed", b"trong", TEXT, b"Content-Type: message/rfc822\r\n\r\n" +
                     a.sign(mail={"boundary": "cu"}))
    yield Case("D15", "a forwarded signed message", a.sign(part=part), VERIFIED)
    part = multipart(b"mixed", b"trong", TEXT, *[attachment() for _ in range(60)])
    yield Case("D01", "sixty attachments", a.sign(part=part), VERIFIED)
    nested = TEXT
    for i in range(8):
        nested = multipart(b"mixed", b"tang-%d-x" % i, nested)
    yield Case("D08", "multiparts nested eight deep", a.sign(part=nested), VERIFIED)


def good_frames(a):
    """Around the parts: delimiters, boundaries, the signature's own encoding, the end."""
    p7s = (b"Content-Type: application/pkcs7-signature; name=smime.p7s\r\n"
           b"Content-Transfer-Encoding: base64\r\n")
    kind = b"multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256; boundary="
    top = headers(a.SENDER)
    for title, options in [
            ("lines of 60", {"width": 60}), ("lines of 76", {"width": 76}),
            ("lines of 990", {"width": 990}),
            ("no blank line after the signature", {"after": b""}),
            ("four blank lines after the signature", {"after": b"\r\n" * 4}),
            ("no line end after the last delimiter", {"epilogue": b""}),
            ("empty lines after the last delimiter", {"epilogue": b"\r\n\r\n\r\n"}),
            ("blanks after the last delimiter", {"epilogue": b"  \r\n"}),
            ("an empty preamble", {"preamble": b"\r\n"}),
            ("a footer in the epilogue", {"epilogue": b"\r\n\r\n____\r\nDanh sach\r\n"}),
            ("no file name", {"signature": p7s.replace(b"; name=smime.p7s", b"")}),
            ("encoding in capitals", {"signature": p7s.replace(b"base64", b"BASE64")}),
            ("another file name", {"signature": p7s.replace(b"smime.p7s", b"chuky.p7s")})]:
        yield Case("A25", "signature with " + title, around(
            a, top, TEXT, b"ky", kind + b"\"ky\"", **options), VERIFIED)
    cms = cms_of(a)
    yield Case("A25", "signature in lines that end in LF", multipart_signed(
        a.SENDER, TEXT, cms, encoded=base64_lines(cms).replace(b"\r\n", b"\n")), VERIFIED)
    for title, boundary, written in [
            ("blanks inside", b"----- =_aaaaaaaaaa0", None),
            ("a trailing equals sign", b"abc==", None), ("a plus", b"a+b", None),
            ("a question mark", b"=_?_x", None), ("70 bytes", b"x" * 70, None),
            ("one byte", b"x", None), ("no quotes", b"abc-123_x", b"abc-123_x"),
            ("no quotes, dots and plus", b"a.b+c", b"a.b+c"),
            ("an apostrophe", b"it's", b"it's"), ("a colon", b"a:b", None),
            ("dashes at its end", b"abc--", None)]:
        yield Case("D07", "boundary with " + title, around(
            a, top, TEXT, boundary, kind + (written or b"\"" + boundary + b"\"")), VERIFIED)
    for title, outer, inner in [
            ("that differ in the last byte", b"=_abc1", b"=_abc2"),
            ("one a suffix of the other", b"abc", b"xabc"),
            ("that differ in case", b"=_abcDEF", b"=_ABCdef")]:
        part = multipart(b"mixed", inner, TEXT, attachment())
        yield Case("D08", "boundaries " + title, around(
            a, top, part, outer, kind + b"\"" + outer + b"\""), VERIFIED)
    content_type = kind + b"\"ky\""
    for title, changed in [
            ("a semicolon at its end", content_type + b";"),
            ("parameters in capitals", content_type.replace(b"boundary", b"BOUNDARY").replace(
                b"protocol", b"PROTOCOL")),
            ("the type in capitals", content_type.replace(b"multipart/signed",
                                                          b"MULTIPART/SIGNED")),
            ("tabs at its folds", content_type.replace(b"; ", b";\r\n\t")),
            ("eight blanks at its folds", content_type.replace(b"; ", b";\r\n        ")),
            ("no blanks", content_type.replace(b"; ", b";")),
            ("a fold before the type", b"\r\n " + content_type),
            ("protocol without quotes", content_type.replace(
                b"\"application/pkcs7-signature\"", b"application/pkcs7-signature")),
            ("no micalg", content_type.replace(b" micalg=sha-256;", b"")),
            ("micalg with two names", content_type.replace(b"sha-256", b"\"sha-256,sha1\"")),
            ("micalg unknown", content_type.replace(b"sha-256", b"unknown")),
            ("more parameters", content_type + b"; charset=\"utf-8\"; type=\"text/plain\"; "
             b"x-mac-type=0; protected-headers=\"v1\"")]:
        yield Case("D04", "Content-Type with " + title, a.sign(
            mail={"content_type": changed}), VERIFIED)
    mail = a.sign(part=multipart(b"mixed", b"trong", TEXT, attachment()))
    for title, old, new in [
            ("blanks after a delimiter", b"--ky\r\n", b"--ky  \r\n"),
            ("a tab after a delimiter", b"--ky\r\n", b"--ky\t\r\n")]:
        yield Case("D08", title, mail.replace(old, new, 1), VERIFIED)
    yield Case("D13", "a file with LF and no line end at its end",
               mail.replace(b"\r\n", b"\n").rstrip(b"\n"), VERIFIED)


def good_opaque(a):
    part = multipart(b"mixed", b"trong", TEXT, attachment())
    cms = cms_of(a, part, embedded=part)
    for title, changes in [
            ("a semicolon and folds", [(b"; ", b";\r\n\t")]),
            ("no file names", [(b"; name=\"smime.p7m\"", b""),
                               (b"Content-Disposition: attachment; filename=\"smime.p7m\"\r\n",
                                b"")]),
            ("names in capitals", [(b"smime.p7m", b"SMIME.P7M")]),
            ("quoted smime-type", [(b"=signed-data", b"=\"signed-data\"")]),
            ("smime-type in capitals", [(b"=signed-data", b"=Signed-Data")]),
            ("a charset", [(b"; name=", b"; charset=utf-8; name=")]),
            ("inline disposition", [(b"attachment", b"inline")])]:
        mail = opaque(a.SENDER, cms)
        for old, new in changes:
            assert old in mail
            mail = mail.replace(old, new)
        yield Case("A01", "opaque with " + title, mail, VERIFIED)
    for title, content in [
            ("LF content, as openssl without -crlf writes it", TEXT.replace(b"\r\n", b"\n")),
            ("a bare LF in the text", TEXT.replace(b"Ba Vi\r\n", b"Ba Vi\n")),
            ("no header in the content", b"\r\nnoi dung\r\n"),
            ("a MIME-Version in the content", b"MIME-Version: 1.0\r\n" + TEXT),
            ("no line end at the end", TEXT.rstrip(b"\r\n"))]:
        yield Case("A01", "opaque with " + title, opaque(a.SENDER, cms_of(
            a, content, embedded=content)), VERIFIED)


def good_protected(a):
    """RFC 9788: a copy of the header inside the signed part."""
    inner = (b"From: " + a.SENDER.encode() + b"\r\nTo: vanthu@bavi.hanoi.example\r\n"
             b"Subject: 06/KH-VP\r\nMessage-ID: <06.kh-vp@vpub.hanoi.example>\r\n")
    plain = b"Content-Type: text/plain; charset=\"utf-8\"; hp=\"clear\"\r\n"
    for title, part in [
            ("hp=clear", inner + plain + b"\r\nnoi dung\r\n"),
            ("hp=clear without quotes", inner + plain.replace(b"\"clear\"", b"clear") +
             b"\r\nnoi dung\r\n"),
            ("hp=clear on a multipart", inner + multipart(
                b"mixed", b"trong", TEXT, attachment(), parameters=b"; hp=\"clear\"")),
            ("an inner display name", inner.replace(
                b"From: ", b"From: =?utf-8?B?VsSDbiB0aMaw?= <").replace(
                    b"example\r\nTo", b"example>\r\nTo") + plain + b"\r\nnoi dung\r\n"),
            ("legacy display", inner + plain.replace(
                b"hp=", b"hp-legacy-display=1; hp=") + b"\r\nSubject: 06/KH-VP\r\n\r\nx\r\n"),
            ("protected-headers=v1", inner + b"Content-Type: multipart/mixed; boundary=\"trong\""
             b";\r\n protected-headers=\"v1\"\r\n\r\n--trong\r\n" + TEXT +
             b"--trong--\r\n"),
            ("a wrapped message", b"Content-Type: message/rfc822; forwarded=no\r\n\r\n" +
             headers(a.SENDER) + TEXT),
            ("a wrapped message, as RFC 5751 wrote it", b"Content-Type: message/rfc822\r\n\r\n" +
             headers(a.SENDER) + TEXT)]:
        yield Case("C12", "header protection: " + title, a.sign(part=part), VERIFIED)


def good_reports(a):
    """Notices that the sender's own system signs."""
    status = (b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x.example\r\n"
              b"\r\nFinal-Recipient: rfc822; y@z.example\r\nAction: failed\r\nStatus: 5.1.1\r\n")
    receipt = (b"Content-Type: message/disposition-notification\r\n\r\n"
               b"Final-Recipient: rfc822; y@z.example\r\n"
               b"Disposition: manual-action/MDN-sent-manually; displayed\r\n")
    top = b"Content-Type: text/rfc822-headers\r\n\r\nFrom: x@y.example\r\nSubject: z\r\n"
    whole = b"Content-Type: message/rfc822\r\n\r\nFrom: x@y.example\r\n\r\nnoi dung\r\n"
    for title, parts in [("a delivery status, the message", (TEXT, status, whole)),
                         ("a delivery status, its header", (TEXT, status, top)),
                         ("a receipt", (TEXT, receipt))]:
        yield Case("D01", "signed report with " + title, a.sign(part=multipart(
            b"report", b"bao-cao", *parts,
            parameters=b";\r\n\treport-type=delivery-status")), VERIFIED)


def good(a):
    for group in (good_reports, good_fields, good_senders, good_texts, good_attachments, good_frames,
                  good_opaque, good_protected):
        yield from group(a)
