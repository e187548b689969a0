# SPDX-License-Identifier: Apache-2.0
"""One gateway with its configuration, for deploy/demo, the system tests and the benchmark.

All below one folder: etc, run, and var with spool, intake, hold and ledger. As root the
roles run as the users vanthu-session, vanthu-inspect, vanthu-keyd and vanthu-ledger, which
ensure_users() makes; otherwise everything runs as whoever starts it.
"""

import json
import os
import pwd
import signal
import socket
import subprocess

from servers import Failure, end_child, read_text, run, wait_for, write

ROLES = ("session", "inspect", "keyd", "ledger")

# id, name, mailbox, key of the demonstration PKI that keyd holds ("" = none with us).
AGENCIES = (
    ("vpub", "Văn phòng UBND thành phố", "vanthu@vpub.hanoi.example", "vpub"),
    ("bavi", "UBND huyện Ba Vì", "vanthu@bavi.hanoi.example", "bavi"),
    ("sotc", "Sở Tài chính", "vanthu@sotc.hanoi.example", ""),
    ("soxd", "Sở Xây dựng", "vanthu@soxd.hanoi.example", ""),
)


def user_of(role):
    return "vanthu-" + role


def ensure_users():
    """Make the system users that are missing; their names, for remove_users()."""
    made = []
    for role in ROLES:
        try:
            pwd.getpwnam(user_of(role))
        except KeyError:
            run(
                "useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent",
                "--shell", "/usr/sbin/nologin", "--user-group", user_of(role),
            )
            made.append(user_of(role))
    return made


def remove_users(names):
    for name in names:
        subprocess.run(["userdel", name], check=False, stderr=subprocess.DEVNULL)


