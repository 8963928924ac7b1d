tests/sync/test_hostile_child: tests/sync/test_hostile_child.c \
 tests/lib/forge.h sync/replica.h sync/authority.h crypto/cert.h \
 crypto/key.h crypto/base/buf.h crypto/base/err.h crypto/encode.h \
 sync/audience.h sync/env.h sync/change.h sync/clock.h sync/schema.h \
 sync/segment.h sync/sha1.h sync/digest.h sync/merge.h sync/store.h \
 tests/lib/mutate.h crypto/canon.h tests/lib/tree.h tests/lib/schema.h \
 tests/lib/test.h node/store/sqlstore.h node/store/db.h sync/pack.h
tests/lib/forge.h:
sync/replica.h:
sync/authority.h:
crypto/cert.h:
crypto/key.h:
crypto/base/buf.h:
crypto/base/err.h:
crypto/encode.h:
sync/audience.h:
sync/env.h:
sync/change.h:
sync/clock.h:
sync/schema.h:
sync/segment.h:
sync/sha1.h:
sync/digest.h:
sync/merge.h:
sync/store.h:
tests/lib/mutate.h:
crypto/canon.h:
tests/lib/tree.h:
tests/lib/schema.h:
tests/lib/test.h:
node/store/sqlstore.h:
node/store/db.h:
sync/pack.h:
