tests/node/test_def: tests/node/test_def.c tests/lib/test.h \
 crypto/base/buf.h crypto/base/err.h node/module/check.h \
 node/module/def.h sync/schema.h
tests/lib/test.h:
crypto/base/buf.h:
crypto/base/err.h:
node/module/check.h:
node/module/def.h:
sync/schema.h:
