#!/bin/sh
# Checks that a file that broke off goes on where it stopped, and only then when it is the same file of the same sender
# (SI-25, ATK-44).
#   check/resume.sh PROGRAMS-DIR LOOPBACK-SERVER
set -u
folder=$(cd "$(dirname "$0")" && pwd)
. "$folder/scene.sh"

hash_of() { sha256sum < "$1" | cut -d' ' -f1; }
mkdir "$dir/out"
head -c 200000000 /dev/urandom > "$dir/out/large.bin"
head -c 3000001 /dev/urandom > "$dir/out/one.bin"
large=$dir/out/large.bin one=$dir/out/one.bin
large_hash=$(hash_of "$large") one_hash=$(hash_of "$one")
direct="--method direct --listen 127.0.0.1"
here() { same "$1" "$dir/in/$(basename "$1")"; }
# Waits until FILE has that many bytes; for a line of the receiver's log.
came() { tries=0; until [ "$(wc -c 2> /dev/null < "$dir/in/$1")" -ge "$2" ] 2> /dev/null || [ $tries -ge 1000 ]; do tries=$((tries + 1)); sleep 0.01; done; }
heard() { tries=0; until grep -qF -- "$1" "$dir/recv.log" || [ $tries -ge 1000 ]; do tries=$((tries + 1)); sleep 0.01; done; says recv.log "$1"; }
silent_about() { grep -qF -- "$2" "$dir/$1" && bad "$1 has the words '$2'" || ok; }
# Sends FILE until that many bytes came, then the sender is gone without a word.
send_and_die() { # BYTES FILE OPTIONS...
    bytes=$1 file=$2; shift 2
    "$programs/xft_send" $account --jid alice@hospital.test/out --to bob@hospital.test/in "$@" "$file" > "$dir/send.out" 2> "$dir/send.log" &
    sender=$!
    came "$(basename "$file").part" "$bytes"
    kill -KILL $sender 2> /dev/null
    code=0; wait $sender 2> /dev/null || code=$?
    [ $code -eq 137 ] && ok || bad "xft_send ended with $code before it could be killed"
}
# A receiver that was killed when it had the first BYTES of one.bin, from a sender.
half() { # BYTES FROM HASH
    rm -rf "$dir/in"; mkdir "$dir/in"
    head -c "$1" "$one" > "$dir/in/one.bin.part"
    printf 'from %s\nname one.bin\nsize 3000001\nsha256 %s\n' "$2" "$3" > "$dir/in/.one.bin.part.of"
}
no_notes() { [ -z "$(find "$dir/in" -name '.*.of')" ] && ok || bad "notes are left: $(ls -A "$dir/in" | tr '\n' ' ')"; }
anew() { # the file came from its first byte on, and the part file is as it was
    silent_about recv.log "goes on from"; here "$one"; cmp -s -n 1000000 "$one" "$dir/in/one.bin.part" && ok || bad "the part file changed"
}

serve
# --- broken off and sent again ----------------------------------------------------------------------------------------
claim="a file whose sender was killed goes on where it stopped"
recv --count 2 --fsync block && {
    send_and_die 1000000 "$large" $direct --sha256 "$large_hash"
    heard "large.bin is not whole, what came is in"
    stored=$(wc -c < "$dir/in/large.bin.part")
    send 0 $direct --sha256 "$large_hash" "$large"; received 8; here "$large"; holds large.bin; no_notes
    says recv.log "large.bin: goes on from offset $stored of 200000000"; says send.log "large.bin: goes on from offset $stored of 200000000"; says recv.out "verified"; says send.out "verified"
    [ "$(hash_of "$dir/in/large.bin")" = "$large_hash" ] && ok || bad "the SHA-256 differs"
}
claim="in band too, when the receiver was killed as well"
recv && {
    send_and_die 100000 "$large" --method inband --block 1024 --window 4096 --sha256 "$large_hash"
    kill -KILL "$receiver"; wait "$receiver" 2> /dev/null
    stored=$(wc -c < "$dir/in/large.bin.part")
    truncate -s 199000000 "$dir/in/large.bin.part" # no hour for the rest of it
    dd if="$large" of="$dir/in/large.bin.part" bs=1000000 count=199 conv=notrunc 2> /dev/null
    recv_again --count 1 && { send 0 --method inband --sha256 "$large_hash" "$large"; received 0; here "$large"; holds large.bin; says recv.log "goes on from offset 199000000 of 200000000"; says recv.out "verified"; }
}
claim="through the proxy too"
half 1000000 alice@hospital.test "$one_hash"
recv_again --count 1 && { send 0 --method mediated --sha256 "$one_hash" "$one"; received 0; here "$one"; holds one.bin; no_notes; says recv.log "goes on from offset 1000000 of 3000001"; }
claim="of a part file that is whole the last byte is asked for"
half 3000001 alice@hospital.test "$one_hash"
recv_again --count 1 && { send 0 $direct --sha256 "$one_hash" "$one"; received 0; here "$one"; holds one.bin; says recv.log "goes on from offset 3000000 of 3000001"; }
claim="an empty part file begins with the first byte"
half 0 alice@hospital.test "$one_hash"
recv_again --count 1 && { send 0 $direct --sha256 "$one_hash" "$one"; received 0; here "$one"; holds one.bin; no_notes; }

