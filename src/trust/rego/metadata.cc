// METADATA blocks: comments that hold YAML about the package or the rule behind them.
//
// yaml-cpp builds the tree and throws; nothing of it leaves this file. Its recursion and the
// expansion of aliases are bounded before and while the tree is read.
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "json/json.h"
#include "rego/parser.h"

namespace mc::rego {
namespace {

constexpr std::size_t kBlockBytesMax = 64 << 10;
constexpr int kDepthMax = 32;
constexpr std::size_t kNodesMax = 20'000;  // with aliases written out

struct Block {
  Location at;
  std::uint32_t last_row = 0;
  std::string yaml;
};

std::string_view trim_blanks(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// A block goes on as long as comments follow line by line from the first column.
std::vector<Block> find_blocks(const std::vector<Comment>& comments) {
  std::vector<Block> blocks;
  bool open = false;
  for (const Comment& comment : comments) {
    if (open && comment.at.row == blocks.back().last_row + 1 && comment.at.column == 1) {
      std::string_view line = comment.text;
      if (line.starts_with(' ')) line.remove_prefix(1);
      blocks.back().yaml.append(line).append("\n");
      blocks.back().last_row = comment.at.row;
      continue;
    }
    open = trim_blanks(comment.text).starts_with("METADATA");
    if (open) blocks.push_back({comment.at, comment.at.row, ""});
  }
  return blocks;
}

// yaml-cpp recurses on brackets, deeper indents, and the marks a line begins with.
bool nests_too_deep(std::string_view yaml) {
  std::vector<std::size_t> indents;
  int brackets = 0;
  for (const std::string_view line : split(yaml, '\n')) {
    const std::size_t indent = line.find_first_not_of(' ');
    if (indent == std::string_view::npos) continue;
    while (!indents.empty() && indents.back() >= indent) indents.pop_back();
    indents.push_back(indent);
    const std::size_t text = std::min(line.find_first_not_of("-?: ", indent), line.size());
    const auto marks = line.substr(indent, text - indent);
    for (const char c : line) {
      if (c == '[' || c == '{') ++brackets;
      if ((c == ']' || c == '}') && brackets > 0) --brackets;
    }
    if (brackets > 2 * kDepthMax || marks.size() > 4 * kDepthMax || indents.size() > kDepthMax) {
      return true;
    }
  }
  return false;
}

// Plain scalars by YAML's core schema.
json::Value resolve_plain(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
    return nullptr;
  }
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  const bool starts_as_number = text.find_first_of("0123456789") <= 2;
  if (!starts_as_number) return text;
  const char* const begin = text.data() + (text[0] == '+' ? 1 : 0);
  const char* const end = text.data() + text.size();
  const auto based = [&](int base) -> std::optional<std::int64_t> {
    std::int64_t number = 0;
    const char* const digits = base == 10 ? begin : begin + 2;
    const auto [stop, problem] = std::from_chars(digits, end, number, base);
    if (problem != std::errc() || stop != end) return std::nullopt;
    return number;
  };
  const std::string_view sign(begin, static_cast<std::size_t>(end - begin));
  const int base = sign.starts_with("0x") ? 16 : sign.starts_with("0o") ? 8 : 10;
  if (const std::optional<std::int64_t> number = based(base)) return *number;
  double real = 0;
  const auto [stop, problem] = std::from_chars(begin, end, real);
  if (problem == std::errc() && stop == end) return real;
  return text;
}

// Turns nodes into JSON, and says what is wrong with the first that is.
class Reader {
 public:
  const std::string& problem() const { return problem_; }
  int line() const { return line_; }  // of the problem, from 0 in the block

  json::Value any(const YAML::Node& node, int depth = 0) {
    if (depth > kDepthMax || ++nodes_ > kNodesMax) {
      refuse(node, "nested too deep or too large");
      return nullptr;
    }
    if (node.IsScalar()) {
      return node.Tag() == "!" ? json::Value(node.Scalar()) : resolve_plain(node.Scalar());
    }
    if (node.IsSequence()) {
      json::Array items;
      for (const auto& item : node) items.push_back(any(item, depth + 1));
      return items;
    }
    if (!node.IsMap()) return nullptr;
    json::Object members;
    for (const auto& entry : node) {
      if (!problem_.empty()) break;
      if (!entry.first.IsScalar()) {
        refuse(entry.first, "invalid map key type(s)");
        break;
      }
      members.set(entry.first.Scalar(), any(entry.second, depth + 1));
    }
    return members;
  }

