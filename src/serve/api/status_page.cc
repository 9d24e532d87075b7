// The status page: what this server is, whether it works, and where to go next. Rendered on the
// server, no script; says nothing about tenants, because it needs no sign-in.
#include <fmt/format.h>

#include "api/api.h"

namespace mc::api {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string row(std::string_view name, std::string_view value) {
  return fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", escaped(name),
                     escaped(value));
}

std::string route_rows(const std::vector<gateway::RouteStatus>& routes) {
  std::string out;
  for (const gateway::RouteStatus& route : routes) {
    const std::string state = route.healthy ? "✓ healthy" : "✕ failing: " + route.why;
    out += fmt::format(
        "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>\n", escaped(route.path),
        escaped(route.upstream.empty() ? route.kind : route.upstream), escaped(state));
  }
  return out;
}

constexpr std::string_view kPage = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Maestro Conductor: status</title><link rel="stylesheet" href="/status.css"></head>
<body><main><h1>Maestro Conductor</h1><p>{}</p>
<table><caption>This server</caption><tbody>
{}</tbody></table>
<table><caption>Routes</caption>
<thead><tr><th scope="col">Path</th><th scope="col">Answered by</th>
<th scope="col">State</th></tr></thead>
<tbody>{}</tbody></table>
<p>Operations: <a href="/livez">/livez</a> <a href="/readyz">/readyz</a>
<a href="/version">/version</a>, and with a token <code>/metrics</code> and <code>/v1/</code>.</p>
</main></body></html>
)";

}  // namespace

std::string Api::status_page() const {
  const bool ready = ready_.load(std::memory_order_relaxed);
  const Nanos up = world_.clock.mono() - started_;
  std::string facts = row("State", ready ? "✓ ready" : "▲ not ready");
  facts += row("Version", world_.build.version);
  facts += row("Up for", fmt::format("{} s", up.count / 1'000'000'000));
  if (net::Server* server = server_.load(std::memory_order_acquire)) {
    const net::ServerCounters counters = server->counters();
    facts += row("Requests answered", std::to_string(counters.requests_total));
    facts += row("Connections open", std::to_string(counters.connections_open));
  }
  facts += row("Memory",
               fmt::format("{:.1f} MB", static_cast<double>(sys::usage().resident_bytes) / 1e6));
  if (world_.catalog != nullptr) {
    facts += row("Datasets", std::to_string(world_.catalog->model().datasets.size()));
  }
  const std::string_view intro =
      world_.demo ? "DEMO: generated people and organisations; nothing here is real."
                  : "A governance plane for multi-tenant data and GraphQL APIs.";
  return fmt::format(fmt::runtime(kPage), intro, facts, route_rows(world_.gateway.status()));
}

std::string_view status_css() {
  return R"(:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{margin:0;color:light-dark(#1a1d21,#e8eaed);background:light-dark(#fff,#14171a)}
main{max-width:44rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%;margin:1.5rem 0}
caption{text-align:left;font-weight:600;padding-bottom:.25rem}
th,td{text-align:left;padding:.4rem .75rem .4rem 0}
th,td{border-bottom:1px solid light-dark(#d5d9de,#343a40)}
th[scope=row]{font-weight:400;width:12rem}
a{color:light-dark(#0b57d0,#8ab4f8)}
a:focus-visible{outline:3px solid currentColor}
)";
}

}  // namespace mc::api
