#!/bin/sh
# Checks the programs in band against the loopback server: what arrives, under which name, and how failures end. The
# other methods are in check/methods.sh.
#   check/transfers.sh PROGRAMS-DIR LOOPBACK-SERVER
set -u
folder=$(cd "$(dirname "$0")" && pwd)
. "$folder/scene.sh"
pin="--method inband"

mkdir "$dir/out"
for number in 1 2 3 4 5; do head -c ${number}00001 /dev/urandom > "$dir/out/$number.bin"; done
: > "$dir/out/empty.bin"
head -c 20000000 /dev/urandom > "$dir/out/large.bin"
serve

claim="files go one after the other, an empty one too"
recv --count 3 && { send 0 "$dir/out/1.bin" "$dir/out/empty.bin" "$dir/out/2.bin"; received 0; holds 1.bin 2.bin empty.bin; same "$dir/out/1.bin" "$dir/in/1.bin"; same "$dir/out/2.bin" "$dir/in/2.bin"; same "$dir/out/empty.bin" "$dir/in/empty.bin"; }
claim="files go at the same time"
recv --count 5 --parallel 5 && { send 0 --parallel 5 "$dir/out/"?.bin; received 0; for number in 1 2 3 4 5; do same "$dir/out/$number.bin" "$dir/in/$number.bin"; done; }
for when in block batch end; do
    claim="--fsync $when stores the same bytes"
    recv --count 1 --fsync $when && { send 0 "$dir/out/3.bin"; received 0; same "$dir/out/3.bin" "$dir/in/3.bin"; says recv.out "received 3.bin 300001 bytes"; says recv.out verified; }
done
for size in 1 3 4096 65535; do
    claim="blocks of $size bytes carry the same bytes"
    file=1; [ $size -gt 3 ] || file=empty; [ $file = 1 ] || { head -c 2000 "$dir/out/1.bin" > "$dir/out/short.bin"; file=short; }
    recv --count 1 && { send 0 --block $size --window 65535 "$dir/out/$file.bin"; received 0; same "$dir/out/$file.bin" "$dir/in/$file.bin"; }
done
claim="direct TLS works"
account="--server 127.0.0.1:$tls --ca $dir/certs/ca.pem --tls direct $pin"
recv --count 1 && { send 0 "$dir/out/1.bin"; received 0; same "$dir/out/1.bin" "$dir/in/1.bin"; }
account="--server 127.0.0.1:$c2s --ca $dir/certs/ca.pem $pin"

