# SPDX-License-Identifier: Apache-2.0
"""One crash after the other: kill a role at a point, deliver again, compare."""

import collections
import os
import re
import signal
import subprocess
import threading
import time

from house import ROLES, TOP, Broken, Letter


class Report:
    """TAP, and the numbers that the crash tests are about."""

    def __init__(self):
        self.number = self.failed = 0
        self.points = set()
        self.kills = self.errors = self.lost = self.twice = 0

    def result(self, name, broken=None, log=""):
        self.number += 1
        if broken:
            self.failed += 1
            text = str(broken)
            self.lost += "LOST" in text
            self.twice += text.startswith("filed")
            print("not ok %d - %s\n# %s\n%s" % (self.number, name, text, log), end="")
            print(flush=True)
        else:
            print("ok %d - %s" % (self.number, name), flush=True)

    def end(self):
        print("1..%d" % self.number)
        print("# killed at %d points, %d kills, %d errors injected: "
              "%d lost, %d filed twice, %d other failures"
              % (len(self.points), self.kills, self.errors, self.lost, self.twice,
                 self.failed - self.lost - self.twice), flush=True)
        return 1 if self.failed else 0


def list_points(house, scenario):
    """{role: Counter(point)}: what one undisturbed message passes in each process."""
    logs = {}
    for name, role in house.roles.items():
        logs[name] = os.path.join(house.folder, "points.%d.%s" % (time.monotonic_ns(), name))
        role.restart(lasting={"VANTHU_FAULT_LOG": logs[name]})
    letter = Letter(house, scenario)
    letter.deliver()
    points = {}
    for name, path in logs.items():
        try:
            with open(path, encoding="ascii") as f:
                points[name] = collections.Counter(f.read().split())
        except FileNotFoundError:
            points[name] = collections.Counter()
    for role in house.roles.values():
        role.restart()
    letter.check(0)
    return points


def strike(house, scenario, role, fault, report):
    """Start the role with the fault, send until all is answered, compare."""
    victim = house.roles[role]
    deadly = fault.endswith(":kill")
    try:
        victim.restart(faults={"VANTHU_FAULT": fault})
        before = victim.killed()
        letter = Letter(house, scenario)
        letter.deliver()
        crashes = victim.killed() - before
        if deadly and not crashes:
            raise Broken("the fault did not happen")
        # A doubt that is only pretended may repeat a step as a crash does.
        letter.check(max(crashes, 1))
        report.kills += crashes
        report.errors += not deadly
        report.points.add((role, fault.split(":")[0]))
        report.result("%s: %s %s" % (scenario.name, role, fault))
    except Broken as broken:
        report.result("%s: %s %s" % (scenario.name, role, fault), broken, house.log_tail())


def kill_everywhere(house, scenario, report, passes=None, until=None, roles=ROLES):
    """Every point of the roles, at each pass (or the first `passes`)."""
    points = list_points(house, scenario)
    for role in roles:
        for point, count in sorted(points[role].items()):
            for n in range(1, min(count, passes or count) + 1):
                if until and time.monotonic() > until:
                    return False
                strike(house, scenario, role, "%s:%d:kill" % (point, n), report)
    return True


def error_points():
    """The points that stand for a call which can fail."""
    found = set()
    for folder in ("common", "gateway"):
        for where, _, files in os.walk(os.path.join(TOP, folder)):
            for name in files:
                if name.endswith(".c"):
                    with open(os.path.join(where, name), encoding="utf-8") as f:
                        found.update(re.findall(r'FAULT_ERRNO\("([^"]+)"\)', f.read()))
    return found


def errors_everywhere(house, scenario, report, names=("EIO", "ENOSPC"), passes=None):
    """Every call behind a point fails, once."""
    points = list_points(house, scenario)
    wanted = error_points()
    for role in ROLES:
        for point, count in sorted(points[role].items()):
            if point not in wanted:
                continue
            for n in range(1, min(count, passes or count) + 1):
                for errno in names:
                    strike(house, scenario, role, "%s:%d:%s" % (point, n, errno), report)


