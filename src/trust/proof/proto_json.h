// Reads the JSON form of protocol buffers as Sigstore's formats have it: bytes in base64, 64-bit
// numbers as text or number, enums by name. Unknown members are refused. The first fault is kept,
// every later answer is empty, so that a reader is a flat list of members.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "json/json.h"

namespace mc::proof {

// Of either alphabet of RFC 4648; padded, or without padding in the second.
Result<std::string> from_any_base64(std::string_view text);

class Fields {
 public:
  // `value` is null when the member was absent.
  Fields(const json::Value* value, std::string path, std::optional<Error>& fault);
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;

  bool has(std::string_view name);
  std::string text(std::string_view name);  // "" when absent
  std::string required_text(std::string_view name);
  std::string bytes(std::string_view name);  // "" when absent
  std::string required_bytes(std::string_view name);
  std::int64_t number(std::string_view name);       // 0 when absent, as protobuf leaves zeros out
  WallTime time(std::string_view name);             // required
  const json::Value* child(std::string_view name);  // null when absent
  std::vector<const json::Value*> list(std::string_view name);

  std::string path(std::string_view name) const;
  void refuse(std::string_view name, std::string_view why);
  // Refuses members that nobody asked for. Last.
  void done();

 private:
  const json::Object* object_ = nullptr;
  std::string path_;
  std::optional<Error>& fault_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace mc::proof
