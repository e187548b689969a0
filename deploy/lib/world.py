# SPDX-License-Identifier: Apache-2.0
"""The whole scene: a PKI, Dovecot, Postfix and the gateway between its two halves.

Four ways lead in, two by two: `submission` (inside) and `outside_filter` through the
after-queue filter by LMTP; `submission_proxy` (inside) and `outside` before the queue by
SMTP. All lead to the return listener and from there into Dovecot's mailboxes.
"""

import os
import shutil
import tempfile

import gateway
from servers import Dovecot, Postfix, free_ports, refusal, run, send
from tree import TOP

BOXES = [mailbox for _, _, mailbox, _ in gateway.AGENCIES] + [
    "canbo@bavi.hanoi.example",  # a person at an agency, not its registry
    "vanthu@elsewhere.example",  # somebody who is no agency of ours
]
VPUB, BAVI, SOTC, SOXD = BOXES[:4]
PERSON, ELSEWHERE = BOXES[4:]
SERVICES = {
    "submission": "submission",
    "outside": "smtp",
    "return": "127.0.0.1:10026",
    "submission_proxy": "submission-proxy",
    "outside_filter": "smtp-filter",
}


class World:
    def __init__(self, programs, routing, prefix="vanthu-world.", **more):
        self.folder = tempfile.mkdtemp(prefix=prefix)
        os.chmod(self.folder, 0o755)
        self.users = []
        self.port = dict(zip(SERVICES, free_ports(len(SERVICES))))
        proxies = free_ports(2)
        self.pki = os.path.join(self.folder, "pki")
        place = os.path.join(self.folder, "gateway")
        os.mkdir(place)
        sockets = os.path.join(place, "mta")
        os.mkdir(sockets)
        os.chmod(sockets, 0o755)
        listeners = [
            ("inside", "inside", "lmtp", "unix:%s/inside.sock" % sockets),
            ("outside", "outside", "smtp", "127.0.0.1:%d" % proxies[0]),
            ("inside-proxy", "inside", "smtp", "127.0.0.1:%d" % proxies[1]),
            ("outside-filter", "outside", "lmtp", "unix:%s/outside.sock" % sockets),
        ]
        relay = "127.0.0.1:%d" % self.port["return"]
        self.dovecot = Dovecot(os.path.join(self.folder, "dovecot"), BOXES)
        self.gateway = gateway.Gateway(
            place, programs, self.pki, listeners, relay, routing, **more
        )
        boxes = ", ".join("%s=%s" % (b, b) for b in BOXES)
        self.postfix = Postfix(
            os.path.join(self.folder, "postfix"),
            ["vanthu.master.cf", "other-modes.master.cf"],
            {SERVICES[key]: "127.0.0.1:%d" % port for key, port in self.port.items()},
            {
                "vanthu_inside_filter": "vanthu:" + listeners[0][3],
                "vanthu_outside_proxy": listeners[1][3],
                "vanthu_inside_proxy": listeners[2][3],
                "vanthu_outside_filter": "vanthu:" + listeners[3][3],
                "virtual_mailbox_domains": ", ".join(sorted({b.split("@")[1] for b in BOXES})),
                "virtual_mailbox_maps": "inline:{%s}" % boxes,
                "virtual_alias_maps": "inline:{postmaster@hanoi.example=%s}" % VPUB,
                "virtual_alias_domains": "hanoi.example",
                "virtual_transport": "lmtp:unix:" + self.dovecot.lmtp,
                "smtpd_sasl_type": "dovecot",
                "smtpd_sasl_path": self.dovecot.auth,
                "smtpd_sender_login_maps": "inline:{%s}" % boxes,
                # Connections of these tests all come from one address.
                "smtpd_client_connection_count_limit": "0",
            },
        )

    def start(self):
        self.users = gateway.ensure_users()
        run(os.path.join(TOP, "deploy", "pki"), self.pki)
        self.gateway.write_configuration()
        self.dovecot.start()
        self.gateway.start()
        self.postfix.start()

    def stop(self, keep=False):
        """End everything; with `keep` the folder stays for a look at the logs."""
        for part in (self.postfix, self.gateway, self.dovecot):
            try:
                part.stop()
            except Exception as e:  # go on: the rest must end too
                print("# stopping: %s" % e)
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)
            gateway.remove_users(self.users)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop(keep=False)
            raise
        return self

    def __exit__(self, *exception):
        self.stop()

    def submit(self, sender, recipients, message, way="submission", **more):
        """As a clerk: through submission, with a login. (250, "") or the refusal."""
        return refusal(self.port[way], sender, recipients, message, login=sender, **more)

    def arrive(self, sender, recipients, message, way="outside", **more):
        """As the world: from outside."""
        return refusal(self.port[way], sender, recipients, message, **more)

    def send(self, way, *words, **more):
        return send(self.port[way], *words, **more)
