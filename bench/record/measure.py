"""The same admin request, recorded (the operator's) and not (the tenant's own), in turns.

The difference is what the record costs: one commit of the ledger, and the event for the tenant's
endpoints. A sync of the same disk is timed beside it, and the receipt of a record."""
import argparse
import http.client
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, __file__.rsplit("/", 2)[0])
import common  # noqa: E402

PATH = "/v1/tenants/alpha/principals"
RECEIPT = "/v1/tenants/alpha/records/0/receipt"
PAYLOAD = b"x" * 1500


def percentile(values, share):
    return round(sorted(values)[int(len(values) * share)] * 1000, 3)


def timed(work):
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def make(where, config):
    def run(*words):
        out = subprocess.run([f"{common.BIN}/maestro", "--config", config, "--json", *words],
                             capture_output=True, text=True, check=True).stdout
        return json.loads(out)

    for tenant, person, role in (("alpha", "ada", "tenant-admin"), ("system", "otto", "operator")):
        run("tenant", "create", tenant)
        run("principal", "create", person, "--tenant", tenant, "--roles", role)
        yield run("token", "create", "--tenant", tenant, "--principal", person,
                  "--scopes", "admin:read")["token"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2_000)
    options = parser.parse_args()
    where = common.folder()
    port = common.free_port()
    config = f"{where}/maestro.yaml"
    with open(config, "w", encoding="utf-8") as text:
        text.write(f"data_dir: {where}/data\nserver: {{port: {port}}}\n")
    own, operator = make(where, config)
    with open(f"{where}/log", "w", encoding="utf-8") as log:
        server = common.start(common.SERVER_CORE, [f"{common.BIN}/maestro", "--config", config, "serve"],
                              stdout=log, stderr=log)
    common.wait_port(port, server)
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def ask(token, path=PATH):
        client.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        reply = client.getresponse()
        reply.read()
        if reply.status != 200:
            raise SystemExit(f"{path} answered {reply.status}")

    ask(operator)
    took = {"plain": [], "recorded": [], "receipt": [], "sync": []}
    with open(f"{where}/data/probe", "wb") as probe:
        def sync():
            probe.write(PAYLOAD)
            probe.flush()
            os.fdatasync(probe.fileno())

        for i in range(options.requests + 100):
            for name, work in (("plain", lambda: ask(own)), ("recorded", lambda: ask(operator)),
                               ("receipt", lambda: ask(own, RECEIPT)), ("sync", sync)):
                seconds = timed(work)
                if i >= 100:
                    took[name].append(seconds)
    result = {"bench": "record", "requests": options.requests}
    for name, values in took.items():
        result[f"{name}_p50_ms"] = percentile(values, 0.5)
        result[f"{name}_p99_ms"] = percentile(values, 0.99)
    for share in ("p50", "p99"):
        result[f"added_{share}_ms"] = round(
            result[f"recorded_{share}_ms"] - result[f"plain_{share}_ms"], 3)
    common.emit(result)


if __name__ == "__main__":
    main()
