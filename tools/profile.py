#!/usr/bin/env python3
"""Counts what the program does under load, for src/app/maestro/hot.proftext (docs/adr/0017).

usage: tools/profile.py            needs wrk and llvm-profdata-19; builds build/profile, four minutes

A governed hop, what its budget refuses, a read by key, a list and documents never seen before are
each sent for some seconds to a program that counts its own branches. Functions that hardly ran are left out: the compiler
treats them as it would without a profile.
"""
import glob
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, f"{ROOT}/bench")
sys.path.insert(0, f"{ROOT}/bench/dataset")
import common  # noqa: E402
import compare  # noqa: E402

OUT = f"{ROOT}/src/app/maestro/hot.proftext"
BUILD = f"{ROOT}/build/profile"
SECONDS = 5
COUNT_MIN = 1000  # of the busiest counter of a function worth keeping; a kind is 20,000 requests
HOP = {"query": "query Hello { hello }", "operationName": "Hello"}
# Nobody comes near them, but on the route that has one of its own.
BUDGETS = {
    "budgets": '{"pro":{"gql_qps":1000000,"seats":10000,"users":{"gql_qps":1000000},'
               '"routes":{"/full":{"gql_qps":1}}}}',
    "admission": '{"global":{"gql_qps":1000000},"routes":{"/up":{"gql_qps":1000000}}}'}
NEW = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "%s"
local count = 0
request = function()
  count = count + 1
  return wrk.format(nil, nil, nil, '{"query":"query Q' .. count .. ' { persons(first: 5, where: ' ..
    '{country: {eq: \\\\"DE\\\\"}}) { nodes { id fullName organisation { name } } } }"}')
end
"""


def build():
    subprocess.run(["cmake", "--preset", "profile"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    jobs = os.environ.get("MC_JOBS", str(os.cpu_count()))
    subprocess.run(["ninja", "-C", BUILD, "-j", jobs, "maestro"], check=True)


def load(url, script, refused=False):
    found = subprocess.run(["taskset", "-c", str(common.LOAD_CORE), "wrk", "-t1", "-c16",
                            f"-d{SECONDS}s", "-s", script, url],
                           capture_output=True, text=True, check=True).stdout
    if ("Non-2xx" in found) != refused:
        raise SystemExit(f"{url}: not the answers that were expected:\n{found}")
    print(f"{url}: {re.search(r'([0-9]+) requests in', found).group(1)} requests", flush=True)


def train(where):
    """Runs the counting program, which writes its counts when it ends."""
    peers = common.BIN
    common.BIN = f"{BUILD}/bin"
    os.environ["LLVM_PROFILE_FILE"] = f"{where}/%m-%p.profraw"
    _, token = common.demo_world(where, 5)["ben"]
    bearer = {"Authorization": f"Bearer {token}"}
    up = common.free_port()
    upstream = common.start(common.LOAD_CORE, [f"{peers}/net_bench_upstream", up, 1024])
    common.wait_port(up, upstream)
    routes = (f'[{{"path":"/graphql","kind":"datasets"}},'
              f'{{"path":"/up","kind":"upstream","url":"http://127.0.0.1:{up}/graphql"}},'
              f'{{"path":"/full","kind":"upstream","url":"http://127.0.0.1:{up}/graphql"}}]')
    maestro, port = common.serve(where, {"datasets_file": f"{where}/datasets.yaml",
                                         "gateway.routes": routes, "gateway.workers": 1,
                                         **BUDGETS})
    base = f"http://127.0.0.1:{port}"
    found = common.post(f"{base}/graphql", compare.FIND, bearer)
    key = found["data"]["persons"]["nodes"][0]["id"]
    kinds = {"up": HOP, "full": HOP, "graphql": {"query": compare.BY_KEY, "variables": {"id": key}},
             "graphql?list": {"query": compare.LIST}}
    for path, body in kinds.items():
        load(f"{base}/{path}", common.load_script(f"{where}/load.lua", body, bearer),
             refused=path == "full")
    with open(f"{where}/new.lua", "w", encoding="utf-8") as script:
        script.write(NEW % bearer["Authorization"])
    load(f"{base}/graphql?new", f"{where}/new.lua")
    common.stop(maestro)


def busiest(record):
    """The largest counter of one function of a profile in text form."""
    lines = record.splitlines()
    begin = lines.index("# Counter Values:") + 1
    return max(map(int, lines[begin:begin + int(lines[begin - 2])]))


def main():
    build()
    where = common.folder()
    train(where)
    merged = f"{where}/all.proftext"
    subprocess.run(["llvm-profdata-19", "merge", "-sparse", "-text", "-o", merged,
                    *glob.glob(f"{where}/*.profraw")], check=True)
    with open(merged, encoding="utf-8") as text:
        head, *records = re.split(r"\n(?=[^\n]+\n# Func Hash:)", text.read())
    kept = [record.rstrip("\n") for record in records if busiest(record) >= COUNT_MIN]
    with open(OUT, "w", encoding="utf-8") as out:
        out.write("\n\n".join([head.rstrip("\n"), *kept]) + "\n")
    print(f"{OUT}: {len(kept)} of {len(records)} functions that ran")


if __name__ == "__main__":
    main()
