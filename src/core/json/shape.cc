#include "json/shape.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace mc::json {
namespace {

bool is_plain_key(std::string_view key) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  return !key.empty() && std::all_of(key.begin(), key.end(), plain);
}

std::string number_text(double number) {
  std::string out;
  append_double(out, number);
  return out;
}

std::string joined(const std::vector<std::string_view>& names) {
  std::string out;
  for (const std::string_view name : names) {
    if (!out.empty()) out += ", ";
    out += name;
  }
  return out;
}

// Reports and returns false when `value` leaves the range. `show` words a bound for people.
template <class T, class Show>
bool in_range(T value, const Rules& rules, T Bound::* end, const Show& show, Reader& reader) {
  if (rules.min.set && value < rules.min.*end) {
    reader.report(Fault::range, show(value) + " is less than " + show(rules.min.*end));
    return false;
  }
  if (rules.max.set && value > rules.max.*end) {
    reader.report(Fault::range, show(value) + " is more than " + show(rules.max.*end));
    return false;
  }
  return true;
}

bool refuse_choice(std::string_view given, const std::vector<std::string_view>& choices,
                   Reader& reader) {
  std::string what = "'" + excerpt(given) + "' is not one of " + joined(choices);
  const std::string_view near = nearest(given, choices);
  if (!near.empty()) what.append("; did you mean '").append(near).append("'?");
  reader.report(Fault::refused, std::move(what));
  return false;
}

}  // namespace

void append_key(std::string& path, std::string_view key) {
  if (is_plain_key(key)) {
    path.append(".").append(key);
    return;
  }
  path += '[';
  append_quoted(path, excerpt(key));
  path += ']';
}

void append_index(std::string& path, std::size_t index) {
  path += "[" + std::to_string(index) + "]";
}

std::vector<std::string_view> allowed_of(const Rules& rules) {
  std::vector<std::string_view> out;
  for (const std::string_view name : rules.allowed) {
    if (name.empty()) break;
    out.push_back(name);
  }
  return out;
}

std::string_view kind_name(Kind kind) {
  constexpr std::array<std::string_view, 9> kNames = {
      "true or false",    "an integer", "a number", "a text",   "a duration such as 250ms or 30s",
      "one of its names", "a list",     "a map",    "an object"};
  return kNames[static_cast<std::size_t>(kind)];
}

void Reader::report(Fault fault, std::string what) {
  if (problems_.size() < kProblemsMax) problems_.push_back({fault, path_, std::move(what)});
}

void Reader::report_at(Fault fault, std::string_view key, std::string what) {
  const Step step(*this, key);
  report(fault, std::move(what));
}

void Reader::wrong_type(Kind wanted, const Value& found, const Rules& rules) {
  std::string what = "must be " + std::string(kind_name(wanted)) + ", not ";
  if (found.is_null()) {
    what += "empty";
  } else if (rules.secret || found.as_array() != nullptr || found.as_object() != nullptr) {
    what += "this " + std::string(found.type_name());
  } else {
    what += excerpt(print(found));
  }
  report(Fault::type, std::move(what));
}

Reader::Step::Step(Reader& reader, std::string_view key)
    : reader_(reader), length_(reader.path_.size()) {
  append_key(reader_.path_, key);
}
Reader::Step::Step(Reader& reader, std::size_t index)
    : reader_(reader), length_(reader.path_.size()) {
  append_index(reader_.path_, index);
}

const FieldShape* Shape::find(std::string_view name) const {
  for (const FieldShape& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

bool read_bool(const Value& from, const Rules& rules, Reader& reader, bool& to) {
  const bool* flag = from.as_bool();
  if (flag == nullptr) {
    reader.wrong_type(Kind::boolean, from, rules);
    return false;
  }
  to = *flag;
  return true;
}

bool read_integer(const Value& from, const Rules& rules, Reader& reader, std::int64_t& to) {
  const std::int64_t* whole = from.as_int();
  if (whole == nullptr) {
    reader.wrong_type(Kind::integer, from, rules);
    return false;
  }
  const auto show = [](std::int64_t n) { return std::to_string(n); };
  if (!in_range(*whole, rules, &Bound::whole, show, reader)) return false;
  to = *whole;
  return true;
}

bool read_number(const Value& from, const Rules& rules, Reader& reader, double& to) {
  double number = 0;
  if (const double* real = from.as_double()) {
    number = *real;
  } else if (const std::int64_t* whole = from.as_int()) {
    number = static_cast<double>(*whole);
  } else {
    reader.wrong_type(Kind::number, from, rules);
    return false;
  }
  if (!std::isfinite(number)) {
    reader.report(Fault::range, "must be a finite number");
    return false;
  }
  if (!in_range(number, rules, &Bound::real, number_text, reader)) return false;
  to = number;
  return true;
}

bool read_text(const Value& from, const Rules& rules, Reader& reader, std::string& to) {
  const std::string* text = from.as_string();
  if (text == nullptr) {
    reader.wrong_type(Kind::text, from, rules);
    return false;
  }
  const std::vector<std::string_view> allowed = allowed_of(rules);
  if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), *text) == allowed.end()) {
    return refuse_choice(*text, allowed, reader);
  }
  const auto show = [](std::int64_t n) { return std::to_string(n) + " bytes"; };
  const auto length = static_cast<std::int64_t>(text->size());
  if (!in_range(length, rules, &Bound::whole, show, reader)) return false;
  to = *text;
  return true;
}

