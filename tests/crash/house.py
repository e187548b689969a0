# SPDX-License-Identifier: Apache-2.0
"""The gateway under crash tests: its four roles, each one real process, started and started
again by this program; a sink in place of the MTA's return listener; a client that sends a
message again until every recipient has an answer for good; and the comparison afterwards.

Nothing of ours is imitated. The sink and the client are the outside world.
"""

import collections
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "deploy", "lib"))

from gateway import Gateway  # noqa: E402

ROLES = ("ledgerd", "keyd", "inspect", "session")
SOCKETS = {"ledgerd": "ledger", "keyd": "keyd", "inspect": "inspect"}


IDENTIFIER = re.compile(rb"crash-\d+-\d+@test\.example")  # of every message sent here


class Broken(Exception):
    """A promise that was not kept; its text says which."""


# --- the outside world ---------------------------------------------------------------


class Lines:
    """CRLF lines over a socket; ConnectionError when the other end is gone."""

    def __init__(self, sock):
        self.sock = sock
        self.rest = b""

    def line(self):
        while b"\n" not in self.rest:
            data = self.sock.recv(65536)
            if not data:
                raise ConnectionError("closed")
            self.rest += data
        line, self.rest = self.rest.split(b"\n", 1)
        return line.rstrip(b"\r")

    def until_dot(self):
        while b"\r\n.\r\n" not in b"\r\n" + self.rest:
            data = self.sock.recv(65536)
            if not data:
                raise ConnectionError("closed")
            self.rest += data
        data, self.rest = (b"\r\n" + self.rest).split(b"\r\n.\r\n", 1)
        data = data[2:] + b"\r\n" if data else b""
        return data.replace(b"\r\n..", b"\r\n.")

    def reply(self):
        lines = [self.line()]
        while lines[-1][3:4] == b"-":
            lines.append(self.line())
        return int(lines[-1][:3]), b"\n".join(lines).decode("utf-8", "replace")


Copy = collections.namedtuple("Copy", "sender recipients data")


