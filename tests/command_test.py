#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The contract of the operator's command: options, JSON keys and exit codes that others
script on (vanthu(1))."""

import json
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "conformance"))

import forge
from vanthu import COMMAND, SOURCE, Tap, objects

SEVEN = {"structure", "integrity", "algorithms", "path", "revocation", "usage", "identity"}
STATES = {"ok", "fail", "skipped", "unknown"}

CONFIG = """hostname = "gw.hanoi.example";
directories = { run = "run"; spool = "spool"; intake = "intake"; hold = "hold";
                ledger = "ledger"; };
policy = { agencies = "agencies.conf"; routing = "routing.conf"; };
keys = "keys.conf";
listen = ( { name = "inside"; zone = "inside"; protocol = "lmtp"; at = "unix:in.sock"; } );
relay = { to = "inet:127.0.0.1:10026"; protocol = "smtp"; };
"""


def run(*arguments, stdin=None, language="C"):
    # The leak finder of a sanitizer build reads /proc, which the walls forbid.
    environment = dict(os.environ, LC_ALL=language, ASAN_OPTIONS="detect_leaks=0")
    return subprocess.run([COMMAND, *arguments], input=stdin, capture_output=True,
                          env=environment, timeout=60)


def write(path, content):
    with open(path, "w" if isinstance(content, str) else "wb") as out:
        out.write(content)
    return path


class World:
    def __init__(self, folder):
        keys = os.path.join(folder, "keys")
        os.mkdir(keys)
        self.folder = folder
        a = self.authority = forge.Authority(keys)
        self.mail = a.sign(part=forge.PDF)
        self.root = write(self.path("root.pem"), a.root.pem())
        self.good = write(self.path("good.eml"), self.mail)
        self.bad = write(self.path("bad.eml"), self.mail.replace(b"ke hoach", b"KE HOACH"))
        self.other_list = write(self.path("root.crl"), forge.revocation_list(a.root))
        self.revoked = write(self.path("revoked.crl"), forge.revocation_list(a.root) +
                             forge.revocation_list(a.issuing, [(a.leaf.serial, forge.NOW -
                                                                forge.DAY)]))
        self.config = write(self.path("vanthu.conf"), CONFIG)
        for name in ("agencies.conf", "routing.conf"):
            with open(os.path.join(SOURCE, "policies", name), encoding="utf-8") as shipped:
                write(self.path(name), shipped.read())

    def path(self, name):
        return os.path.join(self.folder, name)


def check_codes(tap, w):
    verify = ["verify", "--anchor", w.root]
    missing = w.path("missing.pem")
    for code, title, arguments in [
            (64, "no command", []),
            (64, "an unknown command", ["seal"]),
            (0, "--help", ["--help"]),
            (0, "--version", ["--version"]),
            (0, "verify --help", ["verify", "--help"]),
            (0, "VERIFIED", verify + [w.good]),
            (1, "another verdict", verify + [w.bad]),
            (1, "no anchor is no trust", ["verify", w.good]),
            (1, "the highest of several", verify + [w.good, w.bad, w.good]),
            (1, "revoked", verify + ["--crl", w.revoked, w.good]),
            (0, "revoked later", verify + ["--crl", w.revoked, "--at",
                                           stamp(forge.NOW - 2 * forge.DAY), w.good]),
            (75, "a list is missing", verify + ["--crl", w.other_list, w.good]),
            (64, "no file", ["verify"]),
            (64, "a file that is not there", verify + [missing]),
            (64, "an anchor that is not there", ["verify", "--anchor", missing, w.good]),
            (64, "an anchor that is none", ["verify", "--anchor", w.good, w.good]),
            (64, "a list that is none", verify + ["--crl", w.good, w.good]),
            (64, "an unknown option", verify + ["--strict", w.good]),
            (64, "an unknown profile", verify + ["--profile", "lenient", w.good]),
            (64, "a time that is none", verify + ["--at", "yesterday", w.good]),
            (0, "a profile", verify + ["--profile", "rfc8550", w.good]),
            (0, "two relaxations", verify + ["--profile", "no-eku,dn-address", w.good]),
            (64, "sign without an agency", ["sign", w.good]),
            (64, "hold release without a reason", ["hold", "release", "x"]),
            (64, "policy without a word", ["policy"])]:
        got = run(*arguments)
        tap.ok(got.returncode == code, "exit %d: %s" % (code, title),
               "%d %s %s" % (got.returncode, got.stdout[:300], got.stderr[:300]))


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def check_json(tap, w):
    got = run("verify", "--json", "--anchor", w.root, w.good)
    answer = json.loads(got.stdout)
    tap.ok(answer["verdict"] == "VERIFIED" and answer["reason"] == "verified",
           "JSON: verdict and reason", answer)
    tap.ok(set(answer["text"]) == {"vi", "en"} and "ký số" in answer["text"]["vi"],
           "JSON: text in both languages", answer["text"])
    tap.ok(set(answer["checks"]) == SEVEN and set(answer["checks"].values()) <= STATES and
           set(answer["check_reasons"]) == SEVEN, "JSON: seven checks, each with its reason",
           answer["checks"])
    tap.ok(answer["checks"]["revocation"] == "skipped",
           "JSON: revocation is skipped when no list was given", answer["checks"])
    signer = answer["signer"]
    tap.ok({"address", "subject", "issuer", "serial", "sha256", "agency"} <= set(signer) and
           signer["address"] == forge.Authority.SENDER and
           int(signer["serial"], 16) == w.authority.leaf.serial, "JSON: the signer", signer)
    tap.ok(answer["from"] == forge.Authority.SENDER, "JSON: from", answer["from"])
    documents = {d["name"]: d for d in answer["documents"]}
    tap.ok("06_KH-VP.pdf" in documents and
           documents["06_KH-VP.pdf"]["type"] == "application/pdf" and
           {"name", "type", "size", "sha256"} <= set(documents["06_KH-VP.pdf"]),
           "JSON: the documents", answer["documents"])
    tap.ok(isinstance(answer["notes"], list) and
           all({"code", "vi", "en"} <= set(n) for n in answer["notes"]), "JSON: notes",
           answer["notes"])
    several = run("verify", "--json", "--anchor", w.root, w.good, w.bad)
    tap.ok([o["verdict"] for o in objects(several.stdout.decode())] == ["VERIFIED", "INVALID"],
           "JSON: one object for each file, in order", several.stdout[:200])
    piped = run("verify", "--json", "--anchor", w.root, "-", stdin=w.mail)
    tap.ok(piped.returncode == 0 and json.loads(piped.stdout)["verdict"] == "VERIFIED",
           "a message from standard input", piped)


def check_words(tap, w):
    english = run("verify", "--anchor", w.root, w.bad).stdout.decode()
    vietnamese = run("verify", "--anchor", w.root, w.bad, language="vi_VN.UTF-8")
    tap.ok("changed after it was signed" in english and "bị thay đổi sau khi ký" in english,
           "a person reads the reason in both languages", english)
    tap.ok("Các kiểm tra" in vietnamese.stdout.decode() and "Checks" in english,
           "labels in the operator's language", vietnamese.stdout[:200])
    tap.ok("\033" not in english, "no colour but on a terminal", english[:100])
    odd = w.mail.replace(b"Subject: 06/KH-VP", b"Subject: \033[2Jx")
    shown = run("verify", "--anchor", w.root, "-", stdin=odd).stdout
    tap.ok(b"\033" not in shown, "mail cannot move the cursor", shown[:300])


def check_configuration(tap, w):
    good = run("policy", "check", "--config", w.config)
    tap.ok(good.returncode == 0, "policy check: the shipped policy has no error",
           good.stdout + good.stderr)
    away = run("trace", "--config", w.config, "06/KH-VP")
    tap.ok(away.returncode == 75, "trace: exit 75 when the ledger is away", away)
    away = run("hold", "drop", "--config", w.config, "--reason", "x", "x")
    tap.ok(away.returncode == 1, "hold: exit 1 for what is not held", away)
    with open(w.path("routing.conf"), "a", encoding="utf-8") as broken:
        broken.write("\nno_such_key = 1;\n")
    bad = run("policy", "check", "--config", w.config, "--json")
    findings = json.loads(bad.stdout)
    tap.ok(bad.returncode == 78 and "routing.conf:" in findings[0]["where"],
           "policy check: an unknown key, by file and line", bad.stdout + bad.stderr)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        world = World(folder)
        check_codes(tap, world)
        check_json(tap, world)
        check_words(tap, world)
        check_configuration(tap, world)
    tap.finish()


if __name__ == "__main__":
    main()
