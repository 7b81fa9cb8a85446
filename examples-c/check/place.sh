#!/bin/sh
# Checks that both programs say the same of a file that cannot be kept, and of one that changes while it is sent.
#   check/place.sh PROGRAMS-DIR LOOPBACK-SERVER
set -u
folder=$(cd "$(dirname "$0")" && pwd)
. "$folder/scene.sh"
# check/faults.c speaks glibc's dialect.
${CC:-cc} -O1 -shared -fPIC -o "$dir/faults.so" "$folder/faults.c" -ldl || exit 1

mkdir "$dir/out"
one=$dir/out/IM0001.dcm
head -c 30001 /dev/urandom > "$one"
silent_about() { grep -qF -- "$2" "$dir/$1" && bad "$1 has the words '$2'" || ok; }
broken() { LD_PRELOAD=$dir/faults.so; export LD_PRELOAD; recv "$@"; result=$?; unset LD_PRELOAD; return $result; }
# All of it is stored, so that the recipient is about to give it its place.
handed_over() {
    tries=0
    until [ "$(stat -c %s "$dir/in/IM0001.dcm.part" 2> /dev/null)" = 30001 ] || [ $tries -ge 400 ]; do tries=$((tries + 1)); sleep 0.02; done
    sleep 0.3
}

serve --proxy on
for way in inband direct mediated; do
    case $way in direct) how="--method direct --listen 127.0.0.1" ;; *) how="--method $way" ;; esac
    for fault in fsync fsync-dir name; do
        claim="$way: a file that cannot be kept ($fault) failed at both ends"
        export FAULT=$fault
        broken --count 1 --fsync end && { send 10 $how "$one"; received 10; says send.log "storing failed at the recipient"; silent_about send.out "sent"; silent_about recv.out "received"; [ ! -e "$dir/in/IM0001.dcm" ] && ok || bad "the file has its name"; }
        unset FAULT
    done
    for fault in fsync name; do
        claim="$way: a file that cannot be kept ($fault) failed at both ends, also where nobody hashes"
        export FAULT=$fault
        broken --count 1 --fsync end && { send 10 $how --no-hash "$one"; received 10; says send.log "storing failed at the recipient"; silent_about send.out "sent"; }
        unset FAULT
    done
    claim="$way: a recipient that cannot even begin says so, and leaves nothing"
    export FAULT=begin
    broken --count 1 && { send 10 $how "$one"; says send.log "storing failed at the recipient"; says recv.log "cannot make a file in"; leave; [ -z "$(ls -A "$dir/in")" ] && ok || bad "left: $(ls -A "$dir/in")"; }
    claim="$way: where nothing can be taken away a file has its name all the same"
    export FAULT=keep
    broken --count 1 && { send 0 $how "$one"; received 0; same "$one" "$dir/in/IM0001.dcm"; }
    unset FAULT
    for fault in swap-part swap-final; do
        claim="$way: another file in the place of the one that came ($fault) is not taken for it, at either end"
        export FAULT=$fault
        broken --count 1 && { send 10 $how "$one"; received 10; says send.log "storing failed at the recipient"; silent_about send.out "sent"; silent_about recv.out "received"; says recv.log "put another file in its place"; [ -e "$dir/in/stolen" ] && ok || bad "nothing was put in its place"; }
        unset FAULT
    done
    claim="$way: a sender that leaves while only the recipient's word is missing says what it knows"
    export FAULT=hang
    broken --count 1 --fsync end && {
        unset FAULT
        "$programs/xft_send" $account --jid alice@hospital.test/out --to bob@hospital.test/in $how "$one" > "$dir/send.out" 2> "$dir/send.log" &
        sender=$!; handed_over; kill -TERM $sender; code=0; wait $sender || code=$?
        [ $code -eq 13 ] && ok || bad "xft_send ended with $code, not 13"; says send.log "what would confirm it did not come"
        says send.out "sent IM0001.dcm 30001 bytes"; says send.out unconfirmed
        kill -KILL "$receiver"; wait "$receiver" 2> /dev/null; receiver=
    }
    unset FAULT
    claim="$way: no name is free"
    mkdir -p "$dir/full"
    [ -e "$dir/full/IM0001-9999.dcm" ] || { : > "$dir/full/IM0001.dcm"; for number in $(seq 9999); do : > "$dir/full/IM0001-$number.dcm"; done; }
    rm -rf "$dir/in"; mv "$dir/full" "$dir/in"
    recv_again --count 1 && { send 10 $how "$one"; received 10; says send.log "storing failed at the recipient"; silent_about recv.out "received"; }
    rm -f "$dir/in"/*.part; mv "$dir/in" "$dir/full"
    claim="$way: what --strict does not keep is not sent"
    recv --count 1 --strict && { send 8 $how --no-hash "$one"; received 13; silent_about send.out "sent"; }

    claim="$way: killed between any two system calls"
    at=0
    while [ $at -lt 60 ]; do
        at=$((at + 1))
        export KILL_BEFORE=$at
        broken --count 1 || break
        code=0
        "$programs/xft_send" $account --jid alice@hospital.test/out --to bob@hospital.test/in $how "$one" > "$dir/send.out" 2> "$dir/send.log" || code=$?
        unset KILL_BEFORE
        tries=0
        while kill -0 "$receiver" 2> /dev/null && [ $tries -lt 100 ]; do tries=$((tries + 1)); sleep 0.05; done
        survived=0; kill -KILL "$receiver" 2> /dev/null && survived=1
        wait "$receiver" 2> /dev/null && survived=1
        receiver=
        there=0; [ -e "$dir/in/IM0001.dcm" ] && there=1
        [ $there -eq 0 ] || cmp -s "$one" "$dir/in/IM0001.dcm" || bad "call $at: another file has the name"
        case "$code$(cat "$dir/send.out")" in
            0*verified) [ $there -eq 1 ] && ok || bad "call $at: verified, and no file" ;;
            13*unconfirmed) ok ;;
            *) [ $there -eq 0 ] && ok || bad "call $at: ended with $code, and the file is there" ;;
        esac
        [ $survived -eq 0 ] || break
    done
    unset KILL_BEFORE
    [ $at -gt 5 ] && [ $at -lt 60 ] && ok || bad "$at calls were counted"

    claim="$way: a file that changes while it is sent"
    head -c 60000000 /dev/urandom > "$dir/out/first.bin"
    for change in grows shrinks replaced; do
        cp "$dir/out/first.bin" "$dir/out/second.bin"
        recv --count 1 && {
            "$programs/xft_send" $account --jid alice@hospital.test/out --to bob@hospital.test/in $how --parallel 1 "$dir/out/second.bin" > "$dir/send.out" 2> "$dir/send.log" &
            sender=$!
            tries=0; until [ -e "$dir/in/second.bin.part" ] || [ $tries -ge 1000 ]; do tries=$((tries + 1)); sleep 0.005; done
            case $change in
                grows) echo more >> "$dir/out/second.bin" ;;
                shrinks) truncate -s 50000000 "$dir/out/second.bin" ;;
                replaced) cp "$dir/out/first.bin" "$dir/out/third.bin"; mv "$dir/out/third.bin" "$dir/out/second.bin" ;;
            esac
            code=0; wait $sender || code=$?
            # It may have been through already.
            if grep -q "verified" "$dir/send.out"; then cmp -s "$dir/out/first.bin" "$dir/in/second.bin" && ok || bad "$change: verified, and another file came"; received 0
            else [ $code -eq 11 ] && ok || bad "$change: ended with $code"; says send.log "changed while it was sent"; received 8; [ ! -e "$dir/in/second.bin" ] && ok || bad "$change: it was kept"; fi
        }
    done
done
claim="a file that grew before its turn arrives as it is then"
head -c 8000000 "$dir/out/first.bin" > "$dir/out/slow.bin"; head -c 100 "$dir/out/first.bin" > "$dir/out/next.bin"
recv --count 2 && {
    "$programs/xft_send" $account --jid alice@hospital.test/out --to bob@hospital.test/in --method inband "$dir/out/slow.bin" "$dir/out/next.bin" > "$dir/send.out" 2> "$dir/send.log" &
    sender=$!
    tries=0; until [ -e "$dir/in/slow.bin.part" ] || [ $tries -ge 1000 ]; do tries=$((tries + 1)); sleep 0.005; done
    cat "$dir/out/first.bin" | head -c 900000 >> "$dir/out/next.bin"
    code=0; wait $sender || code=$?
    [ $code -eq 0 ] && ok || bad "xft_send ended with $code"
    received 0; same "$dir/out/next.bin" "$dir/in/next.bin"
}
summary place
