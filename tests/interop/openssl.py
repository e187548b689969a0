#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Our signatures before OpenSSL's command, and OpenSSL's before ours. TAP.

First what vanthu-keyd makes, for every kind of key; then whole messages by `vanthu sign`;
then messages of `openssl cms -sign` before `vanthu verify`."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import keyd  # noqa: E402
from conformance.vanthu import Tap  # noqa: E402
from keyd import SIGNED, Keyd, entry, issue  # noqa: E402

VANTHU = os.path.join(keyd.BUILD, "vanthu")
CONTENT = "Content-Type: text/plain; charset=utf-8\r\n\r\nQuyết định số 06/QĐ\r\n".encode()
EC384 = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384")
PSS = ("-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048")
KEYS = [  # agency, name of the files, digest, more settings
    ("rsa2048", "vpub", "sha-256", {}),
    ("rsa2048-512", "vpub", "sha-512", {}),
    ("rsa2048-pss", "vpub", "sha-256", {"padding": "pss"}),
    ("rsa3072", "sotc", "sha-256", {}),
    ("p256", "bavi", "sha-256", {}),
    ("p384", "p384", "sha-384", {}),
    ("rsassa-pss", "rsapss", "sha-256", {}),
]

MESSAGE = """From: =?utf-8?q?V=C4=83n_ph=C3=B2ng?= <vanthu@vpub.hanoi.example>
To: vanthu@bavi.hanoi.example
Subject: =?utf-8?q?06/Q=C4=90-UBND?=
Date: Mon, 23 Nov 2026 21:05:44 +0700
Message-ID: <1@vpub.hanoi.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b
Content-Transfer-Encoding: 8bit

--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Kính gửi: UBND huyện Ba Vì \nFrom here on a line that mailboxes quote.

--b
Content-Type: application/pdf; name=06.pdf
Content-Transfer-Encoding: base64

JVBERi0xLjQKJcfsj6IKMSAwIG9iago8PC9UeXBlL0NhdGFsb2c+PgplbmRvYmoKdHJhaWxlcjw8
L1Jvb3QgMSAwIFI+PgolJUVPRgo=
--b--
""".replace("\n", "\r\n").encode()


class Folder:
    def __init__(self, folder):
        self.folder = folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as f:
            f.write(content)
        return self.path(name)


def openssl(*arguments):
    """Exit code 0 or not, and what it printed."""
    done = subprocess.run(("openssl", "cms") + arguments, capture_output=True)
    return done.returncode == 0, done.stdout, done.stderr.decode("utf-8", "replace")


def flip(content, bit):
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def detached(at, signature, content):
    return openssl("-verify", "-cades", "-binary", "-purpose", "smimesign", "-inform", "DER",
                   "-in", at.write("sig.der", signature), "-content",
                   at.write("content", content), "-CAfile", at.path("root.pem"),
                   "-out", "/dev/null")


def signatures(tap, at):
    """keyd's own work: what OpenSSL says of it, of a changed bit, and what is inside."""
    issue(at.folder, "p384", *EC384)
    issue(at.folder, "rsapss", *PSS)
    keys = [entry(agency, name, digests='[ "%s" ]' % digest, **more)
            for agency, name, digest, more in KEYS]
    k = Keyd(at.folder, ",\n".join(keys))
    if not tap.ok(k.start(), "keyd starts with every kind of key", k.said()):
        return
    dice = random.Random(7)
    for agency, _, algorithm, _ in KEYS:
        digest = hashlib.new(algorithm.replace("-", ""), CONTENT).digest()
        status, micalg, signature = k.ask(agency, digest, algorithm)
        good, _, said = detached(at, signature, CONTENT)
        tap.ok(status == SIGNED and micalg == algorithm and good,
               agency + ": verified with chain and CAdES", said)
        bits = [dice.randrange(8 * len(CONTENT)) for _ in range(8)]
        tap.ok(not any(detached(at, signature, flip(CONTENT, bit))[0] for bit in bits),
               agency + ": no changed bit of the content verifies")
    _, text, _ = openssl("-cmsout", "-print", "-noout", "-inform", "DER",
                         "-in", at.path("sig.der"))
    text = text.decode("utf-8", "replace")
    for name in ("contentType", "messageDigest", "signingTime", "S/MIME Capabilities",
                 "signingCertificateV2"):
        tap.ok(text.count("object: " + name) + text.count("object: id-smime-aa-" + name) == 1,
               "one attribute " + name, text)
    tap.ok(text.count("d.certificate:") == 2 and text.count("d.issuerAndSerialNumber:") == 1
           and "eContent: <ABSENT>" in text and "crls:" in text,
           "leaf and intermediate, one signer, no content, no root", text)
    k.stop()