bool read_duration(const Value& from, const Rules& rules, Reader& reader, Nanos& to) {
  const std::string* text = from.as_string();
  if (text == nullptr) {
    reader.wrong_type(Kind::duration, from, rules);
    return false;
  }
  const Result<Nanos> duration = parse_duration(*text);
  if (!duration) {
    reader.wrong_type(Kind::duration, from, rules);
    return false;
  }
  const auto show = [](std::int64_t n) { return format_duration(Nanos{n}); };
  if (!in_range(duration->count, rules, &Bound::whole, show, reader)) return false;
  to = *duration;
  return true;
}

bool read_choice(const Value& from, const std::vector<std::string_view>& choices, Reader& reader,
                 std::size_t& to) {
  const std::string* text = from.as_string();
  if (text == nullptr) {
    reader.wrong_type(Kind::choice, from, Rules{});
    return false;
  }
  const auto found = std::find(choices.begin(), choices.end(), *text);
  if (found == choices.end()) return refuse_choice(*text, choices, reader);
  to = static_cast<std::size_t>(found - choices.begin());
  return true;
}

bool check_count(std::size_t count, const Rules& rules, Reader& reader) {
  const auto show = [](std::int64_t n) {
    return std::to_string(n) + (n == 1 ? " entry" : " entries");
  };
  return in_range(static_cast<std::int64_t>(count), rules, &Bound::whole, show, reader);
}

void read_object(const Shape& shape, const Value& from, Reader& reader, void* to) {
  const Object* object = from.as_object();
  if (object == nullptr) return reader.wrong_type(Kind::object, from, Rules{});
  for (const Member& member : object->members()) {
    const FieldShape* field = shape.find(member.name);
    const Reader::Step step(reader, member.name);
    if (field != nullptr) {
      field->shape().assign(member.value, field->rules, reader, field->at(to));
      continue;
    }
    std::vector<std::string_view> names;
    for (const FieldShape& known : shape.fields) names.push_back(known.name);
    const std::string_view near = nearest(member.name, names);
    std::string what = "is unknown";
    if (!near.empty()) what.append("; did you mean '").append(near).append("'?");
    reader.report(Fault::unknown, std::move(what));
  }
  for (const FieldShape& field : shape.fields) {
    if (field.rules.required && object->find(field.name) == nullptr) {
      reader.report_at(Fault::missing, field.name, "is missing");
    }
  }
}

Value print_object(const Shape& shape, const void* from) {
  Object out;
  for (const FieldShape& field : shape.fields) {
    // `at` only computes an address; printing through it does not write.
    Value value = field.shape().print(field.at(const_cast<void*>(from)));
    if (value.is_null() && field.shape().optional) continue;
    out.set(std::string(field.name), std::move(value));
  }
  return out;
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  constexpr std::size_t kWordMax = 64;  // keeps the quadratic distance harmless
  std::string_view best;
  std::size_t best_distance = 3;
  if (word.size() > kWordMax) return best;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > kWordMax) continue;
    // Levenshtein distance, one row at a time.
    std::vector<std::size_t> row(candidate.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= word.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= candidate.size(); ++j) {
        const std::size_t replaced = diagonal + (word[i - 1] == candidate[j - 1] ? 0 : 1);
        diagonal = row[j];
        row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
      }
    }
    const std::size_t distance = row[candidate.size()];
    if (distance < best_distance && distance * 2 <= word.size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

Error to_error(const std::vector<Problem>& problems) {
  if (problems.empty()) return Error{Code::invalid, "no problem was reported"};
  std::string what = problems[0].path + " " + problems[0].what;
  if (problems.size() > 1) what += " (and " + std::to_string(problems.size() - 1) + " more)";
  return Error{Code::invalid, std::move(what)};
}

}  // namespace mc::json
