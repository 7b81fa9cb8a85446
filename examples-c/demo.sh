#!/bin/sh
# Sends files of the source study's sizes by all three methods through an XMPP server on this machine, checks what
# arrives byte for byte, and prints what it took beside what plain sockets take; called by `make demo`.
#   demo.sh loopback|prosody|ejabberd PROGRAMS-DIR MAKE-PHANTOM
# Ends with 0 only if every file arrived by the method it was sent by, verified by the programs and equal to what was
# sent. The figures are printed whatever they are.
set -eu
kind=$1 programs=$(cd "$2" && pwd) make_phantom=$3
root=$(cd .. && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
# Bytes of each read and write, here and in the programs.
piece=262144

# Disks are slower than sockets and would be all that is measured; without /dev/shm they are.
if [ -d /dev/shm ] && [ -w /dev/shm ] && [ "$(df -Pk /dev/shm | awk 'NR == 2 { print $4 }')" -gt 700000 ]; then
    dir=$(mktemp -d /dev/shm/xft-demo.XXXXXX) where="in memory"
else
    dir=$(mktemp -d) where="in $(dirname "$dir"), so the disk counts too"
fi
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
value() { printf '%s\n' "$line" | tr ' ' '\n' | sed -n "s/^$1=//p"; }

# --- the server -------------------------------------------------------------------------------------------------------
# In band through Prosody 160 MB take half a minute: once is enough there.
case $kind in
loopback) bin=loopback_server rounds=5 slow_rounds=3 what="an XMPP server of our own (crate xft-tests)" ;;
prosody) bin=server rounds=3 slow_rounds=1 what=$kind ;;
ejabberd) bin=server rounds=3 slow_rounds=1 what=$kind ;;
*) echo "demo: SERVER is loopback, prosody or ejabberd, not '$kind'" >&2; exit 2 ;;
esac
echo "demo: cargo builds crate xft-tests, programs $bin and baseline (the first time a minute or two) ..."
(cd "$root" && cargo build --locked --profile server -p xft-tests --bin $bin --bin baseline) || { echo "demo: cannot build $bin" >&2; exit 1; }

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
port=$(value c2s) tls_port=$(value tls) ca=$(value ca) domain=$(value domain)

# --- the files --------------------------------------------------------------------------------------------------------
# The sizes of the source study, and an image.
"$make_phantom" "$dir/out/phantom.dcm"
files=phantom.dcm
for size in 1024 10240 51200 102400; do
    head -c $((size * 1024)) /dev/urandom > "$dir/out/random-${size}KB.bin"
    files="$files random-${size}KB.bin"
done

# --- the transfers ----------------------------------------------------------------------------------------------------
export XFT_PASSWORD="$password"
account="--server 127.0.0.1:$port --tls starttls --ca $ca"
# Prosody as it is shipped slows down by a factor of five when blocks above 4096 bytes are in flight.
block=8192
[ $kind = prosody ] && block=4096
"$programs/xft_recv" $account --allow-local-streamhosts --block $block --jid "bob@$domain/store" --from "alice@$domain" --dir "$dir/in" \
    > "$dir/recv.out" 2> "$dir/recv.log" &
receiver=$!
wait_for ready "$dir/recv.out" $receiver 30 "xft_recv"

# Every line of this file: WAY FILE SECONDS
: > "$dir/figures"
arrived=0
# Sends all files by one method; each must come out as it went in, by that method.
send_all() { # METHOD WORDS OPTIONS [CONFIRMED RECEIVED]
    method=$1 words=$2 options=$3 confirmed=${4:-verified} came=${5:-verified} code=0
    way=$method
    [ "$confirmed" = verified ] || way=$method-raw
    before=$(grep -c "^received phantom.dcm .* $came\$" "$dir/recv.out" || true)
    (cd "$dir/out" && exec "$programs/xft_send" $account --block $block --method $method --jid "alice@$domain/modality" \
        --to "bob@$domain/store" $options $files) > "$dir/send.out" 2> "$dir/send.log" || code=$?
    [ $code -eq 0 ] || fail "xft_send --method $method ended with exit code $code"
    for file in $files; do
        seconds=$(sed -n "s/^sent $file [0-9]* bytes \([0-9.]*\) s .* $confirmed\$/\1/p" "$dir/send.out")
        [ -n "$seconds" ] || fail "$file was not confirmed"
        grep -q ": $file: sent by $words" "$dir/send.log" || fail "$file did not go by $words"
        # The receiver may say so a moment after the sender.
        tries=0
        until [ "$(grep -c "^received $file .* $came\$" "$dir/recv.out")" -gt "$before" ]; do
            tries=$((tries + 1))
            [ $tries -lt 100 ] || fail "xft_recv did not receive $file"
            sleep 0.05
        done
        cmp -s "$dir/in/$file" "$dir/out/$file" || fail "$file is not what was sent"
        rm "$dir/in/$file"
        echo "$way $file $seconds" >> "$dir/figures"
        arrived=$((arrived + 1))
    done
}
# Carries the files without the library: the limits.
plain() { # WAY OPTIONS...
    way=$1
    shift
    for file in $files; do
        "$target/server/baseline" "$@" --block $piece --fsync "$dir/out/$file" "$dir/in/plain" > "$dir/plain.out" 2> "$dir/plain.log" \
            || fail "the plain client failed: $way"
        echo "$way $file $(sed -n 's/.* seconds=//p' "$dir/plain.out")" >> "$dir/figures"
        rm "$dir/in/plain"
    done
}
socks5="socks5 --server 127.0.0.1:$tls_port --ca $ca --domain $domain --account alice:$password"
listen="--listen 127.0.0.1"
number=0
while [ $number -lt $rounds ]; do
    number=$((number + 1))
    printf 'demo: round %s of %s: plain TCP, direct, plain SOCKS5, mediated' $number $rounds
    plain tcp tcp
    plain tcp-sha tcp --sha256
    # With reads and writes as the plain clients have them: sendfile spares the processor work, but within one machine
    # it is slower, because the pages that it hands over lie in no cache.
    send_all direct "direct transfer to 127.0.0.1" "$listen"
    send_all direct "direct transfer to 127.0.0.1" "$listen --no-hash --no-sendfile" unconfirmed unverified
    plain socks5 $socks5
    plain socks5-sha $socks5 --sha256
    send_all mediated "mediated transfer through " ""
    send_all mediated "mediated transfer through " "--no-hash --no-sendfile" unconfirmed unverified
    if [ $number -le $slow_rounds ]; then
        printf ', in band'
        send_all inband "in-band transfer" ""
    fi
    echo
