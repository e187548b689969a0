# SPDX-License-Identifier: Apache-2.0
"""A certification authority, a CMS composer and a mail composer for tests.

They obey no rule that a test does not want obeyed: every element can be left out, doubled or
made wrong. Keys and raw signatures come from the openssl command; everything else is
written here, octet by octet, so that nothing is judged by the library that made it.
"""

import base64
import hashlib
import os
import subprocess
import time as clock

import der

DATA = "1.2.840.113549.1.7.1"
SIGNED_DATA = "1.2.840.113549.1.7.2"
ENVELOPED_DATA = "1.2.840.113549.1.7.3"
DIGESTED_DATA = "1.2.840.113549.1.7.5"
ENCRYPTED_DATA = "1.2.840.113549.1.7.6"
COMPRESSED_DATA = "1.2.840.113549.1.9.16.1.9"
AUTH_DATA = "1.2.840.113549.1.9.16.1.2"
AUTH_ENVELOPED = "1.2.840.113549.1.9.16.1.23"
TST_INFO = "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_TIME = "1.2.840.113549.1.9.5"
COUNTER_SIGNATURE = "1.2.840.113549.1.9.6"
EMAIL = "1.2.840.113549.1.9.1"
COMMON_NAME = "2.5.4.3"
ORGANISATION = "2.5.4.10"
DIGESTS = {
    "md5": "1.2.840.113549.2.5",
    "sha1": "1.3.14.3.2.26",
    "sha224": "2.16.840.1.101.3.4.2.4",
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}
RSA = "1.2.840.113549.1.1.1"
RSA_WITH = {
    "md5": "1.2.840.113549.1.1.4",
    "sha1": "1.2.840.113549.1.1.5",
    "sha256": "1.2.840.113549.1.1.11",
    "sha384": "1.2.840.113549.1.1.12",
    "sha512": "1.2.840.113549.1.1.13",
}
PSS = "1.2.840.113549.1.1.10"
MGF1 = "1.2.840.113549.1.1.8"
ECDSA_WITH = {
    "sha1": "1.2.840.10045.4.1",
    "sha256": "1.2.840.10045.4.3.2",
    "sha384": "1.2.840.10045.4.3.3",
    "sha512": "1.2.840.10045.4.3.4",
}
ED25519 = "1.3.101.112"
EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4"
SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
ANY_EKU = "2.5.29.37.0"
SMTP_UTF8_MAILBOX = "1.3.6.1.5.5.7.8.9"

DAY = 86400
NOW = int(clock.time())


def openssl(*arguments, stdin=b""):
    done = subprocess.run(["openssl", *arguments], input=stdin, capture_output=True)
    if done.returncode != 0:
        raise RuntimeError("openssl %s: %s" % (arguments[0], done.stderr.decode()))
    return done.stdout


class Key:
    """A private key in a file, its public half, and raw signatures with it."""

    def __init__(self, folder, kind):
        self.kind = kind
        self.path = os.path.join(folder, "%s-%d.pem" % (kind, len(os.listdir(folder))))
        options = {
            "rsa": ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
            "rsa1024": ["RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
            "rsa512": ["RSA", "-pkeyopt", "rsa_keygen_bits:512"],
            "rsa3072": ["RSA", "-pkeyopt", "rsa_keygen_bits:3072"],
            "rsae3": ["RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt",
                      "rsa_keygen_pubexp:3"],
            "p192": ["EC", "-pkeyopt", "ec_paramgen_curve:P-192"],
            "p256": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
            "p384": ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
            "p521": ["EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
            "p256explicit": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt",
                             "ec_param_enc:explicit"],
            "ed25519": ["ED25519"],
        }[kind]
        openssl("genpkey", "-algorithm", *options, "-out", self.path)
        self.public = openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")

    @property
    def is_rsa(self):
        return self.kind.startswith("rsa")

    def sign(self, content, digest="sha256", pss=False):
        if self.kind == "ed25519":
            path = self.path + ".tbs"
            with open(path, "wb") as out:
                out.write(content)
            return openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.path, "-in", path)
        options = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"] \
            if pss else []
        return openssl("dgst", "-" + digest, "-sign", self.path, *options, stdin=content)

    def algorithm(self, digest="sha256", pss=False):
        """AlgorithmIdentifier of a signature with this key."""
        if self.kind == "ed25519":
            return der.seq(der.oid(ED25519))
        if not self.is_rsa:
            return der.seq(der.oid(ECDSA_WITH[digest]))
        if pss:
            return pss_algorithm(digest)
        return der.seq(der.oid(RSA_WITH[digest]), der.null())


