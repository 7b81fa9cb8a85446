#!/bin/sh
# Builds the C library and packs it into one object, then proves what that object promises.
#
#   ffi/pack.sh [host|mcu] [--no-proof]
#
# Result: target/xft/<host|mcu>/libxft.a, with one member xft.o whose only global symbols are the functions of
# include/xft.h, whose only undefined ones are memcpy, memmove, memset and memcmp (on an MCU also the compiler's
# __aeabi_ helpers), and which has no panic path.
#
# "mcu" is thumbv7em-none-eabi (Cortex-M4 without FPU). It is built with the rustup target if that is installed,
# else with a rustc that has the source of core beside it, as Debian's rustc-web and rust-web-src bring it.
set -eu
cd "$(dirname "$0")/.."
kind=${1:-host}
proof=${2:-}
features=panic-handler
build=${CARGO_TARGET_DIR:-target}
dir=$build/xft/$kind
if [ "$proof" = --places ]; then # for ffi/panics
    features=panic-places dir=$dir-places
fi
mkdir -p "$dir"

case $kind in
host)
    ld=${LD:-ld} objcopy=${OBJCOPY:-objcopy} nm=${NM:-nm} ar=${AR:-ar}
    cargo rustc -q --locked -p xft-ffi --profile clib --crate-type staticlib --features $features
    raw=$build/clib/libxft.a
    allowed='memcpy|memmove|memset|memcmp'
    ;;
mcu)
    ld=arm-none-eabi-ld objcopy=arm-none-eabi-objcopy nm=arm-none-eabi-nm ar=arm-none-eabi-ar
    target=thumbv7em-none-eabi
    # A function below this threshold is smaller inlined, and only there its checks are proven away.
    RUSTFLAGS="${RUSTFLAGS:-} -Cllvm-args=-inline-threshold=40"
    # Six kilobytes of unrolled SHA-256 are worth more as room than as speed on a board.
    RUSTFLAGS="$RUSTFLAGS --cfg sha2_backend=\"soft\" --cfg sha2_backend_soft=\"compact\""
    export RUSTFLAGS
    if rustup target list --installed 2>/dev/null | grep -qx $target; then
        cargo rustc -q --locked -p xft-ffi --profile clib-mcu --target $target --crate-type staticlib --features $features
    else
        # Debian's compiler has no rustup proxy in front; it builds core itself, which needs the bootstrap switch.
        # A directory of its own keeps the two compilers' files apart.
        build=$build/mcu
        RUSTC=${MCU_RUSTC:-/usr/bin/rustc} RUSTC_BOOTSTRAP=1 ${MCU_CARGO:-/usr/bin/cargo} rustc -q --locked \
            -Z build-std=core -Z build-std-features=optimize_for_size --target-dir "$build" -p xft-ffi \
            --profile clib-mcu --target $target --crate-type staticlib --features $features
    fi
    raw=$build/$target/clib-mcu/libxft.a
    allowed='memcpy|memmove|memset|memcmp|__aeabi_[a-z0-9_]+'
    ;;
*)
    echo "usage: ffi/pack.sh [host|mcu]" >&2
    exit 2
    ;;
esac

# The header is the list of exports.
sed -n 's/^[a-z].*[ *]\(xft_[a-z_]*\)(.*/\1/p' include/xft.h | sort -u >"$dir/exports"
undefined=$(sed 's/^/-u /' "$dir/exports")

# Linking pulls in what the exports reach and drops the rest. On an MCU the compiler's helpers stay outside: every
# firmware has them already.
parts=$raw
if [ "$kind" = mcu ]; then
    parts=$dir/parts.a
    cp "$raw" "$parts"
    # shellcheck disable=SC2046
    $ar d "$parts" $($ar t "$parts" | grep compiler_builtins)
fi
# shellcheck disable=SC2086
$ld -r --gc-sections $undefined "$parts" -o "$dir/whole.o"
# Unwind tables (.ARM.exidx) serve nobody where nothing unwinds.
# bcmp is memcmp with less of a promise: one name fewer to ask of a board.
$objcopy --keep-global-symbols="$dir/exports" --redefine-sym bcmp=memcmp --strip-debug \
    --remove-section=.comment --remove-section='.ARM.ex*' --remove-section='.rel.ARM.ex*' "$dir/whole.o" "$dir/xft.o"
rm -f "$dir/parts.a" "$dir/whole.o" "$dir/libxft.a"
(cd "$dir" && $ar crsD libxft.a xft.o)

[ -n "$proof" ] && exit 0
fail=0
$nm "$dir/xft.o" | awk '$2 ~ /^[A-TV-Z]$/ && NF == 3 { print $3 }' | sort -u >"$dir/globals"
if ! diff "$dir/exports" "$dir/globals" >"$dir/exports.diff"; then
    echo "pack ($kind): global symbols differ from the functions of include/xft.h:" >&2
    cat "$dir/exports.diff" >&2
    fail=1
fi
if $nm -u "$dir/xft.o" | awk '{ print $2 }' | grep -vxE "$allowed" >"$dir/foreign"; then
    echo "pack ($kind): undefined symbols beyond $allowed:" >&2
    cat "$dir/foreign" >&2
    fail=1
fi
if $nm "$dir/xft.o" | grep -iE 'panic|unwrap_failed|expect_failed|slice_index|rust_begin_unwind' >"$dir/panics"; then
    echo "pack ($kind): panic paths are left (ffi/panics $kind names the callers):" >&2
    cat "$dir/panics" >&2
    fail=1
fi
# A panic carries its place: no file name, no place, no panic.
if strings -a "$dir/xft.o" | grep -E '[a-z_]+\.rs$|panicked at|attempt to ' >"$dir/places"; then
    echo "pack ($kind): texts of panics are left:" >&2
    cat "$dir/places" >&2
    fail=1
fi
exit $fail
