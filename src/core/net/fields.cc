#include "net/fields.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/base.h"
#include "net/http1_head.h"
#include "net/http1_write.h"

namespace mc::net {
namespace {

bool is_connection(const HeaderView& field) {
  return equals_ignoring_case(field.name, "connection");
}

}  // namespace

HopFields::HopFields(const std::vector<HeaderView>& fields) : fields_(fields) {
  lists_ = std::any_of(fields.begin(), fields.end(), [](const HeaderView& field) {
    return is_connection(field) && !equals_ignoring_case(field.value, "keep-alive") &&
           !equals_ignoring_case(field.value, "close");
  });
}

bool HopFields::listed(std::string_view name) const {
  return std::any_of(fields_.begin(), fields_.end(), [&](const HeaderView& field) {
    return is_connection(field) && http1::list_has(field.value, name);
  });
}

bool HopFields::take(std::string_view name) const {
  return http1::is_hop_by_hop(name) || equals_ignoring_case(name, "content-length") ||
         (lists_ && listed(name));
}

bool FieldLines::of_request(std::string_view name) {
  return equals_ignoring_case(name, "host") || equals_ignoring_case(name, "expect");
}

void FieldLines::append(const HeaderView& field) {
  http1::append_field(text_, field.name, field.value);
}

void FieldLines::add(FieldName name, std::string_view value) {
  sendable_ = sendable_ && http1::is_field_value(value);
  if (sendable_) http1::append_field(text_, name.text(), value);
}

void FieldLines::add(FieldName name, std::int64_t value) {
  http1::append_number_field(text_, name.text(), value);
}

bool FieldLines::has(std::string_view name) const {
  std::string_view rest = text_;
  while (!rest.empty()) {
    if (rest.size() > name.size() && rest[name.size()] == ':' &&
        same_letters(rest.substr(0, name.size()), name)) {
      return true;
    }
    rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1);
  }
  return false;
}

}  // namespace mc::net
