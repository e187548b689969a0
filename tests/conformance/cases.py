# SPDX-License-Identifier: Apache-2.0
"""All cases, good and hostile."""

import cases_clients
import cases_cms
import cases_good
import cases_honest
import cases_mime
import cases_parsers
import cases_trust
import forge
from forge import DAY, NOW, Certificate, basic_constraints, key_usage, name


def good(a):
    for group in (cases_good, cases_clients, cases_honest):
        yield from group.good(a)


def hostile(a):
    for group in (cases_cms, cases_trust, cases_mime, cases_parsers):
        yield from group.hostile(a)


def revocation_lists(a):
    """The lists that cases name, in PEM: one file each, issuing and root together."""
    root = forge.revocation_list(a.root)
    serial = a.leaf.serial
    past = NOW - 10 * DAY
    other = Certificate(name("Another"), a.key("p256", "othercrl"), None, [
        basic_constraints(True), key_usage("keyCertSign", "cRLSign")])
    return {
        "good": root + forge.revocation_list(a.issuing),
        "revoked": root + forge.revocation_list(a.issuing, [(serial, past)]),
        "revoked-later": forge.revocation_list(a.root, begins=NOW - 5 * DAY) +
        forge.revocation_list(a.issuing, [(serial, NOW - DAY)], begins=NOW - 5 * DAY),
        "issuing-revoked": forge.revocation_list(a.root, [(a.issuing.serial, past)]) +
        forge.revocation_list(a.issuing),
        "expired": root + forge.revocation_list(a.issuing, begins=NOW - 60 * DAY,
                                                ends=NOW - 30 * DAY),
        "other": root + forge.revocation_list(other),
        "wrong-signature": root + forge.revocation_list(
            a.issuing, key=a.key("rsa", "wrongcrl")),
    }
