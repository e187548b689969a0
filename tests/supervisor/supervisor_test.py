#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""vanthud and its children, without root and without the network.

The first tests run the real vanthud with stand-in workers (shell scripts beside a copy of
it), so that a worker can be made to die at once or to be deaf. The last ones run it with the
real workers of the build tree. TAP.
"""

import concurrent.futures
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

BUILD = os.environ.get("VANTHU_BUILDDIR", "build")
WORKERS = ["vanthu-session", "vanthu-inspect", "vanthu-keyd", "vanthu-ledgerd"]
COUNTS = {"vanthu-session": 2, "vanthu-inspect": 2, "vanthu-keyd": 1, "vanthu-ledgerd": 1}

STUB = """#!/bin/sh
here=$(dirname "$0"); me=$(basename "$0")
test ! -e "$here/$me.dies" || exit 3
echo "start $me $*" >>"$here/events"
leave() { test -e "$here/$me.deaf" && return; echo "end $me" >>"$here/events"; exit 0; }
trap leave TERM
while :; do sleep 0.05; done
"""

CONF = """hostname = "vanthu.bavi.hanoi.example";
directories = { run = "run"; spool = "spool"; intake = "intake"; hold = "hold"; ledger = "ledger"; };
listen = (
  { name = "inside"; zone = "inside"; protocol = "lmtp"; at = "unix:in.sock"; },
  { name = "outside"; zone = "outside"; protocol = "smtp"; at = "unix:out.sock"; }
);
relay = { to = "unix:return.sock"; };
workers = { sessions = 2; inspectors = 2; };
"""

AGENCIES = """@include "more/two.conf"
agencies = ( { id = "bavi"; name = "UBND huyện Ba Vì"; mailboxes = "vanthu@bavi.hanoi.example"; } );
"""

ROUTING = """rules = ( { name = "all"; action = "hold"; } );
"""


def wait_for(what, test, seconds=8.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = test()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("waited %g s for %s" % (seconds, what))


def parent_of(pid):
    try:
        with open("/proc/%s/stat" % pid) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return int(fields[1]) if fields[0] != "Z" else 0
    except (OSError, IndexError):
        return 0


def make_stage():
    """The programs of the stubbed tests, written once and before any thread: a file that
    another thread's child still has open for writing cannot be run (ETXTBSY)."""
    folder = tempfile.mkdtemp(prefix="vanthu-sup-")
    shutil.copy(os.path.join(BUILD, "vanthud"), folder)
    for name in WORKERS:
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(STUB)
        os.chmod(os.path.join(folder, name), 0o755)
    return folder


stage = None


