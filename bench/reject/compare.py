"""A request that its budget does not allow: MC's 429 beside nginx's, rounds interleaved.

MC checks the token, knows the tenant, holds it to its budgets, keeps the decision in the admission log,
says when to come back, counts and logs. nginx refuses by limit_req and writes an access log.
"""
import argparse
import sys

sys.path.insert(0, __file__.rsplit("/", 2)[0])
import common  # noqa: E402

NGINX_CONF = """
worker_processes 1; daemon off; pid {dir}/pid; error_log {dir}/error.log crit;
events {{ worker_connections 4096; }}
http {{
  log_format lines '$time_iso8601 $remote_addr $request $status $body_bytes_sent $request_time';
  access_log {dir}/access.log lines buffer=64k flush=1s;
  keepalive_requests 1000000000; client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy;
  fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  limit_req_zone $http_authorization zone=callers:10m rate=1r/s;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      limit_req zone=callers; limit_req_status 429; limit_req_log_level info;
      proxy_pass http://127.0.0.1:{up};
    }}
  }}
}}
"""
BUDGETS = {"budgets": '{"pro":{"gql_qps":1,"seats":10000,"users":{"gql_qps":1000000}}}',
           "admission": '{"global":{"gql_qps":1000000}}'}
QUERY = {"query": "query Hello { hello }", "operationName": "Hello"}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--connections", type=int, default=64)
    options = parser.parse_args()
    where = common.folder()
    _, token = common.demo_world(where, 1)["ben"]
    up = common.free_port()
    upstream = common.start(common.LOAD_CORE, [f"{common.BIN}/net_bench_upstream", up, 1024])
    common.wait_port(up, upstream)
    route = f'[{{"path":"/graphql","kind":"upstream","url":"http://127.0.0.1:{up}/graphql"}}]'
    maestro, port = common.serve(where, {"gateway.routes": route, "gateway.workers": 1, **BUDGETS})
    nginx_port = common.free_port()
    with open(f"{where}/nginx.conf", "w", encoding="utf-8") as conf:
        conf.write(NGINX_CONF.format(dir=where, up=up, port=nginx_port))
    nginx = common.start(common.SERVER_CORE, ["/usr/sbin/nginx", "-c", f"{where}/nginx.conf"])
    common.wait_port(nginx_port, nginx)
    script = common.load_script(f"{where}/post.lua", QUERY, {"Authorization": f"Bearer {token}"})
    peers = {"maestro": (maestro.pid, f"http://127.0.0.1:{port}/graphql", script),
             "nginx": (nginx.pid, f"http://127.0.0.1:{nginx_port}/graphql", script)}
    figures = common.interleave(peers, options.rounds, options.seconds, options.connections,
                                refused=True)
    result = {"bench": "reject", "connections": options.connections, "rounds": options.rounds,
              **figures}
    result["maestro_to_nginx_cpu"] = common.ratio(figures["maestro"], figures["nginx"])
    common.emit(result)


if __name__ == "__main__":
    main()
