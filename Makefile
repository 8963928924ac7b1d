# Linli: `make help` lists the targets. Everything built goes to build/.
SHELL := /bin/bash
MAKEFLAGS += --no-builtin-rules # `make tests/x/test_y` builds nothing beside its source
CC ?= gcc
B := build
SAN ?=
T ?=
F ?=
PORT ?= 8080
RUN ?= build/run
PREFIX ?= /usr
comma := ,
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
  -Wmissing-prototypes -Wwrite-strings -Wvla -Wformat=2 -Wundef -Wcast-qual -Wimplicit-fallthrough \
  -Wswitch-enum -Wnull-dereference
CFLAGS := -std=c17 -D_XOPEN_SOURCE=700 -D_DEFAULT_SOURCE -O2 -g $(WARN) -Werror -fno-common -fPIE \
  -fstack-protector-strong -D_FORTIFY_SOURCE=2 -I. -MMD -MP $(EXTRA_CFLAGS)
BAN := -include crypto/base/ban.h
LDFLAGS := -pie -Wl,-z,relro,-z,now $(EXTRA_LDFLAGS)
LIBS := -lcurl -lcivetweb -lsqlite3 -lgit2 -lzstd -ljansson -lxlsxwriter -lminizip -lexpat \
  -lqrencode -lsodium -lz -lm -lpthread -ldl
ifeq ($(SAN)$(COV),)
FRAME := -Wframe-larger-than=20480 # a web worker's stack has 100 KiB
endif
ifneq ($(SAN),)
B := build/san-$(subst $(comma),-,$(SAN))
CFLAGS += -fsanitize=$(SAN) -fno-omit-frame-pointer -U_FORTIFY_SOURCE -Wno-error # instrumented code misleads gcc
LDFLAGS += -fsanitize=$(SAN)
endif
ifneq ($(COV),)
B := build/cov
CFLAGS += --coverage -fprofile-update=atomic -O0 -U_FORTIFY_SOURCE -Wno-null-dereference -Wno-format-truncation -include tests/lib/coverage.h
LDFLAGS += --coverage
endif

ROOM_SRC := $(shell find crypto sync node -name '*.c' 2>/dev/null | sort)
MAIN_SRC := node/main.c
GEN_OBJ := $(B)/gen/embed_files.o $(B)/gen/asset_files.o $(B)/gen/region_file.o
LIB_OBJ := $(patsubst %.c,$(B)/%.o,$(filter-out $(MAIN_SRC),$(ROOM_SRC))) $(GEN_OBJ)
LIB_TEST := $(patsubst %.c,$(B)/%.o,$(shell find tests/lib -name '*.c' 2>/dev/null | sort))
TESTS := $(patsubst %.c,$(B)/%,$(shell find tests/crypto tests/sync tests/node -name 'test_*.c' 2>/dev/null | sort))
CHOSEN := $(filter $(B)/tests/%$(if $(T),$(dir $(T))test_$(notdir $(T))),$(TESTS))
C_FILES = $(shell git ls-files '*.c' '*.h')

.DEFAULT_GOAL := all
all: $(B)/linli ## build the program
deps: ## name and install what building and running needs (Debian and npm packages)
	@packaging/deps.sh run
deps-test: ## the same, and what the tests need
	@packaging/deps.sh test
run: deps ## start province, district and community here, with sample data (PORT=8080 RUN=build/run)
	@$(MAKE) --no-print-directory all sample && exec packaging/run.sh "$(RUN)" "$(PORT)"
test: deps-test ## every test that fits in CI; ends with `N passed, N failed`
	@tests/run.sh test
check: ## what a change must pass; SAN=address,undefined or SAN=thread builds all with that, and runs end to end too
	@$(if $(SAN),tests/run.sh san,$(MAKE) --no-print-directory layers && tests/run.sh unit)

# --- the program
$(B)/liblinli.a: $(LIB_OBJ)
	rm -f $@ && ar rcs $@ $^
