#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""No private key in the memory of any process of the gateway but vanthu-keyd, while mail is
signed and verified."""

import os
import sys
import threading

from harness import document, mail, main, signed
from keyproc import name_of, needles, search
from world import BAVI, ELSEWHERE, SOTC, VPUB


def traffic(world, stop, count):
    """Mail of both zones until told to stop."""
    while not stop.is_set():
        world.submit(VPUB, ELSEWHERE, mail.message(VPUB, ELSEWHERE, "Công văn", document()))
        world.submit(BAVI, ELSEWHERE, mail.message(BAVI, ELSEWHERE, "Công văn", document()))
        world.arrive(SOTC, BAVI, mail.message(SOTC, BAVI, "Công văn", signed(world)))
        count.append(3)


def the_keys_are_in_one_process(world):
    wanted = list(needles([os.path.join(world.pki, n + ".key") for n in ("vpub", "bavi")]))
    stop, count = threading.Event(), []
    sender = threading.Thread(target=traffic, args=(world, stop, count))
    sender.start()
    try:
        holders, seen = {}, []
        for _ in range(3):
            for pid in world.gateway.pids():
                try:
                    name = name_of(pid)
                    seen.append(name)
                    for found in search(pid, wanted):
                        holders.setdefault(name, set()).add(found)
                except (FileNotFoundError, ProcessLookupError):
                    pass  # a worker that was retired meanwhile
    finally:
        stop.set()
        sender.join(60)
    assert {"vanthud", "vanthu-keyd", "vanthu-session", "vanthu-inspect",
            "vanthu-ledgerd"} <= set(seen), seen
    assert count, "no mail flowed"
    assert set(holders) == {"vanthu-keyd"}, holders
    copies = [n for n in holders["vanthu-keyd"] if n.endswith(("as PEM", "as text"))]
    assert not copies, copies


if __name__ == "__main__":
    sys.exit(main([the_keys_are_in_one_process]))
