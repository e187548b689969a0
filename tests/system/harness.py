# SPDX-License-Identifier: Apache-2.0
"""Tests on real servers: a list of functions that take the World, reported as TAP.

A test that raises (an assertion, a Failure, anything) has failed; what it raised and the
last lines of the gateway's log stand below it. Programs come from $VANTHU_BUILDDIR.
"""

import os
import signal
import sys
import time
import traceback

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "deploy", "lib"))

import mail  # noqa: E402
from servers import Failure, need_root, read_text  # noqa: E402
from world import World  # noqa: E402

BUILD = os.environ.get("VANTHU_BUILDDIR", os.path.join(TOP, "build"))
ROUTING = read_text(os.path.join(TOP, "deploy", "demo.d", "routing.conf"))


def document(number="06/KH-VP", size=3000, name="06_KH-VP.pdf"):
    """An entity with an official document in it."""
    return mail.entity(
        "Kính gửi UBND huyện Ba Vì.\n", [(name, "application/pdf", mail.pdf("So " + number, size))]
    )


def signed(world, who="sotc", entity=None, **more):
    return mail.signed_entity(world.pki, who, entity or document(), **more)


def absent(world, mailbox, token, seconds=3):
    """The token does not arrive in that mailbox (nor wait in a queue to arrive)."""
    world.postfix.wait_empty(30)
    time.sleep(0.2)
    assert not [m for m in world.dovecot.fetch(mailbox) if token.encode() in m], (
        "%s reached %s" % (token, mailbox))


def same(found, wanted, what):
    assert found == wanted, "%s: found %r, wanted %r" % (what, found, wanted)


def run_one(number, test, world):
    begin = time.monotonic()
    mark = len(world.gateway.log())
    name = "%s - %s" % (number, test.__name__.replace("_", " "))
    try:
        test(world)
        print("ok %s # %.1f s" % (name, time.monotonic() - begin), flush=True)
        return True
    except Exception:
        print("not ok %s" % name)
        for line in traceback.format_exc().splitlines():
            print("# " + line[:300])
        for line in world.gateway.log()[mark:].splitlines()[-15:]:
            print("# gateway: " + line[:300])
        for line in world.postfix.log().splitlines()[-8:]:
            print("# postfix: " + line[:300])
        sys.stdout.flush()
        return False


def main(tests, **options):
    reason = need_root()
    if reason:
        print("1..0 # SKIP %s" % reason)
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    only = sys.argv[1:]
    if only:
        tests = [t for t in tests if any(word in t.__name__ for word in only)]
    print("1..%d" % len(tests), flush=True)
    good = True
    try:
        with World(BUILD, ROUTING, prefix="vanthu-system.", **options) as world:
            for number, test in enumerate(tests, 1):
                good = run_one(number, test, world) and good
    except Failure as e:
        print("Bail out! %s" % str(e).replace("\n", "\n# "))
        return 1
    return 0 if good else 1
