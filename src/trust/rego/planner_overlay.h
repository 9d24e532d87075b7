// What `with` replaces while the plan of a rule is made: documents of rules, and functions. A rule
// that depends on something replaced is planned once more for each overlay that matters to it.
// Private.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rego/planner_tree.h"

namespace mc::rego {

// What stands for a function.
struct Mock {
  enum class Kind : std::uint8_t {
    builtin,    // named `builtin`
    function,   // `group`
    constant,   // `constant`
    parameter,  // a value of the evaluation: passed along to each function planned so
  } kind = Kind::parameter;
  std::string builtin;
  int group = -1;
  Term constant;
};

struct Overlay {
  int id = 0;  // 0: nothing replaced
  // Where base documents stand instead; by DocNode::id.
  std::map<int, const DocNode*> hidden;
  std::map<std::string, Mock> mocks;            // by name: "count", "data.a.f"
  std::vector<std::string> parameters() const;  // of mocks, by name
};

class Overlays {
 public:
  explicit Overlays(const DocTree& tree);

  const Overlay& none() const { return all_.front(); }
  const Overlay& make(Overlay overlay);  // one object for equal ones
  // What of `overlay` matters to a group, directly or through what it uses.
  const Overlay& relevant(const Overlay& overlay, int group);
  // Of the function that stands for another: mocks do not apply within it.
  const Overlay& without_mocks(const Overlay& overlay);

 private:
  using Affected = std::vector<bool>;   // by group
  struct Uses {                         // of a group, directly
    std::vector<const DocNode*> nodes;  // documents: the node and all below
    std::set<int> functions;            // groups
    std::set<std::string> names;        // of builtins, among others
  };

  void find_uses();
  Uses uses_of(const Group& group) const;
  void note_ref(const Term& ref, Uses& uses) const;
  const Affected& affected_by_node(const DocNode& node);
  const Affected& affected_by_mock(const std::string& name);
  void spread(Affected& affected) const;

  const DocTree& tree_;
  std::deque<Overlay> all_;
  std::map<std::string, const Overlay*> by_key_;
  std::map<std::pair<int, int>, const Overlay*> relevant_;  // overlay, group
  std::vector<Uses> uses_;                                  // empty until needed
  std::vector<std::vector<int>> users_;                     // of a group: the groups that use it
  std::map<int, Affected> by_node_;
  std::map<std::string, Affected> by_mock_;
};

}  // namespace mc::rego
