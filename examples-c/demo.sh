#!/bin/sh
# Sends files through an XMPP server on this machine and checks what arrives; called by `make demo`.
#   demo.sh loopback|prosody|ejabberd PROGRAMS-DIR MAKE-PHANTOM
# Ends with 0 only if every file arrived, verified by the programs and with the same SHA-256 by an independent tool.
set -eu
kind=$1 programs=$2 make_phantom=$3
root=$(cd .. && pwd)
target=${CARGO_TARGET_DIR:-$root/target}

dir=$(mktemp -d)
server= receiver= hold=
# Only what was started here is ended, by its process id.
finish() {
    for pid in $receiver $server; do
        kill "$pid" 2> /dev/null || true
        wait "$pid" 2> /dev/null || true
    done
    [ -z "$hold" ] || exec 9>&-
    rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT TERM

fail() { echo "demo: $1" >&2; for log in "$dir"/*.log; do [ ! -s "$log" ] || { echo "--- $(basename "$log")"; tail -n 20 "$log"; } >&2; done; exit 1; }
# Waits until a line of FILE begins with WORD; PID must stay alive.
wait_for() { # WORD FILE PID SECONDS WHO
    tries=0
    until line=$(grep "^$1 " "$2" 2> /dev/null | head -n 1) && [ -n "$line" ]; do
        kill -0 "$3" 2> /dev/null || fail "$5 ended before it was ready"
        tries=$((tries + 1))
        [ $tries -lt $(($4 * 20)) ] || fail "$5 is not ready after $4 s"
        sleep 0.05
    done
}
hash_of() {
    if command -v sha256sum > /dev/null; then sha256sum "$1" | cut -d' ' -f1
    elif command -v shasum > /dev/null; then shasum -a 256 "$1" | cut -d' ' -f1
    else openssl dgst -sha256 -r "$1" | cut -d' ' -f1; fi
}
value() { printf '%s\n' "$line" | tr ' ' '\n' | sed -n "s/^$1=//p"; }

# --- the server -------------------------------------------------------------------------------------------------------
case $kind in
loopback) bin=loopback_server what="an XMPP server of our own (crate xft-tests)" ;;
prosody | ejabberd) bin=server what="$kind" ;;
*) echo "demo: SERVER is loopback, prosody or ejabberd, not '$kind'" >&2; exit 2 ;;
esac
echo "demo: cargo builds crate xft-tests, program $bin (the first time a minute or two; it names what it compiles) ..."
(cd "$root" && cargo build --locked --profile server -p xft-tests --bin $bin) || { echo "demo: cannot build $bin" >&2; exit 1; }

password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
mkdir "$dir/out" "$dir/in" "$dir/certs"
mkfifo "$dir/hold"
echo "demo: starting $what"
[ $bin = server ] && set -- $kind || set --
# The server ends with its standard input, should this script be killed.
"$target/server/$bin" "$@" --cert-dir "$dir/certs" --account "alice:$password" --account "bob:$password" \
    < "$dir/hold" > "$dir/server.ready" 2> "$dir/server.log" &
server=$!
exec 9> "$dir/hold"
hold=1
wait_for ready "$dir/server.ready" $server 60 "the server"
port=$(value c2s) ca=$(value ca) domain=$(value domain)

# --- the files --------------------------------------------------------------------------------------------------------
# The sizes of the source study's first three files, and an image.
for size in 1024 10240 51200; do
    head -c $((size * 1024)) /dev/urandom > "$dir/out/random-${size}KB.bin"
done
"$make_phantom" "$dir/out/phantom.dcm"

# --- the transfer -----------------------------------------------------------------------------------------------------
export XFT_PASSWORD="$password"
account="--server 127.0.0.1:$port --tls starttls --ca $ca"
# Prosody as it is shipped slows down by a factor of five when blocks above 4096 bytes are in flight.
[ $kind = prosody ] && account="$account --block 4096"
"$programs/xft_recv" $account --jid "bob@$domain/store" --from "alice@$domain" --dir "$dir/in" --count 4 \
    > "$dir/recv.out" 2> "$dir/recv.log" &
receiver=$!
wait_for ready "$dir/recv.out" $receiver 30 "xft_recv"
echo "demo: sending four files from alice@$domain to bob@$domain over STARTTLS, checked certificate, in band"
code=0
"$programs/xft_send" $account --jid "alice@$domain/modality" --to "bob@$domain/store" \
    "$dir/out/random-1024KB.bin" "$dir/out/phantom.dcm" "$dir/out/random-10240KB.bin" "$dir/out/random-51200KB.bin" \
    > "$dir/send.out" || code=$?
[ $code -eq 0 ] || fail "xft_send ended with exit code $code"
wait "$receiver" || code=$?
receiver=
[ $code -eq 0 ] || fail "xft_recv ended with exit code $code"

# --- the verdict ------------------------------------------------------------------------------------------------------
printf '\n%-22s %10s %9s %8s   %s\n' file bytes seconds MB/s "SHA-256"
bad=0
while read -r word name bytes _ seconds _ rate _ verdict; do
    [ "$word" = sent ] || continue
    mark=ok
    [ "$verdict" = verified ] || mark="NOT CONFIRMED"
    [ -f "$dir/in/$name" ] && [ "$(hash_of "$dir/in/$name")" = "$(hash_of "$dir/out/$name")" ] || mark=WRONG
    grep -q "^received $name .* verified$" "$dir/recv.out" || mark="NOT RECEIVED"
    [ "$mark" = ok ] || bad=$((bad + 1))
    printf '%-22s %10s %9s %8s   %s\n' "$name" "$bytes" "$seconds" "$rate" "$mark"
done < "$dir/send.out"
arrived=$(ls "$dir/in" | wc -l)
[ "$arrived" -eq 4 ] || { ls -l "$dir/in" >&2; fail "$arrived files arrived, not 4"; }
[ $bad -eq 0 ] || fail "$bad files are not right"
echo "demo: 4 files arrived, every hash is right (server: $kind, TLS: $(basename "$programs"))"
