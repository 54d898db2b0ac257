/*
 * A disk that fails on demand: preloaded into a site, it answers every write and sync of some files with an I/O error for as long as another
 * file exists. So a test says which files (a part of their path, in FAILDISK_PATH) and when (FAILDISK_WHILE).
 *
 *     gcc -shared -fPIC -O2 -o faildisk.so faildisk.c -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int fails(int fd)
{
    const char *path = getenv("FAILDISK_PATH");
    const char *when = getenv("FAILDISK_WHILE");
    char link[64], name[4096];
    if (!path || !when || access(when, F_OK) != 0)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, name, sizeof name - 1);
    if (length <= 0)
        return 0;
    name[length] = 0;
    if (!strstr(name, path))
        return 0;
    errno = EIO;
    return 1;
}

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) \
        real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *bytes, size_t count)
{
    REAL(ssize_t, write, int, const void *, size_t);
    return fails(fd) ? -1 : real(fd, bytes, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
    return fails(fd) ? -1 : real(fd, bytes, count, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset)
{
    REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t);
    return fails(fd) ? -1 : real(fd, bytes, count, offset);
}

int fsync(int fd)
{
    REAL(int, fsync, int);
    return fails(fd) ? -1 : real(fd);
}

int fdatasync(int fd)
{
    REAL(int, fdatasync, int);
    return fails(fd) ? -1 : real(fd);
}
