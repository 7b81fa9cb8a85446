#!/bin/sh
# Checks that xft_recv is safe as it is started: who may send, how much, what is left of files that broke off, what others
# plant in its folder, and where it connects to (ATK-25, ATK-40, ATK-41, ATK-44).
#   check/folder.sh PROGRAMS-DIR LOOPBACK-SERVER
set -u
folder=$(cd "$(dirname "$0")" && pwd)
. "$folder/scene.sh"

mkdir "$dir/out"
head -c 300001 /dev/urandom > "$dir/out/one.bin"
head -c 10 /dev/urandom > "$dir/out/small.bin"
one=$dir/out/one.bin small=$dir/out/small.bin
hash_of() { sha256sum < "$1" | cut -d' ' -f1; }
one_hash=$(hash_of "$one") small_hash=$(hash_of "$small")
silent_about() { grep -qF -- "$2" "$dir/$1" && bad "$1 has the words '$2'" || ok; }
all() { # NAMES...   the folder holds exactly these, notes included
    [ "$(ls -A "$dir/in" | LC_ALL=C sort | tr '\n' ' ')" = "$(printf '%s\n' "$@" | LC_ALL=C sort | tr '\n' ' ' | sed 's/^ *$//')" ] && ok || bad "the folder holds: $(ls -A "$dir/in" | tr '\n' ' ')"
}
# A part file with its note, as a killed receiver leaves it.
half() { # NAME BYTES FROM [HASH] [SIZE]
    head -c "$2" "$one" > "$dir/in/$1.part"
    { printf 'from %s\nname %s\nsize %s\n' "$3" "$1" "${5:-300001}"; [ -z "${4:-}" ] || printf 'sha256 %s\n' "$4"; } > "$dir/in/.$1.part.of"
    chmod 600 "$dir/in/$1.part" "$dir/in/.$1.part.of"
}
fresh() { rm -rf "$dir/in"; mkdir "$dir/in"; }
# Sends FILE at 1 kB blocks until some of it came, then the sender is gone without a word.
send_and_die() { # FILE OPTIONS...
    file=$1; shift; : > "$dir/stamp"
    "$programs/xft_send" $account --jid alice@hospital.test/out --to bob@hospital.test/in --method inband --block 1024 --window 1024 "$@" "$file" > "$dir/send.out" 2> "$dir/send.log" &
    sender=$!; tries=0
    until [ -n "$(find "$dir/in/$(basename "$file").part" -newer "$dir/stamp" -size +0 2> /dev/null)" ] || [ $tries -ge 500 ]; do tries=$((tries + 1)); sleep 0.02; done
    kill -TERM $sender; wait $sender 2> /dev/null
    tries=0
    until grep -q "is not whole" "$dir/recv.log" || [ $tries -ge 200 ]; do tries=$((tries + 1)); sleep 0.05; done
}

serve
# --- who, and how much ------------------------------------------------------------------------------------------------
claim="anyone is a word, and stands for everybody"
recv --count 1 --from anyone && { send 0 "$small"; received 0; holds small.bin; }
claim="a file that is too large is declined, and both ends have words for it"
recv --max-size 100K && { send 7 "$one"; leave; holds; says recv.log "declined one.bin of alice@hospital.test/out: its 300.0 kB are more than the 102.4 kB of --max-size"; }
claim="a file that the quota never has room for is declined"
recv --quota 200K && { send 7 "$one"; leave; all; says recv.log "more than the 204.8 kB of --quota"; }
claim="a file that the quota has no room for now is asked again, and comes when there is room"
recv --quota 400K --count 1 && {
    head -c 200000 /dev/zero > "$dir/in/old"
    { tries=0; until grep -q "for now" "$dir/recv.log" || [ $tries -ge 400 ]; do tries=$((tries + 1)); sleep 0.05; done; rm "$dir/in/old"; } &
    send 0 "$one"; received 0; all one.bin; says recv.log "declined one.bin of alice@hospital.test/out for now"
    [ "$(grep -c "for now" "$dir/recv.log")" -eq 1 ] && ok || bad "it was said more than once"
}
claim="part files count for the quota"
fresh; half other.bin 200000 carol@hospital.test "$one_hash"
recv_again --quota 400K && { "$programs/xft_send" $account --jid alice@hospital.test/out --to bob@hospital.test/in "$one" > /dev/null 2>&1 & sender=$!; tries=0; until grep -q "for now" "$dir/recv.log" || [ $tries -ge 200 ]; do tries=$((tries + 1)); sleep 0.05; done; says recv.log "for now"; kill $sender; wait $sender 2> /dev/null; leave; }
claim="a part of the disk stays free"
used=$(df -Pk "$dir" | awk 'NR == 2 { print int($4 * 100 / $2) }')
[ "$used" -ge 98 ] || recv --keep-free 99 && { "$programs/xft_send" $account --jid alice@hospital.test/out --to bob@hospital.test/in "$one" > /dev/null 2>&1 & sender=$!; tries=0; until grep -q "keep-free" "$dir/recv.log" || [ $tries -ge 200 ]; do tries=$((tries + 1)); sleep 0.05; done; says recv.log "99 % of the disk would stay free (--keep-free)"; kill $sender; wait $sender 2> /dev/null; leave; all; }
claim="a size that is announced takes no room"
truncate -s 2G "$dir/out/sparse.bin"
recv --fsync block && { send_and_die "$dir/out/sparse.bin"; leave; [ "$(du -k "$dir/in/sparse.bin.part" | cut -f1)" -lt 10000 ] && [ "$(wc -c < "$dir/in/sparse.bin.part")" -lt 10000000 ] && ok || bad "the part file is $(du -k "$dir/in/sparse.bin.part") kB"; }

