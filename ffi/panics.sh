#!/bin/sh
# Names the functions of the packed object that can still panic: ffi/panics.sh [host|mcu], after ffi/pack.sh.
set -eu
cd "$(dirname "$0")/.."
kind=${1:-host}
objdump=objdump
[ "$kind" = mcu ] && objdump=arm-none-eabi-objdump
$objdump -dr "${CARGO_TARGET_DIR:-target}/xft/$kind/xft.o" | awk '
    /^[0-9a-f]+ <.*>:$/ { where = $2; gsub(/[<>:]/, "", where) }
    /R_[A-Z0-9_]+|<_RNv/ {
        if ($0 ~ /panic|unwrap_failed|expect_failed|slice_index/ && where !~ /panic|rust_begin_unwind/) {
            match($0, /_RN?v?[A-Za-z0-9_]*|[a-z_]*panic[a-z_]*/)
            print where "  ->  " substr($0, RSTART, RLENGTH)
        }
    }' | sort | uniq -c | sed 's/_RNv[A-Za-z]*Cs[A-Za-z0-9]*_//g'
