#!/bin/sh
# Checks how the programs log in: addresses and passwords as people type them, PLAIN, and the way to the server through
# the DNS.
#   check/login.sh PROGRAMS-DIR LOOPBACK-SERVER NAME-SERVER
set -u
folder=$(cd "$(dirname "$0")" && pwd)
. "$folder/scene.sh"
name_server=${3:?usage: PROGRAMS-DIR LOOPBACK-SERVER NAME-SERVER}
names=
trap 'end "$names"; end "$receiver"; end "$server"; rm -rf "$dir"' EXIT
pin="--method inband"
# What a program says to options that stop it before or at the login. (CODE WORDS ARGUMENTS...)
stops() {
    wanted=$1 words=$2; shift 2
    code=0
    timeout 60 "$programs/xft_recv" $anyone --dir "$dir" "$@" > "$dir/recv.out" 2> "$dir/recv.log" || code=$?
    [ $code -eq "$wanted" ] && ok || bad "xft_recv ended with $code, not $wanted"
    says recv.log "$words"
}
logs_in() { # JID-AS-BOUND ARGUMENTS...
    bound=$1; shift
    rm -f "$dir/recv.out" "$dir/recv.log"
    "$programs/xft_recv" $anyone --ca "$dir/certs/ca.pem" --dir "$dir" "$@" > "$dir/recv.out" 2> "$dir/recv.log" &
    receiver=$!
    ready "$dir/recv.out" $receiver && says recv.out "ready $bound" || bad "xft_recv is not ready"
    end "$receiver"; receiver=
}
idn=; "$programs/xft_recv" $anyone --jid 'ä@hospital.test' --dir "$dir" --server 127.0.0.1:1 2>&1 | grep -q "without libidn" || idn=yes
file() { printf "$1" > "$dir/password"; chmod 600 "$dir/password"; }

serve --account 'ärzte:Grüße€' --account 'pacs:a b' --account 'b\40clinic.test:secret'
at="--server 127.0.0.1:$c2s"
claim="an account may be typed with capitals"
logs_in bob@hospital.test/in $at --jid BOB@Hospital.TEST./in
claim="an escaped address stays as it is (XEP-0106)"
logs_in 'b\40clinic.test@hospital.test/in' $at --jid 'b\40Clinic.Test@hospital.test/in'
claim="a password file may begin with a byte order mark and end as other systems do"
file '\357\273\277secret\r\nsecond line\n'
logs_in bob@hospital.test/in $at --jid bob@hospital.test/in --password-file "$dir/password"
claim="a password file of UTF-16 is called that"
file '\377\376s\0e\0c\0'; stops 2 "the file is UTF-16; save it as UTF-8" $at --jid bob@hospital.test --password-file "$dir/password"
file '\376\377\0s\0e\0c'; stops 2 "the file is UTF-16; save it as UTF-8" $at --jid bob@hospital.test --password-file "$dir/password"
file 's\0e\0c\0r\0'; stops 2 "NUL bytes, as UTF-16" $at --jid bob@hospital.test --password-file "$dir/password"
claim="a password is never cut"
file "secret$(printf '%0300d' 0)\\n"; stops 2 "longer than 256 bytes" $at --jid bob@hospital.test --password-file "$dir/password"
file "secret$(printf '%02000d' 0)\\n"; stops 2 "longer than 256 bytes" $at --jid bob@hospital.test --password-file "$dir/password"
XFT_PASSWORD=secret$(printf '%0300d' 0) stops 2 "longer than 256 bytes" $at --jid bob@hospital.test
claim="a first line that holds no password is named"
file '\nsecret\n'; stops 2 "its first line is empty" $at --jid bob@hospital.test --password-file "$dir/password"
file 'sec\tret\n'; stops 2 "control characters" $at --jid bob@hospital.test --password-file "$dir/password"
file 'sec\rret\n'; stops 2 "control characters" $at --jid bob@hospital.test --password-file "$dir/password"
if [ -n "$idn" ]; then
    claim="addresses beyond ASCII are prepared"
    file 'Gru\314\210\303\237e\342\202\254\n'
    logs_in 'ärzte@hospital.test/Übung' $at --jid 'ÄRZTE@hospital.test/Übung' --password-file "$dir/password"
    logs_in 'ärzte@hospital.test/in' $at --jid "$(printf 'a\314\210rzte@hospital.test/in')" --password-file "$dir/password"
    claim="a password that SASLprep changes logs in, and the rules that differ are named"
    file 'a\302\240b\n'
    logs_in pacs@hospital.test/in $at --jid pacs@hospital.test/in --password-file "$dir/password"
    grep -q "RFC 8265" "$dir/recv.log" && bad "a space is a space by both rules" || ok
    file '\357\275\201 b\n'
    logs_in pacs@hospital.test/in $at --jid pacs@hospital.test/in --password-file "$dir/password"
    says recv.log "SASLprep counts here"
    claim="what no preparation allows is refused at once"
    stops 2 "is no address that can be used" $at --jid "$(printf 'a\342\200\256b@hospital.test')"
    stops 2 "is no address that can be used" $at --jid bob@hospital.test --from "$(printf 'caf\351@hospital.test')"
    file 'caf\351\n'; stops 2 "the password cannot be used" $at --jid bob@hospital.test --password-file "$dir/password"
