// Signed notes (c2sp.org/signed-note): a text, and signature lines of keys that have names. With
// them checkpoints (c2sp.org/tlog-checkpoint): the head of a log, signed, and cosignatures of
// witnesses (c2sp.org/tlog-cosignature).
//
// What is not understood is refused as `invalid`, with the reason; signatures of unknown keys are
// not looked at.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.h"
#include "crypto/crypto.h"
#include "tlog/merkle.h"

namespace mc::tlog {

inline constexpr std::size_t kNoteBytesMax = 256 << 10;
inline constexpr std::size_t kNoteSignaturesMax = 64;

struct NoteSignature {
  std::string key_name;
  std::uint32_t key_id = 0;
  std::string bytes;  // behind the key id
  bool operator==(const NoteSignature&) const = default;
};

struct Note {
  std::string text;  // ends with a newline
  std::vector<NoteSignature> signatures;
};

Result<Note> parse_note(std::string_view bytes);
std::string print_note(const Note& note);

// The signature types of c2sp.org/signed-note that are understood here.
enum class NoteKeyType : std::uint8_t {
  ed25519 = 1,         // of a log
  cosignature_v1 = 4,  // Ed25519 of a witness, with the time it saw the checkpoint
};

// A public key under a name, as it stands in a verifier key ("vkey"): name+id+base64.
class NoteKey {
 public:
  // `key` is Ed25519; `name` has no blank and no plus.
  static Result<NoteKey> make(std::string name, NoteKeyType type, crypto::PublicKey key);
  static Result<NoteKey> parse(std::string_view vkey);
  std::string print() const;

  const std::string& name() const { return name_; }
  std::uint32_t id() const { return id_; }
  // SHA-256 of name and key, 32 bytes: id() is its first four.
  std::string long_id() const;
  NoteKeyType type() const { return type_; }
  const crypto::PublicKey& key() const { return key_; }
  // Whether the line names this key; names are compared whole.
  bool made(const NoteSignature& signature) const;
  // The time of a cosignature in seconds since 1970, 0 for other types.
  Result<std::int64_t> check(const Note& note, const NoteSignature& signature) const;

 private:
  NoteKey(std::string name, NoteKeyType type, crypto::PublicKey key);
  std::string name_;
  NoteKeyType type_;
  crypto::PublicKey key_;
  std::uint32_t id_ = 0;
};

class NoteSigner {
 public:
  static Result<NoteSigner> make(std::string name, NoteKeyType type, crypto::SigningKey key);
  const NoteKey& key() const { return key_; }
  Result<NoteSigner> renamed(std::string name) const;  // the same key under another name
  // `unix_seconds` is for cosignatures.
  Result<NoteSignature> sign(std::string_view text, std::int64_t unix_seconds = 0) const;

 private:
  NoteSigner(NoteKey key, crypto::SigningKey secret)
      : key_(std::move(key)), secret_(std::move(secret)) {}
  NoteKey key_;
  crypto::SigningKey secret_;
};

struct Seal {
  std::size_t key = 0;            // among those that were given
  std::int64_t unix_seconds = 0;  // of a cosignature
};
// One for each of `keys` that signed, in their order; empty when none did. A signature of one of
// them that does not hold spoils the note.
Result<std::vector<Seal>> check_note(const Note& note, std::span<const NoteKey> keys);

struct Checkpoint {
  std::string origin;
  TreeHead head;
  std::vector<std::string> extensions = {};  // further lines, none empty
  bool operator==(const Checkpoint&) const = default;
};
Result<Checkpoint> parse_checkpoint(std::string_view text);
std::string print_checkpoint(const Checkpoint& checkpoint);

}  // namespace mc::tlog
