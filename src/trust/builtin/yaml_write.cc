// yaml.marshal(): YAML as sigs.k8s.io/yaml writes it (libyaml's emitter as in Go's yaml.v2): block
// style, sequences not indented inside mappings, texts plain where they read back as texts.
#include <algorithm>
#include <cmath>
#include <vector>

#include "builtin/go_json.h"
#include "builtin/go_values.h"
#include "builtin/json.h"
#include "builtin/patterns.h"
#include "builtin/runes.h"
#include "builtin/yaml_scalar.h"
#include "term/number.h"

namespace mc::builtin {
namespace {

constexpr int kStep = 2;  // spaces of one level

class Writer {
 public:
  Writer(Context& context, std::string& out) : context_(context), out_(out) {}

  // `in_line`: the line has been begun already, behind "- " or "? ".
  // NOLINTNEXTLINE(misc-no-recursion): bounded by kValueDepthMax
  bool write(Value value, int indent, bool in_line) {
    if (indent > kStep * kValueDepthMax) {
      context_.fail("the value is nested too deeply for YAML");
      return false;
    }
    if (!context_.spend(1 + static_cast<std::int64_t>(value.size()))) return false;
    if (!context_.reserve(out_.size())) return false;
    return value.is_object() ? mapping(value, indent, in_line) : sequence(value, indent, in_line);
  }

  void scalar(Value value, int indent, YamlPlace place) {
    const int from = column();
    switch (value.kind()) {
      case Kind::boolean:
        out_ += value.flag() ? "true" : "false";
        return;
      case Kind::number:
        out_ += number(value);
        return;
      case Kind::string:
        append_yaml_text(out_, value.text(), {.indent = indent, .column = from, .place = place});
        return;
      default:
        out_ += "null";
    }
  }

 private:
  static bool is_block(Value value) {
    return (value.is_object() || value.is_array()) && value.size() > 0;
  }

  int column() const {
    const std::size_t line = out_.rfind('\n');
    const std::size_t from = line == std::string::npos ? 0 : line + 1;
    return static_cast<int>(out_.size() - from);
  }

  static std::string number(Value value) {
    if (value.is_small()) return std::to_string(value.small());
    const std::string text = term::number_text(value);
    const YamlScalar found = resolve_yaml(text);
    if (found.kind == YamlScalar::Kind::integer) return found.number;
    const double number = term::to_double(value);
    // Beyond a float64 the library reads a text.
    return std::isfinite(number) ? go_float(number) : text;
  }

  void line(int indent) {
    if (!out_.empty() && out_.back() != '\n') out_ += '\n';
    out_.append(static_cast<std::size_t>(indent), ' ');
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kValueDepthMax
  bool mapping(Value value, int indent, bool in_line) {
    std::vector<term::Entry> members(value.members().begin(), value.members().end());
    // By heap, which no order of keys leads astray: the library's is not quite one.
    const auto less = [](const term::Entry& x, const term::Entry& y) {
      return yaml_key_less(x.key.text(), y.key.text());
    };
    std::make_heap(members.begin(), members.end(), less);
    std::sort_heap(members.begin(), members.end(), less);
    for (const term::Entry& entry : members) {
      if (!in_line) line(indent);
      in_line = false;
      const bool simple = is_simple_yaml_key(entry.key.text());
      if (!simple) out_ += "? ";
      scalar(entry.key, indent + kStep, simple ? YamlPlace::key : YamlPlace::value);
      if (!simple) line(indent);
      out_ += ':';
      if (!member(entry.value, indent, simple)) return false;
    }
    return true;
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kValueDepthMax
  bool member(Value value, int indent, bool simple) {
    if (!is_block(value)) {
      out_ += ' ';
      leaf(value, indent + kStep);
      return true;
    }
    if (!simple) {
      out_ += ' ';
      return write(value, indent + kStep, true);
    }
    return write(value, value.is_object() ? indent + kStep : indent, false);
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kValueDepthMax
  bool sequence(Value value, int indent, bool in_line) {
    for (const Value item : value.items()) {
      if (!in_line) line(indent);
      in_line = false;
      out_ += "- ";
      if (!is_block(item)) {
        leaf(item, indent + kStep);
      } else if (!write(item, indent + kStep, true)) {
        return false;
      }
    }
    return true;
  }

  void leaf(Value value, int indent) {
    if (value.is_object()) {
      out_ += "{}";
    } else if (value.is_array()) {
      out_ += "[]";
    } else {
      scalar(value, indent, YamlPlace::value);
    }
  }

  Context& context_;
  std::string& out_;
};

}  // namespace

Value yaml_marshal(Context& context, Operands operands) {
  const Value value = json_model(context, operands[0]);
  if (value.is_undefined()) return {};
  std::string out;
  Writer writer(context, out);
  if (value.is_object() || value.is_array()) {
    if (value.size() == 0) {
      out = value.is_object() ? "{}" : "[]";
    } else if (!writer.write(value, 0, false)) {
      return {};
    }
  } else {
    writer.scalar(value, kStep, YamlPlace::value);
  }
  if (out.empty() || out.back() != '\n') out += '\n';
  return checked_string(context, out);
}

}  // namespace mc::builtin
