#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""vanthu-session as a program, alone: its listeners, its walls, its signals, its end. TAP.

None of its neighbours runs, so every message is answered 4xx: what they do is tested
elsewhere. The walls are the real ones, so a system call that is missing from the list shows
here as a dead process.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

PROGRAM = os.path.join(os.environ.get("VANTHU_BUILDDIR", "."), "vanthu-session")
CONFIG = """
hostname = "gateway.example";
directories = { run = "run"; spool = "spool"; intake = "intake"; hold = "hold"; ledger = "ledger"; };
listen = (
  { name = "inside"; zone = "inside"; protocol = "lmtp"; at = "unix:%(folder)s/inside"; },
  { name = "outside"; zone = "outside"; protocol = "smtp"; at = "inet:127.0.0.1:10025"; }
);
relay = { to = "unix:%(folder)s/return"; };
workers = { session_messages = 3; };
sandbox = { landlock = "optional"; };
"""
AGENCIES = """
agencies = ( { id = "bavi"; name = "UBND huyện Ba Vì"; mailboxes = "vanthu@bavi.hanoi.example"; } );
"""
ROUTING = """
rules = ( { name = "all"; action = "hold"; } );
"""


class Client:
    """One connection; every reply is read line by line."""

    def __init__(self, address):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family)
        self.socket.settimeout(10)
        self.socket.connect(address)
        self.lines = self.socket.makefile("rb")

    def close(self):
        self.lines.close()
        self.socket.close()

    def reply(self):
        while True:
            line = self.lines.readline().decode()
            if line[3:4] != "-":
                return line[:3]

    def say(self, text):
        self.socket.sendall(text.encode() + b"\r\n")
        return self.reply()

    def begin(self, hello, *recipients):
        """Up to the 354; every answer must be the usual one."""
        said = [self.reply(), self.say(hello + " client.example"), self.mail(*recipients)]
        check(said == ["220", "250", "354"], "the beginning of a session", said)

    def mail(self, *recipients):
        said = [self.say("MAIL FROM:<vanthu@bavi.hanoi.example>")]
        said += [self.say("RCPT TO:<%s>" % r) for r in recipients]
        check(set(said) == {"250"}, "a sender and recipients", said)
        return self.say("DATA")


