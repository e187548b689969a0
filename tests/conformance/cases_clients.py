# SPDX-License-Identifier: Apache-2.0
"""Honest mail as the programs of senders write it. All of it must be VERIFIED: a gateway
that refuses the mail of a common program is switched off."""

from case import Case, VERIFIED, cms_of
from forge import TEXT, Signer, base64_lines, headers, signed_data

PDF_BYTES = b"%PDF-1.4\n" + bytes(range(256)) * 4 + b"\n%%EOF\n"
PNG_BYTES = b"\x89PNG\r\n\x1a\n" + bytes(300)
VIETNAMESE = "Kính gửi: UBND huyện Ba Vì\r\nV/v ứng dụng CNTT năm 2025\r\n"
HTML = "<html><body><p>Kính gửi: UBND huyện Ba Vì</p></body></html>\r\n".encode()
PLAIN_UTF8 = (b"Content-Type: text/plain; charset=utf-8\r\n"
              b"Content-Transfer-Encoding: 8bit\r\n\r\n" + VIETNAMESE.encode())


def multipart(kind, boundary, *parts, parameters=b"", preamble=b""):
    return (b"Content-Type: multipart/" + kind + b";\r\n\tboundary=\"" + boundary + b"\"" +
            parameters + b"\r\n\r\n" + preamble +
            b"".join(b"--" + boundary + b"\r\n" + p + b"\r\n" for p in parts) +
            b"--" + boundary + b"--\r\n")


def attachment(content=PDF_BYTES, media=b"application/pdf", name=b"; name=\"06_KH-VP.pdf\"",
               disposition=b"attachment; filename=\"06_KH-VP.pdf\"", width=76):
    lines = base64_lines(content, width)
    field = b"Content-Disposition: " + disposition + b"\r\n" if disposition else b""
    return (b"Content-Type: " + media + name + b"\r\nContent-Transfer-Encoding: base64\r\n" +
            field + b"\r\n" + lines)


def around(a, top, part, boundary, content_type, preamble=b"", epilogue=b"\r\n", width=76,
           signature=b"Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\n"
                     b"Content-Transfer-Encoding: base64\r\n"
                     b"Content-Disposition: attachment; filename=\"smime.p7s\"\r\n",
           before=b"\r\n", after=b"\r\n", **options):
    """A multipart/signed message with every byte outside the signed part given."""
    cms = signed_data(part, [Signer(a.leaf, **options)], a.chain)
    b = b"--" + boundary
    return (top + b"Content-Type: " + content_type + b"\r\n\r\n" + preamble + b + b"\r\n" +
            part + before + b + b"\r\n" + signature + b"\r\n" + base64_lines(cms, width) +
            after + b + b"--" + epilogue)


# --- whole messages, client by client ----------------------------------------------------


