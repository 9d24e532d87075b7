"""Resident memory of `maestro serve` with the demo's datasets: idle, used, and with idle clients."""
import argparse
import socket
import sys
import time

sys.path.insert(0, __file__.rsplit("/", 2)[0])
import common  # noqa: E402

HEAD = "GET /readyz HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {}\r\nX-Fill: {}\r\n\r\n"
LIST = {"query": "{ persons(first: 50) { nodes { id fullName organisation { name } } } }"}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--scale", type=int, default=100)
    options = parser.parse_args()
    count = min(options.connections, common.raise_file_limit() - 200)
    where = common.folder()
    _, token = common.demo_world(where, options.scale)["ben"]
    server, port = common.serve(where, {"datasets_file": f"{where}/datasets.yaml"})
    time.sleep(1)
    result = {"bench": "memory", "idle_mb": common.resident_mb(server.pid)}
    for _ in range(200):
        common.post(f"http://127.0.0.1:{port}/graphql", LIST, {"Authorization": f"Bearer {token}"})
    result["used_mb"] = common.resident_mb(server.pid)
    request = HEAD.format(token, "f" * 200).encode()
    clients = []
    for _ in range(count):
        client = socket.create_connection(("127.0.0.1", port), 10)
        client.sendall(request)
        clients.append(client)
    for client in clients:
        if not client.recv(4096).startswith(b"HTTP/1.1 "):
            raise SystemExit("a connection was refused")
    result["connections"] = count
    result["connected_mb"] = common.resident_mb(server.pid)
    extra = (result["connected_mb"] - result["used_mb"]) * 1024 / count
    result["kb_per_connection"] = round(extra, 2)
    common.emit(result)


if __name__ == "__main__":
    main()
