# SPDX-License-Identifier: Apache-2.0
"""What is read from the kernel and from the machine: CPU, memory, disk, load."""

import os
import re
import subprocess
import tempfile
import threading
import time

TICK = os.sysconf("SC_CLK_TCK")


def _stat(pid):
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def tree(root):
    """A process and all its descendants."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        stat = _stat(int(name))
        if stat:
            parents[int(name)] = int(stat[1])
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def cpu_seconds(root):
    """
    User and system time of a tree, with that of its ended children. Of living processes
    the scheduler's own figure in nanoseconds is taken, not the ticks.
    """
    total = 0.0
    for pid in tree(root):
        stat = _stat(pid)
        if not stat:
            continue
        total += (int(stat[13]) + int(stat[14])) / TICK
        try:
            with open("/proc/%d/schedstat" % pid) as f:
                total += int(f.read().split()[0]) / 1e9
        except (FileNotFoundError, ProcessLookupError):
            total += (int(stat[11]) + int(stat[12])) / TICK
    return total


def name_of(pid):
    try:
        with open("/proc/%d/comm" % pid) as f:
            return f.read().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def private_kib(pid):
    """(private, anonymous) KiB: pages that no other process maps; memory without a file."""
    try:
        with open("/proc/%d/smaps_rollup" % pid) as f:
            text = f.read()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0, 0
    private = sum(int(n) for n in re.findall(r"^Private_(?:Clean|Dirty): +(\d+)", text, re.M))
    anonymous = sum(int(n) for n in re.findall(r"^Anonymous: +(\d+)", text, re.M))
    return private, anonymous


class Peaks:
    """Samples a tree's memory in the background; peak by program name."""

    def __init__(self, root):
        self.root = root
        self.peak = {}
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._sample)

    def _sample(self):
        while not self.stop.is_set():
            for pid in tree(self.root):
                name, (private, anonymous) = name_of(pid), private_kib(pid)
                old = self.peak.get(name, (0, 0))
                self.peak[name] = (max(old[0], private), max(old[1], anonymous))
            self.stop.wait(0.005)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exception):
        self.stop.set()
        self.thread.join()


def fsync_rate(folder, seconds=1.0):
    """Writes of 4 KiB with fsync per second."""
    with tempfile.TemporaryFile(dir=folder) as f:
        count, begin = 0, time.monotonic()
        while time.monotonic() - begin < seconds:
            f.write(b"x" * 4096)
            f.flush()
            os.fsync(f.fileno())
            count += 1
        return count / (time.monotonic() - begin)


def openssl_speed():
    """What this machine's cores do, one core, as openssl itself says."""
    lines = []
    for algorithm in ("rsa2048", "ecdsap256", "sha256"):
        words = ["openssl", "speed", "-seconds", "1"]
        if algorithm == "sha256":
            words += ["-bytes", "16384", "-evp"]
        done = subprocess.run(
            words + [algorithm], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        lines.append(done.stdout.decode().strip().splitlines()[-1].strip())
    return lines


def load():
    return " ".join("%.2f" % n for n in os.getloadavg())
