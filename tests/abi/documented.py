"""Holds include/xft.h against what its calls were seen to return: documented.py SEEN

SEEN has lines `call status`, as fuzz_api writes them with XFT_SEEN. Every status must be named in the comment of its
prototype, or be one that the comment speaks of as "a status of the border" or "of the field". Every prototype that
returns a status also has to say XFT_OK and when to call it.
"""
import re
import sys

header = open("include/xft.h").read()
numbers = {int(n): name for name, n in re.findall(r"^  (XFT_(?:OK|ERR_\w+)) = (\d+),", header, re.M)}
border = set(re.findall(r"XFT_ERR_\w+", header[header.index('"A status of the border"') : header.index("These are looked for first")]))
docs = {}
for comment, name in re.findall(r"/\*\*\n((?: \*.*\n)+?) \*/\nxft_status (xft_\w+)\(", header):
    docs[name] = comment
wrong = []
for name, comment in docs.items():
    if "XFT_OK" not in comment:
        wrong.append(f"{name}: the comment does not say XFT_OK")
    if not re.search(r"Call(able)?\b", comment):
        wrong.append(f"{name}: the comment does not say when to call it")
pairs = [line.split() for line in open(sys.argv[1])]
for name, number in pairs:
    status, comment = numbers.get(int(number), f"number {number}"), docs[name]
    of_border = re.search(r"status(es)?\s+(\*\s+)?of\s+(\*\s+)?the\s+(\*\s+)?border|those of the border", comment)
    of_field = "20..49" in comment and (20 <= int(number) < 50 or 56 <= int(number) <= 62 or int(number) in (90, 91))
    if status not in comment and not (of_border and status in border) and not of_field:
        wrong.append(f"{name} returns {status}, which its comment does not name")
print("\n".join(wrong) or f"{len(pairs)} statuses of {len({name for name, _ in pairs})} calls are documented")
sys.exit(bool(wrong) or len(docs) < 28 or len(pairs) < 80)
