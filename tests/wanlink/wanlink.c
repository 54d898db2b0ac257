/*
 * wanlink: a link between two network namespaces that is as slow, long and lossy as a WAN, for kernels without netem.
 *
 *   wanlink NS_A IF_A ADDRESS_A NS_B IF_B ADDRESS_B RATE_MBIT ONE_WAY_MS LOSS_PERCENT QUEUE_MS
 *
 * It makes a TUN device with the address (a.b.c.d/bits) in each named namespace and carries the packets between them. Each direction is
 * on its own, with a thread of its own, and does what a router in front of a long line does:
 *
 *   1. a packet is lost with the given probability (independent of the others);
 *   2. it waits behind those before it, at the rate of the link; a queue of more than QUEUE_MS drops it (tail drop);
 *   3. it arrives ONE_WAY_MS after its last bit was sent, in order.
 *
 * A packet counts with the bytes of its IP header and payload; nothing is added for Ethernet.
 *
 * As long as nothing is to be lost, TCP segments pass in the bundles of up to 64 KiB in which the kernels of both ends would also give them
 * to and get them from a network card (TSO, GRO): one at a time they cost as much as all the rest together. A bundle counts as the packets
 * it stands for, and arrives when the last of them would. Packets are lost one at a time, so with losses they pass one at a time.
 *
 * Says "up" when the link is there, then obeys lines from its standard input, answering each with one line:
 *   cut              everything is lost, also what is under way; neither side is told
 *   mend             as before
 *   loss PERCENT     from now on
 *   rate MBIT        from now on
 *   stats            {"a":{"packets":..,"bytes":..,"lost":..,"dropped":..},"b":{..}}: what went in at a (at b), what of it was lost and dropped
 * It ends, and the devices with it, when the standard input ends: it cannot outlive the program that started it.
 *
 * Needs root and /dev/net/tun. gcc -O2 -pthread -o wanlink wanlink.c
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MTU = 1500, LARGEST = sizeof(struct virtio_net_hdr) + 65535, BATCH = 64, DEVICE_QUEUE = 10000, LOOK_AT_LEAST_EVERY = 100000000 /* ns */ };

/* What a packet in the line looks like in the ring: this, then what was read of the device (a struct virtio_net_hdr and the bytes), padded to 8.
 * A length of 0 says: go on at the start of the ring. */
struct packet {
    int64_t due;
    uint32_t length;
    uint32_t unused;
};

struct direction {
    int in, out;
    int64_t delay, queue;            /* ns */
    uint64_t random;
    unsigned char *ring;
    size_t size, head, tail;         /* bytes; head == tail: empty */
    int64_t sent;                    /* when the last bit of the last packet is on the line */
    _Atomic uint64_t packets, bytes, lost, dropped;
};

/* Read by both threads, written by the one that obeys. */
static _Atomic uint64_t lose_below;  /* of 2^64 */
static _Atomic double ns_per_byte;
static atomic_bool is_cut;

static void fail(const char *what, ...)
{
    int error = errno;
    va_list arguments;
    va_start(arguments, what);
    fprintf(stderr, "wanlink: ");
    vfprintf(stderr, what, arguments);
    fprintf(stderr, ": %s\n", strerror(error));
    va_end(arguments);
    exit(1);
}

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* xorshift64*: independent enough for losses, and the same sequence each time. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * 0x2545F4914F6CDD1DULL;
}

static void set_loss(double percent)
{
    double of_all = percent <= 0 ? 0 : percent >= 100 ? 1 : percent / 100;
    atomic_store(&lose_below, of_all >= 1 ? UINT64_MAX : (uint64_t)(of_all * 18446744073709551615.0));
}

static void set_rate(double megabit)
{
    atomic_store(&ns_per_byte, 8000.0 / megabit);
}

static void must(int socket, unsigned long request, struct ifreq *device, const char *what)
{
    if (ioctl(socket, request, device) < 0)
        fail("%s of %s", what, device->ifr_name);
}

/* Whether the kernel may hand over segments in bundles, or has to cut them first. */
static void let_bundle(int tun, bool may)
{
    if (ioctl(tun, TUNSETOFFLOAD, may ? TUN_F_CSUM | TUN_F_TSO4 : 0) < 0)
        fail("bundles");
}