# --- what is left -----------------------------------------------------------------------------------------------------
claim="tries that cannot go on make way for the next and do not pile up"
recv && {
    cp "$dir/out/sparse.bin" "$dir/out/large.bin" 2> /dev/null || truncate -s 2G "$dir/out/large.bin"
    for try in 1 2 3; do : > "$dir/recv.log"; send_and_die "$dir/out/large.bin"; done
    leave; all large.bin.part .large.bin.part.of
}
truncate -s 20M "$dir/out/some.bin"; mkdir "$dir/out/many"; for number in $(seq -w 300); do ln "$dir/out/some.bin" "$dir/out/many/$number.bin"; done
# Sixty offers at a time, taken, and then the sender is gone without a word; five times.
abort_300() { # DONE OPTIONS...   each time once DONE is true
    done=$1; shift
    for batch in 0 1 2 3 4; do
        sixty=$(seq -f "$dir/out/many/%03g.bin" $((batch * 60 + 1)) $((batch * 60 + 60)))
        "$programs/xft_send" $account --jid alice@hospital.test/out --to bob@hospital.test/in --parallel 60 "$@" $sixty > "$dir/send.out" 2> "$dir/send.log" &
        sender=$!; tries=0
        until $done || [ $tries -ge 500 ]; do tries=$((tries + 1)); sleep 0.02; done
        [ $tries -lt 500 ] && ok || bad "not all sixty were taken: $(ls "$dir/in" | wc -l)"
        : > "$dir/stamp"; kill -KILL $sender; { wait $sender; } 2> /dev/null; tries=0
        until [ "$(grep -c "what came is in\|did not come" "$dir/recv.log")" -ge $((batch * 60 + 60)) ] || [ $tries -ge 500 ]; do tries=$((tries + 1)); sleep 0.02; done
    done
}
taken() { [ "$(ls "$dir/in" | wc -l)" -ge 60 ]; }
flowing() { [ "$(find "$dir/in" -name '*.part' -size +0 -newer "$dir/stamp" 2> /dev/null | wc -l)" -ge 60 ]; }
claim="three hundred offers that are aborted leave nothing"
recv --parallel 64 --keep-free 0 && { abort_300 taken --method direct --announce 192.0.2.1:9; leave; all; }
claim="three hundred files that break off leave no more than --part-files of them"
recv --parallel 64 --keep-free 0 && { : > "$dir/stamp"; abort_300 flowing --method inband --block 1024 --window 1024; leave; [ "$(ls "$dir/in" | wc -l)" -eq 16 ] && [ "$(ls -A "$dir/in" | wc -l)" -eq 32 ] && ok || bad "$(ls -A "$dir/in" | wc -l) are left"; }
claim="of one sender so many part files are kept, the newest"
fresh
for number in 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20; do half "f$number.bin" 10 alice@hospital.test "$one_hash"; touch -d "2 days ago +$number minutes" "$dir/in/f$number.bin.part"; done
half other.bin 10 carol@hospital.test "$one_hash"; echo theirs > "$dir/in/mine.part"
recv_again && { leave; [ "$(ls "$dir/in" | wc -l)" -eq 18 ] && ok || bad "$(ls "$dir/in" | wc -l) are left"; [ -e "$dir/in/f05.bin.part" ] && [ ! -e "$dir/in/f04.bin.part" ] && [ ! -e "$dir/in/.f04.bin.part.of" ] && [ -e "$dir/in/other.bin.part" ] && [ -e "$dir/in/mine.part" ] && ok || bad "not the oldest went"; says recv.log "removed f01.bin.part, what was left of a file of alice@hospital.test"; }
claim="a part file that nobody asks for goes after a month, others' files never"
fresh; half old.bin 10 alice@hospital.test "$one_hash"; half young.bin 10 alice@hospital.test "$one_hash"
touch -d "31 days ago" "$dir/in/old.bin.part"; touch -d "29 days ago" "$dir/in/young.bin.part"; echo theirs > "$dir/in/mine.part"; touch -d "1 year ago" "$dir/in/mine.part"
recv_again && { leave; holds young.bin.part mine.part; says recv.log "removed old.bin.part"; }
claim="a part file that is in use never goes"
fresh; half old.bin 10 alice@hospital.test "$one_hash"; touch -d "31 days ago" "$dir/in/old.bin.part"
flock "$dir/in/old.bin.part" sleep 5 & holder=$!
sleep 0.2; recv_again && { leave; holds old.bin.part; }; kill $holder 2> /dev/null; wait $holder 2> /dev/null

