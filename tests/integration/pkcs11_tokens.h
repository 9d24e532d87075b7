// Tokens of our own in a temporary folder, for tests: SoftHSM's and the one of NSS.
#pragma once

#include <p11-kit/pkcs11.h>

#include <functional>
#include <memory>
#include <string>

#include "kms/kms.h"
#include "pkcs11/pkcs11.h"

namespace mc::pkcs11::test {

enum class Peer : std::uint8_t { softhsm, nss };
// Its module; "" when it is not installed.
std::string module_of(Peer peer);

struct Purpose {
  bool wraps = true;
  bool encrypts = false;
};

// A token "mc-test" with the PIN "1234", gone with the object. What it does itself it does with the
// module's own calls, and ends what it began.
class TestToken {
 public:
  explicit TestToken(Peer peer);
  ~TestToken();
  TestToken(const TestToken&) = delete;
  TestToken& operator=(const TestToken&) = delete;

  void make_aes(const std::string& label, const std::string& id, Purpose purpose = {});
  void make_rsa(const std::string& label, const std::string& id);
  void set_pin_file(const std::string& pin);
  void remove_from_disk();
  void log_out();          // of the whole process, while a provider is at work
  void finalize();         // the library, behind the provider's back
  CK_FLAGS token_flags();  // while a provider is at work

  std::unique_ptr<kms::Provider> bind(kms::ProviderKind& kind, const std::string& key,
                                      int sessions = 8);
  const kms::ProviderWorld& world() const { return *world_; }
  MonoTime soon() { return world_->clock.mono() + seconds(20); }

 private:
  void begin();
  void use(const std::function<void(CK_SESSION_HANDLE)>& work);
  CK_SLOT_ID slot();

  const Peer peer_;
  std::string folder_, init_;
  CK_FUNCTION_LIST* calls_ = nullptr;
  std::unique_ptr<sys::Clock> clock_;
  std::unique_ptr<sys::Random> random_;
  std::unique_ptr<sys::Files> files_;
  std::unique_ptr<kms::Transport> transport_;
  std::unique_ptr<kms::ProviderWorld> world_;
};

}  // namespace mc::pkcs11::test
