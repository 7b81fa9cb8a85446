#!/bin/sh
# Checks the methods over SOCKS5 against the loopback server and its proxy: what arrives which way, what happens when a
# way is blocked, and what the programs say about it.
#   check/methods.sh PROGRAMS-DIR LOOPBACK-SERVER
set -u
folder=$(cd "$(dirname "$0")" && pwd)
. "$folder/scene.sh"

mkdir "$dir/out"
for size in 0 1 262143 262144 262145 3000001; do
    head -c $size /dev/urandom > "$dir/out/$size.bin"
done
head -c 20000000 /dev/urandom > "$dir/out/large.bin"
large=$dir/out/large.bin one=$dir/out/3000001.bin
hash=$(sha256sum < "$one" | cut -d' ' -f1)
direct="--method direct --listen 127.0.0.1"
here() { same "$1" "$dir/in/$(basename "$1")"; }
# Waits until the receiver has some bytes of a file.
some_came() { tries=0; until [ -s "$dir/in/$1.part" ] || [ $tries -ge 400 ]; do tries=$((tries + 1)); sleep 0.01; done; }

# --- one way after the other ------------------------------------------------------------------------------------------
serve
claim="direct carries files of every size"
recv --count 6 && { send 0 $direct "$dir/out/"[0-9]*.bin; received 0; for size in 0 1 262143 262144 262145 3000001; do here "$dir/out/$size.bin"; done; says send.log "1.bin: sent by direct transfer to 127.0.0.1"; says recv.log "1.bin: received by direct transfer from 127.0.0.1:"; }
claim="mediated carries files of every size, and comes first"
recv --count 6 && { send 0 "$dir/out/"[0-9]*.bin; received 0; for size in 0 1 262143 262144 262145 3000001; do here "$dir/out/$size.bin"; done; says send.log "262145.bin: sent by mediated transfer through 127.0.0.1:"; says recv.log "received by mediated transfer through 127.0.0.1:"; }
claim="an empty file goes in band, and nothing is said to have failed"
recv --count 1 && { send 0 --listen 127.0.0.1 "$dir/out/0.bin"; received 0; here "$dir/out/0.bin"; says send.log "0.bin: sent by in-band transfer"; if grep -q "other side" "$dir/send.log"; then bad "something is"; else ok; fi; }
claim="in band goes when it is asked for"
recv --count 1 && { send 0 --method inband "$one"; received 0; here "$one"; says send.log "sent by in-band transfer"; }
claim="files go at the same time, each on a stream of its own"
recv --count 6 --parallel 6 && { send 0 --parallel 6 $direct "$dir/out/"[0-9]*.bin; received 0; for size in 0 1 262143 262144 262145 3000001; do here "$dir/out/$size.bin"; done; }
claim="files go at the same time through the proxy"
recv --count 6 --parallel 6 && { send 0 --parallel 6 --method mediated "$dir/out/"[0-9]*.bin; received 0; for size in 0 1 262143 262144 262145 3000001; do here "$dir/out/$size.bin"; done; }
claim="IPv6 carries a file"
recv --count 1 && { send 0 --method direct --listen ::1 "$one"; received 0; here "$one"; says recv.log "from [::1]:"; }
claim="a name that is announced is resolved"
recv --count 1 && { send 0 --method direct --listen 127.0.0.1:45173 --announce localhost:45173 "$one"; received 0; here "$one"; says recv.log "received by direct transfer from localhost:45173"; }
claim="a proxy that is given needs no discovery"
serve --proxy unlisted
recv --count 1 && { send 0 --method mediated --proxy "proxy.hospital.test=$proxy" "$one"; received 0; here "$one"; says send.log "mediated transfer through $proxy"; }
claim="a receiver that wants in band only gets it"
recv --count 1 --method inband && { send 0 --listen 127.0.0.1 "$one"; received 0; here "$one"; says send.log "sent by in-band transfer; mediated: "; }
serve
claim="a sync after every read stores the same bytes"
recv --count 1 --fsync block && { send 0 $direct "$one"; received 0; here "$one"; }

# --- hashes -----------------------------------------------------------------------------------------------------------
claim="a known hash lets the system move the bytes, and is checked"
recv --count 1 && { send 0 $direct --sha256 "$hash" "$one"; received 0; here "$one"; says send.out verified; says recv.out verified; }
claim="a known hash is no must for the system to move the bytes"
recv --count 1 && { send 0 $direct --sha256 "$hash" --no-sendfile "$one"; received 0; here "$one"; says send.out verified; }
for no_sendfile in "" --no-sendfile; do
    claim="a hash that was announced and is wrong fails at both ends${no_sendfile:+, $no_sendfile}"
    recv --count 1 && { send 9 $direct --sha256 "$(printf '%064d' 7)" $no_sendfile "$one"; received 9; holds 3000001.bin.part; }
done
claim="without a hash nobody says verified"
recv --count 1 && { send 0 $direct --no-hash "$one"; received 0; here "$one"; says send.out unconfirmed; says recv.out unverified; says recv.log "warning"; }
claim="without a hash --strict fails, but the bytes are there"
recv --count 1 && { send 13 $direct --no-hash --strict "$one"; received 0; here "$one"; }
recv --count 1 --strict && { send 8 $direct --no-hash --strict "$one"; received 13; holds 3000001.bin.part; same "$one" "$dir/in/3000001.bin.part"; }

