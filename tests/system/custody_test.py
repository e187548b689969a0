#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Custody on real servers: what Postfix has accepted arrives, whatever is stopped or
killed on the way: the return listener, each of our processes, all of them at once."""

import os
import signal
import sys
import threading
import time

from harness import document, mail, main, same, signed
from servers import listening, read_text, wait_for, write
from world import BAVI, SOTC, VPUB


def copies(world, mailbox, tokens):
    """How often each token is in the mailbox."""
    messages = world.dovecot.fetch(mailbox)
    return {t: sum(t.encode() in m for m in messages) for t in tokens}


def filed_copies(world, tokens):
    counts = dict.fromkeys(tokens, 0)
    for folder in world.gateway.filed("bavi"):
        with open(os.path.join(folder, "original.eml"), "rb") as f:
            text = f.read()
        for t in tokens:
            counts[t] += t.encode() in text
    return counts


def set_return_listener(world, running):
    """Take the return listener out of Postfix's services, or put it back."""
    listener = world.postfix.names["127.0.0.1:10026"]
    world.postfix.hidden = set() if running else {listener}
    world.postfix.reload()
    port = int(listener.rsplit(":", 1)[1])
    wait_for("the return listener", lambda: listening(port) == running)


def the_return_listener_may_stop(world):
    """4xx while it is away; tried again when it is back; arrives once."""
    tokens = [mail.message_id() for _ in range(3)]
    set_return_listener(world, False)
    try:
        for t in tokens:
            same(world.submit(VPUB, BAVI, mail.message(
                VPUB, BAVI, "Chờ", document(), identifier=t))[0], 250, "submission")
        code, text = world.arrive(SOTC, BAVI, mail.message(SOTC, BAVI, "Chờ", signed(world)))
        assert 400 <= code < 500, "before the queue the client must keep it: %d %s" % (code, text)
        time.sleep(2)
        same(len(world.postfix.queued()), len(tokens), "messages that wait")
    finally:
        set_return_listener(world, True)
    for t in tokens:
        world.dovecot.wait_message(BAVI, t)
    world.postfix.wait_empty()
    same(copies(world, BAVI, tokens), dict.fromkeys(tokens, 1), "copies relayed")
    same(filed_copies(world, tokens), dict.fromkeys(tokens, 1), "copies filed")


def traffic(world, tokens, stop):
    """Clerks that submit until told to stop; tokens of what Postfix took."""
    def clerk():
        while not stop.is_set():
            t = mail.message_id()
            try:
                if world.submit(VPUB, BAVI, mail.message(
                        VPUB, BAVI, "Giao thông", document(size=20000), identifier=t))[0] == 250:
                    tokens.append(t)
            except OSError:
                pass
            time.sleep(0.05)

    threads = [threading.Thread(target=clerk) for _ in range(2)]
    for thread in threads:
        thread.start()
    return threads


def under_traffic(world, harm):
    """Do harm while mail flows; then all that was taken is there, filed once."""
    tokens, stop = [], threading.Event()
    threads = traffic(world, tokens, stop)
    try:
        time.sleep(1)
        harm()
        time.sleep(1)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert len(tokens) > 10, "hardly any traffic: %d" % len(tokens)
    world.postfix.flush()
    world.postfix.wait_empty(120)
    relayed = copies(world, BAVI, tokens)
    filed = filed_copies(world, tokens)
    lost = [t for t in tokens if relayed[t] == 0 or filed[t] == 0]
    twice = [t for t in tokens if filed[t] > 1]
    assert not lost, "%d of %d lost" % (len(lost), len(tokens))
    assert not twice, "%d of %d filed more than once" % (len(twice), len(tokens))
    duplicates = sum(n - 1 for n in relayed.values())
    print("# %d messages, 0 lost, 0 filed twice, %d relayed again" % (len(tokens), duplicates))


def pids_named(world, name):
    found = []
    for pid in world.gateway.pids():
        try:
            with open("/proc/%d/cmdline" % pid, "rb") as f:
                if os.path.basename(f.read().split(b"\0")[0].decode()) == name:
                    found.append(pid)
        except FileNotFoundError:
            pass
    return found


def kill_role(world, name):
    """Kill every process of a role, five times; vanthud starts them again, each time a
    little later when they die young."""
    killed = []

    def harm():
        for _ in range(5):
            pids = wait_for("a process " + name, lambda: pids_named(world, name), 20)
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)
                except ProcessLookupError:
                    pass
            time.sleep(0.5)

    under_traffic(world, harm)
    assert len(killed) >= 5, killed
    print("# %d processes killed" % len(killed))


def sessions_may_be_killed_under_traffic(world):
    kill_role(world, "vanthu-session")


def inspectors_may_be_killed_under_traffic(world):
    kill_role(world, "vanthu-inspect")


def keyd_may_be_killed_under_traffic(world):
    kill_role(world, "vanthu-keyd")


def ledgerd_may_be_killed_under_traffic(world):
    kill_role(world, "vanthu-ledgerd")


def everything_may_be_killed_and_started_again_under_traffic(world):
    def harm():
        world.gateway.kill()
        time.sleep(1)
        world.gateway.start()

    under_traffic(world, harm)


def term_stops_within_ten_seconds_with_nothing_lost(world):
    def harm():
        begin = time.monotonic()
        status = world.gateway.stop()
        took = time.monotonic() - begin
        assert took < 10, "took %.1f s" % took
        same(status, 0, "exit status")
        world.gateway.start()

    under_traffic(world, harm)


def a_bad_configuration_is_refused_and_the_running_one_stays(world):
    good = read_text(world.gateway.config)
    write(world.gateway.config, good + "nonsense = 1;\n")
    try:
        mark = len(world.gateway.log())
        world.gateway.reload()
        wait_for("a word on line and key", lambda: "nonsense" in world.gateway.log()[mark:], 10)
        under_traffic(world, lambda: None)
    finally:
        write(world.gateway.config, good)
    world.gateway.reload()
    under_traffic(world, lambda: None)


def no_process_is_left_behind(world):
    pids = world.gateway.pids()
    same(world.gateway.stop(), 0, "exit status")
    left = [p for p in pids if os.path.exists("/proc/%d" % p)]
    same(left, [], "processes that still live")
    world.gateway.start()


TESTS = [
    the_return_listener_may_stop,
    sessions_may_be_killed_under_traffic,
    inspectors_may_be_killed_under_traffic,
    keyd_may_be_killed_under_traffic,
    ledgerd_may_be_killed_under_traffic,
    everything_may_be_killed_and_started_again_under_traffic,
    term_stops_within_ten_seconds_with_nothing_lost,
    a_bad_configuration_is_refused_and_the_running_one_stays,
    no_process_is_left_behind,
]

if __name__ == "__main__":
    sys.exit(main(TESTS))
