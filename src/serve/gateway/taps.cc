// Emergency taps: what they hold back is told that it is, and nothing of whose tap it is, for whom
// else, or why.
#include <algorithm>

#include "gateway/call.h"

namespace mc::gateway {
namespace {

struct Told {
  int status;
  std::string_view message;
};

Told told_of(tap::Action action) {
  switch (action) {
    case tap::Action::safelist_only:
      return {403, "only registered documents run here for now"};
    case tap::Action::no_introspection:
      return {403, "introspection is off for now"};
    case tap::Action::read_only:
      return {403, "changes are off for now"};
    case tap::Action::block:
    case tap::Action::shed:
    case tap::Action::clamp_rate:
    case tap::Action::clamp_seats:
      break;
  }
  return {503, "requests like this one are held back for now; retry later"};
}

// Those who were refused together do not come back together.
std::int64_t retry_s_after(Nanos wait, std::uint64_t draw) {
  const std::int64_t wait_s = std::max<std::int64_t>((wait.count + 999'999'999) / 1'000'000'000, 1);
  return wait_s + static_cast<std::int64_t>(draw % static_cast<std::uint64_t>(wait_s / 4 + 2));
}

void add_texts(const Call& call, tap::Facts& facts) {
  for (const Params& params : call.graphql.items) {
    facts.documents.push_back(document_id(params.query));
    facts.registered = facts.registered && call.route->registered.contains_text(params.query);
  }
}

// Of operations that were checked (check_operations()).
void add_operations(const Call& call, tap::Facts& facts) {
  facts.mutates = call.mutates;
  for (std::size_t i = 0; i < call.documents.size(); ++i) {
    const Compiled& compiled = *call.documents[i];
    const auto chosen =
        graphql::choose_operation(*compiled.document, call.graphql.items[i].operation_name);
    facts.queries = facts.queries || (*chosen)->kind == graphql::OperationKind::query;
    facts.introspects = facts.introspects || compiled.introspects;
  }
}

}  // namespace

bool Gateway::Core::test_taps(const CallPtr& call, tap::Stage stage) {
  const Route& route = *call->route;
  const std::string upstream =
      route.host.empty() ? "" : route.host + ":" + std::to_string(route.port);
  tap::Facts facts{.route = route.config.path, .upstream = upstream, .tenant = "", .client = ""};
  if (stage >= tap::Stage::caller) {
    facts.tenant = call->caller->tenant.get();
    facts.client = call->caller->principal.get();
  }
  if (stage >= tap::Stage::read) {
    facts.operations = static_cast<std::int64_t>(call->graphql.items.size());
  }
  if (stage >= tap::Stage::text) add_texts(*call, facts);
  if (stage >= tap::Stage::operation) add_operations(*call, facts);
  const std::uint64_t draw = world.random.next_u64();
  const std::optional<tap::Refused> refused =
      call->taps.test(stage, facts, {world.clock.mono(), draw});
  if (!refused) return true;
  const Told told = told_of(refused->action);
  net::Headers headers;
  if (told.status == 503) {
    headers.emplace_back("Retry-After", std::to_string(retry_s_after(refused->wait, draw >> 32)));
  }
  refuse(call, {told.status, "TAP", std::string(told.message)}, std::move(headers));
  return false;
}

}  // namespace mc::gateway
