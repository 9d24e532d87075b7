// The keys that a signing service has and had: what each is for, its public half, and when it
// counted. A key that went out of use stays for good, so that what it signed keeps its proof, and
// counts for nothing later. The form is that of docs/formats/proofs.md ("Keys of the signing
// service"); nothing in it is secret.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "crypto/crypto.h"
#include "pki/pki.h"
#include "proof/proof.h"

namespace mc::signing {

enum class KeyUse : std::uint8_t {
  log,       // checkpoints of the log of signatures
  promises,  // checkpoints and promises for clients of Rekor's first version
  signer,    // the server's own bundles and seals
  time,      // of the time-stamping authority
};
inline constexpr std::size_t kKeyUses = 4;
std::string_view use_name(KeyUse use);
Result<KeyUse> parse_use(std::string_view name);

struct ListedKey {
  KeyUse use;
  crypto::PublicKey key;
  std::string origin;                   // of the log's two keys: its host name
  std::vector<pki::Certificate> chain;  // of `time`: its own first; of `signer`: that of seals
  pki::Period period;                   // whole seconds
  // 32 bytes, as entries name their log; of the others SHA-256 of the key's SPKI.
  std::string id() const;
  bool operator==(const ListedKey& other) const;
};

// In the order in which they came. The last key of each use is the current one, whose period has no
// end; that of each other key ends where the next begins, and both count in that second.
class KeyList {
 public:
  // One key of each use. `invalid` otherwise, or for a key of the wrong algorithm.
  static Result<KeyList> make(std::vector<ListedKey> first);
  static Result<KeyList> parse(std::string_view json);
  std::string print() const;  // two spaces, for people and git

  const std::vector<ListedKey>& keys() const { return keys_; }
  const ListedKey& current(KeyUse use) const;
  // Of one use, without the current one.
  std::vector<ListedKey> retired(KeyUse use) const;

  // Retires the current key of this use. `conflict` when `next` begins before it, or is listed.
  Status rotate(ListedKey next);
  // As it was before the last rotation; false when there was none.
  bool undo();
  // Of keys, uses and begins, hexadecimal: the same on all servers that sign as one.
  std::string digest() const;
  // The log goes on under another name.
  void rename_log(const std::string& origin);

  // Logs and authorities of trusted roots: the current ones, then those that are retired.
  proof::TrustedRoot trust() const;
  bool operator==(const KeyList&) const = default;

 private:
  KeyList() = default;
  Status check() const;
  std::vector<ListedKey> keys_;
};

}  // namespace mc::signing
