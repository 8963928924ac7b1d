tests/sync/test_workflow: tests/sync/test_workflow.c sync/workflow.h \
 sync/change.h sync/clock.h crypto/base/buf.h crypto/base/err.h \
 sync/env.h sync/schema.h tests/lib/test.h
sync/workflow.h:
sync/change.h:
sync/clock.h:
crypto/base/buf.h:
crypto/base/err.h:
sync/env.h:
sync/schema.h:
tests/lib/test.h:
