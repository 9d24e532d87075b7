#include "builtin/datum.h"

#include <algorithm>

#include "builtin/float_text.h"
#include "builtin/format.h"
#include "builtin/runes.h"
#include "term/number.h"

namespace mc::builtin::tmpl {
namespace {

using Of = Datum::Kind;

tl::unexpected<Error> fail(std::string what) {
  return tl::unexpected(Error{Code::invalid, std::move(what)});
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the JSON, which is bounded
void show(std::string& out, Value value) {
  switch (value.kind()) {
    case Kind::array: {
      out += '[';
      bool first = true;
      for (const Value item : value.items()) {
        if (!first) out += ' ';
        first = false;
        show(out, item);
      }
      out += ']';
      return;
    }
    case Kind::object: {
      out += "map[";
      bool first = true;
      for (const term::Entry& entry : value.members()) {
        if (!first) out += ' ';
        first = false;
        out.append(entry.key.text()).append(":");
        show(out, entry.value);
      }
      out += ']';
      return;
    }
    default:
      out += shown(Datum::of(value), "<nil>");
  }
}

// json.Number is a string to Go.
bool is_textual(const Datum& datum) {
  return datum.kind == Of::text || datum.kind == Of::number;
}

Result<bool> same(const Datum& a, const Datum& b) {
  if (is_textual(a) && is_textual(b)) return a.text == b.text;
  if (a.kind == Of::nil || b.kind == Of::nil) return a.kind == b.kind;
  if (a.kind != b.kind) return fail("incompatible types for comparison");
  switch (a.kind) {
    case Of::boolean:
    case Of::integer:
      return a.integer == b.integer;
    case Of::floating:
      return a.floating == b.floating;
    default:
      return fail("non-comparable types " + shown(a, "<nil>") + ": " + std::string(type_of(a)) +
                  ", " + std::string(type_of(b)) + ": " + shown(b, "<nil>"));
  }
}

Result<bool> less(const Datum& a, const Datum& b) {
  if (is_textual(a) && is_textual(b)) return a.text < b.text;
  if (a.kind != b.kind) return fail("incompatible types for comparison");
  if (a.kind == Of::integer) return a.integer < b.integer;
  if (a.kind == Of::floating) return a.floating < b.floating;
  return fail("invalid type for comparison");
}

Result<Datum> compare(std::string_view function, const Arguments& arguments) {
  if (arguments.size() < 2) {
    return fail(function == "eq" ? "missing argument for comparison"
                                 : "wrong number of args for " + std::string(function) +
                                       ": want 2 got " + std::to_string(arguments.size()));
  }
  const Datum& a = arguments[0];
  if (function == "eq") {
    for (std::size_t i = 1; i < arguments.size(); ++i) {
      MC_TRY(const bool equal, same(a, arguments[i]));
      if (equal) return Datum::of(true);
    }
    return Datum::of(false);
  }
  if (arguments.size() != 2) {
    return fail("wrong number of args for " + std::string(function) + ": want 2 got " +
                std::to_string(arguments.size()));
  }
  const Datum& b = arguments[1];
  if (function == "ne") {
    MC_TRY(const bool equal, same(a, b));
    return Datum::of(!equal);
  }
  MC_TRY(const bool smaller, less(a, b));
  if (function == "lt") return Datum::of(smaller);
  if (function == "ge") return Datum::of(!smaller);
  MC_TRY(const bool equal, same(a, b));
  const bool at_most = smaller || equal;
  return Datum::of(function == "le" ? at_most : !at_most);
}

Result<Datum> length(const Datum& of) {
  switch (of.kind) {
    case Of::text:
    case Of::number:
      return Datum::of(static_cast<std::int64_t>(of.text.size()));
    case Of::array:
    case Of::object:
      return Datum::of(static_cast<std::int64_t>(of.value.size()));
    case Of::nil:
      return fail("len of nil pointer");
    default:
      return fail("len of type " + std::string(type_of(of)));
  }
}

Result<std::size_t> index_in(const Datum& index, std::size_t size) {
  if (index.kind == Of::nil) return fail("cannot index slice/array with nil");
  if (index.kind != Of::integer) {
    return fail("cannot index slice/array with type " + std::string(type_of(index)));
  }
  if (index.integer < 0 || static_cast<std::size_t>(index.integer) >= size) {
    return fail("index out of range: " + std::to_string(index.integer));
  }
  return static_cast<std::size_t>(index.integer);
}

Result<Datum> index(const Arguments& arguments) {
  if (arguments.empty()) return fail("wrong number of args for index: want at least 1 got 0");
  Datum item = arguments[0];
  if (item.kind == Of::nil) return fail("index of untyped nil");
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const Datum& key = arguments[i];
    if (item.kind == Of::array) {
      MC_TRY(const std::size_t at, index_in(key, item.value.size()));
      item = Datum::of(item.value.items()[at]);
    } else if (is_textual(item)) {
      MC_TRY(const std::size_t at, index_in(key, item.text.size()));
      item = Datum::of(std::int64_t{static_cast<unsigned char>(item.text[at])});
    } else if (item.kind == Of::object) {
      if (!is_textual(key)) {
        return fail("value has type " + std::string(type_of(key)) + "; should be string");
      }
      item = Datum::of(item.value.find(key.text));
    } else if (item.kind == Of::nil) {
      return fail("index of nil pointer");
    } else {
      return fail("can't index item of type " + std::string(type_of(item)));
    }
  }
  return item;
}

Result<Datum> slice(Context& context, const Arguments& arguments) {
  if (arguments.empty()) return fail("wrong number of args for slice: want at least 1 got 0");
  const Datum& of = arguments[0];
  if (of.kind != Of::array && !is_textual(of)) {
    return fail("can't slice item of type " + std::string(type_of(of)));
  }
  if (arguments.size() > 3)
    return fail("too many slice indexes: " + std::to_string(arguments.size() - 1));
  const std::size_t size = of.kind == Of::array ? of.value.size() : of.text.size();
  std::size_t bounds[] = {0, size};
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    MC_TRY(bounds[i - 1], index_in(arguments[i], size + 1));
  }
  if (bounds[0] > bounds[1]) {
    return fail("invalid slice index: " + std::to_string(bounds[0]) + " > " +
                std::to_string(bounds[1]));
  }
  const std::size_t count = bounds[1] - bounds[0];
  if (of.kind != Of::array) return Datum::of_text(of.text.substr(bounds[0], count));
  return Datum::of(term::array(context.arena, of.value.items().subspan(bounds[0], count)));
}

FormatArgument format_argument_of(const Datum& datum) {
  FormatArgument argument;
  argument.integer = datum.integer;
  argument.floating = datum.floating;
  argument.type = type_of(datum);
  argument.kind = FormatArgument::Kind::named;
  switch (datum.kind) {
    case Of::boolean:
      argument.kind = FormatArgument::Kind::boolean;
      break;
    case Of::integer:
      argument.kind = FormatArgument::Kind::integer;
      break;
    case Of::floating:
      argument.kind = FormatArgument::Kind::floating;
      break;
    case Of::text:
      argument.kind = FormatArgument::Kind::text;
      argument.text = datum.text;
      break;
    default:
      argument.text = shown(datum, "<nil>");
  }
  return argument;
}

Result<Datum> printf(Context& context, const Arguments& arguments) {
  if (arguments.empty()) return fail("wrong number of args for printf: want at least 1 got 0");
  if (arguments[0].kind != Of::text) {
    return fail("wrong type for value; expected string; got " + std::string(type_of(arguments[0])));
  }
  std::vector<FormatArgument> values;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    values.push_back(format_argument_of(arguments[i]));
  }
  const auto text = format_go(context, arguments[0].text, values);
  if (!text) return fail(context.fault->message);
  return Datum::of_text(*text);
}