done
[ -z "$(ls "$dir/in")" ] || fail "files came that nobody sent"
kill -TERM "$receiver"
code=0
wait "$receiver" || code=$?
receiver=
[ $code -eq 0 ] || fail "xft_recv ended with exit code $code"

# --- the table --------------------------------------------------------------------------------------------------------
awk -v files="$files" -v dir="$dir/out" -v kind=$kind -v where="$where" -v rounds=$rounds -v slow=$slow_rounds -v block=$block -v piece=$piece '
function median(way, file,    n, i, j, t, v) {
    n = count[way, file]
    for (i = 1; i <= n; i++) v[i] = seen[way, file, i]
    for (i = 2; i <= n; i++) for (j = i; j > 1 && v[j - 1] > v[j]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
    return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}
function rate(way, file) { return bytes[file] / 1e6 / median(way, file) }
{ seen[$1, $2, ++count[$1, $2]] = $3 }
END {
    n = split(files, name, " ")
    for (i = 1; i <= n; i++) {
        ("wc -c < " dir "/" name[i]) | getline bytes[name[i]]
        label[i] = name[i]; sub(/random-/, "", label[i]); sub(/\.bin$/, "", label[i])
    }
    printf "\nSeconds from the offer until both ends have compared the hash (server: %s, over STARTTLS; files %s).\n", kind, where
    printf "Median of %d rounds, in band of %d.\n\n", rounds, slow
    printf "%-12s %10s %10s %10s %10s\n", "file", "bytes", "direct", "mediated", "in band"
    for (i = 1; i <= n; i++)
        printf "%-12s %10d %10.4f %10.4f %10.4f\n", label[i], bytes[name[i]], median("direct", name[i]), median("mediated", name[i]), median("inband", name[i])
    printf "\nMB/s beside plain clients in the same rounds, with reads and writes of %d bytes and the file flushed at the end: TCP\n", piece
    printf "over loopback, and SOCKS5 through the same proxy. The plain clients count from the first byte to the last, the\n"
    printf "transfers from the offer to its end. Above with SHA-256 at both ends, below without any hash (--no-hash\n"
    printf "--no-sendfile).\n"
    for (raw = 0; raw < 2; raw++) {
        printf "\n%-12s %9s %9s %7s | %9s %9s %7s%s\n", raw ? "not hashed" : "hashed", "TCP", "direct", "ratio", "SOCKS5", "mediated", "ratio", raw ? "" : " | in band"
        for (i = 1; i <= n; i++) {
            f = name[i]
            t = rate(raw ? "tcp" : "tcp-sha", f); d = rate(raw ? "direct-raw" : "direct", f)
            s = rate(raw ? "socks5" : "socks5-sha", f); m = rate(raw ? "mediated-raw" : "mediated", f)
            printf "%-12s %9.0f %9.0f %7.2f | %9.0f %9.0f %7.2f", label[i], t, d, d / t, s, m, m / s
            if (raw) printf "\n"; else printf " | %7.1f\n", rate("inband", f)
        }
        direct[raw] = d / t; mediated[raw] = m / s
    }
    printf "\nWith the largest file direct is at %.2f of plain TCP (%.2f without hashes), mediated at %.2f of plain SOCKS5 (%.2f\n", direct[0], direct[1], mediated[0], mediated[1]
    printf "without). The goals are 0.90 and 0.95.\n"
}' "$dir/figures"
echo
echo "demo: $arrived files arrived, each by the method it was sent by and byte for byte as it was (TLS: $(basename "$programs"))"
