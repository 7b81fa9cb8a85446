# The lines of README.md by which a C program gets the library, followed as they stand, outside the tree.
# Read by tests/abi/run.

tree=$PWD
case $work in /*) home=$work/home ;; *) home=$tree/$work/home ;; esac
program_of=$(mktemp -d)

# The lines of block NUMBER of LANGUAGE in the README's section about a C program.
lines_of() {
    sed -n '/^## The library in a C program$/,/^## The loop in C$/p' "$tree/README.md" |
        awk -v want="$1" -v language="$2" '
            $0 == "```" language { inside = ++count == want; next }
            /^```/ { inside = 0 }
            inside'
}

# Runs the lines as a user with that home would; cargo's own files stay where they are.
as_user() {
    lines=$(lines_of "$2" "$3")
    [ -n "$lines" ] || return 1
    (cd "$1" && CARGO_HOME=${CARGO_HOME:-$HOME/.cargo} RUSTUP_HOME=${RUSTUP_HOME:-$HOME/.rustup} HOME=$home sh -eu -c "$lines")
}

readme_installs() { mkdir -p "$home" && as_user "$tree" 1 sh && [ -f "$home/xft/include/xft.h" ]; }

readme_builds() {
    cat >"$program_of/program.c" <<-EOF
	#include <stdio.h>
	#include <xft.h>
	int main(void) {
	  xft_config cfg;
	  printf("%s\n", xft_status_text(xft_config_init(&cfg, sizeof cfg)));
	  return xft_abi_version() != XFT_ABI_VERSION;
	}
	EOF
    lines_of 1 cmake >"$program_of/CMakeLists.txt"
    as_user "$program_of" 2 sh &&
        [ "$("$program_of/program")" = done ] && [ "$("$program_of/build/program")" = done ]
    result=$?
    rm -rf "$program_of"
    return $result
}

destdir() {
    DESTDIR=$home/package PREFIX=/opt/xft ffi/install.sh &&
        [ -f "$home/package/opt/xft/lib/libxft.a" ] && [ -f "$home/package/opt/xft/lib/cmake/libxft/libxft-config.cmake" ] &&
        grep -q '^prefix=/opt/xft$' "$home/package/opt/xft/lib/pkgconfig/libxft.pc" &&
        ! grep -r "$home" "$home/package/opt/xft/lib/pkgconfig" "$home/package/opt/xft/lib/cmake"
}