def pss_algorithm(digest, salt=None, mgf=None):
    hashing = der.seq(der.oid(DIGESTS[digest]), der.null())
    size = hashlib.new(digest).digest_size
    return der.seq(der.oid(PSS), der.seq(
        der.context(0, hashing),
        der.context(1, der.seq(der.oid(MGF1), der.seq(der.oid(DIGESTS[mgf or digest]),
                                                     der.null()))),
        der.context(2, der.integer(size if salt is None else salt))))


# --- names, extensions, certificates, revocation lists ---------------------------------


def name(common, email=None, organisation="Vanthu test"):
    parts = [
        der.set_of(der.seq(der.oid(ORGANISATION), der.utf8(organisation))),
        der.set_of(der.seq(der.oid(COMMON_NAME), der.utf8(common))),
    ]
    if email is not None:
        parts.append(der.set_of(der.seq(der.oid(EMAIL), der.ia5(email))))
    return der.seq(*parts)


def extension(number, value, critical=False):
    items = [der.oid(number)]
    if critical:
        items.append(der.boolean(True))
    return der.seq(*items, der.octets(value))


def basic_constraints(ca, path_length=None, critical=True):
    items = [der.boolean(True)] if ca else []
    if path_length is not None:
        items.append(der.integer(path_length))
    return extension("2.5.29.19", der.seq(*items), critical)


def key_usage(*names_of_bits, critical=True):
    order = ["digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment",
             "keyAgreement", "keyCertSign", "cRLSign"]
    value = sum(0x80 >> order.index(n) for n in names_of_bits)
    unused = 8 - max(order.index(n) + 1 for n in names_of_bits)
    return extension("2.5.29.15", der.bits(bytes([value]), unused), critical)


def extended_key_usage(*purposes, critical=False):
    return extension("2.5.29.37", der.seq(*[der.oid(p) for p in purposes]), critical)


def rfc822(address):
    raw = address if isinstance(address, bytes) else address.encode("latin-1")
    return der.context(1, raw, constructed=False)


def smtp_utf8(address):
    return der.context(0, der.oid(SMTP_UTF8_MAILBOX) + der.context(0, der.utf8(address)))


def alternative_names(*names, critical=False):
    return extension("2.5.29.17", der.seq(*names), critical)


def name_constraints(permitted=(), excluded=(), critical=True):
    items = []
    for number, subtrees in ((0, permitted), (1, excluded)):
        if subtrees:
            items.append(der.context(number, b"".join(der.seq(s) for s in subtrees)))
    return extension("2.5.29.30", der.seq(*items), critical)


def subject_key_id(key):
    return extension("2.5.29.14", der.octets(hashlib.sha1(key.public).digest()))


class Certificate:
    serials = 1000

    def __init__(self, subject, key, issuer=None, extensions=(), begins=NOW - 30 * DAY,
                 ends=NOW + 365 * DAY, serial=None, version=3, digest="sha256",
                 signature_from=None):
        Certificate.serials += 1
        self.key = key
        self.subject = subject
        self.issuer = issuer
        self.serial = Certificate.serials if serial is None else serial
        signer = signature_from or (issuer.key if issuer else key)
        algorithm = signer.algorithm(digest)
        body = [der.context(0, der.integer(version - 1))] if version > 1 else []
        body += [
            der.integer(self.serial),
            algorithm,
            issuer.subject if issuer else subject,
            der.seq(der.time(begins), der.time(ends)),
            subject,
            key.public,
        ]
        if extensions and version == 3:
            body.append(der.context(3, der.seq(*extensions)))
        content = der.seq(*body)
        self.encoded = der.seq(content, algorithm, der.bits(signer.sign(content, digest)))

    @property
    def issuer_name(self):
        return self.issuer.subject if self.issuer else self.subject

    def pem(self):
        return pem("CERTIFICATE", self.encoded)


def pem(label, encoded):
    text = base64.encodebytes(encoded).decode()
    return "-----BEGIN %s-----\n%s-----END %s-----\n" % (label, text, label)


def revocation_list(issuer, revoked=(), begins=NOW - DAY, ends=NOW + 30 * DAY, key=None,
                    number=1, issuer_name=None):
    """revoked: (serial, time) pairs."""
    key = key or issuer.key
    entries = [der.seq(der.integer(s), der.time(t)) for s, t in revoked]
    body = [
        der.integer(1),
        key.algorithm(),
        issuer_name or issuer.subject,
        der.time(begins),
        der.time(ends),
    ]
    if entries:
        body.append(der.seq(*entries))
    body.append(der.context(0, der.seq(extension("2.5.29.20", der.integer(number)))))
    content = der.seq(*body)
    return pem("X509 CRL", der.seq(content, key.algorithm(), der.bits(key.sign(content))))


