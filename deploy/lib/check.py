# SPDX-License-Identifier: Apache-2.0
"""Build Vanthu and run all its tests.

usage: deploy/check [--quick] [--only STAGE[,STAGE]] [--keep] [--jobs N] [--list]

Works in a copy of the tree under $TMPDIR (default /tmp), so the tree stays as it is. As
root it first installs the Debian packages of deploy/packages that are missing; whoever is
not root, or misses a package, sees the tests that need it as skipped.

  --quick   only the first build and its tests: for a developer, about two minutes
  --only    only these stages (and what they need); --list names them
  --keep    do not remove the copy at the end; its name is printed
  --jobs N  for make; default: the number of cores

The corpora of third parties are found in $VANTHU_SHARED/corpora (default: ../shared beside
the tree); without them their tests are skipped. The last line is
"N passed, N failed, N skipped"; the exit status is 0 when nothing failed, 1 otherwise.
"""

import argparse
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from tree import TOP, copy_tree

NOBODY = 65533  # a user id that owns nothing on this machine
LOG_LINES = 60  # shown of one failure
LOG_TOTAL = 600  # shown of all failures


class Stop(Exception):
    """The rest of a stage cannot be done; its failure is counted already."""


class Check:
    def __init__(self, options):
        self.options = options
        self.begin = time.monotonic()
        self.passed = self.failed = self.skipped = 0
        self.shown = 0
        self.child = None
        self.folder = tempfile.mkdtemp(prefix="vanthu-check.")
        os.chmod(self.folder, 0o755)
        self.source = os.path.join(self.folder, "vanthu")
        self.logs = os.path.join(self.folder, "logs")
        os.mkdir(self.logs)
        self.temporary = os.path.join(self.folder, "tmp")
        os.mkdir(self.temporary)
        os.chmod(self.temporary, 0o1777)
        self.shared = os.path.realpath(
            os.environ.get("VANTHU_SHARED", os.path.join(TOP, "..", "shared"))
        )
        self.root = os.geteuid() == 0

    # --- saying and counting -----------------------------------------------------

    def say(self, text):
        print("[%5.0f s] %s" % (time.monotonic() - self.begin, text), flush=True)

    def show(self, title, text):
        """A bounded piece of a log."""
        lines = [l for l in text.splitlines() if l.strip()]
        room = max(0, min(LOG_LINES, LOG_TOTAL - self.shown))
        self.shown += min(room, len(lines))
        print("  --- %s" % title)
        if len(lines) > room:
            print("  ... %d earlier lines" % (len(lines) - room))
        for line in lines[len(lines) - room :]:
            print("  " + line[:300])
        sys.stdout.flush()

    def count(self, name, passed, failed, skipped):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped
        self.say("%-28s %d passed, %d failed, %d skipped" % (name, passed, failed, skipped))

    def one(self, name, good, log=""):
        """Count one thing that either works or does not."""
        self.count(name, int(good), int(not good), 0)
        if not good:
            self.show(name, failures_of(log))
        return good

    # --- running -----------------------------------------------------------------

    def environment(self, extra=None):
        env = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": self.folder,
            "LC_ALL": "C.UTF-8",
            "TMPDIR": self.temporary,
            "VANTHU_SHARED": self.shared,
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        env.update(extra or {})
        return env

    def run(self, name, command, cwd, seconds, env=None, unprivileged=False):
        """(exit status, output); output is kept in the logs folder too. 124 = too slow."""
        path = os.path.join(self.logs, re.sub(r"[^A-Za-z0-9.-]+", "-", name) + ".log")
        if unprivileged and self.root:
            command = [
                "setpriv", "--reuid=%d" % NOBODY, "--regid=%d" % NOBODY, "--clear-groups",
            ] + list(command)
        with open(path, "wb") as out:
            self.child = subprocess.Popen(
                command, cwd=cwd, env=self.environment(env), stdin=subprocess.DEVNULL,
                stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
            )
            try:
                status = self.child.wait(seconds)
            except subprocess.TimeoutExpired:
                status = 124
            self.end_child()
        with open(path, encoding="utf-8", errors="replace") as f:
            return status, f.read()

    def end_child(self):
        """Whatever the last command left behind in its session ends with it."""
        if not self.child:
            return
        for signum in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.child.pid, signum)
            except (ProcessLookupError, PermissionError):
                break
            time.sleep(0.2)
        self.child.wait()
        self.child = None

    def must(self, name, command, cwd, seconds, **more):
        """A step without which the stage has no sense."""
        status, output = self.run(name, command, cwd, seconds, **more)
        if status != 0:
            self.one(name, False, output + "\nexit status %d" % status)
            raise Stop
        return output

    def make(self, build, *words):
        return ["make", "-C", build, "-j%d" % self.options.jobs] + list(words)

    # --- builds --------------------------------------------------------------------

    def prepare(self):
        copy_tree(self.source)
        if os.path.isdir(self.shared):
            os.symlink(self.shared, os.path.join(self.folder, "shared"))
        if not os.path.exists(os.path.join(self.source, "configure")):
            self.must("autogen", ["sh", "./autogen.sh"], self.source, 300)
        run = ["chmod", "-R", "a+rX", self.source]
        self.must("permissions", run, self.folder, 60)

    def build(self, name, arguments, cflags="-O2 -g", owner=None):
        folder = os.path.join(self.folder, "build-" + name)
        os.mkdir(folder)
        if owner is not None and self.root:
            os.chown(folder, owner, owner)
        unprivileged = owner is not None
        self.must(
            name + ": configure",
            ["../vanthu/configure", "--quiet", "CFLAGS=" + cflags] + arguments,
            folder, 300, unprivileged=unprivileged,
        )
        self.must(name + ": make", self.make(folder), folder, 900, unprivileged=unprivileged)
        self.say("%s: built" % name)
        return folder

    def results(self, name, build, output, status):
        """Count automake's .trs files; show the logs of what failed."""
        counts = {"PASS": 0, "FAIL": 0, "SKIP": 0}
        bad = []
        for path in sorted(glob.glob(os.path.join(build, "**", "*.trs"), recursive=True)):
            with open(path, encoding="utf-8", errors="replace") as f:
                words = re.findall(r"^:test-result: (\w+)", f.read(), re.M)
            for word in words:
                kind = {"PASS": "PASS", "XFAIL": "PASS", "SKIP": "SKIP"}.get(word, "FAIL")
                counts[kind] += 1
                if kind == "FAIL" and (not bad or bad[-1] != path):
                    bad.append(path)
            if not words:
                counts["FAIL"] += 1
                bad.append(path)
        if status != 0 and not bad:
            counts["FAIL"] += 1
            self.show(name, output + "\nexit status %d" % status)
        self.count(name, counts["PASS"], counts["FAIL"], counts["SKIP"])
        for path in bad:
            log = re.sub(r"\.trs$", ".log", path)
            with open(log, encoding="utf-8", errors="replace") as f:
                self.show(os.path.relpath(log, build), failures_of(f.read()))

    def make_check(self, name, build, seconds, unprivileged=False, env=None):
        command = self.make(build, "check")
        status, output = self.run(
            name, command, build, seconds, env=env, unprivileged=unprivileged
        )
        self.results(name, build, output, status)

    def test_environment(self, build):
        """What `make check` gives its tests."""
        return {
            "VANTHU_SRCDIR": self.source,
            "VANTHU_BUILDDIR": build,
            "VANTHU_LOCALEDIR": os.path.join(build, "po"),
            "PYTHONPATH": os.path.join(self.source, "tests"),
            "CMOCKA_MESSAGE_OUTPUT": "TAP",
        }

    # --- scripts that speak TAP ----------------------------------------------------

    def tap(self, name, command, seconds, unprivileged=False, env=None, build=None):
        extra = self.test_environment(build or os.path.join(self.folder, "build-gcc"))
        extra.update(env or {})
        status, output = self.run(
            name, command, self.folder, seconds, env=extra, unprivileged=unprivileged
        )
        passed, failed, skipped = tap_counts(output, status)
        self.count(name, passed, failed, skipped)
        if failed:
            self.show(name, failures_of(output) + "\nexit status %d" % status)

    def script(self, name, path, seconds, arguments=(), **more):
        """A test script of the tree, run by the interpreter that its name calls for."""
        full = os.path.join(self.source, path)
        interpreter = ["/usr/bin/python3"] if path.endswith(".py") else []
        self.tap(name, interpreter + [full] + list(arguments), seconds, **more)