def outlook(a):
    b = b"----=_NextPart_000_0012_01DB5C3A.7F2C1B40"
    inner = b"----=_NextPart_001_0013_01DB5C3A.7F2C1B40"
    text = multipart(b"alternative", b"----=_NextPart_002_0014_01DB5C3A.7F2C1B40",
                     b"Content-Type: text/plain;\r\n\tcharset=\"utf-8\"\r\n"
                     b"Content-Transfer-Encoding: base64\r\n\r\n" +
                     base64_lines(VIETNAMESE.encode(), 76),
                     b"Content-Type: text/html;\r\n\tcharset=\"utf-8\"\r\n"
                     b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                     b"<html xmlns:o=3D\"urn:schemas-microsoft-com:office:office\">=\r\n"
                     b"<p>K=C3=ADnh g=E1=BB=ADi</p>\r\n</html>\r\n")
    part = multipart(b"mixed", inner, text, attachment(
        media=b"application/pdf;\r\n\t", name=b"name=\"06_KH-VP.pdf\"",
        disposition=b"attachment;\r\n\tfilename=\"06_KH-VP.pdf\""))
    top = (b"Return-Path: <vanthu@vpub.hanoi.example>\r\n"
           b"Received: from PC01 ([10.1.2.3]) by mail.vpub.hanoi.example with ESMTPSA id x1\r\n"
           b"\t(version=TLS1_2 cipher=ECDHE-RSA-AES256-GCM-SHA384 bits=256/256);\r\n"
           b"\tFri, 03 Jan 2025 01:02:03 -0800 (PST)\r\n"
           b"From: =?UTF-8?B?VsSDbiBwaMOybmcgVUJORCBUUCBIw6AgTuG7mWk=?= "
           b"<vanthu@vpub.hanoi.example>\r\n"
           b"To: <vanthu@bavi.hanoi.example>\r\n"
           b"Subject: =?UTF-8?B?MDYvS0gtVlA6IEvhur8gaG/huqFjaCDhu6luZyBk4bulbmcgQ05UVA==?=\r\n"
           b"Date: Fri, 3 Jan 2025 16:02:01 +0700\r\n"
           b"Message-ID: <000f01db5c3a$7f2c1b40$7d8451c0$@vpub.hanoi.example>\r\n"
           b"MIME-Version: 1.0\r\n")
    tail = (b"X-Mailer: Microsoft Outlook 16.0\r\n"
            b"Thread-Index: AdtcOn8sG0B9hFHAQZ6Y1Q==\r\nContent-Language: vi\r\n")
    for title, protocol, micalg in [
            ("x- names", b"application/x-pkcs7-signature", b"SHA1"),
            ("plain names", b"application/pkcs7-signature", b"2.16.840.1.101.3.4.2.1"),
            ("quoted micalg", b"application/x-pkcs7-signature", b"\"sha-256\"")]:
        content_type = (b"multipart/signed;\r\n\tprotocol=\"" + protocol +
                        b"\";\r\n\tmicalg=" + micalg + b";\r\n\tboundary=\"" + b + b"\"")
        signature = (b"Content-Type: " + protocol + b";\r\n\tname=\"smime.p7s\"\r\n"
                     b"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment;"
                     b"\r\n\tfilename=\"smime.p7s\"\r\n")
        yield "Outlook, " + title, around(
            a, top, part, b, content_type + b"\r\n" + tail.rstrip(b"\r\n"),
            b"This is a multipart message in MIME format.\r\n\r\n", b"\r\n\r\n",
            signature=signature)
    yield "Outlook, opaque", (
        top + b"Content-Type: application/pkcs7-mime;\r\n\tname=\"smime.p7m\";\r\n"
        b"\tsmime-type=signed-data\r\nContent-Transfer-Encoding: base64\r\n"
        b"Content-Disposition: attachment;\r\n\tfilename=\"smime.p7m\"\r\n" + tail + b"\r\n" +
        base64_lines(cms_of(a, part, embedded=part), 76))


