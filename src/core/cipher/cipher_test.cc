#include "cipher/cipher.h"

#include <doctest/doctest.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include "sys/sys.h"

namespace mc::cipher {
namespace {

using Sizes = std::initializer_list<std::size_t>;

constexpr Suite kSuites[] = {Suite::xaes_256_gcm, Suite::aes_256_gcm};
using Key = std::array<std::uint8_t, kKeyBytes>;

Key key_of(std::uint8_t byte) {
  Key key;
  key.fill(byte);
  return key;
}

Result<std::string> sealed_of(Suite suite, const Key& key, std::string_view nonce,
                              std::string_view aad, std::string_view text) {
  std::string out(text.size() + kTagBytes, '?');
  MC_TRY_OK(seal({suite, key, nonce, aad}, text, out.data()));
  return out;
}

struct Opened {
  bool good = false;
  std::string out;
};
Opened opened_of(Suite suite, const Key& key, std::string_view nonce, std::string_view aad,
                 std::string_view sealed) {
  Opened opened;
  opened.out.assign(sealed.size() < kTagBytes ? 0 : sealed.size() - kTagBytes, '?');
  const Status status = open({suite, key, nonce, aad}, sealed, opened.out.data());
  opened.good = status.has_value();
  if (!status) {
    CHECK(status.error().code == Code::corrupt);
    CHECK(status.error().what == "cipher: the sealed bytes, their key or their context is wrong");
  }
  return opened;
}

TEST_CASE("cipher: seals what the specifications say, and opens it") {
  struct Row {
    Suite suite;
    Key key;
    std::string nonce, aad, text;
    const char* sealed;
  };
  const Row rows[] = {
      {Suite::xaes_256_gcm, key_of(1), "ABCDEFGHIJKLMNOPQRSTUVWX", "", "XAES-256-GCM",
       "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"},
      {Suite::xaes_256_gcm, key_of(3), "ABCDEFGHIJKLMNOPQRSTUVWX", "c2sp.org/XAES-256-GCM",
       "XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"},
      // The GCM specification (McGrew, Viega), test cases 13 and 14.
      {Suite::aes_256_gcm, key_of(0), std::string(12, '\0'), "", "",
       "530f8afbc74536b9a963b4f1c4cb738b"},
      {Suite::aes_256_gcm, key_of(0), std::string(12, '\0'), "", std::string(16, '\0'),
       "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"}};
  for (const Row& row : rows) {
    CAPTURE(row.sealed);
    const Result<std::string> sealed = sealed_of(row.suite, row.key, row.nonce, row.aad, row.text);
    REQUIRE(sealed);
    CHECK(to_hex(*sealed) == row.sealed);
    const Opened opened = opened_of(row.suite, row.key, row.nonce, row.aad, *sealed);
    CHECK(opened.good);
    CHECK(opened.out == row.text);
  }
}

std::string shake128(std::string_view text, std::size_t size) {
  std::string out(size, '\0');
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  REQUIRE(EVP_DigestInit_ex(context, EVP_shake128(), nullptr) == 1);
  REQUIRE(EVP_DigestUpdate(context, text.data(), text.size()) == 1);
  REQUIRE(EVP_DigestFinalXOF(context, reinterpret_cast<unsigned char*>(out.data()), size) == 1);
  EVP_MD_CTX_free(context);
  return out;
}

TEST_CASE("cipher: 10,000 random messages hash to what the specification of XAES-256-GCM says") {
  const std::string stream = shake128("", 4 << 20);
  REQUIRE(to_hex(stream.substr(0, 16)) == "7f9c2ba4e88f827d616045507605853e");
  std::string_view rest = stream;
  const auto read = [&rest](std::size_t size) {
    REQUIRE(rest.size() >= size);
    const std::string_view out = rest.substr(0, size);
    rest.remove_prefix(size);
    return out;
  };
  const auto read_text = [&read] { return read(static_cast<std::uint8_t>(read(1)[0])); };
  std::string all;
  int wrong = 0;
  for (int i = 0; i < 10'000; ++i) {
    Key key;
    std::memcpy(key.data(), read(kKeyBytes).data(), kKeyBytes);
    const std::string_view nonce = read(24), text = read_text(), aad = read_text();
    const std::string sealed = *sealed_of(Suite::xaes_256_gcm, key, nonce, aad, text);
    const Opened opened = opened_of(Suite::xaes_256_gcm, key, nonce, aad, sealed);
    wrong += opened.good && opened.out == text ? 0 : 1;
    all += sealed;
  }
  CHECK(wrong == 0);
  CHECK(to_hex(shake128(all, 32)) ==
        "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939");
}

TEST_CASE("cipher: any byte that is another one is corrupt, and nothing comes out") {
  for (const Suite suite : kSuites) {
    for (const std::size_t size : Sizes{0, 1, 15, 16, 64, 300}) {
      const std::string text(size, 'p'), aad(48, 'a'), nonce(nonce_bytes(suite), 'n');
      const Key key = key_of(7);
      const std::string sealed = *sealed_of(suite, key, nonce, aad, text);
      REQUIRE(opened_of(suite, key, nonce, aad, sealed).out == text);
      const auto refused = [&](const Opened& opened) {
        return !opened.good && opened.out == std::string(opened.out.size(), '\0');
      };
      int accepted = 0;
      const auto each_flipped = [&](const std::string& bytes, auto&& opened) {
        for (std::size_t i = 0; i < bytes.size(); ++i) {
          std::string other = bytes;
          other[i] = static_cast<char>(other[i] ^ 1 << i % 8);
          accepted += refused(opened(other)) ? 0 : 1;
        }
      };
      each_flipped(sealed, [&](auto& it) { return opened_of(suite, key, nonce, aad, it); });
      each_flipped(nonce, [&](auto& it) { return opened_of(suite, key, it, aad, sealed); });
      each_flipped(aad, [&](auto& it) { return opened_of(suite, key, nonce, it, sealed); });
      each_flipped(std::string(kKeyBytes, '\7'), [&](auto& it) {
        Key other;
        std::memcpy(other.data(), it.data(), kKeyBytes);
        return opened_of(suite, other, nonce, aad, sealed);
      });
      CHECK(accepted == 0);
      // Shorter, longer, without its context, and by another's length of a nonce.
      for (std::size_t less = 1; less <= sealed.size(); ++less) {
        const std::string_view part = std::string_view(sealed).substr(0, sealed.size() - less);
        accepted += refused(opened_of(suite, key, nonce, aad, part)) ? 0 : 1;
      }
      CHECK(accepted == 0);
      CHECK(refused(opened_of(suite, key, nonce, aad, sealed + '\0')));
      CHECK(refused(opened_of(suite, key, nonce, "", sealed)));
      CHECK(refused(opened_of(suite, key, nonce + '\0', aad, sealed)));
      CHECK(refused(opened_of(suite, key, "", aad, sealed)));
      // A refusal leaves nothing behind.
      CHECK(opened_of(suite, key, nonce, aad, sealed).out == text);
    }
  }
}

TEST_CASE("cipher: sealing refuses nonces of another length and messages past the limit") {
  for (const Suite suite : kSuites) {
    for (const std::size_t size :
         Sizes{0, nonce_bytes(suite) - 1, nonce_bytes(suite) + 1, 36 - nonce_bytes(suite)}) {
      const auto sealed = sealed_of(suite, key_of(1), std::string(size, 'n'), "", "text");
      REQUIRE_FALSE(sealed);
      CHECK(sealed.error().code == Code::invalid);
    }
    // Its bytes are never looked at.
    const char byte = 'x';
    char out = '?';
    const std::string nonce(nonce_bytes(suite), 'n');
    CHECK_FALSE(seal({suite, key_of(1), nonce, ""}, {&byte, kMessageBytesMax + 1}, &out));
    CHECK(out == '?');
  }
}

TEST_CASE("cipher: threads do not disturb each other") {
  int wrong[4] = {};
  std::vector<std::thread> threads;
  for (std::size_t at = 0; at < 4; ++at) {
    threads.emplace_back([at, &wrong] {
      const Suite suite = kSuites[at % 2];
      const std::string nonce(nonce_bytes(suite), 'n');
      for (int i = 0; i < 300; ++i) {
        const Key key =
            key_of(static_cast<std::uint8_t>(64 * at + static_cast<std::size_t>(i % 64)));
        const std::string text(static_cast<std::size_t>(i), static_cast<char>(i));
        const std::string sealed = *sealed_of(suite, key, nonce, "aad", text);
        wrong[at] += opened_of(suite, key, nonce, "aad", sealed).out == text ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : wrong) CHECK(count == 0);
}

// Places in this process's writable memory at which a key stands. It is given with its bytes
// inverted, so that the search does not find what it is given.
class Places {
 public:
  Places() {
    const std::string maps = *sys::real_files()->read_all("/proc/self/maps");
    for (const std::string_view line : split(maps, '\n')) {
      unsigned long begin = 0, end = 0;
      char rights[5] = {};
      const std::string text(line);
      if (std::sscanf(text.c_str(), "%lx-%lx %4s", &begin, &end, rights) != 3) continue;
      const bool small = end - begin <= 64UL << 20;  // not a sanitizer's shadow
      if (rights[0] == 'r' && rights[1] == 'w' && small) ranges_.emplace_back(begin, end);
    }
  }
  int count(const Key& inverted) {
    int found = 0;
    for (const auto& [begin, end] : ranges_) {
      for (unsigned long at = begin; at < end; at += sizeof page_) {
        // By the system, which refuses pages that are gone by now, and asks no sanitizer.
        const iovec here = {page_, sizeof page_};
        const iovec there = {reinterpret_cast<void*>(at), sizeof page_};
        if (::process_vm_readv(::getpid(), &here, 1, &there, 1, 0) != sizeof page_) continue;
        found += count_in_page(inverted);
      }
    }
    OPENSSL_cleanse(page_, sizeof page_);
    return found;
  }

 private:
  int count_in_page(const Key& inverted) {
    int found = 0;
    const char* const last = page_ + sizeof page_ - kKeyBytes;
    for (const char* at = page_; at <= last; ++at) {
      const int first = static_cast<std::uint8_t>(~inverted[0]);
      at =
          static_cast<const char*>(std::memchr(at, first, static_cast<std::size_t>(last - at) + 1));
      if (at == nullptr) break;
      std::size_t same = 1;
      while (same < kKeyBytes && static_cast<std::uint8_t>(~at[same]) == inverted[same]) ++same;
      found += same == kKeyBytes ? 1 : 0;
    }
    return found;
  }
  std::vector<std::pair<unsigned long, unsigned long>> ranges_;
  char page_[4096];
};

TEST_CASE("cipher: no key is left in memory after a call") {
  // Key of the specification; the other one is what is derived from it, given inverted.
  std::string derived =
      *from_hex("c8612c9ed53fe43e8e005b828a1631a0bbcb6ab2f46514ec4f439fcfd0fa969b");
  Key inverted, derived_inverted;
  for (std::size_t i = 0; i < kKeyBytes; ++i) {
    inverted[i] = static_cast<std::uint8_t>(~(17 * i + 5));
    derived_inverted[i] = static_cast<std::uint8_t>(~derived[i]);
  }
  wipe(derived);
  Places places;
  for (const Suite suite : kSuites) {
    CAPTURE(static_cast<int>(suite));
    const std::string nonce = std::string("ABCDEFGHIJKLMNOPQRSTUVWX").substr(0, nonce_bytes(suite));
    Key key;
    for (std::size_t i = 0; i < kKeyBytes; ++i) key[i] = static_cast<std::uint8_t>(~inverted[i]);
    const std::string sealed = *sealed_of(suite, key, nonce, "", "text");
    CHECK(opened_of(suite, key, nonce, "", sealed).good);
    CHECK_FALSE(opened_of(suite, key, nonce, "", std::string(40, 'x')).good);
    CHECK(places.count(inverted) >= 1);  // the one here, so that the search is known to find
    OPENSSL_cleanse(key.data(), key.size());
    CHECK(places.count(inverted) == 0);
  }
  const std::string nonce = "ABCDEFGHIJKLMNOPQRSTUVWX";
  REQUIRE(sealed_of(Suite::xaes_256_gcm, key_of(1), nonce, "", "text"));
  CHECK(places.count(derived_inverted) == 0);
}

std::string drawn(Nonces& nonces, std::size_t size = 24) {
  std::string out(size, '\0');
  nonces.fill({reinterpret_cast<std::uint8_t*>(out.data()), size});
  return out;
}

TEST_CASE("nonces: none comes twice, of whatever length") {
  const auto random = sys::real_random();
  Nonces nonces(*random);
  std::set<std::string> seen;
  int count = 0;
  for (int i = 0; i < 3'000; ++i) {
    for (const std::size_t size : Sizes{24, 12, 32, 8}) {
      seen.insert(drawn(nonces, size));
      ++count;
    }
  }
  CHECK(seen.size() == static_cast<std::size_t>(count));
  CHECK(drawn(nonces, 0).empty());
}

TEST_CASE("nonces: a forked process gives others than its parent") {
  const auto random = sys::real_random();
  Nonces nonces(*random);
  drawn(nonces);
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    std::string all;
    for (int i = 0; i < 400; ++i) all += drawn(nonces);
    const bool written = ::write(ends[1], all.data(), all.size()) == std::ssize(all);
    ::_exit(written ? 0 : 1);
  }
  REQUIRE(child > 0);
  std::set<std::string> seen;
  for (int i = 0; i < 400; ++i) seen.insert(drawn(nonces));
  std::string all(400 * 24, '\0');
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(status == 0);
  REQUIRE(::read(ends[0], all.data(), all.size()) == std::ssize(all));
  ::close(ends[0]);
  ::close(ends[1]);
  for (std::size_t i = 0; i < 400; ++i) seen.insert(all.substr(24 * i, 24));
  CHECK(seen.size() == 800);
}

TEST_CASE("nonces: threads share them") {
  const auto random = sys::real_random();
  Nonces nonces(*random);
  std::vector<std::string> lists[4];
  std::vector<std::thread> threads;
  for (auto& list : lists) {
    threads.emplace_back([&nonces, &list] {
      for (int i = 0; i < 1'000; ++i) list.push_back(drawn(nonces));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> seen;
  for (const auto& list : lists) seen.insert(list.begin(), list.end());
  CHECK(seen.size() == 4'000);
}

}  // namespace
}  // namespace mc::cipher
