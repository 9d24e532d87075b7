// yaml.unmarshal() and yaml.is_valid(): the first document of a YAML text as JSON, as sigs.k8s.io/
// yaml reads it. Aliases share what they name, so that an anchor bomb takes no memory here, and are
// counted, so that what it would unfold to is refused.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <cmath>
#include <sstream>
#include <unordered_map>
#include <vector>

#include "base/base.h"
#include "builtin/go_values.h"
#include "builtin/json.h"
#include "builtin/yaml_resolve.h"
#include "term/number.h"

namespace mc::builtin {
namespace {

constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";
constexpr int kDepthMax = 1'000;

// A value on its way, with what it unfolds to.
struct Node {
  Value value;
  double weight = 1;  // nodes in it when every alias is written out
  bool is_map = false;
  bool is_merge = false;  // the key <<
  std::string key = {};   // the name it gives as a key
  bool can_be_key = true;
};

class Reader final : public YAML::EventHandler {
 public:
  explicit Reader(Context& context) : context_(context) {}

  Value result() const { return root_.value.is_undefined() ? Value::null() : root_.value; }
  const std::string& problem() const { return problem_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    put(mark, {.value = Value::null(), .can_be_key = false}, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (!open(mark)) return;
    const auto at = anchors_.find(anchor);
    // Inside of what it names.
    if (at == anchors_.end()) return complain(mark, "anchor value contains itself");
    aliased_ += at->second.weight;
    if (is_excessive()) return complain(mark, "document contains excessive aliasing");
    Node node = at->second;
    put(mark, std::move(node), 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    if (!open(mark)) return;
    if (!is_valid_utf8(text)) return complain(mark, "invalid Unicode character");
    Node node;
    if (scalar(mark, tag, text, node)) put(mark, std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    start(mark, anchor, false);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    start(mark, anchor, true);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapEnd() override { end(); }

 private:
  struct Frame {
    Node node;
    YAML::anchor_t anchor = 0;
    YAML::Mark mark = {};
    bool has_key = false;
    Node key = {};
  };

  // False once something is wrong: the rest of the events is heard and forgotten.
  bool open(const YAML::Mark& mark) {
    if (!problem_.empty() || context_.fault) return false;
    if (!context_.spend(1)) return false;
    nodes_ += 1;
    if (frames_.size() > kDepthMax) {
      complain(mark, "exceeded max depth of " + std::to_string(kDepthMax));
      return false;
    }
    return true;
  }

  void complain(const YAML::Mark& mark, const std::string& what) {
    if (problem_.empty()) problem_ = "line " + std::to_string(mark.line + 1) + ": " + what;
  }

  // The rule of yaml.v2: small documents may consist of aliases, large ones must not.
  bool is_excessive() const {
    const double all = nodes_ + aliased_;
    if (aliased_ <= 100 || all <= 1'000) return false;
    constexpr double kSmall = 400'000;
    constexpr double kLarge = 4'000'000;
    double share = 0.99;
    if (all >= kLarge) {
      share = 0.10;
    } else if (all > kSmall) {
      share = 0.99 - (0.89 * (all - kSmall) / (kLarge - kSmall));
    }
    return aliased_ / all > share;
  }

  bool scalar(const YAML::Mark& mark, const std::string& tag, const std::string& text, Node& node) {
    const bool plain = tag == "?";
    std::string_view kind = tag;
    if (kind.starts_with(kTagPrefix)) {
      kind.remove_prefix(kTagPrefix.size());
      return tagged(mark, kind, text, node);
    }
    if (!plain) {
      set_text(node, text);
      return true;
    }
    return resolved(mark, resolve_yaml(text), text, node);
  }

  bool tagged(const YAML::Mark& mark, std::string_view tag, const std::string& text, Node& node) {
    using Kind = YamlScalar::Kind;
    if (tag == "binary") {
      const Result<std::string> bytes = from_base64(text);
      if (!bytes || !is_valid_utf8(*bytes)) {
        complain(mark, "!!binary value contains invalid base64 data");
        return false;
      }
      set_text(node, *bytes);
      return true;
    }
    YamlScalar found = resolve_yaml(text);
    const bool fits =
        (tag == "bool" && found.kind == Kind::boolean) ||
        (tag == "null" && found.kind == Kind::null) ||
        (tag == "int" && found.kind == Kind::integer) ||
        (tag == "timestamp" && found.kind == Kind::timestamp) ||
        (tag == "float" && (found.kind == Kind::floating || found.kind == Kind::integer ||
                            found.kind == Kind::not_finite));
    if (fits) return resolved(mark, found, text, node);
    if (tag == "bool" || tag == "null" || tag == "int" || tag == "timestamp" || tag == "float") {
      complain(mark, "cannot decode `" + excerpt(text) + "` as a !!" + std::string(tag));
      return false;
    }
    set_text(node, text);
    return true;
  }

  bool resolved(const YAML::Mark& mark, const YamlScalar& found, const std::string& text,
                Node& node) {
    using Kind = YamlScalar::Kind;
    switch (found.kind) {
      case Kind::text:
      case Kind::timestamp:
        set_text(node, text);
        return true;
      case Kind::merge:
        set_text(node, text);
        node.is_merge = true;
        return true;
      case Kind::null:
        node.value = Value::null();
        node.can_be_key = false;
        return true;
      case Kind::boolean:
        node.value = Value::boolean(found.flag);
        node.key = found.flag ? "true" : "false";
        return true;
      case Kind::not_finite:
        complain(mark, "json: unsupported value: " + excerpt(text));
        return false;
      case Kind::integer:
      case Kind::floating:
        break;
    }
    node.value = term::number(context_.arena, found.number);
    node.can_be_key = !found.wide;
    // Keys go through a float of 32 bits in the library.
    node.key = found.kind == Kind::integer
                   ? found.number
                   : go_float(static_cast<float>(term::to_double(node.value)));
    return true;
  }

  void set_text(Node& node, std::string_view text) {
    if (!context_.reserve(text.size())) return;
    node.value = term::string(context_.arena, text);
    node.key = text;
  }

  void start(const YAML::Mark& mark, YAML::anchor_t anchor, bool is_map) {
    if (!open(mark)) return;
    Frame frame;
    frame.anchor = anchor;
    frame.mark = mark;
    frame.node.is_map = is_map;
    frame.node.can_be_key = false;
    frame.node.value = is_map ? term::object(context_.arena) : term::array(context_.arena);
    frames_.push_back(std::move(frame));
  }

  void end() {
    if (!problem_.empty() || context_.fault || frames_.empty()) return;
    const Frame frame = std::move(frames_.back());
    frames_.pop_back();
    put(frame.mark, frame.node, frame.anchor);
  }

  // Into the open container, as a key or as a value.
  void put(const YAML::Mark& mark, Node node, YAML::anchor_t anchor) {
    if (!problem_.empty() || context_.fault) return;
    if (anchor != 0) anchors_[anchor] = node;
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = frames_.back();
    if (!frame.node.is_map) {
      frame.node.weight += node.weight;
      term::append(context_.arena, frame.node.value, node.value);
    } else if (!frame.has_key) {
      if (!node.can_be_key) return complain(mark, "unsupported map key");
      frame.has_key = true;
      frame.key = std::move(node);
    } else {
      frame.has_key = false;
      frame.node.weight += node.weight + 1;
      if (frame.key.is_merge) return merge(mark, frame.node.value, node.value);
      term::insert(context_.arena, frame.node.value, frame.key.key, node.value);
    }
  }

  // `<<: *base` or `<<: [*first, *second]`, where the first wins.
  void merge(const YAML::Mark& mark, Value& into, Value from) {
    std::vector<Value> maps;
    if (from.is_array()) {
      maps.assign(from.items().rbegin(), from.items().rend());
    } else {
      maps.push_back(from);
    }
    for (const Value map : maps) {
      if (!map.is_object()) {
        return complain(mark, "map merge requires map or sequence of maps as the value");
      }
      if (!context_.spend(static_cast<std::int64_t>(map.size()))) return;
      for (const term::Entry& entry : map.members()) {
        term::insert(context_.arena, into, entry.key, entry.value);
      }
    }
  }

  Context& context_;
  std::string problem_;
  Node root_;
  std::vector<Frame> frames_;
  std::unordered_map<YAML::anchor_t, Node> anchors_;
  double nodes_ = 0;
  double aliased_ = 0;
};

// The document, or a problem.
bool read_yaml(Context& context, std::string_view text, Value& out, std::string& problem) {
  if (!context.spend(1 + static_cast<std::int64_t>(text.size()))) return false;
  if (!context.reserve(text.size())) return false;
  Reader reader(context);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    parser.HandleNextDocument(reader);
    problem = reader.problem();
  } catch (const YAML::Exception& e) {
    problem = "line " + std::to_string(e.mark.line + 1) + ": " + e.msg;
  } catch (const std::exception& e) {
    problem = e.what();
  }
  if (context.fault || !problem.empty()) return false;
  out = reader.result();
  return true;
}

}  // namespace

Value yaml_unmarshal(Context& context, Operands operands) {
  if (!want_strings(context, operands, 1)) return {};
  Value out;
  std::string problem;
  if (read_yaml(context, operands[0].text(), out, problem)) return out;
  if (context.fault) return {};
  return context.fail("error converting YAML to JSON: yaml: " + problem);
}

Value yaml_is_valid(Context& context, Operands operands) {
  if (!operands[0].is_string()) return Value::boolean(false);
  Value out;
  std::string problem;
  const bool valid = read_yaml(context, operands[0].text(), out, problem);
  return context.fault ? Value() : Value::boolean(valid);
}

}  // namespace mc::builtin
