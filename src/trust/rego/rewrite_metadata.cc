// rego.metadata.rule() is the annotations of the rule it stands in, rego.metadata.chain() those of
// the rule, its document, its package and the packages around, from the inside out.
#include <algorithm>

#include "rego/rewrite.h"

namespace mc::rego {

using Kind = Term::Kind;

namespace {

constexpr std::string_view kChain = "rego.metadata.chain";
constexpr std::string_view kRule = "rego.metadata.rule";

Term object_term(const Location& at) {
  Term object;
  object.kind = Kind::object;
  object.at = at;
  return object;
}

Term to_term(term::Value value, const Location& at) {
  Term term;
  term.at = at;
  switch (value.kind()) {
    case term::Kind::boolean:
      term.kind = Kind::boolean;
      term.flag = value.flag();
      break;
    case term::Kind::number:
      term.kind = Kind::number;
      term.text = term::to_json(value);
      break;
    case term::Kind::string:
      return make_string(std::string(value.text()), at);
    case term::Kind::array:
      term.kind = Kind::array;
      for (const term::Value item : value.items()) term.items.push_back(to_term(item, at));
      break;
    case term::Kind::object:
      term.kind = Kind::object;
      for (const term::Entry& entry : value.members()) {
        term.items.push_back(to_term(entry.key, at));
        term.items.push_back(to_term(entry.value, at));
      }
      break;
    default:
      break;
  }
  return term;
}

Term annotation_term(const Annotation& annotation, const Location& at) {
  term::Arena arena;
  const Result<term::Value> value = term::parse_json(arena, annotation.json);
  return value ? to_term(*value, at) : object_term(at);
}

bool is_before(const Location& a, const Location& b) {
  if (a.file != b.file) return a.file < b.file;
  return a.row != b.row ? a.row < b.row : a.column < b.column;
}

class Metadata {
 public:
  explicit Metadata(Compilation& c) : c_(c) {}

  void branch(const Module& module, Rule& branch, bool is_else) {
    const Location* chain_at = nullptr;
    const Location* rule_at = nullptr;
    const auto find = [&](const Expr& expr) {
      if (chain_at == nullptr && expr.is_call(kChain)) chain_at = &expr.at;
      if (rule_at == nullptr && expr.is_call(kRule)) rule_at = &expr.at;
      return true;
    };
    each_head_term(branch.head, [&](const Term& term) { visit_exprs(term, find); });
    visit_exprs(branch.body, find);
    if (chain_at == nullptr && rule_at == nullptr) return;

    const Rule* const annotated = is_else ? nullptr : &branch;
    Body before;
    chain_.clear();
    rule_.clear();
    if (chain_at != nullptr) {
      Term value = chain(module, branch, annotated, *chain_at);
      lift(c_, value, before);
      chain_ = value.text;
    }
    if (rule_at != nullptr) {
      const std::vector<const Annotation*> own = rule_annotations(annotated);
      Term value = own.empty() ? object_term(*rule_at) : annotation_term(*own[0], *rule_at);
      lift(c_, value, before);
      rule_ = value.text;
    }
    const auto replace = [&](Expr& expr) {
      this->replace(expr);
      return true;
    };
    each_head_term(branch.head, [&](Term& term) { visit_exprs(term, replace); });
    visit_exprs(branch.body, replace);
    branch.body.insert(branch.body.begin(), std::make_move_iterator(before.begin()),
                       std::make_move_iterator(before.end()));
  }

 private:
  void replace(Expr& expr) {
    const bool chain = expr.is_call(kChain);
    if (!chain && !expr.is_call(kRule)) return;
    Term local = make_var(chain ? chain_ : rule_, expr.at);
    if (expr.terms.size() > 1) {
      expr.terms[0] = function_ref("eq", expr.at);
      expr.terms.resize(2);
      expr.terms.push_back(std::move(local));
    } else {
      expr.kind = Expr::Kind::term;
      expr.terms[0] = std::move(local);
    }
    expr.generated = true;
  }

  // Those of the rule's own scope, the closest first.
  static std::vector<const Annotation*> rule_annotations(const Rule* rule) {
    std::vector<const Annotation*> own;
    if (rule == nullptr) return own;
    for (const Annotation& annotation : rule->annotations) {
      if (annotation.scope == "rule") own.push_back(&annotation);
    }
    std::sort(own.begin(), own.end(),
              [](const Annotation* a, const Annotation* b) { return is_before(b->at, a->at); });
    return own;
  }

  static std::vector<std::string> rule_path(const Module& module, const Rule& rule) {
    std::vector<std::string> path = path_of(module.package);
    for (std::size_t i = 0; i < rule.head.ref.items.size(); ++i) {
      const Term& item = rule.head.ref.items[i];
      if (i > 0 && item.kind != Kind::string) break;
      path.push_back(item.text);
    }
    return path;
  }

  static Term link(const std::vector<std::string>& path, const Annotation* annotation,
                   const Location& at) {
    Term array;
    array.kind = Kind::array;
    array.at = at;
    for (std::size_t i = 1; i < path.size(); ++i) array.items.push_back(make_string(path[i], at));
    Term object = object_term(at);
    if (annotation != nullptr) {
      object.items.push_back(make_string("annotations", at));
      object.items.push_back(annotation_term(*annotation, at));
    }
    object.items.push_back(make_string("path", at));
    object.items.push_back(std::move(array));
    return object;
  }

  Term chain(const Module& module, const Rule& branch, const Rule* annotated,
             const Location& at) const {
    Term links;
    links.kind = Kind::array;
    links.at = at;
    const std::vector<std::string> path = rule_path(module, branch);
    const std::vector<const Annotation*> own = rule_annotations(annotated);
    for (const Annotation* const annotation : own) {
      links.items.push_back(link(path, annotation, at));
    }
    if (own.empty()) links.items.push_back(link(path, nullptr, at));
    if (const Annotation* const document = document_annotation(path)) {
      links.items.push_back(link(path, document, at));
    }
    std::vector<std::string> package = path_of(module.package);
    if (const Annotation* const found = package_annotation(package, "package")) {
      links.items.push_back(link(package, found, at));
    }
    for (; !package.empty(); package.pop_back()) {
      if (const Annotation* const found = package_annotation(package, "subpackages")) {
        links.items.push_back(link(package, found, at));
      }
    }
    return links;
  }

  const Annotation* document_annotation(const std::vector<std::string>& path) const {
    for (const Module& module : c_.modules) {
      for (const Rule& rule : module.rules) {
        for (const Annotation& annotation : rule.annotations) {
          if (annotation.scope == "document" && rule_path(module, rule) == path) {
            return &annotation;
          }
        }
      }
    }
    return nullptr;
  }

  const Annotation* package_annotation(const std::vector<std::string>& package,
                                       std::string_view scope) const {
    for (const Module& module : c_.modules) {
      for (const Annotation& annotation : module.annotations) {
        if (annotation.scope == scope && path_of(module.package) == package) return &annotation;
      }
    }
    return nullptr;
  }

  Compilation& c_;
  std::string chain_, rule_;  // the locals that hold the values, in the present branch
};

}  // namespace

void rewrite_metadata(Compilation& c) {
  Metadata metadata(c);
  for (Module& module : c.modules) {
    for (Rule& rule : module.rules) {
      each_branch(rule, [&](Rule& branch) { metadata.branch(module, branch, &branch != &rule); });
    }
  }
}

}  // namespace mc::rego
