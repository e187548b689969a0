/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folders that appear whole. The order is the one that survives a crash at any point:
 *
 *   make the hidden folder -> write and sync each file -> sync the hidden folder
 *   -> rename without replacing -> sync the folder around it
 *
 * A crash before the rename leaves a hidden folder, which the next attempt of the same name
 * removes; a crash after it leaves the finished folder, which the next attempt finds to be
 * the same. Every path is resolved beneath a descriptor and never through a link, so that a
 * swapped folder cannot send a document elsewhere.
 */
#include "gateway/act/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/fault.h"
#include "common/io.h"

#define HIDDEN_PREFIX ".part-"
#define HIDDEN_MAX (FOLDER_NAME_MAX + 1)
#define FILES_MAX 256 /* files in one folder */
#define COMPARE_CHUNK 65536
#define FOLDER_MODE 0750
#define FILE_MODE 0640

struct folder_file {
	char name[FOLDER_NAME_MAX + 1];
	bool living;
};

struct folder {
	int place_fd;  /* the folder around it */
	int hidden_fd; /* itself, while it is hidden */
	char place[512];
	char name[FOLDER_NAME_MAX + 1];
	char hidden[HIDDEN_MAX];
	bool committed;
	unsigned file_count;
	struct folder_file files[FILES_MAX];
};

static int
open_beneath(int at, const char *path, uint64_t flags)
{
	struct open_how how = { .flags = flags | O_CLOEXEC | O_NOFOLLOW };

	/* From AT_FDCWD it is the configured root, a path that the administrator chose, but
	 * not itself a link. Everything below stays below. */
	how.resolve = at == AT_FDCWD ? RESOLVE_NO_MAGICLINKS
				     : RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
	if (flags & O_CREAT)
		how.mode = FILE_MODE;
	return (int)syscall(SYS_openat2, at, path, &how, sizeof(how));
}

int
folder_open(int at, const char *path, int *fd, struct error *e)
{
	*fd = open_beneath(at, path, O_RDONLY | O_DIRECTORY);
	if (*fd < 0)
		return error_errno(e, ERR_TEMP, errno, "folder %s", path);
	return 0;
}

int
folder_open_file(int at, const char *name, int *fd, struct error *e)
{
	struct stat st;

	*fd = open_beneath(at, name, O_RDONLY | O_NONBLOCK);
	if (*fd < 0)
		return error_errno(e, ERR_TEMP, errno, "file %s", name);
	if (fstat(*fd, &st) == 0 && S_ISREG(st.st_mode))
		return 0;
	io_close(fd);
	return error_set(e, ERR_TEMP, "file %s: not a regular file", name);
}

/*
 * Our umask is that of a process with secrets, but what is filed is for a group of people.
 * A folder keeps the bit that hands its group on.
 */
static int
open_to_group(int fd, mode_t mode, const char *name, struct error *e)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && fchmod(fd, (st.st_mode & S_ISGID) | mode) == 0)
		return 0;
	return error_errno(e, ERR_TEMP, errno, "%s", name);
}

/* Open one folder inside another, made first where it is missing; *at moves to it. */
static int
enter(int *at, const char *name, struct error *e)
{
	int next;
	bool made = mkdirat(*at, name, FOLDER_MODE) == 0;

	if (!made && errno != EEXIST)
		return error_errno(e, ERR_TEMP, errno, "cannot make folder %s", name);
	if (made && io_fsync(*at, name, e) != 0)
		return -1;
	if (folder_open(*at, name, &next, e) != 0)
		return -1;
	io_close(at);
	*at = next;
	return made ? open_to_group(next, FOLDER_MODE, name, e) : 0;
}

static int
open_place(const char *base, const char *place, int *fd, struct error *e)
{
	char copy[512], *save = NULL, *step;

	if (snprintf(copy, sizeof(copy), "%s", place) >= (int)sizeof(copy))
		return error_set(e, ERR_BUG, "folder: the place is too long");
	if (folder_open(AT_FDCWD, base, fd, e) != 0)
		return -1;
	for (step = strtok_r(copy, "/", &save); step != NULL;
	     step = strtok_r(NULL, "/", &save)) {
		if (enter(fd, step, e) != 0) {
			io_close(fd);
			return -1;
		}
	}
	return 0;
}