def tap_counts(output, status):
    """(passed, failed, skipped) of a TAP stream; a broken stream counts as a failure."""
    passed = failed = skipped = 0
    plan = None
    for line in output.splitlines():
        found = re.match(r"1\.\.(\d+)(.*)", line)
        if found:
            plan = int(found.group(1))
            if plan == 0 and "skip" in found.group(2).lower():
                return 0, 0, 1
        elif re.match(r"not ok\b", line):
            failed += 1
        elif re.match(r"ok\b", line):
            if re.search(r"#\s*skip", line, re.I):
                skipped += 1
            else:
                passed += 1
        elif line.startswith("Bail out!"):
            failed += 1
    if plan is None or plan != passed + failed + skipped:
        failed += 1
    elif status != 0 and failed == 0:
        failed += 1
    return passed, failed, skipped


def failures_of(log):
    """The part of a TAP log that says what failed: `not ok` lines and what stands by them."""
    lines = log.splitlines()
    wanted = set()
    for number, line in enumerate(lines):
        if re.match(r"not ok\b|Bail out!|FAIL: |ERROR: |fatal: |.*( error: |ERROR: |runtime error:|Assertion)", line):
            wanted.update(range(max(0, number - 6), min(len(lines), number + 12)))
    if not wanted:
        return log
    return "\n".join(lines[number] for number in sorted(wanted))


