/* No bug is planted here. */
#include "tests/sim/sim.h"

void sim_plant(unsigned n);
void sim_plant(unsigned n)
{
    (void)n;
}
