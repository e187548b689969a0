#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mail signed with the sample keys of RFC 9216: two authorities, RSA and Ed25519, that
certified each other, and people below each."""

import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import forge
from vanthu import CORPORA, Tap, verify

KEYS = os.path.join(CORPORA, "lamps", "rfc9216")

# Signer's files, From, digest, certificates sent along, anchor, expected verdict.
CASES = [
    ("alice.sign", "alice", "sha256", [], "ca.rsa", "VERIFIED"),
    ("bob.sign", "bob", "sha512", [], "ca.rsa", "VERIFIED"),
    ("carlos.sign", "carlos", "sha512", [], "ca.25519", "VERIFIED"),
    ("dana.sign", "dana", "sha512", [], "ca.25519", "VERIFIED"),
    ("carlos.sign", "carlos", "sha512", ["ca.25519.cross"], "ca.rsa", "VERIFIED"),
    ("alice.sign", "alice", "sha256", ["ca.rsa.cross"], "ca.25519", "VERIFIED"),
    ("alice.sign", "alice", "sha256", ["ca.rsa"], "ca.rsa", "VERIFIED"),
    ("carlos.sign", "carlos", "sha512", ["ca.25519", "ca.25519.cross"], "ca.rsa", "VERIFIED"),
    ("carlos.sign", "carlos", "sha512", ["ca.25519"], "ca.rsa", "UNTRUSTED"),
    ("alice.sign", "alice", "sha256", [], "ca.25519", "UNTRUSTED"),
    ("alice.sign", "bob", "sha256", [], "ca.rsa", "MISMATCH"),
    ("dana.sign", "carlos", "sha512", [], "ca.25519", "MISMATCH"),
    ("alice.encrypt", "alice", "sha256", [], "ca.rsa", "UNTRUSTED"),
]


class SampleKey(forge.Key):
    def __init__(self, path, folder):
        """The key in `path`, copied to where files may be made beside it."""
        with open(path, "rb") as pem:
            text = pem.read()
        self.path = os.path.join(folder, os.path.basename(path))
        with open(self.path, "wb") as out:
            out.write(text)
        self.public = forge.openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")
        self.kind = "rsa" if len(self.public) > 100 else "ed25519"


class Sample:
    """A certificate of the samples, as the composer wants it."""

    def __init__(self, name):
        self.path = os.path.join(KEYS, name + ".crt")
        self.encoded = forge.openssl("x509", "-in", self.path, "-outform", "DER")


def signed_by(name, sender, digest, along, opaque, folder):
    leaf = Sample(name)
    key = SampleKey(os.path.join(KEYS, name + ".key"), folder)
    fields = subprocess.run(["openssl", "x509", "-in", leaf.path, "-noout", "-serial"],
                            capture_output=True, check=True).stdout
    leaf.serial = int(fields.split(b"=")[1], 16)
    authority = Sample("ca.25519" if name.startswith(("carlos", "dana")) else "ca.rsa")
    leaf.issuer_name = subject_of(authority)
    signer = forge.Signer(leaf, key=key, digest=digest)
    part = forge.PDF
    cms = forge.signed_data(part, [signer], [leaf] + [Sample(n) for n in along],
                            embedded=part if opaque else None)
    sender += "@smime.example"
    return forge.opaque(sender, cms) if opaque else forge.multipart_signed(sender, part, cms)


def subject_of(certificate):
    """The Name, as it is encoded: the sixth element of a TBSCertificate of version 3."""
    body = forge.der.children(certificate.encoded)[0]
    return forge.der.children(body)[5]


def main():
    tap = Tap()
    if not os.path.isdir(KEYS):
        tap.skip("the keys of RFC 9216", "not here")
        tap.finish()
    with tempfile.TemporaryDirectory() as folder:
        for name, sender, digest, along, anchor, expected in CASES:
            for opaque in (False, True):
                path = os.path.join(folder, "mail.eml")
                with open(path, "wb") as out:
                    out.write(signed_by(name, sender, digest, along, opaque, folder))
                got, _ = verify([path], [os.path.join(KEYS, anchor + ".crt")])
                verdict = got[0]["verdict"] if got[0] else "nothing"
                tap.ok(verdict == expected, "%s as %s, %s, with %s below %s, %s" % (
                    name, sender, digest, "+".join(along) or "nothing", anchor,
                    "opaque" if opaque else "detached"),
                    "is %s (%s), must be %s" % (verdict, got[0] and got[0]["reason"], expected))
    tap.finish()


if __name__ == "__main__":
    main()
