#include "access/terms.h"

#include <algorithm>
#include <array>
#include <optional>

#include "access/answer.h"
#include "access/input.h"
#include "access/memo.h"

namespace mc::access {
namespace {

constexpr std::string_view kTermsNames[] = {"mc", "budget", "decision"};
constexpr std::string_view kTimeMember = "time_ms";  // of the input

Result<budget::DimensionSet> exempt_in(term::Value answer) {
  MC_TRY(const std::vector<std::string> names, texts_of(answer, "exempt"));
  budget::DimensionSet out;
  for (const std::string& name : names) {
    const auto dimension = budget::dimension_of(name);
    if (!dimension) {
      return fail(Code::invalid,
                  "the policies' answer: exempt: there is no dimension '" + excerpt(name) + "'");
    }
    out.add(*dimension);
  }
  return out;
}

Result<std::string> class_in(term::Value answer) {
  const term::Value name = answer.find("class");
  MC_TRY_OK(expect(name, term::Kind::string, "class"));
  if (budget::is_class_name(name.text())) return std::string(name.text());
  return fail(Code::invalid, "the policies' answer: class: '" + excerpt(name.text()) +
                                 "' is not 1 to 64 of a-z, 0-9, _ and -");
}

// What a client states is its purpose when its token holds it.
std::string_view held_purpose(const Request& request) {
  const auto& held = request.caller.purposes;
  const bool holds = std::ranges::find(held, request.purpose) != held.end();
  return holds ? request.purpose : std::string_view();
}

}  // namespace

Result<Terms> read_terms(term::Value answer) {
  MC_TRY_OK(expect(answer, term::Kind::object, "decision"));
  Terms out;
  for (const term::Entry& one : answer.members()) {
    MC_TRY_OK(expect(one.key, term::Kind::string, "a name of a member"));
    const std::string_view name = one.key.text();
    if (name == "class") {
      MC_TRY(out.class_name, class_in(answer));
    } else if (name == "exempt") {
      MC_TRY(out.exempt, exempt_in(answer));
    } else if (name == "rules") {
      MC_TRY(out.rules, texts_of(answer, "rules"));
    } else {
      return fail(Code::invalid, "the policies' answer: it has a member '" + excerpt(name) +
                                     "' that is not known");
    }
  }
  return out;
}

struct TermsGate::State {
  explicit State(const World& of) : world(of) {}
  Result<TermsPtr> evaluate(const Request& request);

  World world;
  std::uint64_t generation = 0;  // that was looked at
  bool applies = false;
  // Made when the policies have something to say for the first time.
  struct Asking {
    explicit Asking(const World& of) : evaluator(of.engine, of.clock, of.random) {}
    policy::Evaluator evaluator;
    InputMaker inputs;
    MemoOf<TermsPtr> memo;
  };
  std::unique_ptr<Asking> asking;
};

TermsGate::TermsGate(const World& world) : state_(std::make_unique<State>(world)) {}
TermsGate::~TermsGate() = default;

bool TermsGate::applies() {
  State& state = *state_;
  // The number is read before the policies: at worst they are looked at once more.
  const std::uint64_t generation = state.world.engine.generation();
  if (generation != state.generation) {
    state.applies = state.world.engine.current()->find(kTermsNames).plan >= 0;
    state.generation = generation;
  }
  return state.applies;
}

Result<TermsPtr> TermsGate::State::evaluate(const Request& request) {
  policy::Evaluator& evaluator = asking->evaluator;
  evaluator.reset();
  const term::Value input = asking->inputs.make(evaluator.arena(), request, world.clock.wall());
  const auto evaluation = evaluator.evaluate(policy::Path(kTermsNames), input);
  if (!evaluation) {
    const vm::EvalError& error = evaluation.error();
    return fail(Code::invalid, error.code + ": " + error.message);
  }
  TermsPtr out;
  if (!evaluation->value.is_undefined()) {
    MC_TRY(Terms terms, read_terms(evaluation->value));
    const bool says = !terms.class_name.empty() || !terms.exempt.empty();
    if (says) out = std::make_shared<const Terms>(std::move(terms));
  }
  if (evaluation->fixed_answers.is_undefined() && !evaluator.may_have_read(kTimeMember)) {
    asking->memo.keep(request, evaluator.generation(), out);
  }
  return out;
}

Result<TermsPtr> TermsGate::ask(const Request& request) {
  if (!applies()) return TermsPtr();
  State& state = *state_;
  if (state.asking == nullptr) state.asking = std::make_unique<State::Asking>(state.world);
  const Request asked{.caller = request.caller,
                      .purpose = held_purpose(request),
                      .action = Action::admit,
                      .resource = request.resource,
                      .tenant = request.tenant,
                      .tenant_region = request.tenant_region,
                      .node_region = request.node_region,
                      .stepped_up = request.stepped_up,
                      .request_id = request.request_id};
  const TermsPtr* const kept = state.asking->memo.find(asked, state.generation);
  if (kept != nullptr) return *kept;
  return state.evaluate(asked);
}

}  // namespace mc::access
