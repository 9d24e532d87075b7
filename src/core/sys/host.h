// What the process may use of processors and memory, and what it does: for signs of overload.
//
// Limits are those of its control group (cgroup v2) and of the groups above it; the tightest holds.
// Without cgroup v2, or without limits, it may use the processors it is bound to, and no limit of
// memory is known. Files that are absent or do not read as expected are no limits.
//
// Of one thread. A read opens three to five files a level of the tree, about 0.1 ms.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sys/sys.h"

namespace mc::sys {

// The kernel's texts (Documentation/admin-guide/cgroup-v2.rst).
// Of /proc/self/cgroup: "/system.slice/maestro.service"; "" = not in a group of version 2.
std::string group_of(std::string_view text);
// Of memory.max and memory.high, in bytes; absent: none.
std::optional<std::int64_t> memory_limit_of(std::string_view text);
// Of cpu.max: "150000 100000" is 1.5 processors; absent: none.
std::optional<double> processors_of(std::string_view text);
// Of memory.stat: files in memory and the like, which the kernel takes back when it needs room.
std::int64_t reclaimable_of(std::string_view text);

struct HostReading {
  Nanos cpu;              // of the process since its start
  double processors = 1;  // that it may use at a time
  std::int64_t resident = 0;
  struct Memory {
    std::int64_t used = 0;  // of the group, without what the kernel takes back
    std::int64_t limit = 1;
    bool own = false;  // half of what is used, or more, is resident here
  };
  // Of the group that is nearest to its limit, first among those whose memory is the process's own;
  // absent: none has a limit.
  std::optional<Memory> memory;
};

class Host {
 public:
  struct Own {
    std::function<Usage()> usage = brief_usage;
    int processors = usable_processors();
    std::string root = {};  // in which /proc and /sys are
  };
  // `files` outlives it.
  explicit Host(Files& files) : Host(files, Own{}) {}
  Host(Files& files, Own own) : files_(files), own_(std::move(own)) {}

  HostReading read();

 private:
  std::string text(const std::string& path);
  void read_group(const std::string& folder, HostReading& out);

  Files& files_;
  const Own own_;
};

}  // namespace mc::sys
