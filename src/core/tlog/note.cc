#include "tlog/note.h"

#include <algorithm>
#include <charconv>

namespace mc::tlog {
namespace {

constexpr std::string_view kDash = "\xE2\x80\x94 ";  // U+2014 and a blank
constexpr std::size_t kIdBytes = 4;
constexpr std::size_t kTimeBytes = 8;
constexpr std::size_t kEd25519KeyBytes = 32;

tl::unexpected<Error> bad(std::string_view what, std::string_view why) {
  return fail(Code::invalid, std::string(what) + ": " + std::string(why));
}

template <class Number>
std::string big_endian(Number number) {
  std::string out(sizeof number, '\0');
  for (std::size_t i = out.size(); i-- > 0; number >>= 8) out[i] = static_cast<char>(number & 255);
  return out;
}

std::uint64_t read_big_endian(std::string_view bytes) {
  std::uint64_t out = 0;
  for (const char c : bytes) out = out << 8 | static_cast<unsigned char>(c);
  return out;
}

// Lines of text, nothing that steers a terminal.
bool is_text(std::string_view text) {
  return is_valid_utf8(text) && std::all_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) >= 0x20 ? c != 0x7F : c == '\n';
         });
}

// Blanks of Unicode are not told apart here, so a name is made of ASCII or of letters beyond
// U+00FF at least; what is compared are bytes.
bool is_key_name(std::string_view name) {
  return !name.empty() && is_one_line(name) && name.find_first_of("+ ") == std::string_view::npos;
}

std::string long_key_id(std::string_view name, NoteKeyType type, std::string_view key) {
  const crypto::Digest digest = crypto::Sha256()
                                    .add(name)
                                    .add(static_cast<std::uint8_t>('\n'))
                                    .add(static_cast<std::uint8_t>(type))
                                    .add(key)
                                    .finish();
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// What a cosignature signs.
std::string cosigned(std::string_view text, std::int64_t unix_seconds) {
  return "cosignature/v1\ntime " + std::to_string(unix_seconds) + "\n" + std::string(text);
}

Result<NoteSignature> parse_signature(std::string_view line) {
  if (!line.starts_with(kDash)) return bad("signature line", "it does not begin with a dash");
  line.remove_prefix(kDash.size());
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos) return bad("signature line", "it has no signature");
  NoteSignature out;
  out.key_name = line.substr(0, blank);
  if (!is_key_name(out.key_name)) return bad("signature line", "the name of its key is not one");
  Result<std::string> bytes = from_base64(line.substr(blank + 1));
  if (!bytes) return bad("signature line", bytes.error().what);
  if (bytes->size() <= kIdBytes) return bad("signature line", "its signature is empty");
  out.key_id =
      static_cast<std::uint32_t>(read_big_endian(std::string_view(*bytes).substr(0, kIdBytes)));
  out.bytes = bytes->substr(kIdBytes);
  return out;
}

Result<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  const bool whole = error == std::errc{} && end == text.data() + text.size() && !text.empty();
  // from_chars takes leading zeros, the format does not.
  if (!whole || std::to_string(out) != text) return bad("checkpoint", "its size is no number");
  return out;
}

}  // namespace

Result<Note> parse_note(std::string_view bytes) {
  if (bytes.size() > kNoteBytesMax) {
    return bad("note", "it is longer than " + std::to_string(kNoteBytesMax) + " bytes");
  }
  if (!is_text(bytes)) return bad("note", "it is not text in UTF-8");
  const std::size_t split_at = bytes.rfind("\n\n");
  if (split_at == std::string_view::npos) return bad("note", "it has no signatures");
  Note out;
  out.text = bytes.substr(0, split_at + 1);
  std::string_view rest = bytes.substr(split_at + 2);
  if (rest.empty()) return bad("note", "it has no signatures");
  if (rest.back() != '\n') return bad("note", "its last line has no end");
  rest.remove_suffix(1);
  for (const std::string_view line : split(rest, '\n')) {
    if (out.signatures.size() == kNoteSignaturesMax) {
      return bad("note", "it has more than " + std::to_string(kNoteSignaturesMax) + " signatures");
    }
    MC_TRY(NoteSignature signature, parse_signature(line));
    out.signatures.push_back(std::move(signature));
  }
  return out;
}

std::string print_note(const Note& note) {
  std::string out = note.text + "\n";
  for (const NoteSignature& signature : note.signatures) {
    out.append(kDash).append(signature.key_name).append(" ");
    out.append(to_base64(big_endian(signature.key_id) + signature.bytes)).append("\n");
  }
  return out;
}

NoteKey::NoteKey(std::string name, NoteKeyType type, crypto::PublicKey key)
    : name_(std::move(name)), type_(type), key_(std::move(key)) {
  const std::string bytes = long_id();
  id_ = static_cast<std::uint32_t>(read_big_endian(std::string_view(bytes).substr(0, kIdBytes)));
}

std::string NoteKey::long_id() const {
  return long_key_id(name_, type_, key_.raw_ed25519());
}

Result<NoteKey> NoteKey::make(std::string name, NoteKeyType type, crypto::PublicKey key) {
  if (!is_key_name(name)) return bad("note key", "'" + excerpt(name) + "' is no name for a key");
  if (key.algorithm() != crypto::Algorithm::eddsa) return bad("note key", "it is not Ed25519");
  return NoteKey(std::move(name), type, std::move(key));
}

Result<NoteKey> NoteKey::parse(std::string_view vkey) {
  const std::size_t first = vkey.find('+');
  const std::size_t second = first == std::string_view::npos ? first : vkey.find('+', first + 1);
  if (second == std::string_view::npos) return bad("note key", "it is not name+id+key");
  const Result<std::string> bytes = from_base64(vkey.substr(second + 1));
  if (!bytes) return bad("note key", bytes.error().what);
  if (bytes->size() != 1 + kEd25519KeyBytes) return bad("note key", "its length is not Ed25519's");
  const auto type = static_cast<NoteKeyType>(bytes->front());
  if (type != NoteKeyType::ed25519 && type != NoteKeyType::cosignature_v1) {
    return bad("note key", "its type is not known");
  }
  MC_TRY(crypto::PublicKey key, crypto::PublicKey::ed25519(std::string_view(*bytes).substr(1)));
  MC_TRY(NoteKey out, make(std::string(vkey.substr(0, first)), type, std::move(key)));
  if (to_hex(big_endian(out.id_)) != vkey.substr(first + 1, second - first - 1)) {
    return bad("note key", "its id is not that of the key");
  }
  return out;
}

std::string NoteKey::print() const {
  return name_ + "+" + to_hex(big_endian(id_)) + "+" +
         to_base64(std::string(1, static_cast<char>(type_)) + key_.raw_ed25519());
}

bool NoteKey::made(const NoteSignature& signature) const {
  return signature.key_id == id_ && signature.key_name == name_;
}

Result<std::int64_t> NoteKey::check(const Note& note, const NoteSignature& signature) const {
  std::string_view bytes = signature.bytes;
  const auto refused = [&] {
    return bad("signature of " + excerpt(name_), "it is not of this text");
  };
  if (type_ == NoteKeyType::ed25519) {
    if (!key_.verify(note.text, bytes)) return refused();
    return 0;
  }
  if (bytes.size() <= kTimeBytes) return refused();
  const std::uint64_t time = read_big_endian(bytes.substr(0, kTimeBytes));
  if (time > static_cast<std::uint64_t>(INT64_MAX)) return refused();
  const auto unix_seconds = static_cast<std::int64_t>(time);
  bytes.remove_prefix(kTimeBytes);
  if (!key_.verify(cosigned(note.text, unix_seconds), bytes)) return refused();
  return unix_seconds;
}

Result<NoteSigner> NoteSigner::make(std::string name, NoteKeyType type, crypto::SigningKey key) {
  MC_TRY(NoteKey known, NoteKey::make(std::move(name), type, key.public_key()));
  return NoteSigner(std::move(known), std::move(key));
}

Result<NoteSigner> NoteSigner::renamed(std::string name) const {
  return make(std::move(name), key_.type(), secret_);
}

Result<NoteSignature> NoteSigner::sign(std::string_view text, std::int64_t unix_seconds) const {
  if (text.empty() || text.back() != '\n' || !is_text(text)) {
    return bad("note", "what is to be signed is not lines of text");
  }
  NoteSignature out{key_.name(), key_.id(), ""};
  if (key_.type() == NoteKeyType::ed25519) {
    MC_TRY(out.bytes, secret_.sign(text));
    return out;
  }
  if (unix_seconds < 0) return bad("cosignature", "its time is before 1970");
  MC_TRY(const std::string signature, secret_.sign(cosigned(text, unix_seconds)));
  out.bytes = big_endian(static_cast<std::uint64_t>(unix_seconds)) + signature;
  return out;
}

Result<std::vector<Seal>> check_note(const Note& note, std::span<const NoteKey> keys) {
  std::vector<Seal> out;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    for (const NoteSignature& signature : note.signatures) {
      if (!keys[i].made(signature)) continue;
      MC_TRY(const std::int64_t unix_seconds, keys[i].check(note, signature));
      if (out.empty() || out.back().key != i) out.push_back({i, unix_seconds});
    }
  }
  return out;
}

Result<Checkpoint> parse_checkpoint(std::string_view text) {
  if (text.empty() || text.back() != '\n') return bad("checkpoint", "its last line has no end");
  text.remove_suffix(1);
  const std::vector<std::string_view> lines = split(text, '\n');
  if (lines.size() < 3) return bad("checkpoint", "it has less than three lines");
  for (const std::string_view line : lines) {
    if (line.empty()) return bad("checkpoint", "it has an empty line");
  }
  Checkpoint out;
  out.origin = lines[0];
  MC_TRY(out.head.size, parse_size(lines[1]));
  const Result<std::string> root = from_base64(lines[2]);
  if (!root || root->size() != out.head.root.size()) {
    return bad("checkpoint", "its root is not 32 bytes in base64");
  }
  std::copy(root->begin(), root->end(), out.head.root.begin());
  out.extensions.assign(lines.begin() + 3, lines.end());
  return out;
}

std::string print_checkpoint(const Checkpoint& checkpoint) {
  const Hash& root = checkpoint.head.root;
  std::string out = checkpoint.origin + "\n" + std::to_string(checkpoint.head.size) + "\n";
  out += to_base64({reinterpret_cast<const char*>(root.data()), root.size()}) + "\n";
  for (const std::string& line : checkpoint.extensions) out += line + "\n";
  return out;
}

}  // namespace mc::tlog
