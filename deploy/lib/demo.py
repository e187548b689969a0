# SPDX-License-Identifier: Apache-2.0
"""A signed document crosses the gateway, on real servers, before your eyes.

usage: deploy/demo [--keep] [--build FOLDER] [--help]

Run as root on Debian 12. Builds Vanthu, makes a demonstration PKI, starts a Postfix, a
Dovecot and the gateway of its own on free ports of 127.0.0.1, sends mail through them and
shows what became of it. Everything lies below one folder in /tmp; the system's own mail,
if any, is not touched. It ends by itself, ends what it started and removes what it made;
the exit status is 0 only if everything that was expected happened. When something did not,
the logs stay and their folder is named.

  --keep          leave everything running at the end, and say how to look and how to stop
  --build FOLDER  take the programs of this build folder or installation; do not build
"""

import argparse
import email
import email.header
import email.policy
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time

import gateway
import mail
from servers import PASSWORD, Failure, read_text, run, wait_for
from tree import TOP, copy_tree
from world import BAVI, BOXES, PERSON, SOTC, VPUB, World

WIDTH = 78


class Show:
    """What a person reads, and what was expected of it."""

    def __init__(self):
        self.broken = []
        self.number = 0

    def title(self, vietnamese, english):
        self.number += 1
        print("\n" + "=" * WIDTH)
        print("%d. %s\n   %s" % (self.number, vietnamese, english))
        print("=" * WIDTH)

    def say(self, text=""):
        print(text, flush=True)

    def box(self, heading, text, limit=40):
        print("\n  --- %s" % heading)
        lines = []
        for line in text.rstrip("\n").splitlines() or [""]:
            indent = " " * (len(line) - len(line.lstrip()) + 4)
            lines += textwrap.wrap(line, 100, subsequent_indent=indent) or [""]
        for line in lines[:limit]:
            print("  | " + line)
        if len(lines) > limit:
            print("  | ... (%d more lines)" % (len(lines) - limit))
        sys.stdout.flush()

    def expect(self, what, holds):
        print("  [%s] %s" % ("ok" if holds else "NOT SO", what), flush=True)
        if not holds:
            self.broken.append(what)


def decoded(value):
    return str(email.header.make_header(email.header.decode_header(value or "")))


def headers(message):
    """The fields that a person looks at, decoded."""
    parsed = email.message_from_bytes(message)
    lines = []
    for name in ("From", "To", "Subject", "Content-Type", "Authentication-Results"):
        for value in parsed.get_all(name, []):
            lines.append("%s: %s" % (name, " ".join(decoded(value).split())))
    return "\n".join(lines)


def tree(folder):
    """A folder as `find` shows it, relative, with sizes."""
    lines = []
    for place, folders, files in os.walk(folder):
        folders.sort()
        depth = os.path.relpath(place, folder).count(os.sep) + (place != folder)
        lines.append("    " * depth + os.path.basename(place) + "/")
        for name in sorted(files):
            size = os.path.getsize(os.path.join(place, name))
            lines.append("    " * (depth + 1) + "%s (%d bytes)" % (name, size))
    return "\n".join(lines)


