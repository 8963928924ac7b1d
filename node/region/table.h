/* The table of region names as compiled in (made by packaging/tool/region.c), in the byte order of
 * the machine: uint32 n; n entries { county, at, packed, raw } sorted by county; then the zstd
 * frames. A frame unpacks to lines "<12-digit code>\t<name>\n" sorted by code. Entry 0 has county 0
 * and holds all provinces, cities and counties; the others hold the streets and communities of one
 * county. */
#ifndef LN_REGION_TABLE_H
#define LN_REGION_TABLE_H

extern const unsigned char ln_region_table[];
extern const unsigned char ln_region_table_end[];

#endif
