#include <algorithm>
#include <array>

#include "builtin/format.h"
#include "builtin/operands.h"
#include "builtin/render.h"
#include "builtin/runes.h"

namespace mc::builtin {
namespace {

std::int64_t bytes_of(std::string_view text) {
  return static_cast<std::int64_t>(text.size());
}

// All operands must be strings; counts the work of reading them.
bool want_strings(Context& context, Operands operands) {
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (!context.want(operands, i, {Kind::string})) return false;
    bytes += bytes_of(operands[i].text());
  }
  return context.spend(bytes / 64);
}

// The operand itself when `part` is all of it.
Value part_of(Context& context, Value whole, std::string_view part) {
  if (part.size() == whole.text().size()) return whole;
  return checked_string(context, part);
}

// The operand itself when nothing changed.
Value changed(Context& context, Value old_text, std::string_view new_text) {
  return new_text == old_text.text() ? old_text : checked_string(context, new_text);
}

Value concat(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::string})) return {};
  if (!context.want(operands, 1, {Kind::set, Kind::array})) return {};
  const auto parts = want_texts(context, operands, 1);
  if (!parts) return {};
  const std::string_view delimiter = operands[0].text();
  std::size_t size = 0;
  for (const std::string_view part : *parts) size += part.size() + delimiter.size();
  if (!context.reserve(size) || !context.spend(static_cast<std::int64_t>(size / 64))) return {};
  std::string joined;
  joined.reserve(size);
  for (std::size_t i = 0; i < parts->size(); ++i) {
    if (i > 0) joined += delimiter;
    joined += (*parts)[i];
  }
  return term::string(context.arena, joined);
}

Value contains(Context& context, Operands operands) {
  if (!want_strings(context, operands)) return {};
  return Value::boolean(operands[0].text().find(operands[1].text()) != std::string_view::npos);
}

Value startswith(Context& context, Operands operands) {
  if (!want_strings(context, operands)) return {};
  return Value::boolean(operands[0].text().starts_with(operands[1].text()));
}

Value endswith(Context& context, Operands operands) {
  if (!want_strings(context, operands)) return {};
  return Value::boolean(operands[0].text().ends_with(operands[1].text()));
}

Value indexof(Context& context, Operands operands) {
  if (!want_strings(context, operands)) return {};
  const std::string_view text = operands[0].text();
  if (operands[1].text().empty()) return context.fail("empty search character");
  const std::size_t at = text.find(operands[1].text());
  if (at == std::string_view::npos) return Value::integer(-1);
  return Value::integer(static_cast<std::int64_t>(rune_count(text.substr(0, at))));
}

// Overlapping occurrences count.
Value indexof_n(Context& context, Operands operands) {
  if (!want_strings(context, operands)) return {};
  const std::string_view text = operands[0].text(), wanted = operands[1].text();
  if (wanted.empty()) return context.fail("empty search character");
  Value found = term::array(context.arena);
  std::int64_t index = 0;
  std::size_t counted = 0;
  for (std::size_t at = text.find(wanted); at != std::string_view::npos;
       at = text.find(wanted, at + 1)) {
    if (!context.spend(1 + bytes_of(wanted) / 64)) return {};
    index += static_cast<std::int64_t>(rune_count(text.substr(counted, at - counted)));
    counted = at;
    term::append(context.arena, found, Value::integer(index));
  }
  return found;
}

Value lower(Context& context, Operands operands) {
  if (!want_strings(context, operands)) return {};
  return changed(context, operands[0], lower_text(operands[0].text()));
}

Value upper(Context& context, Operands operands) {
  if (!want_strings(context, operands)) return {};
  return changed(context, operands[0], upper_text(operands[0].text()));
}

Value split(Context& context, Operands operands) {
  if (!want_strings(context, operands)) return {};
  const std::string_view text = operands[0].text(), delimiter = operands[1].text();
  Value parts = term::array(context.arena);
  std::size_t from = 0;
  const auto add = [&](std::size_t to) {
    if (!context.spend(1)) return false;
    term::append(context.arena, parts, term::string(context.arena, text.substr(from, to - from)));
    return true;
  };
  if (delimiter.empty()) {  // characters
    for (; from < text.size(); from += rune_at(text, from).size) {
      if (!add(from + rune_at(text, from).size)) return {};
    }
    return parts;
  }
  for (std::size_t at = text.find(delimiter); at != std::string_view::npos;
       at = text.find(delimiter, from)) {
    if (!add(at)) return {};
    from = at + delimiter.size();
  }
  return add(text.size()) ? parts : Value();
}

struct Replacement {
  std::string_view old_text, new_text;
};

// At each place the first that fits is taken, in the order given; an empty old text fits between
// any two characters. As Go's strings.Replacer.
Value replace_all(Context& context, std::string_view text, std::span<const Replacement> pairs) {
  std::array<std::vector<const Replacement*>, 256> by_first_byte;
  const Replacement* empty = nullptr;
  for (const Replacement& pair : pairs) {
    if (pair.old_text.empty()) {
      empty = &pair;
    } else {
      by_first_byte[static_cast<unsigned char>(pair.old_text.front())].push_back(&pair);
    }
  }
  std::string out;
  bool after_empty = false;
  for (std::size_t at = 0; at <= text.size();) {
    const Replacement* fit = after_empty ? nullptr : empty;
    const std::string_view rest = text.substr(at);
    if (fit == nullptr && !rest.empty()) {
      for (const Replacement* pair : by_first_byte[static_cast<unsigned char>(rest.front())]) {
        if (!context.spend(1)) return {};
        if (rest.starts_with(pair->old_text)) {
          fit = pair;
          break;
        }
      }
    }
    if (fit != nullptr) {
      if (!context.spend(1 + bytes_of(fit->new_text) / 64)) return {};
      if (!context.reserve(out.size() + fit->new_text.size())) return {};
      out += fit->new_text;
      at += fit->old_text.size();
      after_empty = fit->old_text.empty();
      continue;
    }
    if (rest.empty()) break;
    const std::size_t size = rune_at(text, at).size;
    out += rest.substr(0, size);
    at += size;
    after_empty = false;
  }
  return checked_string(context, out);
}

Value replace(Context& context, Operands operands) {
  if (!want_strings(context, operands)) return {};
  const std::string_view text = operands[0].text();
  const Replacement pair{operands[1].text(), operands[2].text()};
  if (text.find(pair.old_text) == std::string_view::npos) return operands[0];
  return replace_all(context, text, {&pair, 1});
}

Value replace_n(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::object})) return {};
  if (!context.want(operands, 1, {Kind::string})) return {};
  if (!context.spend(static_cast<std::int64_t>(operands[0].size()))) return {};
  std::vector<Replacement> pairs;
  for (const term::Entry& entry : operands[0].members()) {
    if (!entry.key.is_string()) {
      return fail_operand(context, 0, "non-string key found in pattern object");
    }
    if (!entry.value.is_string()) {
      return fail_operand(context, 0, "non-string value found in pattern object");
    }
    pairs.push_back({entry.key.text(), entry.value.text()});
  }
  return replace_all(context, operands[1].text(), pairs);
}

Value reverse(Context& context, Operands operands) {
  if (!want_strings(context, operands)) return {};
  std::string reversed;
  reversed.reserve(operands[0].text().size());
  for (std::string_view left = operands[0].text(); !left.empty();) {
    const std::size_t size = last_rune(left).size;
    reversed += left.substr(left.size() - size);
    left.remove_suffix(size);
  }
  return checked_string(context, reversed);
}

Value count(Context& context, Operands operands) {
  if (!want_strings(context, operands)) return {};
  const std::string_view text = operands[0].text(), wanted = operands[1].text();
  if (wanted.empty()) return Value::integer(static_cast<std::int64_t>(rune_count(text)) + 1);
  std::int64_t found = 0;
  for (std::size_t at = text.find(wanted); at != std::string_view::npos;
       at = text.find(wanted, at + wanted.size())) {
    ++found;
  }
  return Value::integer(found);
}

