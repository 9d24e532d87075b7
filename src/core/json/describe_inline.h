// The templates behind describe.h; include that one.
#pragma once

#include "json/describe.h"

namespace mc::json::detail {

template <class E>
std::vector<std::string_view> choices_of() {
  std::vector<std::string_view> out;
  for (const auto& name : Describe<E>::names) out.push_back(name.text);
  return out;
}

template <class T>
void assign_wrapped(const Value& from, const Rules& rules, Reader& reader, T& to) {
  using Inner = typename Wrapper<T>::Inner;
  // The limits of a list count its entries; of the rest only `allowed` and `secret` reach them.
  const Rules inner{.allowed = rules.allowed, .secret = rules.secret};
  if constexpr (Wrapper<T>::optional) {
    to.reset();
    if (!from.is_null()) assign<Inner>(from, rules, reader, &to.emplace());
  } else if constexpr (Wrapper<T>::kind == Kind::list) {
    const Array* array = from.as_array();
    if (array == nullptr) return reader.wrong_type(Kind::list, from, rules);
    if (!check_count(array->size(), rules, reader)) return;
    to.clear();
    to.reserve(array->size());
    for (std::size_t i = 0; i < array->size(); ++i) {
      const Reader::Step step(reader, i);
      assign<Inner>((*array)[i], inner, reader, &to.emplace_back());
    }
  } else {
    const Object* object = from.as_object();
    if (object == nullptr) return reader.wrong_type(Kind::map, from, rules);
    if (!check_count(object->size(), rules, reader)) return;
    to.clear();
    for (const Member& member : object->members()) {
      const Reader::Step step(reader, member.name);
      assign<Inner>(member.value, inner, reader, &to[member.name]);
    }
  }
}

template <class T>
void assign(const Value& from, const Rules& rules, Reader& reader, void* to) {
  T& out = *static_cast<T*>(to);
  constexpr Kind kind = kind_of<T>();
  if constexpr (requires { typename Wrapper<T>::Inner; }) {
    assign_wrapped<T>(from, rules, reader, out);
  } else if constexpr (kind == Kind::boolean) {
    read_bool(from, rules, reader, out);
  } else if constexpr (kind == Kind::integer) {
    Rules narrowed = rules;
    if (!rules.min.set) narrowed.min = std::numeric_limits<T>::min();
    if (!rules.max.set) narrowed.max = std::numeric_limits<T>::max();
    std::int64_t whole = 0;
    if (read_integer(from, narrowed, reader, whole)) out = static_cast<T>(whole);
  } else if constexpr (kind == Kind::number) {
    read_number(from, rules, reader, out);
  } else if constexpr (kind == Kind::text) {
    read_text(from, rules, reader, out);
  } else if constexpr (kind == Kind::duration) {
    read_duration(from, rules, reader, out);
  } else if constexpr (kind == Kind::choice) {
    std::size_t index = 0;
    if (read_choice(from, choices_of<T>(), reader, index)) out = Describe<T>::names[index].value;
  } else {
    const std::size_t before = reader.problems().size();
    read_object(shape_of<T>(), from, reader, to);
    // Rules between fields only make sense once each field is right.
    if constexpr (requires { out.check(); }) {
      if (reader.problems().size() != before) return;
      const Status checked = out.check();
      if (!checked) reader.report(Fault::refused, checked.error().what);
    }
  }
}

template <class T>
Value print(const void* from) {
  const T& in = *static_cast<const T*>(from);
  constexpr Kind kind = kind_of<T>();
  if constexpr (Wrapper<T>::optional) {
    return in ? print<typename Wrapper<T>::Inner>(&*in) : Value();
  } else if constexpr (kind == Kind::list) {
    Array out;
    for (const auto& entry : in) out.push_back(print<typename Wrapper<T>::Inner>(&entry));
    return out;
  } else if constexpr (kind == Kind::map) {
    Object out;
    // Keys of a std::map are unique, so the search that set() makes can be spared.
    for (const auto& [key, entry] : in) {
      out.members().push_back({key, print<typename Wrapper<T>::Inner>(&entry)});
    }
    return out;
  } else if constexpr (kind == Kind::integer) {
    return Value(static_cast<std::int64_t>(in));
  } else if constexpr (kind == Kind::duration) {
    return Value(format_duration(in));
  } else if constexpr (kind == Kind::choice) {
    for (const auto& name : Describe<T>::names) {
      if (name.value == in) return Value(name.text);
    }
    return Value(Describe<T>::names[0].text);
  } else if constexpr (kind == Kind::object) {
    return print_object(shape_of<T>(), from);
  } else {
    return Value(in);
  }
}

template <class T>
Value standard() {
  const T fresh{};
  return print<T>(&fresh);
}

template <class T, std::size_t I>
void* member_at(void* object) {
  return &(static_cast<T*>(object)->*std::get<I>(Describe<T>::fields).member);
}

template <class T, std::size_t... I>
std::vector<FieldShape> fields_of(std::index_sequence<I...>) {
  const auto one = []<class M>(const Field<T, M>& field, void* (*at)(void*)) {
    return FieldShape{field.name, field.help, field.rules, &shape_of<M>, at};
  };
  return {one(std::get<I>(Describe<T>::fields), &member_at<T, I>)...};
}

template <class T>
Shape make_shape() {
  Shape shape;
  shape.kind = kind_of<T>();
  shape.assign = &assign<T>;
  shape.print = &print<T>;
  shape.standard = &standard<T>;
  if constexpr (Wrapper<T>::optional) {
    const Shape inner = make_shape<typename Wrapper<T>::Inner>();
    shape.optional = true;
    shape.title = inner.title;
    shape.min = inner.min;
    shape.max = inner.max;
    shape.choices = inner.choices;
    shape.fields = inner.fields;
    shape.element = inner.element;
  } else if constexpr (kind_of<T>() == Kind::integer) {
    static_assert(sizeof(T) < 8 || std::is_signed_v<T>, "JSON integers here are signed 64-bit");
    shape.min = std::numeric_limits<T>::min();
    shape.max = std::numeric_limits<T>::max();
  } else if constexpr (kind_of<T>() == Kind::choice) {
    shape.choices = choices_of<T>();
  } else if constexpr (requires { typename Wrapper<T>::Inner; }) {
    shape.element = &shape_of<typename Wrapper<T>::Inner>;
  } else if constexpr (kind_of<T>() == Kind::object) {
    constexpr auto kCount = std::tuple_size_v<decltype(Describe<T>::fields)>;
    shape.fields = fields_of<T>(std::make_index_sequence<kCount>{});
    if constexpr (requires { Describe<T>::title; }) shape.title = Describe<T>::title;
  }
  return shape;
}

}  // namespace mc::json::detail