/* Remove a folder with its files; the folders that we make hold no folders. */
static int
remove_flat(int at, const char *name, struct error *e)
{
	struct dirent *entry;
	int fd = open_beneath(at, name, O_RDONLY | O_DIRECTORY);
	DIR *dir;

	if (fd < 0)
		return errno == ENOENT ? 0 : error_errno(e, ERR_TEMP, errno, "folder %s", name);
	if ((dir = fdopendir(fd)) == NULL) {
		error_errno(e, ERR_TEMP, errno, "folder %s", name);
		io_close(&fd);
		return -1;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlinkat(fd, entry->d_name, 0);
	}
	closedir(dir);
	if (unlinkat(at, name, AT_REMOVEDIR) != 0)
		return error_errno(e, ERR_TEMP, errno, "cannot remove folder %s", name);
	return 0;
}

int
folder_begin(const char *base, const char *place, const char *name, struct folder **out,
    struct error *e)
{
	struct folder *f = calloc(1, sizeof(*f));

	*out = NULL;
	if (f == NULL)
		return error_set(e, ERR_TEMP, "no memory");
	f->place_fd = f->hidden_fd = -1;
	if (snprintf(f->place, sizeof(f->place), "%s", place) >= (int)sizeof(f->place) ||
	    snprintf(f->name, sizeof(f->name), "%s", name) >= (int)sizeof(f->name) ||
	    snprintf(f->hidden, sizeof(f->hidden), HIDDEN_PREFIX "%s", name) >=
		(int)sizeof(f->hidden)) {
		error_set(e, ERR_BUG, "folder: the name is too long");
		goto fail;
	}
	if (open_place(base, place, &f->place_fd, e) != 0 ||
	    remove_flat(f->place_fd, f->hidden, e) != 0)
		goto fail;
	if (mkdirat(f->place_fd, f->hidden, FOLDER_MODE) != 0) {
		error_errno(e, ERR_TEMP, errno, "cannot make folder %s", f->hidden);
		goto fail;
	}
	if (folder_open(f->place_fd, f->hidden, &f->hidden_fd, e) != 0 ||
	    open_to_group(f->hidden_fd, FOLDER_MODE, f->hidden, e) != 0)
		goto fail;
	FAULT_POINT("file-begin");
	*out = f;
	return 0;
fail:
	folder_free(&f);
	return -1;
}

int
folder_begin_file(struct folder *f, const char *name, int *fd, struct error *e)
{
	*fd = -1;
	if (f->file_count == FILES_MAX || strlen(name) > FOLDER_NAME_MAX)
		return error_set(e, ERR_BUG, "folder %s: no room for %s", f->name, name);
	*fd = open_beneath(f->hidden_fd, name, O_WRONLY | O_CREAT | O_EXCL);
	if (*fd < 0)
		return error_errno(e, ERR_TEMP, errno, "cannot make %s", name);
	if (open_to_group(*fd, FILE_MODE, name, e) != 0) {
		io_close(fd);
		return -1;
	}
	snprintf(f->files[f->file_count].name, sizeof(f->files[0].name), "%s", name);
	f->file_count++;
	return 0;
}

int
folder_end_file(struct folder *f, int fd, const char *name, struct error *e)
{
	int fault = FAULT_ERRNO("file-sync-fails");
	int result;

	(void)f;
	FAULT_POINT("file-written");
	result = fault != 0 ? error_errno(e, ERR_TEMP, fault, "cannot sync %s", name)
			    : io_fsync(fd, name, e);
	io_close(&fd);
	return result;
}

int
folder_write(struct folder *f, const char *name, struct span bytes, struct error *e)
{
	int fd;

	if (folder_begin_file(f, name, &fd, e) != 0)
		return -1;
	if (io_write_all(fd, bytes, e) != 0) {
		io_close(&fd);
		return error_prefix(e, "%s", name);
	}
	return folder_end_file(f, fd, name, e);
}

int
folder_write_living(struct folder *f, const char *name, struct span bytes, struct error *e)
{
	if (folder_write(f, name, bytes, e) != 0)
		return -1;
	f->files[f->file_count - 1].living = true;
	return 0;
}

