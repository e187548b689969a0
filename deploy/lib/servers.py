# SPDX-License-Identifier: Apache-2.0
"""A private Postfix and a private Dovecot on loopback, for deploy/demo and the tests.

Each has its own configuration, queue and mailboxes below one folder, listens on free high
ports of 127.0.0.1, asks no DNS, and is gone after stop(). Nothing of the machine's own
mail system is read or changed. Needs root, for both programs insist on it.

The Postfix pieces come from deploy/postfix/: what is tested here is what is shipped.
"""

import imaplib
import os
import pwd
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PIECES = os.path.join(os.path.dirname(HERE), "postfix")
PASSWORD = "vanthu-demo"


class Failure(Exception):
    """Something that had to work did not."""


def free_ports(count):
    """So many TCP ports of loopback that nobody listens on."""
    sockets = []
    for _ in range(count):
        s = socket.socket()
        s.bind(("127.0.0.1", 0))
        sockets.append(s)
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def wait_for(what, condition, seconds=20.0, step=0.05):
    """Ask until the condition is true; its value. Failure when the time is over."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure("waited %g s in vain for %s" % (seconds, what))
        time.sleep(step)


def listening(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def run(*command, **options):
    """Run a command to its end; Failure with its output when it fails."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, **options
    )
    if done.returncode != 0:
        raise Failure(
            "%s: exit %d: %s"
            % (" ".join(command), done.returncode, done.stdout.decode(errors="replace"))
        )
    return done.stdout


def write(path, text, mode=0o644):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, mode)


def end_tree(pid, seconds=10):
    """End a process group by TERM, after `seconds` by KILL, and see that it is gone."""
    for signum in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(pid, signum)
        except ProcessLookupError:
            return
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                os.killpg(pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.05)


def end_child(process, seconds=10):
    """The same for a child of ours with a session of its own; its exit status."""
    process.terminate()
    try:
        status = process.wait(seconds)
    except subprocess.TimeoutExpired:
        status = None
    end_tree(process.pid, 2)
    return process.wait() if status is None else status


class Dovecot:
    """IMAP and LMTP over Maildirs, and the SASL server that Postfix asks."""

    def __init__(self, folder, mailboxes, owner="nobody"):
        self.folder = folder
        self.mailboxes = list(mailboxes)
        self.owner = pwd.getpwnam(owner)
        self.port = None
        self.process = None
        self.lmtp = os.path.join(folder, "run", "lmtp")
        self.auth = os.path.join(folder, "run", "auth-postfix")

    def start(self):
        os.makedirs(os.path.join(self.folder, "mail"), exist_ok=True)
        os.makedirs(os.path.join(self.folder, "run"), exist_ok=True)
        os.chown(os.path.join(self.folder, "mail"), self.owner.pw_uid, self.owner.pw_gid)
        if self.port is None:
            (self.port,) = free_ports(1)
        users = os.path.join(self.folder, "users")
        write(users, "".join("%s:{PLAIN}%s::::::\n" % (m, PASSWORD) for m in self.mailboxes))
        config = os.path.join(self.folder, "dovecot.conf")
        values = {
            "FOLDER": self.folder, "PORT": self.port, "USERS": users,
            "UID": self.owner.pw_uid, "GID": self.owner.pw_gid,
        }
        piece = os.path.join(os.path.dirname(HERE), "demo.d", "dovecot.conf")
        write(config, fill(piece, values))
        self.process = subprocess.Popen(
            ["dovecot", "-F", "-c", config], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )
        wait_for("Dovecot's IMAP", lambda: listening(self.port))
        wait_for("Dovecot's LMTP", lambda: os.path.exists(self.lmtp))

    def stop(self):
        if self.process:
            end_child(self.process)
            self.process = None

    def log(self):
        return read_text(os.path.join(self.folder, "dovecot.log"))

    def fetch(self, mailbox):
        """All messages of an inbox as bytes, oldest first."""
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=60)
        try:
            client.login(mailbox, PASSWORD)
            client.select("INBOX", readonly=True)
            numbers = client.search(None, "ALL")[1][0].split()
            return [client.fetch(n, "(BODY.PEEK[])")[1][0][1] for n in numbers]
        finally:
            client.logout()

    def wait_message(self, mailbox, token, seconds=60):
        """The messages that hold the token, as soon as there is one."""
        token = token if isinstance(token, bytes) else token.encode()
        return wait_for(
            "mail with %r in %s" % (token, mailbox),
            lambda: [m for m in self.fetch(mailbox) if token in m],
            seconds, 0.2,
        )


