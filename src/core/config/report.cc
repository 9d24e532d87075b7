// What people ask of a configuration: show, explain, diff, names, secrets.
#include <functional>

#include "config/config.h"
#include "config/yaml.h"

namespace mc::config {
namespace {

using json::Kind;
using json::Shape;
using json::Value;

void collect_paths(const Shape& shape, const std::string& prefix, std::vector<std::string>& out) {
  for (const json::FieldShape& field : shape.fields) {
    const std::string path = prefix + std::string(field.name);
    if (field.shape().kind == Kind::object) {
      collect_paths(field.shape(), path + ".", out);
    } else {
      out.push_back(path);
    }
  }
}

// Plain when no YAML reader can take it for anything but this text.
std::string scalar(const Value& value) {
  const std::string* text = value.as_string();
  if (text == nullptr) return json::print(value);
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  bool plain = !text->empty() && letter((*text)[0]) && text->size() > 3;
  for (const char c : *text) {
    plain = plain &&
            (letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '/' || c == '-');
  }
  const std::string lower = to_lower(*text);
  if (plain && lower != "true" && lower != "false" && lower != "null") return *text;
  // JSON strings are double-quoted YAML scalars.
  return json::print(value);
}

bool is_nested(const Value& value) {
  if (const json::Object* object = value.as_object()) return !object->empty();
  if (const json::Array* array = value.as_array()) return !array->empty();
  return false;
}

void show_value(const Effective& effective, const Value& value, const std::string& path,
                std::size_t indent, std::string& out) {
  const std::string margin(indent, ' ');
  const auto comment = [&](const std::string& at) {
    const Origin origin = effective.origin(at);
    return origin.layer == Layer::standard ? std::string() : "  # " + origin.where;
  };
  if (const json::Array* array = value.as_array()) {
    for (const Value& entry : *array) {
      out += margin + "- " + (is_nested(entry) ? json::print(entry) : scalar(entry)) + "\n";
    }
    return;
  }
  for (const json::Member& member : value.as_object()->members()) {
    std::string below = path;
    json::append_key(below, member.name);
    const std::string dotted = below.substr(2);
    out += margin + scalar(Value(member.name)) + ":";
    if (!is_nested(member.value)) {
      out += " " + scalar(member.value) + comment(dotted) + "\n";
    } else {
      out += (member.value.as_array() != nullptr ? comment(dotted) : "") + "\n";
      show_value(effective, member.value, below, indent + 2, out);
    }
  }
}

std::string bound_text(Kind kind, const json::Bound& bound) {
  if (kind == Kind::duration) return format_duration(Nanos{bound.whole});
  if (kind != Kind::number) return std::to_string(bound.whole);
  std::string out;
  json::append_double(out, bound.real);
  return out;
}

std::string joined(const std::vector<std::string_view>& names) {
  std::string out;
  for (const std::string_view name : names) (out += out.empty() ? "" : ", ") += name;
  return out;
}

std::string type_text(const Shape& shape, const json::Rules& rules) {
  std::string out = shape.kind == Kind::choice ? "one of " + joined(shape.choices)
                                               : std::string(json::kind_name(shape.kind));
  if (shape.kind == Kind::list) out += " of " + type_text(shape.element(), json::Rules{});
  if (shape.kind == Kind::map) out += " of " + type_text(shape.element(), json::Rules{});
  const std::vector<std::string_view> allowed = json::allowed_of(rules);
  if (!allowed.empty()) out += ", one of " + joined(allowed);
  const bool counted =
      shape.kind == Kind::text || shape.kind == Kind::list || shape.kind == Kind::map;
  const std::string unit = !counted ? "" : shape.kind == Kind::text ? " bytes" : " entries";
  json::Rules known = rules;
  if (shape.kind == Kind::integer) {
    if (!known.min.set && shape.min != INT64_MIN) known.min = shape.min;
    if (!known.max.set && shape.max != INT64_MAX) known.max = shape.max;
  }
  if (known.min.set) out += ", at least " + bound_text(shape.kind, known.min) + unit;
  if (known.max.set) out += ", at most " + bound_text(shape.kind, known.max) + unit;
  if (rules.secret) out += ", a secret: only as file:/path";
  if (rules.required) out += ", required";
  if (shape.optional) out += ", may be empty";
  return out;
}

// What stands at a dotted path.
struct Spot {
  const Shape* shape = nullptr;
  json::Rules rules;
  std::string_view help;
  const Value* value = nullptr;
  Value standard;
  bool in_map = false;  // no variable reaches it
};

Result<Spot> find_spot(const Effective& effective, std::string_view path) {
  Spot spot;
  spot.shape = &effective.shape();
  spot.value = &effective.tree();
  spot.standard = spot.shape->standard();
  std::string so_far;
  for (const std::string_view step : split(path, '.')) {
    const std::string prefix = so_far.empty() ? "" : so_far + ".";
    so_far = prefix + std::string(step);
    const bool in_map = spot.shape->kind == Kind::map;
    const json::FieldShape* field =
        spot.shape->kind == Kind::object ? spot.shape->find(step) : nullptr;
    const Value* below = spot.value == nullptr ? nullptr : spot.value->find(step);
    if (field == nullptr && (!in_map || below == nullptr)) {
      std::vector<std::string_view> names;
      for (const json::FieldShape& known : spot.shape->fields) names.push_back(known.name);
      const std::string_view near = json::nearest(step, names);
      std::string what = "no key '" + excerpt(so_far) + "'";
      if (!near.empty()) what += "; did you mean '" + prefix + std::string(near) + "'?";
      return fail(Code::not_found, std::move(what));
    }
    const Value* standard = spot.standard.find(step);
    Value next = standard == nullptr ? Value() : *standard;
    if (in_map) next = spot.shape->element().standard();
    spot.standard = std::move(next);
    spot.in_map = spot.in_map || in_map;
    spot.shape = in_map ? &spot.shape->element() : &field->shape();
    spot.rules = in_map ? json::Rules{} : field->rules;
    spot.help = in_map ? std::string_view() : field->help;
    spot.value = below;
  }
  return spot;
}

using Leaves = std::map<std::string, std::string>;

void collect_leaves(const Value& value, const std::string& path, Leaves& out) {
  const json::Object* object = value.as_object();
  if (object == nullptr || (object->empty() && path != "$")) {
    out[path.substr(path.size() > 2 ? 2 : 0)] = json::print(value);
    return;
  }
  for (const json::Member& member : object->members()) {
    std::string below = path;
    json::append_key(below, member.name);
    collect_leaves(member.value, below, out);
  }
}

}  // namespace

Origin Effective::origin(std::string_view path) const {
  const std::string full = "$." + std::string(path);
  for (std::string_view at = full; at.size() > 1; at = detail::parent_of(at)) {
    const auto found = origins_.find(std::string(at));
    if (found != origins_.end()) return found->second;
  }
  return Origin{Layer::standard, "default"};
}

std::string show(const Effective& effective) {
  std::string out;
  show_value(effective, effective.tree(), "$", 0, out);
  return out;
}

Result<std::string> explain(const Effective& effective, std::string_view path) {
  MC_TRY(Spot spot, find_spot(effective, path));
  std::string out(path);
  out += '\n';
  const auto line = [&](std::string_view name, std::string_view text) {
    if (text.empty()) return;
    out.append("  ").append(name).append(10 - name.size(), ' ').append(text).append("\n");
  };
  line("help", spot.help);
  line("type", type_text(*spot.shape, spot.rules));
  if (spot.shape->kind == Kind::object) {
    std::vector<std::string_view> names;
    for (const json::FieldShape& field : spot.shape->fields) names.push_back(field.name);
    line("keys", joined(names));
    return out;
  }
  line("value", spot.value == nullptr ? "none" : json::print(*spot.value));
  line("origin", effective.origin(path).where);
  if (!spot.rules.required) {
    line("default", spot.standard.is_null() ? "none" : json::print(spot.standard));
  }
  if (!spot.in_map) line("variable", variable_name(path));
  return out;
}

std::vector<Change> diff(const Effective& before, const Effective& after) {
  Leaves old_leaves;
  Leaves new_leaves;
  collect_leaves(before.tree(), "$", old_leaves);
  collect_leaves(after.tree(), "$", new_leaves);
  std::map<std::string, Change> changes;
  for (const auto& [path, text] : old_leaves) changes[path] = Change{path, text, ""};
  for (const auto& [path, text] : new_leaves) {
    Change& change = changes[path];
    change.path = path;
    change.after = text;
  }
  std::vector<Change> out;
  for (auto& [path, change] : changes) {
    if (change.before != change.after) out.push_back(std::move(change));
  }
  return out;
}

std::string variable_name(std::string_view path) {
  std::string out = "MC_";
  for (const char c : path) {
    const bool lower = c >= 'a' && c <= 'z';
    const bool kept = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
    out += lower ? static_cast<char>(c - 'a' + 'A') : kept ? c : '_';
  }
  return out;
}

std::vector<std::string> paths(const Shape& shape) {
  std::vector<std::string> out;
  collect_paths(shape, "", out);
  return out;
}

Result<Secret> read_secret(sys::Files& files, const std::string& reference, std::size_t bytes_max) {
  constexpr std::string_view kScheme = "file:";
  // The text may be the secret itself, so no message quotes it.
  if (!reference.starts_with("file:/")) {
    return fail(Code::invalid, "is a secret: give the file that holds it, as file:/path");
  }
  const std::string path = reference.substr(kScheme.size());
  Result<std::string> bytes = files.read_all(path, bytes_max);
  if (!bytes) return fail(bytes.error().code, "cannot be read: " + bytes.error().what);
  if (bytes->ends_with('\n')) bytes->pop_back();
  if (bytes->empty()) return fail(Code::invalid, "is empty: " + path);
  return Secret(std::move(*bytes));
}

}  // namespace mc::config