def apple(a):
    b = b"Apple-Mail=_A1B2C3D4-0F0E-4D2C-8B1A-112233445566"
    text = (b"Content-Transfer-Encoding: quoted-printable\r\n"
            b"Content-Type: text/plain;\r\n\tcharset=utf-8\r\n\r\n"
            b"K=C3=ADnh g=E1=BB=ADi UBND huy=E1=BB=87n Ba V=C3=AC=\r\n")
    pdf = (b"Content-Disposition: attachment;\r\n"
           b"\tfilename*=utf-8''K%E1%BA%BF%20ho%E1%BA%A1ch%2006.pdf\r\n"
           b"Content-Type: application/pdf;\r\n\tx-unix-mode=0644;\r\n"
           b"\tname=\"=?utf-8?B?S+G6vyBob+G6oWNoIDA2LnBkZg==?=\"\r\n"
           b"Content-Transfer-Encoding: base64\r\n\r\n" + base64_lines(PDF_BYTES, 76))
    empty = (b"Content-Transfer-Encoding: 7bit\r\nContent-Type: text/plain;\r\n"
             b"\tcharset=us-ascii\r\n\r\n\r\n")
    top = (b"From: =?utf-8?Q?V=C4=83n_th=C6=B0?= <vanthu@vpub.hanoi.example>\r\n"
           b"Content-Type: multipart/signed;\r\n\tboundary=\"" + b + b"\";\r\n"
           b"\tprotocol=\"application/pkcs7-signature\";\r\n\tmicalg=sha-256\r\n"
           b"Mime-Version: 1.0 (Mac OS X Mail 16.0 \\(3774.600.62\\))\r\n"
           b"Subject: =?utf-8?Q?K=E1=BA=BF_ho=E1=BA=A1ch_06/KH-VP?=\r\n"
           b"Message-Id: <0A1B2C3D-1111-2222-3333-444455556666@vpub.hanoi.example>\r\n"
           b"Date: Fri, 3 Jan 2025 16:02:01 +0700\r\n"
           b"To: vanthu@bavi.hanoi.example\r\n"
           b"X-Mailer: Apple Mail (2.3774.600.62)\r\n")
    part = multipart(b"mixed", b"Apple-Mail=_0F0F0F0F-0F0E-4D2C-8B1A-000000000001",
                     text, pdf, empty, preamble=b"\r\n")
    cms = signed_data(part, [Signer(a.leaf)], a.chain)
    yield "Apple Mail", (
        top + b"\r\n\r\n--" + b + b"\r\n" + part + b"\r\n--" + b + b"\r\n"
        b"Content-Disposition: attachment;\r\n\tfilename=smime.p7s\r\n"
        b"Content-Type: application/pkcs7-signature;\r\n\tname=smime.p7s\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + base64_lines(cms, 76) +
        b"\r\n--" + b + b"--\r\n")
    b = b"Apple-Mail-8D6D8B3A-6C6C-4A4A-9B9B-010203040506"
    part = (b"Content-Type: multipart/alternative;\r\n\tboundary=Apple-Mail-77777777-1-2-3-4\r\n"
            b"Content-Transfer-Encoding: 7bit\r\n\r\n\r\n--Apple-Mail-77777777-1-2-3-4\r\n"
            b"Content-Type: text/plain;\r\n\tcharset=us-ascii\r\n"
            b"Content-Transfer-Encoding: 7bit\r\n\r\nDa nhan.\r\n\r\nSent from my iPhone\r\n"
            b"--Apple-Mail-77777777-1-2-3-4\r\nContent-Type: text/html;\r\n\tcharset=utf-8\r\n"
            b"Content-Transfer-Encoding: 7bit\r\n\r\n<html><body>Da nhan.</body></html>\r\n"
            b"--Apple-Mail-77777777-1-2-3-4--\r\n")
    yield "iPhone", around(
        a, headers("vanthu@vpub.hanoi.example") + b"X-Mailer: iPhone Mail (21F90)\r\n", part, b,
        b"multipart/signed;\r\n\tmicalg=sha-256;\r\n\tprotocol=\"application/pkcs7-signature\""
        b";\r\n\tboundary=" + b + b"\r\nContent-Transfer-Encoding: 7bit", b"\r\n")


def thunderbird(a):
    b = b"------------ms010203040506070809000102"
    text = (b"Content-Type: text/plain; charset=UTF-8; format=flowed\r\n"
            b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
            b"K=C3=ADnh g=E1=BB=ADi UBND huy=E1=BB=87n Ba V=C3=AC=2C =\r\n"
            b"xin xem v=C4=83n b=E1=BA=A3n.\r\n\r\n--=20\r\nV=C4=83n th=C6=B0\r\n")
    pdf = attachment(
        media=b"application/pdf;", name=b" name=\"=?UTF-8?Q?K=E1=BA=BF_ho=E1=BA=A1ch_06=2Epdf?=\"",
        disposition=b"attachment;\r\n filename*0*=UTF-8''%4B%E1%BA%BF%20%68%6F%E1%BA%A1%63%68;"
                    b"\r\n filename*1*=%20%30%36%2E%70%64%66", width=72)
    part = multipart(b"mixed", b"------------0N8QFwO0Sk6Yp7vZ1m2n3o4p", text, pdf)
    part = part.replace(b";\r\n\tboundary", b"; boundary", 1)
    content_type = (b"multipart/signed; protocol=\"application/pkcs7-signature\"; "
                    b"micalg=sha-256; boundary=\"" + b + b"\"")
    top = headers("=?UTF-8?B?VsSDbiB0aMawLCBVQk5E?= <vanthu@vpub.hanoi.example>",
                  extra=b"User-Agent: Mozilla Thunderbird\r\nContent-Language: vi, en-US\r\n"
                  b"X-Forwarded-Message-Id: <1@x.example>\r\n")
    yield "Thunderbird", around(
        a, top, part, b, content_type,
        b"This is a cryptographically signed message in MIME format.\r\n\r\n", width=64,
        signature=b"Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\n"
                  b"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; "
                  b"filename=\"smime.p7s\"\r\nContent-Description: S/MIME Cryptographic "
                  b"Signature\r\n")


