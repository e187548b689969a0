#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mail as `openssl cms` and `openssl smime` write it, with certificates as `openssl x509`
makes them from the least that one types: every honest form is VERIFIED, every careless or
changed one is not (A01, A04, A06, A08, A09, A12, A15, A19, C01)."""

import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from vanthu import Tap, verify

SENDER = "vanthu@vpub.hanoi.example"
HEAD = ["-from", SENDER, "-to", "vanthu@bavi.hanoi.example", "-subject", "06/KH-VP"]
NAMES = "subjectAltName=email:" + SENDER
MAIL = "extendedKeyUsage=emailProtection"
TEXT = b"Kinh gui: UBND huyen Ba Vi\nV/v ke hoach\n"
PART = b"Content-Type: text/plain\r\n\r\n" + TEXT.replace(b"\n", b"\r\n")
SIGNERS = {  # name: key, extensions
    "rsa": ("RSA rsa_keygen_bits:2048", [NAMES, MAIL, "keyUsage=digitalSignature"]),
    "least": ("RSA rsa_keygen_bits:2048", [NAMES, MAIL]),
    "p256": ("EC ec_paramgen_curve:P-256",
             [NAMES, MAIL, "keyUsage=critical,digitalSignature,nonRepudiation",
              "basicConstraints=critical,CA:FALSE", "subjectKeyIdentifier=hash"]),
    "p384": ("EC ec_paramgen_curve:P-384", [NAMES, MAIL]),
    "p521": ("EC ec_paramgen_curve:P-521", [NAMES, MAIL]),
    "pss": ("RSA-PSS rsa_keygen_bits:2048", [NAMES, MAIL]),
    "several": ("EC ec_paramgen_curve:P-256",
                [NAMES + ",email:other@vpub.hanoi.example,DNS:vpub.hanoi.example",
                 "extendedKeyUsage=clientAuth,emailProtection"]),
}


class Folder:
    def __init__(self, path):
        self.path = path
        self.cases = []

    def at(self, name):
        return os.path.join(self.path, name)

    def write(self, name, content):
        with open(self.at(name), "wb") as out:
            out.write(content)

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.path, check=True,
                       capture_output=True)

    def key(self, name, algorithm):
        kind, option = algorithm.split()
        self.openssl("genpkey", "-algorithm", kind, "-pkeyopt", option, "-out", name + ".key")

    def authority(self):
        self.key("root", "EC ec_paramgen_curve:P-256")
        self.openssl("req", "-x509", "-new", "-key", "root.key", "-subj", "/CN=Goc",
                     "-days", "3650", "-out", "root.pem")

    def signer(self, name):
        algorithm, extensions = SIGNERS[name]
        self.key(name, algorithm)
        self.openssl("req", "-new", "-key", name + ".key", "-subj", "/O=UBND/CN=" + name,
                     "-out", name + ".csr")
        self.write(name + ".ext", "\n".join(extensions).encode())
        self.openssl("x509", "-req", "-in", name + ".csr", "-CA", "root.pem", "-CAkey",
                     "root.key", "-CAcreateserial", "-days", "365", "-extfile",
                     name + ".ext", "-out", name + ".pem")

    def sign(self, title, signer, *options, tool="cms", source="text", allowed=("VERIFIED",)):
        """A mail; the title begins with its row."""
        name = "%03d.eml" % len(self.cases)
        text = ["-text"] if source == "text" else []
        self.openssl(tool, "-sign", *HEAD, "-in", source, *text, "-signer", signer + ".pem",
                     "-inkey", signer + ".key", *options, "-out", name)
        self.cases.append((title, name, set(allowed)))
        return name

    def change(self, title, name, old, new, allowed):
        with open(self.at(name), "rb") as mail:
            content = mail.read()
        assert old in content, title
        changed = "%03d.eml" % len(self.cases)
        self.write(changed, content.replace(old, new, 1))
        self.cases.append((title, changed, set(allowed)))


def honest(f):
    for name in SIGNERS:
        padding = ["-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:-1"] \
            if name == "pss" else []
        for title, options in [
                ("detached", []), ("opaque", ["-nodetach"]),
                ("lines in CRLF", ["-crlfeol"]), ("opaque in CRLF", ["-nodetach", "-crlfeol"]),
                ("streamed", ["-stream"]), ("opaque streamed", ["-nodetach", "-stream"]),
                ("SHA-512", ["-md", "sha512"]), ("CAdES", ["-cades"]),
                ("without capabilities", ["-nosmimecap"]),
                ("the root beside it", ["-certfile", "root.pem"])]:
            if padding and "-stream" in options:
                continue  # openssl 3.0 cannot
            f.sign("A01 %s: %s" % (name, title), name, *padding, *options)
        f.sign("A01 %s: a part as it is" % name, name, *padding, "-binary", source="part")
        if name != "pss":
            f.sign("A01 %s: openssl smime" % name, name, tool="smime")
            f.sign("A01 %s: openssl smime, opaque" % name, name, "-nodetach", tool="smime")
    for digest in ("sha256", "sha384", "sha512"):
        for salt in ("-1", "-2", "0"):
            f.sign("A01 PSS with %s and salt %s" % (digest, salt), "rsa", "-md", digest,
                   "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:" + salt)
    f.sign("A19 named by key identifier", "p256", "-keyid")
    f.sign("A19 named by key identifier, opaque", "p256", "-keyid", "-nodetach")


def careless(f):
    f.sign("A04 without signed attributes", "rsa", "-noattr", allowed=["INVALID"])
    f.sign("A06 without its certificate", "rsa", "-nocerts", allowed=["INVALID"])
    f.sign("A08 two signers", "rsa", "-signer", "p256.pem", "-inkey", "p256.key",
           allowed=["INVALID"])
    f.sign("A12 SHA-1", "rsa", "-md", "sha1", allowed=["UNTRUSTED"])
    f.sign("A12 MD5", "rsa", "-md", "md5", allowed=["UNTRUSTED"])
    f.sign("A18 a text that is no MIME part", "rsa", "-nodetach", source="plain",
           allowed=["INVALID", "AMBIGUOUS"])
    for title, options in [("detached", []), ("streamed", ["-stream"])]:
        name = f.sign("A01 to be changed: " + title, "p256", *options)
        f.change("A09 one letter, " + title, name, b"huyen", b"Huyen", ["INVALID"])
        f.change("A09 the part's type, " + title, name, b"text/plain", b"text/html",
                 ["INVALID"])
        f.change("C01 another From, " + title, name, b"From: vanthu@vpub",
                 b"From: vanthu@soctay", ["MISMATCH"])


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as path:
        f = Folder(path)
        f.write("text", TEXT)
        f.write("plain", TEXT)
        f.write("part", PART)
        f.authority()
        for name in SIGNERS:
            f.signer(name)
        honest(f)
        careless(f)
        results, _ = verify([f.at(name) for _, name, _ in f.cases], [f.at("root.pem")])
        for (title, _, allowed), got in zip(f.cases, results):
            verdict = got["verdict"] if got else "nothing"
            tap.ok(verdict in allowed, title, "is %s: %s" % (verdict, got))
    tap.finish()


if __name__ == "__main__":
    main()
