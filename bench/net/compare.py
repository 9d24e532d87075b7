"""Interleaved rounds of wrk against the relay and nginx; the figures of each are medians."""
import argparse
import os
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, __file__.rsplit("/", 2)[0])
import common  # noqa: E402

RELAY, UPSTREAM, NGINX, HELLO = 18101, 18102, 18103, 18104
BODY = '{"query":"' + "q" * 337 + '"}'  # 350 bytes
BIN = "build/release/bin/"

NGINX_CONF = """
worker_processes 1; daemon off; pid {dir}/pid; error_log {dir}/error.log crit;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000; client_body_temp_path {dir}/body;
  proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u;
  scgi_temp_path {dir}/s;
  upstream up {{ server 127.0.0.1:{up}; keepalive 64; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $remote_addr; {extra}
    }}
  }}
}}
"""


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def resident_kb(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))


def wait_port(port):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"nothing listens on {port}")


def start(core, *command):
    return subprocess.Popen(["taskset", "-c", str(core), *command])


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as listed:
        return [pid, *map(int, listed.read().split())]


def micros(text):
    value, unit = re.match(r"([\d.]+)(us|ms|s)", text).groups()
    return float(value) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]


def round_of(port, pids, script, seconds, connections):
    before = cpu_seconds(pids)
    out = subprocess.run(
        ["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--latency",
         *(["-s", script] if script else []), f"http://127.0.0.1:{port}/graphql"],
        capture_output=True, text=True, check=True).stdout
    used = cpu_seconds(pids) - before
    if "Non-2xx" in out or "Socket errors" in out:
        raise SystemExit(out)
    requests = int(re.search(r"(\d+) requests in", out).group(1))
    return {
        "cpu_us": used / requests * 1e6,
        "req_s": float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)),
        "p50_us": micros(re.search(r"(?m)^ +50%\s+(\S+)", out).group(1)),
        "p99_us": micros(re.search(r"(?m)^ +99%\s+(\S+)", out).group(1)),
    }


def summary(rounds):
    # CPU: the lower quartile, as other work on the machine only adds to it.
    best = sorted(r["cpu_us"] for r in rounds)[: max(1, len(rounds) // 4)]
    middle = {key: round(statistics.median(r[key] for r in rounds), 1) for key in rounds[0]}
    return {**middle, "cpu_us_best": round(statistics.mean(best), 1)}


def idle_memory(count):
    """Resident memory of the relay with `count` idle keep-alive connections, each used once."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(count, hard - 200)
    server = start(0, BIN + "net_bench_relay", str(HELLO))
    wait_port(HELLO)
    empty = resident_kb(server.pid)
    sockets = []
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", HELLO), 5)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: bench\r\nX-Fill: " + b"f" * 300 + b"\r\n\r\n")
        sockets.append(connection)
    for connection in sockets:
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
    full = resident_kb(server.pid)
    server.send_signal(signal.SIGKILL)
    server.wait()
    return {"connections": count, "empty_mb": round(empty / 1024, 1),
            "full_mb": round(full / 1024, 1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--reply-bytes", type=int, default=1024)
    parser.add_argument("--idle", type=int, default=10000)
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="net_bench_")
    os.chmod(folder, 0o755)
    script = f"{folder}/post.lua"
    with open(script, "w") as lua:
        lua.write("wrk.method='POST'\nwrk.headers['Content-Type']='application/json'\n"
                  f"wrk.body=[[{BODY}]]\n")
    # The upstream's reply must fit nginx's buffers, or nginx would write it to disk.
    extra = "" if options.reply_bytes < 4000 else "proxy_buffers 8 32k;"
    with open(f"{folder}/nginx.conf", "w") as conf:
        conf.write(NGINX_CONF.format(dir=folder, up=UPSTREAM, port=NGINX, extra=extra))
    processes = []
    try:
        processes.append(start(1, BIN + "net_bench_upstream", str(UPSTREAM),
                               str(options.reply_bytes)))
        wait_port(UPSTREAM)
        relay = start(0, BIN + "net_bench_relay", str(RELAY), str(UPSTREAM))
        nginx = start(0, "/usr/sbin/nginx", "-c", f"{folder}/nginx.conf")
        hello = start(0, BIN + "net_bench_relay", str(HELLO))
        processes += [relay, nginx, hello]
        for port in (RELAY, NGINX, HELLO):
            wait_port(port)
        rounds = {"relay": [], "nginx": [], "hello": []}
        for _ in range(options.rounds):
            for name, port, process in (("relay", RELAY, relay), ("nginx", NGINX, nginx),
                                        ("hello", HELLO, hello)):
                rounds[name].append(round_of(port, children(process.pid), script,
                                             options.seconds, options.connections))
        result = {"bench": "net", "reply_bytes": options.reply_bytes,
                  "connections": options.connections}
        result.update({name: summary(values) for name, values in rounds.items()})
        # Rounds are neighbours in time, so a ratio of two suffers least from other work.
        ratios = [a["cpu_us"] / b["cpu_us"] for a, b in zip(rounds["relay"], rounds["nginx"])]
        result["cpu_relay_over_nginx"] = round(statistics.median(ratios), 3)
        for process in processes[1:]:
            process.terminate()
            process.wait()
        if options.idle:
            result["idle"] = idle_memory(options.idle)
        common.emit(result)
    finally:
        for process in processes:
            if process.poll() is None:
                process.terminate()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
