// A token for tests that does as it is told: one slot, AES keys of the label "customer", and for
// any of its functions the value to answer the next times. Its ciphers are none.
#pragma once

#include <p11-kit/pkcs11.h>

#include <map>
#include <set>
#include <string>

namespace mc::pkcs11::test {

struct FakeFault {
  CK_RV value = CKR_OK;
  int times = -1;  // -1 = always
  int after = 0;   // so many good answers
};

// One at a time: modules have no state but that of the process.
class FakeToken {
 public:
  FakeToken();
  ~FakeToken();
  FakeToken(const FakeToken&) = delete;
  FakeToken& operator=(const FakeToken&) = delete;

  CK_FUNCTION_LIST* calls() { return &list_; }
  CK_RV step(const std::string& function, CK_SESSION_HANDLE session = CK_INVALID_HANDLE);

  std::map<std::string, FakeFault> faults;  // by function, without "C_"
  std::map<std::string, int> counts;
  std::set<CK_MECHANISM_TYPE> mechanisms = {CKM_AES_KEY_WRAP};
  std::set<CK_ATTRIBUTE_TYPE> permissions = {CKA_WRAP, CKA_UNWRAP, CKA_ENCRYPT, CKA_DECRYPT};
  std::set<CK_OBJECT_HANDLE> keys = {1};            // the id is the handle in one byte
  std::map<CK_OBJECT_HANDLE, std::string> secrets;  // session objects
  std::set<CK_SESSION_HANDLE> sessions;
  std::string pin = "1234";
  CK_FLAGS flags = CKF_LOGIN_REQUIRED | CKF_TOKEN_INITIALIZED;
  bool logged_in = false;
  bool found = false;  // the search of a session has been answered
  bool makes_iv = false, wants_zeros = false;
  CK_GCM_PARAMS* gcm = nullptr;
  CK_OBJECT_HANDLE key_in_use = 0;
  CK_ULONG next = 100;

 private:
  CK_FUNCTION_LIST list_{};
};

}  // namespace mc::pkcs11::test
