tests/sync/test_replica_quote: tests/sync/test_replica_quote.c \
 tests/lib/tree.h tests/lib/schema.h sync/schema.h crypto/base/buf.h \
 crypto/base/err.h tests/lib/test.h node/store/sqlstore.h node/store/db.h \
 sync/store.h sync/audience.h crypto/cert.h crypto/key.h crypto/encode.h \
 sync/env.h sync/digest.h sync/clock.h sync/merge.h sync/change.h \
 sync/segment.h sync/sha1.h sync/pack.h sync/replica.h sync/authority.h \
 crypto/base/alloc.h
tests/lib/tree.h:
tests/lib/schema.h:
sync/schema.h:
crypto/base/buf.h:
crypto/base/err.h:
tests/lib/test.h:
node/store/sqlstore.h:
node/store/db.h:
sync/store.h:
sync/audience.h:
crypto/cert.h:
crypto/key.h:
crypto/encode.h:
sync/env.h:
sync/digest.h:
sync/clock.h:
sync/merge.h:
sync/change.h:
sync/segment.h:
sync/sha1.h:
sync/pack.h:
sync/replica.h:
sync/authority.h:
crypto/base/alloc.h:
