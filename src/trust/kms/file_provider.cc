#include "kms/file_provider.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

#include "kms/branch.h"
#include "kms/key_file.h"
#include "kms/parts.h"

namespace mc::kms {
namespace {

constexpr std::string_view kDomain = "mc/file/1";
constexpr char kForm = 1;  // the first byte of what is wrapped
constexpr cipher::Suite kSuite = cipher::Suite::xaes_256_gcm;
constexpr std::size_t kNonceBytes = cipher::nonce_bytes(kSuite);
constexpr std::size_t kOverhead = 1 + kNonceBytes + cipher::kTagBytes;

tl::unexpected<Error> bad(Code code, std::string_view why) {
  return fail(code, "file: " + std::string(why));
}

// An array of bytes on the stack that is zero after use.
template <std::size_t kSize>
struct Wiped {
  std::array<char, kSize> bytes = {};
  Wiped() = default;
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;
  ~Wiped() {
    volatile char* at = bytes.data();
    for (std::size_t i = 0; i < kSize; ++i) at[i] = 0;
  }
};

struct Opened {
  std::int64_t version = 0;
  cipher::HeldKey root;
};

class FileProvider final : public Provider {
 public:
  struct Place {
    std::string uri;
    std::string path;
    std::string passphrase_path;
  };
  FileProvider(Place place, const ProviderWorld& world, cipher::KeyArena& arena)
      : place_(std::move(place)), world_(world), arena_(arena) {}

  std::string_view kind() const override { return "file"; }
  const std::string& uri() const override { return place_.uri; }
  Result<Wrapped> wrap(const Secret& secret, const Context& context, MonoTime deadline) override;
  Result<Secret> unwrap(const Wrapped& wrapped, const Context& context, MonoTime deadline) override;
  Result<Description> describe(MonoTime deadline) override;
  Result<std::string> rotate(MonoTime deadline) override;
  Result<WallTime> destroy(const std::string& version, MonoTime deadline) override;

 private:
  // All with the lock held.
  Status in_time(MonoTime deadline) const;
  Result<std::string> read_file() const;
  Result<Secret> read_passphrase() const;
  Result<KeyFileKeys> unlock(const KeyFile& file) const;
  Status refresh(MonoTime deadline);
  Status adopt(KeyFile file, const KeyFileKeys& keys, std::string_view bytes);
  void forget();
  template <class Change>
  Status edit(MonoTime deadline, const Change& change);
  Result<const Opened*> find(const std::string& version) const;
  std::string aad(std::int64_t version, const Context& context) const;

  const Place place_;
  const ProviderWorld world_;
  cipher::KeyArena& arena_;
  std::mutex mutex_;
  std::string seen_;  // digest of the file that is opened, "" = none
  KeyFile file_;
  std::vector<Opened> roots_;  // of its versions, in their order
};

Status FileProvider::in_time(MonoTime deadline) const {
  if (world_.clock.mono() < deadline) return ok();
  return bad(Code::unavailable, "the deadline is over");
}

Result<std::string> FileProvider::read_file() const {
  Result<std::string> bytes = world_.files.read_all(place_.path, kKeyFileBytesMax);
  if (bytes) return bytes;
  switch (bytes.error().code) {
    case Code::not_found:
      return bad(Code::denied, "key not found: the key file is not there");
    case Code::denied:
      return bad(Code::denied, "the key file may not be read");
    case Code::invalid:
      return bad(Code::corrupt, "the key file is longer than 65536 bytes");
    default:
      return bad(Code::unavailable, "the key file cannot be read");
  }
}

Result<Secret> FileProvider::read_passphrase() const {
  const auto unreadable = [] {
    return bad(Code::unavailable, "the credential \"passphrase\" cannot be read");
  };
  auto file = world_.files.open(place_.passphrase_path, sys::OpenMode::read);
  if (!file) return unreadable();
  Wiped<kPassphraseBytesMax + 2> buffer;
  std::size_t size = 0;
  while (size < buffer.bytes.size()) {
    const auto n = (*file)->read(std::span(buffer.bytes).subspan(size));
    if (!n) return unreadable();
    if (*n == 0) break;
    size += *n;
  }
  if (size > 0 && buffer.bytes.at(size - 1) == '\n') --size;
  if (size == 0 || size > kPassphraseBytesMax) {
    return bad(Code::invalid, "the credential \"passphrase\" must have 1 to 1024 bytes");
  }
  return Secret(std::string(buffer.bytes.data(), size));
}

Result<KeyFileKeys> FileProvider::unlock(const KeyFile& file) const {
  MC_TRY(const Secret passphrase, read_passphrase());
  return unlock_key_file(file, passphrase);
}

void FileProvider::forget() {
  seen_.clear();
  roots_.clear();
}

// Opens all versions of a file that was unlocked.
Status FileProvider::adopt(KeyFile file, const KeyFileKeys& keys, std::string_view bytes) {
  forget();  // first, so that the arena needs no room for both
  for (const KeyFileVersion& version : file.versions) {
    MC_TRY(cipher::HeldKey root, arena_.take());
    MC_TRY_OK(open_key_version(file, version, keys, root));
    roots_.push_back({.version = version.version, .root = std::move(root)});
  }
  file_ = std::move(file);
  seen_ = sys::sha256(bytes);
  return ok();
}

Status FileProvider::refresh(MonoTime deadline) {
  MC_TRY_OK(in_time(deadline));
  MC_TRY(const std::string bytes, read_file());
  if (!seen_.empty() && sys::sha256(bytes) == seen_) return ok();
  forget();
  MC_TRY(KeyFile file, parse_key_file(bytes));
  MC_TRY(const KeyFileKeys keys, unlock(file));
  const Status adopted = adopt(std::move(file), keys, bytes);
  if (!adopted) forget();
  return adopted;
}

template <class Change>
Status FileProvider::edit(MonoTime deadline, const Change& change) {
  MC_TRY_OK(in_time(deadline));
  MC_TRY(const std::string before, read_file());
  MC_TRY(KeyFile file, parse_key_file(before));
  MC_TRY(const KeyFileKeys keys, unlock(file));
  MC_TRY_OK(change(file, keys));
  sign_key_file(file, keys);
  const std::string after = print_key_file(file);
  if (!world_.files.write_atomic(place_.path, after)) {
    // The next call sees by the file's bytes whether it was.
    return bad(Code::unavailable, "the key file may not have been written");
  }
  const Status adopted = adopt(std::move(file), keys, after);
  if (!adopted) forget();
  return adopted;
}

Result<const Opened*> FileProvider::find(const std::string& version) const {
  const Result<std::int64_t> number = parse_int(version);
  if (!number || std::to_string(*number) != version || *number < 1 || *number > file_.issued) {
    return bad(Code::corrupt, "the key has never had this version");
  }
  const auto found = std::ranges::find(roots_, *number, &Opened::version);
  if (found == roots_.end()) return bad(Code::denied, "the version is destroyed");
  return &*found;
}

std::string FileProvider::aad(std::int64_t version, const Context& context) const {
  std::string out;
  append_part(out, kDomain);
  append_part(out, file_.id);
  append_part(out, std::to_string(version));
  append_part(out, sys::sha256(canonical_context(context)));
  return out;
}

// The key under which a version wraps.
void wrapping_key(const Opened& opened, Wiped<cipher::kKeyBytes>& out) {
  const auto root = opened.root.view();
  cipher::hkdf_sha256({reinterpret_cast<const char*>(root.data()), root.size()}, "", kDomain,
                      {reinterpret_cast<std::uint8_t*>(out.bytes.data()), out.bytes.size()});
}

cipher::KeyView view_of(const Wiped<cipher::kKeyBytes>& key) {
  return cipher::KeyView(reinterpret_cast<const std::uint8_t*>(key.bytes.data()),
                         cipher::kKeyBytes);
}

Result<Wrapped> FileProvider::wrap(const Secret& secret, const Context& context,
                                   MonoTime deadline) {
  const std::string_view plain = secret.reveal(RevealToken());
  if (plain.empty() || plain.size() > kSecretBytesMax) {
    return bad(Code::invalid, "a secret must have 1 to 64 bytes");
  }
  const std::lock_guard lock(mutex_);
  MC_TRY_OK(refresh(deadline));
  if (roots_.empty()) return bad(Code::denied, "the key is destroyed");
  const Opened& present = roots_.back();
  Wiped<cipher::kKeyBytes> key;
  wrapping_key(present, key);
  std::string bytes(kOverhead + plain.size(), '\0');
  bytes[0] = kForm;
  world_.random.fill({reinterpret_cast<std::uint8_t*>(bytes.data()) + 1, kNonceBytes});
  const std::string nonce = bytes.substr(1, kNonceBytes);
  MC_TRY_OK(cipher::seal({kSuite, view_of(key), nonce, aad(present.version, context)}, plain,
                         bytes.data() + 1 + kNonceBytes));
  return Wrapped{.bytes = std::move(bytes), .version = std::to_string(present.version)};
}

Result<Secret> FileProvider::unwrap(const Wrapped& wrapped, const Context& context,
                                    MonoTime deadline) {
  const std::lock_guard lock(mutex_);
  MC_TRY_OK(refresh(deadline));
  if (roots_.empty()) return bad(Code::denied, "the key is destroyed");
  MC_TRY(const Opened* const opened, find(wrapped.version));
  const std::string_view bytes = wrapped.bytes;
  if (bytes.size() <= kOverhead || bytes.size() > kOverhead + kSecretBytesMax ||
      bytes[0] != kForm) {
    return bad(Code::corrupt, "what is wrapped is none of this provider's");
  }
  Wiped<cipher::kKeyBytes> key;
  wrapping_key(*opened, key);
  std::string plain(bytes.size() - kOverhead, '\0');
  const Status done = cipher::open(
      {kSuite, view_of(key), bytes.substr(1, kNonceBytes), aad(opened->version, context)},
      bytes.substr(1 + kNonceBytes), plain.data());
  Secret out(std::move(plain));
  if (!done) return bad(Code::corrupt, "what is wrapped does not open");
  return out;
}

Result<Description> FileProvider::describe(MonoTime deadline) {
  const std::lock_guard lock(mutex_);
  MC_TRY_OK(refresh(deadline));
  Description out;
  out.state = roots_.empty() ? KeyState::destroyed : KeyState::enabled;
  out.key = file_.id;
  out.algorithm = file_.cipher;
  out.origin = "file";
  out.protection = "software";
  out.extractable = true;
  for (auto at = roots_.rbegin(); at != roots_.rend(); ++at) {
    out.versions.push_back(std::to_string(at->version));
  }
  if (!out.versions.empty()) out.version = out.versions.front();
  out.attributes = {{"kdf", file_.kdf.name},
                    {"kdf.memory_kib", std::to_string(file_.kdf.memory_kib)},
                    {"kdf.ops", std::to_string(file_.kdf.ops)}};
  return out;
}

Result<std::string> FileProvider::rotate(MonoTime deadline) {
  const std::lock_guard lock(mutex_);
  MC_TRY_OK(edit(deadline, [&](KeyFile& file, const KeyFileKeys& keys) -> Status {
    if (file.versions.empty()) return bad(Code::denied, "the key is destroyed");
    return add_key_version(file, keys, world_.clock, world_.random);
  }));
  return std::to_string(file_.issued);
}

Result<WallTime> FileProvider::destroy(const std::string& version, MonoTime deadline) {
  const std::lock_guard lock(mutex_);
  MC_TRY_OK(edit(deadline, [&](KeyFile& file, const KeyFileKeys&) -> Status {
    if (version.empty()) {
      file.versions.clear();
      return ok();
    }
    const auto found = std::ranges::find_if(file.versions, [&](const KeyFileVersion& each) {
      return std::to_string(each.version) == version;
    });
    if (found == file.versions.end()) return bad(Code::denied, "there is no such version");
    if (found + 1 == file.versions.end()) {
      return bad(Code::invalid, "the present version: rotate first, or destroy the whole key");
    }
    file.versions.erase(found);
    return ok();
  }));
  return world_.clock.wall();
}

bool is_plain_path(std::string_view path) {
  if (path.size() < 2 || path.front() != '/' || path.back() == '/') return false;
  if (path.find_first_of("%?#\\") != std::string_view::npos || !is_one_line(path)) return false;
  const std::vector<std::string_view> parts = split(path.substr(1), '/');
  return std::ranges::none_of(
      parts, [](std::string_view part) { return part.empty() || part == "." || part == ".."; });
}

}  // namespace

Result<std::unique_ptr<Provider>> FileKind::bind(const std::string& uri, Credentials credentials,
                                                 const ProviderWorld& world) {
  constexpr std::string_view kPrefix = "file:";
  if (!uri.starts_with(kPrefix) || !is_plain_path(std::string_view(uri).substr(kPrefix.size()))) {
    return bad(Code::invalid, "uri: must be file:/path/to/key.json, an absolute path as it stands");
  }
  if (!credentials.options.empty()) {
    return bad(Code::invalid, "options: there are none");
  }
  const auto passphrase = credentials.files.find("passphrase");
  if (credentials.files.size() != 1 || passphrase == credentials.files.end() ||
      passphrase->second.empty()) {
    return bad(Code::invalid, "files: must be \"passphrase\" and no other");
  }
  FileProvider::Place place = {
      .uri = uri, .path = uri.substr(kPrefix.size()), .passphrase_path = passphrase->second};
  return std::make_unique<FileProvider>(std::move(place), world, arena_);
}

}  // namespace mc::kms
