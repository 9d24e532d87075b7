#include "kms/kms.h"

namespace mc::kms {

std::string_view HttpReply::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "";
}

std::string_view name_of(KeyState state) {
  switch (state) {
    case KeyState::enabled:
      return "enabled";
    case KeyState::disabled:
      return "disabled";
    case KeyState::pending_destruction:
      return "pending_destruction";
    case KeyState::destroyed:
      return "destroyed";
  }
  return "unknown";
}

}  // namespace mc::kms
