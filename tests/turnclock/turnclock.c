/*
 * A wall clock that can be turned while a site runs: preloaded into it, this adds to the time of day the seconds that a file says (TURNCLOCK, eight bytes,
 * a signed number of the machine's own order), which may be written over at any moment. Time passes as it does, and no other clock is touched.
 * libfaketime does more, and a site under it takes a processor of its own.
 *
 *     gcc -shared -fPIC -O2 -o turnclock.so turnclock.c -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t none, *turned = &none;
static int (*real_clock_gettime)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("TURNCLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *mapped = mmap(NULL, sizeof *turned, PROT_READ, MAP_SHARED, file, 0);
    if (mapped != MAP_FAILED)
        turned = mapped;
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    /* Others may ask before our constructor had its turn. */
    if (!real_clock_gettime)
        real_clock_gettime = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = real_clock_gettime(clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += *turned;
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    (void)zone;
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now)
{
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (now)
        *now = exact.tv_sec;
    return exact.tv_sec;
}