def three_deaths(house, scenario, report):
    """I8: what kills the inspector three times is held unparsed; other mail goes on."""
    inspect = house.roles["inspect"]
    points = list_points(house, scenario)["inspect"]
    point = next((p for p in sorted(points) if "begun" in p), None)
    try:
        if point is None:
            raise Broken("the inspector has no fault point after it has begun")
        inspect.restart(lasting={"VANTHU_FAULT": point + ":1:kill"})
        before = inspect.killed()
        letter = Letter(house, scenario)
        letter.deliver()
        if inspect.killed() - before != 3:
            raise Broken("it was held after %d deaths" % (inspect.killed() - before))
        if any("Held" not in text for _, text in letter.final.values()):
            raise Broken("it was not held: %s" % letter.final)
        state = house.survey().of(letter.identifier)
        if len(state["held"]) != len(scenario.recipients) or state["copies"]:
            raise Broken("not only held: %s" % state)
        inspect.restart()
        other = Letter(house, scenario)
        other.deliver()
        other.check(0)
        report.kills += 3
        report.result("%s: three deaths of the inspector hold the message" % scenario.name)
    except Broken as broken:
        inspect.restart()
        report.result("%s: three deaths of the inspector" % scenario.name, broken,
                      house.log_tail())


def power_cut(house, scenario, report):
    """All roles at once, in the middle."""
    try:
        letter = Letter(house, scenario)
        before = {r.name: r.killed() for r in house.roles.values()}
        house.roles["session"].restart(faults={"VANTHU_FAULT": "tx-planned:1:stop"})

        first = threading.Thread(target=letter.attempt)
        first.start()
        time.sleep(0.3)
        for role in house.roles.values():
            role.kill()
        first.join()
        letter.deliver()
        letter.check(1)
        report.kills += sum(r.killed() - before[r.name] for r in house.roles.values())
        report.result("%s: all processes killed at once" % scenario.name)
    except Broken as broken:
        report.result("%s: all processes killed at once" % scenario.name, broken,
                      house.log_tail())




# --- releasing what is held -------------------------------------------------------------


def release(house, name, environment=None):
    """vanthu hold release, by force; its exit status."""
    done = subprocess.run(
        [house.program("vanthu"), "hold", "release", "--config", house.config, "--force",
         "--reason", "crash test", name],
        env=dict(os.environ, **(environment or {})), stdin=subprocess.DEVNULL,
        stdout=house.log, stderr=house.log, check=False)
    return done.returncode


def held_letter(house, scenario):
    letter = Letter(house, scenario)
    letter.deliver()
    (folder,) = house.survey().of(letter.identifier)["held"]
    return letter, os.path.basename(folder)


def check_release(house, letter, name, crashes):
    survey = house.survey()
    copies = survey.copies[letter.identifier]
    if not copies:
        raise Broken("LOST: released, never relayed")
    if len(copies) > 1 + crashes:
        raise Broken("%d copies after %d crashes" % (len(copies), crashes))
    if len({copy.data for copy in copies}) != 1:
        raise Broken("two copies differ")
    if survey.of(letter.identifier)["held"]:
        raise Broken("released, and still held")
    if release(house, name) == 0:
        raise Broken("released twice")
    if house.survey().of(letter.identifier) != survey.of(letter.identifier):
        raise Broken("one more release changed something")


def releases(house, scenario, report, until=None):
    """Kill the command at each point of a release, release again, compare."""
    log = os.path.join(house.folder, "points.release")
    letter, name = held_letter(house, scenario)
    if release(house, name, {"VANTHU_FAULT_LOG": log}) != 0:
        raise Broken("a release fails")
    check_release(house, letter, name, 0)
    with open(log, encoding="ascii") as f:
        points = collections.Counter(f.read().split())
    for point, count in sorted(points.items()):
        for n in range(1, count + 1):
            if until and time.monotonic() > until:
                return False
            fault = "%s:%d:kill" % (point, n)
            try:
                letter, name = held_letter(house, scenario)
                if release(house, name, {"VANTHU_FAULT": fault}) != -signal.SIGKILL:
                    raise Broken("the fault did not happen")
                end = time.monotonic() + 20
                while release(house, name) != 0:
                    if time.monotonic() > end:
                        raise Broken("it cannot be released again")
                    time.sleep(0.05)
                check_release(house, letter, name, 1)
                report.kills += 1
                report.points.add(("vanthu", point))
                report.result("release: vanthu %s" % fault)
            except Broken as broken:
                report.result("release: vanthu %s" % fault, broken, house.log_tail())
    return True
