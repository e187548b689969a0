#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Make the configure script from a clone. A release tarball has it already.
set -e
cd "$(dirname "$0")"
mkdir -p m4 build-aux
autoreconf --install --force
