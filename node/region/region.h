/* Names of regions by 12-digit code (统计用区划代码): all provinces, cities and counties of China,
 * streets and communities of Zhejiang. Threads: any; nothing is kept between calls. */
#ifndef LN_REGION_H
#define LN_REGION_H

#include "crypto/base/buf.h"

/* Adds the region's own name ("翠苑一区社区") to `out`. False, with nothing added, when the list
 * does not have it: not a failure, the caller shows the code. */
bool ln_region_name(struct ln_buf *out, const char *code);
/* Adds the names from the province down ("浙江省杭州市西湖区翠苑街道翠苑一区社区"); 市辖区 is left
 * out. False, with nothing added, when the last one is unknown. */
bool ln_region_path(struct ln_buf *out, const char *code);
/* Calls `each` for every direct child of `code` in order of codes ("000000000000" lists the
 * provinces); returns how many there were. `name` is borrowed during the call. */
size_t ln_region_children(const char *code,
                          void (*each)(void *ctx, const char code[13], struct ln_span name),
                          void *ctx);
/* True when `text` is 12 digits. */
bool ln_region_valid(const char *text);

#endif
