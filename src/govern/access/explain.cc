#include "access/explain.h"

#include <algorithm>
#include <map>

#include "access/counterfactual.h"

namespace mc::access {
namespace {

using term::Value;

constexpr std::size_t kPairsShown = 20;

bool holds(const std::vector<std::string>& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

// The rules of an id; a family's only where no rule has it for its own.
std::vector<const policy::RuleNote*> notes_for(const policy::Policies& policies,
                                               std::string_view rule) {
  std::vector<const policy::RuleNote*> own, families;
  for (const policy::RuleNote& note : policies.rules()) {
    if (note.id == rule) {
      own.push_back(&note);
    } else if (note.is_named(rule)) {
      families.push_back(&note);
    }
  }
  return own.empty() ? families : own;
}

// Where a path leads in the input; stops at the first part that is not there, with its name.
Value look_up(Value input, std::string_view path, std::string& reached) {
  Value value = input;
  for (const std::string_view name : split(path, '.')) {
    reached.append(reached.empty() ? "" : ".").append(name);
    value = value.find(name);
    if (value.is_undefined()) break;
  }
  return value;
}

// What the rules read, each once: not a part beside what is inside of it.
std::vector<Explanation::Input> inputs_of(const Explanation& explained, Value input) {
  std::map<std::string, Explanation::Input> all;
  for (const Explanation::Rule& rule : explained.rules) {
    for (const policy::RuleNote* note : notes_for(*explained.policies, rule.id)) {
      for (const std::string& path : note->inputs) {
        std::string name;
        const Value value = look_up(input, path, name);
        Explanation::Input& one = all[name];
        one.name = name;
        if (!value.is_undefined()) one.json = term::to_json(value);
        if (!holds(one.rules, rule.id)) one.rules.push_back(rule.id);
      }
    }
  }
  std::vector<Explanation::Input> out;
  for (auto& [name, one] : all) {
    const auto inside = all.lower_bound(name + ".");
    const bool is_outer = inside != all.end() && inside->first.starts_with(name + ".");
    if (!is_outer) out.push_back(std::move(one));
  }
  return out;
}

std::vector<Explanation::MaskedColumn> masks_of(const DecisionFacts& facts,
                                                const Resource* resource) {
  std::vector<Explanation::MaskedColumn> out;
  for (const auto& [column, mask] : facts.outcome.masked) {
    Explanation::MaskedColumn& one = out.emplace_back();
    one.column = column;
    one.mask = mask;
    const int at = resource == nullptr ? -1 : resource->column(column);
    if (at >= 0) {
      one.sensitivity = resource->facts().columns[static_cast<std::size_t>(at)].sensitivity;
    }
  }
  return out;
}

std::string with_titles(const Explanation& explained, bool denying) {
  std::string out;
  for (const Explanation::Rule& rule : explained.rules) {
    if (rule.denies != denying) continue;
    out += (out.empty() ? "" : ", ") + rule.id;
    if (rule.note != nullptr && !rule.note->title.empty()) out += " (" + rule.note->title + ")";
  }
  return out;
}

std::string summary_of(const Explanation& explained, const DecisionFacts& facts) {
  std::string out = facts.outcome.allow ? "Allowed" : "Denied";
  out += ": " + facts.action + " of " + facts.resource_kind + " '" + facts.resource_name + "' by " +
         facts.principal;
  if (facts.has_input)
    out += facts.purpose.empty() ? " without a purpose" : " for '" + facts.purpose + "'";
  const std::string rules = with_titles(explained, !facts.outcome.allow);
  if (!rules.empty()) out += "; " + rules;
  const std::size_t masked = facts.outcome.masked.size();
  if (facts.outcome.allow && masked > 0) {
    out += "; " + std::to_string(masked) + (masked == 1 ? " column" : " columns") + " masked";
  }
  return out + ".";
}

// Tries what would have been allowed.
class Search {
 public:
  Search(Retrial& retrial, const Resource& resource, Value input, WallTime at)
      : retrial_(retrial), resource_(resource), input_(input), at_(at) {}

  void run(Explanation& out) {
    const std::vector<Variation> all = variations_of(input_);
    for (const Variation& one : all) {
      if (allows({&one})) out.would_allow.push_back({one.change});
    }
    if (out.would_allow.empty()) pairs(all, out.would_allow);
    out.tried = tried_;
  }

 private:
  void pairs(const std::vector<Variation>& all, std::vector<Explanation::Changes>& out) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (std::size_t j = i + 1; j < all.size() && out.size() < kPairsShown; ++j) {
        // Of one kind the second takes the place of the first, but for who asks and the server.
        if (all[i].change.what == all[j].change.what && all[i].change.what != "region") continue;
        if (allows({&all[i], &all[j]})) out.push_back({all[i].change, all[j].change});
      }
    }
  }

  bool allows(std::initializer_list<const Variation*> changes) {
    if (tried_ == kTriesMax) return false;
    ++tried_;
    retrial_.reset();
    Value input = input_;
    for (const Variation* change : changes) change->apply(retrial_.arena(), input);
    return retrial_.decide(input, resource_, at_).allow;
  }

  Retrial& retrial_;
  const Resource& resource_;
  Value input_;
  WallTime at_;
  std::size_t tried_ = 0;
};

}  // namespace

const policy::RuleNote* note_of(const policy::Policies& policies, std::string_view rule) {
  const std::vector<const policy::RuleNote*> notes = notes_for(policies, rule);
  const auto titled = std::find_if(notes.begin(), notes.end(),
                                   [](const auto* note) { return !note->title.empty(); });
  if (titled != notes.end()) return *titled;
  return notes.empty() ? nullptr : notes.front();
}

Result<Explanation> explain(const ExplainWorld& world, const LoggedDecision& decision) {
  MC_TRY(const DecisionFacts facts, read_decision(decision));
  Explanation out;
  out.policies = world.policies == nullptr ? policy::Policies::none() : world.policies;
  std::vector<std::string> ids = facts.rules;
  for (const std::string& reason : facts.outcome.reasons) {
    if (!holds(ids, reason)) ids.push_back(reason);
  }
  for (const std::string& id : ids) {
    out.rules.push_back({id, holds(facts.outcome.reasons, id), note_of(*out.policies, id)});
  }
  term::Arena arena;
  const Resource* const resource =
      facts.has_input ? world.find(facts.resource_kind, facts.resource_name) : nullptr;
  const auto line = term::parse_json(arena, decision.json);
  Value input = line ? line->find("input") : Value();
  if (resource != nullptr) term::insert(arena, input, "resource", resource->input());
  term::freeze(input);
  out.inputs = inputs_of(out, input);
  out.masks = masks_of(facts, resource);
  out.summary = summary_of(out, facts);
  if (world.policies == nullptr) return out;
  const std::string& revision = out.policies->revision();
  out.now = Explanation::Now{revision, revision != facts.revision, std::nullopt};
  if (resource == nullptr) return out;
  Retrial retrial(world.policies, world.clock, world.random);
  out.now->outcome = retrial.decide(input, *resource, facts.at);
  out.same = *out.now->outcome == facts.outcome;
  if (!facts.outcome.allow) Search(retrial, *resource, input, facts.at).run(out);
  return out;
}

}  // namespace mc::access