/* 1 the same bytes, 0 others, -1 cannot tell. */
static int
same_bytes(int a, int b)
{
	static uint8_t chunk_a[COMPARE_CHUNK], chunk_b[COMPARE_CHUNK];
	off_t at = 0;

	for (;;) {
		ssize_t n = pread(a, chunk_a, sizeof(chunk_a), at);
		ssize_t m = pread(b, chunk_b, sizeof(chunk_b), at);

		if (n < 0 || m < 0)
			return -1;
		if (n != m || memcmp(chunk_a, chunk_b, (size_t)n) != 0)
			return 0;
		if (n == 0)
			return 1;
		at += n;
	}
}

static int
same_file(const struct folder *f, int old_fd, const struct folder_file *file, struct error *e)
{
	int ours = -1, theirs = -1, same = -1;

	if (folder_open_file(old_fd, file->name, &theirs, e) == 0 &&
	    folder_open_file(f->hidden_fd, file->name, &ours, e) == 0) {
		same = file->living ? 1 : same_bytes(ours, theirs);
		if (same != 1)
			error_set(e, ERR_TEMP,
			    "folder %s stands there already with another %s: move it away",
			    f->name, file->name);
	}
	io_close(&ours);
	io_close(&theirs);
	return same == 1 ? 0 : -1;
}

/* The folder stands there already: is it what we would have put there? */
static int
compare_with_old(const struct folder *f, struct error *e)
{
	int old_fd, result = 0;

	if (folder_open(f->place_fd, f->name, &old_fd, e) != 0)
		return -1;
	for (unsigned i = 0; i < f->file_count && result == 0; i++)
		result = same_file(f, old_fd, &f->files[i], e);
	io_close(&old_fd);
	return result;
}

static int
rename_into_place(struct folder *f, bool *existed, struct error *e)
{
	*existed = false;
	if (renameat2(f->place_fd, f->hidden, f->place_fd, f->name, RENAME_NOREPLACE) == 0) {
		f->committed = true;
		return 0;
	}
	if (errno != EEXIST)
		return error_errno(e, ERR_TEMP, errno, "cannot name folder %s", f->name);
	*existed = true;
	return compare_with_old(f, e);
}

int
folder_commit(struct folder *f, bool *existed, char *path, size_t path_size,
    struct error *e)
{
	if (io_fsync(f->hidden_fd, f->name, e) != 0)
		return -1;
	FAULT_POINT("file-synced");
	if (rename_into_place(f, existed, e) != 0)
		return -1;
	FAULT_POINT("file-linked");
	/* Also when it existed: the attempt that named it may have died before this. */
	if (io_fsync(f->place_fd, f->place, e) != 0)
		return -1;
	FAULT_POINT("file-dir-synced");
	snprintf(path, path_size, "%s%s%s", f->place, f->place[0] == '\0' ? "" : "/", f->name);
	return 0;
}

void
folder_free(struct folder **fp)
{
	struct folder *f = *fp;
	struct error ignored;

	if (f == NULL)
		return;
	if (!f->committed && f->hidden_fd >= 0)
		remove_flat(f->place_fd, f->hidden, &ignored);
	io_close(&f->hidden_fd);
	io_close(&f->place_fd);
	free(f);
	*fp = NULL;
}

int
folder_remove(const char *base, const char *name, struct error *e)
{
	char hidden[HIDDEN_MAX];
	int at, result = -1;

	if (snprintf(hidden, sizeof(hidden), HIDDEN_PREFIX "%s", name) >= (int)sizeof(hidden))
		return error_set(e, ERR_PERM, "the name is too long");
	if (folder_open(AT_FDCWD, base, &at, e) != 0)
		return -1;
	if (renameat(at, name, at, hidden) != 0) {
		error_errno(e, errno == ENOENT ? ERR_PERM : ERR_TEMP, errno, "cannot remove %s",
		    name);
		goto out;
	}
	if (io_fsync(at, base, e) == 0)
		result = remove_flat(at, hidden, e);
out:
	io_close(&at);
	return result;
}