# --- CMS --------------------------------------------------------------------------------


def attribute(number, *values):
    return der.seq(der.oid(number), der.set_of(*values))


def default_attributes(content, digest="sha256", content_type=DATA, when=NOW):
    return [
        attribute(CONTENT_TYPE, der.oid(content_type)),
        attribute(SIGNING_TIME, der.time(when)),
        attribute(MESSAGE_DIGEST, der.octets(hashlib.new(digest, content).digest())),
    ]


def digest_algorithm(digest):
    """With NULL for its parameters; "sha256:bare" has none, as RFC 5754 prefers."""
    digest, _, bare = digest.partition(":")
    return der.seq(der.oid(DIGESTS[digest]), b"" if bare else der.null())


class Signer:
    """How one SignerInfo is made; every field can be overridden."""

    def __init__(self, certificate, key=None, digest="sha256", pss=False, attributes=None,
                 attribute_edit=None, unsigned=(), by_key_id=False, algorithm=None,
                 signature_edit=None, signed_bytes=None, content_type=DATA,
                 declared_digest=None, key_id=None, version=None):
        self.__dict__.update(locals())

    def encode(self, content):
        key = self.key or self.certificate.key
        tail = []
        if self.attributes is not None:
            attributes = list(self.attributes)
        else:
            attributes = default_attributes(content, self.digest, self.content_type)
        if self.attribute_edit is not None:
            attributes = self.attribute_edit(attributes)
        to_sign = der.set_of(*attributes) if attributes else content
        if self.signed_bytes is not None:
            to_sign = self.signed_bytes
        signature = key.sign(to_sign, self.digest, self.pss)
        if self.signature_edit is not None:
            signature = self.signature_edit(signature)
        if self.by_key_id:
            key_id = self.key_id or hashlib.sha1(key.public).digest()
            identifier = der.context(0, key_id, constructed=False)
        else:
            identifier = der.seq(self.certificate.issuer_name,
                                 der.integer(self.certificate.serial))
        if self.unsigned:
            tail = [der.context(1, b"".join(self.unsigned))]
        algorithm = self.algorithm
        if algorithm is None:
            algorithm = der.seq(der.oid(RSA), der.null()) \
                if key.is_rsa and not self.pss else key.algorithm(self.digest, self.pss)
        version = self.version or (3 if self.by_key_id else 1)
        signed = [der.context(0, b"".join(sorted(attributes)))] if attributes else []
        return der.seq(der.integer(version), identifier,
                       digest_algorithm(self.declared_digest or self.digest), *signed,
                       algorithm, der.octets(signature), *tail)


def signed_data(content, signers, certificates, embedded=None, digests=None, lists=(),
                content_type=DATA, version=1, extra=b""):
    """ContentInfo. `embedded`: eContent (None = detached)."""
    if digests is None:
        digests = sorted({s.digest for s in signers}) or ["sha256"]
    inner = [der.oid(content_type)]
    if embedded is not None:
        inner.append(der.context(0, der.octets(embedded)))
    items = [
        der.integer(version),
        der.set_of(*[digest_algorithm(d) for d in digests]),
        der.seq(*inner),
    ]
    if certificates:
        items.append(der.context(0, b"".join(c.encoded for c in certificates)))
    if lists:
        items.append(der.context(1, b"".join(lists)))
    items.append(der.set_of(*[s.encode(content) for s in signers]))
    return content_info(SIGNED_DATA, der.seq(*items) + extra)


def content_info(number, content):
    return der.seq(der.oid(number), der.context(0, content))


# --- mail -------------------------------------------------------------------------------


def base64_lines(content, width=64):
    text = base64.b64encode(content)
    return b"".join(text[i:i + width] + b"\r\n" for i in range(0, len(text), width))


TEXT = (b"Content-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: 7bit\r\n"
        b"\r\n"
        b"Kinh gui: UBND huyen Ba Vi\r\n"
        b"V/v ke hoach ung dung CNTT\r\n")

PDF = (b"Content-Type: multipart/mixed; boundary=\"trong\"\r\n"
       b"\r\n"
       b"--trong\r\n" + TEXT +
       b"--trong\r\n"
       b"Content-Type: application/pdf; name=\"06_KH-VP.pdf\"\r\n"
       b"Content-Transfer-Encoding: base64\r\n"
       b"Content-Disposition: attachment; filename=\"06_KH-VP.pdf\"\r\n"
       b"\r\n" + base64_lines(b"%PDF-1.4\n" + bytes(range(256)) * 4 + b"\n%%EOF\n", 76) +
       b"--trong--\r\n")


