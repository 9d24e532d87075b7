#include <array>
#include <cstring>
#include <filesystem>

#include "sys/sys.h"

namespace mc::sys {

std::uint64_t Random::next_u64() {
  std::array<std::uint8_t, 8> bytes{};
  fill(bytes);
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

std::string make_id(std::string_view prefix, Clock& clock, Random& random) {
  const auto unix_ms = static_cast<std::uint64_t>(to_unix_ms(clock.wall()));
  const std::uint64_t a = random.next_u64();
  const std::uint64_t b = random.next_u64();
  const std::uint64_t high = unix_ms << 16 | 0x7000 | (a & 0x0FFF);
  const std::uint64_t low = 0x8000'0000'0000'0000 | (b >> 2);
  return std::string(prefix) + "_" + to_crockford(high, low);
}

std::string IdMaker::make(std::string_view prefix) {
  constexpr std::int64_t kMilli = 1'000'000;
  const WallTime wall = clock_.wall();
  const auto unix_ms = static_cast<std::uint64_t>(to_unix_ms(wall));
  const std::int64_t rest = (wall.nanos % kMilli + kMilli) % kMilli;
  const auto fraction = static_cast<std::uint64_t>(rest * 4'096 / kMilli);
  const std::uint64_t count = count_.fetch_add(1, std::memory_order_relaxed);
  char bytes[sizeof(count)];
  std::memcpy(bytes, &count, sizeof(count));
  const std::uint64_t mixed = keyed_hash(secret_, {bytes, sizeof(bytes)});
  return to_crockford(unix_ms << 16 | 0x7000 | fraction, 0x8000'0000'0000'0000 | mixed >> 2,
                      prefix);
}

Result<std::string> Files::read_all(const std::string& path, std::size_t bytes_max) {
  MC_TRY(const std::unique_ptr<File> file, open(path, OpenMode::read));
  std::string out;
  std::array<char, 65536> buffer{};
  for (;;) {
    MC_TRY(const std::size_t n, file->read(buffer));
    if (n == 0) return out;
    if (out.size() + n > bytes_max) {
      return fail(Code::invalid, path + " is larger than " + std::to_string(bytes_max) + " bytes");
    }
    out.append(buffer.data(), n);
  }
}

Status Files::write_atomic(const std::string& path, std::string_view bytes) {
  const std::string temporary = path + ".new";
  {
    MC_TRY(const std::unique_ptr<File> file, open(temporary, OpenMode::truncate));
    MC_TRY_OK(file->write(bytes));
    MC_TRY_OK(file->sync());
  }
  return rename(temporary, path);
}

}  // namespace mc::sys
