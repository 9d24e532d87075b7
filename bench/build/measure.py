"""A clean release build of the program without the compiler cache: wall clock and CPU seconds.

Then the time from a changed file of a leaf module to a running binary, without the cache too: the
file is touched, which costs the compiler what a changed line does.
"""
import os
import resource
import subprocess
import sys
import time

sys.path.insert(0, __file__.rsplit("/", 2)[0])
import common  # noqa: E402

LEAVES = ("src/core/base/time.cc", "src/data/graphql/execute.cc", "src/serve/gateway/pipeline.cc")


def timed(command, environment):
    begin = time.monotonic()
    subprocess.run(command, cwd=common.ROOT, env=environment, check=True,
                   stdout=subprocess.DEVNULL)
    return time.monotonic() - begin


def after_a_change(file, build, binary, environment):
    os.utime(f"{common.ROOT}/{file}")
    return timed(build, environment) + timed([binary, "--version"], environment)


def main():
    where = common.folder()
    environment = {**os.environ, "CCACHE_DISABLE": "1"}
    jobs = os.environ.get("MC_JOBS", str(os.cpu_count()))
    build = ["ninja", "-C", where, "-j", jobs, "maestro"]
    wall = timed(["cmake", "--preset", "release", "-B", where, "-S", common.ROOT], environment)
    wall += timed(build, environment)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    binary = f"{where}/bin/maestro"
    changes = {file: round(after_a_change(file, build, binary, environment), 1) for file in LEAVES}
    common.emit({"bench": "build", "jobs": int(jobs), "seconds": round(wall, 1),
                 "cpu_s": round(used.ru_utime + used.ru_stime, 1), "binary_bytes": os.path.getsize(binary),
                 "after_a_change_s": changes})


if __name__ == "__main__":
    main()