class Gateway:
    """
    `programs` is a build folder or the prefix of an installation. `listeners` are tuples
    (name, zone, protocol, where); `relay` is HOST:PORT of the return listener.
    """

    def __init__(self, folder, programs, pki, listeners, relay, routing, **more):
        self.folder = folder
        self.programs = programs
        self.pki = pki
        self.listeners = listeners
        self.relay = relay
        self.routing = routing
        self.agencies = more.get("agencies", AGENCIES)
        self.workers = more.get("workers", {})
        self.limits = more.get("limits", {})
        self.rate = more.get("rate", 100000)
        self.as_root = os.geteuid() == 0
        self.etc = os.path.join(folder, "etc")
        self.run = os.path.join(folder, "run")
        self.config = os.path.join(self.etc, "vanthu.conf")
        self.logfile = os.path.join(folder, "vanthu.log")
        self.process = None

    def var(self, name):
        return os.path.join(self.folder, "var", name)

    @property
    def intake(self):
        return self.var("intake")

    def program(self, name):
        """Where a program is, in a build folder or below an installation's prefix."""
        for place in ("", "sbin", "bin", "libexec/vanthu", "gateway/programs"):
            path = os.path.join(self.programs, place, name)
            if os.path.isfile(path) and os.access(path, os.X_OK):
                return path
        raise Failure("no program %s below %s" % (name, self.programs))

    # --- configuration -------------------------------------------------------------

    def write_configuration(self):
        for path in (self.etc, self.folder, os.path.join(self.folder, "var")):
            os.makedirs(path, exist_ok=True)
            os.chmod(path, 0o755)
        owners = {"spool": "session", "intake": "session", "hold": "session",
                  "ledger": "ledger"}
        for name, role in owners.items():
            os.makedirs(self.var(name), exist_ok=True)
            os.chmod(self.var(name), 0o700)
            if self.as_root:
                owner = pwd.getpwnam(user_of(role))
                os.chown(self.var(name), owner.pw_uid, owner.pw_gid)
        os.makedirs(self.run, exist_ok=True)
        os.chmod(self.run, 0o755)
        write(self.config, self.vanthu_conf())
        write(os.path.join(self.etc, "agencies.conf"), self.agencies_conf())
        write(os.path.join(self.etc, "keys.conf"), self.keys_conf(), 0o600)
        write(os.path.join(self.etc, "routing.conf"), self.routing)

    def vanthu_conf(self):
        listen = []
        for name, zone, protocol, where in self.listeners:
            line = 'name = "%s"; zone = "%s"; protocol = "%s"; at = "%s";' % (
                name, zone, protocol, endpoint(where))
            if where.startswith("unix:"):
                line += ' mode = "0660";'
                if self.as_root:
                    line += ' group = "postfix";'
            listen.append("  { %s }" % line)
        text = 'hostname = "vanthu.hanoi.example";\n'
        text += 'postmaster = "postmaster@hanoi.example";\n'
        text += "directories = {\n  run = %s;\n" % json.dumps(self.run)
        for name in ("spool", "intake", "hold", "ledger"):
            text += "  %s = %s;\n" % (name, json.dumps(self.var(name)))
        text += "};\npolicy = { crls = %s; };\n" % json.dumps(os.path.join(self.pki, "crl"))
        text += "listen = (\n%s\n);\n" % ",\n".join(listen)
        text += 'relay = { to = "%s"; protocol = "smtp"; };\n' % endpoint(
            self.relay)
        for group, values in (("workers", self.workers), ("limits", self.limits)):
            if values:
                inside = " ".join("%s = %d;" % item for item in values.items())
                text += "%s = { %s };\n" % (group, inside)
        if self.as_root:
            inside = " ".join('%s = "%s";' % (r, user_of(r)) for r in ROLES)
            text += "users = { %s };\n" % inside
        return text

    def agencies_conf(self):
        entries = []
        for name, title, mailbox, _ in self.agencies:
            certificates = ""
            certificate = {"soxd": "revoked"}.get(name, name)
            path = os.path.join(self.pki, certificate + ".pem")
            if os.path.exists(path):
                out = run("openssl", "x509", "-in", path, "-noout", "-fingerprint", "-sha256")
                digest = out.decode().strip().split("=")[1].replace(":", "").lower()
                certificates = '\n    certificates = ( { sha256 = "%s"; } );' % digest
            entries.append(
                '  { id = "%s"; name = "%s";\n    mailboxes = ( "%s" );%s }'
                % (name, title, mailbox, certificates)
            )
        return "agencies = (\n%s\n);\nanchors = ( { file = %s; } );\n" % (
            ",\n".join(entries), json.dumps(os.path.join(self.pki, "root.pem")))

    def keys_conf(self):
        entries = []
        for name, _, _, key in self.agencies:
            if key:
                entries.append(
                    "  { agency = %s; certificate = %s; key = %s; rate = %d; }"
                    % (
                        json.dumps(name),
                        json.dumps(os.path.join(self.pki, key + "-chain.pem")),
                        json.dumps(os.path.join(self.pki, key + ".key")),
                        self.rate,
                    )
                )
        return "log = %s;\nkeys = (\n%s\n);\n" % (
            json.dumps(os.path.join(self.folder, "keys.log")), ",\n".join(entries))

    # --- life ----------------------------------------------------------------------

    def start(self, environment=None):
        log = open(self.logfile, "ab")
        env = dict(os.environ)
        env.update(environment or {})
        self.process = subprocess.Popen(
            [self.program("vanthud"), "--config", self.config], env=env,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )
        log.close()
        wait_for("the gateway's sockets", self.ready, 30)

    def ready(self):
        if self.process.poll() is not None:
            raise Failure("vanthud ended at once:\n" + self.log()[-3000:])
        return all(answers(where) for _, _, _, where in self.listeners)

    def stop(self):
        """TERM and the exit status; None when it was not running."""
        if not self.process:
            return None
        status = end_child(self.process, 15)
        self.process = None
        return status

    def kill(self):
        """kill -9 to vanthud and everything below it, as a power cut would do."""
        for pid in self.pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.process = None

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def log(self):
        return read_text(self.logfile)

    def pids(self):
        """vanthud and all its descendants."""
        if not self.process:
            return []
        parents = {}
        for name in filter(str.isdigit, os.listdir("/proc")):
            stat = read_text("/proc/%s/stat" % name)
            if stat:
                parents[int(name)] = int(stat.rsplit(")", 1)[1].split()[1])
        found = [self.process.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    def command(self, *words, status=0):
        """Run the `vanthu` command; its output. None as status accepts any."""
        done = subprocess.run(
            [self.program("vanthu")] + list(words), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        output = done.stdout.decode(errors="replace")
        if status is not None and done.returncode != status:
            raise Failure("vanthu %s: exit %d: %s" % (" ".join(words), done.returncode, output))
        return output

    def filed(self, agency=None):
        """The folders that hold a filed document, sorted."""
        top = os.path.join(self.intake, agency) if agency else self.intake
        return sorted(
            folder for folder, _, files in os.walk(top) if "original.eml" in files
        )


def endpoint(where):
    """An address as vanthu.conf writes it."""
    return where if where.startswith("unix:") else "inet:" + where


def answers(where):
    """Does somebody greet there?"""
    if where.startswith("unix:"):
        s, address = socket.socket(socket.AF_UNIX), where[5:]
    else:
        host, port = where.rsplit(":", 1)
        s, address = socket.socket(), (host, int(port))
    with s:
        s.settimeout(5)
        try:
            s.connect(address)
            return s.recv(3) == b"220"
        except OSError:
            return False
