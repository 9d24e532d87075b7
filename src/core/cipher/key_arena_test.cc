#include "cipher/key_arena.h"

#include <doctest/doctest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string>
#include <thread>
#include <type_traits>

#include "cipher/swaps.h"
#include "sys/sys.h"

namespace mc::cipher {
namespace {

static_assert(!std::is_copy_constructible_v<HeldKey> && !std::is_copy_assignable_v<HeldKey>);

// Sanitizers make nothing of mlock(), and report success.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MC_NOTHING_IS_LOCKED
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MC_NOTHING_IS_LOCKED
#endif
#ifdef MC_NOTHING_IS_LOCKED
constexpr bool kLocks = false;
#else
constexpr bool kLocks = true;
#endif

// What a forked child finds.
bool in_child(const std::function<bool()>& finds) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(finds() ? 0 : 1);
  REQUIRE(child > 0);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool all_are(std::span<const std::uint8_t> bytes, std::uint8_t value) {
  return std::all_of(bytes.begin(), bytes.end(), [&](std::uint8_t byte) { return byte == value; });
}

// The line VmFlags of the mapping in which `address` is (proc_pid_smaps(5)), with a space behind.
std::string flags_of(const void* address) {
  const std::string smaps = *sys::real_files()->read_all("/proc/self/smaps");
  bool here = false;
  for (const std::string_view line : split(smaps, '\n')) {
    unsigned long begin = 0, end = 0;
    char rights[5] = {};
    if (std::sscanf(std::string(line).c_str(), "%lx-%lx %4s", &begin, &end, rights) == 3) {
      const auto at = reinterpret_cast<unsigned long>(address);
      here = at >= begin && at < end;
    }
    if (here && line.substr(0, 8) == "VmFlags:") return std::string(line) + " ";
  }
  return "";
}

TEST_CASE("key arena: keys begin as zeros, and a key given back is zeros") {
  const auto arena = std::move(*KeyArena::make(3));
  const std::uint8_t* where = nullptr;
  {
    HeldKey key = *arena->take();
    CHECK(all_are(key.view(), 0));
    std::ranges::fill(key.bytes(), std::uint8_t{0xa5});
    CHECK(all_are(key.view(), 0xa5));
    CHECK(arena->used() == 1);
    where = key.view().data();
  }
  CHECK(arena->used() == 0);
  CHECK(all_are({where, 32}, 0));
  CHECK(all_are((*arena->take()).view(), 0));
}

TEST_CASE("key arena: gives each slot once, and says when all are in use") {
  const auto arena = std::move(*KeyArena::make(200));
  std::vector<HeldKey> keys;
  for (std::size_t i = 0; i < 200; ++i) {
    Result<HeldKey> key = arena->take();
    REQUIRE(key);
    std::ranges::fill(key->bytes(), static_cast<std::uint8_t>(i + 1));
    keys.push_back(std::move(*key));
  }
  for (int again = 0; again < 2; ++again) {
    const Result<HeldKey> more = arena->take();
    REQUIRE_FALSE(more);
    CHECK(more.error().code == Code::exhausted);
  }
  CHECK(arena->used() == 200);
  for (std::size_t i = 0; i < 200; ++i) {
    CHECK(all_are(keys[i].view(), static_cast<std::uint8_t>(i + 1)));
  }
  keys[77] = HeldKey();
  CHECK(arena->used() == 199);
  CHECK(all_are((*arena->take()).view(), 0));
  CHECK(arena->used() == 199);
}

TEST_CASE("key arena: a key that is moved is one key") {
  const auto arena = std::move(*KeyArena::make(2));
  HeldKey first = *arena->take();
  first.bytes()[0] = 1;
  const std::uint8_t* where = first.view().data();
  HeldKey second(std::move(first));
  CHECK_FALSE(first);  // NOLINT(bugprone-use-after-move)
  REQUIRE(second);
  CHECK(second.view().data() == where);
  CHECK(arena->used() == 1);
  HeldKey third = *arena->take();
  const std::uint8_t* ended = third.view().data();
  third.bytes()[31] = 9;
  third = std::move(second);
  CHECK(arena->used() == 1);
  CHECK(all_are({ended, 32}, 0));
  CHECK(third.view()[0] == 1);
  HeldKey& same = third;
  third = std::move(same);
  REQUIRE(third);
  CHECK(third.view()[0] == 1);
}

TEST_CASE("key arena: refuses to hold none or too many") {
  for (const std::size_t keys : {std::size_t{0}, std::size_t{1'000'001}, ~std::size_t{0}}) {
    CHECK(KeyArena::make(keys).error().code == Code::invalid);
  }
}

TEST_CASE("key arena: a forked child sees zeros") {
  const auto arena = std::move(*KeyArena::make(100));
  HeldKey key = *arena->take();
  std::ranges::fill(key.bytes(), std::uint8_t{0xa5});
  CHECK(in_child([&] { return all_are(key.view(), 0); }));
  CHECK(all_are(key.view(), 0xa5));
}

TEST_CASE("key arena: its memory is marked as wiped on fork, left out of dumps, and locked") {
  const auto arena = std::move(*KeyArena::make(1'000));
  const HeldKey key = *arena->take();
  const std::string flags = flags_of(key.view().data());
  CAPTURE(flags);
  CHECK(flags.find(" dd ") != std::string::npos);
  CHECK(flags.find(" wf ") != std::string::npos);
  if (!kLocks) {
    MESSAGE("a sanitizer keeps memory from being locked: not tested");
    return;
  }
  CHECK((flags.find(" lo ") != std::string::npos) == arena->locked());
  if (!arena->locked()) MESSAGE("this machine lets nothing be locked");
}

TEST_CASE("key arena: works unlocked, and says so, where nothing may be locked") {
  if (!kLocks) {
    MESSAGE("a sanitizer keeps memory from being locked: not tested");
    return;
  }
  CHECK(in_child([] {
    const rlimit none = {0, 0};
    // The superuser may lock whatever the limit is, so the child becomes nobody.
    if (::setrlimit(RLIMIT_MEMLOCK, &none) != 0) return false;
    if (::getuid() == 0 && ::setuid(65'534) != 0) return false;
    const auto arena = KeyArena::make(100);
    if (!arena || (*arena)->locked()) return false;
    const Result<HeldKey> key = (*arena)->take();
    return key && all_are(key->view(), 0);
  }));
}

TEST_CASE("key arena: threads share it") {
  const auto arena = std::move(*KeyArena::make(64));
  std::size_t wrong[4] = {};
  std::vector<std::thread> threads;
  for (std::size_t at = 0; at < 4; ++at) {
    threads.emplace_back([&, at] {
      for (int i = 0; i < 2'000; ++i) {
        Result<HeldKey> key = arena->take();
        if (!key || !all_are(key->view(), 0)) ++wrong[at];
        if (!key) continue;
        std::ranges::fill(key->bytes(), static_cast<std::uint8_t>(at + 1));
        if (!all_are(key->view(), static_cast<std::uint8_t>(at + 1))) ++wrong[at];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::size_t count : wrong) CHECK(count == 0);
  CHECK(arena->used() == 0);
}

TEST_CASE("hardening: no core dumps, and no reading by others") {
  CHECK(in_child([] {
    const Hardened hardened = harden_process();
    rlimit cores = {1, 1};
    ::getrlimit(RLIMIT_CORE, &cores);
    return hardened.no_dumps && cores.rlim_cur == 0 && cores.rlim_max == 0 &&
           ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
  }));
}

TEST_CASE("hardening: swap is on when a place for it is listed") {
  const std::string heading = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";
  CHECK_FALSE(names_swap(""));
  CHECK_FALSE(names_swap(heading));
  CHECK(names_swap(heading + "/dev/sda2   partition\t8388604\t\t0\t\t-2\n"));
}

}  // namespace
}  // namespace mc::cipher
