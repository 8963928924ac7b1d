tests/sync/test_exchange_client: tests/sync/test_exchange_client.c \
 sync/pack.h sync/segment.h crypto/key.h crypto/base/buf.h \
 crypto/base/err.h crypto/encode.h sync/change.h sync/clock.h sync/env.h \
 sync/schema.h sync/sha1.h sync/view.h sync/replica.h sync/authority.h \
 crypto/cert.h sync/audience.h sync/digest.h sync/merge.h sync/store.h \
 tests/lib/peer.h node/store/sqlstore.h node/store/db.h sync/exchange.h \
 sync/access.h sync/files.h sync/message.h crypto/httpsig.h sync/join.h \
 crypto/code.h tests/lib/schema.h tests/lib/test.h
sync/pack.h:
sync/segment.h:
crypto/key.h:
crypto/base/buf.h:
crypto/base/err.h:
crypto/encode.h:
sync/change.h:
sync/clock.h:
sync/env.h:
sync/schema.h:
sync/sha1.h:
sync/view.h:
sync/replica.h:
sync/authority.h:
crypto/cert.h:
sync/audience.h:
sync/digest.h:
sync/merge.h:
sync/store.h:
tests/lib/peer.h:
node/store/sqlstore.h:
node/store/db.h:
sync/exchange.h:
sync/access.h:
sync/files.h:
sync/message.h:
crypto/httpsig.h:
sync/join.h:
crypto/code.h:
tests/lib/schema.h:
tests/lib/test.h:
