#include "envelope/object.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "crypto/crypto.h"
#include "envelope/parts.h"
#include "sys/secret_memory.h"

namespace mc::envelope {
namespace {

constexpr std::string_view kDomain = "mc/object/1", kMagic = "MCO1";
constexpr char kVersion = 1;
constexpr auto kSuite = cipher::Suite::aes_256_gcm;
constexpr std::size_t kRandomBytes = 32, kPartBytes = 32;
// Where things stand in the header; between the key's id and the random bytes there are zeros.
constexpr std::size_t kShiftAt = 6, kKeyIdAt = 8, kZerosAt = 16, kRandomAt = 32;
constexpr std::size_t kCommitmentAt = 64, kTagAt = 96;
static_assert(kTagAt + kPartBytes == kObjectHeaderBytes);
// The counter in a chunk's nonce has 4 bytes.
constexpr std::uint64_t kChunksMax = std::uint64_t{1} << 32;

struct Header {
  std::uint64_t key_id;
  std::uint32_t chunk_bytes;
};

std::optional<Header> header_of(std::string_view header) {
  if (header.size() < kObjectHeaderBytes || !header.starts_with(kMagic)) return std::nullopt;
  if (header[4] != kVersion || header[5] != static_cast<char>(kSuite) || header[7] != 0) {
    return std::nullopt;
  }
  const int shift = static_cast<unsigned char>(header[kShiftAt]);
  if (shift < std::countr_zero(kChunkBytesMin) || shift > std::countr_zero(kChunkBytesMax)) {
    return std::nullopt;
  }
  const std::string_view zeros = header.substr(kZerosAt, kRandomAt - kZerosAt);
  if (zeros.find_first_not_of('\0') != std::string_view::npos) return std::nullopt;
  const std::uint64_t key_id = get_u64(header.data() + kKeyIdAt);
  if (key_id == 0) return std::nullopt;
  return Header{key_id, std::uint32_t{1} << shift};
}

using Mac = std::array<char, kPartBytes>;

// What is derived for one object: its key, the commitment to that, and the key of the header's tag.
class Derived {
 public:
  Derived(const DataKey& data_key, std::string_view random) {
    cipher::hkdf_sha256(view_of(data_key.objects()), random, kDomain,
                        {memory_.data(), memory_.size()});
  }
  cipher::KeyView key() const { return cipher::KeyView(memory_.data(), kPartBytes); }
  std::string_view commitment() const { return part(1); }
  // `header` without its tag. Nothing when the name is too long.
  std::optional<Mac> tag(const ObjectName& name, std::string_view header) const {
    Parts parts;
    parts.add(kDomain).add(name.tenant).add(name.kind).add(name.id).add(header);
    if (parts.too_long()) return std::nullopt;
    Mac out;
    crypto::hmac_sha256(part(2), parts.bytes()).copy(out.data(), out.size());
    return out;
  }

 private:
  std::string_view part(std::size_t index) const {
    return view_of({memory_.data() + index * kPartBytes, kPartBytes});
  }

  sys::SecretMemory memory_{3 * kPartBytes};
};

// Seven zeros, the chunk's number, and whether it is the last one.
std::array<char, 12> nonce_of(std::uint64_t chunk, bool last) {
  std::array<char, 12> out{};
  const std::uint32_t turned = __builtin_bswap32(static_cast<std::uint32_t>(chunk));
  std::memcpy(out.data() + 7, &turned, sizeof turned);
  out[11] = last ? 1 : 0;
  return out;
}

}  // namespace

Result<std::uint64_t> object_key_id(std::string_view header) {
  const std::optional<Header> read = header_of(header);
  if (!read) return does_not_open();
  return read->key_id;
}

struct ObjectWriter::State {
  State(const DataKey& data_key, std::string_view random, std::uint32_t chunk_bytes, Sink into)
      : keys(data_key, random), sink(std::move(into)), pending(chunk_bytes) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { cleanse({reinterpret_cast<std::uint8_t*>(pending.data()), pending.size()}); }

  Status take(std::string_view plaintext);
  Status seal(std::string_view plaintext, bool last);
  Status seal_pending(bool last) {
    return seal({pending.data(), std::exchange(pending_bytes, 0)}, last);
  }

  const Derived keys;
  const Sink sink;
  Mac tag{};
  // Plaintext that waits for more: the last chunk is marked, and only finish() tells which it is.
  std::vector<char> pending;
  std::size_t pending_bytes = 0;
  std::uint64_t chunks = 0;
  std::string sealed;
  bool is_open = true;  // until it is finished, or anything failed
};

Status ObjectWriter::State::seal(std::string_view plaintext, bool last) {
  if (chunks == kChunksMax) return fail(Code::invalid, "object: is over 2^32 chunks");
  MC_TRY_OK(check_not_wiped(keys.key()));
  const std::array<char, 12> nonce = nonce_of(chunks++, last);
  sealed.resize(plaintext.size() + cipher::kTagBytes);
  MC_TRY_OK(
      cipher::seal({kSuite, keys.key(), {nonce.data(), nonce.size()}, {tag.data(), tag.size()}},
                   plaintext, sealed.data()));
  return sink(sealed);
}

Status ObjectWriter::State::take(std::string_view plaintext) {
  while (!plaintext.empty()) {
    if (pending_bytes == pending.size()) MC_TRY_OK(seal_pending(false));
    if (pending_bytes == 0 && plaintext.size() > pending.size()) {
      MC_TRY_OK(seal(plaintext.substr(0, pending.size()), false));
      plaintext.remove_prefix(pending.size());
      continue;
    }
    const std::size_t bytes =
        plaintext.copy(pending.data() + pending_bytes, pending.size() - pending_bytes);
    pending_bytes += bytes;
    plaintext.remove_prefix(bytes);
  }
  return ok();
}

ObjectWriter::ObjectWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
ObjectWriter::~ObjectWriter() = default;
ObjectWriter::ObjectWriter(ObjectWriter&&) noexcept = default;
ObjectWriter& ObjectWriter::operator=(ObjectWriter&&) noexcept = default;

Result<ObjectWriter> ObjectWriter::make(const DataKey& key, const ObjectName& name,
                                        const ObjectOptions& options, sys::Random& random,
                                        Sink sink) {
  if (!std::has_single_bit(options.chunk_bytes) || options.chunk_bytes < kChunkBytesMin ||
      options.chunk_bytes > kChunkBytesMax) {
    return fail(Code::invalid, "chunk_bytes: must be a power of two from 65536 to 1048576");
  }
  MC_TRY_OK(check_not_wiped(key.objects()));
  std::array<char, kObjectHeaderBytes> header{};
  const std::string_view view(header.data(), header.size());
  kMagic.copy(header.data(), kMagic.size());
  header[4] = kVersion;
  header[5] = static_cast<char>(kSuite);
  header[kShiftAt] = static_cast<char>(std::countr_zero(options.chunk_bytes));
  put_u64(key.id(), header.data() + kKeyIdAt);
  random.fill({reinterpret_cast<std::uint8_t*>(header.data()) + kRandomAt, kRandomBytes});
  auto state = std::make_unique<State>(key, view.substr(kRandomAt, kRandomBytes),
                                       options.chunk_bytes, std::move(sink));
  state->keys.commitment().copy(header.data() + kCommitmentAt, kPartBytes);
  const std::optional<Mac> tag = state->keys.tag(name, view.substr(0, kTagAt));
  if (!tag) return fail(Code::invalid, "object: its name is too long");
  state->tag = *tag;
  std::copy(tag->begin(), tag->end(), header.begin() + kTagAt);
  MC_TRY_OK(state->sink(view));
  return ObjectWriter(std::move(state));
}

Status ObjectWriter::write(std::string_view plaintext) {
  if (!state_->is_open) return fail(Code::invalid, "object: is finished, or failed before");
  const Status done = state_->take(plaintext);
  state_->is_open = done.has_value();
  return done;
}

Status ObjectWriter::finish() {
  if (!state_->is_open) return fail(Code::invalid, "object: is finished, or failed before");
  state_->is_open = false;
  return state_->seal_pending(true);
}

struct ObjectReader::State {
  State(const DataKey& data_key, std::string_view random) : keys(data_key, random) {}

  const Derived keys;
  Mac tag{};
  std::uint64_t chunks = 0;
  std::uint32_t chunk_bytes = 0;  // of a whole one's plaintext
  std::uint32_t last_bytes = 0;   // of the last one's
};

ObjectReader::ObjectReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
ObjectReader::~ObjectReader() = default;
ObjectReader::ObjectReader(ObjectReader&&) noexcept = default;
ObjectReader& ObjectReader::operator=(ObjectReader&&) noexcept = default;

Result<ObjectReader> ObjectReader::make(const DataKey& key, const ObjectName& name,
                                        std::string_view header, std::uint64_t sealed_bytes) {
  const std::optional<Header> read = header_of(header);
  if (!read || read->key_id != key.id()) return does_not_open();
  if (sealed_bytes < kObjectHeaderBytes + cipher::kTagBytes) return does_not_open();
  const std::uint64_t whole = std::uint64_t{read->chunk_bytes} + cipher::kTagBytes;
  const std::uint64_t body = sealed_bytes - kObjectHeaderBytes, before = (body - 1) / whole;
  const std::uint64_t last = body - before * whole;
  // The last chunk is empty in an empty object only, so an object has one form.
  if (before >= kChunksMax || last < cipher::kTagBytes + (before == 0 ? 0 : 1)) {
    return does_not_open();
  }
  auto state = std::make_unique<State>(key, header.substr(kRandomAt, kRandomBytes));
  const std::optional<Mac> tag = state->keys.tag(name, header.substr(0, kTagAt));
  const std::string_view commitment = header.substr(kCommitmentAt, kPartBytes);
  if (!equal_constant_time(commitment, state->keys.commitment()) || !tag ||
      !equal_constant_time({tag->data(), tag->size()}, header.substr(kTagAt, kPartBytes))) {
    return does_not_open();
  }
  state->tag = *tag;
  state->chunks = before + 1;
  state->chunk_bytes = read->chunk_bytes;
  state->last_bytes = static_cast<std::uint32_t>(last - cipher::kTagBytes);
  return ObjectReader(std::move(state));
}

std::uint64_t ObjectReader::size() const {
  return (state_->chunks - 1) * state_->chunk_bytes + state_->last_bytes;
}

std::uint64_t ObjectReader::chunks() const {
  return state_->chunks;
}

ObjectReader::Place ObjectReader::place_of(std::uint64_t chunk) const {
  if (chunk >= state_->chunks) return {};
  constexpr auto kTag = static_cast<std::uint32_t>(cipher::kTagBytes);
  const std::uint32_t whole = state_->chunk_bytes + kTag;
  const bool last = chunk + 1 == state_->chunks;
  return {kObjectHeaderBytes + chunk * whole, last ? state_->last_bytes + kTag : whole};
}

Status ObjectReader::open(std::uint64_t chunk, std::string_view sealed, std::string& out) const {
  out.clear();
  if (chunk >= state_->chunks || sealed.size() != place_of(chunk).bytes) return does_not_open();
  const std::array<char, 12> nonce = nonce_of(chunk, chunk + 1 == state_->chunks);
  const Mac& tag = state_->tag;
  out.resize(sealed.size() - cipher::kTagBytes);
  if (!cipher::open(
          {kSuite, state_->keys.key(), {nonce.data(), nonce.size()}, {tag.data(), tag.size()}},
          sealed, out.data())) {
    out.clear();
    return does_not_open();
  }
  return ok();
}

}  // namespace mc::envelope