# --- the stages: name, in --quick, what it does ---------------------------------------


def stage_gcc(c):
    build = c.build("gcc", ["--enable-werror", "--enable-faults"], owner=NOBODY)
    c.make_check("make check (gcc)", build, 600, unprivileged=True)


def stage_format(c):
    c.script("format", "tests/check-format", 60)


def stage_conformance(c):
    """Forged and honest mail, other people's corpora: needs the programs that were built."""
    for name in ("heavy", "hostile", "mutate", "openssl_mail", "rfc9216", "smime_corpora",
                 "survive"):
        path = os.path.join("tests", "conformance", name + ".py")
        if os.path.exists(os.path.join(c.source, path)):
            c.script("conformance: " + name, path, 300)


def stage_root(c):
    """What `make check` could not try, for it ran as nobody: other users, the walls of root."""
    walls = os.path.join(c.folder, "build-gcc", "tests", "sandbox", "walls_test")
    runner = os.path.join(c.source, "tests", "unit", "tap")
    if not c.root:
        c.count("as root", 0, 0, 1)
        return
    c.tap("as root: walls", [runner, walls], 120)
    for path in ("tests/supervisor/supervisor_test.py", "tests/session/program.py",
                 "tests/system/keyproc.py"):
        c.script("as root: " + os.path.basename(path), path, 200)


def stage_system(c):
    for path in sorted(glob.glob(os.path.join(c.source, "tests", "system", "*_test.py"))):
        name = os.path.basename(path)[: -len("_test.py")]
        c.script("system: " + name, os.path.relpath(path, c.source), 300)


def stage_crash(c):
    for name, seconds in (("quick", 240), ("load", 240)):
        c.script("crash: " + name, "tests/crash/" + name, seconds)
        log = os.path.join(c.logs, "crash-%s.log" % name)
        with open(log, encoding="utf-8", errors="replace") as f:
            numbers = [line[2:] for line in f.read().splitlines() if " lost, " in line]
        c.say("crash: %s: %s" % (name, numbers[-1] if numbers else "no numbers"))


def stage_clang(c):
    build = c.build("clang", ["CC=clang", "--enable-werror"])
    status, output = c.run("clang: tests", c.make(build, "check", "TESTS="), build, 600)
    c.one("clang --enable-werror", status == 0, output)


