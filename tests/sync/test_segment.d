tests/sync/test_segment: tests/sync/test_segment.c crypto/age.h \
 crypto/key.h crypto/base/buf.h crypto/base/err.h crypto/encode.h \
 crypto/base/alloc.h sync/pack.h sync/segment.h sync/change.h \
 sync/clock.h sync/env.h sync/schema.h sync/sha1.h tests/lib/mutate.h \
 crypto/canon.h tests/lib/test.h
crypto/age.h:
crypto/key.h:
crypto/base/buf.h:
crypto/base/err.h:
crypto/encode.h:
crypto/base/alloc.h:
sync/pack.h:
sync/segment.h:
sync/change.h:
sync/clock.h:
sync/env.h:
sync/schema.h:
sync/sha1.h:
tests/lib/mutate.h:
crypto/canon.h:
tests/lib/test.h:
