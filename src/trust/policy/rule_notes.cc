#include "policy/rule_notes.h"

#include <map>
#include <set>

#include "term/term.h"

namespace mc::policy {
namespace {

using rego::Term;

// Names from the root of a document: {"input", "principal", "id"}, {"data", "mc", "allow"}.
using Names = std::vector<std::string>;

std::string joined(const Names& names, std::size_t from, char between) {
  std::string out;
  for (std::size_t i = from; i < names.size(); ++i) {
    if (i > from) out += between;
    out += names[i];
  }
  return out;
}

// The constant names that a ref begins with.
Names names_of(const Term& ref) {
  Names out;
  for (std::size_t i = 0; i < ref.items.size(); ++i) {
    const Term& item = ref.items[i];
    if (i > 0 && item.kind != Term::Kind::string) break;
    out.push_back(item.text);
  }
  return out;
}

// Calls f(term) for every ref, and every variable that stands alone, of a rule's head and bodies.
class Walk {
 public:
  void rule(const rego::Rule& rule) {
    for (const rego::Rule* one = &rule; one != nullptr;
         one = one->otherwise.empty() ? nullptr : &one->otherwise.front()) {
      for (const Term& argument : one->head.arguments) terms_.push_back(&argument);
      if (one->head.key) terms_.push_back(&*one->head.key);
      if (one->head.value) terms_.push_back(&*one->head.value);
      for (std::size_t i = 1; i < one->head.ref.items.size(); ++i) {
        terms_.push_back(&one->head.ref.items[i]);
      }
      push(one->body);
    }
  }

  template <class F>
  void run(const F& f) {
    while (!terms_.empty() || !exprs_.empty()) {
      if (terms_.empty()) {
        const rego::Expr* const expr = exprs_.back();
        exprs_.pop_back();
        for (const Term& term : expr->terms) terms_.push_back(&term);
        for (const rego::With& with : expr->with) terms_.push_back(&with.value);
        push(expr->body);
        continue;
      }
      const Term* const term = terms_.back();
      terms_.pop_back();
      const bool is_ref = term->kind == Term::Kind::ref;
      if (is_ref || term->kind == Term::Kind::var) f(*term);
      for (std::size_t i = is_ref ? 1 : 0; i < term->items.size(); ++i) {
        terms_.push_back(&term->items[i]);
      }
      push(term->body);
    }
  }

 private:
  void push(const rego::Body& body) {
    for (const rego::Expr& expr : body) exprs_.push_back(&expr);
  }

  std::vector<const Term*> terms_;
  std::vector<const rego::Expr*> exprs_;
};

bool calls(const Term& term, std::string_view function) {
  return term.kind == Term::Kind::call && term.items.size() > 1 &&
         term.items[0].items.size() == 1 && term.items[0].items[0].is_var(function);
}

bool is_text(const Term& term) {
  return term.kind == Term::Kind::string;
}

// What every value of `key` begins with; "" when nothing is certain.
std::string beginning_of(const Term& key) {
  if (calls(key, "concat") && key.items.size() == 3 && is_text(key.items[1]) &&
      key.items[2].kind == Term::Kind::array && !key.items[2].items.empty() &&
      is_text(key.items[2].items[0])) {
    return key.items[2].items[0].text;
  }
  if (calls(key, "sprintf") && is_text(key.items[1])) {
    return key.items[1].text.substr(0, key.items[1].text.find('%'));
  }
  if (key.kind == Term::Kind::template_string && !key.items.empty() && is_text(key.items[0])) {
    return key.items[0].text;
  }
  return "";
}

std::string id_of(const rego::Rule& rule) {
  if (rule.head.kind != rego::Head::Kind::partial_set || !rule.head.key) return "";
  if (is_text(*rule.head.key)) return rule.head.key->text;
  std::string out = beginning_of(*rule.head.key);
  if (!out.empty()) out += '*';
  return out;
}

// A rule, and what it uses itself.
struct Node {
  RuleNote note;
  std::set<std::string> inputs;
  std::set<Names> uses;
};

void annotate(const rego::Annotation& annotation, RuleNote& note) {
  const auto read = term::Document::parse(annotation.json);
  if (!read) return;
  const auto text = [&](term::Value value, std::string& out) {
    if (value.is_string()) out = value.text();
  };
  text(read->root().find("title"), note.title);
  text(read->root().find("description"), note.description);
  text(read->root().find("custom").find("id"), note.id);
}

class Notes {
 public:
  explicit Notes(const std::vector<rego::Module>& modules) {
    for (const rego::Module& module : modules) add(module);
  }

  std::vector<RuleNote> made() {
    std::vector<RuleNote> out;
    for (Node& node : nodes_) {
      const auto document = documents_.find(node.note.path);
      if (document != documents_.end()) fill(document->second, node.note);
      if (node.note.id.empty()) continue;
      node.note.inputs = reached(node);
      out.push_back(node.note);
    }
    return out;
  }

 private:
  static void fill(const RuleNote& shared, RuleNote& note) {
    if (note.title.empty()) note.title = shared.title;
    if (note.description.empty()) note.description = shared.description;
    if (note.id.empty()) note.id = shared.id;
  }

  void add(const rego::Module& module) {
    const Names package = names_of(module.package);
    std::map<std::string, Names> aliases;
    for (const rego::Import& import : module.imports) {
      const Names path = names_of(import.path);
      if (path.empty()) continue;
      aliases[import.alias.empty() ? path.back() : import.alias] = path;
    }
    for (const rego::Rule& rule : module.rules) {
      Node node;
      Names path = package;
      for (const std::string& name : names_of(rule.head.ref)) path.push_back(name);
      node.note.path = joined(path, 1, '/');
      node.note.file = module.file;
      node.note.row = rule.at.row;
      node.note.id = id_of(rule);
      for (const rego::Annotation& annotation : rule.annotations) {
        const bool shared = annotation.scope == "document";
        annotate(annotation, shared ? documents_[node.note.path] : node.note);
      }
      Walk walk;
      walk.rule(rule);
      walk.run([&](const Term& term) { use(term, package, aliases, node); });
      by_path_[node.note.path].push_back(nodes_.size());
      nodes_.push_back(std::move(node));
    }
  }

  static void use(const Term& term, const Names& package,
                  const std::map<std::string, Names>& aliases, Node& node) {
    Names names = term.kind == Term::Kind::var ? Names{term.text} : names_of(term);
    if (names.empty()) return;
    if (names[0] != "input" && names[0] != "data") {
      const auto alias = aliases.find(names[0]);
      Names whole = alias == aliases.end() ? package : alias->second;
      whole.insert(whole.end(), names.begin() + (alias == aliases.end() ? 0 : 1), names.end());
      names = std::move(whole);
    }
    if (names[0] == "input") {
      if (names.size() > 1) node.inputs.insert(joined(names, 1, '.'));
    } else {
      node.uses.insert(std::move(names));
    }
  }

  // The rules that a ref means: those at its path, or where the path goes on in a rule's value.
  const std::vector<std::size_t>* meant(Names names) const {
    for (; names.size() > 1; names.pop_back()) {
      const auto found = by_path_.find(joined(names, 1, '/'));
      if (found != by_path_.end()) return &found->second;
    }
    return nullptr;
  }

  std::vector<std::string> reached(const Node& from) const {
    std::set<std::string> inputs;
    std::set<const Node*> seen = {&from};
    std::vector<const Node*> open = {&from};
    while (!open.empty()) {
      const Node* const node = open.back();
      open.pop_back();
      inputs.insert(node->inputs.begin(), node->inputs.end());
      for (const Names& names : node->uses) {
        const std::vector<std::size_t>* const rules = meant(names);
        if (rules == nullptr) continue;
        for (const std::size_t rule : *rules) {
          if (seen.insert(&nodes_[rule]).second) open.push_back(&nodes_[rule]);
        }
      }
    }
    return {inputs.begin(), inputs.end()};
  }

  std::vector<Node> nodes_;
  std::map<std::string, std::vector<std::size_t>> by_path_;
  std::map<std::string, RuleNote> documents_;  // METADATA of scope document, by path
};

}  // namespace

bool RuleNote::is_named(std::string_view rule) const {
  if (!id.ends_with('*')) return id == rule;
  return rule.starts_with(std::string_view(id).substr(0, id.size() - 1));
}

std::vector<RuleNote> notes_of(const std::vector<rego::Module>& modules) {
  return Notes(modules).made();
}

}  // namespace mc::policy