# --- not the same -----------------------------------------------------------------------------------------------------
claim="a part file of another content is told as a mismatch, and overwrites nothing"
half 1000000 alice@hospital.test "$one_hash"
printf X | dd of="$dir/in/one.bin.part" conv=notrunc 2> /dev/null
echo "was here before" > "$dir/in/one.bin"; cp "$dir/in/one.bin" "$dir/before"
recv_again --count 1 && { send 9 $direct --sha256 "$one_hash" "$one"; received 9; holds one.bin one.bin.part; same "$dir/before" "$dir/in/one.bin"; }
claim="after a mismatch the file begins anew, and what is known to be wrong makes way for it"
recv_again --count 1 && { send 0 $direct --sha256 "$one_hash" "$one"; received 0; holds one.bin one-1.bin; same "$one" "$dir/in/one-1.bin"; same "$dir/before" "$dir/in/one.bin"; no_notes; }
claim="an offer without its hash begins anew"
half 1000000 alice@hospital.test "$one_hash"
recv_again --count 1 && { send 0 $direct "$one"; received 0; anew; }
claim="an offer with another hash begins anew"
half 1000000 alice@hospital.test "$large_hash"
recv_again --count 1 && { send 0 $direct --sha256 "$one_hash" "$one"; received 0; anew; }
claim="an offer of somebody else begins anew"
half 1000000 bob@hospital.test "$one_hash"
recv_again --count 1 && { send 0 $direct --sha256 "$one_hash" "$one"; received 0; anew; }
claim="a part file without a note is nobody's"
half 1000000 alice@hospital.test "$one_hash"; rm "$dir/in/.one.bin.part.of"
recv_again --count 1 && { send 0 $direct --sha256 "$one_hash" "$one"; received 0; anew; }
claim="a part file with a second name is not written to"
half 1000000 alice@hospital.test "$one_hash"; ln "$dir/in/one.bin.part" "$dir/in/kept"
recv_again --count 1 && { send 0 $direct --sha256 "$one_hash" "$one"; received 0; anew; holds kept one.bin one.bin.part; }
claim="a link is no part file"
half 1000000 alice@hospital.test "$one_hash"; mv "$dir/in/one.bin.part" "$dir/elsewhere"; ln -s ../elsewhere "$dir/in/one.bin.part"
recv_again --count 1 && { send 0 $direct --sha256 "$one_hash" "$one"; received 0; anew; }
claim="a file that is just coming is not resumed by a second offer of it"
recv --count 2 --fsync block && {
    "$programs/xft_send" $account $direct --jid alice@hospital.test/first --to bob@hospital.test/in --sha256 "$large_hash" "$large" > /dev/null 2>&1 &
    sender=$!
    came large.bin.part 1000000
    send 0 $direct --sha256 "$large_hash" "$large"; received 0
    wait $sender && ok || bad "the first xft_send failed"
    holds large.bin large-1.bin; here "$large"; same "$large" "$dir/in/large-1.bin"; silent_about recv.log "goes on from"; no_notes
}

summary "resume"
