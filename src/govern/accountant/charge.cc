#include "accountant/charge.h"

#include <array>
#include <tuple>
#include <utility>

namespace mc::accountant {
namespace {

constexpr std::array<std::string_view, 5> kStateNames = {"reserved", "executing", "committed",
                                                         "burned", "released"};
constexpr std::array<std::string_view, 3> kFailureNames = {"source_unreachable", "snapshot_gone",
                                                           "no_capacity"};

constexpr std::array<std::string_view, 5> kReachNames = {"tenant_and_dataset", "tenant", "shard",
                                                         "shard_end", "shard_rest"};

Status bad(std::string_view member, const std::string& what) {
  return fail(Code::invalid, "charge: " + std::string(member) + " " + what);
}

}  // namespace

std::string_view name_of(State state) {
  return kStateNames[static_cast<std::size_t>(state)];
}

Result<State> parse_state(std::string_view name) {
  for (std::size_t i = 0; i < kStateNames.size(); ++i) {
    if (kStateNames[i] == name) return static_cast<State>(i);
  }
  return fail(Code::corrupt, "'" + excerpt(name) + "' is no state of a charge");
}

std::string_view name_of(Reach reach) {
  return kReachNames[static_cast<std::size_t>(reach)];
}

Result<Reach> parse_reach(std::string_view name) {
  for (std::size_t i = 0; i < kReachNames.size(); ++i) {
    if (kReachNames[i] == name) return static_cast<Reach>(i);
  }
  return fail(Code::corrupt, "'" + excerpt(name) + "' is no reach of a charge");
}

std::string_view name_of(DataIndependent why) {
  return kFailureNames[static_cast<std::size_t>(why)];
}

bool Charge::asks_same(const Charge& other) const {
  const auto question = [](const Charge& of) {
    return std::tie(of.tenant, of.dataset, of.purpose, of.query, of.query_type, of.mechanism,
                    of.events);
  };
  return question(*this) == question(other);
}

Status Charge::check() const {
  const std::pair<std::string_view, const std::string*> names[] = {
      {"tenant", &tenant.get()}, {"dataset", &dataset},       {"purpose", &purpose},
      {"plan", &plan},           {"analyst", &analyst.get()}, {"query_type", &query_type},
      {"mechanism", &mechanism}, {"query", &query},           {"key", &key}};
  for (const auto& [name, text] : names) {
    if (text->empty() || text->size() > kNameBytesMax || !is_one_line(*text)) {
      return bad(name, "is not one line of 1 to 200 bytes");
    }
  }
  if (events) {
    const bool whole =
        whole_ms(events->start) == events->start && whole_ms(events->end) == events->end;
    const bool in_order = WallTime{0} <= events->start && events->start < events->end;
    if (!whole || !in_order) {
      return bad("events", "are not whole milliseconds from 1970 on, or end before they start");
    }
  }
  return cost.check();
}

}  // namespace mc::accountant
