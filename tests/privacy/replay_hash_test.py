#!/usr/bin/env python3
"""The accountant hash of made-up charges is the same from each compiler that is here, with and
without optimisation, under other locales and time zones, by one thread and by sixteen.

usage: replay_hash_test.py BUILD_FOLDER
"""
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FIXED = sorted(name[:-3] for name in os.listdir(os.path.join(ROOT, "src/core/fixed"))
               if name.endswith(".cc") and not name.endswith(("_test.cc", "_fuzz.cc", "_bench.cc")))
# All that decides about the text; what is below comes from the libraries of the build.
SOURCES = [
    "tests/privacy/replay_hash.cc",
    *(f"src/govern/accountant/{name}.cc"
      for name in ("charge", "charge_json", "cost", "replay", "units", "window")),
    *(f"src/core/fixed/{name}.cc" for name in FIXED),
    "src/core/base/time.cc",
]
COMPILERS = ["clang++-19", "g++", "g++-12"]
COUNT = "20000"


def run(command, **more):
    done = subprocess.run(command, capture_output=True, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout


def build(compiler, level, folder, libraries):
    """The program of one form; its objects are made two at a time."""
    include = [f"-I{ROOT}/src/govern", f"-I{ROOT}/src/core"]
    objects = []

    def compile_one(source):
        made = os.path.join(folder, f"{compiler}{level}-{source.replace('/', '_')}.o")
        run([compiler, "-std=c++20", level, *include, "-c", os.path.join(ROOT, source), "-o", made])
        return made

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        objects = list(pool.map(compile_one, SOURCES))
    program = os.path.join(folder, f"replay_hash-{compiler}{level}")
    run([compiler, *objects, *libraries, "-lcrypto", "-lpthread", "-o", program])
    return program


def main():
    libraries = [os.path.join(sys.argv[1], "lib", f"libmc_{name}.a")
                 for name in ("json", "crypto", "base")]
    seen = {}
    program = ""
    with tempfile.TemporaryDirectory() as folder:
        for compiler in COMPILERS:
            if shutil.which(compiler) is None:
                print(f"skipped, {compiler} is not here")
                continue
            for level in ("-O0", "-O3"):
                program = build(compiler, level, folder, libraries)
                for locale, zone, threads in (("C", "UTC", "1"), ("C.UTF-8", "Asia/Tokyo", "16"),
                                              ("de_DE.UTF-8", "America/New_York", "16")):
                    env = {**os.environ, "LC_ALL": locale, "TZ": zone}
                    text = run([program, COUNT, threads], env=env)
                    seen.setdefault(text, []).append(f"{compiler} {level} {locale} {zone} {threads}")
        if not seen or len(seen) > 1:
            sys.exit("\n".join(f"{text}{', '.join(forms)}" for text, forms in seen.items())
                     or "none ran")
        text, forms = seen.popitem()
        if run([program, str(int(COUNT) - 1), "1"]) == text:
            sys.exit("the text does not depend on the charges")
    print(f"{len(forms)} forms, one text:\n{text}", end="")


main()
