# The verbs. Meson and Ninja do the work; this only remembers how to call them.
.PHONY: build up check bench format tidy clauses fuzz clean

build:
	tools/setup build
	test -f build/build.ninja || meson setup build --buildtype=debugoptimized
	ninja -C build

up:
	./up

check:
	./check

# Each benchmark prints one JSON line; nothing else may run on the machine meanwhile.
bench: build
	ninja -C build bench/payments bench/notifications bench/seal bench/protect bench/service bench/audit bench/message bench/commit bench/scan bench/pin_cost bench/access bench/login_timing bench/idle
	@for program in build/bench/*; do \
		if [ -f "$$program" ] && [ -x "$$program" ]; then "$$program" || exit 1; fi; done

format:
	find src programs tests bench -name '*.[ch]' -exec clang-format -i {} +

tidy:
	tools/tidy && tools/tidy_test && tools/clauses --verify

# Rewrite docs/clauses.md from the citations in the code.
clauses:
	tools/clauses

fuzz:
	tools/fuzz-long

clean:
	rm -rf build
