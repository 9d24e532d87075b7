"""A clean release build of the program without the compiler cache: wall clock and CPU seconds."""
import os
import resource
import subprocess
import sys
import time

sys.path.insert(0, __file__.rsplit("/", 2)[0])
import common  # noqa: E402


def main():
    where = common.folder()
    environment = {**os.environ, "CCACHE_DISABLE": "1"}
    jobs = os.environ.get("MC_JOBS", str(os.cpu_count()))
    begin = time.monotonic()
    for command in (["cmake", "--preset", "release", "-B", where, "-S", common.ROOT],
                    ["ninja", "-C", where, "-j", jobs, "maestro"]):
        subprocess.run(command, cwd=common.ROOT, env=environment, check=True,
                       stdout=subprocess.DEVNULL)
    wall = time.monotonic() - begin
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    binary = os.path.getsize(f"{where}/bin/maestro")
    common.emit({"bench": "build", "jobs": int(jobs), "seconds": round(wall, 1),
                 "cpu_s": round(used.ru_utime + used.ru_stime, 1), "binary_bytes": binary})


if __name__ == "__main__":
    main()