def openssl_and_mutt(a):
    b = b"----0123456789ABCDEF0123456789ABCDEF"
    content_type = (b"multipart/signed; protocol=\"application/x-pkcs7-signature\"; "
                    b"micalg=\"sha-256\"; boundary=\"" + b + b"\"")
    top = (b"To: vanthu@bavi.hanoi.example\r\nFrom: vanthu@vpub.hanoi.example\r\n"
           b"Subject: 06/KH-VP\r\nMIME-Version: 1.0\r\n")
    mail = around(a, top, b"Content-Type: text/plain\r\n\r\nNoi dung\r\n", b, content_type,
                  b"This is an S/MIME signed message\r\n\r\n", b"\r\n\r\n", width=64,
                  signature=b"Content-Type: application/x-pkcs7-signature; "
                  b"name=\"smime.p7s\"\r\nContent-Transfer-Encoding: base64\r\n"
                  b"Content-Disposition: attachment; filename=\"smime.p7s\"\r\n")
    yield "openssl smime -sign", mail
    yield "openssl smime -sign, a file with LF", mail.replace(b"\r\n", b"\n")
    text = around(a, top, b"\r\nkhong co tieu de\r\n", b, content_type, width=64)
    yield "openssl smime -sign of a text without header", text
    b = b"yrj/dFKFPuw6o+aM"
    yield "mutt", around(
        a, headers("vanthu@vpub.hanoi.example", extra=b"User-Agent: Mutt/2.2.9\r\n"),
        multipart(b"mixed", b"T4sUOijqQbZv57TR", b"Content-Type: text/plain; charset=utf-8\r\n"
                  b"Content-Disposition: inline\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" +
                  VIETNAMESE.encode(), attachment()), b,
        b"multipart/signed; micalg=sha256;\r\n\tprotocol=\"application/x-pkcs7-signature\"; "
        b"boundary=\"" + b + b"\"\r\nContent-Disposition: inline",
        width=64)


def unix_desktops(a):
    b = b"=-Kx7a0n9s2m4FzYp3qR8T"
    yield "Evolution", around(
        a, headers("vanthu@vpub.hanoi.example", extra=b"User-Agent: Evolution 3.46.4-2\r\n"),
        multipart(b"alternative", b"=-abcdEFGHijklMNOPqrst", b"Content-Type: text/plain; "
                  b"charset=\"UTF-8\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
                  b"K=C3=ADnh g=E1=BB=ADi\r\n", b"Content-Type: text/html; charset=\"utf-8\"\r\n"
                  b"Content-Transfer-Encoding: base64\r\n\r\n" + base64_lines(HTML, 76)), b,
        b"multipart/signed; micalg=\"sha-256\"; protocol=\"application/pkcs7-signature\";\r\n"
        b"\tboundary=\"" + b + b"\"", b"\r\n",
        signature=b"Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\n"
                  b"Content-Disposition: attachment; filename=\"smime.p7s\"\r\n"
                  b"Content-Transfer-Encoding: base64\r\n")
    b = b"nextPart2342343.QJadu78ljV"
    yield "KMail", around(
        a, headers("=?UTF-8?B?VsSDbiB0aMaw?= <vanthu@vpub.hanoi.example>"),
        multipart(b"mixed", b"nextPart23423434.QJadu78ljV", PLAIN_UTF8, attachment()), b,
        b"multipart/signed; boundary=\"" + b + b"\"; micalg=\"sha256\"; "
        b"protocol=\"application/pkcs7-signature\"",
        signature=b"Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\n"
                  b"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; "
                  b"filename=\"smime.p7s\"\r\n")


