#include <openssl/evp.h>
#include <sched.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <thread>

#include "sys/sys.h"

namespace mc::sys {
namespace {

std::int64_t read_clock(clockid_t id) {
  timespec now{};
  ::clock_gettime(id, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

class RealClock final : public Clock {
 public:
  WallTime wall() override { return {read_clock(CLOCK_REALTIME)}; }
  MonoTime mono() override { return {read_clock(CLOCK_MONOTONIC)}; }
};

// The kernel's generator: nothing of it is in this process, so a fork or a snapshot shares nothing,
// and a salt costs a third of what OpenSSL's generator takes.
class RealRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    while (!out.empty()) {  // a call is 256 bytes at most, which is never cut short
      const std::size_t part = std::min<std::size_t>(out.size(), 256);
      const ssize_t n = ::getrandom(out.data(), part, 0);
      MC_CHECK(n == static_cast<ssize_t>(part) || (n < 0 && errno == EINTR));
      if (n > 0) out = out.subspan(part);
    }
  }
};

std::int64_t count_open_files() {
  std::error_code error;
  std::int64_t count = 0;
  for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end;
       at.increment(error)) {
    ++count;
  }
  return count;
}

}  // namespace

std::unique_ptr<Clock> real_clock() {
  return std::make_unique<RealClock>();
}
std::unique_ptr<Random> real_random() {
  return std::make_unique<RealRandom>();
}

std::string environment(const std::string& name, const std::string& otherwise) {
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): at start only
  return value == nullptr ? otherwise : value;
}

Usage brief_usage() {
  Usage out;
  if (std::FILE* file = std::fopen("/proc/self/statm", "re")) {
    long long pages = 0;
    long long resident = 0;
    if (std::fscanf(file, "%lld %lld", &pages, &resident) == 2) {
      out.resident_bytes = resident * ::sysconf(_SC_PAGESIZE);
    }
    std::fclose(file);
  }
  rusage spent{};
  ::getrusage(RUSAGE_SELF, &spent);
  const auto nanos = [](const timeval& t) { return t.tv_sec * 1'000'000'000 + t.tv_usec * 1'000; };
  out.cpu = Nanos{nanos(spent.ru_utime) + nanos(spent.ru_stime)};
  return out;
}

Usage usage() {
  Usage out = brief_usage();
  out.open_files = count_open_files();
  return out;
}

int usable_processors() {
  cpu_set_t bound;
  if (::sched_getaffinity(0, sizeof(bound), &bound) == 0) return CPU_COUNT(&bound);
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

// OpenSSL looks an algorithm up by name for every EVP_Digest, which costs more than hashing a
// token. So each thread keeps a context, and the first one the algorithm.
std::string sha256(std::string_view bytes) {
  struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  static thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  std::string digest(32, '\0');
  auto* out = reinterpret_cast<unsigned char*>(digest.data());
  MC_CHECK(algorithm != nullptr && context != nullptr);
  MC_CHECK(EVP_DigestInit_ex2(context.get(), algorithm, nullptr) == 1 &&
           EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1 &&
           EVP_DigestFinal_ex(context.get(), out, nullptr) == 1);
  return digest;
}

}  // namespace mc::sys
