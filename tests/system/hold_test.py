#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Hold on real servers: list, show, release (which judges again) and drop."""

import os
import re
import shutil
import sys

from harness import absent, document, mail, main, same, signed
from servers import read_text, write
from world import BAVI, SOTC


def hold(world, *words, status=0):
    return world.gateway.command(
        "hold", *words[:1], "--config", world.gateway.config, *words[1:], status=status)


def send_held(world, sender):
    token = mail.message_id()
    code, text = world.arrive(sender, BAVI, mail.message(
        sender, BAVI, "Hỏi về 6/KH-VP", document(), identifier=token))
    same(code, 250, text)
    absent(world, BAVI, token)
    return token


def held_id(world, sender):
    for line in hold(world, "list").splitlines():
        if sender in line:
            return re.match(r"[0-9a-z]{26}-\d+", line).group(0)
    raise AssertionError("no %r in:\n%s" % (sender, hold(world, "list")))


def what_is_held_is_listed_and_shown_with_its_reason(world):
    send_held(world, "ai-1@elsewhere.example")
    one = held_id(world, "ai-1@elsewhere.example")
    shown = hold(world, "show", one)
    assert "ai-1@elsewhere.example" in shown and BAVI in shown, shown


def what_is_dropped_goes_nowhere_and_says_why_in_the_trace(world):
    token = send_held(world, "ai-2@elsewhere.example")
    one = held_id(world, "ai-2@elsewhere.example")
    hold(world, "drop", "--reason", "thu rac", one)
    assert "ai-2@elsewhere.example" not in hold(world, "list")
    absent(world, BAVI, token)
    trace = world.gateway.command(
        "trace", "--config", world.gateway.config, one.split("-")[0])
    assert "thu rac" in trace, trace


def what_is_released_is_delivered_once(world):
    token = send_held(world, "ai-3@elsewhere.example")
    one = held_id(world, "ai-3@elsewhere.example")
    said = hold(world, "release", "--reason", "chua xem lai", one, status=75)
    assert "unsigned-to-agency" in said, "a release must judge again:\n" + said
    absent(world, BAVI, token)
    hold(world, "release", "--force", "--reason", "da goi dien xac nhan", one)
    same(len(world.dovecot.wait_message(BAVI, token)), 1, "copies")
    assert "ai-3@elsewhere.example" not in hold(world, "list")
    hold(world, "release", "--force", "--reason", "lan nua", one, status=None)
    world.postfix.wait_empty()
    same(len(world.dovecot.wait_message(BAVI, token)), 1, "copies after a second release")


def restart(world, routing, text):
    world.gateway.stop()
    write(routing, text)
    world.gateway.start()


def what_root_releases_stands_in_nobodys_way(world):
    """What is filed by a release is the session user's, as all that it files later."""
    routing = os.path.join(world.gateway.etc, "routing.conf")
    usual = read_text(routing)
    restart(world, routing, 'rules = ( { name = "all"; action = "hold"; } );\n')
    try:
        token = mail.message_id()
        same(world.arrive(SOTC, BAVI, mail.message(
            SOTC, BAVI, "Kế hoạch", signed(world), identifier=token))[0], 250, "reply")
        one = held_id(world, SOTC)
    finally:
        restart(world, routing, usual)
    shutil.rmtree(os.path.join(world.gateway.intake, "bavi"), ignore_errors=True)
    hold(world, "release", "--reason", "luat da doi", one)
    world.dovecot.wait_message(BAVI, token)
    code, text = world.arrive(SOTC, BAVI, mail.message(
        SOTC, BAVI, "Kế hoạch 2", signed(world)))
    same(code, 250, text)
    same(len(world.gateway.filed("bavi")), 2, "folders")


TESTS = [
    what_is_held_is_listed_and_shown_with_its_reason,
    what_is_dropped_goes_nowhere_and_says_why_in_the_trace,
    what_is_released_is_delivered_once,
    what_root_releases_stands_in_nobodys_way,
]

if __name__ == "__main__":
    sys.exit(main(TESTS))
