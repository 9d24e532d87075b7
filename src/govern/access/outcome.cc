#include "access/outcome.h"

#include <algorithm>

#include "json/json.h"

namespace mc::access {
namespace {

// Policies ask for the time of the decision; limits of their running are held by the true clock.
class ClockOf final : public sys::Clock {
 public:
  explicit ClockOf(sys::Clock& clock) : clock_(clock) {}
  WallTime wall() override { return at; }
  MonoTime mono() override { return clock_.mono(); }

  WallTime at{};

 private:
  sys::Clock& clock_;
};

std::string text_in(const json::Value* object, std::string_view name) {
  const json::Value* const found = object == nullptr ? nullptr : object->find(name);
  const std::string* const text = found == nullptr ? nullptr : found->as_string();
  return text == nullptr ? "" : *text;
}

std::vector<std::string> texts_in(const json::Value& object, std::string_view name) {
  std::vector<std::string> out;
  const json::Value* const found = object.find(name);
  if (found == nullptr || found->as_array() == nullptr) return out;
  for (const json::Value& item : *found->as_array()) {
    if (item.as_string() != nullptr) out.push_back(*item.as_string());
  }
  return out;
}

void read_input(const json::Value& input, DecisionFacts& out) {
  out.action = text_in(&input, "action");
  out.purpose = text_in(&input, "purpose");
  out.resource_kind = text_in(input.find("resource"), "kind");
  out.resource_name = text_in(input.find("resource"), "name");
  out.warrant = text_in(input.find("warrant"), "id");
}

std::vector<std::string> sorted(std::vector<std::string> texts) {
  std::sort(texts.begin(), texts.end());
  return texts;
}

// 1 for lines from before there were shares; what is no share is none.
double rate_in(const json::Value& line) {
  const json::Value* const rate = line.find("rate");
  const double* const share = rate == nullptr ? nullptr : rate->as_double();
  return share != nullptr && *share > 0 && *share <= 1 ? *share : 1;
}

}  // namespace

Outcome outcome_of(const Verdict& verdict, const Resource& resource) {
  Outcome out;
  out.allow = verdict.allow;
  out.reasons = sorted(verdict.reasons);
  const auto& columns = resource.facts().columns;
  for (std::size_t i = 0; i < verdict.obligations.masks.size(); ++i) {
    const mask::Mask& mask = verdict.obligations.masks[i];
    if (mask.masks()) out.masked[columns[i].name] = mask::to_text(mask);
  }
  return out;
}

Result<DecisionFacts> read_decision(const LoggedDecision& decision) {
  const auto line = json::parse(decision.json);
  const std::string path = line ? text_in(&*line, "path") : "";
  const json::Value* const input = line ? line->find("input") : nullptr;
  const bool is_ours = path == kDecisionPath;
  if (path.empty() || (is_ours && (input == nullptr || input->as_object() == nullptr))) {
    return fail(Code::corrupt, "decision '" + excerpt(decision.id) + "': the line is not whole");
  }
  DecisionFacts out;
  out.has_input = is_ours;
  out.id = decision.id;
  out.at = decision.at;
  out.tenant = text_in(&*line, "tenant");
  out.principal = text_in(&*line, "principal");
  if (is_ours) {
    read_input(*input, out);
  } else {
    out.action = "eval";
    out.resource_kind = "data";
    out.resource_name = path;
  }
  out.rules = texts_in(*line, "rules");
  out.outcome.allow = decision.allowed;
  out.outcome.reasons = sorted(texts_in(*line, "reasons"));
  if (const json::Value* masked = line->find("masked"); masked && masked->as_object()) {
    for (const json::Member& one : masked->as_object()->members()) {
      out.outcome.masked[one.name] = text_in(masked, one.name);
    }
  }
  out.revision = text_in(&*line, "revision");
  out.request_id = text_in(&*line, "request_id");
  out.rate = rate_in(*line);
  return out;
}

struct Retrial::State {
  State(std::shared_ptr<const policy::Policies> policies, sys::Clock& true_clock,
        sys::Random& random)
      : clock(true_clock), evaluator(engine, clock, random) {
    engine.activate(std::move(policies));
  }
  policy::Engine engine;
  ClockOf clock;
  policy::Evaluator evaluator;
};

Retrial::Retrial(std::shared_ptr<const policy::Policies> policies, sys::Clock& clock,
                 sys::Random& random)
    : state_(std::make_unique<State>(std::move(policies), clock, random)) {}
Retrial::~Retrial() = default;

Outcome Retrial::decide(term::Value input, const Resource& resource, WallTime at) {
  state_->clock.at = at;
  const auto evaluation = state_->evaluator.evaluate(kDecisionPath, input);
  if (evaluation && !evaluation->value.is_undefined()) {
    if (const auto verdict = read_verdict(evaluation->value, resource)) {
      return outcome_of(*verdict, resource);
    }
  }
  return {.allow = false, .reasons = {std::string(kPolicyError)}, .masked = {}};
}

term::Arena& Retrial::arena() {
  return state_->evaluator.arena();
}

void Retrial::reset() {
  state_->evaluator.reset();
}

}  // namespace mc::access
