"""A noisy neighbour: one attacker sends unique documents of 1,000 aliases, five a second, beside a
steady victim. MC (its limits raised, so that it does run them), @apollo/gateway, Hive Gateway.

Each round is a quiet load of the victim, then the same under attack; peers alternate.
"""
import argparse
import json
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request

sys.path.insert(0, __file__.rsplit("/", 2)[0])
import common  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
QUERY = {"query": "query Hello { hello }", "operationName": "Hello"}
ALIASES = 1000
# Enough for the attacker's documents: what is refused at once would be no neighbour.
LIMITS = {"gateway.limits.aliases_max": 2 * ALIASES, "gateway.limits.root_fields_max": 2 * ALIASES}


class Attacker:
    """Sends `rate` documents a second, whatever becomes of those before."""

    def __init__(self, url, headers, rate, seconds):
        self.url, self.headers, self.pause = url, headers, 1 / rate
        self.count, self.answered, self.failed = int(rate * seconds), 0, 0
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def send(self, number):
        fields = " ".join(f"a{i}_{number}: hello" for i in range(ALIASES))
        body = json.dumps({"query": "{ " + fields + " }"}).encode()
        request = urllib.request.Request(
            self.url, body, {"Content-Type": "application/json", **self.headers})
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                reply.read()
                self.answered += 1
        except (urllib.error.URLError, OSError):
            self.failed += 1

    def run(self):
        threads = []
        for _ in range(self.count):
            number = os.urandom(4).hex()
            threads.append(threading.Thread(target=self.send, args=(number,)))
            threads[-1].start()
            if self.done.wait(self.pause):
                break
        for thread in threads:
            thread.join()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()


def hive(where, up):
    """Hive Gateway before the same upstream, as its documentation starts it."""
    node = common.node()
    if not os.path.isdir(f"{HERE}/node_modules"):
        subprocess.run([f"{common.ROOT}/tools/node/run", "npm", "ci", "--silent",
                        "--ignore-scripts", "--no-audit", "--prefix", HERE], check=True)
    supergraph = f"{where}/supergraph.graphql"
    subprocess.run([node, f"{HERE}/compose.mjs", f"http://127.0.0.1:{up}/graphql", supergraph],
                   check=True, cwd=HERE)
    port = common.free_port()
    with open(f"{where}/hive.out", "w", encoding="utf-8") as log:
        process = common.start(
            common.SERVER_CORE, [node, f"{HERE}/node_modules/.bin/hive-gateway", "supergraph",
                                 supergraph, "--port", port, "--host", "127.0.0.1"],
            cwd=HERE, env={**os.environ, "NODE_ENV": "production"}, stdout=log, stderr=log)
    common.wait_port(port, process)
    return process, f"http://127.0.0.1:{port}/graphql"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rate", type=float, default=5, help="documents of the attacker a second")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--only", choices=["maestro"], help="without the peers")
    options = parser.parse_args()
    where = common.folder()
    people = common.demo_world(where, 1)
    victim, attacker = people["ben"][1], people["bea"][1]
    up = common.free_port()
    upstream = common.start(common.LOAD_CORE, [f"{common.BIN}/net_bench_upstream", up, 1024])
    common.wait_port(up, upstream)
    route = f'[{{"path":"/graphql","kind":"upstream","url":"http://127.0.0.1:{up}/graphql"}}]'
    maestro, port = common.serve(where, {"gateway.routes": route, "gateway.workers": 1, **LIMITS})
    peers = {"maestro": (maestro.pid, f"http://127.0.0.1:{port}/graphql")}
    if options.only is None:
        apollo = common.free_port()
        process = common.peer("gateway.mjs", apollo,
                              {"SUBGRAPH": f"http://127.0.0.1:{up}/graphql"})
        peers["apollo_gateway"] = (process.pid, f"http://127.0.0.1:{apollo}/")
        process, url = hive(where, up)
        peers["hive_gateway"] = (process.pid, url)
    script = common.load_script(f"{where}/post.lua", QUERY, {"Authorization": f"Bearer {victim}"})
    quiet, noisy = {name: [] for name in peers}, {name: [] for name in peers}
    answered = dict.fromkeys(peers, 0)
    for name, (pid, url) in peers.items():
        common.load(pid, url, script, 2, options.connections)
    for _ in range(options.rounds):
        for name, (pid, url) in peers.items():
            quiet[name].append(common.load(pid, url, script, options.seconds, options.connections))
            headers = {"Authorization": f"Bearer {attacker}"}
            with Attacker(url, headers, options.rate, options.seconds + 1) as noise:
                noisy[name].append(
                    common.load(pid, url, script, options.seconds, options.connections))
            answered[name] += noise.answered
    result = {"bench": "noisy", "aliases": ALIASES, "documents_s": options.rate,
              "rounds": options.rounds}
    for name in peers:
        before, under = common.summary(quiet[name]), common.summary(noisy[name])
        result[name] = {"quiet_req_s": before["req_s"], "noisy_req_s": under["req_s"],
                        "throughput_kept": common.ratio(under, before, "req_s"),
                        "quiet_p99_us": before["p99_us"], "noisy_p99_us": under["p99_us"],
                        "p99_ratio": common.ratio(under, before, "p99_us"),
                        "attacks_answered": answered[name]}
    common.emit(result)


if __name__ == "__main__":
    main()