def stage_sanitize(c):
    build = c.build(
        "sanitize",
        ["--enable-werror", "--enable-faults", "--with-sanitizers=address,undefined"],
        cflags="-O1 -g",
    )
    c.make_check("make check (ASan, UBSan)", build, 900)


# Not under valgrind: it takes too long there, or valgrind lacks the system call.
NOT_VALGRIND = {
    "file_test": "openat2",
    "folder_test": "openat2",
    "hold_test": "openat2",
    "keys_test": "makes RSA keys for more than a minute",
}


def stage_valgrind(c):
    build = os.path.join(c.folder, "build-gcc")
    passed = failed = skipped = 0
    for path in sorted(glob.glob(os.path.join(build, "tests", "unit", "*_test"))):
        if os.path.basename(path) in NOT_VALGRIND:
            skipped += 1
            continue
        name = "valgrind " + os.path.basename(path)
        status, output = c.run(
            name,
            ["valgrind", "-q", "--error-exitcode=99", "--leak-check=full",
             "--errors-for-leak-kinds=definite",
             "--suppressions=" + os.path.join(c.source, "tests", "valgrind.supp"), path],
            c.folder, 120, env=c.test_environment(build),
        )
        if status == 0:
            passed += 1
        else:
            failed += 1
            c.show(name, output + "\nexit status %d" % status)
    c.count("valgrind (unit tests)", passed, failed, skipped)


def stage_dist(c):
    build = os.path.join(c.folder, "build-gcc")
    status, output = c.run(
        "distcheck", c.make(build, "distcheck", "DISTCHECK_CONFIGURE_FLAGS=--enable-faults"),
        build, 1200, unprivileged=True,
    )
    c.one("make distcheck", status == 0, output)


STAGES = [
    ("gcc", True, stage_gcc),
    ("format", True, stage_format),
    ("conformance", True, stage_conformance),
    ("root", False, stage_root),
    ("system", False, stage_system),
    ("crash", False, stage_crash),
    ("sanitize", False, stage_sanitize),
    ("valgrind", False, stage_valgrind),
    ("clang", False, stage_clang),
    ("dist", False, stage_dist),
]
# What runs the programs of the first build.
NEEDS_GCC = {"conformance", "root", "system", "crash", "valgrind", "dist"}


def arguments(argv):
    names = [name for name, _, _ in STAGES]
    parser = argparse.ArgumentParser(usage=argparse.SUPPRESS, add_help=False)
    parser.add_argument("--help", "-h", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options, unknown = parser.parse_known_args(argv)
    if unknown:
        parser.exit(64, "check: unknown option %s; deploy/check --help\n" % unknown[0])
    if options.help:
        print(__doc__.strip())
        sys.exit(0)
    if options.list:
        print("\n".join(names))
        sys.exit(0)
    wanted = [name for name in options.only.split(",") if name]
    for name in wanted:
        if name not in names:
            parser.exit(64, "check: no stage %s; --list names them\n" % name)
    if not wanted:
        wanted = [name for name, quick, _ in STAGES if quick or not options.quick]
    if NEEDS_GCC & set(wanted):
        wanted.append("gcc")
    options.wanted = set(wanted)
    return options


def main(argv):
    options = arguments(argv)
    check = Check(options)

    def interrupted(signum, frame):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupted)
    status = 1
    try:
        check.say("checking %s in %s" % (TOP, check.folder))
        try:
            check.prepare()
            for name, _, stage in STAGES:
                if name not in options.wanted:
                    continue
                try:
                    stage(check)
                except Stop:
                    if name == "gcc":
                        raise
        except Stop:
            pass
        status = 0 if check.failed == 0 else 1
    finally:
        check.end_child()
        if options.keep:
            check.say("kept: %s" % check.folder)
        else:
            shutil.rmtree(check.folder, ignore_errors=True)
    print(
        "%d passed, %d failed, %d skipped" % (check.passed, check.failed, check.skipped),
        flush=True,
    )
    return status


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("interrupted")
        sys.exit(130)
