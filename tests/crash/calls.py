# SPDX-License-Identifier: Apache-2.0
"""Kill a role at a system call, or make the call fail, by strace: no fault point is needed,
so what the fault points forget is found here."""

import collections
import os
import re
import shutil
import signal
import subprocess
import time

from house import Broken, Letter

# What changes a disk or speaks to somebody.
DISK = ("write", "pwrite64", "fsync", "fdatasync", "mkdirat", "openat2", "renameat2", "rename",
        "unlinkat", "unlink", "ftruncate")
TALK = ("sendmsg", "sendto", "recvmsg", "connect", "memfd_create")


def available():
    """strace, and the right to use it on a process that is not dumpable."""
    return shutil.which("strace") is not None and os.geteuid() == 0


class Strace:
    """strace attached to one process; `injections` as of its option -e inject=."""

    def __init__(self, pid, calls, injection=None, out="/dev/null"):
        words = ["strace", "-f", "-q", "-o", out, "-e", "trace=" + ",".join(calls)]
        if injection:
            words += ["-e", "inject=" + injection]
        self.process = subprocess.Popen(words + ["-p", str(pid)], stdin=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        end = time.monotonic() + 5
        while tracer(pid) != self.process.pid:
            if time.monotonic() > end or self.process.poll() is not None:
                raise Broken("strace cannot trace process %d" % pid)
            time.sleep(0.002)

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait()


def tracer(pid):
    try:
        with open("/proc/%d/status" % pid, encoding="ascii", errors="replace") as f:
            return int(re.search(r"TracerPid:\s+(\d+)", f.read()).group(1))
    except (FileNotFoundError, ProcessLookupError):
        return 0


def settled(role):
    """The pid of a fresh process of that role that waits for work."""
    role.restart()
    pid = role.process.pid
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            with open("/proc/%d/wchan" % pid, encoding="ascii") as f:
                waits = f.read()
            with open("/proc/%d/syscall" % pid, encoding="ascii") as f:
                call = f.read().split()[0]
        except (OSError, IndexError):
            waits = call = ""
        # poll, ppoll, accept, accept4: it has come to its loop.
        if call in ("7", "271", "43", "288") or "poll" in waits:
            return pid
        time.sleep(0.01)
    raise Broken("%s does not come to its loop" % role.name)


def count(house, scenario, role, calls):
    """How often one undisturbed message makes each call in that role."""
    out = os.path.join(house.folder, "calls.%s" % role)
    trace = Strace(settled(house.roles[role]), calls, out=out)
    letter = Letter(house, scenario)
    letter.deliver()
    trace.end()
    letter.check(0)
    with open(out, encoding="ascii", errors="replace") as f:
        names = re.findall(r"^\d+ +(\w+)\(", f.read(), re.M)
    return collections.Counter(n for n in names if n in calls)


def strike(house, scenario, role, injection, report):
    name = "%s: %s %s" % (scenario.name, role, injection)
    victim = house.roles[role]
    trace = None
    try:
        pid = settled(victim)
        before = victim.killed()
        trace = Strace(pid, [injection.split(":")[0]], injection)
        letter = Letter(house, scenario)
        letter.deliver(60)
        trace.end()
        crashes = victim.killed() - before
        report.kills += crashes
        report.errors += "error=" in injection
        report.points.add((role, injection))
        letter.check(1)
        report.result(name)
    except Broken as broken:
        report.result(name, broken, house.log_tail())
    finally:
        if trace:
            trace.end()


def kill_everywhere(house, scenario, report):
    for role in house.roles:
        for call, number in sorted(count(house, scenario, role, DISK + TALK).items()):
            for n in range(1, number + 1):
                strike(house, scenario, role, "%s:signal=SIGKILL:when=%d" % (call, n), report)


def fail_everywhere(house, scenario, report):
    for role in ("session", "ledgerd"):
        for call, number in sorted(count(house, scenario, role, DISK).items()):
            for n in range(1, number + 1):
                for errno in ("EIO", "ENOSPC"):
                    strike(house, scenario, role, "%s:error=%s:when=%d" % (call, errno, n),
                           report)
