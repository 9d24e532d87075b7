// Shape: what describe.h knows about a C++ type, at run time and without templates. Readers,
// printers, JSON Schema and the configuration loader walk shapes, so each of them is written once.
//
// Shapes are immutable and live as long as the program; every function here is thread-safe.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "json/json.h"

namespace mc::json {

// One end of a range. Durations count nanoseconds.
struct Bound {
  constexpr Bound() = default;
  template <std::integral N>
  constexpr Bound(N number)
      : set(true), whole(static_cast<std::int64_t>(number)), real(static_cast<double>(number)) {}
  constexpr Bound(double number)
      : set(true), whole(static_cast<std::int64_t>(number)), real(number) {}
  constexpr Bound(Nanos duration) : Bound(duration.count) {}

  bool set = false;
  std::int64_t whole = 0;
  double real = 0;
};

// What a value must keep to beyond its type. `min` and `max` bound numbers and durations, the
// bytes of a text, the entries of a list or map; `allowed` the values of a text or of the texts in
// a list. A secret is never quoted in a message, and in configuration only accepted as
// "file:/path".
struct Rules {
  Bound min = {};
  Bound max = {};
  std::array<std::string_view, 16> allowed = {};  // ends at the first empty name
  bool secret = false;
  bool required = false;
};

enum class Kind : std::uint8_t {
  boolean,
  integer,
  number,
  text,
  duration,  // Nanos as text: "250ms"
  choice,    // an enum, as one of its names
  list,
  map,     // free keys, one type of value
  object,  // a described struct
};
std::string_view kind_name(Kind kind);  // for messages: "an integer", "a duration such as 30s"

enum class Fault : std::uint8_t { unknown, missing, type, range, refused };

// One reason why a value was not taken. `path` is "$.gateway.port", "$.list[3]" or
// "$.map[\"odd key\"]"; `what` is a clause without the path ("70000 is more than 65535").
struct Problem {
  Fault fault = Fault::type;
  std::string path;
  std::string what;
};

// Collects problems while a value is read, so that a person sees all of them at once.
class Reader {
 public:
  void report(Fault fault, std::string what);
  void report_at(Fault fault, std::string_view key, std::string what);  // about a member
  void wrong_type(Kind wanted, const Value& found, const Rules& rules);
  // The path grows for the life of a Step.
  class Step {
   public:
    Step(Reader& reader, std::string_view key);
    Step(Reader& reader, std::size_t index);
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    ~Step() { reader_.path_.resize(length_); }

   private:
    Reader& reader_;
    std::size_t length_;
  };
  const std::string& path() const { return path_; }
  const std::vector<Problem>& problems() const { return problems_; }

 private:
  static constexpr std::size_t kProblemsMax = 100;  // the rest would not be read anyway
  std::string path_ = "$";
  std::vector<Problem> problems_;
};

struct Shape;
using ShapeOf = const Shape& (*)();

struct FieldShape {
  std::string_view name;
  std::string_view help;
  Rules rules;
  ShapeOf shape = nullptr;
  void* (*at)(void* object) = nullptr;  // the member inside its struct
};

struct Shape {
  Kind kind = Kind::object;
  bool optional = false;   // std::optional: absent and null mean "none"
  std::string_view title;  // of a struct that gives itself one
  std::int64_t min = 0;    // what an integer type can hold
  std::int64_t max = 0;
  std::vector<std::string_view> choices = {};
  std::vector<FieldShape> fields = {};
  ShapeOf element = nullptr;  // of a list or map
  void (*assign)(const Value& from, const Rules& rules, Reader& reader, void* to) = nullptr;
  Value (*print)(const void* from) = nullptr;
  Value (*standard)() = nullptr;  // the value of a fresh object: its defaults

  const FieldShape* find(std::string_view name) const;
};

// Each returns false after it has reported why.
bool read_bool(const Value& from, const Rules& rules, Reader& reader, bool& to);
bool read_integer(const Value& from, const Rules& rules, Reader& reader, std::int64_t& to);
bool read_number(const Value& from, const Rules& rules, Reader& reader, double& to);
bool read_text(const Value& from, const Rules& rules, Reader& reader, std::string& to);
bool read_duration(const Value& from, const Rules& rules, Reader& reader, Nanos& to);
// The index into `choices`.
bool read_choice(const Value& from, const std::vector<std::string_view>& choices, Reader& reader,
                 std::size_t& to);
bool check_count(std::size_t count, const Rules& rules, Reader& reader);
void read_object(const Shape& shape, const Value& from, Reader& reader, void* to);
Value print_object(const Shape& shape, const void* from);

// JSON Schema 2020-12 of a shape. Field help becomes `description`, defaults become `default`.
// Duration limits, for which the standard has no keyword, stand in the description.
Value schema_of(const Shape& shape);

// One step of a path as problems show it: ".key", "[\"odd key\"]" or "[3]".
void append_key(std::string& path, std::string_view key);
void append_index(std::string& path, std::size_t index);

// The names in `rules.allowed`; none = everything is allowed.
std::vector<std::string_view> allowed_of(const Rules& rules);

// The candidate that a person most likely meant, or "" when none is near (edit distance <= 2 and
// at most half of the word).
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

// "$.a: what" of the first problem, and how many more there are.
Error to_error(const std::vector<Problem>& problems);

}  // namespace mc::json