class Sink(threading.Thread):
    """An SMTP server that keeps what it acknowledged."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.copies = []
        self.refuse = {"khongco@vinhphuc.example"}  # recipients that get 550
        self.start()

    def run(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        with sock:
            try:
                self.talk(sock)
            except OSError:
                pass

    def talk(self, sock):
        lines = Lines(sock)
        sender, recipients = None, []
        sock.sendall(b"220 sink ESMTP\r\n")
        while True:
            line = lines.line()
            verb = line[:4].upper()
            if verb in (b"EHLO", b"LHLO"):
                sock.sendall(b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n"
                             b"250-SMTPUTF8\r\n250 SIZE 200000000\r\n")
            elif verb == b"MAIL":
                sender, recipients = address(line), []
                sock.sendall(b"250 2.1.0 ok\r\n")
            elif verb == b"RCPT":
                if address(line) in self.refuse:
                    sock.sendall(b"550 5.1.1 no such mailbox here\r\n")
                else:
                    recipients.append(address(line))
                    sock.sendall(b"250 2.1.5 ok\r\n")
            elif verb == b"DATA" and not recipients:
                sock.sendall(b"554 5.5.1 no recipients\r\n")
            elif verb == b"DATA":
                sock.sendall(b"354 go on\r\n")
                data = lines.until_dot()
                # Taken before it is said: a client killed here has handed it over.
                self.copies.append(Copy(sender, tuple(recipients), data))
                sock.sendall(b"250 2.0.0 taken\r\n")
            elif verb == b"QUIT":
                sock.sendall(b"221 2.0.0 bye\r\n")
                return
            else:
                sock.sendall(b"250 2.0.0 ok\r\n")


def address(line):
    return line.split(b"<", 1)[1].split(b">", 1)[0].decode()


def send_once(where, lmtp, sender, recipients, data, timeout=30):
    """One attempt: {recipient: (code, text)}. A recipient without a reply is not in it."""
    replies = {}
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(timeout)
    try:
        with sock:
            sock.connect(where)
            lines = Lines(sock)
            code, text = lines.reply()
            if code != 220:
                return replies
            sock.sendall(b"LHLO test.example\r\n" if lmtp else b"EHLO test.example\r\n")
            lines.reply()
            sock.sendall(b"MAIL FROM:<%s> BODY=8BITMIME\r\n" % sender.encode())
            code, text = lines.reply()
            if code != 250:
                return {r: (code, text) for r in recipients}
            accepted = []
            for r in recipients:
                sock.sendall(b"RCPT TO:<%s>\r\n" % r.encode())
                code, text = lines.reply()
                if code == 250:
                    accepted.append(r)
                else:
                    replies[r] = code, text
            sock.sendall(b"DATA\r\n")
            code, text = lines.reply()
            if code != 354:
                return replies
            sock.sendall(data.replace(b"\r\n.", b"\r\n..") + b".\r\n")
            if lmtp:
                for r in accepted:
                    replies[r] = lines.reply()
            else:
                answer = lines.reply()
                replies.update({r: answer for r in accepted})
            sock.sendall(b"QUIT\r\n")
    except OSError:
        pass
    return replies


# --- the roles -----------------------------------------------------------------------


class Role(threading.Thread):
    """One process, started again whenever it ends; each start takes the faults once."""

    def __init__(self, house, name):
        super().__init__(daemon=True)
        self.house = house
        self.name = name
        self.process = None
        self.faults = {}      # environment of the next start
        self.lasting = {}     # environment of every start
        self.ends = []        # wait statuses
        self.stopping = False
        self.changed = threading.Condition()
        self.start()

    def run(self):
        while not self.stopping:
            with self.changed:
                environment = dict(os.environ, **self.lasting, **self.faults)
                self.faults = {}
                fds = self.house.descriptors(self.name)
                # It ends with us, however we end.
                self.process = subprocess.Popen(
                    ["setpriv", "--pdeathsig", "KILL",
                     self.house.program("vanthu-" + self.name), "--config",
                     self.house.config]
                    + ["--fd=%s=%d" % item for item in fds.items()],
                    pass_fds=list(fds.values()), env=environment,
                    stdin=subprocess.DEVNULL, stdout=self.house.log, stderr=self.house.log,
                    start_new_session=True,
                )
                self.changed.notify_all()
            status = self.process.wait()
            with self.changed:
                self.ends.append(status)
                self.changed.notify_all()
            if status > 0:
                time.sleep(0.2)  # it cannot start; the log says why

    def restart(self, faults=None, lasting=None):
        """End it kindly; the next one gets the environment."""
        with self.changed:
            self.changed.wait_for(lambda: self.process, 10)
            count = len(self.ends)
            old = self.process
            self.faults = faults or {}
            self.lasting = lasting or {}
            old.send_signal(signal.SIGTERM)
            if not self.changed.wait_for(
                    lambda: len(self.ends) > count and self.process is not old, 10):
                raise Broken("%s does not end on SIGTERM" % self.name)

    def kill(self):
        with self.changed:
            if self.process:
                self.process.kill()

    def killed(self):
        """How many of its processes were killed."""
        with self.changed:
            return sum(1 for status in self.ends if status == -signal.SIGKILL)

    def stop(self):
        self.stopping = True
        with self.changed:
            if self.process:
                self.process.send_signal(signal.SIGTERM)
        self.join(10)
        if self.is_alive():
            self.process.kill()


ROUTING = """
rules = (
  { name = "no-programs"; zone = "inside"; flags = "executable"; action = [ "refuse", "notify" ]; },
  { name = "agency-to-agency"; zone = "inside"; sender = "agency"; recipient = "agency";
    action = [ "sign", "file", "relay" ]; },
  { name = "agency-to-others"; zone = "inside"; sender = "agency"; recipient = "none";
    action = [ "sign", "relay" ]; },
  { name = "verified-to-agency"; zone = "outside"; sender = "agency"; recipient = "agency";
    verdict = "VERIFIED"; action = [ "file", "relay" ]; },
  { name = "verified"; zone = "outside"; verdict = "VERIFIED"; action = "relay"; },
  { name = "other"; zone = "outside"; action = "hold"; }
);
"""


class House:
    """Folders, configuration, sink and roles; `programs` is the build folder."""

    def __init__(self, programs, sessions=2, inspectors=2):
        self.folder = tempfile.mkdtemp(prefix="vanthu-crash.")
        os.chmod(self.folder, 0o755)
        self.pki = os.path.join(self.folder, "pki")
        subprocess.run([os.path.join(TOP, "deploy", "pki"), self.pki], check=True)
        self.sink = Sink()
        run = os.path.join(self.folder, "run")
        self.where = {
            "inside": os.path.join(run, "inside.sock"),
            "outside": os.path.join(run, "outside.sock"),
            "proxy": os.path.join(run, "proxy.sock"),
        }
        listeners = [
            ("inside", "inside", "lmtp", "unix:" + self.where["inside"]),
            ("outside", "outside", "lmtp", "unix:" + self.where["outside"]),
            ("proxy", "outside", "smtp", "unix:" + self.where["proxy"]),
        ]
        self.gateway = Gateway(
            self.folder, programs, self.pki, listeners, "127.0.0.1:%d" % self.sink.port,
            ROUTING, workers={"sessions": sessions, "inspectors": inspectors,
                              "inspect_timeout": 5})
        self.gateway.as_root = False  # whoever starts the test stays who he is
        self.gateway.write_configuration()
        self.config = self.gateway.config
        self.logfile = self.gateway.logfile
        self.log = open(self.logfile, "ab")
        self.listening = {}
        self.roles = {}
        self.known = {}  # folder -> the message in it, once it was read

    def program(self, name):
        return self.gateway.program(name)

    def listen(self):
        for name, path in self.where.items():
            self.listening[name] = bind(path, socket.SOCK_STREAM)
        for role, name in SOCKETS.items():
            path = os.path.join(self.gateway.run, name + ".sock")
            self.listening[role] = bind(path, socket.SOCK_SEQPACKET)

    def descriptors(self, role):
        if role == "session":
            return {name: self.listening[name].fileno() for name in self.where}
        return {"listen": self.listening[role].fileno()}

    def start(self):
        self.listen()
        self.roles = {name: Role(self, name) for name in ROLES}
        return self

    def stop(self, keep=False):
        for role in self.roles.values():
            role.stop()
        self.sink.listener.close()
        self.log.close()
        if not keep:
            subprocess.run(["rm", "-rf", self.folder], check=True)

    def log_tail(self, lines=40):
        with open(self.logfile, encoding="utf-8", errors="replace") as f:
            return "".join("# " + line for line in f.readlines()[-lines:])

    # --- what is there -----------------------------------------------------------------

    def survey(self):
        return Survey(self)

    def rows(self, sql, *values):
        path = os.path.join(self.gateway.var("ledger"), "ledger.sqlite3")
        db = sqlite3.connect("file:%s?mode=ro" % path, uri=True, timeout=10)
        try:
            return db.execute(sql, values).fetchall()
        finally:
            db.close()


class Survey:
    """All that is filed, held and relayed at one moment, by the message it is of."""

    def __init__(self, house):
        self.hidden = []
        self.known = house.known
        self.filed = self.folders(house.gateway.intake)
        self.held = self.folders(house.gateway.var("hold"))
        self.copies = collections.defaultdict(list)
        for copy in list(house.sink.copies):
            for identifier in set(IDENTIFIER.findall(copy.data)):
                self.copies[identifier].append(copy)

    def folders(self, top):
        """identifier -> folders whose original is that message; what is hidden is noted."""
        found = collections.defaultdict(list)
        for where, folders, files in os.walk(top):
            self.hidden += [os.path.join(where, f) for f in folders if f.startswith(".")]
            if "original.eml" not in files or os.path.basename(where).startswith("."):
                continue
            if where not in self.known:
                with open(os.path.join(where, "original.eml"), "rb") as f:
                    self.known[where] = IDENTIFIER.search(f.read()).group(0)
            found[self.known[where]].append(where)
        return found

    def of(self, identifier):
        return {
            "filed": sorted(self.filed[identifier]), "held": sorted(self.held[identifier]),
            "copies": len(self.copies[identifier]),
        }


def bind(path, kind):
    s = socket.socket(socket.AF_UNIX, kind)
    s.bind(path)
    s.listen(256)
    s.setblocking(False)
    return s


# --- a message and what must become of it ----------------------------------------------


class Letter:
    """One message on its way, and everything that was answered for it."""

    def __init__(self, house, scenario):
        self.house = house
        self.scenario = scenario
        self.identifier = b"crash-%d-%d@test.example" % (os.getpid(), time.monotonic_ns())
        self.data = scenario.make(house, self.identifier.decode())
        self.final = {}
        self.attempts = 0

    def attempt(self, recipients=None):
        """One transaction for those still without a final answer, as a queue would do."""
        s = self.scenario
        waiting = recipients or [r for r in s.recipients if r not in self.final]
        if not s.lmtp:
            waiting = list(s.recipients)  # one reply for all: all come again
        self.attempts += 1
        replies = send_once(self.house.where[s.where], s.lmtp, s.sender, waiting, self.data)
        for r, (code, text) in replies.items():
            if code // 100 in (2, 5):
                self.final[r] = code, text
        return replies

    def deliver(self, seconds=40):
        end = time.monotonic() + seconds
        while len(self.final) < len(self.scenario.recipients):
            if time.monotonic() > end:
                raise Broken("no answer for good in %d s, %d attempts: %s"
                             % (seconds, self.attempts, self.final))
            self.attempt()
            if len(self.final) < len(self.scenario.recipients):
                time.sleep(0.02)

    # --- the promises -------------------------------------------------------------------

    def check(self, crashes):
        before = self.house.survey()
        self.compare(before, crashes)
        self.redeliver()
        after = self.house.survey()
        if after.of(self.identifier) != before.of(self.identifier):
            raise Broken("one more redelivery changed something")
        if after.hidden:
            raise Broken("half a document is left: %s" % after.hidden)

    def compare(self, survey, crashes):
        self.check_answers()
        self.check_folders(survey.of(self.identifier))
        self.check_copies(survey.copies[self.identifier], crashes)
        self.check_ledger()

    def redeliver(self):
        """Once more, after all is answered: the same answers."""
        final = dict(self.final)
        again = self.attempt(list(self.scenario.recipients))
        for r in self.scenario.recipients:
            if again.get(r) != final[r]:
                raise Broken("redelivered: %s answered %s, before %s"
                             % (r, again.get(r), final[r]))

    def check_answers(self):
        for r in self.scenario.recipients:
            code, text = self.final[r]
            if code != self.scenario.codes.get(r, 250):
                raise Broken("%s was answered %d %s" % (r, code, text))

    def check_folders(self, state):
        s = self.scenario
        if len(state["filed"]) != s.filed:
            raise Broken("filed %d times, not %d: %s"
                         % (len(state["filed"]), s.filed, state["filed"]))
        if len(state["held"]) != s.held:
            raise Broken("held %d times, not %d: %s"
                         % (len(state["held"]), s.held, state["held"]))

    def check_copies(self, copies, crashes):
        s = self.scenario
        counts = collections.Counter()
        bodies = {}
        notices = 0
        for copy in copies:
            if copy.sender == "":
                notices += 1
                continue
            for r in copy.recipients:
                counts[r] += 1
                if bodies.setdefault(r, copy.data) != copy.data:
                    raise Broken("two copies for %s differ" % r)
        for r in s.recipients:
            wanted = 1 if r in s.relayed else 0
            if counts[r] < wanted:
                raise Broken("LOST: acknowledged, never relayed to %s" % r)
            if counts[r] > wanted * (1 + crashes):
                raise Broken("%d copies for %s after %d crashes" % (counts[r], r, crashes))
        if notices < s.notices or notices > s.notices * (1 + crashes):
            raise Broken("%d notices, not %d" % (notices, s.notices))

    def check_ledger(self):
        name = self.identifier.decode()
        rows = self.house.rows(
            "SELECT d.state, d.address FROM deliveries d JOIN transactions t USING (tx)"
            " WHERE t.message_id = ?", name)
        if sorted(a for _, a in rows) != sorted(self.scenario.recipients):
            raise Broken("the ledger has other deliveries: %s" % rows)
        if any(state != 3 for state, _ in rows):
            raise Broken("acknowledged but not CLOSED: %s" % rows)
        steps = self.house.rows(
            "SELECT s.name, s.state FROM steps s JOIN transactions t USING (tx)"
            " WHERE t.message_id = ?", name)
        if any(state == 0 for _, state in steps):
            raise Broken("a step is open behind a CLOSED delivery: %s" % steps)


class Scenario:
    def __init__(self, name, where, sender, recipients, make, **expected):
        self.name = name
        self.where = where
        self.lmtp = where != "proxy"
        self.sender = sender
        self.recipients = recipients
        self.make = make
        self.filed = expected.get("filed", 0)
        self.held = expected.get("held", 0)
        self.notices = expected.get("notices", 0)
        self.relayed = expected.get("relayed", ())
        self.codes = expected.get("codes", {})
