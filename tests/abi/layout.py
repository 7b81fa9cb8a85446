"""Prints, for every structure of include/xft.h, a program that tells its size and the offset of each field.

layout.py c    a C program against the header
layout.py rust the same as a Rust program against the crate

Both must print the same lines; the list of fields comes from the header alone, so that a new one cannot be forgotten.
"""

import re
import sys


def structures(header):
    header = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    for name, body in re.findall(r"typedef struct (\w+) \{(.*?)\} \w+;", header, flags=re.S):
        fields = [re.search(r"(\w+)(\[\w+\])?\s*$", line).group(1) for line in body.split(";") if line.strip()]
        yield name, fields


def main():
    found = list(structures(open("include/xft.h", encoding="utf-8").read()))
    if len(found) < 6 or any(len(fields) < 3 for _, fields in found):
        sys.exit("layout.py: the header holds fewer structures than it should")
    lines = []
    if sys.argv[1] == "c":
        lines += ["#include <stdio.h>", '#include "xft.h"', "int main(void) {"]
        for name, fields in found:
            lines.append(f'  printf("{name} %zu\\n", sizeof({name}));')
            lines += [f'  printf("{name}.{f} %zu\\n", offsetof({name}, {f}));' for f in fields]
        lines += ["  return 0;", "}"]
    else:
        lines += ["use std::mem::offset_of;", "fn main() {"]
        for name, fields in found:
            lines.append(f'  println!("{name} {{}}", size_of::<xft::{name}>());')
            lines += [f'  println!("{name}.{f} {{}}", offset_of!(xft::{name}, {f}));' for f in fields]
        lines += ["}"]
    print("\n".join(lines))


main()
