#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Hold on real servers: list, show, release (which judges again) and drop."""

import re
import sys

from harness import absent, document, mail, main, same
from world import BAVI

STRANGER = "ai@elsewhere.example"


def hold(world, *words, status=0):
    return world.gateway.command(
        "hold", *words[:1], "--config", world.gateway.config, *words[1:], status=status)


def send_held(world, subject):
    token = mail.message_id()
    code, text = world.arrive(STRANGER, BAVI, mail.message(
        STRANGER, BAVI, subject, document(), identifier=token))
    same(code, 250, text)
    absent(world, BAVI, token)
    return token


def held_id(world, subject):
    for line in hold(world, "list").splitlines():
        if subject in line:
            return re.search(r"\b[0-9a-z]{26}\b", line).group(0)
    raise AssertionError("no %r in:\n%s" % (subject, hold(world, "list")))


def what_is_held_is_listed_and_shown_with_its_reason(world):
    send_held(world, "Giu-lai-1")
    one = held_id(world, "Giu-lai-1")
    shown = hold(world, "show", one)
    assert STRANGER in shown and BAVI in shown, shown


def what_is_dropped_goes_nowhere_and_says_why_in_the_trace(world):
    token = send_held(world, "Giu-lai-2")
    one = held_id(world, "Giu-lai-2")
    hold(world, "drop", "--reason", "thu rac", one)
    assert "Giu-lai-2" not in hold(world, "list")
    absent(world, BAVI, token)
    trace = world.gateway.command("trace", "--config", world.gateway.config, one)
    assert "thu rac" in trace, trace


def what_is_released_is_delivered_once(world):
    token = send_held(world, "Giu-lai-3")
    one = held_id(world, "Giu-lai-3")
    hold(world, "release", "--reason", "da goi dien xac nhan", one)
    same(len(world.dovecot.wait_message(BAVI, token)), 1, "copies")
    assert "Giu-lai-3" not in hold(world, "list")
    hold(world, "release", "--reason", "lan nua", one, status=None)
    world.postfix.wait_empty()
    same(len(world.dovecot.wait_message(BAVI, token)), 1, "copies after a second release")


TESTS = [
    what_is_held_is_listed_and_shown_with_its_reason,
    what_is_dropped_goes_nowhere_and_says_why_in_the_trace,
    what_is_released_is_delivered_once,
]

if __name__ == "__main__":
    sys.exit(main(TESTS))
