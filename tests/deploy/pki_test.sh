#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The demonstration PKI is what deploy/pki says: chains that a strict verifier accepts, one
# revoked, one stranger. TAP.
top=${VANTHU_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
command -v openssl >/dev/null || { echo "1..0 # SKIP openssl is not installed"; exit 0; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
n=0
ok() { # STATUS NAME
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; bad=1; fi
}
bad=0
verify() {
	openssl verify -x509_strict -auth_level 2 -purpose smimesign -crl_check_all \
		-CAfile "$folder/pki/root.pem" -untrusted "$folder/pki/issuing.pem" \
		-CRLfile "$folder/pki/crl/root.crl" -CRLfile "$folder/pki/crl/issuing.crl" \
		"$folder/pki/$1.pem" >"$folder/out" 2>&1
}
echo "1..13"
"$top/deploy/pki" "$folder/pki" >"$folder/out" 2>&1
ok $? "the PKI is made"
for name in vpub bavi sotc; do
	verify "$name"
	ok $? "$name is accepted by a strict verifier"
	openssl x509 -in "$folder/pki/$name.pem" -noout -checkemail "vanthu@$name.hanoi.example" |
		grep -q 'does match'
	ok $? "$name speaks for its mailbox"
done
verify revoked
grep -q 'certificate revoked' "$folder/out"
ok $? "revoked is revoked"
verify stranger
grep -q 'unable to get local issuer' "$folder/out"
ok $? "stranger has no known issuer"
openssl pkey -in "$folder/pki/bavi.key" -noout -text | grep -q prime256v1
ok $? "bavi has a P-256 key"
openssl pkey -in "$folder/pki/sotc.key" -noout -text | grep -q '3072 bit'
ok $? "sotc has an RSA-3072 key"
[ -z "$(find "$folder/pki" -name '*.key' -perm /077)" ]
ok $? "no key can be read by others"
"$top/deploy/pki" "$folder/pki" >/dev/null 2>&1
[ $? = 73 ]
ok $? "a folder in use is left alone"
exit "$bad"