claim="a name that exists is never overwritten"
recv --count 1 && { send 0 "$dir/out/1.bin"; received 0; cp "$dir/out/2.bin" "$dir/in/1.bin"; recv_again --count 1; send 0 "$dir/out/1.bin"; received 0; holds 1-1.bin 1.bin; same "$dir/out/2.bin" "$dir/in/1.bin"; same "$dir/out/1.bin" "$dir/in/1-1.bin"; }
claim="a part file that exists is left alone"
recv --count 1 && { echo mine > "$dir/in/1.bin.part"; send 0 "$dir/out/1.bin"; received 0; holds 1.bin 1.bin.part; same "$dir/out/1.bin" "$dir/in/1.bin"; }
claim="two files of one name get two names"
mkdir "$dir/out/other"; cp "$dir/out/2.bin" "$dir/out/other/1.bin"
recv --count 2 && { send 0 --parallel 2 "$dir/out/1.bin" "$dir/out/other/1.bin"; received 0; holds 1-1.bin 1.bin; }
claim="a hash that was announced and is wrong fails at both ends"
recv --count 1 && { send 9 --sha256 "$(printf '%064d' 7)" "$dir/out/1.bin"; received 9; holds 1.bin.part; }
claim="a hash that was announced and is right is no hindrance"
recv --count 1 && { send 0 --sha256 "$(sha256sum < "$dir/out/1.bin" | cut -d' ' -f1)" "$dir/out/1.bin"; received 0; holds 1.bin; }
claim="a sender who is not on the list is declined"
recv --from carol@hospital.test --from alice@hospital.test/desk && { send 7 "$dir/out/1.bin"; says recv.log "not on the --from list"; end "$receiver"; receiver=; holds; }
claim="a sender on the list is accepted, whatever the case"
recv --count 1 --from Alice@HOSPITAL.test && { send 0 "$dir/out/1.bin"; received 0; }
claim="a folder that is gone is told at both ends"
recv && { rmdir "$dir/in"; send 10 "$dir/out/1.bin"; says recv.log "cannot make a file"; kill -TERM "$receiver"; received 10; mkdir "$dir/in"; }
claim="more files than the receiver takes at once are asked again"
recv --count 5 --parallel 1 && { send 0 --parallel 3 "$dir/out/"?.bin; received 0; holds 1.bin 2.bin 3.bin 4.bin 5.bin; }
claim="each of a dozen files gets its turn at a receiver that takes one at a time"
mkdir "$dir/out/dozen"; for number in 1 2 3 4 5 6 7 8 9 10 11 12; do cp "$dir/out/1.bin" "$dir/out/dozen/$number.bin"; done
recv --count 12 --parallel 1 && { send 0 --parallel 12 "$dir/out/dozen/"*.bin; [ $code -eq 0 ] || kill -TERM "$receiver"; received 0; }
claim="two hundred small files pass between two ends with as many places"
mkdir "$dir/out/many"; for number in $(seq 200); do head -c 1000 /dev/urandom > "$dir/out/many/$number.bin"; done
recv --count 200 && { send 0 --parallel 4 "$dir/out/many/"*.bin; [ $code -eq 0 ] || kill -TERM "$receiver"; received 0; for number in 1 100 200; do same "$dir/out/many/$number.bin" "$dir/in/$number.bin"; done; }
claim="a block size that is refused is told, and by default none is"
recv --count 1 --block 4096 && { send 0 --block 8192 "$dir/out/1.bin"; received 0; says recv.log "wants blocks of 8192 bytes"; }
recv --count 1 --verbose && { send 0 --block 65535 --verbose "$dir/out/1.bin"; received 0; says send.log "in blocks of 65535 bytes"; }
# Senders that stand still hold their places: ACCOUNT-AND-RESOURCE...
hold() {
    held=
    for who in "$@"; do
        "$programs/xft_send" $account --jid "$who" --to bob@hospital.test/in --block 1024 --window 1024 "$dir/out/large.bin" > /dev/null 2>&1 &
        held="$held $!"
    done
    sleep 1; kill -STOP $held
}
let_go() { kill -KILL $held; wait $held 2> /dev/null; held=; }
serve --account carol:secret
claim="one account never takes every place"
recv && { hold alice@hospital.test/1 alice@hospital.test/2 alice@hospital.test/3 alice@hospital.test/4 alice@hospital.test/5; send 0 --jid carol@hospital.test/x --busy-wait 0 "$dir/out/1.bin"; same "$dir/out/1.bin" "$dir/in/1.bin"; says recv.log "no room for large.bin of alice@hospital.test/"; let_go; end "$receiver"; receiver=; }
claim="a recipient without room is called busy"
recv --parallel 1 && { hold carol@hospital.test/x; send 18 --busy-wait 1 "$dir/out/1.bin"; says send.log temporary; let_go; end "$receiver"; receiver=; }
serve
claim="a full disk is told at both ends, and what cannot go on is removed"
rm -rf "$dir/in"; mkdir "$dir/in"; rm -f "$dir/recv.out"
(ulimit -f 200; exec "$programs/xft_recv" $account $anyone $local --jid bob@hospital.test/in --dir "$dir/in" --count 1 > "$dir/recv.out" 2> "$dir/recv.log") &
receiver=$!
ready "$dir/recv.out" $receiver && { send 10 "$dir/out/5.bin"; received 10; holds; says send.log "storing failed at the recipient"; says recv.log "storing failed"; says recv.log "what came was removed"; } || bad "xft_recv is not ready"
claim="a file that becomes shorter is told at both ends"
recv --count 1 && { cp "$dir/out/large.bin" "$dir/out/shrinks.bin"; { sleep 0.3; : > "$dir/out/shrinks.bin"; } & send 11 --block 1024 --window 1024 "$dir/out/shrinks.bin"; received 8; holds shrinks.bin.part; says send.log "changed while it was sent"; }
claim="a wrong password is named"
XFT_PASSWORD=wrong send 5 "$dir/out/1.bin"; says send.log "password"
claim="an unknown recipient is named"
send 6 --to bob@hospital.test/nowhere "$dir/out/1.bin"
claim="an unknown domain is named"
send 6 --to bob@elsewhere.test/in "$dir/out/1.bin"; says send.log "no XMPP server for the recipient's domain"
claim="nobody sends to oneself"
send 2 --to Alice@hospital.test/out "$dir/out/1.bin"; says send.log "the recipient is this program itself"
claim="an unusable address of a proxy is called that"
send 2 --method mediated,inband --proxy 'proxy.hospital.test=no host:5000' "$dir/out/1.bin"; says send.log "no address that a proxy can have"
claim="files that cannot be read do not keep the others"
recv --count 2 && { mkdir -p "$dir/out/folder"; send 11 "$dir/out/1.bin" "$dir/out/none" "$dir/out/folder" "$dir/out/2.bin"; received 0; same "$dir/out/1.bin" "$dir/in/1.bin"; same "$dir/out/2.bin" "$dir/in/2.bin"; says send.log "cannot read $dir/out/none"; says send.log "no plain file"; }
claim="a file that vanishes before its turn does not keep the others"
recv --count 2 && { cp "$dir/out/3.bin" "$dir/out/gone.bin"; cp "$dir/out/large.bin" "$dir/out/first.bin"; { sleep 0.4; rm "$dir/out/gone.bin"; } & send 11 --block 2048 --window 2048 "$dir/out/first.bin" "$dir/out/gone.bin" "$dir/out/2.bin"; received 0; same "$dir/out/2.bin" "$dir/in/2.bin"; says send.log "cannot read $dir/out/gone.bin"; }
claim="an untrusted certificate is named, and the password stays here"
if command -v openssl > /dev/null; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$dir/key" -out "$dir/other.pem" -days 2 -subj /CN=other 2> /dev/null
    send 4 --ca "$dir/other.pem" "$dir/out/1.bin"; says send.log certificate
