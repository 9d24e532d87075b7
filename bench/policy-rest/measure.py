"""Decisions over REST, keep-alive, loopback: the policy API of one event loop under wrk."""
import argparse
import os
import subprocess
import sys

sys.path.insert(0, __file__.rsplit("/", 2)[0])
import common  # noqa: E402

WHERE = os.path.dirname(os.path.abspath(__file__))
PATH = "/v1/data/shop/access/decision"
INPUT = {"input": {
    "action": "write",
    "user": {"name": "user42", "country": "de", "marks": ["night"], "team": "sales-7"},
    "resource": {"kind": "invoice", "id": "inv-2026-004711", "owner": "user42", "mark": "internal",
                 "country": "de", "labels": ["paid", "archived"]},
    "request": {"address": "10.20.30.40", "hour": 14, "id": "5f1e8c0a", "agent": "shop/4.2"}}}
ALLOWED = {"allow": True, "reasons": []}


def serve():
    port = common.free_port()
    process = common.start(common.SERVER_CORE, [f"{common.BIN}/policy_rest_bench", port,
                                                f"{WHERE}/policies"],
                           stdout=subprocess.PIPE, text=True)
    token = process.stdout.readline().strip()
    if not token.startswith("mct_"):
        raise SystemExit("policy_rest_bench printed no token")
    common.wait_port(port, process)
    return process, f"http://127.0.0.1:{port}{PATH}", {"Authorization": f"Bearer {token}"}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--no-history", action="store_true", help="print, but keep nothing")
    options = parser.parse_args()
    where = common.folder()
    result = {"bench": "policy-rest", "rounds": options.rounds}
    process, url, headers = serve()
    answer = common.post(url, INPUT, headers)
    if answer.get("result") != ALLOWED:
        raise SystemExit(answer)
    script = common.load_script(f"{where}/post.lua", INPUT, headers)
    for connections in (1, 4, 64):
        figures = common.interleave({"api": (process.pid, url, script)}, options.rounds,
                                    options.seconds, connections)
        result[f"connections_{connections}"] = figures["api"]
    result["resident_mb"] = common.resident_mb(process.pid)
    if options.no_history:
        print(result)
    else:
        common.emit(result)


if __name__ == "__main__":
    main()
