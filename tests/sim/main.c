/* sim SEED [DAYS]: one world from one seed; prints what it was and what broke. SIM_ON=loss,crash
 * chooses the faults instead of the seed; SIM_SIZE=<districts>,<communities each>,<laptops>. */
#include <unistd.h>

#include "crypto/base/alloc.h"
#include "tests/sim/sim.h"

void sim_plant(unsigned n); /* plant.c; nothing where no bugs are built in */

static void choose(void)
{
    const char *only = getenv("SIM_ON");

    for (unsigned i = 0; i < SIM_FAULTS; i++) {
        bool on = sim_one_in(2);
        char word[32];
        (void)snprintf(word, sizeof word, ",%s,", sim_fault_names[i]);
        if (only != NULL) {
            char list[256];
            (void)snprintf(list, sizeof list, ",%s,", only);
            on = strstr(list, word) != NULL;
        }
        sim->on[i] = on;
    }
}

static void build(void)
{
    unsigned districts = 4;
    unsigned communities = 11;
    unsigned laptops = 6;
    const char *size = getenv("SIM_SIZE");
    char region[16];

    if (size != NULL) {
        unsigned *const parts[] = { &districts, &communities, &laptops };
        char *at = (char *)(uintptr_t)size;
        for (size_t i = 0; i < 3; i++)
            *parts[i] = (unsigned)strtoul(at + (i > 0 && *at == ','), &at, 10);
        if (districts == 0 || communities == 0 || *at != '\0') {
            printf("SIM_SIZE=4,11,6\n");
            exit(2);
        }
    }
    if (districts > 90 || communities > 900 ||
        districts * (communities + 1) + laptops + 8 > SIM_NODES)
        exit(2);
    sim->quiet = true;
    struct sim_node *root = sim_add(NULL, "330000000000", LN_ROLE_PROVINCE, "");
    for (unsigned d = 0; d < districts; d++) {
        (void)snprintf(region, sizeof region, "3301%02u000000", 2 + d);
        struct sim_node *district = sim_add(root, region, LN_ROLE_DISTRICT, "");
        for (unsigned c = 0; c < communities; c++) {
            (void)snprintf(region, sizeof region, "3301%02u005%03u", 2 + d, 10 + c);
            struct sim_node *box = sim_add(district, region, LN_ROLE_COMMUNITY, "");
            if (laptops > 0 && c < (laptops + districts - 1) / districts) {
                (void)sim_add(box, region, LN_ROLE_LAPTOP, "01");
                laptops--;
            }
        }
    }
    sim->quiet = false;
    /* some of them change sides */
    for (size_t i = 1; i < sim->n; i++) {
        struct sim_node *n = sim->nodes[i];
        bool low = n->role == LN_ROLE_COMMUNITY || n->role == LN_ROLE_LAPTOP;
        n->hostile = (low && sim->on[SIM_CHILD] && sim_one_in(10)) ||
                     (n->role == LN_ROLE_DISTRICT && sim->on[SIM_PARENT] && sim_one_in(3));
    }
}

static void tell(double days)
{
    char on[256] = "";
    char hash[33];
    struct ln_buf hex = ln_buf_new(32);

    for (unsigned i = 0; i < SIM_FAULTS; i++)
        if (sim->on[i])
            (void)snprintf(on + strlen(on), sizeof on - strlen(on), "%s%s",
                           on[0] != '\0' ? "," : "", sim_fault_names[i]);
    ln_encode_hex(&hex, sim->trace.b, sizeof sim->trace.b);
    (void)snprintf(hash, sizeof hash, "%s", hex.data);
    ln_buf_free(&hex);
    printf("seed %" PRIu64 " trace %s: %zu nodes, %.1f days, %zu saves, %u syncs (%u failed), %u "
           "lost, %u cut, %u replayed, %u crashes,"
           " %u restarts, %u old images, %zu clones, %u forged (%u judged), %u checkpoints, "
           "%u drops, %u erased, %zu KiB a node; %s\n",
           sim->seed, hash, sim->n_real, days, sim->n_saves, sim->syncs, sim->failed, sim->lost,
           sim->cut_messages, sim->replays, sim->crashes, sim->restarts, sim->images,
           sim->n - sim->n_real, sim->forged, sim->claims, sim->checkpoints, sim->drops,
           sim->erased, sim->memory / sim->n / 1024, on);
    printf("node-days %.0f\n", days * (double)sim->n_real);
    if (sim->violations > 0)
        printf("FAILED seed %" PRIu64 ": %s\n", sim->seed, sim->why);
    printf("%d passed, %d failed\n", sim->violations == 0, sim->violations > 0);
}

/* Small blocks by the million, of which none goes back to the system, on large pages: a third of a
 * world's time. glibc reads this when a program starts, so that it starts once more. */
static void tune_memory(char **argv)
{
    if (getenv("GLIBC_TUNABLES") != NULL)
        return;
    if (setenv("GLIBC_TUNABLES",
               "glibc.malloc.hugetlb=1:glibc.malloc.tcache_max=32768:glibc.malloc.tcache_count=64:"
               "glibc.malloc.mmap_threshold=8388608:glibc.malloc.trim_threshold=1073741824:"
               "glibc.malloc.top_pad=16777216",
               1) == 0)
        (void)execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
    double days = argc > 2 ? strtod(argv[2], NULL) : 10;
    const char *plant = getenv("SIM_PLANT");

    tune_memory(argv);
    sim = ln_alloc(sizeof *sim);
    sim->seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    sim->state = sim->seed;
    sim->start_ms = INT64_C(1795400000000);
    sim->now_ms = sim->start_ms;
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    sim->log = getenv("SIM_LOG") != NULL;
    if (!sim->log && freopen("/dev/null", "w", stderr) == NULL) /* nodes log their bad days */
        return 1;
    sim_rng();
    sim_disk_use();
    choose();
    build();
    if (plant != NULL)
        sim_plant((unsigned)strtoul(plant, NULL, 10));
    while (sim->now_ms < sim->start_ms + (int64_t)(days * 86400000.0) && sim->violations == 0)
        sim_event();
    double lived = (double)(sim->now_ms - sim->start_ms) / 86400000.0;
    if (sim->violations == 0)
        sim_heal();
    if (sim->violations == 0 || sim->log)
        sim_judge();
    tell(lived);
    int bad = sim->violations > 0;
    for (size_t i = sim->n; i-- > 0;)
        sim_end(sim->nodes[i]);
    return bad;
}
