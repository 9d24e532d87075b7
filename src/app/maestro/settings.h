// The whole configuration file of maestro, as one described struct.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "api/api.h"
#include "base/base.h"
#include "budget/settings.h"
#include "burn/settings.h"
#include "config/config.h"
#include "export/profile.h"
#include "gateway/gateway.h"
#include "identity/identity.h"
#include "json/describe.h"
#include "maestro/budget_store_settings.h"
#include "maestro/ledger_settings.h"
#include "maestro/log_settings.h"
#include "maestro/notify_settings.h"
#include "maestro/policy_settings.h"
#include "maestro/privacy_settings.h"
#include "maestro/tap_settings.h"
#include "net/net.h"
#include "opa/opa.h"
#include "residency/residency.h"
#include "smtp/smtp.h"

namespace mc::app {

struct ServerSettings {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;
  std::int64_t threads = 0;
  std::string tls_certificate_file;
  std::string tls_key_file;
  std::int64_t head_bytes_max = 64 << 10;
  std::int64_t body_bytes_max = 1 << 20;
  std::int64_t connections_max = 20'000;
  Nanos head_timeout = seconds(10);
  Nanos body_timeout = seconds(30);
  Nanos idle_timeout = seconds(75);
  Nanos write_timeout = seconds(30);
  Nanos drain_timeout = seconds(30);
  bool metrics_public = false;
};

struct Settings {
  std::string data_dir = "./data";
  std::string state_url;
  std::string datasets_file;
  std::string cursor_key;
  ServerSettings server;
  gateway::GatewayConfig gateway;
  std::map<std::string, budget::PlanSettings> budgets;
  budget::AdmissionSettings admission;
  BudgetStoreSettings budget_store;
  burn::Objective slo;
  identity::IssuerConfig oidc;
  api::PortalConfig portal;
  NotifySettings notify;
  smtp::SmtpConfig smtp;
  LedgerSettings ledger;
  SigningSettings signing;
  TransparencySettings transparency;
  PolicySettings policy;
  TapSettings taps;
  opa::OpaConfig opa;
  residency::ResidencyConfig residency;
  PrivacySettings privacy;
  exporting::ExportSettings exports;
  WitnessSettings witness;
  LogSettings log;
  TraceSettings trace;
  Status check() const;
};

net::ServerConfig to_server_config(const ServerSettings& settings);

struct Context;
// From the file, its folder, the environment and the line, in this order.
Result<config::Loaded<Settings>> load_settings(const Context& context);

}  // namespace mc::app

template <>
struct mc::json::Describe<mc::app::ServerSettings> {
  using T = mc::app::ServerSettings;
  static constexpr auto fields = std::tuple{
      Field{"host", &T::host, "Address to listen on", {.min = 1, .max = 255}},
      Field{"port", &T::port, "TCP port; 0 = any free one"},
      Field{"threads", &T::threads, "Event loops; 0 = one a core", {.min = 0, .max = 256}},
      Field{"tls_certificate_file", &T::tls_certificate_file, "PEM chain; empty = plain HTTP"},
      Field{"tls_key_file", &T::tls_key_file, "PEM key of the certificate"},
      Field{"head_bytes_max",
            &T::head_bytes_max,
            "Bytes of a request head",
            {.min = 1024, .max = 1 << 20}},
      Field{"body_bytes_max",
            &T::body_bytes_max,
            "Bytes of a request body",
            {.min = 1024, .max = 1 << 30}},
      Field{
          "connections_max", &T::connections_max, "Open connections", {.min = 1, .max = 1'000'000}},
      Field{"head_timeout",
            &T::head_timeout,
            "From the first byte of a head to its end",
            {.min = mc::millis(10), .max = mc::seconds(600)}},
      Field{"body_timeout",
            &T::body_timeout,
            "From the end of a head to the end of its body",
            {.min = mc::millis(10), .max = mc::seconds(3600)}},
      Field{"idle_timeout",
            &T::idle_timeout,
            "Between requests of a connection",
            {.min = mc::millis(10), .max = mc::seconds(3600)}},
      Field{"write_timeout",
            &T::write_timeout,
            "A client must take a reply within this time",
            {.min = mc::millis(10), .max = mc::seconds(3600)}},
      Field{"drain_timeout",
            &T::drain_timeout,
            "Running requests get this long at shutdown",
            {.min = mc::millis(0), .max = mc::seconds(3600)}},
      Field{"metrics_public", &T::metrics_public, "Serve /metrics without a token"},
  };
};

template <>
struct mc::json::Describe<mc::app::Settings> {
  using T = mc::app::Settings;
  static constexpr std::string_view title = "Maestro Conductor configuration";
  static constexpr auto fields = std::tuple{
      Field{"data_dir", &T::data_dir, "State, ledger and blobs", {.min = 1, .max = 4096}},
      Field{"state_url", &T::state_url,
            "sqlite:/path or postgres://...; empty = sqlite in data_dir"},
      Field{"datasets_file", &T::datasets_file, "Dataset model (YAML); empty = no datasets"},
      Field{"cursor_key",
            &T::cursor_key,
            "Key of page cursors, shared by servers behind one address",
            {.secret = true}},
      Field{"server", &T::server, "The HTTP server"},
      Field{"gateway", &T::gateway, "The guarded GraphQL traffic"},
      Field{"budgets", &T::budgets, "What each tenant of a plan may use, by the plan's name"},
      Field{"admission", &T::admission, "What all tenants together may use"},
      Field{"budget_store", &T::budget_store, "Where nodes share what tenants have used"},
      Field{"slo", &T::slo,
            "What the service promises, so that it is told when that will not hold"},
      Field{"oidc", &T::oidc, "The OpenID provider: its access tokens, and where people sign in"},
      Field{"portal", &T::portal, "The web portal"},
      Field{"notify", &T::notify, "What happens, told to webhooks and mail addresses"},
      Field{"smtp", &T::smtp, "The mail server for notifications"},
      Field{"ledger", &T::ledger, "The record of who did what, and its signatures"},
      Field{"signing", &T::signing, "The log of signatures and the time-stamping authority"},
      Field{"transparency", &T::transparency, "Who may reach for a tenant's data"},
      Field{"policy", &T::policy, "The policies that decide on requests"},
      Field{"taps", &T::taps, "What holds back traffic in an emergency"},
      Field{"opa", &T::opa, "Decisions over OPA's REST API, on a listener of its own"},
      Field{"residency", &T::residency, "Where tenants' data may lie, and its proofs"},
      Field{"privacy", &T::privacy, "Differential privacy: budgets, and what a query may be"},
      Field{"exports", &T::exports, "What may leave as files, by profiles, and the limits of it"},
      Field{"witness", &T::witness, "Cosigning the checkpoints of other ledgers"},
      Field{"log", &T::log, "Log lines on standard output"},
      Field{"trace", &T::trace, "Distributed traces"},
  };
};
