/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys from PEM files: a certificate file (leaf first, then intermediates) and a private
 * key, which may be encrypted (PKCS#8). Read before keyd gives up its files.
 */
#ifndef VANTHU_KEYS_STORE_PEM_H
#define VANTHU_KEYS_STORE_PEM_H

#include "common/error.h"
#include "gateway/keys/key.h"

#define STORE_PEM_FILE_MAX (64 * 1024)
#define STORE_PEM_PASSPHRASE_MAX 1024 /* first line of its file, without the line end */

struct store_pem {
	const char *certificate; /* path */
	const char *key;         /* path */
	const char *passphrase_file; /* path, or NULL */
	int passphrase_fd;       /* read to its end, or -1; borrowed */
	bool pss;
};

/*
 * Load and check. ERR_PERM begins with the file and says why: readable by group or others,
 * owned by somebody else, no PEM, wrong or missing passphrase, not the certificate's key,
 * wrong usage, weak, or a chain whose certificates do not follow each other.
 */
int
store_pem_load(const struct store_pem *from, struct key **out, struct error *e);

#endif