# --- what others plant ------------------------------------------------------------------------------------------------
anew() { silent_about recv.log "goes on from"; same "$one" "$dir/in/one.bin"; }
planted() { recv_again --count 1 && { send 0 --sha256 "$one_hash" "$one"; received 0; anew; cmp -s "$dir/planted" "$dir/in/one.bin.part" && ok || bad "what was planted is not as it was"; }; }
plant() { fresh; half one.bin 1000 alice@hospital.test "$one_hash"; cp "$dir/in/one.bin.part" "$dir/planted"; }
claim="a part file of our own goes on"
plant; recv_again --count 1 && { send 0 --sha256 "$one_hash" "$one"; received 0; says recv.log "goes on from offset 1000"; all one.bin; }
claim="a part file that others can write never goes on"
plant; chmod 666 "$dir/in/one.bin.part"; planted
claim="nor one that a group can write"
plant; chmod 660 "$dir/in/one.bin.part"; planted
claim="nor one whose note others can write"
plant; chmod 622 "$dir/in/.one.bin.part.of"; planted
if [ "$(id -u)" = 0 ]; then
    claim="a part file that another user owns never goes on, in a shared folder too"
    plant; chmod 1777 "$dir/in"; chown 65534 "$dir/in/one.bin.part"; planted
    claim="nor one whose note another user owns"
    plant; chmod 1777 "$dir/in"; chown 65534 "$dir/in/.one.bin.part.of"; planted
else
    echo "NOTE: not root: part files of other users are not tried"
fi
claim="a link in the place of a note or of a part file leads nowhere"
plant; mv "$dir/in/.one.bin.part.of" "$dir/note"; ln -s "$dir/note" "$dir/in/.one.bin.part.of"; planted
claim="a pipe in the place of a note holds nobody up"
plant; rm "$dir/in/.one.bin.part.of"; mkfifo "$dir/in/.one.bin.part.of"; planted
claim="a folder that anybody may change is warned of"
fresh; chmod 777 "$dir/in"; recv_again && { leave; says recv.log "anybody may replace files in"; }

# --- where it connects to ---------------------------------------------------------------------------------------------
listen="--method direct --listen 127.0.0.1"
claim="this machine is no streamhost, however a sender spells it"
for place in 127.0.0.1 127.9.9.9 ::1 ::ffff:127.0.0.1 ::127.0.0.1 0.0.0.0 :: 169.254.1.1 fe80::1 localhost 127.1 2130706433; do
    claim="no streamhost at $place"
    case $place in *:*) host="[$place]" ;; *) host=$place ;; esac
    recv_local=$local local=
    fresh; recv_again --count 1
    local=$recv_local
    send 0 --method direct,inband --announce "$host:$c2s" "$small"; received 0; holds small.bin
    says recv.log "this program may not connect there"; says send.log "sent by in-band transfer"
done
claim="a word opens it"
recv --count 1 && { send 0 $listen "$small"; received 0; says recv.log "by direct transfer from 127.0.0.1"; }

summary "folder"