  std::string text(const YAML::Node& node, const char* key) {
    if (!node.IsDefined() || node.IsNull()) return "";
    if (node.IsScalar()) return node.Scalar();
    refuse(node, std::string("'") + key + "' must be a string");
    return "";
  }

  bool flag(const YAML::Node& node, const char* key) {
    if (!node.IsDefined() || node.IsNull()) return false;
    bool flag = false;
    if (!node.IsScalar() || !YAML::convert<bool>::decode(node, flag)) {
      refuse(node, std::string("'") + key + "' must be a boolean");
    }
    return flag;
  }

  // Calls read(item) for each item of a list.
  template <class Read>
  json::Array list(const YAML::Node& node, const char* key, Read read) {
    json::Array items;
    if (!node.IsDefined() || node.IsNull()) return items;
    if (!node.IsSequence()) {
      refuse(node, std::string("'") + key + "' must be a list");
      return items;
    }
    for (const auto& item : node) {
      items.push_back(read(item));
      if (!problem_.empty()) break;
    }
    return items;
  }

  void refuse(const YAML::Node& node, std::string what) {
    if (!problem_.empty()) return;
    problem_ = std::move(what);
    line_ = node.Mark().is_null() ? 0 : node.Mark().line;
  }

 private:
  std::string problem_;
  int line_ = 0;
  std::size_t nodes_ = 0;
};

std::string member_text(const json::Value& value, std::string_view key) {
  const json::Value* member = value.find(key);
  const std::string* text = member == nullptr ? nullptr : member->as_string();
  return text == nullptr ? "" : std::string(trim_blanks(*text));
}

// "Jane Doe <jane@example.com>", or a map of name and email.
json::Value read_author(Reader& in, const YAML::Node& node) {
  const json::Value value = in.any(node);
  std::string name;
  std::string email;
  if (const std::string* text = value.as_string()) {
    std::string_view rest = trim_blanks(*text);
    if (rest.empty()) in.refuse(node, "invalid author definition: author is an empty string");
    std::string_view last = rest.substr(rest.find_last_of(" \t") + 1);
    if (last.size() >= 2 && last.front() == '<' && last.back() == '>') {
      rest.remove_suffix(last.size());
      email = last.substr(1, last.size() - 2);
    }
    name = trim_blanks(rest);
  } else if (value.as_object() != nullptr) {
    name = member_text(value, "name");
    email = member_text(value, "email");
    if (name.empty() && email.empty()) {
      in.refuse(node, "invalid author definition: 'name' and/or 'email' values required in object");
    }
  } else {
    in.refuse(node, "invalid author definition: invalid value type, must be string or map");
  }
  json::Object author;
  if (!name.empty()) author.set("name", name);
  if (!email.empty()) author.set("email", email);
  return author;
}

json::Value read_resource(Reader& in, const YAML::Node& node) {
  const json::Value value = in.any(node);
  json::Object resource;
  if (const std::string* text = value.as_string()) {
    if (text->empty()) {
      in.refuse(node, "invalid related-resource definition: ref URL may not be empty string");
    }
    resource.set("ref", *text);
  } else if (value.as_object() != nullptr) {
    const std::string ref = member_text(value, "ref");
    const std::string description = member_text(value, "description");
    if (ref.empty()) {
      in.refuse(node, "invalid related-resource definition: 'ref' value required in object");
    }
    resource.set("ref", ref);
    if (!description.empty()) resource.set("description", description);
  } else {
    in.refuse(node,
              "invalid related-resource definition: invalid value type, must be string or map");
  }
  return resource;
}

// "data.a.b" as ["data", "a", "b"]; empty when `text` is no reference.
json::Array ref_array(const std::string& text) {
  json::Array names;
  const Checked<Body> body = parse_query(text);
  if (!body || body->size() != 1 || body->front().kind != Expr::Kind::term) return names;
  const Term& term = body->front().terms[0];
  if (term.kind == Term::Kind::var) names.emplace_back(term.text);
  if (term.kind != Term::Kind::ref) return names;
  for (const Term& item : term.items) {
    const bool is_name = item.kind == Term::Kind::string || item.kind == Term::Kind::var;
    names.emplace_back(is_name ? item.text : to_text(item));
  }
  return names;
}

// - input.user: schema.user, or a schema written out
json::Value read_schema(Reader& in, const YAML::Node& node) {
  json::Object schema;
  if (!node.IsMap() || node.size() == 0) {
    in.refuse(node, "invalid schema declaration");
    return schema;
  }
  const auto entry = *node.begin();
  const std::string key = in.text(entry.first, "schemas");
  json::Array path = ref_array(key);
  if (path.empty()) in.refuse(node, "invalid document reference");
  schema.set("path", std::move(path));
  if (entry.second.IsMap()) {
    schema.set("definition", in.any(entry.second));
    return schema;
  }
  json::Array names = ref_array(entry.second.IsScalar() ? entry.second.Scalar() : "");
  if (names.empty() || names[0] != json::Value("schema")) {
    in.refuse(node, entry.second.IsScalar()
                        ? "invalid schema reference"
                        : "invalid schema declaration for path \"" + key + "\"");
  }
  schema.set("schema", std::move(names));
  return schema;
}

struct Metadata {
  std::string scope;
  bool entrypoint = false;
  json::Object json;  // without the scope
};

void set_text(json::Object& out, const char* key, std::string text) {
  if (!text.empty()) out.set(key, std::move(text));
}
void set_list(json::Object& out, const char* key, json::Array list) {
  if (!list.empty()) out.set(key, std::move(list));
}

Metadata read_metadata(Reader& in, const YAML::Node& node) {
  Metadata metadata;
  if (node.IsNull()) return metadata;
  if (!node.IsMap()) {
    in.refuse(node, "a METADATA block must be a map");
    return metadata;
  }
  metadata.scope = in.text(node["scope"], "scope");
  metadata.entrypoint = in.flag(node["entrypoint"], "entrypoint");
  json::Object& out = metadata.json;
  set_text(out, "title", in.text(node["title"], "title"));
  set_text(out, "description", in.text(node["description"], "description"));
  if (metadata.entrypoint) out.set("entrypoint", true);
  set_list(out, "organizations",
           in.list(node["organizations"], "organizations", [&](const YAML::Node& item) {
             return json::Value(in.text(item, "organizations"));
           }));
  set_list(out, "related_resources",
           in.list(node["related_resources"], "related_resources",
                   [&](const YAML::Node& item) { return read_resource(in, item); }));
  set_list(out, "authors", in.list(node["authors"], "authors", [&](const YAML::Node& item) {
    return read_author(in, item);
  }));
  set_list(out, "schemas", in.list(node["schemas"], "schemas", [&](const YAML::Node& item) {
    return read_schema(in, item);
  }));
  if (const YAML::Node custom = node["custom"]; custom.IsDefined() && !custom.IsNull()) {
    if (!custom.IsMap()) in.refuse(custom, "'custom' must be a map");
    json::Value value = in.any(custom);
    if (value.as_object() != nullptr && !value.as_object()->empty()) {
      out.set("custom", std::move(value));
    }
  }
  return metadata;
}

// Empty, with a diagnostic, when the block is no metadata.
std::optional<Metadata> parse_block(const Block& block, std::vector<Diagnostic>& errors) {
  const auto refuse = [&](int line, const std::string& what) {
    Location at = block.at;
    at.row =
        std::min(block.at.row + 1 + static_cast<std::uint32_t>(std::max(0, line)), block.last_row);
    errors.push_back({"rego_parse_error", what, "", at});
    return std::nullopt;
  };
  if (trim_blanks(block.yaml).empty()) {
    return refuse(-1, "expected METADATA block, found whitespace");
  }
  if (block.yaml.size() > kBlockBytesMax) {
    return refuse(
        0, "a METADATA block must have at most " + std::to_string(kBlockBytesMax) + " bytes");
  }
  if (nests_too_deep(block.yaml)) return refuse(0, "yaml: nested too deep");
  try {
    Reader in;
    const Metadata metadata = read_metadata(in, YAML::Load(block.yaml));
    if (in.problem().empty()) return metadata;
    return refuse(in.line(), in.problem());
  } catch (const YAML::Exception& e) {
    const int line = e.mark.is_null() ? 0 : e.mark.line;
    return refuse(line, "yaml: line " + std::to_string(line + 1) + ": " + e.msg);
  } catch (const std::exception& e) {
    return refuse(0, std::string("yaml: ") + e.what());
  }
}

enum class Node : std::uint8_t { none, package, import, rule };

// What stands first behind `row`.
Node node_behind(const Module& module, std::uint32_t row, std::size_t& rule) {
  std::uint32_t best = UINT32_MAX;
  Node node = Node::none;
  const auto offer = [&](const Location& at, Node kind) {
    if (at.row <= row || at.row >= best) return false;
    best = at.row;
    node = kind;
    return true;
  };
  offer(module.package_at, Node::package);
  for (const Import& import : module.imports) offer(import.at, Node::import);
  // Rules are in the order of the text.
  const auto next = std::upper_bound(module.rules.begin(), module.rules.end(), row,
                                     [](std::uint32_t r, const Rule& x) { return r < x.at.row; });
  if (next != module.rules.end() && offer(next->at, Node::rule)) {
    rule = static_cast<std::size_t>(next - module.rules.begin());
  }
  return node;
}

std::string_view node_name(Node node) {
  switch (node) {
    case Node::package:
      return "package";
    case Node::import:
      return "import";
    case Node::rule:
      return "rule";
    case Node::none:
      break;
  }
  return "";
}

// Empty, or why `scope` cannot stand before `node`.
std::string check_scope(const Metadata& metadata, Node node) {
  const bool of_rule = metadata.scope == "rule" || metadata.scope == "document";
  const bool of_package = metadata.scope == "package" || metadata.scope == "subpackages";
  if (!of_rule && !of_package) {
    return "invalid annotation scope '" + metadata.scope +
           "'. Use one of 'rule', 'document', 'package', or 'subpackages'";
  }
  if (of_rule != (node == Node::rule) || of_package != (node == Node::package)) {
    return "annotation scope '" + metadata.scope + "' must be applied to " +
           (of_rule ? "rule" : "package") +
           (node == Node::none ? "" : " (have " + std::string(node_name(node)) + ")");
  }
  if (metadata.entrypoint && metadata.scope != "document" && metadata.scope != "package") {
    return "annotation entrypoint applied to non-document or package scope '" + metadata.scope +
           "'";
  }
  return "";
}

// The operands of a head up to the first that is no constant.
bool same_ground_prefix(const Term& a, const Term& b) {
  const auto length = [](const Term& ref) {
    std::size_t n = 1;
    while (n < ref.items.size() && ref.items[n].kind != Term::Kind::var &&
           ref.items[n].items.empty()) {
      ++n;
    }
    return n;
  };
  const std::size_t n = length(a);
  return n == length(b) &&
         std::equal(a.items.begin(), a.items.begin() + static_cast<std::ptrdiff_t>(n),
                    b.items.begin(), [](const Term& x, const Term& y) { return equal(x, y); });
}

void attach(Module& module, const Annotation& annotation, Node node, std::size_t rule) {
  if (node == Node::package) {
    module.annotations.push_back(annotation);
  } else if (annotation.scope == "rule") {
    module.rules[rule].annotations.push_back(annotation);
  } else {
    const Term target = module.rules[rule].head.ref;
    for (Rule& candidate : module.rules) {
      if (same_ground_prefix(candidate.head.ref, target)) {
        candidate.annotations.push_back(annotation);
      }
    }
  }
}

}  // namespace

void attach_annotations(Module& module, std::vector<Diagnostic>& errors) {
  for (const Block& block : find_blocks(module.comments)) {
    std::optional<Metadata> metadata = parse_block(block, errors);
    if (!metadata) continue;
    std::size_t rule = 0;
    const Node node = node_behind(module, block.at.row, rule);
    if (metadata->scope.empty()) {
      const std::string of_rule = metadata->entrypoint ? "document" : "rule";
      metadata->scope = node == Node::rule ? of_rule : std::string(node_name(node));
    }
    if (std::string problem = check_scope(*metadata, node); !problem.empty()) {
      errors.push_back({"rego_parse_error", std::move(problem), "", block.at});
      continue;
    }
    metadata->json.set("scope", metadata->scope);
    attach(module, {metadata->scope, json::print(metadata->json), block.at}, node, rule);
  }
}

}  // namespace mc::rego
