#!/bin/sh
# Installs header, archive, pkg-config file and CMake package: PREFIX=... ffi/install.sh, or ffi/install.sh PREFIX;
# default /usr/local. It needs cargo, ld, objcopy and ar.
#
# DESTDIR is put before every path that is written, LIBDIR (default "lib") is the library directory under PREFIX.
# The names are libxft.pc and libxft::xft, never "xft": that is X.Org's font library, libXft. On file systems that
# do not tell upper from lower case libxft.a and libXft.a collide; use a prefix of its own there.
set -eu
from=$PWD
cd "$(dirname "$0")/.."
prefix=${1:-${PREFIX:-/usr/local}}
libdir=${LIBDIR:-lib}
dest=${DESTDIR:-}
case $prefix in /*) ;; *) prefix=$from/$prefix ;; esac
case $dest in /* | '') ;; *) dest=$from/$dest ;; esac
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
major=${version%%.*}
minor=${version#*.}
minor=${minor%%.*}
cmake_dir=$libdir/cmake/libxft
# From the CMake directory back to the prefix: one step up for each part of its path.
cmake_to_prefix=$(echo "$cmake_dir" | sed 's|[^/][^/]*|..|g')

ffi/pack.sh host
install -d "$dest$prefix/include" "$dest$prefix/$libdir/pkgconfig" "$dest$prefix/$cmake_dir"
install -m 644 include/xft.h "$dest$prefix/include/xft.h"
install -m 644 "${CARGO_TARGET_DIR:-target}/xft/host/libxft.a" "$dest$prefix/$libdir/libxft.a"
fill() {
    sed -e "s|@prefix@|$prefix|g" -e "s|@libdir@|$prefix/$libdir|g" -e "s|@includedir@|$prefix/include|g" \
        -e "s|@libdir_name@|$libdir|g" -e "s|@cmake_to_prefix@|$cmake_to_prefix|g" \
        -e "s|@version@|$version|g" -e "s|@major@|$major|g" -e "s|@minor@|$minor|g" "$1" >"$2"
}
fill ffi/libxft.pc.in "$dest$prefix/$libdir/pkgconfig/libxft.pc"
fill ffi/libxft-config.cmake.in "$dest$prefix/$cmake_dir/libxft-config.cmake"
fill ffi/libxft-config-version.cmake.in "$dest$prefix/$cmake_dir/libxft-config-version.cmake"
echo "libxft $version is installed under $dest$prefix"
