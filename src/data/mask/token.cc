#include "mask/token.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "mask/short_text.h"

namespace mc::mask {
namespace {

constexpr std::size_t kChunk = 16;  // bytes at once: the compiler has instructions for that
using Bytes = std::uint8_t __attribute__((vector_size(16)));
using Halves = std::uint16_t __attribute__((vector_size(16)));

// A number below 2^16 for each byte of the text: the digest of the whole text first, then words
// stretched from it (wyrand, Wang Yi 2019). That need not be one-way: `hash` shows the digest.
class Numbers {
 public:
  explicit Numbers(const crypto::Block& digest)
      : digest_(std::bit_cast<Words>(digest)), state_(digest_[0]) {}
  Halves first() const { return std::bit_cast<Halves>(digest_); }
  Halves next() {
    const std::uint64_t low = word();
    return std::bit_cast<Halves>(Words{low, word()});
  }

 private:
  std::uint64_t word() {
    __extension__ using Wide = unsigned __int128;
    state_ += 0xa0761d6478bd642fULL;
    const Wide product = Wide{state_} * (state_ ^ 0xe7037ed1a0b428dbULL);
    return digest_[1] ^ static_cast<std::uint64_t>(product) ^
           static_cast<std::uint64_t>(product >> 64);
  }
  Words digest_;
  std::uint64_t state_;
};

// Sixteen numbers below their bounds, from those below 2^16: off even by less than 26 in 2^16.
Bytes draw(Bytes bounds, Halves low, Halves high) {
  const Bytes zero{};
  const auto product = [](Bytes factors, Halves number) {
    using Wide = std::uint32_t __attribute__((vector_size(32)));
    const Wide wide = __builtin_convertvector(reinterpret_cast<Halves>(factors), Wide) *
                      __builtin_convertvector(number, Wide);
    return reinterpret_cast<Bytes>(__builtin_convertvector(wide >> 16, Halves));
  };
  const Bytes front = product(
      __builtin_shufflevector(bounds, zero, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23),
      low);
  const Bytes back = product(__builtin_shufflevector(bounds, zero, 8, 24, 9, 25, 10, 26, 11, 27, 12,
                                                     28, 13, 29, 14, 30, 15, 31),
                             high);
  return __builtin_shufflevector(front, back, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28,
                                 30);
}

// Of ASCII; other bytes stay.
Bytes token_of(Bytes text, Halves low, Halves high) {
  const Bytes digit = text - '0', letter = (text | 0x20) - 'a';
  const auto is_digit = reinterpret_cast<Bytes>(digit < 10);
  const auto is_letter = reinterpret_cast<Bytes>(letter < 26);
  const Bytes bases = text - ((digit & is_digit) | (letter & is_letter));
  return bases + draw((is_digit & 10) | (is_letter & 26), low, high);
}
// Of a chunk of `size` bytes: eight and fewer need only the first numbers.
Bytes token_of(Bytes text, std::size_t size, Halves first, Numbers& numbers) {
  const Halves none{};
  return size > kChunk / 2 ? token_of(text, first, numbers.next()) : token_of(text, first, none);
}

// Where not all is ASCII: a letter for the start of a character, nothing for the rest of it.
std::size_t write_mixed(Bytes text, std::size_t size, Halves first, Numbers& numbers, char* out) {
  const auto is_start = reinterpret_cast<Bytes>(text >= 0xc0);
  const Bytes letters = (text & ~is_start) | (is_start & 'a');
  const auto token =
      std::bit_cast<std::array<char, kChunk>>(token_of(letters, size, first, numbers));
  const auto bytes = std::bit_cast<std::array<std::uint8_t, kChunk>>(text);
  std::size_t written = 0;
  for (std::size_t i = 0; i < size; ++i) {
    out[written] = token[i];
    written += (bytes[i] & 0xc0) != 0x80 ? 1 : 0;
  }
  return written;
}

// The bytes written.
std::size_t write_chunk(std::string_view chunk, Halves first, Numbers& numbers, char* out) {
  const Words words = crypto::words_of(chunk);
  const auto text = std::bit_cast<Bytes>(words);
  if (!is_ascii(words)) return write_mixed(text, chunk.size(), first, numbers, out);
  const Bytes token = token_of(text, chunk.size(), first, numbers);
  if (chunk.size() == kChunk) {
    std::memcpy(out, &token, kChunk);
  } else {
    store(std::bit_cast<Words>(token), chunk.size(), out);
  }
  return chunk.size();
}

}  // namespace

void write_token(const crypto::CmacKey& key, crypto::Words text, std::size_t size,
                 std::string& out) {
  Numbers numbers(key.digest(text, size));
  const Bytes token = token_of(std::bit_cast<Bytes>(text), size, numbers.first(), numbers);
  out.resize(size);
  store(std::bit_cast<Words>(token), size, out.data());
}

void write_token(const crypto::CmacKey& key, std::string_view text, std::string& out) {
  if (text.size() < kChunk) {
    const Words words = crypto::words_of(text);
    if (is_ascii(words)) return write_token(key, words, text.size(), out);
  }
  Numbers numbers(key.digest(text));
  out.resize(text.size());
  char* to = out.data();
  Halves first = numbers.first();
  while (text.size() >= kChunk) {
    to += write_chunk(text.substr(0, kChunk), first, numbers, to);
    text.remove_prefix(kChunk);
    if (!text.empty()) first = numbers.next();
  }
  if (!text.empty()) to += write_chunk(text, first, numbers, to);
  out.resize(static_cast<std::size_t>(to - out.data()));
}

}  // namespace mc::mask
