"""Latency of private answers beside the size of their noise, over HTTP.

The number of rows is known here, so each answer's noise is. Every question differs by a condition
that all rows meet: each answer is drawn anew. Between two samples without any relation a
correlation of 20,000 pairs is over 0.02 once in 200 runs.
"""
import argparse
import http.client
import json
import os
import subprocess
import sys
import threading
import time

sys.path.insert(0, __file__.rsplit("/", 2)[0])
import common  # noqa: E402

BOUND = 0.02
ROWS = 400
MODEL = """sources:
  - {{name: main, url: "sqlite:{where}/rows.db"}}
datasets:
  - name: visit
    source: main
    table: visit
    key: id
    tenant: tenant_id
    privacy: {{unit: person, columns: [{{name: score, min: "0", max: "100", step: "1"}}]}}
    columns:
      - {{name: id, type: id}}
      - {{name: person, type: string}}
      - {{name: score, type: long}}
"""
CONFIG = """data_dir: {where}/state
datasets_file: {where}/datasets.yaml
server: {{port: {port}}}
gateway: {{private_release_quantum: {quantum}ms}}
privacy:
  other_datasets: {{filter: pure}}
  plans: {{default: {{window: {{epsilon: "100000"}}}}}}
"""


def write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def world(where, quantum):
    """A server with one analyst. Returns (process, port, token)."""
    port = common.free_port()
    write(f"{where}/datasets.yaml", MODEL.format(where=where))
    write(f"{where}/config.yaml", CONFIG.format(where=where, port=port, quantum=quantum))
    write(f"{where}/rows.csv",
          "id,person,score\n" + "".join(f"v{i},p{i},{i % 100}\n" for i in range(ROWS)))
    maestro = [f"{common.BIN}/maestro", "--config", f"{where}/config.yaml"]

    def run(*command):
        done = subprocess.run([*maestro, *command], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)}: {done.stderr}")
        return done.stdout

    run("tenant", "create", "alpha")
    run("dataset", "import", f"{where}/rows.csv", "--dataset", "visit", "--tenant", "alpha",
        "--create", "--type", "score=int")
    run("principal", "create", "ana", "--tenant", "alpha", "--roles", "analyst")
    token = json.loads(run("--json", "token", "create", "--tenant", "alpha", "--principal", "ana",
                           "--scopes", "query"))["token"]
    with open(f"{where}/log", "w", encoding="utf-8") as log:
        server = common.start(common.SERVER_CORE, [*maestro, "serve", "-q"], stdout=log, stderr=log)
    common.wait_port(port, server)
    return port, token


def ask(port, token, numbers, out):
    """One client: (seconds, size of the noise) of each of its questions."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    for number in numbers:
        body = json.dumps({"query": "query($n: Long) { visitsDP { count(where: {score: {gte: $n}}, "
                                    "epsilon: 0.1) { verdict rows { value } } } }",
                           "variables": {"n": -number}})
        begin = time.perf_counter()
        client.request("POST", "/graphql", body, headers)
        reply = client.getresponse().read()
        took = time.perf_counter() - begin
        answer = (json.loads(reply).get("data") or {}).get("visitsDP")
        if not answer or answer["count"]["verdict"] != "ALLOW":
            print(reply.decode(), file=sys.stderr)
            os._exit(1)
        out.append((took, abs(int(answer["count"]["rows"][0]["value"]) - ROWS)))


def correlation(pairs):
    count = len(pairs)
    mean_x, mean_y = (sum(pair[at] for pair in pairs) / count for at in (0, 1))
    xy = sum((x - mean_x) * (y - mean_y) for x, y in pairs)
    xx = sum((x - mean_x) ** 2 for x, _ in pairs)
    yy = sum((y - mean_y) ** 2 for _, y in pairs)
    return xy / (xx * yy) ** 0.5


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=20000)
    parser.add_argument("--clients", type=int, default=24)
    parser.add_argument("--quantum", type=int, default=50, help="milliseconds")
    options = parser.parse_args()
    port, token = world(common.folder(), options.quantum)
    pairs = []
    clients = [threading.Thread(target=ask, args=(
        port, token, range(first, options.queries, options.clients), pairs))
               for first in range(options.clients)]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    times = sorted(took for took, _ in pairs)
    usual = times[len(times) * 99 // 100]  # so that a few stalls do not stand for all
    figures = {"correlation": correlation(pairs),
               "correlation_of_usual": correlation([(min(took, usual), n) for took, n in pairs])}
    common.emit({"bench": "dp_timing", "queries": len(pairs), "quantum_ms": options.quantum,
                 "p50_ms": round(times[len(times) // 2] * 1e3, 2), "p99_ms": round(usual * 1e3, 2),
                 "mean_noise": round(sum(n for _, n in pairs) / len(pairs), 2), "bound": BOUND,
                 **{name: round(value, 4) for name, value in figures.items()}})
    if any(abs(value) > BOUND for value in figures.values()):
        raise SystemExit("latency tells of the noise")


main()
