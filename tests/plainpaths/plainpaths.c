/*
 * Paths as a tracer can match them: preloaded into a program that works in folders that it holds open, it gives the kernel the folder's own path in the place of
 * /proc/self/fd/N. What is done is the same, as long as nobody moves the folder meanwhile.
 *
 *     gcc -I.. -shared -fPIC -O2 -o plainpaths.so plainpaths.c -ldl
 */
#include "preloaded.h"
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static const char *plain(const char *path, char *room, size_t size)
{
    static const char fds[] = "/proc/self/fd/";
    char link[64];
    const char *rest;
    if (strncmp(path, fds, sizeof fds - 1) != 0)
        return path;
    rest = strchr(path + sizeof fds - 1, '/');
    size_t length = rest ? (size_t)(rest - path) : strlen(path);
    if (length >= sizeof link)
        return path;
    memcpy(link, path, length);
    link[length] = 0;
    ssize_t read = readlink(link, room, size - 1);
    if (read <= 0 || (size_t)read + strlen(path + length) + 1 > size)
        return path;
    strcpy(room + read, path + length);
    return room;
}

int open(const char *path, int flags, ...)
{
    char room[4096];
    va_list more;
    va_start(more, flags);
    mode_t mode = va_arg(more, mode_t);
    va_end(more);
    REAL(int, open, const char *, int, mode_t);
    return real(plain(path, room, sizeof room), flags, mode);
}

int unlink(const char *path)
{
    char room[4096];
    REAL(int, unlink, const char *);
    return real(plain(path, room, sizeof room));
}

int rename(const char *from, const char *to)
{
    char one[4096], other[4096];
    REAL(int, rename, const char *, const char *);
    return real(plain(from, one, sizeof one), plain(to, other, sizeof other));
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    char one[4096], other[4096];
    REAL(int, renameat2, int, const char *, int, const char *, unsigned);
    return real(from_folder, plain(from, one, sizeof one), to_folder, plain(to, other, sizeof other), flags);
}

int link(const char *from, const char *to)
{
    char one[4096], other[4096];
    REAL(int, link, const char *, const char *);
    return real(plain(from, one, sizeof one), plain(to, other, sizeof other));
}

void *dlsym(void *handle, const char *name)
{
    if (strcmp(name, "open") == 0)
        return (void *)open;
    if (strcmp(name, "unlink") == 0)
        return (void *)unlink;
    if (strcmp(name, "rename") == 0)
        return (void *)rename;
    if (strcmp(name, "renameat2") == 0)
        return (void *)renameat2;
    if (strcmp(name, "link") == 0)
        return (void *)link;
    return real_dlsym()(handle, name);
}
