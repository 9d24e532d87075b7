#include "access/access.h"

#include <algorithm>
#include <atomic>
#include <set>

#include "access/answer.h"
#include "access/input.h"
#include "access/memo.h"
#include "access/remote.h"
#include "policy/decision_ids.h"

namespace mc::access {
namespace {

using term::Arena;
using term::Value;

constexpr std::string_view kObligations[] = {"mask_class", "mask",    "redact",
                                             "filter",     "step_up", "alert"};
// An obligation that is not there asks for nothing; one of another shape is an error.
Result<bool> flag_of(Value obligations, std::string_view name) {
  const Value flag = obligations.find(name);
  if (flag.is_undefined()) return false;
  MC_TRY_OK(expect(flag, term::Kind::boolean, name));
  return flag.is_true();
}

// What nobody knows nobody keeps: a misspelt obligation must not be one less.
Status check_known(Value obligations) {
  for (const term::Entry& one : obligations.members()) {
    const auto* const known =
        std::find(std::begin(kObligations), std::end(kObligations), one.key.text());
    if (known != std::end(kObligations)) continue;
    return fail(Code::invalid, "the policies' answer: obligations has a member '" +
                                   excerpt(one.key.text()) + "' that is not known");
  }
  return ok();
}

// Gathers the masks of the columns of a resource.
class MaskReader {
 public:
  explicit MaskReader(const Resource& resource) : resource_(resource) {}

  Status classes(Value wanted) {
    if (wanted.is_undefined()) return ok();
    MC_TRY_OK(expect(wanted, term::Kind::object, "mask_class"));
    for (const term::Entry& one : wanted.members()) {
      MC_TRY_OK(expect(one.key, term::Kind::string, "mask_class"));
      MC_TRY_OK(expect(one.value, term::Kind::string, "mask_class"));
      MC_TRY(const mask::Mask mask, mask::parse_mask(one.value.text()));
      const auto& columns = resource_.facts().columns;
      for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns[i].sensitivity == one.key.text()) take(i, mask);
      }
    }
    return ok();
  }

  Status columns(Value wanted) {
    if (wanted.is_undefined()) return ok();
    MC_TRY_OK(expect(wanted, term::Kind::object, "mask"));
    for (const term::Entry& one : wanted.members()) {
      MC_TRY_OK(expect(one.key, term::Kind::string, "mask"));
      MC_TRY_OK(expect(one.value, term::Kind::string, "mask"));
      MC_TRY(const mask::Mask mask, mask::parse_mask(one.value.text()));
      MC_TRY_OK(take_named(one.key.text(), mask));
    }
    return ok();
  }

  Status redact(Value names) {
    if (names.is_undefined()) return ok();
    MC_TRY_OK(expect(names, term::Kind::array, "redact"));
    for (const Value name : names.items()) {
      MC_TRY_OK(expect(name, term::Kind::string, "redact"));
      MC_TRY_OK(take_named(name.text(), {.strategy = mask::Strategy::drop}));
    }
    return ok();
  }

  std::vector<mask::Mask> masks;

 private:
  Status take_named(std::string_view name, const mask::Mask& mask) {
    const int column = resource_.column(name);
    if (column < 0) {
      return fail(Code::invalid, "the policies' answer: '" + resource_.facts().name +
                                     "' has no column '" + excerpt(name) + "' to mask");
    }
    take(static_cast<std::size_t>(column), mask);
    return ok();
  }
  void take(std::size_t column, const mask::Mask& mask) {
    if (!mask.masks()) return;
    if (masks.empty()) masks.resize(resource_.facts().columns.size());
    masks[column] = mask::stricter(masks[column], mask);
  }

  const Resource& resource_;
};

Result<Obligations> read_obligations(Value value, const Resource& resource) {
  Obligations out;
  if (value.is_undefined()) return out;
  MC_TRY_OK(expect(value, term::Kind::object, "obligations"));
  MC_TRY_OK(check_known(value));
  MaskReader reader(resource);
  MC_TRY_OK(reader.classes(value.find("mask_class")));
  MC_TRY_OK(reader.columns(value.find("mask")));
  MC_TRY_OK(reader.redact(value.find("redact")));
  out.masks = std::move(reader.masks);
  if (const Value names = value.find("filter"); !names.is_undefined()) {
    MC_TRY_OK(expect(names, term::Kind::array, "filter"));
    for (const Value name : names.items()) {
      MC_TRY_OK(expect(name, term::Kind::string, "filter"));
      const int column = resource.column(name.text());
      if (column >= 0) out.filterable.push_back(column);
    }
  }
  MC_TRY(out.step_up, flag_of(value, "step_up"));
  MC_TRY(out.alert, flag_of(value, "alert"));
  return out;
}

}  // namespace

std::string_view action_name(Action action) {
  constexpr std::string_view kNames[] = {"read",   "aggregate", "write",  "introspect", "forward",
                                         "export", "admin",     "noised", "admit",      "hold"};
  return kNames[static_cast<std::size_t>(action)];
}

Resource::Resource(Facts facts) : facts_(std::move(facts)) {
  static std::atomic<std::uint64_t> resources = 0;
  id_ = ++resources;
  Arena arena;
  Value out = term::object(arena, 8);
  term::insert(arena, out, "kind", term::string(arena, facts_.kind));
  term::insert(arena, out, "name", term::string(arena, facts_.name));
  term::insert(arena, out, "purposes", list_of(arena, facts_.purposes));
  term::insert(arena, out, "licence", term::string(arena, facts_.licence_class));
  term::insert(arena, out, "region", term::string(arena, facts_.region));
  std::set<std::string> sensitivities;
  Value columns = term::object(arena, facts_.columns.size());
  for (const ColumnFacts& column : facts_.columns) {
    Value one = term::object(arena, 4);
    term::insert(arena, one, "sensitivity", term::string(arena, column.sensitivity));
    term::insert(arena, one, "licence", term::string(arena, column.licence_class));
    term::insert(arena, one, "quasi_identifier", Value::boolean(column.quasi_identifier));
    term::insert(arena, columns, column.name, one);
    sensitivities.insert(column.sensitivity);
  }
  term::insert(arena, out, "columns", columns);
  // Each once: rules about classes of columns need not look at all columns.
  term::insert(arena, out, "sensitivities",
               list_of(arena, {sensitivities.begin(), sensitivities.end()}));
  document_ = term::Document::of(out);
}

int Resource::column(std::string_view name) const {
  for (std::size_t i = 0; i < facts_.columns.size(); ++i) {
    if (facts_.columns[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

Result<Verdict> read_verdict(Value answer, const Resource& resource) {
  MC_TRY_OK(expect(answer, term::Kind::object, "decision"));
  Verdict verdict;
  const Value allow = answer.find("allow");
  MC_TRY_OK(expect(allow, term::Kind::boolean, "allow"));
  verdict.allow = allow.is_true();
  MC_TRY(verdict.rule_ids, texts_of(answer, "rules"));
  MC_TRY(verdict.reasons, texts_of(answer, "reasons"));
  MC_TRY(verdict.obligations, read_obligations(answer.find("obligations"), resource));
  return verdict;
}

Verdict denied_by_error() {
  Verdict out;
  out.reasons.emplace_back(kPolicyError);
  return out;
}

struct Gate::State {
  explicit State(const World& world_in)
      : world(world_in),
        decisions(world_in.remote == nullptr
                      ? own_decisions(world_in.engine, world_in.clock, world_in.random)
                      : world_in.remote->decisions()),
        ids(world_in.clock, world_in.random) {}

  void log(const Request& request, const Verdict& verdict, WallTime now, Memo::Kept* kept);

  World world;
  InputMaker inputs;
  std::unique_ptr<Decisions> decisions;
  policy::DecisionIds ids;
  Memo memo;
};

Gate::Gate(const World& world) : state_(std::make_unique<State>(world)) {}
Gate::~Gate() = default;

void Gate::State::log(const Request& request, const Verdict& verdict, WallTime now,
                      Memo::Kept* kept) {
  const Obligations& asked = verdict.obligations;
  const std::optional<double> rate = world.log->wants({.id = verdict.decision_id,
                                                       .allowed = verdict.allow,
                                                       .is_notable = asked.alert || asked.step_up,
                                                       .rules = verdict.rule_ids});
  if (!rate) return;
  LoggedDecision line{verdict.decision_id, now, verdict.allow, {}};
  const LineFacts facts{verdict.decision_id, now, request.request_id};
  if (kept == nullptr) {
    print_line(make_pattern(request, verdict, *rate), facts, line.json);
  } else {
    // Whose verdict is the same has the same share.
    if (kept->line.empty()) kept->line = make_pattern(request, verdict, *rate);
    print_line(kept->line, facts, line.json);
  }
  world.log->add(std::move(line));
}

Verdict Gate::decide(const Request& request) {
  State& state = *state_;
  const WallTime now = state.world.clock.wall();
  Verdict verdict;
  Memo::Kept* kept = state.memo.find(request, state.decisions->generation());
  if (kept != nullptr) {
    verdict = kept->verdict;
  } else {
    const Value input = state.inputs.make(state.decisions->begin(), request, now);
    verdict = state.decisions->decide(input, request.resource);
    if (const std::uint64_t steady = state.decisions->steady(); steady != 0) {
      kept = state.memo.keep(request, steady, {verdict, {}});
    }
  }
  verdict.decision_id = policy::view(state.ids.next());
  if (state.world.log != nullptr) state.log(request, verdict, now, kept);
  return verdict;
}

Value input_of(Arena& arena, const LoggedDecision& decision, const FindResource& find) {
  const auto line = term::parse_json(arena, decision.json);
  if (!line) return {};
  Value input = line->find("input");
  const Value named = input.find("resource");
  const Resource* const resource = find(named.find("kind").text(), named.find("name").text());
  if (resource == nullptr || !input.is_object()) return {};
  term::insert(arena, input, "resource", resource->input());
  return input;
}

}  // namespace mc::access
