#include "gateway/shared_budgets.h"

#include <optional>

#include "sys/sys.h"

namespace mc::gateway {
namespace {

using budget::Dimension;
using budget::Scope;

constexpr std::size_t kUserBytes = 12;  // of its hash
constexpr std::size_t kKeyUsual = 96;   // bytes

// What is in braces keeps the keys of a tenant on one server.
void add_home(std::string& out, Scope scope, const budget::Book::Who& who) {
  out.append("{");
  if (scope == Scope::global) {
    out.append("*");
  } else if (scope == Scope::plan) {
    out.append("plan ").append(who.plan);
  } else if (scope == Scope::route) {
    out.append("route ").append(std::to_string(who.route));
  } else {
    out.append(who.tenant);
  }
  out.append("}");
}

Nanos window_of(Dimension dimension) {
  constexpr Nanos kDay = seconds(86'400);
  if (dimension == Dimension::day_credits) return kDay;
  return dimension == Dimension::month_credits ? Nanos{kDay.count * 31} : Nanos{};
}

}  // namespace

std::string shared_key(Scope scope, Dimension dimension, const budget::Book::Who& who,
                       const budget::Moment& at) {
  std::string out;
  out.reserve(kKeyUsual);
  add_home(out, scope, who);
  out.append(budget::name_of(scope)).append(":").append(budget::name_of(dimension));
  if (dimension == Dimension::day_credits) out.append(":").append(std::to_string(at.day));
  if (dimension == Dimension::month_credits) out.append(":").append(std::to_string(at.month));
  if (scope == Scope::tenant_class) out.append(":").append(who.class_name);
  if (scope == Scope::tenant_route) out.append(":").append(std::to_string(who.route));
  if (scope == Scope::tenant_user) {
    out.append(":").append(to_hex(sys::sha256(who.user).substr(0, kUserBytes)));
  }
  return out;
}

Result<SharedHold> hold_of(const Sharing& sharing, const budget::Book::Who& who,
                           const budget::Amounts& amounts, const budget::Moment& at) {
  SharedHold out;
  out.needs.reserve(8);
  out.parts.reserve(8);
  std::optional<Error> failed;
  sharing.book.each_limit(who, at, [&](Scope scope, const budget::Limits::Limit& limit) {
    const std::int64_t amount = amounts[limit.dimension];
    if (amount <= 0 || limit.warn_only || failed) return;
    if (scope == Scope::tenant_user && sharing.share.lines() >= kSharedUsersMax) return;
    share::Spec spec =
        share::Spec::of(limit, limit.on_loss.value_or(sharing.on_loss), window_of(limit.dimension));
    // What the book denies afterwards is given back.
    if (spec.kind == share::Kind::rate) spec.settles = true;
    auto line = sharing.share.line(shared_key(scope, limit.dimension, who, at), spec);
    if (!line) {
      failed = line.error();
      return;
    }
    out.needs.push_back({std::move(*line), amount});
    out.parts.push_back({scope, limit.dimension, limit.quota()});
  });
  if (failed) return tl::unexpected<Error>(*failed);
  return out;
}

budget::Mark mark_of(const SharedHold& hold, const share::Outcome& outcome,
                     const budget::Moment& at) {
  const SharedHold::Part& part = hold.parts[outcome.by];
  budget::Mark out;
  out.scope = part.scope;
  out.dimension = part.dimension;
  out.amount = hold.needs[outcome.by].amount;
  out.quota = part.quota;
  if (window_of(part.dimension).count > 0 && out.amount <= out.quota) {
    out.eligible_at = part.dimension == Dimension::day_credits ? at.day_end : at.month_end;
  } else if (outcome.eligible_in == share::kNever) {
    out.eligible_at = budget::kNever;
  } else if (outcome.eligible_in.count > 0) {
    out.eligible_at = at.now + budget::ticks_of(outcome.eligible_in);
  }
  return out;
}

}  // namespace mc::gateway
