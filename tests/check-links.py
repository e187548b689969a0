#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Which powers a program has is a fact of the linker: what each one links and imports, and
that each is hardened. Reads the built programs with readelf. TAP."""

import fnmatch
import os
import re
import subprocess
import sys

BUILD = os.environ.get("VANTHU_BUILDDIR", ".")

BASE = {"libc", "ld-linux*", "libconfig", "libcrypto", "libseccomp", "libunistring"}
PARSERS = {"libmagic", "libarchive"}
JSON = {"libjansson"}
SQL = {"libsqlite3"}

# program -> libraries that it may need.
PROGRAMS = {
    "vanthud": BASE - {"libseccomp"},
    "vanthu-keyd": BASE,
    "vanthu-inspect": BASE | PARSERS,
    "vanthu-ledgerd": BASE | SQL,
    "vanthu-session": BASE | JSON,
    "vanthu": BASE | JSON,  # it asks a vanthu-inspect of its own
}

# imported symbol pattern -> programs that may import it; the first that fits decides.
POWERS = {
    # what is never used: lenient parsers, decryption, unbounded copies
    "PKCS7_*": [],
    "SMIME_*": [],
    "CMS_decrypt*": [],
    "CMS_EncryptedData*": [],
    "CMS_EnvelopedData*": [],
    "CMS_uncompress": [],
    "PKCS12_*": [],
    "ENGINE_*": [],
    "mailmime_*": [],
    "*_ssl_connect*": [],
    "gets": [],
    "strcpy": [],
    "sprintf": [],
    "strtok": [],
    "tmpnam": [],
    "mktemp": [],
    # to use a private key
    "CMS_sign*": ["vanthu-keyd"],
    "CMS_add1_signer*": ["vanthu-keyd"],
    "CMS_SignerInfo_sign": ["vanthu-keyd"],
    "PEM_read_*PrivateKey*": ["vanthu-keyd"],
    "d2i_*PrivateKey*": ["vanthu-keyd"],
    "EVP_PKEY_sign*": ["vanthu-keyd"],
    "EVP_DigestSign*": ["vanthu-keyd"],
    "OSSL_STORE_*": ["vanthu-keyd"],
    # to read a message from outside
    "CMS_*": ["vanthu-keyd", "vanthu-inspect"],
    "d2i_CMS*": ["vanthu-inspect"],
    "X509_verify_cert*": ["vanthu-inspect"],
    "magic_*": ["vanthu-inspect"],
    "archive_*": ["vanthu-inspect"],
    # the ledger
    "sqlite3_*": ["vanthu-ledgerd"],
    # to start programs
    "fork": ["vanthud", "vanthu"],
    "vfork": [],
    "clone": [],
    "exec*": ["vanthud", "vanthu"],
    "posix_spawn*": [],
    "pthread_create": [],
    "thrd_create": [],
    "system": [],
    "popen": [],
    "wordexp": [],
    "dlopen": [],
}


def readelf(option, path):
    run = subprocess.run(["readelf", "--wide", option, path], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, check=True, env=dict(os.environ, LC_ALL="C"))
    return run.stdout.decode()


class Program:
    def __init__(self, path):
        dynamic = readelf("--dynamic", path)
        self.needed = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)
        self.paths = re.findall(r"\((RPATH|RUNPATH|TEXTREL)\)", dynamic)
        self.flags = " ".join(re.findall(r"\(FLAGS(?:_1)?\)\s+(.*)", dynamic))
        self.segments = readelf("--segments", path)
        self.imports = set()
        for line in readelf("--dyn-syms", path).splitlines():
            fields = line.split()
            if len(fields) >= 8 and fields[6] == "UND":
                self.imports.add(fields[7].split("@")[0])
        self.sanitized = any(re.match(r"lib[a-z]*san", lib) for lib in self.needed)
        if any(name.startswith(("__asan_", "__ubsan_")) for name in self.imports):
            self.sanitized = True

    def foreign_libraries(self, allowed):
        for lib in self.needed:
            stem = lib.split(".so")[0]
            if re.match(r"lib[a-z]*san$", stem) or (self.sanitized and stem in
                                                    ("libm", "libpthread", "libdl", "librt",
                                                     "libgcc_s", "libresolv")):
                continue
            if not any(fnmatch.fnmatch(stem, a) for a in allowed):
                yield "needs " + lib

    def foreign_powers(self, name):
        for symbol in sorted(self.imports):
            for pattern, owners in POWERS.items():
                if fnmatch.fnmatchcase(symbol, pattern):
                    if name not in owners:
                        yield "imports %s (%s)" % (symbol, pattern)
                    break  # the first pattern that fits decides

    def soft_spots(self):
        if "PIE" not in self.flags:
            yield "not position-independent"
        if "NOW" not in self.flags:
            yield "symbols are bound late"
        if "GNU_RELRO" not in self.segments:
            yield "no RELRO"
        stack = re.search(r"GNU_STACK\s+(?:0x\S+\s+){5}(\S+)", self.segments)
        if not stack or "E" in stack.group(1):
            yield "executable stack"
        if re.search(r"LOAD\s+(?:0x\S+\s+){5}RWE", self.segments):
            yield "a segment that can be written and run"
        if self.paths:
            yield "has " + ", ".join(self.paths)
        if "__stack_chk_fail" not in self.imports:
            yield "no stack protector"
        if not any(name.endswith("_chk") for name in self.imports):
            yield "not fortified"


def main():
    count = failed = 0

    def report(promise, faults, skip=None):
        nonlocal count, failed
        count += 1
        for fault in faults:
            print("# " + fault)
        failed += bool(faults)
        print("%sok %d - %s%s" % ("not " if faults else "", count, promise,
                                  " # SKIP " + skip if skip else ""))

    for name, libraries in PROGRAMS.items():
        path = os.path.join(BUILD, name)
        if not os.path.exists(path):
            report("%s is built" % name, ["%s is not there" % path])
            continue
        program = Program(path)
        report("%s links only its own libraries" % name,
               list(program.foreign_libraries(libraries)))
        # A sanitizer brings its own imports (dlopen, pthread_create, ...).
        skip = "built with a sanitizer" if program.sanitized else None
        report("%s imports only its own powers" % name,
               [] if skip else list(program.foreign_powers(name)), skip)
        report("%s is hardened" % name, [] if skip else list(program.soft_spots()), skip)
    print("1..%d" % count)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
