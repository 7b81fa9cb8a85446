#!/usr/bin/env python3
"""What pydicom sees in DICOM files.

dicom.py list       the images that come with pydicom and open there: one path per line
dicom.py pixels F.. opens each file again: `SHA256-of-pixel-data ROWSxCOLUMNS` per line; exit code 1 if one does not open
"""

import hashlib
import pathlib
import sys
import warnings

import pydicom
import pydicom.data

# Some of these files are wrong on purpose, and pydicom says so each time.
warnings.simplefilter("ignore")


def pixels(path):
    image = pydicom.dcmread(path)
    return f"{hashlib.sha256(image.PixelData).hexdigest()} {image.Rows}x{image.Columns}"


def bundled():
    folder = pathlib.Path(pydicom.data.__file__).parent / "data" / "test_files"
    if not folder.is_dir():
        folder = pathlib.Path(pydicom.data.__file__).parent / "test_files"
    for path in sorted(folder.glob("*.dcm")):
        try:
            pixels(path)
        except (AttributeError, pydicom.errors.InvalidDicomError, ValueError, EOFError, NotImplementedError):
            continue
        yield path


def main():
    match sys.argv[1:]:
        case ["list"]:
            for path in bundled():
                print(path)
            return 0
        case ["pixels", *names] if names:
            code = 0
            for path in map(pathlib.Path, names):
                try:
                    print(pixels(path))
                except Exception as error:
                    print(f"{path} does not open: {error}")
                    code = 1
            return code
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main())
