// A token: found by what a URI says of it, logged in to, with a pool of sessions.
//
// Sessions are read-only and kept open, since a token forgets the login with the last one; what
// writes gets one of its own. After a failure that is not of the wrapped secret a session is
// closed, so that no operation that was begun is left in it.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "kms/kms.h"
#include "pkcs11/module.h"
#include "pkcs11/uri.h"

namespace mc::pkcs11 {

struct TokenOptions {
  std::string pin_file;  // "" = none: a token without a login
  int sessions = 8;
};
enum class Access : std::uint8_t { read, write };

// A session for one piece of work.
struct Lease {
  Call call;
  Access access = Access::read;
  std::uint64_t epoch = 0;       // of the module
  std::uint64_t generation = 0;  // of the token: handles of objects are good within one
};

// Thread-safe.
class Token {
 public:
  Token(std::shared_ptr<Module> module, KeyUri uri, TokenOptions options,
        const kms::ProviderWorld& world);
  ~Token();
  Token(const Token&) = delete;
  Token& operator=(const Token&) = delete;

  // Does the work in a session of a logged-in user; once more when the token lost something. The
  // work must be fit to be done twice up to where it gets an answer that is `lost`.
  template <class Work>
  auto run(Access access, MonoTime deadline, const Work& work)
      -> decltype(work(std::declval<Lease&>())) {
    for (int tries = 1;; ++tries) {
      Lease lease{.call = {}, .access = access};
      const Status taken = take(lease, deadline);
      if (taken) {
        auto out = work(lease);
        const Fault fault = fault_of(lease.call.last);
        give_back(lease, out || fault == Fault::none || fault == Fault::corrupt);
        if (out && is_late(deadline)) return fail(Code::unavailable, "pkcs11: past the deadline");
        if (out || !begin_anew(lease, tries, deadline)) return out;
      } else if (!begin_anew(lease, tries, deadline)) {
        return tl::unexpected(taken.error());
      }
    }
  }

 private:
  struct Pool {
    std::uint64_t epoch = 0;
    std::uint64_t generation = 0;
    std::optional<CK_SLOT_ID> slot;
    std::string serial;
    bool needs_login = false;
    std::vector<CK_SESSION_HANDLE> idle;
    int in_use = 0;
  };
  bool is_late(MonoTime deadline);
  // After it, unless it fails, the lease must be given back.
  Status take(Lease& lease, MonoTime deadline);
  Status wait_for_turn(Lease& lease, MonoTime deadline);
  Status open(Lease& lease);
  Status find_slot(Lease& lease);
  Status log_in(Lease& lease);
  void give_back(Lease& lease, bool keep);
  // Whether the work is to be tried again; what was lost is forgotten.
  bool begin_anew(const Lease& lease, int tries, MonoTime deadline);
  Result<Secret> read_pin();

  const std::shared_ptr<Module> module_;
  const KeyUri uri_;
  const TokenOptions options_;
  kms::ProviderWorld world_;
  std::mutex mutex_;
  std::condition_variable freed_;
  Pool pool_;
};

// Without the blanks that fill a field of a token up.
std::string text_of(const CK_UTF8CHAR* field, std::size_t size);

}  // namespace mc::pkcs11