def openssl_verify(world, message):
    """The second opinion: (exit status, what it said)."""
    path = os.path.join(world.folder, "received.eml")
    with open(path, "wb") as f:
        f.write(message)
    done = subprocess.run(
        ["openssl", "cms", "-verify", "-in", path, "-CAfile",
         os.path.join(world.pki, "root.pem"), "-out", "/dev/null"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout.decode(errors="replace")


def vanthu_verify(world, message):
    path = os.path.join(world.folder, "received.eml")
    with open(path, "wb") as f:
        f.write(message)
    crls = sorted(glob.glob(os.path.join(world.pki, "crl", "*.crl")))
    words = ["verify", "--anchor", os.path.join(world.pki, "root.pem")]
    for crl in crls:
        words += ["--crl", crl]
    return world.gateway.command(*words, path, status=None)


def official(subject, number, name="06_KH-VP.pdf"):
    text = "Kính gửi: UBND huyện Ba Vì\n\n%s (số %s), bản PDF kèm theo.\n" % (subject, number)
    return mail.entity(text, [(name, "application/pdf", mail.pdf("So " + number, 20000))])


# --- the scenes -------------------------------------------------------------------------


def scene_good(show, world):
    show.title(
        "Văn phòng UBND thành phố gửi kế hoạch đến UBND huyện Ba Vì",
        "The City office sends a plan to Ba Vi district, from an ordinary mail client")
    body = official("Kế hoạch ứng dụng chữ ký điện tử", "06/KH-VP")
    token = mail.message_id()
    message = mail.message(VPUB, BAVI, "Kế hoạch số 06/KH-VP", body, identifier=token)
    code, text = world.submit(VPUB, BAVI, message)
    show.say("  submission (SASL login %s): %d %s" % (VPUB, code, text or "accepted"))
    received = world.dovecot.wait_message(BAVI, token)[0]
    show.box("hộp thư đến / inbox of %s" % BAVI, headers(received))
    show.expect("the mail arrived as multipart/signed",
                b"multipart/signed" in received.split(b"\r\n\r\n", 1)[0])
    said = vanthu_verify(world, received)
    show.box("vanthu verify", said)
    show.expect("vanthu says VERIFIED", "VERIFIED" in said)
    status, said = openssl_verify(world, received)
    show.box("openssl cms -verify", said)
    show.expect("openssl agrees", status == 0)
    show.box("thư mục tiếp nhận / intake folder", tree(os.path.join(world.gateway.intake)))
    filed = world.gateway.filed("bavi")
    show.expect("filed once for bavi", len(filed) == 1)
    documents = glob.glob(os.path.join(filed[0], "*.pdf")) if filed else []
    show.expect("the PDF lies there byte for byte", any(
        mail_pdf(body) == read_bytes(p) for p in documents))
    trace = world.gateway.command("trace", "--config", world.gateway.config, token.strip("<>"))
    show.box("vanthu trace %s" % token, trace)
    show.expect("the trace ends with the answer", "answered for good" in trace)


def mail_pdf(body):
    """The PDF inside an entity of ours."""
    for part in email.message_from_bytes(body).walk():
        if part.get_content_type() == "application/pdf":
            return part.get_payload(decode=True)
    return None


def read_bytes(path):
    with open(path, "rb") as f:
        return f.read()


def scene_verified(show, world):
    show.title(
        "Sở Tài chính ký bằng phần mềm thư của mình, gửi từ bên ngoài",
        "The Finance department signs in its own client and sends from outside")
    token = mail.message_id()
    body = mail.signed_entity(world.pki, "sotc", official("Báo cáo quý I", "12/BC-STC",
                                                          "12_BC-STC.pdf"))
    forged = (b"Authentication-Results: vanthu.hanoi.example; smime=pass (forged)",)
    message = mail.message(SOTC, BAVI, "Báo cáo số 12/BC-STC", body, forged, token)
    code, text = world.arrive(SOTC, BAVI, message)
    show.say("  smtp (before the queue): %d %s" % (code, text or "accepted"))
    received = world.dovecot.wait_message(BAVI, token)[0]
    show.box("hộp thư đến / inbox of %s" % BAVI, headers(received))
    show.expect("our verdict is in the header", re.search(
        rb"Authentication-Results: vanthu\.hanoi\.example;\s+smime=pass", received) is not None)
    show.expect("the forged copy of our header is gone", b"(forged)" not in received)
    show.expect("the signature is unharmed", openssl_verify(world, received)[0] == 0)
    show.expect("filed for bavi", len(world.gateway.filed("bavi")) == 2)


def scene_refused(show, world):
    show.title(
        "Một thư có tệp chương trình bị từ chối, văn thư nhận được thông báo",
        "A message with a program is refused; the clerk is told in Vietnamese")
    token = mail.message_id()
    program = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\x3e\x00\x01\x00\x00\x00" + bytes(400)
    body = mail.entity("Xem tệp kèm theo.", [("bao cao.pdf", "application/pdf", program)])
    before = len(world.dovecot.fetch(VPUB))
    code, text = world.submit(VPUB, BAVI, mail.message(VPUB, BAVI, "Báo cáo", body,
                                                       identifier=token))
    show.say("  submission: %d %s" % (code, text or "accepted (judged after the queue)"))
    notice = wait_for("the notice", lambda: world.dovecot.fetch(VPUB)[before:], 60, 0.3)[0]
    parsed = email.message_from_bytes(notice, policy=email.policy.default)
    text = parsed.get_body(("plain",))
    show.box("hộp thư của văn thư / the clerk's inbox", "%s\nSubject: %s\n\n%s" % (
        "From: " + decoded(email.message_from_bytes(notice)["From"]), parsed["Subject"], text.get_content() if text else ""))
    show.expect("the notice speaks Vietnamese", "chương trình" in (
        text.get_content() if text else "") or "tệp" in str(parsed["Subject"]))
    show.expect("it answers nobody's machine (Auto-Submitted)",
                parsed["Auto-Submitted"] is not None)
    show.expect("the program reached nobody", not [
        m for m in world.dovecot.fetch(BAVI) if token.encode() in m])


def scene_forged(show, world):
    show.title(
        "Kẻ lạ mạo danh văn phòng, ký bằng chứng thư lạ; và một thư không ký",
        "A stranger poses as the City office with a foreign certificate; and unsigned")
    body = official("Quyết định giả", "99/QĐ-UBND")
    forged = mail.signed_entity(world.pki, "stranger", body)
    for what, entity, options in (
            ("foreign certificate", forged, ()), ("foreign certificate", forged, ["SMTPUTF8"]),
            ("no signature", body, ["SMTPUTF8"])):
        token = mail.message_id()
        code, text = world.arrive(
            VPUB, BAVI, mail.message(VPUB, BAVI, "Quyết định 99/QĐ-UBND", entity,
                                     identifier=token), options=options)
        show.box("SMTP, %s%s" % (what, ", SMTPUTF8" if options else ""),
                 "%d %s" % (code, text))
        show.expect("refused in the dialogue (5xx)", 500 <= code < 600)
        show.expect("nothing arrived", not [
            m for m in world.dovecot.fetch(BAVI) if token.encode() in m])
    show.expect("nothing more was filed", len(world.gateway.filed("bavi")) == 2)


def scene_tampered(show, world):
    show.title(
        "Một bit bị đổi trên đường đi",
        "One bit is changed on the way")
    body = mail.signed_entity(world.pki, "sotc", official("Báo cáo", "13/BC-STC"))
    message = mail.message(SOTC, BAVI, "Báo cáo số 13/BC-STC", body)
    at = message.index(b"application/pdf") + 400
    at = message.index(b"\r\n", at) + 12  # inside the PDF's base64
    changed = bytearray(message)
    changed[at] ^= 1
    code, text = world.arrive(SOTC, BAVI, bytes(changed))
    show.box("SMTP", "%d %s" % (code, text))
    show.expect("refused in the dialogue (5xx)", 500 <= code < 600)


def scene_person(show, world):
    show.title(
        "Thư thường giữa người với người vẫn đi như cũ",
        "Ordinary mail between people goes on as before")
    token = mail.message_id()
    code, text = world.arrive(
        "ban@elsewhere.example", PERSON,
        mail.message("ban@elsewhere.example", PERSON, "Chào", mail.entity("Hẹn gặp."),
                     identifier=token))
    received = world.dovecot.wait_message(PERSON, token)[0]
    show.box("hộp thư đến / inbox of %s" % PERSON, headers(received))
    show.expect("accepted and delivered", code == 250)


SCENES = (scene_good, scene_verified, scene_refused, scene_forged, scene_tampered,
          scene_person)


# --- running ----------------------------------------------------------------------------


def build(folder, say):
    """Build a copy of the tree and install it below the folder; the prefix."""
    source, objects, prefix = (os.path.join(folder, n) for n in ("src", "build", "prefix"))
    os.makedirs(objects)
    say("building in %s ..." % objects)
    begin = time.monotonic()
    copy_tree(source)
    if not os.path.exists(os.path.join(source, "configure")):
        run("sh", "./autogen.sh", cwd=source)
    run("../src/configure", "--quiet", "--prefix=" + prefix, cwd=objects)
    run("make", "-j%d" % (os.cpu_count() or 1), cwd=objects)
    run("make", "install", cwd=objects)
    say("built and installed in %s (%.0f s)" % (prefix, time.monotonic() - begin))
    return prefix


def how_to_look(world):
    boxes = "\n".join("      %s" % b for b in BOXES)
    config = world.gateway.config
    vanthu = world.gateway.program("vanthu")
    return """
Everything is left running. Password of all mailboxes: %s
   submission (SASL)   127.0.0.1:%d
   smtp, as the world  127.0.0.1:%d
   IMAP                127.0.0.1:%d
%s
   intake folders      find %s
   what happened       %s trace --config %s MESSAGE-ID
   what is held        %s hold list --config %s
   logs                %s %s
To stop and remove everything:
   kill %d
""" % (PASSWORD, world.port["submission"], world.port["outside"], world.dovecot.port, boxes,
       world.gateway.intake, vanthu, config, vanthu, config, world.gateway.logfile,
       world.postfix.maillog, os.getpid())


def save_logs(world):
    """The logs of a run that went wrong, in a folder that stays."""
    place = tempfile.mkdtemp(prefix="vanthu-demo-logs.")
    for path in (world.gateway.logfile, world.postfix.maillog,
                 os.path.join(world.dovecot.folder, "dovecot.log")):
        if os.path.exists(path):
            shutil.copy(path, place)
    return place


def wait_until_told():
    """Until SIGTERM or Ctrl-C, which here is how it is meant to end."""
    def told(signum, frame):
        raise InterruptedError

    signal.signal(signal.SIGTERM, told)
    signal.signal(signal.SIGINT, told)
    try:
        signal.pause()
    except InterruptedError:
        print("stopping ...", flush=True)


def play(show, world):
    for scene in SCENES:
        try:
            scene(show, world)
        except (Failure, OSError, IndexError) as e:
            show.expect("%s: %s" % (scene.__name__, e), False)


def main(argv):
    parser = argparse.ArgumentParser(usage=argparse.SUPPRESS, add_help=False)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--build")
    options, unknown = parser.parse_known_args(argv)
    if unknown:
        print("demo: unknown option %s; deploy/demo --help" % unknown[0])
        return 64
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = tempfile.mkdtemp(prefix="vanthu-demo-build.")
    os.chmod(folder, 0o755)
    show = Show()
    world = None
    status = 1
    try:
        prefix = os.path.abspath(options.build) if options.build else build(folder, show.say)
        routing = read_text(os.path.join(TOP, "deploy", "demo.d", "routing.conf"))
        world = World(prefix, routing, prefix="vanthu-demo.")
        show.say("starting Postfix, Dovecot and the gateway in %s ..." % world.folder)
        world.start()
        play(show, world)
        status = 1 if show.broken else 0
        if options.keep:
            show.say(how_to_look(world))
            wait_until_told()
    except Failure as e:
        show.say("\nFAILED: %s" % e)
        show.broken.append("the servers start")
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # once is enough
        if world:
            if show.broken:
                show.say("\nlogs: %s" % save_logs(world))
            world.stop()
        shutil.rmtree(folder, ignore_errors=True)
    show.say("\n" + "=" * WIDTH)
    if status == 0:
        show.say("Mọi việc diễn ra như mong đợi. Everything happened as expected.")
    for what in show.broken:
        show.say("NOT AS EXPECTED: " + what)
    return status


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("interrupted; everything is stopped and removed")
        sys.exit(130)
