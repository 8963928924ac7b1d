#!/bin/sh
# Prints the C file that carries the region table $1.
cat <<C
/* Made by packaging/tool/region_file.sh: do not edit. */
#include "node/region/table.h"
__asm__(".pushsection .rodata\n.balign 8\n.hidden ln_region_table\n.global ln_region_table\n"
        "ln_region_table: .incbin \"$1\"\n.hidden ln_region_table_end\n.global ln_region_table_end\n"
        "ln_region_table_end: .byte 0\n.popsection\n");
C
