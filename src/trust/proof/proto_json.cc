#include "proof/proto_json.h"

#include <algorithm>

namespace mc::proof {

Result<std::string> from_any_base64(std::string_view text) {
  if (text.find_first_of("-_") == std::string_view::npos) return from_base64(text);
  if (text.ends_with("==")) {
    text.remove_suffix(2);
  } else if (text.ends_with('=')) {
    text.remove_suffix(1);
  }
  return from_base64url(text);
}

Fields::Fields(const json::Value* value, std::string path, std::optional<Error>& fault)
    : path_(std::move(path)), fault_(fault) {
  if (value == nullptr) return;
  object_ = value->as_object();
  if (object_ == nullptr) refuse("", "it must be an object");
}

std::string Fields::path(std::string_view name) const {
  if (name.empty()) return path_;
  return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
}

void Fields::refuse(std::string_view name, std::string_view why) {
  if (fault_) return;
  const std::string where = path(name);  // "" is the whole
  fault_ = Error{Code::invalid, where + (where.empty() ? "" : ": ") + std::string(why)};
}

const json::Value* Fields::child(std::string_view name) {
  if (object_ == nullptr) return nullptr;
  asked_.emplace(name);
  const json::Value* found = object_->find(name);
  return found == nullptr || found->is_null() ? nullptr : found;
}

bool Fields::has(std::string_view name) {
  return child(name) != nullptr;
}

std::string Fields::text(std::string_view name) {
  const json::Value* found = child(name);
  if (found == nullptr) return "";
  if (found->as_string() != nullptr) return *found->as_string();
  refuse(name, "it must be a text");
  return "";
}

std::string Fields::required_text(std::string_view name) {
  std::string out = text(name);
  if (out.empty()) refuse(name, "it is missing");
  return out;
}

std::string Fields::bytes(std::string_view name) {
  const std::string read = text(name);
  const Result<std::string> out = from_any_base64(read);
  if (out) return *out;
  refuse(name, "it is not base64");
  return "";
}

std::string Fields::required_bytes(std::string_view name) {
  std::string out = bytes(name);
  if (out.empty()) refuse(name, "it is missing");
  return out;
}

std::int64_t Fields::number(std::string_view name) {
  const json::Value* found = child(name);
  if (found == nullptr) return 0;
  if (found->as_int() != nullptr && *found->as_int() >= 0) return *found->as_int();
  if (const std::string* text = found->as_string(); text != nullptr) {
    const Result<std::int64_t> out = parse_int(*text);
    if (out && *out >= 0 && std::to_string(*out) == *text) return *out;
  }
  refuse(name, "it must be a whole number that is not negative");
  return 0;
}

WallTime Fields::time(std::string_view name) {
  const Result<WallTime> out = parse_rfc3339(required_text(name));
  if (out) return *out;
  refuse(name, out.error().what);
  return {};
}

std::vector<const json::Value*> Fields::list(std::string_view name) {
  constexpr std::size_t kEntriesMax = 64;
  std::vector<const json::Value*> out;
  const json::Value* found = child(name);
  if (found == nullptr) return out;
  if (found->as_array() == nullptr) {
    refuse(name, "it must be a list");
    return out;
  }
  if (found->as_array()->size() > kEntriesMax) {
    refuse(name, "it has more than 64 entries");
    return out;
  }
  for (const json::Value& entry : *found->as_array()) out.push_back(&entry);
  return out;
}

void Fields::done() {
  if (object_ == nullptr) return;
  for (const json::Member& member : object_->members()) {
    if (asked_.contains(member.name)) continue;
    refuse(excerpt(member.name), "it is not known");
    return;
  }
}

}  // namespace mc::proof
