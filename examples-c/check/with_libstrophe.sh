#!/bin/sh
# Checks with_libstrophe: files from and to xft_send, xft_recv and itself, and how failures end.
#   check/with_libstrophe.sh PROGRAMS-DIR LOOPBACK-SERVER SERVER
# SERVER starts Prosody, if that is installed.
set -u
programs=${1:?usage: check/with_libstrophe.sh PROGRAMS-DIR LOOPBACK-SERVER SERVER} loopback=${2:?} real=${3:?}
dir=$(mktemp -d)
server= receiver=
end() { [ -z "$1" ] || { kill "$1" 2> /dev/null; wait "$1" 2> /dev/null; }; }
trap 'end "$receiver"; end "$server"; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
passed=0 failed=0
ok() { passed=$((passed + 1)); }
bad() {
    failed=$((failed + 1)); echo "FAIL $claim: $1"
    for log in send.out send.log recv.out recv.log; do sed "s/^/     $log: /" "$dir/$log" 2> /dev/null; done
}
ready() { # FILE PID   waits for a line of FILE that begins with ready
    tries=0
    until grep -q '^ready ' "$1" 2> /dev/null; do
        tries=$((tries + 1))
        { kill -0 "$2" 2> /dev/null && [ $tries -lt 400 ]; } || return 1
        sleep 0.05
    done
}
serve() { # PROGRAM OPTIONS...
    end "$server"; server=
    rm -f "$dir/hold" "$dir/server.out"; mkfifo "$dir/hold"; mkdir -p "$dir/certs"
    "$@" --cert-dir "$dir/certs" --account alice:secret --account bob:secret < "$dir/hold" > "$dir/server.out" 2> "$dir/server.log" &
    server=$!
    exec 9> "$dir/hold"
    ready "$dir/server.out" $server || { cat "$dir/server.log"; echo "the server does not start: $*"; exit 1; }
    c2s=$(sed 's/.* c2s=\([0-9]*\).*/\1/' "$dir/server.out") tls=$(sed 's/.* tls=\([0-9]*\).*/\1/' "$dir/server.out")
    domain=$(sed 's/.* domain=\([^ ]*\).*/\1/' "$dir/server.out")
    account="--server 127.0.0.1:$c2s --ca $dir/certs/ca.pem --block 4096"
}
sender_of() { case $1 in strophe) echo "$programs/with_libstrophe send" ;; *) echo "$programs/xft_send" ;; esac; }
recv() { # strophe|xft OPTIONS...   starts the receiver and waits until it is online
    rm -rf "$dir/in" "$dir/recv.out" "$dir/recv.log"; mkdir "$dir/in"
    case $1 in strophe) set -- "$@" recv "$dir/in"; command=with_libstrophe ;; *) set -- "$@" --dir "$dir/in" --from anyone; command=xft_recv ;; esac
    shift
    "$programs/$command" $account --allow-local-streamhosts --jid "bob@$domain/in" "$@" > "$dir/recv.out" 2> "$dir/recv.log" &
    receiver=$!
    ready "$dir/recv.out" $receiver || { bad "the receiver is not ready"; return 1; }
}
send() { # strophe|xft CODE ARGUMENTS...
    command=$(sender_of "$1") wanted=$2; shift 2
    code=0
    timeout 60 $command $account --jid "alice@$domain/out" --to "bob@$domain/in" "$@" > "$dir/send.out" 2> "$dir/send.log" || code=$?
    [ $code -eq "$wanted" ] && ok || bad "the sender ended with $code, not $wanted"
}
received() { # CODE   waits for the receiver
    code=0; wait "$receiver" || code=$?
    receiver=
    [ $code -eq "$1" ] && ok || bad "the receiver ended with $code, not $1"
}
same() { # NAMES...   with the same SHA-256 at both ends
    [ "$(cd "$dir/out" && sha256sum "$@")" = "$(cd "$dir/in" && sha256sum "$@")" ] && ok || bad "$* are not what was sent"
}
says() { grep -qF -- "$2" "$dir/$1" && ok || bad "$1 has not the words '$2'"; }
ticks() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; }

