// Key services of customers: what wraps a tenant's branch key, and is nobody's but the customer's.
//
// A Provider is one key of one service, and does the least that all of them can: it wraps at most
// kSecretBytesMax bytes, opens them again, and says what state the key is in. Nothing else of a
// service is used, so that a software token, a cloud and a passphrase are worth the same. Bytes of
// a service are foreign: each provider reads them strictly, at most kReplyBytesMax of them.
//
// Errors, the same of all providers, since states hang on them (states.h):
//   denied       the service said no: the key is disabled, about to be destroyed or gone, or access
//                was taken away. Never for an outage, an expired credential that can be renewed, or
//                a quota.
//   unavailable  nobody knows: a time-out, a refused connection, 5xx, a busy token
//   exhausted    the service's quota; retry_after_s where it said so
//   corrupt      what came back is not what was asked for: another key's, a wrong checksum, a
//                reply that does not parse, a wrapped secret that does not open
//   invalid      the binding is wrong: no such service, a malformed name of a key
// Texts name the provider and the step; never a key's bytes, a credential, or a service's own words
// beyond its error code.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "kms/transport.h"  // IWYU pragma: export
#include "sys/sys.h"

namespace mc::kms {

inline constexpr std::size_t kSecretBytesMax = 64;
inline constexpr std::size_t kWrappedBytesMax = 4 << 10;

// What a wrapped secret is bound to. Opaque ids only: services keep it in their logs in clear.
// Providers whose service binds wrapping to such pairs pass them on; for all of them a digest is
// wrapped with the secret (branch.h), so that no provider needs to.
using Context = std::map<std::string, std::string>;

struct Wrapped {
  std::string bytes;    // as the service gave them
  std::string version;  // of the key, as the service names it; "" = it does not
  bool operator==(const Wrapped&) const = default;
};

enum class KeyState : std::uint8_t { enabled, disabled, pending_destruction, destroyed };
std::string_view name_of(KeyState state);

// What is written down when a key is bound, and held against it later.
struct Description {
  KeyState state = KeyState::enabled;
  std::string key;         // its full name at the service, versions left out
  std::string version;     // the present one, "" = the service has none
  std::string algorithm;   // as the service names it
  std::string origin;      // where the key was made, as the service names it: "AWS_KMS", "EXTERNAL"
  std::string protection;  // "hsm", "software", "external", "" = unknown
  std::optional<bool> extractable = std::nullopt;       // nothing: the service does not say
  std::optional<WallTime> destroyed_at = std::nullopt;  // of pending_destruction
  std::vector<std::string> versions;                    // live ones, the newest first
  std::map<std::string, std::string> attributes;        // more of the service's own: "CKA_LOCAL"
  bool operator==(const Description&) const = default;
};

// One key. Thread-safe; blocks until the deadline at the latest.
class Provider {
 public:
  virtual ~Provider() = default;
  virtual std::string_view kind() const = 0;   // "aws", "gcp", "azure", "pkcs11", "kmip" ...
  virtual const std::string& uri() const = 0;  // as it was bound, without credentials

  // With the present version of the key.
  virtual Result<Wrapped> wrap(const Secret& secret, const Context& context, MonoTime deadline) = 0;
  // With the version that wrapped it, as long as that lives.
  virtual Result<Secret> unwrap(const Wrapped& wrapped, const Context& context,
                                MonoTime deadline) = 0;
  virtual Result<Description> describe(MonoTime deadline) = 0;
  // Makes a new version the present one, and gives its name. `invalid`: the service cannot, or only
  // its owner may; what to do instead is in the text.
  virtual Result<std::string> rotate(MonoTime deadline) = 0;
  // Has a version destroyed ("" = the key); when it is gone for good. `invalid` as above.
  virtual Result<WallTime> destroy(const std::string& version, MonoTime deadline) = 0;
};

// How credentials reach a provider: by files alone, which are read when they are needed, so that a
// renewed one is taken without a restart.
struct Credentials {
  std::map<std::string, std::string> files;    // "secret_key": a path
  std::map<std::string, std::string> options;  // "region", "endpoint", "ca": not secret
  bool operator==(const Credentials&) const = default;
};

struct ProviderWorld {
  sys::Clock& clock;
  sys::Random& random;
  sys::Files& files;
  Transport& transport;
};

// Makes the provider of a URI; each kind of provider has one, and `app` knows them all. Does not
// speak to the service. `invalid` names the part of the URI or the credential.
class ProviderKind {
 public:
  virtual ~ProviderKind() = default;
  virtual std::string_view scheme() const = 0;  // "aws-kms", "pkcs11" (RFC 7512), "file" ...
  virtual Result<std::unique_ptr<Provider>> bind(const std::string& uri, Credentials credentials,
                                                 const ProviderWorld& world) = 0;
};

}  // namespace mc::kms
