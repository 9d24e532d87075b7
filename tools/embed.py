#!/usr/bin/env python3
"""Writes files into a C++ source, as the assets that src/serve/api/assets.h serves.

usage: tools/embed.py OUTPUT PATH=FILE ... [FOLDER]

PATH is what a request asks for. A FOLDER stands for all its files, by their path in it; FILE.br
beside a file is its brotli form. The gzip form is made here. The output depends on the bytes of
the files alone.
"""
import gzip
import hashlib
import sys
from pathlib import Path

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
LINE = 96


def literal(data):
    """A C++ string view of any bytes. Octal escapes have three digits, so that no digit joins."""
    lines = []
    for start in range(0, len(data), LINE):
        text = ""
        for byte in data[start:start + LINE]:
            plain = 32 <= byte < 127 and chr(byte) not in '"\\?'
            text += chr(byte) if plain else f"\\{byte:03o}"
        lines.append(f'    "{text}"')
    return "std::string_view(\n" + ("\n".join(lines) or '    ""') + f",\n    {len(data)})"


def entry(path, file):
    data = file.read_bytes()
    packed = gzip.compress(data, 9, mtime=0)
    brotli = file.with_name(file.name + ".br")
    tag = '"' + hashlib.sha256(data).hexdigest()[:32] + '"'
    forms = [data, packed if len(packed) < len(data) else b"",
             brotli.read_bytes() if brotli.exists() else b""]
    texts = ", ".join(literal(form) for form in forms)
    kind = TYPES.get(file.suffix)
    if kind is None:
        raise SystemExit(f"embed: no content type is known for {file}")
    return f"  {{{literal(path.encode())}, \"{kind}\",\n   {literal(tag.encode())},\n   {texts}}},\n"


def main():
    output, *sources = sys.argv[1:]
    found = {}
    for source in sources:
        path, equals, file = source.partition("=")
        if equals:
            found[path] = Path(file)
            continue
        folder = Path(source)
        for file in sorted(folder.rglob("*")):
            if file.is_file() and file.suffix != ".br":
                found["/" + file.relative_to(folder).as_posix()] = file
    body = "".join(entry(path, found[path]) for path in sorted(found))
    Path(output).write_text(
        "// Written by tools/embed.py.\n#include \"api/assets.h\"\n\nnamespace mc::api {\n\n"
        "std::span<const Asset> assets() {\n  static constexpr Asset kAll[] = {\n" + body +
        "  };\n  return kAll;\n}\n\n}  // namespace mc::api\n", encoding="utf-8")


if __name__ == "__main__":
    main()
