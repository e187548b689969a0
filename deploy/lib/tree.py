# SPDX-License-Identifier: Apache-2.0
"""The source tree: where it is, and a copy of it to build in, so that it stays as it is."""

import os
import shutil
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def known_to_git():
    """The files of a clone (with new ones that are not ignored); None for a tarball."""
    try:
        names = subprocess.run(
            ["git", "-c", "safe.directory=" + TOP, "-C", TOP, "ls-files", "-z",
             "--cached", "--others", "--exclude-standard"],
            check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        ).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        return None
    return [n for n in names.split("\0") if n and os.path.lexists(os.path.join(TOP, n))]


def copy_tree(target):
    names = known_to_git() if os.path.exists(os.path.join(TOP, ".git")) else None
    if names is None:
        shutil.copytree(
            TOP, target, symlinks=True,
            ignore=shutil.ignore_patterns(".git", "build*", "autom4te.cache"),
        )
        return
    for name in names:
        place = os.path.join(target, name)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        shutil.copy2(os.path.join(TOP, name), place, follow_symlinks=False)