export XFT_PASSWORD=secret
mkdir "$dir/out"
head -c 300001 /dev/urandom > "$dir/out/1.bin"
head -c 3000000 /dev/urandom > "$dir/out/2.bin"
head -c 60000000 /dev/urandom > "$dir/out/large.bin"
: > "$dir/out/empty.bin"

every_pair() { # SERVER   each way, to and from xft_send and xft_recv, and among themselves
    for method in direct mediated inband; do
        case $method in direct) options="--listen 127.0.0.1" way=direct ;; mediated) options= way=mediated ;; *) options= way=in-band ;; esac
        for pair in strophe:xft xft:strophe strophe:strophe; do
            claim="$1: ${pair%:*} sends to ${pair#*:}, $method"
            recv ${pair#*:} --count 3 && {
                send ${pair%:*} 0 --method $method $options "$dir/out/1.bin" "$dir/out/empty.bin" "$dir/out/2.bin"; received 0
                same 1.bin empty.bin 2.bin; says recv.out "received 1.bin 300001 bytes"; says send.out "sent 2.bin 3000000 bytes"
                [ "$(grep -c verified "$dir/send.out")" = 3 ] && ok || bad "not all three were verified"
                says send.log "2.bin: sent by $way"; says recv.log "2.bin: received by $way"
            }
        done
    done
}

serve "$loopback"
every_pair "loopback server"