class Session:
    """A folder with a configuration, listening sockets, and the program."""

    def __init__(self, folder, routing=ROUTING, names=("inside", "outside"), count=1):
        self.folder = folder
        for name in ("run", "spool", "intake", "hold", "ledger"):
            os.makedirs(os.path.join(folder, name), exist_ok=True)
        for name, text in (("vanthu.conf", CONFIG % {"folder": folder}),
                           ("agencies.conf", AGENCIES), ("routing.conf", routing)):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write(text)
        self.inside = os.path.join(folder, "inside")
        listeners = [socket.socket(socket.AF_UNIX), socket.socket(socket.AF_INET)]
        listeners[0].bind(self.inside)
        listeners[1].bind(("127.0.0.1", 0))
        self.outside = listeners[1].getsockname()
        for listener in listeners:
            listener.listen(10)
            listener.setblocking(False)
        command = [PROGRAM, "--config", os.path.join(folder, "vanthu.conf")]
        fds = [listener.fileno() for listener in listeners[:len(names)]]
        for name, fd in zip(names, fds):
            command += ["--fd", "%s=%d" % (name, fd)]
        # The leak finder of a sanitizer build reads /proc, which the walls forbid.
        environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
        with open(os.path.join(folder, "log"), "ab") as log:
            self.processes = [subprocess.Popen(command, pass_fds=fds, stderr=log,
                                               env=environment) for _ in range(count)]
        self.process = self.processes[0]
        for listener in listeners:
            listener.close()

    def stop(self, wait=True):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10) if wait else None

    def log(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8") as f:
            return f.read()

    def end(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()


class Wrong(Exception):
    pass


def check(truth, what, found):
    if not truth:
        raise Wrong("%s: %r" % (what, found))


def a_message_nobody_can_record_is_temporary(folder):
    s = Session(folder)
    try:
        c = Client(s.outside)
        c.begin("EHLO", "vanthu@dongnai.example")
        code = c.say("Subject: 06/KH-VP\r\n\r\ntext\r\n.")
        check(code[:1] == "4", "the answer", code)
        check(c.say("QUIT") == "221", "QUIT", code)
        c.close()
        check(s.stop() == 0, "exit status", s.log())
    finally:
        s.end()


def lmtp_answers_for_each_recipient(folder):
    s = Session(folder)
    try:
        c = Client(s.inside)
        c.begin("LHLO", "vanthu@dongnai.example", "vanthu@bavi.hanoi.example")
        codes = [c.say("Subject: 06/KH-VP\r\n\r\ntext\r\n."), c.reply()]
        check([code[:1] for code in codes] == ["4", "4"], "the answers", codes)
        check(c.say("NOOP") == "250", "the session goes on", codes)
    finally:
        s.end()


def a_large_message_goes_to_the_spool_folder(folder):
    s = Session(folder)
    try:
        c = Client(s.outside)
        c.begin("EHLO", "vanthu@dongnai.example")
        c.socket.sendall(b"0123456789 0123456789 0123456789\r\n" * 200000)
        code = c.say(".")
        check(code[:1] == "4", "the answer", code)
        check(s.process.poll() is None, "it lives", s.log())
        left = os.listdir(os.path.join(folder, "spool"))
        check(left == [], "left in the spool", left)
    finally:
        s.end()


def sigterm_ends_an_idle_process(folder):
    s = Session(folder)
    try:
        c = Client(s.outside)
        check(c.reply() == "220", "it has begun", s.log())
        c.close()
        started = time.monotonic()
        check(s.stop() == 0, "exit status", s.log())
        check(time.monotonic() - started < 5, "seconds", time.monotonic() - started)
    finally:
        s.end()


def sigterm_between_commands_is_said(folder):
    s = Session(folder)
    try:
        c = Client(s.outside)
        said = [c.reply(), c.say("EHLO client.example")]
        s.stop(wait=False)
        said.append(c.reply())
        check(said == ["220", "250", "421"], "said", said)
        c.close()
        check(s.process.wait(10) == 0, "exit status", s.log())
    finally:
        s.end()


def sigterm_inside_data_waits_for_the_answer(folder):
    s = Session(folder)
    try:
        c = Client(s.outside)
        c.begin("EHLO", "vanthu@dongnai.example")
        c.socket.sendall(b"Subject: 06/KH-VP\r\n")
        s.stop(wait=False)
        time.sleep(0.5)
        check(s.process.poll() is None, "it lives", s.log())
        codes = [c.say("\r\ntext\r\n."), c.reply()]
        check(codes[0][:1] == "4" and codes[1] == "421", "the answers", codes)
        c.close()
        check(s.process.wait(10) == 0, "exit status", s.log())
    finally:
        s.end()


def it_retires_after_its_messages(folder):
    s = Session(folder)
    try:
        for _ in range(3):
            c = Client(s.outside)
            c.begin("EHLO", "vanthu@dongnai.example")
            c.say("text\r\n.")
            c.close()
        check(s.process.wait(10) == 0, "exit status", s.log())
    finally:
        s.end()


def two_processes_share_the_listeners(folder):
    s = Session(folder, count=2)
    try:
        clients = [Client(s.outside), Client(s.outside)]
        said = [c.reply() for c in clients]
        check(said == ["220", "220"], "both are greeted", said)
    finally:
        s.end()


def a_listener_without_socket_is_refused(folder):
    for names in (("inside",), ("inside", "elsewhere")):
        os.makedirs(os.path.join(folder, names[-1]))
        s = Session(os.path.join(folder, names[-1]), names=names)
        try:
            check(s.process.wait(10) == 64, "exit status", s.log())
        finally:
            s.end()


def a_bad_policy_is_named_by_file_and_line(folder):
    s = Session(folder, routing=ROUTING.replace("hold", "no-such-action"))
    try:
        check(s.process.wait(10) == 78, "exit status", s.log())
        check("routing.conf:2" in s.log(), "the log", s.log())
    finally:
        s.end()


def main():
    tests = [a_message_nobody_can_record_is_temporary, lmtp_answers_for_each_recipient,
             a_large_message_goes_to_the_spool_folder, sigterm_ends_an_idle_process,
             sigterm_between_commands_is_said, sigterm_inside_data_waits_for_the_answer,
             it_retires_after_its_messages, two_processes_share_the_listeners,
             a_listener_without_socket_is_refused, a_bad_policy_is_named_by_file_and_line]
    failed = 0
    for number, test in enumerate(tests, 1):
        name = test.__name__.replace("_", " ")
        with tempfile.TemporaryDirectory(prefix="vanthu-") as folder:
            try:
                test(folder)
                print("ok %d - %s" % (number, name))
            except (Wrong, OSError, subprocess.TimeoutExpired) as why:
                failed += 1
                print("not ok %d - %s" % (number, name))
                print("# " + str(why).replace("\n", "\n# "))
        sys.stdout.flush()
    print("1..%d" % len(tests))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
