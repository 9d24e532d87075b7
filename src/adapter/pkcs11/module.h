// The library of a token: loaded, initialised once for each process, and again after a fork.
#pragma once

#include <p11-kit/pkcs11.h>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/base.h"
#include "pkcs11/failure.h"

namespace mc::pkcs11 {

// Its functions; nothing of it is called yet. `invalid`: no such file, or no module.
using Loader = std::function<Result<CK_FUNCTION_LIST*>(const std::string& path)>;
Result<CK_FUNCTION_LIST*> load_module(const std::string& path);

// One use of a session, and the last value that the token gave in it: what it means for the
// session is decided by who lent it. What only tidies up does not go through check().
struct Call {
  CK_FUNCTION_LIST* calls = nullptr;
  CK_SLOT_ID slot = 0;
  CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
  CK_RV last = CKR_OK;

  Status check(std::string_view step, CK_RV value) {
    last = value;
    if (value == CKR_OK) return ok();
    return tl::unexpected(failure_of(step, value));
  }
};

// Thread-safe.
class Module {
 public:
  Module(Loader loader, std::string path, std::string init);
  ~Module();
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  // Handles are good within one epoch only; those of others are never to be used, nor closed.
  struct Entry {
    CK_FUNCTION_LIST* calls = nullptr;
    std::uint64_t epoch = 0;
  };
  Result<Entry> enter();
  // Initialises it once more when somebody else in the process has ended it; whether that was so.
  bool revive(std::uint64_t epoch);

  // The user's login on the token of a session, unless there is one already. `serial` names the
  // token. A PIN that it refused is not tried again (`denied`).
  Status log_in(Call& call, const std::string& serial, const Secret& pin);

 private:
  struct State {
    CK_FUNCTION_LIST* calls = nullptr;
    std::uint64_t epoch = 0;
    int process = 0;  // that initialised it; 0 = none
    bool ours = false;
  };
  Status initialize(State& state);

  const Loader loader_;
  const std::string path_;
  std::string init_;
  Guarded<State> state_;
  Guarded<std::map<std::string, Secret>> refused_;  // PINs; held during a login
};

}  // namespace mc::pkcs11
