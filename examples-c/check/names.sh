#!/bin/sh
# Checks the names of files on their way: which are offered, what the programs say of them, and what reaches a terminal
# (ATK-40, ATK-62).
#   check/names.sh PROGRAMS-DIR LOOPBACK-SERVER
set -u
folder=$(cd "$(dirname "$0")" && pwd)
. "$folder/scene.sh"
pin="--method inband"
mkdir "$dir/out"
silent_about() { grep -qF -- "$2" "$dir/$1" && bad "$1 has the words '$2'" || ok; }
# FILE has so many lines, and nothing in it that a terminal obeys.
lines() { # FILE COUNT
    [ "$(wc -l < "$dir/$1")" -eq "$2" ] && ok || bad "$1 has not $2 lines"
    LC_ALL=C tr -d '\n' < "$dir/$1" | LC_ALL=C grep -q '[[:cntrl:]]' && bad "$1 has control characters" || ok
}
file() { head -c 1000 /dev/urandom > "$dir/out/$1"; }

serve
claim="names that do no harm are offered as they are, and nothing is said of it"
set -- "O'Neill^Mary A&B.dcm" "scan (3).dcm" "Röntgen.dcm" "ภาพถ่าย.dcm" "a <no tag.dcm"
for name in "$1" "$2" "$3" "$4"; do file "$name"; done
recv --count 4 && {
    send 0 "$dir/out/$1" "$dir/out/$2" "$dir/out/$3" "$dir/out/$4"; received 0; holds "$1" "$2" "$3" "$4"
    silent_about send.log "is offered as"; says send.out "sent $1 1000 bytes"; says recv.out "received $1 1000 bytes"; same "$dir/out/$1" "$dir/in/$1"
}
claim="a name that was changed is told"
file "$5"
recv --count 1 && { send 0 "$dir/out/$5"; received 0; holds "a _no tag.dcm"; says send.log "$5 is offered as a _no tag.dcm"; says send.out "sent $5 1000 bytes"; }
claim="there is one line per file, whatever its name holds"
newline=$(printf 'first\nsent forged.dcm 1 bytes verified')
escape=$(printf 'red\033[31m\007.dcm') c1=$(printf 'red\302\23331m.dcm') bidi=$(printf 'x\342\200\256mcd.exe') latin=$(printf 'R\366ntgen.dcm')
for name in "$newline" "$escape" "$c1" "$bidi" "$latin"; do file "$name"; done
recv --count 5 --verbose && {
    send 0 --verbose "$dir/out/$newline" "$dir/out/$escape" "$dir/out/$c1" "$dir/out/$bidi" "$dir/out/$latin"; received 0
    lines send.out 5; lines recv.out 6
    holds "first_sent forged.dcm 1 bytes verified" "red_[31m_.dcm" "red_31m.dcm" "x_mcd.exe" "R_ntgen.dcm"
    says send.out 'sent first\x0asent forged.dcm'; says send.out 'sent red\x1b[31m\x07.dcm'; says send.out 'sent red\u009b31m.dcm'; says send.out 'sent x\u202emcd.exe'; says send.out 'sent R\xf6ntgen.dcm'
    LC_ALL=C tr -d '\n' < "$dir/send.log" | LC_ALL=C grep -q '[[:cntrl:]]' && bad "send.log has control characters" || ok
    LC_ALL=C grep -q "$(printf '\302\233')\|$(printf '\342\200\256')" "$dir/send.log" "$dir/recv.log" && bad "a log has what a terminal obeys" || ok
    [ "$(grep -c 'is offered as' "$dir/send.log")" -eq 5 ] && ok || bad "not every change was told"
}
claim="a long name keeps its extension"
long=$(printf '%0200d' 7).nii.gz; file "$long"
recv --count 1 && { send 0 "$dir/out/$long"; received 0; holds "$(printf '%0200d' 7 | cut -c1-113).nii.gz"; says send.log "is offered as"; }

summary "name"
