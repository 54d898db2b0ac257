/*
 * A disk that fails on demand: preloaded into a site, it answers writes and syncs of some files with an error for as long as another file, the
 * switch, exists (FAILDISK_WHILE). The switch says which calls, how often and how:
 *
 *     CALLS TIMES ERROR PATH
 *
 * CALLS is write, sync or any; TIMES is once (the switch is gone then) or always; ERROR an errno; PATH a part of the paths of the files that fail, or
 * their end with a $ after it.
 *
 *     gcc -I.. -shared -fPIC -O2 -o faildisk.so faildisk.c -ldl
 */
#include "preloaded.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int matches(const char *name, const char *path)
{
    size_t length = strlen(path);
    if (path[length - 1] != '$')
        return strstr(name, path) != NULL;
    length--;
    return strlen(name) >= length && strncmp(name + strlen(name) - length, path, length) == 0;
}

static int fails(int fd, const char *call)
{
    const char *when = getenv("FAILDISK_WHILE");
    char link[64], name[4096], calls[16], times[16], path[512];
    int error;
    FILE *file;
    if (!when || access(when, F_OK) != 0 || !(file = fopen(when, "re")))
        return 0;
    int read = fscanf(file, "%15s %15s %d %511s", calls, times, &error, path);
    fclose(file);
    if (read != 4 || (strcmp(calls, "any") != 0 && strcmp(calls, call) != 0))
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, name, sizeof name - 1);
    if (length <= 0)
        return 0;
    name[length] = 0;
    if (!matches(name, path) || (strcmp(times, "once") == 0 && unlink(when) != 0))
        return 0;
    errno = error;
    return 1;
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    REAL(ssize_t, write, int, const void *, size_t);
    return fails(fd, "write") ? -1 : real(fd, bytes, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
    return fails(fd, "write") ? -1 : real(fd, bytes, count, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset)
{
    REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t);
    return fails(fd, "write") ? -1 : real(fd, bytes, count, offset);
}

int fsync(int fd)
{
    REAL(int, fsync, int);
    return fails(fd, "sync") ? -1 : real(fd);
}

int fdatasync(int fd)
{
    REAL(int, fdatasync, int);
    return fails(fd, "sync") ? -1 : real(fd);
}

void *dlsym(void *handle, const char *name)
{
    if (strcmp(name, "fsync") == 0)
        return (void *)fsync;
    if (strcmp(name, "fdatasync") == 0)
        return (void *)fdatasync;
    if (strcmp(name, "write") == 0)
        return (void *)write;
    return real_dlsym()(handle, name);
}
