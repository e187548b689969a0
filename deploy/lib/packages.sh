# SPDX-License-Identifier: Apache-2.0
# Sourced by deploy/check and deploy/demo: see that the Debian packages are there.
#
#   packages_need LIST KIND...
#
# installs what is missing of the named kinds in LIST (deploy/packages) when run as root,
# and otherwise names it and returns 1. Nothing is asked, and no service is started: what
# we need of Postfix and Dovecot are the programs, each instance of ours has its own
# configuration.

packages_missing() {
	packages_list=$1
	shift
	for packages_kind in "$@"; do
		awk -v kind="$packages_kind" '!/^#/ && $2 == kind { print $1 }' "$packages_list"
	done | while read -r packages_name; do
		dpkg-query -W -f '${Status}\n' "$packages_name" 2>/dev/null |
			grep -q '^install ok installed$' || echo "$packages_name"
	done
}

# A policy-rc.d that says "do not start" (101), unless the machine has one of its own.
packages_hold_services() {
	packages_policy=/usr/sbin/policy-rc.d
	[ -e "$packages_policy" ] && { packages_policy=; return 0; }
	printf '#!/bin/sh\nexit 101\n' >"$packages_policy" && chmod 755 "$packages_policy"
}

packages_free_services() {
	[ -z "$packages_policy" ] || rm -f "$packages_policy"
}

packages_need() {
	if [ ! -e /etc/debian_version ]; then
		echo "not a Debian system: the packages of deploy/packages are taken as present" >&2
		return 0
	fi
	packages_wanted=$(packages_missing "$@" | sort -u | tr '\n' ' ')
	[ -n "${packages_wanted% }" ] || return 0
	if [ "$(id -u)" != 0 ]; then
		echo "missing packages; as root: apt-get install $packages_wanted" >&2
		return 1
	fi
	echo "installing: $packages_wanted"
	packages_hold_services
	trap 'packages_free_services; exit 130' INT TERM
	# "No configuration" leaves /etc/postfix alone on a machine that has no MTA yet.
	echo 'postfix postfix/main_mailer_type select No configuration' |
		debconf-set-selections 2>/dev/null
	packages_status=0
	{
		DEBIAN_FRONTEND=noninteractive
		export DEBIAN_FRONTEND
		# shellcheck disable=SC2086 # the list is words
		apt-get -qq update &&
			apt-get -qq -o Dpkg::Use-Pty=0 install --no-install-recommends -y \
				$packages_wanted
	} >"${TMPDIR:-/tmp}/vanthu-packages.$$" 2>&1 </dev/null || packages_status=1
	packages_free_services
	trap - INT TERM
	[ "$packages_status" = 0 ] || tail -30 "${TMPDIR:-/tmp}/vanthu-packages.$$" >&2
	rm -f "${TMPDIR:-/tmp}/vanthu-packages.$$"
	return "$packages_status"
}
