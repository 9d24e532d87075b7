#include "pkcs11/failure.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace mc::pkcs11 {
namespace {

struct Known {
  CK_RV value;
  const char* name;
  Fault fault;
};

#define MC_KNOWN(value, fault)  \
  Known {                       \
    value, #value, Fault::fault \
  }
constexpr Known kKnown[] = {
    MC_KNOWN(CKR_OK, none),
    MC_KNOWN(CKR_SESSION_HANDLE_INVALID, lost),
    MC_KNOWN(CKR_SESSION_CLOSED, lost),
    MC_KNOWN(CKR_USER_NOT_LOGGED_IN, lost),
    MC_KNOWN(CKR_DEVICE_REMOVED, lost),
    MC_KNOWN(CKR_TOKEN_NOT_PRESENT, lost),
    MC_KNOWN(CKR_TOKEN_NOT_RECOGNIZED, lost),
    MC_KNOWN(CKR_SLOT_ID_INVALID, lost),
    MC_KNOWN(CKR_CRYPTOKI_NOT_INITIALIZED, lost),
    MC_KNOWN(CKR_OBJECT_HANDLE_INVALID, lost),
    MC_KNOWN(CKR_KEY_HANDLE_INVALID, lost),
    MC_KNOWN(CKR_WRAPPING_KEY_HANDLE_INVALID, lost),
    MC_KNOWN(CKR_UNWRAPPING_KEY_HANDLE_INVALID, lost),
    MC_KNOWN(CKR_PIN_INCORRECT, denied),
    MC_KNOWN(CKR_PIN_INVALID, denied),
    MC_KNOWN(CKR_PIN_LEN_RANGE, denied),
    MC_KNOWN(CKR_PIN_EXPIRED, denied),
    MC_KNOWN(CKR_PIN_LOCKED, denied),
    MC_KNOWN(CKR_USER_PIN_NOT_INITIALIZED, denied),
    MC_KNOWN(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, denied),
    MC_KNOWN(CKR_USER_TYPE_INVALID, denied),
    MC_KNOWN(CKR_ENCRYPTED_DATA_INVALID, corrupt),
    MC_KNOWN(CKR_ENCRYPTED_DATA_LEN_RANGE, corrupt),
    MC_KNOWN(CKR_WRAPPED_KEY_INVALID, corrupt),
    MC_KNOWN(CKR_WRAPPED_KEY_LEN_RANGE, corrupt),
    MC_KNOWN(CKR_DATA_INVALID, corrupt),
    MC_KNOWN(CKR_DATA_LEN_RANGE, corrupt),
    MC_KNOWN(CKR_GENERAL_ERROR, vague),
    MC_KNOWN(CKR_FUNCTION_FAILED, vague),
    MC_KNOWN(CKR_DEVICE_ERROR, vague),
    MC_KNOWN(CKR_KEY_FUNCTION_NOT_PERMITTED, unsupported),
    MC_KNOWN(CKR_KEY_TYPE_INCONSISTENT, unsupported),
    MC_KNOWN(CKR_WRAPPING_KEY_TYPE_INCONSISTENT, unsupported),
    MC_KNOWN(CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT, unsupported),
    MC_KNOWN(CKR_KEY_NOT_WRAPPABLE, unsupported),
    MC_KNOWN(CKR_KEY_UNEXTRACTABLE, unsupported),
    MC_KNOWN(CKR_KEY_SIZE_RANGE, unsupported),
    MC_KNOWN(CKR_MECHANISM_INVALID, unsupported),
    MC_KNOWN(CKR_MECHANISM_PARAM_INVALID, unsupported),
    MC_KNOWN(CKR_ARGUMENTS_BAD, unsupported),
    MC_KNOWN(CKR_ATTRIBUTE_TYPE_INVALID, unsupported),
    MC_KNOWN(CKR_ATTRIBUTE_VALUE_INVALID, unsupported),
    MC_KNOWN(CKR_ATTRIBUTE_SENSITIVE, unsupported),
    MC_KNOWN(CKR_TEMPLATE_INCONSISTENT, unsupported),
    MC_KNOWN(CKR_TEMPLATE_INCOMPLETE, unsupported),
    MC_KNOWN(CKR_FUNCTION_NOT_SUPPORTED, unsupported),
    MC_KNOWN(CKR_ACTION_PROHIBITED, unsupported),
    MC_KNOWN(CKR_SESSION_READ_ONLY, unsupported),
    MC_KNOWN(CKR_TOKEN_WRITE_PROTECTED, unsupported),
    MC_KNOWN(CKR_ATTRIBUTE_READ_ONLY, unsupported),
    MC_KNOWN(CKR_HOST_MEMORY, unavailable),
    MC_KNOWN(CKR_DEVICE_MEMORY, unavailable),
    MC_KNOWN(CKR_SESSION_COUNT, unavailable),
    MC_KNOWN(CKR_FUNCTION_CANCELED, unavailable),
    MC_KNOWN(CKR_OPERATION_ACTIVE, unavailable),
    MC_KNOWN(CKR_OPERATION_NOT_INITIALIZED, unavailable),
    MC_KNOWN(CKR_BUFFER_TOO_SMALL, unavailable),
    MC_KNOWN(CKR_CANT_LOCK, unavailable),
};
#undef MC_KNOWN

const Known* find(CK_RV value) {
  const auto* found = std::find_if(std::begin(kKnown), std::end(kKnown),
                                   [&](const Known& k) { return k.value == value; });
  return found == std::end(kKnown) ? nullptr : found;
}

Code code_of(CK_RV value) {
  switch (fault_of(value)) {
    case Fault::denied:
      return Code::denied;
    case Fault::corrupt:
      return Code::corrupt;
    // The key is there, but may not do this: its owner's decision, like a key that was disabled.
    case Fault::unsupported:
      return value == CKR_KEY_FUNCTION_NOT_PERMITTED ? Code::denied : Code::invalid;
    default:
      return Code::unavailable;
  }
}

}  // namespace

Fault fault_of(CK_RV value) {
  const Known* known = find(value);
  return known == nullptr ? Fault::unavailable : known->fault;
}

std::string name_of(CK_RV value) {
  if (const Known* known = find(value); known != nullptr) return known->name;
  std::array<char, 16> digits{};
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return "CKR 0x" + std::string(digits.data(), written.ptr);
}

Error failure_of(std::string_view step, CK_RV value) {
  return {code_of(value), "pkcs11: " + std::string(step) + ": " + name_of(value)};
}

}  // namespace mc::pkcs11