// print sets spaces between operands when neither is a string, println between all.
std::string printed(const Arguments& arguments, bool line) {
  std::string out;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool apart =
        line || (i > 0 && arguments[i].kind != Of::text && arguments[i - 1].kind != Of::text);
    if (i > 0 && apart) out += ' ';
    out += shown(arguments[i], "<nil>");
  }
  return line ? out + "\n" : out;
}

std::string html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\0':
        out += "\uFFFD";
        break;
      case '"':
        out += "&#34;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string hex_of(unsigned code, int digits) {
  std::string out;
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
    out += "0123456789ABCDEF"[(code >> static_cast<unsigned>(shift)) & 0xFU];
  }
  return out;
}

std::string js(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const Rune rune = rune_at(text, at);
    const std::string_view bytes = text.substr(at, rune.size);
    at += rune.size;
    if (rune.code == '\\' || rune.code == '\'' || rune.code == '"') {
      out.append("\\").append(bytes);
    } else if (rune.code < ' ' || std::string_view("<>&=").find(bytes) != std::string_view::npos ||
               !is_printable(rune.code)) {
      out += "\\u" + hex_of(rune.code, rune.code > 0xFFFF ? 6 : 4);
    } else {
      out += bytes;
    }
  }
  return out;
}

std::string urlquery(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       (c != '\0' && std::string_view("-_.~").find(c) != std::string_view::npos);
    if (plain) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += "%" + hex_of(static_cast<unsigned char>(c), 2);
    }
  }
  return out;
}

}  // namespace

