/* The collections of tests below the module engine. */
#ifndef LN_TEST_SCHEMA_H
#define LN_TEST_SCHEMA_H

#include "sync/schema.h"

/* person(name~, id_no^, job), notice(title), ticket(subject~; filed -> done) */
extern const struct ln_schema test_schema;

#endif