$(B)/linli: $(B)/node/main.o $(B)/liblinli.a
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)
$(B)/sync/volume.o: BAN := # libgit2's headers name a field ctime
$(B)/node/xlsx.o: BAN := # libxlsxwriter's use strncpy
$(B)/tests/torture/recorder.o: BAN := # <linux/fuse.h> names a field ctime, too
$(B)/tests/torture/nth.so: tests/torture/nth.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -fPIC -shared -o $@ $<
$(B)/crypto/base/err.o: CFLAGS := $(filter-out -include tests/lib/coverage.h,$(CFLAGS))
$(B)/tests/%.o: FRAME :=
$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(FRAME) $(BAN) -c -o $@ $<
WRAPS = $(shell grep -oh '__wrap_[a-z0-9_]*' tests/lib/*.c | sort -u | sed 's/__wrap_/-Wl,--wrap=/')
$(B)/tests/%: $(B)/tests/%.o $(LIB_TEST) $(B)/liblinli.a
	$(CC) $(LDFLAGS) $(WRAPS) -o $@ $^ -lcmocka $(LIBS)
# the simulator: with the crypto that ships, with a stand-in for its arithmetic, with planted bugs; what its files
# name __wrap_x takes the place of x, in libraries, too: those it spends its time in are linked whole
SIM_LIBS = $(foreach l,$(LIBS),$(if $(filter -lsqlite3 -lsodium -lzstd -lz,$l),$(l:-l%=-l:lib%.a),$l))
SIM = $(addprefix $(B)/tests/sim/,world.o disk.o net.o act.o past.o oracle.o judge.o main.o) $(B)/tests/lib/forge.o
$(B)/tests/sim/real: $(SIM) $(B)/tests/sim/plant_none.o
SIM_FAST = $(SIM) $(B)/tests/sim/curve.o $(B)/tests/sim/quick.o
$(B)/tests/sim/fast: $(SIM_FAST) $(B)/tests/sim/plant_none.o
$(B)/tests/sim/planted: $(SIM_FAST) $(B)/tests/sim/plant.o
$(B)/tests/sim/fast $(B)/tests/sim/planted: LIBS += -lcrypto
$(B)/tests/sim/real $(B)/tests/sim/fast $(B)/tests/sim/planted: $(B)/liblinli.a
	$(CC) $(LDFLAGS) $$(grep -oh '__wrap_[A-Za-z0-9_]*' $(patsubst $(B)/%.o,%.c,$(filter-out %.a,$^)) | sort -u | \
	  sed 's/__wrap_/-Wl,--wrap=/') -o $@ $(filter %.o,$^) $(filter %.a,$^) $(SIM_LIBS)

# --- what the program carries: texts, pages, region names
EMBED := $(sort $(shell find node -name '*.json' -o -name '*.sql' 2>/dev/null))
UI_SRC := $(shell test -f ui/package-lock.json && find ui -type f -not -path '*/node_modules/*' -not -path '*/dist/*')
build/tool/%: packaging/tool/%.c
	@mkdir -p $(@D)
	$(CC) -std=c17 -D_XOPEN_SOURCE=700 -O2 $(WARN) -Werror -o $@ $< -lsodium -lzstd -lz
build/tool/sample: $(wildcard packaging/tool/sample/*.c) packaging/tool/sample/sample.h
	@mkdir -p $(@D)
	$(CC) -std=c17 -D_XOPEN_SOURCE=700 -D_DEFAULT_SOURCE -O2 $(WARN) -Werror -o $@ $(filter %.c,$^) -lxlsxwriter -lsodium
$(B)/gen/embed.list: FORCE
	@mkdir -p $(@D) && printf '%s\n' $(EMBED) | cmp -s - $@ || printf '%s\n' $(EMBED) > $@
$(B)/gen/embed_files.c: build/tool/embed $(B)/gen/embed.list $(EMBED)
	build/tool/embed text $(@D) $@ $(EMBED)
build/ui/.done: $(UI_SRC)
	@mkdir -p $(@D)
	@if [ -f ui/package-lock.json ]; then cd ui && { cmp -s package-lock.json node_modules/.lock || \
	  { npm ci --no-audit --no-fund --prefer-offline && cp package-lock.json node_modules/.lock; }; } && npm run --silent build; fi
	@touch $@
$(B)/gen/asset_files.c: build/tool/embed build/ui/.done
	@mkdir -p $(@D)
	build/tool/embed asset $(@D) $@ $$(find build/ui -type f -not -name .done | LC_ALL=C sort)
build/gen/region.bin: build/tool/region packaging/region/package-lock.json packaging/region/extract.sh
	@mkdir -p $(@D)
	packaging/region/extract.sh | build/tool/region $@
$(B)/gen/region_file.c: build/gen/region.bin packaging/tool/region_file.sh
	@mkdir -p $(@D)
	packaging/tool/region_file.sh $< > $@
$(B)/gen/%.o: $(B)/gen/%.c
	$(CC) $(CFLAGS) -c -o $@ $<
# the program of a version to come, for tests of upgrades and returns
$(B)/next/linli: $(B)/node/main.o $(B)/liblinli.a tests/next/make.sh $(wildcard tests/next/*)
	EMBED="$(EMBED)" tests/next/make.sh $(@D) && $(CC) $(CFLAGS) -c -o $(@D)/embed_files.o $(@D)/embed_files.c
	$(CC) $(LDFLAGS) -o $@ $(B)/node/main.o $(@D)/embed_files.o $(B)/liblinli.a $(LIBS)
sample: build/tool/sample ## the generator of invented residents, tickets and spreadsheets

# --- tests
unit: $(TESTS) ## unit tests only; T=crypto/cert F='*pattern*' runs some
	@for t in $(CHOSEN); do CMOCKA_TEST_FILTER="$(F)" $$t || exit 1; done
e2e: $(B)/linli build/tool/sample ## end-to-end tests with real nodes; T=name runs one
	@tests/run.sh e2e
layers: $(LIB_OBJ) ## prove that includes, symbols and SQL stay in their rooms
	@B=$(B) tests/layers.sh
tidy: ## clang-tidy
	clang-tidy-14 --quiet $(filter-out sync/volume.c node/xlsx.c,$(filter %.c,$(shell git ls-files 'crypto/*.c' 'sync/*.c' 'node/*.c'))) -- -std=c17 \
	  -D_XOPEN_SOURCE=700 -D_DEFAULT_SOURCE -I. $(BAN)
format: ## check the format (FIX=1 mends it)
	clang-format-14 $(if $(FIX),-i,--dry-run -Werror) $(C_FILES)
sim fuzz torture bench: $(B)/linli ## long tests of their own: tests/<name>/run.sh
	@tests/$@/run.sh $(ARGS)
coverage: ## branches of crypto/ and sync/ (but those of assert, which stop us) that unit tests and some seeds of the simulator reach (build/cov/)
	@$(MAKE) --no-print-directory COV=1 unit build/cov/tests/sim/fast
	@for s in 1 3 4 6 8 11 14; do build/cov/tests/sim/fast $$s 3 | grep '^seed' || exit 1; done
	gcovr --root . --object-directory build/cov --filter 'crypto/' --filter 'sync/' --branches --print-summary \
	  --exclude-branches-by-pattern '^\s*assert\('
month: all ## thirty days of nine nodes in network namespaces (root): outages, sticks, a theft, a dead box, an upgrade
	@MONTH=full LIMIT=3000 T=month tests/run.sh e2e
screens: all sample ## pictures of the first and main screens into build/screens (ARGS=worker-home takes some; BASE= uses running nodes)
	@node tests/screens/run.mjs $(ARGS)
fresh: ## both commands in a chroot with nothing but Debian 12, the package and its service in another (root; STEPS="run test package")
	@packaging/fresh.sh

# --- packages
$(B)/linli.1 $(B)/linli.zh.1: $(B)/%: packaging/%.in $(B)/linli
	LC_ALL=$(if $(findstring zh,$*),zh,en) $(B)/linli help --roff > $@.commands
	sed -e '/@COMMANDS@/{r $@.commands' -e 'd}' $< > $@
install: all $(B)/linli.1 $(B)/linli.zh.1 ## DESTDIR= PREFIX=/usr
	install -Dm755 $(B)/linli $(DESTDIR)$(PREFIX)/bin/linli
	install -Dm644 $(B)/linli.1 $(DESTDIR)$(PREFIX)/share/man/man1/linli.1
	install -Dm644 $(B)/linli.zh.1 $(DESTDIR)$(PREFIX)/share/man/zh_CN/man1/linli.1
	install -Dm644 packaging/linli@.service $(DESTDIR)$(PREFIX)/lib/systemd/system/linli@.service
	install -Dm644 -t $(DESTDIR)$(PREFIX)/share/doc/linli README.md LICENSE packaging/nginx.conf packaging/captive-portal.md
	install -Dm644 packaging/linli.service.avahi $(DESTDIR)$(PREFIX)/share/doc/linli/linli.service.avahi
deb: all ## build/linli_<version>_<arch>.deb
	@packaging/deb.sh
clean: ## remove what was built (and build/run)
	rm -rf build
help: ## this list
	@grep -hE '^[a-z0-9 -]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9 -]+):.*## /\1\t/' | expand -t 26
FORCE:
.PHONY: all deps deps-test run test check month screens sample unit e2e layers tidy format sim fuzz torture bench coverage fresh \
  install deb clean help FORCE
.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
