#include "residency/document.h"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>

#include "crypto/crypto.h"

namespace mc::residency {
namespace {

constexpr std::int64_t kHourNanos = 3'600 * 1'000'000'000LL;
constexpr std::size_t kHourBytes = 13;     // "2026-11-22T11"
constexpr std::size_t kSecondsBytes = 19;  // "2026-11-22T11:42:07"
constexpr std::string_view kHourForm = "dddd-dd-ddTddZ";
constexpr std::string_view kMomentForm = "dddd-dd-ddTdd-dd-ddZ";

bool has_form(std::string_view text, std::string_view form) {
  return std::equal(text.begin(), text.end(), form.begin(), form.end(), [](char c, char wanted) {
    return wanted == 'd' ? c >= '0' && c <= '9' : c == wanted;
  });
}

bool is_bound(const Evidence& evidence) {
  return evidence.region != kAnywhere;
}

Answer judge(const Evidence& evidence, std::string_view src, std::string_view dst) {
  return permits({evidence.region, dst, src}, evidence.permitted, evidence.unstated);
}

// What is not known is not proven: a bound tenant's data lie somewhere that has a name.
bool place_holds(const Evidence& evidence, std::string_view src, std::string_view dst) {
  return judge(evidence, src, dst) == Answer::permitted && (!is_bound(evidence) || is_stated(dst));
}

enum class Way : std::uint8_t { read, write };

bool sentinels_hold(const Evidence& evidence, std::string_view dst, Way way) {
  return std::all_of(evidence.sources.begin(), evidence.sources.end(), [&](const SourceCheck& one) {
    return one.region != dst || (way == Way::read ? one.read : one.write) == kHolds;
  });
}

bool probed(const Evidence& evidence, std::string_view dst) {
  return std::any_of(evidence.sources.begin(), evidence.sources.end(),
                     [&](const SourceCheck& one) { return one.region == dst; });
}

struct Passing {
  std::string src, dst;
  std::int64_t count = 0;
  bool ok = false;
};

// Each place that was counted or probed, sorted.
std::vector<Passing> ways_of(const Evidence& evidence, Way way) {
  std::vector<Traffic> places = evidence.traffic;
  for (const SourceCheck& one : evidence.sources) {
    // Where the tenant's data may not lie, nothing was tried.
    if (one.write == kNotPermitted) continue;
    add_traffic(places, {evidence.node_region, one.region});
  }
  std::vector<Passing> out;
  for (const Traffic& each : places) {
    const bool ok = place_holds(evidence, each.src, each.dst) && probed(evidence, each.dst) &&
                    sentinels_hold(evidence, each.dst, way);
    out.push_back({each.src, each.dst, way == Way::read ? each.reads : each.writes, ok});
  }
  return out;
}

json::Array print_ways(const Evidence& evidence, Way way) {
  json::Array out;
  for (const Passing& each : ways_of(evidence, way)) {
    json::Object one;
    one.set("src", each.src);
    one.set("dst", each.dst);
    one.set("count", each.count);
    one.set("ok", each.ok);
    out.emplace_back(std::move(one));
  }
  return out;
}

json::Array print_sources(const Evidence& evidence) {
  json::Array out;
  for (const SourceCheck& each : evidence.sources) {
    json::Object one;
    one.set("name", each.name);
    one.set("region", each.region);
    one.set("claim", each.claim.empty() ? json::Value() : json::Value(each.claim));
    one.set("database", each.database.empty() ? json::Value() : json::Value(each.database));
    one.set("write", each.write);
    one.set("read", each.read);
    one.set("write_ms", each.write_ms);
    one.set("read_ms", each.read_ms);
    out.emplace_back(std::move(one));
  }
  return out;
}

json::Object print_violation(const Violation& violation) {
  json::Object out;
  out.set("at", format_rfc3339(violation.at));
  out.set("code", violation.code);
  out.set("actor", violation.actor);
  out.set("action", violation.action);
  out.set("source", violation.source);
  out.set("src", violation.src);
  out.set("dst", violation.dst);
  out.set("count", violation.count);
  out.set("denied", violation.denied);
  return out;
}

// Those that were not denied first: they are never among the ones that are only counted.
json::Array print_violations(const std::vector<Violation>& violations) {
  json::Array out;
  for (const bool denied : {false, true}) {
    for (const Violation& each : violations) {
      if (each.denied == denied && out.size() < kViolationsMax) {
        out.emplace_back(print_violation(each));
      }
    }
  }
  return out;
}

tl::unexpected<Error> not_ours(std::string_view why) {
  return fail(Code::corrupt, "a stored proof of residency: " + std::string(why));
}

std::string text_in(const json::Value& value, std::string_view name) {
  const json::Value* found = value.find(name);
  const std::string* text = found == nullptr ? nullptr : found->as_string();
  return text == nullptr ? "" : *text;
}

// Of a member that is an array of objects: the sum of `value` of them. Null when it is none.
template <class Value>
std::optional<std::int64_t> sum_of(const json::Value& document, std::string_view name,
                                   const Value& value) {
  const json::Value* held = document.find(name);
  if (held == nullptr || held->as_array() == nullptr) return std::nullopt;
  std::int64_t out = 0;
  for (const json::Value& each : *held->as_array()) out += value(each);
  return out;
}

std::int64_t count_in(const json::Value& way) {
  const json::Value* count = way.find("count");
  return count == nullptr || count->as_int() == nullptr ? 0 : *count->as_int();
}

// The figures of a document; false when it lacks one.
bool read_figures(const json::Value& document, Summary& out) {
  const auto one = [](const json::Value&) { return std::int64_t{1}; };
  const auto tried = [](const json::Value& source) {
    return std::int64_t{text_in(source, "write") == kNotPermitted ? 0 : 1};
  };
  const auto held = [](const json::Value& source) {
    const bool both = text_in(source, "write") == kHolds && text_in(source, "read") == kHolds;
    return std::int64_t{both ? 1 : 0};
  };
  const auto reads = sum_of(document, "reads", count_in);
  const auto writes = sum_of(document, "writes", count_in);
  const auto probes = sum_of(document, "sources", tried);
  const auto violations = sum_of(document, "violations", one);
  const json::Value* more = document.find("violations_more");
  if (!reads || !writes || !probes || !violations || more == nullptr || more->as_int() == nullptr) {
    return false;
  }
  out.reads = *reads;
  out.writes = *writes;
  out.probes = *probes;
  out.probes_ok = *sum_of(document, "sources", held);
  out.violations = *violations + *more->as_int();
  return true;
}

}  // namespace

WallTime hour_of(WallTime at) {
  return {at.nanos / kHourNanos * kHourNanos};
}

std::string hour_name(WallTime at) {
  return format_rfc3339(at).substr(0, kHourBytes) + "Z";
}

std::string moment_name(WallTime at) {
  std::string out = format_rfc3339(at).substr(0, kSecondsBytes);
  std::replace(out.begin(), out.end(), ':', '-');
  return out + "Z";
}

bool is_period(std::string_view name) {
  return has_form(name, kHourForm) || has_form(name, kMomentForm);
}

void judge_traffic(Evidence& evidence) {
  for (const Traffic& each : evidence.traffic) {
    const Answer answer = judge(evidence, each.src, each.dst);
    if (answer == Answer::permitted) continue;
    Violation found;
    found.at = evidence.from;
    found.code = reason_of(answer);
    found.action = "read, write";
    found.src = each.src;
    found.dst = each.dst;
    found.count = each.reads + each.writes;
    found.denied = false;
    evidence.violations.push_back(std::move(found));
  }
}

bool holds(const Evidence& evidence) {
  const auto ok = [](const Passing& each) { return each.ok; };
  for (const Way way : {Way::read, Way::write}) {
    const std::vector<Passing> ways = ways_of(evidence, way);
    if (ways.empty() || !std::all_of(ways.begin(), ways.end(), ok)) return false;
  }
  return std::all_of(evidence.violations.begin(), evidence.violations.end(),
                     [](const Violation& each) { return each.denied; });
}

json::Object document_of(const Evidence& evidence) {
  json::Array permitted;
  for (const std::string& region : evidence.permitted) permitted.emplace_back(region);
  json::Object node;
  node.set("name", evidence.node);
  node.set("region", evidence.node_region);
  const std::size_t listed = std::min(evidence.violations.size(), kViolationsMax);
  json::Object out;
  out.set("kind", kResidencyKind);
  out.set("tenant", evidence.tenant);
  out.set("region", evidence.region);
  out.set("permitted", std::move(permitted));
  out.set("unstated", evidence.unstated == Unstated::deny ? "deny" : "allow");
  out.set("period", evidence.period);
  out.set("from", format_rfc3339(evidence.from));
  out.set("to", format_rfc3339(evidence.to));
  out.set("at", format_rfc3339(evidence.at));
  out.set("node", std::move(node));
  out.set("ok", holds(evidence));
  out.set("reads", print_ways(evidence, Way::read));
  out.set("writes", print_ways(evidence, Way::write));
  out.set("violations", print_violations(evidence.violations));
  out.set("violations_more", static_cast<std::int64_t>(evidence.violations.size() - listed));
  out.set("sources", print_sources(evidence));
  return out;
}

Result<proof::Statement> statement_of(const Evidence& evidence) {
  json::Object document = document_of(evidence);
  MC_TRY(const std::string digest, crypto::digest("sha256", json::canonical(document)));
  proof::Statement out;
  out.subjects.push_back(
      {"residency/" + evidence.tenant + "/" + evidence.period, {{"sha256", to_hex(digest)}}});
  out.predicate_type = kResidencyPredicate;
  out.predicate = std::move(document);
  return out;
}

Result<Stored> read_stored(std::string_view bundle) {
  const Result<proof::Bundle> parsed = proof::parse_bundle(bundle);
  if (!parsed) return not_ours(parsed.error().what);
  const auto* envelope = std::get_if<proof::Envelope>(&parsed->content);
  if (envelope == nullptr) return not_ours("it has no statement");
  const Result<proof::Statement> statement = proof::parse_statement(envelope->payload);
  if (!statement) return not_ours(statement.error().what);
  if (statement->predicate_type != kResidencyPredicate) return not_ours("it is of another type");
  const json::Value& held = statement->predicate;
  Stored out;
  out.document = json::canonical(held);
  MC_TRY(const std::string digest, crypto::digest("sha256", out.document));
  const json::Value* ok = held.find("ok");
  const json::Value* node = held.find("node");
  Summary& summary = out.summary;
  if (ok == nullptr || ok->as_bool() == nullptr || node == nullptr ||
      !read_figures(held, summary)) {
    return not_ours("its document lacks members");
  }
  summary.tenant = text_in(held, "tenant");
  summary.period = text_in(held, "period");
  summary.region = text_in(held, "region");
  summary.node = text_in(*node, "name");
  summary.node_region = text_in(*node, "region");
  summary.from = text_in(held, "from");
  summary.to = text_in(held, "to");
  summary.at = text_in(held, "at");
  summary.ok = *ok->as_bool();
  summary.sha256 = to_hex(digest);
  return out;
}

}  // namespace mc::residency
