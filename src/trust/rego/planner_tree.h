// The documents that rules define, as the planner sees them: packages and rule names as a tree, and
// for every rule name the group of rules that becomes one function of the plan. Private.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "rego/compiler.h"

namespace mc::rego {

using Path = std::vector<std::string>;  // {"data", "a", "p"}

// A rule and the operands its ref has beyond the path of its group: x and "r" of p[x].r.
struct GroupRule {
  const Rule* rule = nullptr;
  std::vector<Term> keys;
};

struct DocNode;

// What becomes one function.
struct Group {
  enum class Kind : std::uint8_t {
    complete,  // rules with one value
    set,       // p contains x
    object,    // rules whose refs go on past the group's path; the values are built below an object
    function,  // rules with arguments
    extent,    // a package: all its rules over the base documents
  };
  Kind kind = Kind::complete;
  Path path;
  std::vector<GroupRule> rules;  // defaults not among them, but for kind object
  const Rule* default_rule = nullptr;
  const DocNode* node = nullptr;  // of extent
};

// Nodes are numbered in preorder: those below a node are [id + 1, end).
struct DocNode {
  std::map<std::string, DocNode> children;  // none below a node that is a rule
  int id = 0, end = 0;
  int group = -1;              // the rule, or the extent of the package
  bool is_rule = false;        // the group computes the whole value
  bool has_functions = false;  // a function is named directly below
  bool holds(const DocNode& other) const { return id <= other.id && other.id < end; }
};

class DocTree {
 public:
  explicit DocTree(const RuleTree& rules);
  DocTree(const DocTree&) = delete;
  DocTree& operator=(const DocTree&) = delete;

  const DocNode& root() const { return root_; }  // data
  const Group& group(int id) const { return groups_[static_cast<std::size_t>(id)]; }
  int size() const { return static_cast<int>(groups_.size()); }
  // The group of a function; -1 when `path` names none.
  int find_function(const Path& path) const;
  // The node a path of strings leads to, or the rule it leads into; null when there is neither.
  // `exact`: whether the path ends at the node.
  const DocNode* find(const Path& path, bool& exact) const;

 private:
  bool find_documents(const RuleTree& from);
  void build(const RuleTree& from, DocNode& to, Path& path);
  void fill(const RuleTree& from, Group& group);
  void gather(const RuleTree& from, std::vector<std::string>& below, Group& into);
  void add_functions(const RuleTree& from, Path& path);
  void number(DocNode& node, int& next);

  DocNode root_;
  std::deque<Group> groups_;
  std::map<Path, int> functions_;
  std::set<const RuleTree*> documents_;  // that are or hold a package or a rule without arguments
};

// "data.a["b c"]": how a path is written in Rego.
std::string path_text(const Path& path);

}  // namespace mc::rego
