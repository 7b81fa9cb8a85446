#!/bin/sh
# Checks what the programs say to wrong options and missing things, and their exit codes.
#   check/exit_codes.sh PROGRAMS-DIR
# What needs a server is checked by the interop program of crate xft-tests.
set -u
programs=${1:?usage: check/exit_codes.sh PROGRAMS-DIR}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0
export XFT_PASSWORD=secret
echo "a file" > "$dir/file"
echo "secret" > "$dir/password"
chmod 600 "$dir/password"
: > "$dir/empty"

try() { # CLAIM CODE WORDS PROGRAM ARGUMENTS...
    claim=$1 wanted=$2 words=$3 program=$4
    shift 4
    code=0
    "$programs/$program" "$@" > "$dir/out" 2>&1 < /dev/null || code=$?
    if [ $code -eq "$wanted" ] && grep -qF -- "$words" "$dir/out"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $claim: exit code $code, wanted $wanted and the words '$words'; it said:"
        sed 's/^/     /' "$dir/out"
    fi
}
send() { claim=$1 code=$2 words=$3; shift 3; try "$claim" "$code" "$words" xft_send --server 127.0.0.1:1 --jid a@localhost "$@"; }
recv() { claim=$1 code=$2 words=$3; shift 3; try "$claim" "$code" "$words" xft_recv --server 127.0.0.1:1 --jid b@localhost --from anyone "$@"; }
to="--to b@localhost/in"

for program in xft_send xft_recv; do
    try "help is no error" 0 "--password-file FILE" $program --help
    try "an unknown option is named" 2 "unknown option '--speed'" $program --speed 3
    try "a single dash is no option" 2 "unknown option '-v'" $program -v
    try "a missing value is named" 2 "--jid needs a value" $program --jid
    try "a number must be one" 2 "--block takes a whole number" $program --block many
    try "a block has a range" 2 "--block takes a whole number from 1 to 65535" $program --block=65536
    try "a negative number is none" 2 "--timeout takes a whole number" $program --timeout -1
    try "a flag takes no value" 2 "--strict takes no value" $program --strict=yes
done
try "a file is needed" 2 "no file given" xft_send --jid a@b --to c@d/e
try "an account is needed" 2 "--jid is missing" xft_send $to "$dir/file"
try "an account has a domain" 2 "is no account" xft_send --jid alice $to "$dir/file"
try "an account has a user" 2 "is no account" xft_send --jid @domain $to "$dir/file"
try "an empty resource is none" 2 "is no account" xft_send --jid a@b/ $to "$dir/file"
send "a recipient is needed" 2 "--to is missing" "$dir/file"
send "a recipient is a full JID" 2 "full JID with its resource" --to b@localhost "$dir/file"
send "TLS words are checked" 2 "--tls takes auto, starttls, direct or none-unsafe" --tls maybe $to "$dir/file"
send "a port is a number" 2 "is no server" --server localhost:http $to "$dir/file"
send "a port has a range" 2 "is no server" --server localhost:65536 $to "$dir/file"
send "a window holds a block" 2 "smaller than one block" --window 4095 --block 4096 $to "$dir/file"
send "a hash has 64 digits" 2 "--sha256 takes 64 hex digits" --sha256 abcd $to "$dir/file"
send "a hash is of one file" 2 "exactly one file" --sha256 "$(printf '%064d' 0)" $to "$dir/file" "$dir/file"
send "methods have names" 2 "--method takes auto" --method carrier-pigeon $to "$dir/file"
send "a method counts once" 2 "--method takes auto" --method direct,direct $to "$dir/file"
send "a list of methods has no holes" 2 "--method takes auto" --method direct, $to "$dir/file"
send "an address to listen on has no bad port" 2 "--listen takes ADDRESS" --listen 127.0.0.1:99999 $to "$dir/file"
send "an announced address has a port" 2 "--announce takes HOST:PORT" --announce 192.0.2.7 $to "$dir/file"
send "a proxy has a JID" 2 "--proxy takes JID=HOST:PORT" --proxy 192.0.2.9:5000 $to "$dir/file"
send "a proxy has a port" 2 "--proxy takes JID=HOST:PORT" --proxy proxy.localhost=192.0.2.9 $to "$dir/file"
send "listening is for direct" 2 "--listen and --announce are for the method direct" --method inband --listen 127.0.0.1 $to "$dir/file"
send "a proxy is for mediated" 2 "--proxy is for the method mediated" --method direct --proxy proxy.localhost=192.0.2.9:5000 $to "$dir/file"
send "a CA file must be there" 2 "cannot read the CA file" --ca "$dir/none" $to "$dir/file"
send "a password file must be there" 2 "cannot read the password" --password-file "$dir/none" $to "$dir/file"
send "a password file must not be empty" 2 "the file is empty" --password-file "$dir/empty" $to "$dir/file"
XFT_PASSWORD= send "a password is needed" 2 "no password" $to "$dir/file"
send "a file to send must be there" 11 "No such file" $to "$dir/none"
send "every file is looked at before the login" 11 "No such file" $to "$dir/file" "$dir/none"
send "a file that is missing does not keep the others" 11 "cannot reach" $to "$dir/none" "$dir/file"
send "without a file that can be sent there is no login" 11 "no plain file" $to "$dir" "$dir/none"
send "a folder is no file" 11 "no plain file" $to "$dir"
send "a closed port is unreachable" 3 "cannot reach 127.0.0.1 port 1" $to "$dir/file"
send "an unknown host is unreachable" 3 "cannot reach host.invalid" --server host.invalid $to "$dir/file"
send "an IPv6 address is a host" 3 "cannot reach ::1 port 1" --server '[::1]:1' $to "$dir/file"
send "a password file serves" 3 "cannot reach" --password-file "$dir/password" $to "$dir/file"
send "plain text is warned of" 3 "WARNING" --tls none-unsafe $to "$dir/file"
send "-- ends the options" 11 "No such file" $to -- --file
recv "a folder is needed" 2 "--dir is missing"
recv "fsync words are checked" 2 "--fsync takes block, batch or end" --dir "$dir" --fsync never
recv "a word that is no option is named" 2 "'now' is no option" --dir "$dir" now
recv "the folder must be there" 10 "cannot write into" --dir "$dir/none"
recv "the folder must be one" 10 "cannot write into" --dir "$dir/file"
recv "who may send is no empty word" 2 "--from takes USER@DOMAIN" --dir "$dir" --from everybody
recv "a size has a unit that is known" 2 "--max-size takes a whole number" --dir "$dir" --max-size 5X
recv "a size does not overflow" 2 "--quota takes a whole number" --dir "$dir" --quota 99999999T
recv "a size may have a unit" 3 "cannot reach" --dir "$dir" --max-size 5G --quota 1T --keep-free 0 --part-days 0 --part-files 0
try "who may send must be said" 2 "--from anyone for everybody" xft_recv --server 127.0.0.1:1 --jid b@localhost --dir "$dir"
recv "a closed port is unreachable" 3 "cannot reach" --dir "$dir"
echo "$programs: $passed option and exit-code checks passed, $failed failed"
[ $failed -eq 0 ]