// Whether one of the texts starts with one of the prefixes.
bool any_starts(std::vector<std::string_view> texts, std::span<const std::string_view> prefixes) {
  std::sort(texts.begin(), texts.end());
  return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view prefix) {
    const auto at = std::lower_bound(texts.begin(), texts.end(), prefix);
    return at != texts.end() && at->starts_with(prefix);
  });
}

Value any_prefix_match(Context& context, Operands operands) {
  const auto texts = want_texts(context, operands, 0);
  if (!texts) return {};
  const auto prefixes = want_texts(context, operands, 1);
  if (!prefixes) return {};
  return Value::boolean(any_starts(*texts, *prefixes));
}

std::vector<std::string> reversed(std::span<const std::string_view> texts) {
  std::vector<std::string> out;
  out.reserve(texts.size());
  for (const std::string_view text : texts) out.emplace_back(text.rbegin(), text.rend());
  return out;
}

Value any_suffix_match(Context& context, Operands operands) {
  const auto texts = want_texts(context, operands, 0);
  if (!texts) return {};
  const auto suffixes = want_texts(context, operands, 1);
  if (!suffixes) return {};
  if (texts->size() == 1 && suffixes->size() == 1) {
    return Value::boolean(texts->front().ends_with(suffixes->front()));
  }
  const std::vector<std::string> a = reversed(*texts), b = reversed(*suffixes);
  const std::vector<std::string_view> prefixes(b.begin(), b.end());
  return Value::boolean(any_starts({a.begin(), a.end()}, prefixes));
}

Value substring(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::string})) return {};
  const auto offset = want_int(context, operands, 1);
  if (!offset) return {};
  const auto length = want_int(context, operands, 2);
  if (!length) return {};
  if (*offset < 0) return context.fail("negative offset");
  const std::string_view text = operands[0].text();
  if (!context.spend(bytes_of(text) / 64)) return {};
  const std::string_view rest = text.substr(rune_offset(text, static_cast<std::size_t>(*offset)));
  if (*length < 0) return part_of(context, operands[0], rest);
  return part_of(context, operands[0],
                 rest.substr(0, rune_offset(rest, static_cast<std::size_t>(*length))));
}

template <class Cut>
std::string_view trim_start(std::string_view text, const Cut& cut) {
  while (!text.empty() && cut(rune_at(text, 0).code)) text.remove_prefix(rune_at(text, 0).size);
  return text;
}
template <class Cut>
std::string_view trim_end(std::string_view text, const Cut& cut) {
  while (!text.empty() && cut(last_rune(text).code)) text.remove_suffix(last_rune(text).size);
  return text;
}

// What trim() and its like cut off: the characters of their second operand.
class Cutset {
 public:
  explicit Cutset(std::string_view characters) {
    for (std::size_t at = 0; at < characters.size(); at += rune_at(characters, at).size) {
      codes_.push_back(rune_at(characters, at).code);
    }
    std::sort(codes_.begin(), codes_.end());
  }
  bool operator()(char32_t code) const {
    return std::binary_search(codes_.begin(), codes_.end(), code);
  }

 private:
  std::vector<char32_t> codes_;
};

Value trim(Context& context, Operands operands) {
  if (!want_strings(context, operands)) return {};
  const Cutset cut(operands[1].text());
  return part_of(context, operands[0], trim_end(trim_start(operands[0].text(), cut), cut));
}

Value trim_left(Context& context, Operands operands) {
  if (!want_strings(context, operands)) return {};
  const Cutset cut(operands[1].text());
  return part_of(context, operands[0], trim_start(operands[0].text(), cut));
}

Value trim_right(Context& context, Operands operands) {
  if (!want_strings(context, operands)) return {};
  const Cutset cut(operands[1].text());
  return part_of(context, operands[0], trim_end(operands[0].text(), cut));
}

Value trim_prefix(Context& context, Operands operands) {
  if (!want_strings(context, operands)) return {};
  std::string_view text = operands[0].text();
  if (text.starts_with(operands[1].text())) text.remove_prefix(operands[1].text().size());
  return part_of(context, operands[0], text);
}