def servers(a):
    me = "vanthu@vpub.hanoi.example"
    b = b"000000000000a1b2c305e7f8d9c0"
    gmail = multipart(b"mixed", b"000000000000a1b2c205e7f8d9bf", multipart(
        b"alternative", b"000000000000a1b2c105e7f8d9be",
        b"Content-Type: text/plain; charset=\"UTF-8\"\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + base64_lines(VIETNAMESE.encode(), 76),
        b"Content-Type: text/html; charset=\"UTF-8\"\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n<div dir=3D\"ltr\">xin</div>\r\n"),
        attachment(name=b"; name=\"=?UTF-8?B?S+G6vyBob+G6oWNoLnBkZg==?=\"",
                   disposition=b"attachment; filename=\"=?UTF-8?B?S+G6vyBob+G6oWNoLnBkZg==?=\"\r\n"
                   b"Content-ID: <f_m5g0a1b20>\r\nX-Attachment-Id: f_m5g0a1b20"))
    yield "Gmail", around(
        a, headers(me), gmail.replace(b";\r\n\tboundary", b"; boundary"), b,
        b"multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256;\r\n"
        b"\tboundary=\"" + b + b"\"",
        signature=b"Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\n"
                  b"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; "
                  b"filename=\"smime.p7s\"\r\nContent-Description: S/MIME Cryptographic "
                  b"Signature\r\n")
    b = b"----=_Part_1234_567890.1735894921000"
    yield "Zimbra, Java Mail", around(
        a, headers(me), multipart(b"mixed", b"----=_Part_1235_98765.1735894921001", TEXT,
                                  attachment()), b,
        b"multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256; \r\n"
        b"\tboundary=\"" + b + b"\"",
        signature=b"Content-Type: application/pkcs7-signature; name=smime.p7s; "
        b"smime-type=signed-data\r\nContent-Transfer-Encoding: base64\r\n"
        b"Content-Disposition: attachment; filename=\"smime.p7s\"\r\n"
        b"Content-Description: S/MIME Cryptographic Signature\r\n")
    b = b"=_8f14e45fceea167a5a36dedd4bea2543"
    yield "Roundcube, Horde", around(
        a, headers(me), TEXT, b, b"multipart/signed;\r\n protocol=\"application/"
        b"pkcs7-signature\"; micalg=sha-256;\r\n boundary=\"" + b + b"\"")
    b = b"=_alternative 00123ABC80258C0F_="
    yield "Domino", around(
        a, headers(me), multipart(b"alternative", b"=_related 0034DEF180258C0F_=", TEXT,
                                  b"Content-Type: text/html\r\n\r\n" + HTML), b,
        b"multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=\"sha-256\"; "
        b"boundary=\"" + b + b"\"")
    b = b"===============0123456789012345678=="
    yield "Python", around(
        a, headers(me), multipart(b"mixed", b"===============9876543210987654321==", TEXT,
                                  attachment()), b,
        b"multipart/signed; boundary=\"" + b + b"\";\r\n micalg=\"sha-256\"; "
        b"protocol=\"application/pkcs7-signature\"")
    b = b"b1=_(a)+'b'/c:d.e?f=g"
    yield "every byte that a boundary may have", around(
        a, headers(me), TEXT, b, b"multipart/signed; boundary=\"" + b + b"\"; micalg=sha-256; "
        b"protocol=\"application/pkcs7-signature\"")


def good(a):
    for client in (outlook, apple, thunderbird, openssl_and_mutt, unix_desktops, servers):
        for title, mail in client(a):
            yield Case("A01", "as a client writes it: " + title, mail, VERIFIED)