# --- ways that are blocked --------------------------------------------------------------------------------------------
serve --proxy none
claim="without a proxy direct is next"
recv --count 1 && { send 0 --listen 127.0.0.1 "$one"; received 0; here "$one"; says send.log "sent by direct transfer to 127.0.0.1; mediated: proxy not found: the server offers none"; }
claim="without a proxy mediated alone fails"
recv && { send 16 --method mediated "$one"; says send.log "mediated: proxy not found: the server offers none; "; end "$receiver"; receiver=; holds; }
claim="a closed port is told by its number, and in band is next"
recv --count 1 && { send 0 --announce 127.0.0.1:9 "$one"; received 0; here "$one"; says send.log "goes on in band: "; says send.log "direct: the other side reached none of the addresses it was given"; says recv.log "127.0.0.1:9: nobody listens there"; }
claim="a closed port alone fails at both ends, and nothing is left"
recv --count 1 && { send 16 --method direct --announce 127.0.0.1:9 "$one"; received 16; holds; says recv.log "3000001.bin did not come"; says recv.log "127.0.0.1:9: nobody listens there"; }
claim="a name without address is told"
recv --count 1 && { send 0 --announce nowhere.invalid:9 "$one"; received 0; here "$one"; says recv.log "nowhere.invalid:9: its name has no address"; }
claim="an address that the filter forbids is told"
recv --count 1 && { send 0 --announce 224.0.0.1:9 "$one"; received 0; here "$one"; says recv.log "224.0.0.1:9: this program may not connect there"; }
claim="the next address works when the first does not"
recv --count 1 && { send 0 --method direct --listen 127.0.0.1:45174 --announce 127.0.0.1:9 --announce 127.0.0.1:45174 "$one"; received 0; here "$one"; }
claim="a port that is taken is told"
recv && { send 17 --method direct --listen "127.0.0.1:$c2s" "$one"; says send.log "cannot listen on 127.0.0.1:$c2s"; end "$receiver"; receiver=; }
serve --proxy closed
claim="a proxy that is down is told by its number, and direct is next"
recv --count 1 && { send 0 --listen 127.0.0.1 "$one"; received 0; here "$one"; says send.log "sent by direct transfer"; }
serve --proxy refuse
claim="a proxy that refuses to relay is told, and in band is next"
recv --count 1 && { send 0 --method mediated,inband "$one"; received 0; here "$one"; says send.log "sent by in-band transfer; mediated: the proxy refused to relay"; }
claim="a proxy that refuses to relay fails alone"
recv --count 1 && { send 16 --method mediated "$one"; says send.log "the proxy refused to relay"; kill "$receiver"; wait "$receiver"; receiver=; holds; }
serve --proxy silent
claim="a proxy that accepts and stays silent does not stop direct"
recv --count 1 && { send 0 --listen 127.0.0.1 "$one"; received 0; here "$one"; says send.log "sent by direct transfer"; }
claim="a proxy that accepts and stays silent is told, and in band is next"
recv --count 1 && { send 0 --method mediated,inband "$one"; received 0; here "$one"; says send.log "sent by in-band transfer"; says recv.log "no answer in time"; }

# --- in the middle of a file ------------------------------------------------------------------------------------------
serve --proxy dies:5000000
claim="a proxy that dies in the middle is told at both ends, the part file stays"
recv --count 1 && { send "6 8" "$large"; received 8; holds large.bin.part; says send.log "large.bin was not sent"; says recv.log "large.bin is not whole, what came is in"; }
serve --proxy dies:100000
claim="a proxy that dies behind the sender's back never makes a file verified"
# Everything was handed over: a recipient that is gone before its word leaves the sender with "unconfirmed".
recv --count 1 && { send "6 8 13" "$dir/out/262144.bin"; received 8; holds 262144.bin.part; grep -q ' verified' "$dir/send.out" && bad "xft_send says verified" || ok; }
serve
truncate -s 2G "$dir/out/sparse.bin"
claim="a file that becomes shorter is told at both ends"
recv --count 1 && { { some_came sparse.bin; : > "$dir/out/sparse.bin"; } & send 11 $direct "$dir/out/sparse.bin"; received 8; holds sparse.bin.part; says send.log "changed while it was sent"; }
truncate -s 2G "$dir/out/sparse.bin"
claim="a file that becomes shorter under sendfile is told at both ends"
recv --count 1 && { { some_came sparse.bin; : > "$dir/out/sparse.bin"; } & send 11 $direct --no-hash "$dir/out/sparse.bin"; received 8; holds sparse.bin.part; says send.log "changed while it was sent"; }
truncate -s 2G "$dir/out/sparse.bin"
claim="Ctrl-C ends the sender, the receiver keeps the part file"
recv --count 1 && {
    "$programs/xft_send" $account $direct --jid alice@hospital.test/out --to bob@hospital.test/in "$dir/out/sparse.bin" > "$dir/send.out" 2> "$dir/send.log" &
    sender=$!; some_came sparse.bin; kill -INT $sender 2> /dev/null; code=0; wait $sender || code=$?
    [ $code -eq 15 ] && ok || bad "xft_send ended with $code, not 15"; received 8; holds sparse.bin.part
}
claim="a receiver that is killed is told at the sender"
recv --count 1 && { { some_came sparse.bin; kill -KILL "$receiver"; } 2> /dev/null & send "6 8" $direct "$dir/out/sparse.bin"; wait "$receiver" 2> /dev/null; receiver=; }
claim="a full disk is told at both ends, and what can go on stays"
rm -rf "$dir/in"; mkdir "$dir/in"; rm -f "$dir/recv.out"
(ulimit -f 2000; exec "$programs/xft_recv" $account $anyone $local --jid bob@hospital.test/in --dir "$dir/in" > "$dir/recv.out" 2> "$dir/recv.log") &
receiver=$!
ready "$dir/recv.out" $receiver && { send 10 $direct --sha256 "$hash" "$one"; kill -TERM "$receiver"; received 10; holds 3000001.bin.part; says send.log "storing failed at the recipient"; says recv.log "storing failed"; } || bad "xft_recv is not ready"

summary "methods"