def read_text(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def fill(path, values):
    """A file with @NAME@ replaced; every name must be known."""
    def value(match):
        if match.group(1) not in values:
            raise Failure("%s: unknown @%s@" % (path, match.group(1)))
        return str(values[match.group(1)])

    with open(path, encoding="utf-8") as f:
        return re.sub(r"@([A-Z_]+)@", value, f.read())


class Postfix:
    """
    One instance. `pieces` are files of deploy/postfix/; their inet services get the names
    (ports) that `names` says. `main` adds to main.cf or replaces what it says.
    """

    def __init__(self, folder, pieces, names=None, main=None, services=""):
        self.folder = folder
        self.config = os.path.join(folder, "etc")
        self.queue = os.path.join(folder, "queue")
        self.pieces = list(pieces)
        self.names = dict(names or {})
        self.services = services
        self.main = dict(main or {})
        self.hidden = set()  # names of services that are left out
        self.maillog = os.path.join(folder, "mail.log")
        self.started = False

    def master_cf(self):
        """The services of all pieces, with our ports for their names."""
        out, left_out = [], False
        for piece in ["base.master.cf"] + self.pieces:
            for line in read_text(os.path.join(PIECES, piece)).splitlines():
                words = line.split()
                if left_out and line[:1].isspace():
                    continue
                left_out = False
                if len(words) > 7 and words[1] == "inet" and not line.startswith("#"):
                    if words[0] not in self.names:
                        raise Failure("%s: no port for %s" % (piece, words[0]))
                    name = self.names[words[0]]
                    left_out = name in self.hidden
                    line = "" if left_out else line.replace(words[0], name, 1)
                out.append(line)
        return "\n".join(out) + "\n" + self.services

    def write_configuration(self):
        os.makedirs(self.config, exist_ok=True)
        os.makedirs(self.queue, exist_ok=True)
        data = os.path.join(self.folder, "data")
        os.makedirs(data, exist_ok=True)
        owner = pwd.getpwnam("postfix")
        os.chown(data, owner.pw_uid, owner.pw_gid)
        values = {
            "compatibility_level": "3.6",
            "queue_directory": self.queue,
            "data_directory": data,
            "maillog_file": self.maillog,
            "maillog_file_prefixes": self.folder,
            "myhostname": "mta.hanoi.example",
            "mydestination": "",
            "mynetworks": "127.0.0.0/8",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "alias_maps": "",
            "alias_database": "",
            "biff": "no",
            "smtpd_peername_lookup": "no",
            "disable_dns_lookups": "yes",
            "smtp_dns_support_level": "disabled",
            "smtp_host_lookup": "native",
            "smtputf8_enable": "yes",
            "smtpd_banner": "$myhostname ESMTP",
            "message_size_limit": str(60 * 1024 * 1024),
            "mailbox_size_limit": "0",
            # A deferred message is tried again within seconds: these are tests.
            "queue_run_delay": "2s",
            "minimal_backoff_time": "2s",
            "maximal_backoff_time": "4s",
            "notify_classes": "",
            "bounce_notice_recipient": "postmaster@hanoi.example",
            "address_verify_map": "",
            "postscreen_cache_map": "",
        }
        for line in read_text(os.path.join(PIECES, "vanthu.main.cf")).splitlines():
            name, equals, value = line.partition("=")
            if equals and not line.startswith("#"):
                values[name.strip()] = value.strip()
        values.update(self.main)
        write(
            os.path.join(self.config, "main.cf"),
            "".join("%s = %s\n" % item for item in sorted(values.items())),
        )
        write(os.path.join(self.config, "master.cf"), self.master_cf())

    def command(self, *words):
        return run("postfix", "-c", self.config, *words)

    def start(self):
        self.write_configuration()
        # The trivial checks that `postfix start` makes print warnings to the log only.
        self.command("start")
        self.started = True

    def reload(self):
        self.write_configuration()
        self.command("reload")

    def master_pid(self):
        text = read_text(os.path.join(self.queue, "pid", "master.pid")).strip()
        return int(text) if text else 0

    def stop(self):
        if not self.started:
            return
        pid = self.master_pid()
        try:
            self.command("stop")
        except Failure:
            pass
        if pid:
            end_tree(pid)
        self.started = False

    def log(self):
        return read_text(self.maillog)

    def flush(self):
        run("postqueue", "-c", self.config, "-f")

    def queued(self):
        """Queue ids of the messages that wait."""
        text = run("postqueue", "-c", self.config, "-j").decode()
        return re.findall(r'"queue_id": "([^"]+)"', text)

    def wait_empty(self, seconds=60):
        wait_for("an empty queue", lambda: not self.queued(), seconds, 0.2)


def send(port, sender, recipients, message, login=None, options=(), helo="client.example"):
    """
    Send bytes as they are. Returns {} or the refused recipients; smtplib's exceptions
    carry a refusal of the whole message.
    """
    if isinstance(recipients, str):
        recipients = [recipients]
    with smtplib.SMTP("127.0.0.1", port, local_hostname=helo, timeout=120) as client:
        if login:
            client.ehlo()
            client.login(login, PASSWORD)
        return client.sendmail(sender, recipients, message, mail_options=list(options))


def refusal(port, sender, recipients, message, **more):
    """What the server said no with, as (code, text); (250, "") when it took the mail."""
    try:
        refused = send(port, sender, recipients, message, **more)
    except smtplib.SMTPRecipientsRefused as e:
        refused = e.recipients
    except smtplib.SMTPResponseException as e:
        return e.smtp_code, e.smtp_error.decode(errors="replace")
    for code, text in refused.values():
        return code, text.decode(errors="replace")
    return 250, ""


def need_root():
    """The reason why the servers cannot run here, or None."""
    if os.geteuid() != 0:
        return "needs root"
    for program in ("postfix", "dovecot", "openssl"):
        if not shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"):
            return "%s is not installed" % program
    return None
