// The /v1 admin API as plain functions from a request to a response; blocking.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/api.h"

namespace mc::api {

struct AdminWorld {
  sys::Clock& clock;
  identity::Directory& directory;
  const dataset::Catalog* catalog = nullptr;
  gateway::Gateway* gateway = nullptr;  // null without a server
  std::string_view version = "";
  bool demo = false;
  const identity::IssuerConfig* oidc = nullptr;  // null without a provider
  identity::CodeLogin* code_login = nullptr;     // null without a provider for the portal
  const PortalConfig* portal = nullptr;          // null without a server
  const notify::Secrets* secrets = nullptr;      // null without a server
  sys::Random* random = nullptr;                 // null without a server
  transparency::Recorder* recorder = nullptr;    // null: nothing is recorded
  witness::Witness* witness = nullptr;           // null: no log is witnessed
  signing::Signing* signing = nullptr;           // null: nothing is signed
  transparency::Gate* gate = nullptr;            // null: no warrants are asked for
  search::Index* index = nullptr;                // null: records are not searched
  const PolicyDesk* policy = nullptr;            // null: no policies decide
  residency::Residency* residency = nullptr;     // null: nothing is proven of where data lie
  BudgetDesk budgets = {};
  tap::Desk* taps = nullptr;  // null: nothing is held back
  PrivacyDesk privacy = {};
  exporting::Exports* exports = nullptr;  // null: nothing is exported
};

struct AdminRequest {
  const net::Request& http;
  const identity::Caller* caller = nullptr;  // null at anonymous endpoints
  std::string_view request_id;
  std::string_view cookie = "";        // the session's secret, when the caller is a session
  std::vector<std::string> path = {};  // segments behind /v1, as sent: no name needs an escape
  net::Headers query = {};
  bool dry_run = false;
  std::string hidden = {};  // what the answer does not tell its caller, for the operator's log
};

// The planning documents' name of /v1/tenants/{tenant}/receipts, with the tenant in the query;
// /v1/receipts is another.
inline constexpr std::string_view kTransparencyReceipts = "/transparency/receipts";
inline constexpr std::string_view kReceipts = "/v1/receipts";

// The endpoint, when it needs no caller; null otherwise.
const Endpoint* find_anonymous(const net::Request& request);

inline constexpr std::string_view kLedgerStopped =
    "the ledger has stopped; the operator's log says why";
// What people of other tenants than the operator's, and who does not say who they are, get to know
// of a failure: no paths of the machine. `ledger` may be null.
Error told_outside(const ledger::Ledger* ledger, const Error& error);

// Fills path, query, dry_run and hidden, and calls the endpoint. HEAD is answered as GET.
net::Response serve_v1(const AdminWorld& world, AdminRequest& request);

}  // namespace mc::api