Datum Datum::of(Value value) {
  Datum datum;
  datum.value = value;
  switch (value.kind()) {
    case builtin::Kind::boolean:
      datum.kind = Kind::boolean;
      datum.integer = value.flag() ? 1 : 0;
      break;
    case builtin::Kind::number:
      datum.kind = Kind::number;
      datum.text = term::number_text(value);
      break;
    case builtin::Kind::string:
      datum.kind = Kind::text;
      datum.text = value.text();
      break;
    case builtin::Kind::array:
      datum.kind = Kind::array;
      break;
    case builtin::Kind::object:
      datum.kind = Kind::object;
      break;
    default:
      datum.missing = value.is_undefined();
  }
  return datum;
}

Datum Datum::of(bool flag) {
  Datum datum;
  datum.kind = Kind::boolean;
  datum.integer = flag ? 1 : 0;
  return datum;
}

Datum Datum::of(std::int64_t integer) {
  Datum datum;
  datum.kind = Kind::integer;
  datum.integer = integer;
  return datum;
}

Datum Datum::of_text(std::string text) {
  Datum datum;
  datum.kind = Kind::text;
  datum.text = std::move(text);
  return datum;
}

bool is_true(const Datum& datum) {
  switch (datum.kind) {
    case Of::nil:
      return false;
    case Of::boolean:
    case Of::integer:
      return datum.integer != 0;
    case Of::floating:
      return datum.floating != 0;
    case Of::text:
    case Of::number:
      return !datum.text.empty();
    default:
      return datum.value.size() > 0;
  }
}

std::string shown(const Datum& datum, std::string_view nil) {
  switch (datum.kind) {
    case Of::nil:
      return std::string(nil);
    case Of::boolean:
      return datum.integer != 0 ? "true" : "false";
    case Of::integer:
      return std::to_string(datum.integer);
    case Of::floating:
      return float_text(datum.floating, 'g', -1);
    case Of::text:
    case Of::number:
      return datum.text;
    default: {
      std::string out;
      show(out, datum.value);
      return out;
    }
  }
}

std::string_view type_of(const Datum& datum) {
  constexpr std::string_view kTypes[] = {"<nil>",
                                         "bool",
                                         "int",
                                         "float64",
                                         "string",
                                         "json.Number",
                                         "[]interface {}",
                                         "map[string]interface {}"};
  return kTypes[static_cast<std::size_t>(datum.kind)];
}

Result<Datum> call(Context& context, std::string_view function, const Arguments& arguments) {
  if (function == "len" || function == "not") {
    if (arguments.size() != 1) {
      return fail("wrong number of args for " + std::string(function) + ": want 1 got " +
                  std::to_string(arguments.size()));
    }
    if (function == "not") return Datum::of(!is_true(arguments[0]));
    return length(arguments[0]);
  }
  if (function == "index") return index(arguments);
  if (function == "slice") return slice(context, arguments);
  if (function == "printf") return printf(context, arguments);
  if (function == "call") return fail("error calling call: non-function");
  if (function.starts_with("print")) {
    return Datum::of_text(printed(arguments, function == "println"));
  }
  if (function == "html" || function == "js" || function == "urlquery") {
    const std::string text = printed(arguments, false);
    return Datum::of_text(function == "html" ? html(text)
                          : function == "js" ? js(text)
                                             : urlquery(text));
  }
  return compare(function, arguments);
}

}  // namespace mc::builtin::tmpl