Value trim_suffix(Context& context, Operands operands) {
  if (!want_strings(context, operands)) return {};
  std::string_view text = operands[0].text();
  if (text.ends_with(operands[1].text())) text.remove_suffix(operands[1].text().size());
  return part_of(context, operands[0], text);
}

Value trim_space(Context& context, Operands operands) {
  if (!want_strings(context, operands)) return {};
  return part_of(context, operands[0],
                 trim_end(trim_start(operands[0].text(), is_space), is_space));
}

Value sprintf(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::string})) return {};
  if (!context.want(operands, 1, {Kind::array})) return {};
  const std::vector<FormatArgument> arguments = format_arguments(operands[1].items());
  const auto text = format_go(context, operands[0].text(), arguments);
  return text ? checked_string(context, *text) : Value();
}

// The operand has a string, number, boolean or null for what stands for itself, and a set for each
// expression: empty when it was undefined.
Value template_string(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::array})) return {};
  std::string out;
  for (const Value part : operands[0].items()) {
    Value shown = part;
    if (part.is_set()) {
      if (part.size() > 1) {
        return context.fail(Failure::conflict,
                            "template-strings must not produce multiple outputs");
      }
      shown = part.size() == 1 ? part.items()[0] : Value();
    } else if (part.is_array() || part.is_object()) {
      return context.fail(Failure::internal,
                          "illegal argument type: " + std::string(term::kind_name(part.kind())));
    }
    if (shown.is_undefined()) {
      out += "<undefined>";
    } else if (shown.is_string()) {
      out += shown.text();
    } else {
      term::append_rego(out, shown);
    }
    if (!context.reserve(out.size()) || !context.spend(1)) return {};
  }
  return term::string(context.arena, out);
}

Value render_template(Context& context, Operands operands) {
  if (!context.want(operands, 0, {Kind::string})) return {};
  if (!context.want(operands, 1, {Kind::object})) return {};
  const auto text = render(context, operands[0].text(), operands[1]);
  return text ? checked_string(context, *text) : Value();
}

constexpr std::string_view kAnyMatch =
    "(search: string | array[string] | set[string],"
    " base: string | array[string] | set[string]) => boolean";
constexpr std::string_view kMatch = "(search: string, base: string) => boolean";
constexpr std::string_view kTrim = "(value: string, cutset: string) => string";
constexpr std::string_view kMap = "(x: string) => string";

constexpr Builtin kTable[] = {
    {"concat", "(delimiter: string, collection: array[string] | set[string]) => string", concat},
    {"contains", "(haystack: string, needle: string) => boolean", contains},
    {"endswith", kMatch, endswith},
    {"indexof", "(haystack: string, needle: string) => number", indexof},
    {"indexof_n", "(haystack: string, needle: string) => array[number]", indexof_n},
    {"internal.template_string", "(parts: array[any]) => string", template_string},
    {"lower", kMap, lower},
    {"replace", "(x: string, old: string, new: string) => string", replace},
    {"split", "(x: string, delimiter: string) => array[string]", split},
    {"sprintf", "(format: string, values: array[any]) => string", sprintf},
    {"startswith", kMatch, startswith},
    {"strings.any_prefix_match", kAnyMatch, any_prefix_match},
    {"strings.any_suffix_match", kAnyMatch, any_suffix_match},
    {"strings.count", "(search: string, substring: string) => number", count},
    {"strings.render_template", "(value: string, vars: object[string: any]) => string",
     render_template},
    {"strings.replace_n", "(patterns: object[string: string], value: string) => string", replace_n},
    {"strings.reverse", kMap, reverse},
    {"substring", "(value: string, offset: number, length: number) => string", substring},
    {"trim", kTrim, trim},
    {"trim_left", kTrim, trim_left},
    {"trim_prefix", "(value: string, prefix: string) => string", trim_prefix},
    {"trim_right", kTrim, trim_right},
    {"trim_space", "(value: string) => string", trim_space},
    {"trim_suffix", "(value: string, suffix: string) => string", trim_suffix},
    {"upper", kMap, upper},
};

}  // namespace

std::span<const Builtin> string_builtins() {
  return kTable;
}

}  // namespace mc::builtin
