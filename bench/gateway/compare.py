"""A governed hop with a known document: MC beside nginx and @apollo/gateway, rounds interleaved.

MC checks the token, knows the tenant, holds it to five budgets, finds the document, gives it a
seat, asks the policies, counts and logs. nginx forwards with limit_req, limit_conn and an access
log. The gateway of Apollo has no token to check and writes no log. MC and nginx also without
anything written down.
"""
import argparse
import sys

sys.path.insert(0, __file__.rsplit("/", 2)[0])
import common  # noqa: E402

NGINX_HTTP = """
  limit_req_zone $http_authorization zone=callers:10m rate=1000000r/s;
  limit_conn_zone $http_authorization zone=held:10m;
  upstream up {{ server 127.0.0.1:{up}; keepalive 64; keepalive_requests 1000000000; }}"""
NGINX_LOCATION = """
      limit_req zone=callers burst=100000 nodelay; limit_conn held 10000;
      proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $remote_addr; {extra}"""
# Nobody comes near them: a tenant's requests and seats, each user's, the route's, all together.
PLANS = '{"pro":{"gql_qps":1000000,"seats":10000,"users":{"gql_qps":1000000}}}'
LIMITS = '"global":{"gql_qps":1000000},"routes":{"/graphql":{"gql_qps":1000000}}'
BUDGETS = {"budgets": PLANS, "admission": f"{{{LIMITS}}}"}
UNLOGGED = {"budgets": PLANS, "admission": f'{{{LIMITS},"log_files_max":0}}', **common.UNLOGGED}
QUERY = {"query": "query Hello { hello }", "operationName": "Hello"}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=24)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--reply-bytes", type=int, default=1024)
    parser.add_argument("--without-apollo", action="store_true")
    options = parser.parse_args()
    up = common.free_port()
    upstream = common.start(common.LOAD_CORE, [f"{common.BIN}/net_bench_upstream", up,
                                               options.reply_bytes])
    common.wait_port(up, upstream)
    route = f'[{{"path":"/graphql","kind":"upstream","url":"http://127.0.0.1:{up}/graphql"}}]'
    # A reply that does not fit its buffers would make nginx write it to disk.
    extra = "" if options.reply_bytes < 4000 else "proxy_buffers 8 32k;"
    routed = {"gateway.routes": route}
    peers = common.beside_nginx(
        QUERY, {**routed, **BUDGETS}, {**routed, **UNLOGGED},
        (NGINX_HTTP.format(up=up), NGINX_LOCATION.format(extra=extra)))
    if not options.without_apollo:
        port = common.free_port()
        gateway = common.peer("gateway.mjs", port, {"SUBGRAPH": f"http://127.0.0.1:{up}/graphql"})
        answer = common.post(f"http://127.0.0.1:{port}/", QUERY)
        if "errors" in answer:
            raise SystemExit(answer)
        peers["apollo_gateway"] = (gateway.pid, f"http://127.0.0.1:{port}/", peers["maestro"][2])
    figures = common.interleave(peers, options.rounds, options.seconds, options.connections)
    result = {"bench": "gateway", "reply_bytes": options.reply_bytes,
              "connections": options.connections, "rounds": options.rounds, **figures}
    result["maestro_to_nginx_cpu"] = common.ratio(figures["maestro"], figures["nginx"])
    result["unlogged_to_nginx_cpu"] = common.ratio(figures["maestro_unlogged"],
                                                   figures["nginx_unlogged"])
    result["maestro_to_nginx_p99"] = common.ratio(figures["maestro"], figures["nginx"], "p99_us")
    if "apollo_gateway" in figures:
        result["apollo_gateway_to_maestro_cpu"] = common.ratio(figures["apollo_gateway"],
                                                               figures["maestro"])
    common.emit(result)


if __name__ == "__main__":
    main()