else
    claim="without libidn what is not ASCII is refused at once"
    file 'Gr\303\274\303\237e\n'; stops 2 "built without libidn" $at --jid bob@hospital.test --password-file "$dir/password"
    stops 2 "built without libidn" $at --jid bob@hospital.test --from 'ärzte@hospital.test'
fi

claim="a file goes to an address that was typed with capitals"
head -c 1000 /dev/urandom > "$dir/one.bin"
account="$at --ca $dir/certs/ca.pem $pin"
recv --count 1 --from ALICE@Hospital.test && { send 0 --to BOB@Hospital.Test/in "$dir/one.bin"; received 0; holds one.bin; }

claim="PLAIN is used over TLS, and only when it is allowed"
serve --mechanism PLAIN
at="--server 127.0.0.1:$c2s"
stops 5 "no login mechanism is shared" $at --ca "$dir/certs/ca.pem" --jid bob@hospital.test
logs_in bob@hospital.test/in $at --jid bob@hospital.test/in --allow-plain
stops 2 "--allow-plain is for TLS" $at --jid bob@hospital.test --allow-plain --tls none-unsafe

# --- the way to the server --------------------------------------------------------------------------------------------
# The targets are localhost, which the system knows; everything else is asked of this name server.
knows() { # NAME=RECORD...
    end "$names"
    rm -f "$dir/names.hold" "$dir/names.out"; mkfifo "$dir/names.hold"
    "$name_server" "$@" < "$dir/names.hold" > "$dir/names.out" 2>&1 &
    names=$!
    exec 8> "$dir/names.hold"
    ready "$dir/names.out" $names || { cat "$dir/names.out"; echo "the name server does not start"; exit 1; }
    dns="--nameserver $(sed -n 's/^ready //p' "$dir/names.out")"
}
client=_xmpp-client._tcp.hospital.test direct=_xmpps-client._tcp.hospital.test
serve
claim="SRV records lead to the server, STARTTLS and direct TLS (STR-01, STR-03)"
knows "$client=5,0,$c2s,localhost"
logs_in bob@hospital.test/in $dns --jid bob@hospital.test/in
says names.out "asked $client"; says names.out "asked $direct"
knows "$direct=5,0,$tls,localhost"
logs_in bob@hospital.test/in $dns --jid bob@hospital.test/in
claim="the records of both services are tried by priority until one answers"
knows "$direct=1,0,1,localhost" "$client=2,0,2,localhost" "$direct=3,0,$c2s,localhost" "$client=4,0,$c2s,localhost"
logs_in bob@hospital.test/in $dns --jid bob@hospital.test/in --verbose
[ "$(sed -n 's/.*\(cannot reach\|connected to\|TLS with\) localhost port \([0-9]*\).*/\2/p' "$dir/recv.log" | tr '\n' ' ')" = "1 2 $c2s $c2s $c2s " ] && ok || bad "not in this order"
claim="--tls asks for one of them only"
knows "$direct=1,0,1,localhost" "$client=2,0,$c2s,localhost"
logs_in bob@hospital.test/in $dns --jid bob@hospital.test/in --tls starttls
grep -q "asked $direct" "$dir/names.out" && bad "$direct was asked for" || ok
claim="the certificate is that of the JID's domain, wherever the records lead (STR-02)"
knows "_xmpps-client._tcp.other.test=5,0,$tls,localhost"
stops 4 "not to be trusted for other.test" $dns --ca "$dir/certs/ca.pem" --jid bob@other.test
claim="a service that is not offered is not looked for (STR-01)"
knows "$client=0,0,0,." "$direct=0,0,0,."
stops 3 "the DNS says that hospital.test has no XMPP server" $dns --jid bob@hospital.test
claim="without any record the domain itself is tried"
knows
stops 3 "cannot reach hospital.test port 5222" $dns --jid bob@hospital.test
stops 3 "cannot reach hospital.test port 5223" $dns --jid bob@hospital.test --tls direct
claim="a name server that never answers is waited for, but not long"
knows "$client=silent" "$direct=silent"
began=$(date +%s)
stops 3 "cannot reach hospital.test port 5222" $dns --jid bob@hospital.test
[ $(($(date +%s) - began)) -le 25 ] && ok || bad "it took $(($(date +%s) - began)) s"
claim="a name server is an address"
stops 2 "--nameserver takes an IPv4 address" --nameserver dns.test --jid bob@hospital.test
stops 2 "which --server names" --nameserver 127.0.0.1 --server 127.0.0.1 --jid bob@hospital.test

if [ -n "$idn" ]; then
    claim="an internationalised domain is an A-label in DNS and TLS, and letters in the stream"
    serve --domain 'bücher.test' --certificate xn--bcher-kva.test
    knows "_xmpp-client._tcp.xn--bcher-kva.test=5,0,$c2s,localhost" "_xmpps-client._tcp.xn--bcher-kva.test=9,0,$tls,localhost"
    for domain in 'bücher.test' 'BÜCHER.test' "$(printf 'bu\314\210cher.test')" xn--bcher-kva.test; do
        logs_in 'bob@bücher.test/in' $dns --jid "bob@$domain/in"
        logs_in 'bob@bücher.test/in' $dns --jid "bob@$domain/in" --tls direct
    done
    claim="a domain that old and new rules write differently has to be given as its A-label"
    stops 2 "give its A-label" $dns --jid 'bob@straße.test'
fi
summary login