/* Makes the device in the namespace, gives it its address, and leaves this process in the namespace where it was. */
static int make_device(const char *namespace, const char *name, const char *cidr)
{
    char path[256], address[64];
    int bits = 0;
    if (sscanf(cidr, "%63[0-9.]/%d", address, &bits) != 2 || bits < 1 || bits > 31 || strlen(name) >= IFNAMSIZ) {
        errno = EINVAL;
        fail("%s %s", name, cidr);
    }

    snprintf(path, sizeof path, "/var/run/netns/%s", namespace);
    int before = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), target = open(path, O_RDONLY | O_CLOEXEC);
    if (before < 0 || target < 0 || setns(target, CLONE_NEWNET) < 0)
        fail("%s", path);

    int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (tun < 0)
        fail("/dev/net/tun");

    struct ifreq device = { 0 };
    strncpy(device.ifr_name, name, IFNAMSIZ - 1);
    device.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
    must(tun, TUNSETIFF, &device, "making");

    int socket_here = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in *in = (struct sockaddr_in *)&device.ifr_addr;
    memset(in, 0, sizeof *in);
    in->sin_family = AF_INET;
    inet_pton(AF_INET, address, &in->sin_addr);
    must(socket_here, SIOCSIFADDR, &device, "address");
    in->sin_addr.s_addr = htonl(~0U << (32 - bits));
    must(socket_here, SIOCSIFNETMASK, &device, "mask");
    device.ifr_mtu = MTU;
    must(socket_here, SIOCSIFMTU, &device, "MTU");
    /* Long enough that packets are dropped by our queue, whose length was asked for, and not by the device's. */
    device.ifr_qlen = DEVICE_QUEUE;
    must(socket_here, SIOCSIFTXQLEN, &device, "queue length");
    must(socket_here, SIOCGIFFLAGS, &device, "flags");
    device.ifr_flags |= IFF_UP | IFF_RUNNING;
    must(socket_here, SIOCSIFFLAGS, &device, "start");
    close(socket_here);

    if (setns(before, CLONE_NEWNET) < 0)
        fail("setns");
    close(before);
    close(target);
    return tun;
}

static size_t padded(size_t length)
{
    return sizeof(struct packet) + ((length + 7) & ~(size_t)7);
}

/* The place for a packet of the greatest size, or NULL if the ring is full. */
static struct packet *place(struct direction *d)
{
    size_t most = padded(LARGEST);
    if (d->tail >= d->head) {
        if (d->size - d->tail > most + sizeof(struct packet))
            return (struct packet *)(d->ring + d->tail);
        if (d->head <= most)
            return NULL;
        ((struct packet *)(d->ring + d->tail))->length = 0;
        d->tail = 0;
    }

    return d->head - d->tail > most ? (struct packet *)(d->ring + d->tail) : NULL;
}

static struct packet *first(struct direction *d)
{
    if (d->head == d->tail)
        return NULL;
    struct packet *p = (struct packet *)(d->ring + d->head);
    if (p->length == 0) {
        d->head = 0;
        if (d->head == d->tail)
            return NULL;
        p = (struct packet *)d->ring;
    }

    return p;
}

/* What was read of a device, counted as it would be on the line: a bundle is several packets, each with the headers of the first. */
struct counted {
    int packets;
    int64_t bytes;
};

static struct counted counted(const unsigned char *read, int length)
{
    struct virtio_net_hdr header;
    memcpy(&header, read, sizeof header);
    const unsigned char *packet = read + sizeof header;
    struct counted c = { 1, length - (int)sizeof header };
    if (header.gso_type != VIRTIO_NET_HDR_GSO_NONE && header.gso_size > 0 && header.csum_start + 20 <= c.bytes) {
        /* The TCP header begins where the checksum does; its own length, in words, is in the upper half of byte 12. */
        int headers = header.csum_start + (packet[header.csum_start + 12] >> 4) * 4;
        c.packets = (int)((c.bytes - headers + header.gso_size - 1) / header.gso_size);
        c.bytes += (int64_t)(c.packets - 1) * headers;
    }

    return c;
}

/* p: where it was read to; NULL when there was no room. */
static void take_in(struct direction *d, struct packet *p, const unsigned char *read, int length)
{
    int64_t at = now();
    struct counted c = counted(read, length);
    d->packets += c.packets;
    d->bytes += c.bytes;
    if (atomic_load(&is_cut) || next_random(&d->random) < atomic_load(&lose_below)) {
        d->lost += c.packets;
        return;
    }

    if (d->sent < at)
        d->sent = at;
    if (p == NULL || d->sent - at > d->queue) {
        d->dropped += c.packets;
        return;
    }

    d->sent += (int64_t)(c.bytes * atomic_load(&ns_per_byte));
    p->due = d->sent + d->delay;
    p->length = length;
    d->tail += padded(length);
}

