// What a request asks: the resource of its path, the names in it, the flags of its query, the input
// of its body. All of it is foreign. Private to the module.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "net/net.h"
#include "policy/policy.h"
#include "term/term.h"

namespace mc::opa {

enum class Resource : std::uint8_t {
  unknown,
  index,
  data_v0,
  data_v1,
  batch,
  compile,
  query,
  policies,
  status,
  config,
  health,
};
struct Route {
  Resource resource = Resource::unknown;
  std::string_view rest;  // of the path, without slashes at its ends, still escaped
};
Route find_route(std::string_view path);

// An answer other than the one that was asked for, in OPA's form.
struct Refusal {
  int status = 400;
  std::string_view code = "invalid_parameter";
  std::string message;
};
template <class T>
using Read = tl::expected<T, Refusal>;

// The names of a path. Used for one after the other, to keep its memory.
class PathNames {
 public:
  static constexpr std::size_t kNamesMax = 256;
  // Empty parts count for nothing. Refused: names that are no UTF-8 once unescaped, too many. A
  // percent sign that begins no escape stands for itself, as in OPA.
  Read<policy::Path> read(std::string_view path);

 private:
  std::string unescaped_;
  std::vector<std::string_view> names_;
};

struct Flags {
  bool pretty = false;
  bool provenance = false;
  bool metrics = false;
  bool strict_errors = false;
  bool explain = false;
  bool bundles = false;
  bool plugins = false;
  std::optional<std::string> input;
};
Read<Flags> read_flags(std::string_view query);

// 415 for a body that is packed or YAML, which are not read.
Read<std::monostate> check_form(const net::Request& request);

// JSON of the body, undefined when it is empty. Frozen, so that it can be an input.
Read<term::Value> read_json(term::Arena& arena, std::string_view body, int depth_max);
// The member `input` of the body's object; undefined when it is absent.
Read<term::Value> read_input(term::Arena& arena, std::string_view body, int depth_max);

struct Batch {
  term::Value inputs;  // an object, or undefined when it is absent
  term::Value common;  // undefined = none
};
Read<Batch> read_batch(term::Arena& arena, std::string_view body, int depth_max);

}  // namespace mc::opa
