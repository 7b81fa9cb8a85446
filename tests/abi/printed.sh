# The code on top of include/xft.h, run as it is printed; tests/tests/house/readme.rs compares the loop in README.md with it.
# Read by tests/abi/run.

header_code() { sed -n '/^ \*   static uint64_t mem\[/,/^ \*   }$/s/^ \*   //p' include/xft.h; }
# A file crosses between two processes of the printed code: the receiver is there first, the sender tries until it is.
printed_loop() {
    header_code >"$work/printed.inc"
    # shellcheck disable=SC2086
    cc -std=c99 -g -Wall -Wextra -Wpedantic -Werror $san -Iinclude -I"$work" tests/abi/printed.c \
        "$build/xft/host/libxft.a" -o "$work/printed" || return 1
    cargo build -q --locked -p xft-tests --bin loopback_server || return 1
    rm -rf "$work/printed-files" && mkdir -p "$work/printed-files" && mkfifo "$work/printed-files/life" || return 1
    "$build/debug/loopback_server" --plain --account alice:one --account bob:two --cert-dir "$work/printed-files" \
        <"$work/printed-files/life" >"$work/printed-files/ready" &
    exec 8>"$work/printed-files/life" # the server lives until this is closed
    head -c 100000 /dev/urandom >"$work/printed-files/in"
    port='' tries=0 crossed=1
    while [ -z "$port" ] && [ "$tries" -lt 100 ]; do
        tries=$((tries + 1))
        sleep 0.1
        port=$(sed -n 's/.* c2s=\([0-9]*\).*/\1/p' "$work/printed-files/ready")
    done
    domain=$(sed -n 's/.* domain=\([^ ]*\).*/\1/p' "$work/printed-files/ready")
    timeout 60 "$work/printed" recv "$port" "bob@$domain" two "$work/printed-files/out" 8>&- &
    receiver=$!
    tries=0
    while [ "$crossed" != 0 ] && [ "$tries" -lt 50 ]; do
        tries=$((tries + 1))
        timeout 30 "$work/printed" send "$port" "alice@$domain" one "$work/printed-files/in" "bob@$domain/printed" 8>&- || break
        cmp -s "$work/printed-files/in" "$work/printed-files/out" && crossed=0
        sleep 0.1
    done
    exec 8>&-
    wait "$receiver" && [ "$crossed" = 0 ]
}
