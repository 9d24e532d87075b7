#include "pkcs11/failure.h"

#include <doctest/doctest.h>

namespace mc::pkcs11 {
namespace {

TEST_CASE("pkcs11: what a token says becomes what a key service may say") {
  struct Row {
    CK_RV value;
    Code code;
    const char* text;
  };
  const Row rows[] = {
      {CKR_PIN_INCORRECT, Code::denied, "pkcs11: step: CKR_PIN_INCORRECT"},
      {CKR_PIN_LOCKED, Code::denied, "pkcs11: step: CKR_PIN_LOCKED"},
      {CKR_KEY_FUNCTION_NOT_PERMITTED, Code::denied,
       "pkcs11: step: CKR_KEY_FUNCTION_NOT_PERMITTED"},
      {CKR_ENCRYPTED_DATA_INVALID, Code::corrupt, "pkcs11: step: CKR_ENCRYPTED_DATA_INVALID"},
      {CKR_WRAPPED_KEY_INVALID, Code::corrupt, "pkcs11: step: CKR_WRAPPED_KEY_INVALID"},
      {CKR_DEVICE_ERROR, Code::unavailable, "pkcs11: step: CKR_DEVICE_ERROR"},
      {CKR_DEVICE_REMOVED, Code::unavailable, "pkcs11: step: CKR_DEVICE_REMOVED"},
      {CKR_SESSION_COUNT, Code::unavailable, "pkcs11: step: CKR_SESSION_COUNT"},
      {CKR_TOKEN_WRITE_PROTECTED, Code::invalid, "pkcs11: step: CKR_TOKEN_WRITE_PROTECTED"},
      {0x80000001, Code::unavailable, "pkcs11: step: CKR 0x80000001"},
      {~CK_RV{0}, Code::unavailable, "pkcs11: step: CKR 0xffffffffffffffff"},
  };
  for (const Row& row : rows) {
    const Error error = failure_of("step", row.value);
    CHECK(error.what == row.text);
    CHECK(error.code == row.code);
  }
}

TEST_CASE("pkcs11: lost sessions, logins and handles are told from refusals") {
  for (const CK_RV value : {CKR_SESSION_HANDLE_INVALID, CKR_USER_NOT_LOGGED_IN, CKR_DEVICE_REMOVED,
                            CKR_TOKEN_NOT_PRESENT, CKR_KEY_HANDLE_INVALID}) {
    CHECK(fault_of(value) == Fault::lost);
  }
  CHECK(fault_of(CKR_PIN_INCORRECT) == Fault::denied);
  CHECK(fault_of(CKR_GENERAL_ERROR) == Fault::vague);
  CHECK(fault_of(CKR_OK) == Fault::none);
}

}  // namespace
}  // namespace mc::pkcs11
