"""A request that its budget does not allow: MC's 429 beside nginx's, rounds interleaved.

MC checks the token, knows the tenant, holds it to its budgets, keeps the decision in the admission
log, says when to come back, counts and logs. nginx refuses by limit_req and writes an access
log. Both also without anything written down.
"""
import argparse
import sys

sys.path.insert(0, __file__.rsplit("/", 2)[0])
import common  # noqa: E402

NGINX_HTTP = "limit_req_zone $http_authorization zone=callers:10m rate=1r/s;"
NGINX_LOCATION = """limit_req zone=callers; limit_req_status 429; limit_req_log_level info;
                    proxy_pass http://127.0.0.1:{up};"""
PLANS = '{"pro":{"gql_qps":1,"seats":10000,"users":{"gql_qps":1000000}}}'
ADMISSION = '{"global":{"gql_qps":1000000}}'
BUDGETS = {"budgets": PLANS, "admission": ADMISSION}
UNLOGGED = {"budgets": PLANS, **common.UNLOGGED,
            "admission": '{"global":{"gql_qps":1000000},"log_files_max":0}'}
QUERY = {"query": "query Hello { hello }", "operationName": "Hello"}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--connections", type=int, default=64)
    options = parser.parse_args()
    up = common.free_port()
    upstream = common.start(common.LOAD_CORE, [f"{common.BIN}/net_bench_upstream", up, 1024])
    common.wait_port(up, upstream)
    route = f'[{{"path":"/graphql","kind":"upstream","url":"http://127.0.0.1:{up}/graphql"}}]'
    routed = {"gateway.routes": route}
    peers = common.beside_nginx(
        QUERY, {**routed, **BUDGETS}, {**routed, **UNLOGGED},
        (NGINX_HTTP, NGINX_LOCATION.format(up=up)))
    figures = common.interleave(peers, options.rounds, options.seconds, options.connections,
                                refused=True)
    result = {"bench": "reject", "connections": options.connections, "rounds": options.rounds,
              **figures}
    result["maestro_to_nginx_cpu"] = common.ratio(figures["maestro"], figures["nginx"])
    result["unlogged_to_nginx_cpu"] = common.ratio(figures["maestro_unlogged"],
                                                   figures["nginx_unlogged"])
    common.emit(result)


if __name__ == "__main__":
    main()
