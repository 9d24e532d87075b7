#!/usr/bin/env python3
"""Finds the functions that requests spend their time in, for src/app/maestro/hot.order.

usage: tools/hot_order.py            needs build/release, wrk and perf (Debian: linux-perf)

A governed hop, a read by key and a list are each sampled for some seconds. The file has the
mangled names, those with the most samples first; each kind of request counts the same.
"""
import collections
import os
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, f"{ROOT}/bench")
sys.path.insert(0, f"{ROOT}/bench/dataset")
import common  # noqa: E402
import compare  # noqa: E402

OUT = f"{ROOT}/src/app/maestro/hot.order"
SECONDS = 6
SAMPLES_MIN = 3
HOP = {"query": "query Hello { hello }", "operationName": "Hello"}


def shares(where, pid, url, script):
    """The part of the program's own samples that each function has."""
    load = subprocess.Popen(["taskset", "-c", str(common.LOAD_CORE), "wrk", "-t1", "-c64",
                             f"-d{SECONDS + 2}s", "-s", script, url], stdout=subprocess.DEVNULL)
    time.sleep(1)
    data = f"{where}/perf.data"
    subprocess.run(["perf", "record", "-q", "-F", "4000", "-o", data, "-p", str(pid), "--",
                    "sleep", str(SECONDS)], check=True)
    load.wait()
    text = subprocess.run(["perf", "report", "-i", data, "--stdio", "--no-demangle", "-F",
                           "sample,sym", "--dsos", "maestro"],
                          capture_output=True, text=True, check=True).stdout
    counts = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 3 and words[0].isdigit() and words[1] == "[.]":
            counts[words[2]] = int(words[0])
    total = sum(counts.values())
    return {name: count / total for name, count in counts.items() if count >= SAMPLES_MIN}


def main():
    where = common.folder()
    _, token = common.demo_world(where, 5)["ben"]
    bearer = {"Authorization": f"Bearer {token}"}
    up = common.free_port()
    upstream = common.start(common.LOAD_CORE, [f"{common.BIN}/net_bench_upstream", up, 1024])
    common.wait_port(up, upstream)
    routes = (f'[{{"path":"/graphql","kind":"datasets"}},'
              f'{{"path":"/up","kind":"upstream","url":"http://127.0.0.1:{up}/graphql"}}]')
    maestro, port = common.serve(where, {"datasets_file": f"{where}/datasets.yaml",
                                         "gateway.routes": routes, "gateway.workers": 1})
    base = f"http://127.0.0.1:{port}"
    found = common.post(f"{base}/graphql", compare.FIND, bearer)
    key = found["data"]["persons"]["nodes"][0]["id"]
    kinds = {"up": HOP, "graphql": {"query": compare.BY_KEY, "variables": {"id": key}},
             "graphql?list": {"query": compare.LIST}}
    sums = collections.Counter()
    for path, body in kinds.items():
        script = common.load_script(f"{where}/load.lua", body, bearer)
        sums.update(shares(where, maestro.pid, f"{base}/{path}", script))
    with open(OUT, "w", encoding="ascii") as out:
        out.writelines(f"{name}\n" for name, _ in sums.most_common() if name.startswith("_Z"))
    print(f"{OUT}: {len(sums)} functions")


if __name__ == "__main__":
    main()
