#!/bin/sh
# Checks both TLS back ends of tls.h against OpenSSL's own server: versions, channel bindings, certificates that must be
# refused, and a megabyte each way. Needs the openssl command.
#   check/tls.sh PROBE...     (PROBE: check/tls_probe.c built with one back end)
set -eu
[ $# -gt 0 ] || { echo "usage: check/tls.sh PROBE..."; exit 2; }
command -v openssl > /dev/null || { echo "check/tls.sh: the openssl command is missing (Debian: apt-get install openssl)"; exit 2; }
dir=$(mktemp -d)
server=
stop() { [ -z "$server" ] || { kill "$server" 2> /dev/null || true; wait "$server" 2> /dev/null || true; }; server=; }
trap 'stop; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
failures=0
ok() { echo "ok   $1"; }
bad() { echo "FAIL $1"; sed 's/^/     /' "$dir/out"; failures=$((failures + 1)); }

ca() { # FILE
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$dir/$1.key" -out "$dir/$1.crt" -days 2 \
        -subj "/CN=check CA $1" -addext basicConstraints=critical,CA:TRUE -addext keyUsage=keyCertSign 2> /dev/null
}
leaf() { # FILE KEY-OPTIONS DAYS SAN HASH
    openssl req -newkey $2 -nodes -keyout "$dir/$1.key" -out "$dir/$1.csr" -subj "/CN=localhost" 2> /dev/null
    printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\n' "$4" > "$dir/ext"
    openssl x509 -req -in "$dir/$1.csr" -CA "$dir/ca.crt" -CAkey "$dir/ca.key" -CAcreateserial -out "$dir/$1.crt" \
        -days "$3" -extfile "$dir/ext" "-$5" 2> /dev/null
}
serve() { # CERT OPTIONS...
    stop
    name=$1; shift
    port=$((20000 + ($$ + runs * 37) % 20000)); runs=$((runs + 1))
    rm -f "$dir/server.out"; mkfifo "$dir/hold.$runs"
    # s_server ends with its standard input: the pipe keeps that open.
    openssl s_server -accept 127.0.0.1:$port -cert "$dir/$name.crt" -key "$dir/$name.key" -keymatexport EXPORTER-Channel-Binding -keymatexportlen 32 \
        "$@" < "$dir/hold.$runs" > "$dir/server.out" 2>&1 &
    server=$!
    exec 9> "$dir/hold.$runs"
    tries=0
    until grep -q ACCEPT "$dir/server.out" 2> /dev/null; do
        tries=$((tries + 1)); [ $tries -lt 100 ] || { cat "$dir/server.out"; echo "openssl s_server does not start"; exit 1; }
        sleep 0.05
    done
}
probe() { # WANTED-CODE CLAIM ARGUMENTS...
    wanted=$1 wanted_claim=$2; shift 2
    code=0; "$binary" 127.0.0.1 "$port" "$@" > "$dir/out" 2>&1 || code=$?
    [ "$code" = "$wanted" ] && return 0
    echo "exit code $code, not $wanted" >> "$dir/out"; bad "$back_end: $wanted_claim"; return 1
}
end_point() { # CERT HASH
    openssl x509 -in "$dir/$1.crt" -outform DER | openssl dgst "-$2" -r | cut -d' ' -f1
}

runs=0
ca ca; ca other
leaf good "ec -pkeyopt ec_paramgen_curve:P-256" 2 DNS:localhost,IP:127.0.0.1 sha256
leaf sha384 "rsa:2048" 2 DNS:localhost sha384
leaf sha512 "rsa:2048" 2 DNS:localhost sha512
leaf elsewhere "ec -pkeyopt ec_paramgen_curve:P-256" 2 DNS:elsewhere.example sha256
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$dir/self.key" -out "$dir/self.crt" -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost 2> /dev/null

for binary in "$@"; do
    back_end=$(basename "$binary")

    serve good -rev -tls1_3
    claim="a megabyte goes out and comes back with TLS 1.3"
    probe 0 "$claim" localhost "$dir/ca.crt" 0 1048576 && { grep -q "TLSv1.3" "$dir/out" && ok "$back_end: $claim" || bad "$back_end: $claim"; }
    claim="tls-server-end-point is the SHA-256 of the certificate"
    grep -q "^end-point $(end_point good sha256)$" "$dir/out" && ok "$back_end: $claim" || bad "$back_end: $claim"
    claim="an IP address is a name that certificates can carry"
    probe 0 "$claim" 127.0.0.1 "$dir/ca.crt" 0 64 && ok "$back_end: $claim"
    claim="a certificate of another CA is refused"
    probe 4 "$claim" localhost "$dir/other.crt" 0 64 && ok "$back_end: $claim"
    # STR-02
    claim="the certificate of another name is refused"
    probe 4 "$claim" wrong.example "$dir/ca.crt" 0 64 && ok "$back_end: $claim"
    claim="a CA file that is missing is named"
    probe 5 "$claim" localhost "$dir/nothing" 0 64 && { grep -q "CA file" "$dir/out" && ok "$back_end: $claim" || bad "$back_end: $claim"; }
    claim="a CA file without certificates is refused"
    probe 5 "$claim" localhost "$dir/ext" 0 64 && ok "$back_end: $claim"

    serve good -tls1_3 -alpn xmpp-client
    claim="tls-exporter is what the server computes; ALPN is xmpp-client"
    # Without -rev the server prints the keying material; it sends nothing back, so ask for no echo.
    probe 0 "$claim" localhost "$dir/ca.crt" 1 0 && {
        sleep 0.2
        server_says=$(sed -n 's/^ *Keying material: *//p' "$dir/server.out" | head -n 1 | tr 'A-F' 'a-f')
        [ -n "$server_says" ] && grep -q "^exporter $server_says$" "$dir/out" && grep -q "ALPN protocols selected: xmpp-client" "$dir/server.out" \
            && ok "$back_end: $claim" || { cat "$dir/server.out" >> "$dir/out"; bad "$back_end: $claim"; }
    }

    serve good -rev -tls1_2
    claim="TLS 1.2 works, without tls-exporter"
    probe 0 "$claim" localhost "$dir/ca.crt" 0 65536 && { grep -q "^exporter $" "$dir/out" && grep -q "TLSv1.2" "$dir/out" && ok "$back_end: $claim" || bad "$back_end: $claim"; }

    for hash in sha384 sha512; do
        serve $hash -rev
        claim="tls-server-end-point follows a signature with $hash"
        probe 0 "$claim" localhost "$dir/ca.crt" 0 64 && { grep -q "^end-point $(end_point $hash $hash)$" "$dir/out" && ok "$back_end: $claim" || bad "$back_end: $claim"; }
    done

    serve elsewhere -rev
    claim="a common name does not stand in for a subject alternative name"
    probe 4 "$claim" localhost "$dir/ca.crt" 0 64 && ok "$back_end: $claim"
    serve self -rev
    claim="a self-signed certificate is refused"
    probe 4 "$claim" localhost "$dir/ca.crt" 0 64 && ok "$back_end: $claim"
    stop
    claim="a closed port is unreachable"
    probe 3 "$claim" localhost "$dir/ca.crt" 0 64 && ok "$back_end: $claim"
done
[ $failures -eq 0 ] || { echo "$failures failed"; exit 1; }
echo "all TLS checks passed"
