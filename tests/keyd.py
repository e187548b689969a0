# SPDX-License-Identifier: Apache-2.0
"""Starting vanthu-keyd in tests and speaking to it, without a line of its own client."""

import os
import signal
import socket
import struct
import subprocess
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCE = os.environ.get("VANTHU_SRCDIR", TOP)
BUILD = os.environ.get("VANTHU_BUILDDIR", os.path.join(TOP, "build"))
PROGRAM = os.path.join(BUILD, "vanthu-keyd")
ALGORITHMS = {"sha-256": (0, 32), "sha-384": (1, 48), "sha-512": (2, 64)}
SIGNED, TEMP, PERM = 0, 1, 2
TX = "01h2xcejqtf2nbrexx3vqjhp41"


def field(value):
    return struct.pack("<I", len(value)) + value


def request(agency, digest, algorithm="sha-256", at=None, tx=TX):
    """A question as it goes over the wire."""
    at = int(time.time()) if at is None else at
    return (b"\x01" + field(agency.encode()) + bytes([ALGORITHMS[algorithm][0]])
            + field(digest) + struct.pack("<q", at) + field(tx.encode()))


def parse(answer):
    """status, text (micalg or the reason), signature."""
    version, status, size = struct.unpack_from("<BBI", answer)
    text = answer[6:6 + size].decode()
    (length,) = struct.unpack_from("<I", answer, 6 + size)
    signature = answer[10 + size:]
    if version != 1 or len(signature) != length:
        raise ValueError("malformed answer")
    return status, text, signature


def run(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, **more).stdout


class Keyd:
    """A folder with a configuration and, between start() and stop(), the program."""

    def __init__(self, folder, keys, more=""):
        """keys: the text of the list in keys.conf, paths taken from the folder."""
        self.folder = folder
        self.path = os.path.join(folder, "keyd.sock")
        self.logfile = os.path.join(folder, "keyd.log")
        self.config = os.path.join(folder, "vanthu.conf")
        self.process = None
        with open(self.config, "w", encoding="utf-8") as f:
            f.write('hostname = "gw.hanoi.example";\n'
                    'listen = ( { name = "x"; zone = "inside"; protocol = "lmtp"; '
                    'at = "unix:%s/x.sock"; } );\n'
                    'relay = { to = "unix:%s/r.sock"; };\n'
                    'directories = { run = "%s"; };\n'
                    'sandbox = { landlock = "optional"; };\n%s'
                    % (folder, folder, folder, more))
        self.write_keys(keys)

    def write_keys(self, keys):
        path = os.path.join(self.folder, "keys.conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write('log = "keyd.log";\nkeys = (\n%s\n);\n' % keys)
        os.chmod(path, 0o600)

    def start(self, pass_fds=(), arguments=()):
        """Start and wait until it is ready; False (and self.said) when it will not."""
        if os.path.exists(self.path):
            os.unlink(self.path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(self.path)
        os.chmod(self.path, 0o666)
        listener.listen(256)
        listener.setblocking(False)
        self.errors = tempfile.TemporaryFile()
        # The leak finder of a sanitizer build traces the process, which nobody may do here.
        environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
        self.process = subprocess.Popen(
            [PROGRAM, "--config", self.config, "--fd", "listen=%d" % listener.fileno(),
             *arguments],
            pass_fds=(listener.fileno(), *pass_fds), stderr=self.errors,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment)
        listener.close()
        for _ in range(400):
            if self.process.poll() is not None:
                return False
            if ": ready" in self.said():
                return True
            time.sleep(0.02)
        raise RuntimeError("keyd is neither ready nor dead: " + self.said())

    def said(self):
        size = os.fstat(self.errors.fileno()).st_size
        return os.pread(self.errors.fileno(), size, 0).decode("utf-8", "replace")

    def connect(self):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.settimeout(10)
        s.connect(self.path)
        return s

    def ask(self, *args, **kwargs):
        with self.connect() as s:
            s.send(request(*args, **kwargs))
            return parse(s.recv(65536))

    def log(self):
        with open(self.logfile, encoding="utf-8") as f:
            return f.read().splitlines()

    def stop(self):
        """SIGTERM; the exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(10)
        self.process = None
        return code


def make_pki(folder):
    """The demonstration PKI."""
    run(os.path.join(SOURCE, "deploy", "pki"), folder)


AGENCY = ("basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n"
          "extendedKeyUsage=emailProtection\nsubjectAltName=email:vanthu@bavi.hanoi.example\n")


def issue(folder, name, *genpkey, extensions=AGENCY, days=30):
    """One more key and certificate of the demonstration's issuing CA."""
    key, request_file = (os.path.join(folder, name + end) for end in (".key", ".req"))
    with open(os.path.join(folder, "ext"), "w", encoding="ascii") as f:
        f.write(extensions)
    run("openssl", "genpkey", "-quiet", *genpkey, "-out", key)
    os.chmod(key, 0o600)
    run("openssl", "req", "-new", "-key", key, "-subj", "/C=VN/CN=" + name,
        "-out", request_file)
    certificate = run(
        "openssl", "x509", "-req", "-sha256", "-days", str(days), "-in", request_file,
        "-CA", os.path.join(folder, "issuing.pem"),
        "-CAkey", os.path.join(folder, "issuing.key"), "-CAcreateserial",
        "-extfile", os.path.join(folder, "ext"))
    with open(os.path.join(folder, "issuing.pem"), "rb") as f:
        chain = certificate + f.read()
    with open(os.path.join(folder, name + "-chain.pem"), "wb") as f:
        f.write(chain)


def entry(agency, name, **more):
    """A key of keys.conf from the demonstration PKI."""
    values = {"agency": agency, "certificate": name + "-chain.pem", "key": name + ".key"}
    values.update(more)
    return "  { %s }" % " ".join(
        "%s = %s;" % (k, v if isinstance(v, int) or str(v).startswith("[") else '"%s"' % v)
        for k, v in values.items())
