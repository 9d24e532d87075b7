#!/usr/bin/env python3
"""Writes the built-in policies into a C++ source: mc::access::default_policies().

usage: tools/embed_policies.py OUTPUT FOLDER

Every .rego, .json and .manifest file below FOLDER, by its path in it; tests and pages for people are
left out. The output depends on the bytes of the files alone.
"""
import sys
from pathlib import Path

from embed import literal

HEAD = """// Written by tools/embed_policies.py.
#include <string>

#include "access/access.h"

namespace mc::access {

std::vector<archive::Entry> default_policies() {
  return {
"""


def main():
    output, folder = sys.argv[1], Path(sys.argv[2])
    text = HEAD
    for file in sorted(folder.rglob("*")):
        wanted = file.suffix in (".rego", ".json") or file.name == ".manifest"
        if not file.is_file() or not wanted or file.name.endswith("_test.rego"):
            continue
        path = file.relative_to(folder).as_posix()
        text += f"      {{\"{path}\", std::string({literal(file.read_bytes())})}},\n"
    Path(output).write_text(text + "  };\n}\n\n}  // namespace mc::access\n")


main()
