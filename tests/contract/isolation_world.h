// A world for the tests of what one tenant can learn of others, and what a client gets as text.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "admission/settings.h"
#include "budget/book.h"
#include "budget/settings.h"
#include "contract/guarded_world.h"
#include "gateway/gateway.h"
#include "sim/fake_net.h"

namespace mc::gateway::isolation {

using Exchange = std::shared_ptr<sim::FakeExchange>;

inline constexpr std::array<const char*, 2> kPaths = {"/graphql", "/shop"};
inline constexpr std::size_t kIdBytes = 30;  // "req_" and 26 characters

class Dice {
 public:
  explicit Dice(std::uint32_t seed) : random_(seed) {}
  std::int64_t pick(std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(random_);
  }
  bool once_in(std::int64_t times) { return pick(1, times) == 1; }

 private:
  std::mt19937 random_;
};

// ---- what a client gets, as text ----

inline std::string without_ids(std::string text) {
  for (std::size_t at = text.find("req_"); at != std::string::npos;
       at = text.find("req_", at + 4)) {
    text.erase(at, kIdBytes);
    text.insert(at, "ID");
  }
  return text;
}

// A 503 says 1 to 3 s. A 429 says what `t` of RateLimit does and up to a quarter more. Whatever is
// drawn of that is of the server's random numbers, which differ; here only whether it is of those.
inline bool is_drawn(const net::Response& reply, std::int64_t said) {
  const std::string limit = sim::header_of(reply.headers, "RateLimit");
  const std::size_t t = limit.find(";t=");
  if (reply.status == 503) return said >= 1 && said <= 3;
  if (t == std::string::npos) return false;
  const std::int64_t least = std::stoll(limit.substr(t + 3));
  return said >= least && said <= least + least / 4;
}

inline std::string told(const net::Response& reply) {
  std::string body = reply.body, out = std::to_string(reply.status);
  for (const auto& [name, value] : reply.headers) {
    out += " | " + name + ": ";
    if (name != "Retry-After") {
      out += value;
      continue;
    }
    CHECK(is_drawn(reply, std::stoll(value)));
    out += "drawn";
    const std::string member = "\"retryAfter\":" + value;
    const std::size_t at = body.find(member);
    if (at != std::string::npos) body.replace(at, member.size(), "\"retryAfter\":drawn");
  }
  return without_ids(out + " | " + body);
}

// ---- worlds ----

struct Setting {
  budget::BudgetSettings budgets;
  std::map<std::string, std::string> plans;  // by tenant; "starter" unless it is here
  PlanShares shares = {{"pro", {.weight = 5, .priority = 20}}};
  admission::Settings seats;
  GatewayConfig gateway;
};

inline admission::Settings seats_of(std::int64_t seats, std::size_t waiting_max = 1'000) {
  admission::Settings out;
  out.limiter = {.seats_min = seats, .seats_start = seats, .seats_max = seats};
  out.queue.waiting_max = waiting_max;
  out.tenant_pct = 100;
  return out;
}

struct Bench {
  explicit Bench(const Setting& setting) : seats(setting.seats), shares(setting.shares) {
    auto made = budget::Book::make(setting.budgets, {kPaths[0], kPaths[1]});
    if (!made) FAIL(made.error().what);
    book = std::move(*made);
    guarded::WorldOptions options;
    options.with_rows = {};
    options.gateway = setting.gateway;
    options.gateway.routes.clear();
    for (const char* path : kPaths) {
      RouteConfig route;
      route.path = path;
      route.kind = RouteKind::upstream;
      route.url = "http://127.0.0.1:9/api";
      options.gateway.routes.push_back(route);
    }
    options.budgets = book.get();
    options.seats = &seats;
    options.shares = &shares;
    world.emplace(options);
    world->server().hold_timers();
    for (const auto& [tenant, plan] : setting.plans) {
      auto found = world->directory().tenant(TenantId(tenant));
      if (!found) {
        identity::Tenant fresh;
        fresh.id = TenantId(tenant);
        fresh.region = "eu-west-1";
        found = world->directory().create_tenant(fresh);
      }
      REQUIRE(found.has_value());
      found->plan = plan;
      REQUIRE(world->directory().update_tenant(*found).has_value());
    }
  }
  // What waits is too late.
  ~Bench() { pass(seconds(1)); }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  void pass(Nanos time) {
    world->clock().advance(time);
    world->server().run_timers();
  }
  const std::string& token(const std::string& tenant, const std::string& user) {
    std::string& out = tokens[tenant + "/" + user];
    if (out.empty()) out = world->token({.tenant = tenant, .principal = user});
    return out;
  }
  Exchange send(const std::string& tenant, const std::string& body, const std::string& user = "ada",
                std::size_t route = 0) {
    return world->send(
        {.target = kPaths[route], .headers = {{"Content-Type", "application/json"}}, .body = body},
        token(tenant, user));
  }
  // From then on a document is known, and all of it is said on this thread.
  void learn(const std::string& tenant, const std::string& body, std::size_t route = 0) {
    const Exchange sent = send(tenant, body, "ada", route);
    REQUIRE(sent->wait());
    if (sent->forwarded()) answer(*sent, 1);
  }
  static void answer(sim::FakeExchange& exchange, std::int64_t bytes) {
    net::ForwardResult result;
    result.status = 200;
    result.bytes = bytes;
    exchange.forwarding().on_done(result);
  }
  double turned_away(const std::string& why) {
    const std::string text = world->metrics().text();
    const std::string name = "mc_admission_turned_away_total{why=\"" + why + "\"} ";
    const std::size_t at = text.find(name);
    return at == std::string::npos ? 0 : std::stod(text.substr(at + name.size()));
  }

  std::unique_ptr<budget::Book> book;
  admission::Settings seats;
  PlanShares shares;
  std::map<std::string, std::string> tokens;
  std::optional<guarded::World> world;
};

inline bool is_answered(const Exchange& exchange) {
  return exchange->response().status != 0;
}

}  // namespace mc::gateway::isolation
