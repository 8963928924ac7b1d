# Linli: `make help` lists the targets. Everything built goes to build/.
SHELL := /bin/bash
CC ?= gcc
B ?= build
SAN ?=
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
  -Wmissing-prototypes -Wwrite-strings -Wvla -Wformat=2 -Wundef -Wcast-qual -Wimplicit-fallthrough \
  -Wswitch-enum -Wnull-dereference
CFLAGS := -std=c17 -D_XOPEN_SOURCE=700 -D_DEFAULT_SOURCE -O2 -g $(WARN) -Werror -fno-common -fPIE -fstack-protector-strong \
  -D_FORTIFY_SOURCE=2 -I. -I$(B) -include crypto/base/ban.h -MMD -MP
LDFLAGS := -pie -Wl,-z,relro,-z,now
LIBS := -lcurl -lcivetweb -lsqlite3 -lgit2 -lzstd -lz -ljansson -lxlsxwriter -lminizip -lexpat -lqrencode -lsodium -lm -lpthread -ldl
ifneq ($(SAN),)
B := build/san-$(subst $(comma),-,$(SAN))
CFLAGS += -fsanitize=$(SAN) -U_FORTIFY_SOURCE
LDFLAGS += -fsanitize=$(SAN)
endif
comma := ,

ROOM_SRC := $(shell find crypto sync node -name '*.c' 2>/dev/null | sort)
MAIN_SRC := node/main.c
LIB_OBJ := $(patsubst %.c,$(B)/%.o,$(filter-out $(MAIN_SRC),$(ROOM_SRC)))
LIB_TEST := $(patsubst %.c,$(B)/%.o,$(shell find tests/lib -name '*.c' 2>/dev/null | sort))
T ?=
TESTS := $(patsubst %.c,$(B)/%,$(shell find tests/crypto tests/sync tests/node -name 'test_*.c' 2>/dev/null | sort))

.DEFAULT_GOAL := all
all: $(B)/linli ## build the program
$(B)/liblinli.a: $(LIB_OBJ)
	rm -f $@ && ar rcs $@ $^
$(B)/linli: $(B)/node/main.o $(B)/liblinli.a
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)
$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<
$(B)/tests/%: $(B)/tests/%.o $(LIB_TEST) $(B)/liblinli.a
	$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(LIBS)
unit: $(TESTS) ## unit tests only; T=crypto/cert F='*pattern*' runs some
	@for t in $(filter $(B)/tests/%$(if $(T),$(dir $(T))test_$(notdir $(T))),$(TESTS)); do CMOCKA_TEST_FILTER="$(F)" $$t || exit 1; done
clean: ## remove what was built
	rm -rf build
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14
.PHONY: all unit clean help
.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
