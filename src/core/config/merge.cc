// Lays the sources over each other and keeps, for every value, where it came from.
#include <algorithm>
#include <functional>

#include "config/config.h"
#include "config/yaml.h"

namespace mc::config::detail {
namespace {

using json::Kind;
using json::Shape;
using json::Value;

constexpr std::string_view kVariablePrefix = "MC_";

void erase_below(std::map<std::string, Origin>& origins, const std::string& path) {
  auto at = origins.lower_bound(path);
  while (at != origins.end() && at->first.starts_with(path)) {
    const bool inside = at->first.size() == path.size() || at->first[path.size()] == '.' ||
                        at->first[path.size()] == '[';
    at = inside ? origins.erase(at) : std::next(at);
  }
}

// Puts one source over what is there. `where` gives the place of a path in this source.
class Overlay {
 public:
  Overlay(Merged& merged, Layer layer, std::function<std::string(const std::string&)> where)
      : merged_(merged), layer_(layer), where_(std::move(where)) {}

  void put(const Shape* shape, Value& base, Value&& over, const std::string& path) {
    const bool keyed =
        shape != nullptr && (shape->kind == Kind::object || shape->kind == Kind::map);
    // A section whose lines are all commented out says nothing.
    if (keyed && !shape->optional && over.is_null()) return;
    json::Object* from = over.as_object();
    if (!keyed || from == nullptr) {
      erase_below(merged_.origins, path);
      base = std::move(over);
      record(path);
      return;
    }
    if (base.as_object() == nullptr) base = json::Object();
    put_members(*shape, *base.as_object(), *from, path);
  }

 private:
  void put_members(const Shape& shape, json::Object& base, json::Object& from,
                   const std::string& path) {
    // Maps may hold very many entries: look them up in a tree, not one after the other.
    std::map<std::string, std::size_t, std::less<>> index;
    for (std::size_t i = 0; i < base.size(); ++i) index.emplace(base.members()[i].name, i);
    for (json::Member& member : from.members()) {
      std::string below = path;
      json::append_key(below, member.name);
      const Shape* inner = inner_shape(shape, member.name);
      const auto found = index.find(member.name);
      if (found != index.end()) {
        put(inner, base.members()[found->second].value, std::move(member.value), below);
        continue;
      }
      Value fresh;
      put(inner, fresh, std::move(member.value), below);
      // A section that says nothing stays away, so that its defaults count.
      const bool says_nothing = fresh.is_null() && inner != nullptr && !inner->optional &&
                                (inner->kind == Kind::object || inner->kind == Kind::map);
      if (!says_nothing) base.members().push_back({member.name, std::move(fresh)});
    }
  }

  static const Shape* inner_shape(const Shape& shape, const std::string& name) {
    if (shape.kind == Kind::map) return &shape.element();
    const json::FieldShape* field = shape.find(name);
    return field == nullptr ? nullptr : &field->shape();
  }

  void record(const std::string& path) {
    std::string where = where_(path);
    merged_.origins[path] = Origin{layer_, where};
    merged_.places[path] = std::move(where);
  }

  Merged& merged_;
  Layer layer_;
  std::function<std::string(const std::string&)> where_;
};

void put_file(const Shape& shape, const std::string& name, std::string_view text,
              const Limits& limits, Merged& merged) {
  Document document;
  for (YamlProblem& problem : read_yaml(text, limits, document)) {
    merged.problems.push_back(name + ":" + problem.place + ": " + problem.what);
    merged.incomplete = true;
  }
  if (merged.incomplete) return;
  for (const auto& [path, place] : document.places) merged.places[path] = name + ":" + place;
  for (const auto& [path, place] : document.keys) merged.keys[path] = name + ":" + place;
  Overlay overlay(merged, Layer::file, [&](const std::string& path) {
    const auto found = document.places.find(path);
    return found == document.places.end() ? name : name + ":" + found->second;
  });
  overlay.put(&shape, merged.tree, std::move(document.tree), "$");
}

void put_files(const Shape& shape, const Sources& sources, sys::Files& files, const Limits& limits,
               Merged& merged) {
  const auto refuse = [&](std::string what) {
    merged.problems.push_back(std::move(what));
    merged.incomplete = true;
  };
  std::vector<std::string> names;
  if (!sources.file.empty()) names.push_back(sources.file);
  if (!sources.folder.empty()) {
    const Result<std::vector<std::string>> entries = files.list(sources.folder);
    if (!entries && entries.error().code != Code::not_found) refuse(entries.error().what);
    std::vector<std::string> found = entries ? *entries : std::vector<std::string>();
    std::sort(found.begin(), found.end());
    for (const std::string& entry : found) {
      // Editors leave hidden files behind; they are nobody's configuration.
      if (entry.ends_with(".yaml") && entry[0] != '.')
        names.push_back(sources.folder + "/" + entry);
    }
  }
  if (names.size() > limits.files_max) {
    return refuse(sources.folder + ": more than " + std::to_string(limits.files_max) + " files");
  }
  for (const std::string& name : names) {
    const Result<std::string> text = files.read_all(name, limits.file_bytes_max);
    if (!text) {
      refuse(name + ": " + text.error().what);
    } else {
      put_file(shape, name, *text, limits, merged);
    }
  }
}

// The value that a text from a variable or flag stands for. What does not fit the type stays a
// text, so that the reader words the error as for files.
Value value_of(const Shape& shape, const std::string& text) {
  if (shape.optional && text.empty()) return Value();
  const bool quoted_kind =
      shape.kind == Kind::text || shape.kind == Kind::duration || shape.kind == Kind::choice;
  if (quoted_kind) return Value(text);
  const bool nested =
      shape.kind == Kind::list || shape.kind == Kind::map || shape.kind == Kind::object;
  if (!nested) return resolve_plain(text);
  const std::string_view trimmed = trim(text);
  if (shape.kind == Kind::list && !trimmed.starts_with('[')) {
    json::Array entries;
    if (trimmed.empty()) return entries;
    for (const std::string_view entry : split(trimmed, ',')) {
      entries.push_back(value_of(shape.element(), std::string(trim(entry))));
    }
    return entries;
  }
  Result<Value> parsed = json::parse(trimmed);
  return parsed ? std::move(*parsed) : Value(text);
}

// The shape at a dotted path; lists end it.
const Shape* shape_at(const Shape& root, std::string_view path) {
  const Shape* shape = &root;
  for (const std::string_view step : split(path, '.')) {
    if (shape->kind == Kind::map) {
      shape = &shape->element();
    } else {
      const json::FieldShape* field = shape->kind == Kind::object ? shape->find(step) : nullptr;
      if (field == nullptr) return nullptr;
      shape = &field->shape();
    }
    if (step.empty()) return nullptr;
  }
  return shape;
}

void put_setting(const Shape& root, std::string_view path, const std::string& text,
                 const Origin& origin, Merged& merged) {
  const std::vector<std::string_view> steps = split(path, '.');
  std::string full = "$";
  for (const std::string_view step : steps) json::append_key(full, step);
  // A place inside an older list must not be shown for a value that came from here.
  std::erase_if(merged.places, [&](const auto& entry) {
    return entry.first.starts_with(full + "[") || entry.first.starts_with(full + ".");
  });
  Value value = value_of(*shape_at(root, path), text);
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    json::Object outer;
    outer.set(std::string(*step), std::move(value));
    value = std::move(outer);
  }
  merged.keys[full] = origin.where;
  Overlay overlay(merged, origin.layer, [&](const std::string&) { return origin.where; });
  overlay.put(&root, merged.tree, std::move(value), "$");
  merged.places[full] = origin.where;
}

void put_environment(const Shape& root, const Sources& sources, Merged& merged) {
  std::map<std::string, std::string> by_name;
  for (const std::string& path : paths(root)) {
    MC_CHECK(by_name.emplace(variable_name(path), path).second);  // two keys, one variable
  }
  std::vector<std::string_view> names;
  for (const auto& [name, path] : by_name) names.push_back(name);
  for (const Setting& setting : sources.environment) {
    if (!setting.name.starts_with(kVariablePrefix)) continue;
    const auto found = by_name.find(setting.name);
    if (found != by_name.end()) {
      put_setting(root, found->second, setting.text, {Layer::environment, setting.name}, merged);
      continue;
    }
    std::string warning = setting.name + " names no key";
    const std::string_view near = json::nearest(setting.name, names);
    if (!near.empty()) warning.append("; did you mean ").append(near).append("?");
    merged.warnings.push_back(std::move(warning));
  }
}

void put_flags(const Shape& root, const Sources& sources, Merged& merged) {
  const std::vector<std::string> known = paths(root);
  const std::vector<std::string_view> names(known.begin(), known.end());
  for (const Setting& flag : sources.flags) {
    if (shape_at(root, flag.name) != nullptr) {
      put_setting(root, flag.name, flag.text, {Layer::flag, "--" + flag.name}, merged);
      continue;
    }
    std::string problem = "--" + flag.name + ": is unknown";
    const std::string_view near = json::nearest(flag.name, names);
    if (!near.empty()) problem.append("; did you mean '").append(near).append("'?");
    merged.problems.push_back(std::move(problem));
  }
}

// The place of the value, or of the nearest value around it.
std::string place_near(const std::map<std::string, std::string>& places, std::string_view path) {
  for (std::string_view at = path; !at.empty(); at = parent_of(at)) {
    const auto found = places.find(std::string(at));
    if (found != places.end()) return found->second;
  }
  return "configuration";
}

std::string dotted(std::string_view path) {
  return std::string(path.size() > 2 ? path.substr(2) : std::string_view());
}

using SecretVisitor = std::function<void(const std::string& path, const std::string& reference)>;

void visit_secrets(const Shape& shape, const json::Rules& rules, const Value& value,
                   const std::string& path, const SecretVisitor& visit) {
  if (const json::Object* object = value.as_object()) {
    for (const json::Member& member : object->members()) {
      std::string below = path;
      json::append_key(below, member.name);
      if (shape.kind == Kind::map) {
        visit_secrets(shape.element(), rules, member.value, below, visit);
      } else if (const json::FieldShape* field = shape.find(member.name)) {
        visit_secrets(field->shape(), field->rules, member.value, below, visit);
      }
    }
  } else if (const json::Array* array = value.as_array()) {
    if (shape.kind != Kind::list) return;
    for (std::size_t i = 0; i < array->size(); ++i) {
      std::string below = path;
      json::append_index(below, i);
      visit_secrets(shape.element(), rules, (*array)[i], below, visit);
    }
  } else if (const std::string* text = value.as_string()) {
    if (rules.secret && !text->empty()) visit(path, *text);
  }
}

}  // namespace

Merged merge(const Shape& shape, const Sources& sources, sys::Files& files, const Limits& limits) {
  Merged merged;
  put_files(shape, sources, files, limits, merged);
  put_environment(shape, sources, merged);
  put_flags(shape, sources, merged);
  return merged;
}

void locate(Merged& merged, const std::vector<json::Problem>& problems) {
  for (const json::Problem& problem : problems) {
    const bool missing = problem.fault == json::Fault::missing;
    if (missing && merged.incomplete) continue;
    const bool of_key = problem.fault == json::Fault::unknown;
    std::string line = place_near(of_key ? merged.keys : merged.places, problem.path) + ": ";
    const std::string path = dotted(problem.path);
    if (!path.empty()) line += path + " ";
    merged.problems.push_back(line + problem.what);
  }
}

void check_secrets(const Shape& shape, Merged& merged, sys::Files& files, const Limits& limits) {
  visit_secrets(shape, json::Rules{}, merged.tree, "$",
                [&](const std::string& path, const std::string& reference) {
                  const Result<Secret> secret =
                      read_secret(files, reference, limits.secret_bytes_max);
                  if (secret) return;
                  merged.problems.push_back(place_near(merged.places, path) + ": " + dotted(path) +
                                            " " + secret.error().what);
                });
}

Error to_error(const Merged& merged) {
  std::string what;
  for (const std::string& problem : merged.problems) {
    if (!what.empty()) what += '\n';
    what += problem;
  }
  return Error{Code::invalid, std::move(what)};
}

}  // namespace mc::config::detail
