#include "builtin/json_schema_refs.h"

#include <vector>

#include "base/base.h"

namespace mc::builtin::schema {
namespace {

constexpr int kDepthMax = 1'000;

// RFC 3986, appendix B.
struct Address {
  std::string scheme, authority, path, query, fragment;
  bool has_authority = false, has_query = false;

  static Address read(std::string_view text) {
    Address out;
    if (const std::size_t hash = text.find('#'); hash != std::string_view::npos) {
      out.fragment = text.substr(hash + 1);
      text = text.substr(0, hash);
    }
    if (const std::size_t mark = text.find('?'); mark != std::string_view::npos) {
      out.has_query = true;
      out.query = text.substr(mark + 1);
      text = text.substr(0, mark);
    }
    const std::size_t colon = text.find_first_of(":/");
    if (colon != std::string_view::npos && colon > 0 && text[colon] == ':') {
      out.scheme = to_lower(text.substr(0, colon));
      text.remove_prefix(colon + 1);
    }
    if (text.starts_with("//")) {
      const std::size_t end = text.find('/', 2);
      out.has_authority = true;
      out.authority = text.substr(2, end == std::string_view::npos ? end : end - 2);
      text = end == std::string_view::npos ? std::string_view() : text.substr(end);
    }
    out.path = text;
    return out;
  }

  std::string text() const {
    std::string out = scheme.empty() ? "" : scheme + ":";
    if (has_authority) out += "//" + authority;
    out += path;
    if (has_query) out += "?" + query;
    return fragment.empty() ? out : out + "#" + fragment;
  }
};

std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  const std::vector<std::string_view> segments = split(path, '/');
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const bool last = i + 1 == segments.size();
    if (segments[i] == "." || segments[i] == "..") {
      if (segments[i] == ".." && kept.size() > 1) kept.pop_back();
      if (last) kept.emplace_back();
    } else {
      kept.push_back(segments[i]);
    }
  }
  std::string out;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (i > 0) out += '/';
    out += kept[i];
  }
  return out;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      if (const Result<std::string> byte = from_hex(text.substr(i + 1, 2)); byte) {
        out += *byte;
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

std::string unescaped(std::string_view token) {
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    const std::string_view two = token.substr(i, 2);
    if (two == "~0" || two == "~1") {
      out += two == "~0" ? '~' : '/';
      ++i;
    } else {
      out += token[i];
    }
  }
  return out;
}

// What these hold are names of the document's own, no keywords.
bool holds_names(std::string_view keyword) {
  return keyword == "properties" || keyword == "dependencies" || keyword == "patternProperties";
}

Value id_of(Value node) {
  const Value id = node.find("id");
  return id.is_undefined() ? node.find("$id") : id;
}

}  // namespace

References::References(Value document) {
  collect(document, "", 0);
  parts_.insert_or_assign("", Part{document, ""});
}

std::string References::resolve(std::string_view base, std::string_view reference) {
  const Address root = Address::read(base);
  Address out = Address::read(reference);
  if (!out.scheme.empty()) {
    out.path = without_dots(out.path);
    return out.text();
  }
  out.scheme = root.scheme;
  if (!out.has_authority) {
    out.authority = root.authority;
    out.has_authority = root.has_authority;
    if (out.path.empty()) {
      out.path = root.path;
      if (!out.has_query) {
        out.query = root.query;
        out.has_query = root.has_query;
        if (out.fragment.empty()) out.fragment = root.fragment;
      }
    } else if (!out.path.starts_with('/')) {
      const std::size_t slash = root.path.rfind('/');
      const std::string folder = slash == std::string::npos ? "/" : root.path.substr(0, slash + 1);
      out.path = folder + out.path;
    }
  }
  out.path = without_dots(out.path);
  return out.text();
}

std::string References::base_inside(Value node, const std::string& base) {
  const Value id = id_of(node);
  return id.is_string() ? resolve(base, id.text()) : base;
}

// NOLINTNEXTLINE(misc-no-recursion): bounded by kDepthMax
void References::collect(Value node, const std::string& base, int depth) {
  if (depth > kDepthMax) return;
  for (const Value item : node.items()) collect(item, base, depth + 1);
  if (!node.is_object()) return;
  const std::string inside = base_inside(node, base);
  // Of two parts with one name, the first is found.
  if (id_of(node).is_string()) parts_.try_emplace(inside, Part{node, base});
  for (const term::Entry& entry : node.members()) {
    const std::string_view keyword = entry.key.text();
    if (keyword == "const" || keyword == "enum") continue;
    if (holds_names(keyword) && entry.value.is_object()) {
      for (const term::Entry& named : entry.value.members()) {
        collect(named.value, inside, depth + 2);
      }
    } else {
      collect(entry.value, inside, depth + 1);
    }
  }
}

std::optional<Part> References::find(const std::string& address, std::string& problem) const {
  if (const auto at = parts_.find(address); at != parts_.end()) return at->second;
  Address parsed = Address::read(address);
  const std::string pointer = percent_decoded(parsed.fragment);
  parsed.fragment.clear();
  if (const auto at = parts_.find(parsed.text()); at != parts_.end()) {
    return follow(at->second, pointer, problem);
  }
  if (parsed.scheme == "file") {
    problem = "file reference loading disabled: " + address;
  } else if (parsed.scheme.empty() || parsed.authority.empty()) {
    problem = "Reference " + address + " must be canonical";
  } else {
    problem = "remote reference loading disabled: " + address;
  }
  return std::nullopt;
}

std::optional<Part> References::follow(Part from, std::string_view pointer, std::string& problem) {
  // A fragment that is no pointer and no $id names the whole.
  if (!pointer.starts_with('/')) return from;
  bool is_schema = true;
  for (const std::string_view token : split(pointer.substr(1), '/')) {
    const std::string name = unescaped(token);
    if (from.node.is_object()) {
      if (is_schema) from.base = base_inside(from.node, from.base);
      is_schema = !is_schema || !holds_names(name);
      from.node = from.node.find(name);
      if (from.node.is_undefined()) {
        problem = "Object has no key '" + std::string(token) + "'";
        return std::nullopt;
      }
    } else if (from.node.is_array()) {
      const Result<std::int64_t> index = parse_int(token);
      const auto size = static_cast<std::int64_t>(from.node.size());
      if (!index) {
        problem = "Invalid array index '" + std::string(token) + "'";
        return std::nullopt;
      }
      if (*index < 0 || *index >= size) {
        problem = "Out of bound array[0," + std::to_string(size) + "] index '" +
                  std::to_string(*index) + "'";
        return std::nullopt;
      }
      from.node = from.node.items()[static_cast<std::size_t>(*index)];
    } else {
      problem = "Invalid token reference '" + std::string(token) + "'";
      return std::nullopt;
    }
  }
  return from;
}

}  // namespace mc::builtin::schema