class Gateway:
    """A configuration in a folder of its own and a vanthud that runs it."""

    def __init__(self, stubs=True):
        self.folder = tempfile.mkdtemp(prefix="vanthu-sup-")
        os.chmod(self.folder, 0o755)
        self.process = None
        self.programs = self.path("bin") if stubs else BUILD
        for name in ("spool", "intake", "hold", "ledger", "bin", "more"):
            os.mkdir(self.path(name), 0o755)
        self.write("vanthu.conf", CONF)
        self.write("agencies.conf", AGENCIES)
        self.write("more/two.conf", "\n")
        self.write("routing.conf", ROUTING)
        if not stubs:
            self.make_key()
        if stubs:
            for name in ["vanthud"] + WORKERS:
                os.link(os.path.join(stage, name), self.path("bin/" + name))

    def make_key(self):
        """A key for keyd to hold: it refuses to start with none."""
        self.write("req.conf", "[req]\ndistinguished_name=dn\nx509_extensions=e\n[dn]\n[e]\n"
                   "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                   "subjectAltName=email:vanthu@bavi.hanoi.example\n")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", "/CN=Ba Vi", "-config", self.path("req.conf"),
             "-keyout", self.path("bavi.key"), "-out", self.path("bavi.pem")],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.chmod(self.path("bavi.key"), 0o600)
        self.write("keys.conf", "log = \"keys.log\";\n"
                   "keys = ( { agency = \"bavi\"; certificate = \"bavi.pem\"; key = \"bavi.key\"; } );\n")
        os.chmod(self.path("keys.conf"), 0o600)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)

    def read(self, name):
        try:
            with open(self.path(name), encoding="utf-8") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def start(self, **environment):
        with open(self.path("log"), "ab") as log:
            self.process = subprocess.Popen(
                [os.path.join(self.programs, "vanthud"), "--config", self.path("vanthu.conf")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=dict(os.environ, **environment))
        self.wait_log("vanthud[%d]: ready" % self.process.pid)
        return self

    def wait_log(self, text):
        def found():
            assert self.process.poll() is None, "vanthud ended"
            return text in self.read("log")
        wait_for("%r in the log" % text, found)

    def children(self):
        """name -> pids of the living children."""
        found = {name: [] for name in WORKERS}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            if parent_of(pid) != self.process.pid:
                continue
            try:
                with open("/proc/%s/cmdline" % pid, "rb") as f:
                    words = f.read().decode().split("\0")
            except OSError:
                continue  # it ended between the two looks
            for name in WORKERS:
                if any(word.endswith(name) for word in words[:2]):
                    found[name].append(int(pid))
        return found

    def complete(self):
        return {name: len(pids) for name, pids in self.children().items()} == COUNTS

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def stop(self, seconds=10):
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(seconds)
        return status, time.monotonic() - begin

    def remove(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def greeting(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(5)
        s.connect(path)
        return s.recv(1000).decode()


# --- with stand-in workers ---------------------------------------------------------------


def each_role_gets_its_sockets_and_the_copy(g):
    g.start()
    assert g.complete(), g.children()
    starts = [line.split()[1:] for line in g.read("bin/events").splitlines()]
    conf = g.path("run/config.1/vanthu.conf")
    assert len(starts) == 6, starts
    for words in starts:
        assert words[1:3] == ["--config", conf], words
        fds = [w for w in words[3:] if w != "--fd"]
        wanted = ["inside=3", "outside=4"] if words[0] == "vanthu-session" else ["listen=3"]
        assert fds == wanted, words
    assert open(g.path("run/vanthud.pid")).read() == "%d\n" % g.process.pid
    # Nothing else is open in a child, and nothing of the keys was copied.
    for pids in g.children().values():
        for pid in pids:
            links = [os.readlink(p) for p in glob.glob("/proc/%d/fd/*" % pid)
                     if int(os.path.basename(p)) > 2]
            assert all(x.startswith("socket:") or x.endswith(tuple(WORKERS)) for x in links), links
    copied = {os.path.relpath(os.path.join(d, n), g.path("run/config.1"))
              for d, _, names in os.walk(g.path("run/config.1")) for n in names}
    assert copied == {"vanthu.conf", "agencies/agencies.conf", "agencies/more/two.conf",
                      "routing/routing.conf"}, copied


def who_is_killed_is_started_again(g):
    g.start()
    for name in WORKERS:
        before = g.children()[name]
        os.kill(before[0], signal.SIGKILL)
        wait_for(name + " again", lambda: g.complete() and g.children()[name] != before)
        assert "ALARM: %s[%d] was killed by signal 9" % (name, before[0]) in g.read("log")


def who_retires_is_no_alarm(g):
    g.start()
    before = g.children()["vanthu-session"]
    os.kill(before[0], signal.SIGTERM)  # the stand-in leaves with 0, as after N messages
    wait_for("the next one", lambda: g.complete() and before[0] not in
             g.children()["vanthu-session"])
    assert "ALARM" not in g.read("log")


def who_dies_at_once_is_started_ever_more_slowly(g):
    g.start()
    g.write("bin/vanthu-keyd.dies", "")
    os.kill(g.children()["vanthu-keyd"][0], signal.SIGKILL)
    g.wait_log("vanthu-keyd is started again in 1000 ms")
    log = g.read("log")
    assert log.index("vanthu-keyd is started again in 500 ms") < log.index("in 1000 ms")
    assert log.count("ended with status 3") >= 2, log
    os.unlink(g.path("bin/vanthu-keyd.dies"))
    wait_for("keyd", g.complete)


def a_broken_file_is_refused_with_its_line(g):
    g.start()
    before = g.children()
    for name, text, said in (
            ("vanthu.conf", CONF + "colour = 1;\n", "vanthu.conf:9: colour: unknown key"),
            ("routing.conf", "rules = (\n { name = 1; } );\n", "routing.conf:2"),
            ("more/two.conf", "\n\nx = 3000000000;\n", "two.conf:3: the number")):
        good = g.read(name)
        g.write(name, text)
        g.reload()
        g.wait_log(said)
        g.write(name, good)
    assert g.read("log").count("not reloaded, the running configuration stays") == 3
    assert g.children() == before
    assert os.listdir(g.path("run/config.1")) and not os.path.exists(g.path("run/config.2"))


def a_good_file_replaces_the_workers_but_not_the_ledger(g):
    g.start()
    before = g.children()
    g.write("vanthu.conf", CONF.replace("sessions = 2", "sessions = 3")
            .replace("unix:out.sock", "unix:other.sock"))
    g.reload()
    wait_for("new workers", lambda: (
        len(g.children()["vanthu-session"]) == 3
        and not set(sum(before.values(), [])) & set(
            g.children()["vanthu-session"] + g.children()["vanthu-inspect"]
            + g.children()["vanthu-keyd"])))
    assert g.children()["vanthu-ledgerd"] == before["vanthu-ledgerd"]
    assert os.path.exists(g.path("other.sock")) and os.path.exists(g.path("in.sock"))
    assert not os.path.exists(g.path("out.sock"))
    wait_for("the old copy to go", lambda: not os.path.exists(g.path("run/config.1")))
    assert "ALARM" not in g.read("log")


def workers_that_do_not_start_never_replace_those_that_run(g):
    g.start()
    before = g.children()
    g.write("bin/vanthu-keyd.dies", "")
    g.reload()
    g.wait_log("vanthu-keyd is started again in 1000 ms")
    assert g.children()["vanthu-keyd"] == before["vanthu-keyd"]
    os.unlink(g.path("bin/vanthu-keyd.dies"))
    wait_for("the new keyd", lambda: g.complete() and
             g.children()["vanthu-keyd"] != before["vanthu-keyd"])


def the_end_comes_in_order(g):
    g.start()
    status, seconds = g.stop()
    assert status == 0 and seconds < 5, (status, seconds)
    ends = [line.split()[1] for line in g.read("bin/events").splitlines()
            if line.startswith("end")]
    assert ends == (["vanthu-session"] * 2 + ["vanthu-inspect"] * 2 + ["vanthu-keyd"]
                    + ["vanthu-ledgerd"]), ends
    assert not os.path.exists(g.path("in.sock")) and os.listdir(g.path("run")) == []


def who_does_not_listen_is_killed_in_time(g):
    g.write("bin/vanthu-session.deaf", "")
    g.start()
    status, seconds = g.stop()
    assert status == 0 and 7 < seconds < 10, (status, seconds)


def children_die_with_their_parent(g):
    g.start()
    pids = sum(g.children().values(), [])
    g.process.kill()
    g.process.wait()
    wait_for("the children's end", lambda: not any(
        os.path.exists("/proc/%d" % p) and parent_of(p) for p in pids))
    g.start()  # over the sockets and the copy that the dead one left
    assert g.complete()


def a_second_one_is_kept_out(g):
    g.start()
    second = subprocess.run(
        [g.path("bin/vanthud"), "--config", g.path("vanthu.conf")], stderr=subprocess.PIPE)
    assert second.returncode == 78 and b"another vanthud is running" in second.stderr
    assert g.complete() and os.path.exists(g.path("in.sock"))


def check_says_what_is_wrong_and_starts_nothing(g):
    def check():
        run = subprocess.run([g.path("bin/vanthud"), "--config", g.path("vanthu.conf"), "--check"],
                             stderr=subprocess.PIPE)
        return run.returncode, run.stderr.decode()
    assert check() == (0, "")
    g.write("agencies.conf", "agencies = ( { id = \"a\";\n colour = 1; } );\n")
    status, said = check()
    assert status == 78 and "agencies.conf:2" in said, (status, said)
    g.write("agencies.conf", AGENCIES)
    os.rmdir(g.path("hold"))
    status, said = check()
    assert status == 78 and "directories.hold" in said, (status, said)
    assert not os.path.exists(g.path("run"))


def systemd_is_told(g):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(g.path("notify"))
        s.settimeout(8)
        g.start(NOTIFY_SOCKET=g.path("notify"))
        assert s.recv(100) == b"READY=1"
        g.stop()
        assert s.recv(100) == b"STOPPING=1"


# --- with the real workers ---------------------------------------------------------------


def the_real_ones_serve_and_come_back(g):
    g.start()
    assert g.complete(), g.children()
    assert greeting(g.path("in.sock")).startswith("220 ")
    for name in WORKERS:
        before = g.children()[name]
        os.kill(before[0], signal.SIGKILL)
        wait_for(name + " again", lambda: g.complete() and before[0] not in g.children()[name])
        assert greeting(g.path("in.sock")).startswith("220 ")
    g.write("routing.conf", "rules = ( { } );\n")
    g.reload()
    g.wait_log("routing.conf:1")
    assert greeting(g.path("out.sock")).startswith("220 ")
    g.write("routing.conf", ROUTING)
    g.reload()
    g.wait_log("reloaded")
    assert greeting(g.path("out.sock")).startswith("220 ")
    status, seconds = g.stop()
    assert status == 0 and seconds < 10, (status, seconds)


def each_role_becomes_its_user(g):
    if os.geteuid() != 0:
        return "needs root"
    users = {"session": "www-data", "inspect": "nobody", "keyd": "games", "ledger": "backup"}
    g.write("vanthu.conf", CONF + "users = { %s };\n" % " ".join(
        '%s = "%s";' % item for item in users.items()))
    for name in ("spool", "intake", "hold", "ledger"):
        os.chmod(g.path(name), 0o700)
        shutil.chown(g.path(name), users["ledger" if name == "ledger" else "session"])
    g.start()
    for program, pids in g.children().items():
        user = pwd.getpwnam(users[program.replace("vanthu-", "").replace("ledgerd", "ledger")])
        for pid in pids:
            with open("/proc/%d/status" % pid) as f:
                status = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
            assert status["Uid"].split() == [str(user.pw_uid)] * 4, (program, status["Uid"])
            assert status["Gid"].split() == [str(user.pw_gid)] * 4, (program, status["Gid"])
            assert set(status["Groups"].split()) <= {str(g) for g in os.getgrouplist(
                user.pw_name, user.pw_gid)}, (program, status["Groups"])
            assert int(status["CapEff"], 16) == 0, (program, status["CapEff"])
            assert status["NoNewPrivs"] == "1", program
    for name in ("inspect", "keyd", "ledger"):
        st = os.stat(g.path("run/%s.sock" % name))
        assert (pwd.getpwuid(st.st_uid).pw_name, st.st_mode & 0o777) == ("www-data", 0o600), name
    assert greeting(g.path("in.sock")).startswith("220 ")
    pids = sum(g.children().values(), [])
    g.process.kill()  # a change of user clears the parent-death signal: it must be set again
    g.process.wait()
    wait_for("the children's end", lambda: not any(parent_of(p) for p in pids))


STUBBED = [
    who_does_not_listen_is_killed_in_time,
    each_role_gets_its_sockets_and_the_copy,
    who_is_killed_is_started_again,
    who_retires_is_no_alarm,
    who_dies_at_once_is_started_ever_more_slowly,
    a_broken_file_is_refused_with_its_line,
    a_good_file_replaces_the_workers_but_not_the_ledger,
    workers_that_do_not_start_never_replace_those_that_run,
    the_end_comes_in_order,
    children_die_with_their_parent,
    a_second_one_is_kept_out,
    check_says_what_is_wrong_and_starts_nothing,
    systemd_is_told,
]
REAL = [the_real_ones_serve_and_come_back, each_role_becomes_its_user]


def run(number, test, stubs):
    """One test in a folder of its own; what it has to say, as TAP."""
    said = ""
    skip = None
    g = Gateway(stubs)
    begin = time.monotonic()
    try:
        skip = test(g)
        result = "ok"
    except Exception:
        result = "not ok"
        for line in (traceback.format_exc() + g.read("log")).splitlines()[-40:]:
            said += "# %s\n" % line
    finally:
        g.remove()
    name = test.__name__.replace("_", " ")
    note = "SKIP " + skip if skip else "%.1f s" % (time.monotonic() - begin)
    return "%s%s %d - %s # %s" % (said, result, number, name, note)


def main():
    global stage
    only = sys.argv[1:]
    tests = [(t, True) for t in STUBBED] + [(t, False) for t in REAL]
    if only:
        tests = [(t, s) for t, s in tests if t.__name__ in only]
    print("1..%d" % len(tests))
    good = True
    stage = make_stage()
    # They mostly wait, so several run at a time.
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        for said in pool.map(lambda job: run(job[0] + 1, *job[1]), enumerate(tests)):
            print(said, flush=True)
            good = good and "not ok" not in said
    shutil.rmtree(stage)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
