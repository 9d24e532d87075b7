"""Reads from the demo's SQLite file over HTTP: MC beside @apollo/server on the same file."""
import argparse
import sys

sys.path.insert(0, __file__.rsplit("/", 2)[0])
import common  # noqa: E402

FIND = {"query": "{ persons(first: 1) { nodes { id } } }"}
BY_KEY = "query ByKey($id: ID!) { person(id: $id) { id fullName email country city } }"
LIST = "{ persons(first: 50) { nodes { id fullName country organisation { id name } } } }"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=24)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--scale", type=int, default=25)
    parser.add_argument("--without-apollo", action="store_true")
    options = parser.parse_args()
    where = common.folder()
    tenant, token = common.demo_world(where, options.scale)["ben"]
    bearer = {"Authorization": f"Bearer {token}"}
    maestro, port = common.serve(where, {"datasets_file": f"{where}/datasets.yaml",
                                         "gateway.workers": 1})
    servers = {"maestro": (maestro.pid, f"http://127.0.0.1:{port}/graphql")}
    if not options.without_apollo:
        port = common.free_port()
        node = common.peer("dataset.mjs", port, {"FILE": f"{where}/eu.db", "TENANT": tenant})
        servers["apollo_server"] = (node.pid, f"http://127.0.0.1:{port}/")
    found = common.post(servers["maestro"][1], FIND, bearer)
    key = found["data"]["persons"]["nodes"][0]["id"]
    operations = {"by_key": {"query": BY_KEY, "variables": {"id": key}}, "list_50": {"query": LIST}}
    result = {"bench": "dataset", "connections": options.connections, "rounds": options.rounds}
    for name, body in operations.items():
        answers = [common.post(url, body, bearer)["data"] for _, url in servers.values()]
        if any(answer != answers[0] for answer in answers):
            raise SystemExit(f"{name}: the servers do not agree: {answers}")
        script = common.load_script(f"{where}/{name}.lua", body, bearer)
        peers = {who: (pid, url, script) for who, (pid, url) in servers.items()}
        figures = common.interleave(peers, options.rounds, options.seconds, options.connections)
        result[name] = figures
        if "apollo_server" in figures:
            result[f"{name}_apollo_to_maestro_cpu"] = common.ratio(figures["apollo_server"],
                                                                   figures["maestro"])
    common.emit(result)


if __name__ == "__main__":
    main()
