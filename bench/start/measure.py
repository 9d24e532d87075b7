"""From the start of `maestro demo` (data generation included) to the first answered query."""
import argparse
import re
import statistics
import subprocess
import sys
import time

sys.path.insert(0, __file__.rsplit("/", 2)[0])
import common  # noqa: E402

QUERY = {"query": "{ persons(first: 3) { nodes { fullName organisation { name } } } }"}


def one_start():
    where = common.folder()
    begin = time.monotonic()
    process = subprocess.Popen(
        [f"{common.BIN}/maestro", "demo", "--dir", where, "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        url = token = None
        for line in process.stdout:
            url = url or (re.match(r"\s+(http://127\S+)$", line) or [None, None])[1]
            token = token or (re.match(r"\s+Ben .* (mct_\S+)$", line) or [None, None])[1]
            if url and token:
                break
        answer = common.post(f"{url}/graphql", QUERY, {"Authorization": f"Bearer {token}"})
        taken = time.monotonic() - begin
        if len(answer["data"]["persons"]["nodes"]) != 3:
            raise SystemExit(answer)
        return taken, common.cpu_seconds(process.pid)
    finally:
        process.stdout.close()
        common.stop(process)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    starts = [one_start() for _ in range(options.rounds)]
    common.emit({"bench": "start", "rounds": options.rounds,
                 "first_answer_s": round(statistics.median(wall for wall, _ in starts), 2),
                 "first_answer_best_s": round(min(wall for wall, _ in starts), 2),
                 "cpu_s": round(min(cpu for _, cpu in starts), 2)})


if __name__ == "__main__":
    main()
