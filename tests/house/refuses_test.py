#!/usr/bin/env python3
"""mc_module() must refuse at configure time what the storeys forbid, and accept what they allow.

Each case is a tiny project made of the real cmake/mc_module.cmake and its own src/FLOORS.
"""
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent.parent
FLOORS = "# lowest first\ncore: low\ndata: left right\nadapter: peer\nserve: face\napp: top\n"
PROJECT = """cmake_minimum_required(VERSION 3.25)
project(tiny LANGUAGES CXX)
include(${CMAKE_SOURCE_DIR}/mc_module.cmake)
enable_testing()
mc_read_floors(${CMAKE_SOURCE_DIR}/src/FLOORS)
mc_add_all_modules()
"""


def configure(modules):
    """Configures {module folder: mc_module line}; gives (good, output)."""
    with tempfile.TemporaryDirectory(prefix="mc-refuses-") as folder:
        root = Path(folder)
        (root / "CMakeLists.txt").write_text(PROJECT)
        shutil.copy(ROOT / "cmake" / "mc_module.cmake", root)
        (root / "src").mkdir()
        (root / "src/FLOORS").write_text(FLOORS)
        for path, line in modules.items():
            (root / "src" / path).mkdir(parents=True)
            (root / "src" / path / "CMakeLists.txt").write_text(line + "\n")
            (root / "src" / path / (path.split("/")[1] + ".cc")).write_text("\n")
        done = subprocess.run(
            ["cmake", "-G", "Ninja", "-DCMAKE_CXX_COMPILER=clang++-19",
             "-DCMAKE_CXX_COMPILER_WORKS=1", "-S", folder, "-B",
             f"{folder}/build"], capture_output=True, text=True, check=False)
        return done.returncode == 0, done.stdout + done.stderr


ALLOWED = {"core/low": "mc_module(low)", "data/left": "mc_module(left DEPS low)",
           "data/right": "mc_module(right DEPS left low)", "adapter/peer": "mc_module(peer DEPS low)",
           "app/top": "mc_module(top DEPS right peer)"}


class Refuses(unittest.TestCase):
    def test_the_allowed_house_configures(self):
        good, output = configure(ALLOWED)
        self.assertTrue(good, output)

    def test_wrong_dependencies_stop_the_configure_step(self):
        cases = {
            "upwards": ({"core/low": "mc_module(low DEPS left)"}, "does not stand lower"),
            "against the line": ({"data/left": "mc_module(left DEPS right)"}, "does not stand lower"),
            "itself": ({"core/low": "mc_module(low DEPS low)"}, "does not stand lower"),
            "unknown": ({"core/low": "mc_module(low DEPS ghost)"}, "is not in src/FLOORS"),
            "not in the list": ({"core/low": "mc_module(lower)"}, "not in src/FLOORS"),
            "adapter": ({"serve/face": "mc_module(face DEPS peer)"}, "only app may use"),
        }
        for name, (change, message) in cases.items():
            with self.subTest(name):
                good, output = configure({**ALLOWED, **change})
                self.assertFalse(good, "configured although it must not")
                self.assertIn(message, " ".join(output.split()))


if __name__ == "__main__":
    unittest.main()
