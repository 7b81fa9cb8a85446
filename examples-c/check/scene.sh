# What the checks of transfers share: a server, a receiver, senders, and claims about them; sourced.
#   . scene.sh   with PROGRAMS-DIR LOOPBACK-SERVER as $1 and $2
programs=${1:?usage: PROGRAMS-DIR LOOPBACK-SERVER} loopback=${2:?}
dir=$(mktemp -d)
server= receiver=
end() { [ -z "$1" ] || { kill "$1" 2> /dev/null; wait "$1" 2> /dev/null; }; }
trap 'end "$receiver"; end "$server"; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
passed=0 failed=0
# Options of every program, and of receivers: everything here is on one machine.
pin=
anyone="--from anyone" local="--allow-local-streamhosts" open=
export XFT_PASSWORD=secret
ok() { passed=$((passed + 1)); }
bad() {
    failed=$((failed + 1)); echo "FAIL $claim: $1"
    for log in send.out send.log recv.out recv.log; do sed "s/^/     $log: /" "$dir/$log" 2> /dev/null; done
}
# Waits for a line of FILE that begins with ready.
ready() { # FILE PID
    tries=0
    until grep -q '^ready ' "$1" 2> /dev/null; do
        tries=$((tries + 1))
        { kill -0 "$2" 2> /dev/null && [ $tries -lt 400 ]; } || return 1
        sleep 0.05
    done
}
serve() { # OPTIONS...
    end "$server"
    rm -f "$dir/hold" "$dir/server.out"; mkfifo "$dir/hold"; mkdir -p "$dir/certs"
    "$loopback" --cert-dir "$dir/certs" --account alice:secret --account bob:secret "$@" < "$dir/hold" > "$dir/server.out" 2> "$dir/server.log" &
    server=$!
    exec 9> "$dir/hold"
    ready "$dir/server.out" $server || { cat "$dir/server.log"; echo "the loopback server does not start"; exit 1; }
    line=$(cat "$dir/server.out")
    c2s=$(echo "$line" | sed 's/.* c2s=\([0-9]*\).*/\1/') tls=$(echo "$line" | sed 's/.* tls=\([0-9]*\).*/\1/')
    proxy=$(echo "$line" | sed -n 's/.* proxy=\([^ ]*\).*/\1/p')
    account="--server 127.0.0.1:$c2s --ca $dir/certs/ca.pem $pin"
}
recv() { # OPTIONS...   starts xft_recv and waits until it is online
    rm -rf "$dir/in" "$dir/recv.out"; mkdir "$dir/in"
    recv_again "$@"
}
recv_again() {
    case " $* " in *" --from "*) open=$local ;; *) open="$anyone $local" ;; esac
    rm -f "$dir/recv.out" "$dir/recv.log"
    "$programs/xft_recv" $account $open --jid bob@hospital.test/in --dir "$dir/in" "$@" > "$dir/recv.out" 2> "$dir/recv.log" &
    receiver=$!
    ready "$dir/recv.out" $receiver || { bad "xft_recv is not ready"; return 1; }
}
send() { # CODE ARGUMENTS...   several codes where it is a race
    wanted=$1; shift
    code=0
    "$programs/xft_send" $account --jid alice@hospital.test/out --to bob@hospital.test/in "$@" > "$dir/send.out" 2> "$dir/send.log" || code=$?
    case " $wanted " in *" $code "*) ok ;; *) bad "xft_send ended with $code, not $wanted" ;; esac
}
received() { # CODE   waits for xft_recv, which has nothing left to wait for
    tries=0
    while kill -0 "$receiver" 2> /dev/null && [ $tries -lt 300 ]; do tries=$((tries + 1)); sleep 0.1; done
    [ $tries -lt 300 ] || { bad "xft_recv does not end"; kill "$receiver"; }
    code=0; wait "$receiver" || code=$?
    receiver=
    [ $code -eq "$1" ] && ok || bad "xft_recv ended with $code, not $1"
}
leave() { kill -TERM "$receiver"; wait "$receiver"; receiver=; }
same() { cmp -s "$1" "$2" && ok || bad "$1 and $2 differ"; }
holds() { # NAMES...   the folder holds exactly these
    [ "$(ls "$dir/in" | LC_ALL=C sort | tr '\n' ' ')" = "$(printf '%s\n' "$@" | LC_ALL=C sort | tr '\n' ' ' | sed 's/^ *$//')" ] && ok || bad "the folder holds: $(ls "$dir/in" | tr '\n' ' ')"
}
says() { grep -qF -- "$2" "$dir/$1" && ok || bad "$1 has not the words '$2'"; }

summary() { # WHAT
    echo "$programs: $passed $1 checks passed, $failed failed"
    [ $failed -eq 0 ]
}
