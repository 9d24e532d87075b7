// One field list per struct; reading, printing and JSON Schema follow from it.
//
//   struct Gate { std::string host = "::1"; std::uint16_t port = 8080; };
//   template <> struct mc::json::Describe<Gate> {
//     static constexpr auto fields = std::tuple{
//         Field{"host", &Gate::host, "Address to listen on"},
//         Field{"port", &Gate::port, "TCP port", {.min = 1, .max = 65535}}};
//   };
//   enum class Mode { fast, safe };
//   template <> struct mc::json::Describe<Mode> {
//     static constexpr auto names = std::array{Name{"fast", Mode::fast}, Name{"safe", Mode::safe}};
//   };
//
// A described struct may add `static constexpr std::string_view title` to its Describe, and a
// member `Status check() const` for rules between fields; the reader calls it. Members: bool,
// integers up to 64 bits signed, double, std::string, Nanos, described enums and structs, and
// std::optional, std::vector, std::map<std::string, T> of these. A struct must not contain itself.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "json/json.h"
#include "json/shape.h"

namespace mc::json {

template <class T>
struct Describe;  // specialised beside each struct or enum

template <class T, class M>
struct Field {
  constexpr Field(std::string_view field_name, M T::* field_member,
                  std::string_view field_help = {}, Rules field_rules = {})
      : name(field_name), member(field_member), help(field_help), rules(field_rules) {}

  std::string_view name;
  M T::* member;
  std::string_view help;
  Rules rules;
};

template <class E>
struct Name {
  constexpr Name(std::string_view choice, E choice_value) : text(choice), value(choice_value) {}
  std::string_view text;
  E value;
};

template <class T>
const Shape& shape_of();

namespace detail {

template <class T>
struct Wrapper {
  static constexpr Kind kind = Kind::object;
  static constexpr bool optional = false;
};
template <class T>
struct Wrapper<std::optional<T>> {
  static constexpr bool optional = true;
  using Inner = T;
};
template <class T>
struct Wrapper<std::vector<T>> {
  static constexpr Kind kind = Kind::list;
  static constexpr bool optional = false;
  using Inner = T;
};
template <class T>
struct Wrapper<std::map<std::string, T>> {
  static constexpr Kind kind = Kind::map;
  static constexpr bool optional = false;
  using Inner = T;
};

template <class T>
constexpr Kind kind_of() {
  if constexpr (std::is_same_v<T, bool>)
    return Kind::boolean;
  else if constexpr (std::is_integral_v<T>)
    return Kind::integer;
  else if constexpr (std::is_same_v<T, double>)
    return Kind::number;
  else if constexpr (std::is_same_v<T, std::string>)
    return Kind::text;
  else if constexpr (std::is_same_v<T, Nanos>)
    return Kind::duration;
  else if constexpr (std::is_enum_v<T>)
    return Kind::choice;
  else if constexpr (Wrapper<T>::optional)
    return kind_of<typename Wrapper<T>::Inner>();
  else
    return Wrapper<T>::kind;
}

template <class T>
void assign(const Value& from, const Rules& rules, Reader& reader, void* to);
template <class T>
Value print(const void* from);
template <class T>
Shape make_shape();

}  // namespace detail

// Unknown, missing, mistyped and out-of-range fields are errors that name the path and the limit.
// A field that is absent and not required keeps its default.
template <class T>
T read_into(const Value& value, Reader& reader) {
  T out{};
  detail::assign<T>(value, Rules{}, reader, &out);
  return out;
}
template <class T>
Result<T> read(const Value& value) {
  Reader reader;
  T out = read_into<T>(value, reader);
  if (!reader.problems().empty()) return tl::unexpected<Error>(to_error(reader.problems()));
  return out;
}

// Every field in the order of the list; an empty optional is left out. read(to_value(x)) == x.
template <class T>
Value to_value(const T& object) {
  return detail::print<T>(&object);
}

template <class T>
Value json_schema() {
  return schema_of(shape_of<T>());
}

template <class T>
const Shape& shape_of() {
  static const Shape shape = detail::make_shape<T>();
  return shape;
}

}  // namespace mc::json

#include "json/describe_inline.h"  // IWYU pragma: export
