"""What the benchmarks share: servers on core 0, load on core 1, CPU time from /proc, history."""
import atexit
import datetime
import json
import os
import random
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BIN = os.path.join(ROOT, "build/release/bin")
HISTORY = os.path.join(ROOT, "bench/history.jsonl")
SERVER_CORE, LOAD_CORE = 0, min(1, (os.cpu_count() or 1) - 1)
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_running = []


def folder():
    made = tempfile.mkdtemp(prefix="mc_bench_")
    os.chmod(made, 0o755)  # nginx's worker is another user
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(core, command, **options):
    process = subprocess.Popen(["taskset", "-c", str(core), *map(str, command)], **options)
    _running.append(process)
    return process


@atexit.register
def stop_all():
    for process in _running:
        stop(process)


def stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_port(port, process=None, limit_s=60):
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if process is not None and process.poll() is not None:
                raise SystemExit(f"{process.args} ended with {process.returncode}") from None
            time.sleep(0.02)
    raise SystemExit(f"nothing listens on {port}")


def family(pid):
    """The process and its children: nginx works in one."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as listed:
        return [pid, *map(int, listed.read().split())]


def cpu_seconds(pid):
    """User and system time of all threads. 10 ms steps, so measure for seconds."""
    total = 0
    for one in family(pid):
        with open(f"/proc/{one}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total * TICK_S


def resident_mb(pid):
    total = 0
    for one in family(pid):
        with open(f"/proc/{one}/status", encoding="ascii") as status:
            total += int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))
    return round(total / 1024, 1)


def post(url, body, headers=None, limit_s=10):
    request = urllib.request.Request(url, json.dumps(body).encode(), {
        "Content-Type": "application/json", **(headers or {})})
    with urllib.request.urlopen(request, timeout=limit_s) as reply:
        return json.load(reply)


def _micros(text):
    value, unit = re.match(r"([\d.]+)(us|ms|s)", text).groups()
    return float(value) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]


def load_script(where, body, headers=()):
    """A wrk script that sends `body` with POST."""
    with open(where, "w", encoding="utf-8") as lua:
        lua.write("wrk.method='POST'\nwrk.headers['Content-Type']='application/json'\n")
        for name, value in dict(headers).items():
            lua.write(f"wrk.headers['{name}']='{value}'\n")
        lua.write(f"wrk.body=[[{json.dumps(body)}]]\n")
    return where


def load(pid, url, script, seconds, connections, refused=False):
    """One round of wrk against the server `pid`; any answer but 2xx ends the benchmark. With
    `refused` all but a few are to be others."""
    before = cpu_seconds(pid)
    out = subprocess.run(
        ["taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{connections}", f"-d{seconds}",
         "--latency", "--timeout", "20s", "-s", script, url],
        capture_output=True, text=True, check=True).stdout
    used = cpu_seconds(pid) - before
    others = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    if (others is not None) != refused or "Socket errors" in out:
        raise SystemExit(out)
    if "50%" not in out or "nan" in out:
        raise SystemExit(out)
    requests = int(re.search(r"(\d+) requests in", out).group(1))
    if refused and int(others.group(1)) < 0.99 * requests:
        raise SystemExit(out)
    return {"cpu_us": used / requests * 1e6,
            "req_s": float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)),
            "p50_us": _micros(re.search(r"^ +50% +(\S+)", out, re.M).group(1)),
            "p99_us": _micros(re.search(r"^ +99% +(\S+)", out, re.M).group(1))}


def interleave(peers, rounds, seconds, connections, refused=False):
    """`peers`: name -> (pid, url, script). One warm-up round each, then rounds that alternate.

    In each round in another order and after a pause, as a peer that has just been under load
    still collects its garbage on the core of the next one."""
    for pid, url, script in peers.values():
        load(pid, url, script, 1, connections, refused)
    measured = {name: [] for name in peers}
    order = random.Random(1)
    for _ in range(rounds):
        for name in order.sample(list(peers), len(peers)):
            pid, url, script = peers[name]
            time.sleep(0.5)
            measured[name].append(load(pid, url, script, seconds, connections, refused))
    return {name: summary(values) for name, values in measured.items()}


def summary(rounds):
    """Medians; and the least CPU of any round, as other work on the machine only adds to it."""
    middle = {key: round(statistics.median(one[key] for one in rounds), 1) for key in rounds[0]}
    return {**middle, "cpu_us_best": round(min(one["cpu_us"] for one in rounds), 1)}


def ratio(above, below, key="cpu_us"):
    return round(above[key] / below[key], 2)


# Of MC: no request, no decision of policies and none of budgets is written down.
UNLOGGED = {"log.level": "error", "policy.decisions.sample.default": 0}


def beside_nginx(query, settings, unlogged, conf):
    """MC and nginx as peers of interleave(), also "_unlogged". `conf`: nginx's http, location."""
    peers = {}
    for name, logs, chosen in (("", True, settings), ("_unlogged", False, unlogged)):
        where = folder()
        _, token = demo_world(where, 1)["ben"]
        script = load_script(f"{where}/post.lua", query, {"Authorization": f"Bearer {token}"})
        servers = {"maestro": serve(where, {"gateway.workers": 1, **chosen}),
                   "nginx": nginx(*conf, logs)}
        for server, (process, port) in servers.items():
            peers[server + name] = (process.pid, f"http://127.0.0.1:{port}/graphql", script)
    return peers