claim="a proxy that nobody can reach, and the file goes in band all the same"
recv strophe --count 1 && {
    send strophe 0 --method mediated,inband --proxy "proxy.$domain=127.0.0.1:1" "$dir/out/2.bin"; received 0; same 2.bin
    says send.log "2.bin: sent by in-band"; says recv.log "2.bin: received by in-band"
}
claim="without --method a file goes the best way"
recv strophe --count 1 && { send strophe 0 "$dir/out/2.bin"; received 0; same 2.bin; says send.log "2.bin: sent by mediated"; }
claim="a receiver that takes files in band alone gets them so"
recv strophe --count 1 --method inband && { send strophe 0 "$dir/out/2.bin"; received 0; same 2.bin; says recv.log "2.bin: received by in-band"; }
claim="direct TLS works with libstrophe"
recv xft --count 1 && { account="--server 127.0.0.1:$tls --ca $dir/certs/ca.pem --tls direct"; send strophe 0 "$dir/out/1.bin"; received 0; same 1.bin; }
account="--server 127.0.0.1:$c2s --ca $dir/certs/ca.pem"
claim="blocks of 65535 bytes go through libstrophe's parser"
recv strophe --count 1 --block 65535 && { send strophe 0 --method inband --block 65535 "$dir/out/2.bin"; received 0; same 2.bin; }
claim="an untrusted certificate is named, and the password stays here"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$dir/key" -out "$dir/other.pem" -days 2 -subj /CN=other 2> /dev/null
send strophe 4 --ca "$dir/other.pem" "$dir/out/1.bin"; says send.log certificate
claim="options that make no sense are refused"
send strophe 2 --method pigeon "$dir/out/1.bin"; send strophe 2
claim="a wrong password is named"
XFT_PASSWORD=wrong send strophe 5 "$dir/out/1.bin"; says send.log password
claim="a closed port is named"
send strophe 3 --server 127.0.0.1:1 "$dir/out/1.bin"
claim="an unknown recipient is named"
send strophe 6 "$dir/out/1.bin" --to "bob@$domain/nowhere"
claim="a file that is missing is named"
send strophe 11 "$dir/out/nothing.bin"
claim="a receiver that waits uses no processor time, and has nothing to regret when told to end"
recv strophe && {
    if [ -r "/proc/$receiver/stat" ]; then
        before=$(ticks "$receiver"); sleep 2; after=$(ticks "$receiver")
        [ $((after - before)) -le 4 ] && ok || bad "$((after - before)) ticks in 2 s"
    fi
    kill -TERM "$receiver"; received 0
}
claim="a sender that leaves while only the recipient's word is missing says what it knows, by every method"
${CC:-cc} -O1 -shared -fPIC -o "$dir/faults.so" "$(dirname "$0")/faults.c" -ldl || bad "check/faults.c does not compile"
for options in "--method inband" "--method direct --listen 127.0.0.1" "--method mediated"; do
    export FAULT=hang LD_PRELOAD="$dir/faults.so"
    recv xft --count 1 --fsync end && {
        unset FAULT LD_PRELOAD
        $(sender_of strophe) $account --jid "alice@$domain/out" --to "bob@$domain/in" $options "$dir/out/1.bin" "$dir/out/2.bin" > "$dir/send.out" 2> "$dir/send.log" &
        sender=$!; tries=0
        until [ "$(stat -c %s "$dir/in/1.bin.part" 2> /dev/null)" = 300001 ] || [ $tries -ge 400 ]; do tries=$((tries + 1)); sleep 0.02; done
        sleep 0.3; kill -TERM $sender; code=0; wait $sender || code=$?
        # The first failure counts; the second file was only left behind.
        [ $code -eq 13 ] && ok || bad "it ended with $code, not 13"; says send.out "sent 1.bin 300001 bytes"; says send.out unconfirmed
        kill -KILL "$receiver"; wait "$receiver" 2> /dev/null; receiver=
    }
    export FAULT=hang LD_PRELOAD="$dir/faults.so"
    recv strophe --count 1 && {
        unset FAULT LD_PRELOAD
        $(sender_of strophe) $account --jid "alice@$domain/out" --to "bob@$domain/in" $options "$dir/out/1.bin" > "$dir/send.out" 2> "$dir/send.log" &
        sender=$!; tries=0
        until [ "$(stat -c %s "$dir/in/1.bin.part" 2> /dev/null)" = 300001 ] || [ $tries -ge 400 ]; do tries=$((tries + 1)); sleep 0.02; done
        sleep 0.3; kill -TERM $sender; code=0; wait $sender || code=$?
        [ $code -eq 13 ] && ok || bad "it ended with $code, not 13"; says send.out unconfirmed
        kill -KILL "$receiver"; wait "$receiver" 2> /dev/null; receiver=
    }
    unset FAULT LD_PRELOAD
done
claim="a sender that vanishes is told to the receiver, the part file stays"
recv strophe --count 1 && {
    $(sender_of strophe) $account --jid "alice@$domain/out" --to "bob@$domain/in" --method inband --block 1024 --window 1024 "$dir/out/large.bin" > "$dir/send.out" 2> "$dir/send.log" &
    sender=$!; sleep 1; kill -KILL $sender; { wait $sender; } 2> /dev/null; received 6; says recv.log offline
    [ "$(ls "$dir/in")" = large.bin.part ] && ok || bad "the folder holds: $(ls "$dir/in")"
}
claim="a server that dies in the middle is told at both ends"
recv strophe --count 1 && {
    { sleep 1; kill -KILL $server; } 2> /dev/null &
    send strophe 12 --method inband --block 1024 --window 1024 "$dir/out/large.bin"; received 12
}
wait "$server" 2> /dev/null; server=

serve "$loopback" --plain
claim="a server without TLS gets no password"
send strophe 3 "$dir/out/1.bin"
claim="plain text works with the flag that says so"
account="$account --tls none-unsafe"
recv strophe --count 1 && { send strophe 0 "$dir/out/1.bin"; received 0; same 1.bin; says send.log WARNING; }

if command -v prosody > /dev/null; then
    serve "$real" prosody
    every_pair Prosody
else
    echo "not run against Prosody, which is not installed"
fi

echo "$programs/with_libstrophe: $passed checks passed, $failed failed"
[ $failed -eq 0 ]
