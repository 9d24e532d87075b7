#include "sys/host.h"

#include <algorithm>
#include <charconv>

namespace mc::sys {
namespace {

constexpr std::string_view kRoot = "/sys/fs/cgroup";
constexpr std::size_t kTextMax = 64 << 10;  // memory.stat has 2 kB
constexpr std::size_t kDepthMax = 32;

// Of a whole word; absent when it is no number of 0 or more that fits.
std::optional<std::int64_t> number_of(std::string_view word) {
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), out);
  if (error != std::errc() || end != word.data() + word.size() || out < 0) return std::nullopt;
  return out;
}

std::string_view without_newline(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

double part_of(const HostReading::Memory& memory) {
  return static_cast<double>(memory.used) / static_cast<double>(memory.limit);
}

bool matters_more(const HostReading::Memory& one, const HostReading::Memory& other) {
  return one.own == other.own ? part_of(one) > part_of(other) : one.own;
}

}  // namespace

std::string group_of(std::string_view text) {
  constexpr std::string_view kVersion2 = "0::";
  for (const std::string_view line : split(text, '\n')) {
    if (!line.starts_with(kVersion2)) continue;
    const std::string_view path = line.substr(kVersion2.size());
    const bool above = path.find("/..") != std::string_view::npos;  // of a namespace outside
    return path.starts_with('/') && !above ? std::string(path) : std::string();
  }
  return {};
}

std::optional<std::int64_t> memory_limit_of(std::string_view text) {
  const std::optional<std::int64_t> bytes = number_of(without_newline(text));
  return bytes && *bytes > 0 ? bytes : std::nullopt;
}

std::optional<double> processors_of(std::string_view text) {
  text = without_newline(text);
  const std::size_t space = std::min(text.find(' '), text.size());
  const std::optional<std::int64_t> quota = number_of(text.substr(0, space));
  const std::optional<std::int64_t> period =
      number_of(space == text.size() ? std::string_view() : text.substr(space + 1));
  if (!quota || !period || *quota == 0 || *period == 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

std::int64_t reclaimable_of(std::string_view text) {
  std::int64_t out = 0;
  for (const std::string_view line : split(text, '\n')) {
    const std::size_t space = std::min(line.find(' '), line.size());
    const std::string_view name = line.substr(0, space);
    if (name != "active_file" && name != "inactive_file" && name != "slab_reclaimable") continue;
    const std::optional<std::int64_t> bytes =
        space == line.size() ? std::nullopt : number_of(line.substr(space + 1));
    if (bytes) out += std::min(*bytes, INT64_MAX - out);
  }
  return out;
}

std::string Host::text(const std::string& path) {
  return files_.read_all(own_.root + path, kTextMax).value_or(std::string());
}

void Host::read_group(const std::string& folder, HostReading& out) {
  const std::optional<double> processors = processors_of(text(folder + "/cpu.max"));
  if (processors) out.processors = std::min(out.processors, *processors);
  // Above memory.high the kernel makes the group wait for memory that it takes back.
  std::optional<std::int64_t> limit = memory_limit_of(text(folder + "/memory.max"));
  const std::optional<std::int64_t> high = memory_limit_of(text(folder + "/memory.high"));
  if (high && (!limit || *high < *limit)) limit = high;
  if (!limit) return;
  const std::optional<std::int64_t> current =
      number_of(without_newline(text(folder + "/memory.current")));
  if (!current) return;
  const std::int64_t reclaimable = reclaimable_of(text(folder + "/memory.stat"));
  HostReading::Memory found{.used = *current - std::min(*current, reclaimable), .limit = *limit};
  found.own = out.resident >= found.used / 2;
  if (!out.memory || matters_more(found, *out.memory)) out.memory = found;
}

HostReading Host::read() {
  const Usage used = own_.usage();
  HostReading out{.cpu = used.cpu,
                  .processors = static_cast<double>(std::max(own_.processors, 1)),
                  .resident = used.resident_bytes,
                  .memory = {}};
  std::string group = group_of(text("/proc/self/cgroup"));
  for (std::size_t depth = 0; depth < kDepthMax && !group.empty(); ++depth) {
    if (group == "/") group.clear();
    read_group(std::string(kRoot) + group, out);
    group.resize(group.empty() ? 0 : group.rfind('/') + (group.rfind('/') == 0 ? 1 : 0));
  }
  return out;
}

}  // namespace mc::sys
