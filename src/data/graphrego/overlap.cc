// OverlappingFieldsCanBeMerged: fields under one response name must ask for the same. Every
// comparison takes from the budget, since their number may grow with the square of the query.
#include <algorithm>
#include <utility>

#include "graphrego/validate.h"

namespace mc::graphrego {

namespace {

bool same_arguments(const std::vector<NamedLiteral>& a, const std::vector<NamedLiteral>& b) {
  if (a.size() != b.size()) return false;
  return std::all_of(a.begin(), a.end(), [&](const NamedLiteral& one) {
    return std::any_of(b.begin(), b.end(), [&](const NamedLiteral& other) {
      return one.name == other.name && one.value.kind == other.value.kind &&
             one.value.raw == other.value.raw;
    });
  });
}

}  // namespace

std::string Validator::Conflict::text() const {
  if (below.empty()) return message;
  std::string out;
  for (const Conflict& part : below) {
    out += (out.empty() ? "subfields \"" : " and subfields \"") + part.response_name +
           "\" conflict because " + part.text();
  }
  return out;
}

const Validator::Fields* Validator::Collected::find(const std::string& name) const {
  const auto at = places.find(name);
  return at == places.end() ? nullptr : &fields[at->second].second;
}

// Inline fragments are looked into, spreads are only listed.
void Validator::collect(const std::vector<Selection>& selections, Collected& found) {
  for (const Selection& selection : selections) {
    if (selection.kind == Selection::Kind::spread) {
      found.spreads.push_back(&selection);
    } else if (selection.kind == Selection::Kind::inline_fragment) {
      collect(selection.selections, found);
    } else {
      const auto [at, added] =
          found.places.try_emplace(selection.response_name(), found.fields.size());
      if (added) found.fields.emplace_back(at->first, Fields());
      found.fields[at->second].second.push_back(&selection);
    }
  }
}

Validator::Collected Validator::collect(const std::vector<Selection>& selections) {
  Collected found;
  collect(selections, found);
  return found;
}

void Validator::overlapping_fields(const std::vector<Selection>& selections) {
  if (selections.empty() || !spend(static_cast<std::int64_t>(selections.size()))) return;
  const Collected collected = collect(selections);
  Conflicts found;
  for (const auto& [name, fields] : collected.fields) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      for (std::size_t j = i + 1; j < fields.size(); ++j) {
        conflict(found, false, *fields[i], *fields[j]);
      }
    }
  }
  compared_fragments_.clear();
  for (std::size_t i = 0; i < collected.spreads.size(); ++i) {
    conflicts_with_fragment(found, false, collected, *collected.spreads[i]);
    for (std::size_t j = i + 1; j < collected.spreads.size(); ++j) {
      conflicts_between_fragments(found, false, *collected.spreads[i], *collected.spreads[j]);
    }
  }
  for (const Conflict& one : found) {
    report(one.at, "Fields \"" + one.response_name + "\" conflict because " + one.text() +
                       ". Use different aliases on the fields to fetch both if this was "
                       "intentional.");
  }
}

void Validator::conflicts_with_fragment(Conflicts& found, bool exclusive, const Collected& fields,
                                        const Selection& spread) {
  // Not recursive: fragments that spread fragments wait in a list.
  std::vector<const Selection*> waiting = {&spread};
  while (!waiting.empty() && spend()) {
    const Selection& next = *waiting.back();
    waiting.pop_back();
    if (!compared_fragments_.insert(next.name).second || next.fragment == nullptr) continue;
    const Collected other = collect(next.fragment->selections);
    if (fields.fields == other.fields) continue;  // the same selections
    conflicts_between(found, exclusive, fields, other);
    for (auto inner = other.spreads.rbegin(); inner != other.spreads.rend(); ++inner) {
      if ((*inner)->name != next.name) waiting.push_back(*inner);
    }
  }
}