static void *carry(void *argument)
{
    struct direction *d = argument;
    unsigned char none[LARGEST];
    for (;;) {
        int work = 0;
        struct packet *p;
        int64_t at = now();
        while (work < BATCH && (p = first(d)) != NULL && p->due <= at) {
            if (atomic_load(&is_cut) || write(d->out, (unsigned char *)(p + 1), p->length) < 0)
                d->lost += counted((unsigned char *)(p + 1), p->length).packets;
            d->head += padded(p->length);
            work++;
        }

        for (int i = 0; i < BATCH; i++) {
            p = place(d);
            unsigned char *bytes = p != NULL ? (unsigned char *)(p + 1) : none;
            int length = read(d->in, bytes, LARGEST);
            if (length <= 0)
                break;
            work++;
            take_in(d, p, bytes, length);
        }

        if (work == 0) {
            p = first(d);
            int64_t wait = p != NULL ? p->due - now() : LOOK_AT_LEAST_EVERY;
            struct timespec timeout = { 0, wait < LOOK_AT_LEAST_EVERY ? wait : LOOK_AT_LEAST_EVERY };
            struct pollfd input = { d->in, POLLIN, 0 };
            if (wait > 0)
                ppoll(&input, 1, &timeout, NULL);
        }
    }

    return NULL;
}

static void start(struct direction *d)
{
    /* All that can be in the queue and on the line at once; small packets take more room than they have bytes. */
    double in_flight = (d->delay + d->queue) / atomic_load(&ns_per_byte);
    d->size = ((size_t)(in_flight * 1.5) + (8 << 20)) & ~(size_t)7;
    d->ring = malloc(d->size);
    if (d->ring == NULL)
        fail("memory for the line");

    /* A late packet would be a property of this machine and not of the link, so the carriers go before what they carry for. */
    pthread_t thread;
    pthread_attr_t attributes;
    struct sched_param priority = { .sched_priority = 1 };
    pthread_attr_init(&attributes);
    pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
    pthread_attr_setschedpolicy(&attributes, SCHED_RR);
    pthread_attr_setschedparam(&attributes, &priority);
    errno = pthread_create(&thread, &attributes, carry, d);
    if (errno == EPERM) {
        setpriority(PRIO_PROCESS, 0, -20);
        errno = pthread_create(&thread, NULL, carry, d);
    }

    if (errno != 0)
        fail("thread");
}

static void print_stats(struct direction *a, struct direction *b)
{
    printf("{\"a\":{\"packets\":%lu,\"bytes\":%lu,\"lost\":%lu,\"dropped\":%lu},\"b\":{\"packets\":%lu,\"bytes\":%lu,\"lost\":%lu,\"dropped\":%lu}}\n",
        a->packets, a->bytes, a->lost, a->dropped, b->packets, b->bytes, b->lost, b->dropped);
}

int main(int count, char **words)
{
    if (count != 11) {
        fprintf(stderr, "usage: wanlink NS_A IF_A ADDRESS_A NS_B IF_B ADDRESS_B RATE_MBIT ONE_WAY_MS LOSS_PERCENT QUEUE_MS\n");
        return 2;
    }

    if (atof(words[7]) <= 0 || atof(words[8]) < 0 || atof(words[10]) <= 0) {
        fprintf(stderr, "wanlink: the rate and the queue must be more than 0, the delay not less\n");
        return 2;
    }

    set_rate(atof(words[7]));
    set_loss(atof(words[9]));
    static struct direction a, b;
    a.random = 0x9E3779B97F4A7C15ULL;
    b.random = 0xD1B54A32D192ED03ULL;
    a.in = b.out = make_device(words[1], words[2], words[3]);
    b.in = a.out = make_device(words[4], words[5], words[6]);
    a.delay = b.delay = (int64_t)(atof(words[8]) * 1e6);
    a.queue = b.queue = (int64_t)(atof(words[10]) * 1e6);
    let_bundle(a.in, atof(words[9]) <= 0);
    let_bundle(b.in, atof(words[9]) <= 0);
    prctl(PR_SET_TIMERSLACK, 1000UL);
    start(&a);
    start(&b);

    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("up\n");
    char line[128];
    double value;
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (strcmp(line, "stats\n") == 0) {
            print_stats(&a, &b);
            continue;
        }

        if (strcmp(line, "cut\n") == 0)
            atomic_store(&is_cut, true);
        else if (strcmp(line, "mend\n") == 0)
            atomic_store(&is_cut, false);
        else if (sscanf(line, "loss %lf", &value) == 1) {
            let_bundle(a.in, value <= 0);
            let_bundle(b.in, value <= 0);
            set_loss(value);
        }
        else if (sscanf(line, "rate %lf", &value) == 1 && value > 0)
            set_rate(value);
        else {
            printf("unknown\n");
            continue;
        }

        printf("done\n");
    }

    return 0;
}