def write_configuration(at):
    at.write("agencies.conf", """agencies = (
  { id = "vpub"; name = "Văn phòng"; mailboxes = ( "vanthu@vpub.hanoi.example" ); },
  { id = "sotc"; name = "Sở Tài chính"; mailboxes = ( "vanthu@sotc.hanoi.example" ); },
  { id = "bavi"; name = "Ba Vì"; mailboxes = ( "vanthu@bavi.hanoi.example" ); }
);
anchors = ( { file = "root.pem"; } );
""".encode())
    at.write("routing.conf", b'rules = ( { name = "all"; action = "hold"; } );\n')


def verify(at, message):
    done = subprocess.run(
        [VANTHU, "verify", "--json", "--anchor", at.path("root.pem"), "--crl",
         at.path("crl/root.crl"), "--crl", at.path("crl/issuing.crl"), message],
        capture_output=True)
    try:
        return json.loads(done.stdout)["verdict"], done.stdout.decode()
    except (ValueError, KeyError):
        return None, done.stderr.decode("utf-8", "replace")


def signed_part(message):
    """Where the signed part is, cut by hand."""
    boundary = message.split(b'boundary="=_vanthu_', 1)[1].split(b'"', 1)[0]
    delimiter = b"\r\n--=_vanthu_" + boundary
    begin = message.index(delimiter) + len(delimiter) + 2
    return begin, message.index(delimiter, begin)


def messages(tap, at):
    """Whole messages by `vanthu sign`, before OpenSSL and before ourselves."""
    write_configuration(at)
    k = Keyd(at.folder, ",\n".join(entry(n, n) for n in ("vpub", "sotc", "bavi")))
    if not tap.ok(k.start(), "keyd starts for three agencies", k.said()):
        return
    dice = random.Random(11)
    for agency in ("vpub", "sotc", "bavi"):
        message = MESSAGE.replace(b"@vpub.", b"@%s." % agency.encode(), 1)
        done = subprocess.run([VANTHU, "sign", "--config", k.config, "--agency", agency,
                               at.write("plain.eml", message)], capture_output=True)
        if not tap.ok(done.returncode == 0, agency + ": signed by `vanthu sign`",
                      done.stderr.decode("utf-8", "replace")):
            continue
        sealed = at.write("signed.eml", done.stdout)
        good, _, said = openssl("-verify", "-cades", "-purpose", "smimesign", "-in", sealed,
                                "-CAfile", at.path("root.pem"), "-out", "/dev/null")
        tap.ok(good, agency + ": openssl cms -verify", said)
        verdict, said = verify(at, sealed)
        tap.ok(verdict == "VERIFIED", agency + ": vanthu verify", said)
        begin, end = signed_part(done.stdout)
        tap.ok(all(c < 128 for c in done.stdout[begin:end]), agency + ": all of it is 7 bit")
        wrong = []
        for _ in range(16):
            bit = dice.randrange(8 * begin, 8 * end)
            changed = at.write("changed.eml", flip(done.stdout, bit))
            if verify(at, changed)[0] in ("VERIFIED", None):
                wrong.append(bit)
        tap.ok(not wrong, agency + ": no changed bit of the signed part is VERIFIED", wrong)
        wrong = []
        for _ in range(8):
            bit = dice.randrange(8 * begin, 8 * end)
            changed = at.write("changed.eml", flip(done.stdout, bit))
            if openssl("-verify", "-in", changed, "-CAfile", at.path("root.pem"),
                       "-out", "/dev/null")[0]:
                wrong.append(bit)
        tap.ok(not wrong, agency + ": nor does openssl accept one", wrong)
    k.stop()


def messages_of_openssl(tap, at):
    """`openssl cms -sign`, detached and opaque, before `vanthu verify`."""
    plain = at.write("theirs.txt", MESSAGE.split(b"\r\n\r\n", 1)[1])
    for name in ("vpub", "sotc", "bavi"):
        for form, options in (("detached", ()), ("opaque", ("-nodetach",)),
                              ("CAdES", ("-cades",))):
            done = subprocess.run(
                ["openssl", "cms", "-sign", "-in", plain, "-text", "-md", "sha256",
                 "-signer", at.path(name + ".pem"), "-inkey", at.path(name + ".key"),
                 "-certfile", at.path("issuing.pem"), "-from",
                 "vanthu@%s.hanoi.example" % name, "-to", "vanthu@bavi.hanoi.example",
                 "-subject", "x", *options], capture_output=True)
            verdict, said = verify(at, at.write("theirs.eml", done.stdout))
            tap.ok(verdict == "VERIFIED", "%s, %s by openssl: VERIFIED" % (name, form), said)


def main():
    tap = Tap()
    if not os.path.exists(keyd.PROGRAM):
        tap.skip("openssl", "vanthu-keyd is not built")
        tap.finish()
    with tempfile.TemporaryDirectory() as folder:
        keyd.make_pki(folder)
        at = Folder(folder)
        signatures(tap, at)
        if os.path.exists(VANTHU):
            messages(tap, at)
            messages_of_openssl(tap, at)
        else:
            tap.skip("whole messages", "the command vanthu is not built")
    tap.finish()


if __name__ == "__main__":
    signal.alarm(300)
    sys.exit(main())