def raise_file_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        model = re.search(r"model name\s*:\s*(.*)", info.read())
    return {"cpu": model.group(1) if model else "unknown", "cores": os.cpu_count()}


def commit():
    git = ["git", "-C", ROOT]
    try:
        name = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], capture_output=True,
                              text=True, check=True).stdout.strip()
        changed = subprocess.run([*git, "status", "--porcelain", "--", "src", "cmake"],
                                 capture_output=True, text=True, check=True).stdout
        return name + ("+changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def emit(result):
    """Prints one JSON line and keeps it in bench/history.jsonl."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    line = json.dumps({**result, "load_1m": round(os.getloadavg()[0], 1), "machine": machine(),
                       "commit": commit(), "date": now})
    with open(HISTORY, "a", encoding="utf-8") as history:
        history.write(line + "\n")
    print(line, flush=True)


def node():
    """The folder of a Node that is new enough; installs the pinned peers when they are absent."""
    run = os.path.join(ROOT, "tools/node/run")
    where = subprocess.run([run], capture_output=True, text=True, check=True).stdout.strip()
    if not os.path.isdir(os.path.join(ROOT, "bench/peers/node_modules/@apollo")):
        subprocess.run([run, "npm", "ci", "--silent", "--ignore-scripts", "--no-audit",
                        "--prefix", os.path.join(ROOT, "bench/peers")], check=True)
    return os.path.join(where, "node")


def peer(name, port, environment):
    """A Node server of bench/peers on core 0."""
    script = os.path.join(ROOT, "bench/peers", name)
    process = start(SERVER_CORE, [node(), script], env={
        **os.environ, "NODE_ENV": "production", "PORT": str(port), **environment})
    wait_port(port, process)
    return process


def demo_world(where, scale):
    """Makes the demo data and its state in `where`. Returns (tenant, token) by first name."""
    process = start(LOAD_CORE, [f"{BIN}/maestro", "demo", "--dir", where, "--port", 0,
                                "--no-traffic", "--scale", scale], stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL, text=True)
    tokens = {}
    for line in process.stdout:
        found = re.match(r"\s+(\w+) .* of (\S+)\s+(mct_\S+)$", line)
        if found:
            tokens[found.group(1).lower()] = (found.group(2), found.group(3))
        if line.startswith("Data and log"):
            break
    stop(process)
    if not tokens:
        raise SystemExit("maestro demo printed no tokens")
    return tokens


NGINX_CONF = """
worker_processes 1; daemon off; pid {dir}/pid; error_log {dir}/error.log crit;
events {{ worker_connections 4096; }}
http {{
  log_format lines '$time_iso8601 $remote_addr $request $status $body_bytes_sent $request_time';
  access_log {log};
  keepalive_requests 1000000000; client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy;
  fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  {http}
  server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ {location} }} }}
}}
"""


def nginx(http, location, logs=True):
    """nginx with one worker on the core of servers; an access log as MC has its own."""
    where, port = folder(), free_port()
    log = f"{where}/access.log lines buffer=64k flush=1s" if logs else "off"
    with open(f"{where}/nginx.conf", "w", encoding="utf-8") as conf:
        conf.write(NGINX_CONF.format(dir=where, log=log, http=http, location=location, port=port))
    process = start(SERVER_CORE, ["/usr/sbin/nginx", "-c", f"{where}/nginx.conf"])
    wait_port(port, process)
    return process, port


def serve(where, settings, core=SERVER_CORE):
    """`maestro serve` with one event loop on one core; log lines to a file as in production."""
    port = free_port()
    flags = {"data_dir": f"{where}/state", "server.port": port, "server.threads": 1,
             "server.idle_timeout": "600s", **settings}
    sets = [part for name, value in flags.items() for part in ("--set", f"{name}={value}")]
    with open(f"{where}/maestro.out", "a", encoding="utf-8") as log:
        process = start(core, [f"{BIN}/maestro", "serve", "-q", *sets], stdout=log,
                        stderr=subprocess.STDOUT)
    try:
        wait_port(port, process)
    except SystemExit:
        with open(f"{where}/maestro.out", encoding="utf-8") as log:
            print(log.read())
        raise
    return process, port