def headers(sender, subject="06/KH-VP", extra=b""):
    if isinstance(sender, str):
        sender = sender.encode()
    date = clock.strftime("%a, %d %b %Y %H:%M:%S +0000", clock.gmtime(NOW)).encode()
    return (b"From: " + sender + b"\r\n"
            b"To: vanthu@bavi.hanoi.example\r\n"
            b"Subject: " + subject.encode() + b"\r\n"
            b"Date: " + date + b"\r\n"
            b"Message-ID: <06.kh-vp@vpub.hanoi.example>\r\n"
            b"MIME-Version: 1.0\r\n" + extra)


def multipart_signed(sender, part, cms, top=b"", micalg="sha-256", boundary="ky", preamble=b"",
                     epilogue=b"", protocol="application/pkcs7-signature",
                     second_type="application/pkcs7-signature", encoded=None,
                     content_type=None, between=b"\r\n"):
    b = boundary.encode()
    if content_type is None:
        content_type = b'multipart/signed; protocol="%s"; micalg=%s; boundary="%s"' % (
            protocol.encode(), micalg.encode(), b)
    return ((top or headers(sender)) + b"Content-Type: " + content_type + b"\r\n\r\n" +
            preamble + b"--" + b + b"\r\n" + part + between + b"--" + b + b"\r\n"
            b"Content-Type: " + second_type.encode() + b"; name=\"smime.p7s\"\r\n"
            b"Content-Transfer-Encoding: base64\r\n"
            b"Content-Disposition: attachment; filename=\"smime.p7s\"\r\n\r\n" +
            (encoded if encoded is not None else base64_lines(cms)) +
            b"\r\n--" + b + b"--\r\n" + epilogue)


def opaque(sender, cms, top=b"", media="application/pkcs7-mime", smime_type="signed-data",
           file_name="smime.p7m"):
    parameters = b""
    if smime_type:
        parameters += b"; smime-type=" + smime_type.encode()
    if file_name:
        parameters += b"; name=\"" + file_name.encode() + b"\""
    return ((top or headers(sender)) + b"Content-Type: " + media.encode() + parameters +
            b"\r\nContent-Transfer-Encoding: base64\r\n"
            b"Content-Disposition: attachment; filename=\"" +
            (file_name or "x").encode() + b"\"\r\n\r\n" + base64_lines(cms))


class Authority:
    """A root, an issuing authority, and certificates of agencies as they should be."""

    SENDER = "vanthu@vpub.hanoi.example"

    def __init__(self, folder):
        self.folder = folder
        self.keys = {}
        self.root = Certificate(name("Root"), self.key("rsa", "root"), extensions=[
            basic_constraints(True), key_usage("keyCertSign", "cRLSign"),
            subject_key_id(self.key("rsa", "root"))])
        self.issuing = self.authority("Issuing", self.root, "issuing")
        self.leaf = self.agency(self.SENDER)
        self.chain = [self.leaf, self.issuing]

    def key(self, kind, owner="leaf"):
        if (kind, owner) not in self.keys:
            self.keys[kind, owner] = Key(self.folder, kind)
        return self.keys[kind, owner]

    def authority(self, common, issuer, owner, extensions=None, **options):
        key = self.key(options.pop("kind", "rsa"), owner)
        if extensions is None:
            extensions = [basic_constraints(True), key_usage("keyCertSign", "cRLSign"),
                          subject_key_id(key)]
        return Certificate(name(common), key, issuer, extensions, **options)

    def agency(self, address, issuer=None, kind="rsa", owner="leaf", extensions=None,
               extra=(), email_in_name=None, usage=("digitalSignature", "nonRepudiation"),
               purposes=(EMAIL_PROTECTION,), names=None, **options):
        if extensions is None:
            extensions = [basic_constraints(False)]
            if usage:
                extensions.append(key_usage(*usage))
            if purposes:
                extensions.append(extended_key_usage(*purposes))
            if names is None and address is not None:
                names = [rfc822(address)]
            if names:
                extensions.append(alternative_names(*names))
            extensions += list(extra)
        return Certificate(options.pop("subject", name("Van phong UBND", email_in_name)),
                           self.key(kind, owner), issuer or self.issuing, extensions,
                           **options)

    def sign(self, part=TEXT, leaf=None, certificates=None, sender=None, mail=None, **options):
        """A multipart/signed message, good unless options say otherwise."""
        leaf = leaf or self.leaf
        signer = Signer(leaf, **options)
        cms = signed_data(part, [signer], certificates or [leaf, self.issuing])
        return multipart_signed(self.SENDER if sender is None else sender, part, cms,
                                **(mail or {}))