fi
claim="the domain must be the certificate's"
code=0; "$programs/xft_send" $account --jid alice@other.test --to bob@hospital.test/in "$dir/out/1.bin" > "$dir/send.out" 2> "$dir/send.log" || code=$?
[ $code -eq 3 ] || [ $code -eq 4 ] && ok || bad "xft_send ended with $code, not 3 or 4"
claim="Ctrl-C ends the sender, the receiver keeps the part file"
recv --count 1 && {
    "$programs/xft_send" $account --jid alice@hospital.test/out --to bob@hospital.test/in --block 1024 --window 1024 "$dir/out/large.bin" > "$dir/send.out" 2> "$dir/send.log" &
    sender=$!; sleep 0.5; kill -INT $sender 2> /dev/null; code=0; wait $sender || code=$?
    # A shell without job control starts background programs with SIGINT ignored; xft_send catches it all the same.
    [ $code -eq 15 ] && ok || bad "xft_send ended with $code, not 15"; received 8; holds large.bin.part
}
claim="a receiver that is told to end while it is idle has nothing to regret"
recv && { kill -TERM "$receiver"; received 0; }
claim="nothing for a second is too long with --timeout 1"
recv --timeout 1 && received 14
claim="progress lines say how far it is"
recv --count 1 --progress && { send 0 --progress --block 1024 --window 1024 "$dir/out/large.bin"; received 0; says send.log " MB of 20.0 MB "; says recv.log " left"; }
claim="a server that dies in the middle is told at both ends"
recv --count 1 && {
    { sleep 0.5; kill -KILL $server; } 2> /dev/null &
    send 12 --block 1024 --window 1024 "$dir/out/large.bin"; received 12; holds large.bin.part
}
wait "$server" 2> /dev/null; server=
serve --rate 8000000
claim="a server that reads slowly is not hurried"
recv --count 1 && { send 0 --window 100000000 "$dir/out/large.bin"; received 0; same "$dir/out/large.bin" "$dir/in/large.bin"; }
serve --plain
claim="plain text needs the flag that says so"
send 4 "$dir/out/1.bin"
claim="plain text works with the flag"
account="$account --tls none-unsafe"
recv --count 1 && { send 0 "$dir/out/1.bin"; received 0; same "$dir/out/1.bin" "$dir/in/1.bin"; says send.log WARNING; }

summary "in-band transfer"
