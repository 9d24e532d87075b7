#include "crypto/cmac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <bit>

#include "base/base.h"

#ifdef __x86_64__
#include <wmmintrin.h>
#define MC_AES __attribute__((target("aes")))
#endif

namespace mc::crypto {
namespace {

using Schedule = CmacKey::Schedule;

constexpr std::size_t kBlock = 16;

// What stands behind a last block of so many bytes: one bit, then zeros.
constexpr std::array<Words, kBlock> kPads = [] {
  std::array<Words, kBlock> pads{};
  for (std::size_t i = 0; i < kBlock; ++i) pads[i][i / 8] = std::uint64_t{0x80} << 8 * (i % 8);
  return pads;
}();

Words mixed(const Words& a, const Words& b) {
  return {a[0] ^ b[0], a[1] ^ b[1]};
}

Words last_block(const Schedule& schedule, const Words& words, std::size_t size) {
  return mixed(mixed(words, kPads[size]), std::bit_cast<Words>(schedule.last_padded));
}
Words last_block(const Schedule& schedule, std::string_view rest) {
  const Words words = words_of(rest);
  return rest.size() == kBlock ? mixed(words, std::bit_cast<Words>(schedule.last_whole))
                               : last_block(schedule, words, rest.size());
}

// Twice the block as an element of GF(2^128), the first byte highest.
Block twice(const Block& block) {
  Block out;
  const int carry = block[0] >> 7;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const int below = i + 1 < kBlock ? block[i + 1] >> 7 : 0;
    out[i] = static_cast<std::uint8_t>(block[i] << 1 | below);
  }
  out[kBlock - 1] = static_cast<std::uint8_t>(out[kBlock - 1] ^ (carry * 0x87));
  return out;
}

#ifdef __x86_64__

MC_AES __m128i load(const void* at) {
  return _mm_loadu_si128(static_cast<const __m128i*>(at));
}
MC_AES __m128i in_register(const Words& words) {
  return _mm_set_epi64x(static_cast<std::int64_t>(words[1]), static_cast<std::int64_t>(words[0]));
}

// FIPS 197 section 5.2: a round key from the one before.
template <int kConstant>
MC_AES void expand(Schedule& schedule, std::size_t round) {
  __m128i key = load(&schedule.rounds[round - 1]);
  const __m128i turned = _mm_shuffle_epi32(_mm_aeskeygenassist_si128(key, kConstant), 0xff);
  for (int i = 0; i < 3; ++i) key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
  schedule.rounds[round] = std::bit_cast<Block>(_mm_xor_si128(key, turned));
}

void expand_all(Schedule& schedule) {
  expand<0x01>(schedule, 1);
  expand<0x02>(schedule, 2);
  expand<0x04>(schedule, 3);
  expand<0x08>(schedule, 4);
  expand<0x10>(schedule, 5);
  expand<0x20>(schedule, 6);
  expand<0x40>(schedule, 7);
  expand<0x80>(schedule, 8);
  expand<0x1b>(schedule, 9);
  expand<0x36>(schedule, 10);
}

MC_AES inline __m128i encrypt(const Schedule& schedule, __m128i state) {
  state = _mm_xor_si128(state, load(&schedule.rounds[0]));
  for (std::size_t i = 1; i < 10; ++i) state = _mm_aesenc_si128(state, load(&schedule.rounds[i]));
  return _mm_aesenclast_si128(state, load(&schedule.rounds[10]));
}

MC_AES Block encrypt_by_processor(const Schedule& schedule, Words block) {
  return std::bit_cast<Block>(encrypt(schedule, in_register(block)));
}

MC_AES Block digest_by_processor(const Schedule& schedule, std::string_view text) {
  __m128i state = _mm_setzero_si128();
  for (; text.size() > kBlock; text.remove_prefix(kBlock)) {
    state = encrypt(schedule, _mm_xor_si128(state, load(text.data())));
  }
  const __m128i last = text.size() == kBlock
                           ? _mm_xor_si128(load(text.data()), load(&schedule.last_whole))
                           : in_register(last_block(schedule, text));
  return std::bit_cast<Block>(encrypt(schedule, _mm_xor_si128(state, last)));
}

#else  // never called

void expand_all(Schedule&) {}
Block encrypt_by_processor(const Schedule&, Words) {
  return {};
}
Block digest_by_processor(const Schedule&, std::string_view) {
  return {};
}

#endif

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

Context context_of(const Block& key) {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-128-ECB", nullptr);
  Context context(EVP_CIPHER_CTX_new());
  MC_CHECK(cipher != nullptr && context != nullptr);
  MC_CHECK(EVP_EncryptInit_ex2(context.get(), cipher, key.data(), nullptr, nullptr) == 1 &&
           EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1);
  return context;
}

Block encrypt_by_library(const Context& context, const Words& block) {
  const Block in = std::bit_cast<Block>(block);
  Block out;
  int size = 0;
  MC_CHECK(EVP_EncryptUpdate(context.get(), out.data(), &size, in.data(), kBlock) == 1 &&
           size == kBlock);
  return out;
}

}  // namespace

// A context has a state of its own: one thread at a time.
struct CmacKey::Library {
  explicit Library(const Block& key) : context(context_of(key)) {}
  Guarded<Context> context;
};

bool CmacKey::processor_can() {
#ifdef __x86_64__
  static const bool can = __builtin_cpu_supports("aes");
  return can;
#else
  return false;
#endif
}

CmacKey::CmacKey(const Block& key, Way way) {
  schedule_.rounds[0] = key;
  if (way == Way::fastest && processor_can()) {
    expand_all(schedule_);
  } else {
    library_ = std::make_unique<Library>(key);
  }
  Block zero = encrypted({});
  schedule_.last_whole = twice(zero);
  schedule_.last_padded = twice(schedule_.last_whole);
  OPENSSL_cleanse(&zero, sizeof zero);
}

void cleanse(Block& key) {
  OPENSSL_cleanse(key.data(), key.size());
}

CmacKey::~CmacKey() {
  OPENSSL_cleanse(&schedule_, sizeof schedule_);
}

Block CmacKey::digest(std::string_view text) const {
  return library_ == nullptr ? digest_by_processor(schedule_, text) : digest_by_library(text);
}

Block CmacKey::digest(Words text, std::size_t size) const {
  return encrypted(last_block(schedule_, text, size));
}

Block CmacKey::encrypted(Words block) const {
  return library_ == nullptr ? encrypt_by_processor(schedule_, block) : encrypted_by_library(block);
}

// Apart from the others, which have nothing to save and to restore.
[[gnu::noinline]] Block CmacKey::encrypted_by_library(Words block) const {
  return library_->context.with(
      [&](const Context& context) { return encrypt_by_library(context, block); });
}

[[gnu::noinline]] Block CmacKey::digest_by_library(std::string_view text) const {
  Words state{};
  for (; text.size() > kBlock; text.remove_prefix(kBlock)) {
    const Words block = mixed(state, words_of(text.substr(0, kBlock)));
    state = std::bit_cast<Words>(encrypted_by_library(block));
  }
  return encrypted_by_library(mixed(state, last_block(schedule_, text)));
}

}  // namespace mc::crypto
