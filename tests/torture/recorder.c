/* A disk whose every write is kept, in order, with its bytes: a file system with two files, over
 * /dev/fuse. What is written to `disk` goes into IMAGE, and each write and each flush also onto the
 * end of RECORD; what is written to `marks` goes only there, so that a mark lies between what came
 * before it and what came after. One thread: the order of the record is the order of the world.
 *
 *   recorder FOLDER IMAGE RECORD    serves until FOLDER is unmounted or whoever started it ends;
 *                                   prints `ready`; needs root
 *
 * An entry of RECORD is `kind` ('W' write, 'F' flush, 'M' mark), three zero bytes, the length of
 * its bytes (32 bits), where they go (64 bits), both little-endian, and the bytes. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define DISK 2
#define MARKS 3
#define WRITE_MAX (128 << 10)
#define ROOM (WRITE_MAX + 4096)

static struct {
    int door, image, record;
    uint64_t size;
} of;

static _Noreturn void die(const char *what)
{
    perror(what);
    exit(1);
}

static void note(char kind, const void *bytes, uint32_t len, uint64_t at)
{
    struct {
        char kind[4];
        uint32_t len;
        uint64_t at;
    } head = { { kind }, len, at };
    struct iovec v[2] = { { &head, sizeof head }, { (void *)(uintptr_t)bytes, len } };

    if (writev(of.record, v, len > 0 ? 2 : 1) != (ssize_t)(sizeof head + len))
        die("record");
}

static void answer(uint64_t unique, int error, const void *data, size_t len)
{
    struct fuse_out_header h = { .error = -error, .unique = unique };
    struct iovec v[2] = { { &h, sizeof h }, { (void *)(uintptr_t)data, len } };

    h.len = (uint32_t)(sizeof h + len);
    /* ENOENT: whoever asked was killed meanwhile */
    if (writev(of.door, v, len > 0 ? 2 : 1) < 0 && errno != ENOENT)
        die("answer");
}

static struct fuse_attr attr_of(uint64_t node)
{
    struct fuse_attr a = { .ino = node, .nlink = 1, .blksize = 4096 };

    a.mode = node == FUSE_ROOT_ID ? S_IFDIR | 0700 : S_IFREG | 0600;
    a.size = node == DISK ? of.size : 0;
    return a;
}

static void look_up(uint64_t unique, const char *name)
{
    struct fuse_entry_out e = { .entry_valid = 3600, .attr_valid = 3600 };

    e.nodeid = strcmp(name, "disk") == 0 ? DISK : strcmp(name, "marks") == 0 ? MARKS : 0;
    if (e.nodeid == 0) {
        answer(unique, ENOENT, NULL, 0);
        return;
    }
    e.attr = attr_of(e.nodeid);
    answer(unique, 0, &e, sizeof e);
}

static void begin(uint64_t unique, const struct fuse_init_in *in)
{
    struct fuse_init_out o = { .major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION };

    o.max_readahead = in->max_readahead;
    o.flags = in->flags & FUSE_BIG_WRITES;
    o.max_write = WRITE_MAX;
    answer(unique, 0, &o, sizeof o);
}

static void read_some(uint64_t unique, uint64_t node, const struct fuse_read_in *in)
{
    static char bytes[WRITE_MAX];
    ssize_t n = 0;

    if (node == DISK)
        n = pread(of.image, bytes, in->size < sizeof bytes ? in->size : sizeof bytes,
                  (off_t)in->offset);
    answer(unique, n < 0 ? errno : 0, bytes, n > 0 ? (size_t)n : 0);
}

static void write_some(uint64_t unique, uint64_t node, const struct fuse_write_in *in)
{
    struct fuse_write_out o = { .size = in->size };
    const char *bytes = (const char *)(in + 1);

    if (node == DISK) {
        note('W', bytes, in->size, in->offset);
        if (pwrite(of.image, bytes, in->size, (off_t)in->offset) != (ssize_t)in->size)
            die("image");
    } else {
        note('M', bytes, in->size, 0);
    }
    answer(unique, 0, &o, sizeof o);
}

static void serve(const struct fuse_in_header *h, const void *arg)
{
    struct fuse_attr_out attr = { .attr_valid = 3600, .attr = attr_of(h->nodeid) };
    struct fuse_open_out opened = { .open_flags = h->nodeid == MARKS ? FOPEN_DIRECT_IO : 0 };

    switch (h->opcode) {
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
        break; /* no answer is wanted */
    case FUSE_INIT:
        begin(h->unique, arg);
        break;
    case FUSE_LOOKUP:
        look_up(h->unique, arg);
        break;
    case FUSE_GETATTR:
    case FUSE_SETATTR:
        answer(h->unique, 0, &attr, sizeof attr);
        break;
    case FUSE_OPEN:
    case FUSE_OPENDIR:
        answer(h->unique, 0, &opened, sizeof opened);
        break;
    case FUSE_READ:
        read_some(h->unique, h->nodeid, arg);
        break;
    case FUSE_WRITE:
        write_some(h->unique, h->nodeid, arg);
        break;
    case FUSE_FSYNC:
        if (h->nodeid == DISK)
            note('F', NULL, 0, 0);
        answer(h->unique, 0, NULL, 0);
        break;
    case FUSE_FLUSH:
    case FUSE_RELEASE:
    case FUSE_RELEASEDIR:
    case FUSE_READDIR:
    case FUSE_DESTROY:
        answer(h->unique, 0, NULL, 0);
        break;
    default:
        answer(h->unique, ENOSYS, NULL, 0);
    }
}

int main(int argc, char **argv)
{
    static _Alignas(8) char in[ROOM];
    char how[128];
    struct stat st;
    ssize_t n;

    if (argc != 4)
        return 2;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    of.image = open(argv[2], O_RDWR | O_CLOEXEC);
    of.record = open(argv[3], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    of.door = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (of.image < 0 || of.record < 0 || of.door < 0 || fstat(of.image, &st) != 0)
        die("open");
    of.size = (uint64_t)st.st_size;
    (void)snprintf(how, sizeof how, "fd=%d,rootmode=40000,user_id=0,group_id=0", of.door);
    if (mount("recorder", argv[1], "fuse", MS_NOSUID | MS_NODEV, how) != 0)
        die("mount");
    puts("ready");
    (void)fflush(stdout);
    while ((n = read(of.door, in, sizeof in)) > 0 || (n < 0 && (errno == EINTR || errno == ENOENT)))
        if (n > 0)
            serve((const struct fuse_in_header *)in, in + sizeof(struct fuse_in_header));
    if (errno != ENODEV)
        die("read"); /* it ends when it is unmounted */
    return 0;
}