void Validator::conflicts_between_fragments(Conflicts& found, bool exclusive, const Selection& a,
                                            const Selection& b) {
  std::vector<std::pair<const Selection*, const Selection*>> waiting = {{&a, &b}};
  while (!waiting.empty() && spend()) {
    const auto [one, other] = waiting.back();
    waiting.pop_back();
    if (one->name == other->name) continue;
    auto key = std::minmax(one->name, other->name);
    const std::pair<std::string, std::string> pair(key.first, key.second);
    const auto known = compared_pairs_.find(pair);
    if (known != compared_pairs_.end() && (exclusive || !known->second)) continue;
    compared_pairs_[pair] = exclusive;
    if (one->fragment == nullptr || other->fragment == nullptr) continue;
    const Collected left = collect(one->fragment->selections);
    const Collected right = collect(other->fragment->selections);
    conflicts_between(found, exclusive, left, right);
    for (auto at = left.spreads.rbegin(); at != left.spreads.rend(); ++at) {
      waiting.emplace_back(*at, other);
    }
    for (auto at = right.spreads.rbegin(); at != right.spreads.rend(); ++at) {
      waiting.emplace_back(one, *at);
    }
  }
}

Validator::Conflicts Validator::conflicts_of_subfields(bool exclusive, const Selection& a,
                                                       const Selection& b) {
  Conflicts found;
  const Collected left = collect(a.selections), right = collect(b.selections);
  conflicts_between(found, exclusive, left, right);
  for (const Selection* spread : right.spreads) {
    compared_fragments_.clear();
    conflicts_with_fragment(found, exclusive, left, *spread);
  }
  for (const Selection* spread : left.spreads) {
    compared_fragments_.clear();
    conflicts_with_fragment(found, exclusive, right, *spread);
  }
  for (const Selection* one : left.spreads) {
    for (const Selection* other : right.spreads) {
      conflicts_between_fragments(found, exclusive, *one, *other);
    }
  }
  return found;
}

void Validator::conflicts_between(Conflicts& found, bool exclusive, const Collected& a,
                                  const Collected& b) {
  if (!spend(static_cast<std::int64_t>(a.fields.size() * b.fields.size() / 16 + 1))) return;
  for (const auto& [name, fields] : a.fields) {
    const Fields* const others = b.find(name);
    if (others == nullptr) continue;
    for (const Selection* one : fields) {
      for (const Selection* other : *others) conflict(found, exclusive, *one, *other);
    }
  }
}

// Fragments that come back to themselves below a field would have no end.
void Validator::conflict(Conflicts& found, bool exclusive, const Selection& a, const Selection& b) {
  if (!spend() || a.definition == nullptr || b.definition == nullptr) return;
  if (a.parent == nullptr || b.parent == nullptr) return;
  const bool apart = exclusive || (a.parent->name != b.parent->name && a.parent->kind == "OBJECT" &&
                                   b.parent->kind == "OBJECT");
  Conflict made{"", a.response_name(), {}, b.at};
  if (!apart && a.name != b.name) {
    made.message = "\"" + a.name + "\" and \"" + b.name + "\" are different fields";
  } else if (!apart && !same_arguments(a.arguments, b.arguments)) {
    made.message = "they have differing arguments";
  } else if (types_conflict(a.definition->type, b.definition->type)) {
    made.message = "they return conflicting types \"" + a.definition->type.text() + "\" and \"" +
                   b.definition->type.text() + "\"";
  } else {
    if (++conflict_depth_ > kDepthMax) findings_.exhausted = true;
    made.below = spend() ? conflicts_of_subfields(apart, a, b) : Conflicts();
    --conflict_depth_;
    if (made.below.empty()) return;
  }
  found.push_back(std::move(made));
}

bool Validator::types_conflict(const Type& a, const Type& b) const {
  if (!a.elem.empty() && !b.elem.empty()) return types_conflict(a.elem[0], b.elem[0]);
  if (!a.elem.empty() || !b.elem.empty() || a.non_null != b.non_null) return true;
  const Definition *const left = schema_.find(a.named), *const right = schema_.find(b.named);
  if (left == nullptr || right == nullptr) return false;
  return left->is_leaf() && right->is_leaf() && left->name != right->name;
}

}  // namespace mc::graphrego
