tests/node/test_flow: tests/node/test_flow.c tests/lib/place.h \
 node/module/special.h node/module/engine.h node/module/def.h \
 sync/schema.h crypto/base/buf.h crypto/base/err.h node/store/query.h \
 node/store/sqlstore.h node/store/db.h sync/store.h sync/audience.h \
 crypto/cert.h crypto/key.h crypto/encode.h sync/env.h sync/digest.h \
 sync/clock.h sync/merge.h sync/change.h sync/segment.h sync/sha1.h \
 sync/access.h sync/replica.h sync/authority.h node/node.h node/config.h \
 node/guard.h node/queue.h sync/exchange.h sync/files.h sync/message.h \
 crypto/httpsig.h tests/lib/test.h
tests/lib/place.h:
node/module/special.h:
node/module/engine.h:
node/module/def.h:
sync/schema.h:
crypto/base/buf.h:
crypto/base/err.h:
node/store/query.h:
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
sync/access.h:
sync/replica.h:
sync/authority.h:
node/node.h:
node/config.h:
node/guard.h:
node/queue.h:
sync/exchange.h:
sync/files.h:
sync/message.h:
crypto/httpsig.h:
tests/lib/test.h:
