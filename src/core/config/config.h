// Configuration: one YAML file, a conf.d folder, MC_* variables and flags become one described
// struct (json/describe.h), and every value remembers where it came from.
//
// Precedence: flag > environment > conf.d in name order, later files first > file > default.
// Strict: unknown and duplicate keys, wrong types, values out of range, anchors and YAML tags are
// errors with file:line:column; all of them are reported together. Maps and structs merge key by
// key, lists are replaced whole. Secrets are only accepted as "file:/path"; the loaded struct keeps
// that reference, never the bytes. All functions are pure apart from reading files.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/base.h"
#include "json/describe.h"
#include "json/json.h"
#include "sys/sys.h"

namespace mc::config {

struct Setting {
  std::string name;
  std::string text;
};

struct Sources {
  std::string file = {};                  // "" = none; a named file must exist
  std::string folder = {};                // "" = none; may be absent; only *.yaml is read
  std::vector<Setting> environment = {};  // names as in the process: "MC_GATEWAY_PORT"
  std::vector<Setting> flags = {};        // names are paths: "gateway.port"
};

struct Limits {
  std::size_t file_bytes_max = 1 << 20;
  std::size_t files_max = 100;
  int depth_max = 16;
  std::size_t values_max = 100'000;
  std::size_t secret_bytes_max = 64 << 10;
};

enum class Layer : std::uint8_t { standard, file, environment, flag };

struct Origin {
  Layer layer = Layer::standard;
  std::string where = {};  // "mc.yaml:3:9", "MC_GATEWAY_PORT", "--gateway.port", "default"
  bool operator==(const Origin&) const = default;
};

// One difference between two configurations. Values are compact JSON, "" where there was none.
struct Change {
  std::string path;
  std::string before;
  std::string after;
  bool operator==(const Change&) const = default;
};

// The merged values of all layers, defaults included.
class Effective {
 public:
  Effective(const json::Shape& shape, json::Value tree, std::map<std::string, Origin> origins)
      : shape_(&shape), tree_(std::move(tree)), origins_(std::move(origins)) {}
  const json::Value& tree() const { return tree_; }
  const json::Shape& shape() const { return *shape_; }
  // Of the value at a dotted path; entries of a list have the origin of the list.
  Origin origin(std::string_view path) const;

 private:
  const json::Shape* shape_;
  json::Value tree_;
  std::map<std::string, Origin> origins_;  // by "$." and dotted path; defaults have no entry
};

template <class T>
struct Loaded {
  T value;
  Effective effective;
  std::vector<std::string> warnings;  // MC_* variables that name no key
};

namespace detail {
// Paths here are those of json::Problem: "$.gateway.port".
struct Merged {
  json::Value tree = json::Object();
  std::map<std::string, Origin> origins;      // of values that are neither struct nor map
  std::map<std::string, std::string> places;  // of every value, "mc.yaml:3:9"
  std::map<std::string, std::string> keys;    // of every key
  std::vector<std::string> warnings;
  std::vector<std::string> problems;  // "mc.yaml:3:9: gateway.port ..."
  bool incomplete = false;            // a source could not be read, so what is missing is unknown
};
Merged merge(const json::Shape& shape, const Sources& sources, sys::Files& files,
             const Limits& limits);
// Adds what the reader found, each with the place of its value, and checks the secret files.
void locate(Merged& merged, const std::vector<json::Problem>& problems);
void check_secrets(const json::Shape& shape, Merged& merged, sys::Files& files,
                   const Limits& limits);
Error to_error(const Merged& merged);
}  // namespace detail

// On failure the error text holds every problem, one per line.
template <class T>
Result<Loaded<T>> load(const Sources& sources, sys::Files& files, const Limits& limits = {}) {
  const json::Shape& shape = json::shape_of<T>();
  detail::Merged merged = detail::merge(shape, sources, files, limits);
  json::Reader reader;
  T value = json::read_into<T>(merged.tree, reader);
  detail::locate(merged, reader.problems());
  detail::check_secrets(shape, merged, files, limits);
  if (!merged.problems.empty()) return tl::unexpected<Error>(detail::to_error(merged));
  json::Value tree = json::to_value(value);
  return Loaded<T>{std::move(value), Effective(shape, std::move(tree), std::move(merged.origins)),
                   std::move(merged.warnings)};
}

// The effective configuration as YAML that loads to the same values, each line that is not a
// default with its origin as a comment. Secrets show as their file reference.
std::string show(const Effective& effective);

// What one key means and has: value, origin, help, allowed range, default, variable name. An
// unknown key is `not_found` and names the nearest one.
Result<std::string> explain(const Effective& effective, std::string_view path);

// Changed leaves in path order, for the log of a reload.
std::vector<Change> diff(const Effective& before, const Effective& after);

// "gateway.port" -> "MC_GATEWAY_PORT".
std::string variable_name(std::string_view path);

// Paths of all keys that a variable or flag can set: every value outside lists and maps.
std::vector<std::string> paths(const json::Shape& shape);

// JSON Schema 2020-12 of the file.
template <class T>
json::Value schema() {
  return json::json_schema<T>();
}

// The bytes behind "file:/path", without one trailing line feed. Not empty.
Result<Secret> read_secret(sys::Files& files, const std::string& reference,
                           std::size_t bytes_max = 64 << 10);

// A YAML document as JSON, by the core schema of YAML 1.2 (no tags, anchors, or merge keys), and
// the place ("line:column") of each value and key by its path ("$.a.b[3]"). Errors are lines
// "line:column: what". Exposed for fuzzing.
struct Document {
  json::Value tree = json::Object();
  std::map<std::string, std::string> places;
  std::map<std::string, std::string> keys;
};
Result<Document> parse_yaml(std::string_view text, const Limits& limits = {});

}  // namespace mc::config
