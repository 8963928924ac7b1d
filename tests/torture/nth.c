/* Preloaded into a program: its nth system call of those named kills it, or fails. All threads
 * count together, and only what comes after this library was loaded. A filter (seccomp) traps those
 * calls; the handler makes them itself, from one instruction that the filter lets pass.
 *
 * NTH_CALLS=write,fsync   those calls (`mmap` means of files)
 * NTH_AT=7                the seventh; NTH_EVER=1: and each after it; without it none
 * NTH_ERROR=28            it fails with this errno; without it the program dies as of kill -9
 * NTH_OUT=file            becomes a struct told, also when the program died
 *
 * x86-64 only. Who is started by the program is not meant: he would die of his first trap. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define CALLS_MAX 20000
#define WATCHED_MAX 32

static const struct {
    const char *name;
    int nr;
} known[] = { { "openat", SYS_openat },
              { "open", SYS_open },
              { "write", SYS_write },
              { "pwrite64", SYS_pwrite64 },
              { "writev", SYS_writev },
              { "pwritev", SYS_pwritev },
              { "fsync", SYS_fsync },
              { "fdatasync", SYS_fdatasync },
              { "ftruncate", SYS_ftruncate },
              { "fallocate", SYS_fallocate },
              { "rename", SYS_rename },
              { "renameat", SYS_renameat },
              { "renameat2", SYS_renameat2 },
              { "link", SYS_link },
              { "linkat", SYS_linkat },
              { "unlink", SYS_unlink },
              { "unlinkat", SYS_unlinkat },
              { "mkdir", SYS_mkdir },
              { "mkdirat", SYS_mkdirat },
              { "rmdir", SYS_rmdir },
              { "sendto", SYS_sendto },
              { "sendmsg", SYS_sendmsg },
              { "mmap", SYS_mmap } };
#define N_KNOWN (sizeof known / sizeof known[0])

static struct told {
    _Atomic uint32_t calls, injected;
    _Atomic uint32_t mute;      /* injected into what it says on standard error */
    uint8_t changes[CALLS_MAX]; /* of each call, from the first: whether it changed something */
} * told;
static uint32_t at;
static bool ever;
static int error; /* 0: die */

/* The call itself; `nth_pass` is where the kernel sees it come from. */
long nth_call(long nr, long a, long b, long c, long d, long e, long f);
extern const char nth_pass[];
__asm__(".text\n.globl nth_call\n.hidden nth_call\n.globl nth_pass\n.hidden nth_pass\nnth_call:\n"
        "mov %rdi,%rax\nmov %rsi,%rdi\nmov %rdx,%rsi\nmov %rcx,%rdx\nmov %r8,%r10\nmov %r9,%r8\n"
        "mov 8(%rsp),%r9\nsyscall\nnth_pass:\nret\n");

static bool changes(long nr, const greg_t *r, long result)
{
    if (result < 0)
        return false;
    switch (nr) {
    case SYS_openat:
        return (r[REG_RDX] & (O_CREAT | O_TRUNC)) != 0;
    case SYS_open:
        return (r[REG_RSI] & (O_CREAT | O_TRUNC)) != 0;
    case SYS_write:
    case SYS_writev:
        return r[REG_RDI] > STDERR_FILENO;
    case SYS_mmap:
        return false;
    default:
        return true;
    }
}

static void trapped(int sig, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    greg_t *r = u->uc_mcontext.gregs;
    long nr = info->si_syscall;
    uint32_t n = atomic_fetch_add(&told->calls, 1) + 1;

    (void)sig;
    if (at > 0 && (n == at || (ever && n > at))) {
        atomic_fetch_add(&told->injected, 1);
        if (error == 0)
            for (;;)
                (void)nth_call(SYS_kill, nth_call(SYS_getpid, 0, 0, 0, 0, 0, 0), SIGKILL, 0, 0, 0,
                               0);
        if ((nr == SYS_write || nr == SYS_writev) && r[REG_RDI] == STDERR_FILENO)
            atomic_store(&told->mute, 1);
        r[REG_RAX] = -error;
        return;
    }
    long result =
        nth_call(nr, r[REG_RDI], r[REG_RSI], r[REG_RDX], r[REG_R10], r[REG_R8], r[REG_R9]);
    if (n <= CALLS_MAX)
        told->changes[n - 1] = changes(nr, r, result);
    r[REG_RAX] = result;
}

static _Noreturn void die(const char *what)
{
    perror(what);
    _exit(125);
}

static unsigned watch(struct sock_filter *f, const char *calls)
{
    const struct sock_filter trap = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
    const struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    uint64_t pass = (uintptr_t)nth_pass;
    unsigned n = 0, watched = 0;

#define LOAD(what)                                                                                 \
    (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, what))
#define UNLESS(value, skip)                                                                        \
    (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), 0, skip)
    f[n++] = LOAD(instruction_pointer);
    f[n++] = UNLESS(pass, 3);
    f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                          offsetof(struct seccomp_data, instruction_pointer) + 4);
    f[n++] = UNLESS(pass >> 32, 1);
    f[n++] = allow;
    f[n++] = LOAD(nr);
    for (const char *s = calls; *s != '\0' && watched < WATCHED_MAX; s += *s == ',') {
        size_t len = strcspn(s, ",");
        size_t i = 0;
        while (i < N_KNOWN && (strlen(known[i].name) != len || memcmp(known[i].name, s, len) != 0))
            i++;
        if (i == N_KNOWN) {
            fprintf(stderr, "nth: no such call: %s\n", s);
            _exit(125);
        }
        if (known[i].nr == SYS_mmap) { /* of a file: the descriptor is not -1 */
            f[n++] = UNLESS(SYS_mmap, 4);
            f[n++] = LOAD(args[4]);
            f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, UINT32_MAX, 1, 0);
            f[n++] = trap;
            f[n++] = allow;
        } else {
            f[n++] = UNLESS(known[i].nr, 1);
            f[n++] = trap;
        }
        watched++;
        s += len;
    }
    f[n++] = allow;
    return n;
}

__attribute__((constructor)) static void begin(void)
{
    struct sock_filter f[16 + 5 * WATCHED_MAX];
    struct sock_fprog program = { .filter = f };
    struct sigaction act = { .sa_sigaction = trapped, .sa_flags = SA_SIGINFO | SA_NODEFER };
    const char *calls = getenv("NTH_CALLS");
    const char *out = getenv("NTH_OUT");
    int fd;

    if (calls == NULL || out == NULL)
        return;
    at = (uint32_t)strtoul(getenv("NTH_AT") != NULL ? getenv("NTH_AT") : "0", NULL, 10);
    ever = getenv("NTH_EVER") != NULL;
    error = (int)strtol(getenv("NTH_ERROR") != NULL ? getenv("NTH_ERROR") : "0", NULL, 10);
    if ((fd = open(out, O_RDWR | O_CREAT | O_TRUNC, 0600)) < 0 || ftruncate(fd, sizeof *told) < 0)
        die(out);
    told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)close(fd);
    if (told == MAP_FAILED || sigaction(SIGSYS, &act, NULL) < 0)
        die("nth");
    program.len = (unsigned short)watch(f, calls);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
        die("seccomp");
}
