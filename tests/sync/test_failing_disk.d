tests/sync/test_failing_disk: tests/sync/test_failing_disk.c \
 tests/lib/disk.h crypto/base/err.h tests/lib/peer.h \
 node/store/sqlstore.h node/store/db.h crypto/base/buf.h sync/store.h \
 sync/audience.h crypto/cert.h crypto/key.h crypto/encode.h sync/env.h \
 sync/digest.h sync/clock.h sync/merge.h sync/change.h sync/schema.h \
 sync/segment.h sync/sha1.h sync/exchange.h sync/access.h sync/replica.h \
 sync/authority.h sync/files.h sync/message.h crypto/httpsig.h \
 sync/join.h crypto/code.h tests/lib/schema.h tests/lib/test.h \
 tests/lib/tree.h sync/pack.h sync/keys.h sync/view.h
tests/lib/disk.h:
crypto/base/err.h:
tests/lib/peer.h:
node/store/sqlstore.h:
node/store/db.h:
crypto/base/buf.h:
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
sync/schema.h:
sync/segment.h:
sync/sha1.h:
sync/exchange.h:
sync/access.h:
sync/replica.h:
sync/authority.h:
sync/files.h:
sync/message.h:
crypto/httpsig.h:
sync/join.h:
crypto/code.h:
tests/lib/schema.h:
tests/lib/test.h:
tests/lib/tree.h:
sync/pack.h:
sync/keys.h:
sync/view.h:
