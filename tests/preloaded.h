/*
 * What the libraries share that tests preload into a program.
 *
 * .NET finds the functions of a P/Invoke by dlsym in the C library's own handle, past every preloaded library; so these answer dlsym too.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

typedef void *(*find)(void *, const char *);

static find real_dlsym(void)
{
    static find real;
    const char *const versions[] = { "GLIBC_2.34", "GLIBC_2.2.5", "GLIBC_2.17" };
    for (size_t i = 0; !real && i < sizeof versions / sizeof *versions; i++)
        real = (find)dlvsym(RTLD_NEXT, "dlsym", versions[i]);
    return real;
}

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) \
        real = (type (*)(__VA_ARGS__))real_dlsym()(RTLD_NEXT, #name)
