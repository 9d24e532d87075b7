#include "sys/host.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>

namespace mc::sys {
namespace {

TEST_CASE("host: the group of version 2 among those of the process") {
  struct Row {
    const char* text;
    const char* group;
  };
  const Row rows[] = {{"0::/system.slice/maestro.service\n", "/system.slice/maestro.service"},
                      {"0::/\n", "/"},
                      {"0::/without-newline", "/without-newline"},
                      {"4:memory:/a\n1:cpu:/b\n0::/c\n", "/c"},
                      {"0::/first\n0::/second\n", "/first"},
                      {"4:memory:/a\n1:cpu:/b\n", ""},
                      {"0::/../../other\n", ""},
                      {"0::relative\n", ""},
                      {"0::", ""},
                      {"10::/a\n", ""},
                      {"", ""},
                      {"\n\n\n", ""}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(group_of(row.text) == row.group);
  }
}

TEST_CASE("host: limits of memory and of processors, and what is none") {
  struct Memory {
    const char* text;
    std::optional<std::int64_t> bytes;
  };
  const Memory memories[] = {{"1073741824\n", 1'073'741'824},
                             {"1", 1},
                             {"max\n", {}},
                             {"", {}},
                             {"0\n", {}},
                             {"-5\n", {}},
                             {"12x\n", {}},
                             {" 12\n", {}},
                             {"99999999999999999999\n", {}},
                             {"9223372036854775807\n", INT64_MAX}};
  for (const Memory& row : memories) {
    CAPTURE(row.text);
    CHECK(memory_limit_of(row.text) == row.bytes);
  }
  struct Cpu {
    const char* text;
    std::optional<double> processors;
  };
  const Cpu cpus[] = {{"150000 100000\n", 1.5},
                      {"50000 100000", 0.5},
                      {"max 100000\n", {}},
                      {"100000\n", {}},
                      {"100000 0\n", {}},
                      {"0 100000\n", {}},
                      {"1 2 3\n", {}},
                      {"", {}},
                      {" \n", {}},
                      {"-1 100000\n", {}},
                      {"x y\n", {}}};
  for (const Cpu& row : cpus) {
    CAPTURE(row.text);
    CHECK(processors_of(row.text) == row.processors);
  }
}

TEST_CASE("host: what the kernel takes back") {
  CHECK(reclaimable_of("anon 500\nfile 900\nactive_file 300\ninactive_file 200\n"
                       "slab_reclaimable 7\nslab_unreclaimable 9\n") == 507);
  CHECK(reclaimable_of("active_file\ninactive_file x\nslab_reclaimable -4\n") == 0);
  CHECK(reclaimable_of("active_file 9223372036854775807\ninactive_file 5") == INT64_MAX);
  CHECK(reclaimable_of("") == 0);
}

// A folder with the files that a kernel would have.
struct Machine {
  Machine() {
    root = (std::filesystem::temp_directory_path() / "mc-host-XXXXXX").string();
    REQUIRE(::mkdtemp(root.data()) != nullptr);
    put("/proc/self/cgroup", "0::/a.slice/b.service\n");
  }
  ~Machine() { std::filesystem::remove_all(root); }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  void put(const std::string& path, const std::string& text) {
    const std::string full = root + path;
    std::filesystem::create_directories(full.substr(0, full.rfind('/')));
    REQUIRE(files->write_atomic(full, text).has_value());
  }
  HostReading read() {
    const auto usage = [this] { return Usage{.resident_bytes = resident, .cpu = millis(5)}; };
    return Host(*files, {.usage = usage, .processors = 4, .root = root}).read();
  }
  std::string root;
  std::int64_t resident = 77;
  std::unique_ptr<Files> files = real_files();
};

TEST_CASE("host: without limits, the processors it is bound to and nothing of memory") {
  Machine machine;
  const HostReading bare = machine.read();
  CHECK(bare.processors == 4);
  CHECK(bare.resident == 77);
  CHECK(bare.cpu == millis(5));
  CHECK_FALSE(bare.memory.has_value());
  machine.put("/sys/fs/cgroup/a.slice/b.service/cpu.max", "max 100000\n");
  machine.put("/sys/fs/cgroup/a.slice/b.service/memory.max", "max\n");
  machine.put("/sys/fs/cgroup/a.slice/b.service/memory.current", "1000\n");
  CHECK(machine.read().processors == 4);
  CHECK_FALSE(machine.read().memory.has_value());
  machine.put("/proc/self/cgroup", "4:memory:/a.slice/b.service\n");
  CHECK(machine.read().processors == 4);
}

TEST_CASE("host: the tightest limit holds, of the group or of one above it") {
  Machine machine;
  machine.resident = 4'000;
  const std::string own = "/sys/fs/cgroup/a.slice/b.service", above = "/sys/fs/cgroup/a.slice";
  machine.put(own + "/cpu.max", "200000 100000\n");
  machine.put(above + "/cpu.max", "150000 100000\n");
  CHECK(machine.read().processors == 1.5);
  machine.put("/sys/fs/cgroup/cpu.max", "50000 100000\n");  // that of a container is its root
  CHECK(machine.read().processors == 0.5);

  machine.put(own + "/memory.max", "1000\n");
  CHECK_FALSE(machine.read().memory.has_value());  // what it uses is not known
  machine.put(own + "/memory.current", "800\n");
  machine.put(own + "/memory.stat", "anon 500\ninactive_file 200\nactive_file 50\n");
  REQUIRE(machine.read().memory.has_value());
  CHECK(machine.read().memory->used == 550);
  CHECK(machine.read().memory->limit == 1'000);
  machine.put(above + "/memory.max", "4000\n");
  machine.put(above + "/memory.current", "3900\n");
  CHECK(machine.read().memory->limit == 4'000);
  machine.put(own + "/memory.high", "500\n");
  CHECK(machine.read().memory->limit == 500);
  machine.put(own + "/memory.stat", "active_file 5000\n");  // they are read one after the other
  CHECK(machine.read().memory->used == 3'900);
}

TEST_CASE("host: a group that others fill counts after those whose memory is the process's own") {
  struct Row {
    const char* name;
    std::int64_t resident, own_used, above_used;  // of 1,000 and of 4,000
    std::int64_t limit;
    bool own;
  };
  const Row rows[] = {{"both are ours", 960, 970, 1'000, 1'000, true},
                      {"the one above is fuller, of others", 960, 970, 3'920, 1'000, true},
                      {"and ours has room", 100, 100, 3'920, 1'000, true},
                      {"half of it is ours", 1'950, 200, 3'900, 4'000, true},
                      {"less than half", 1'949, 200, 3'900, 1'000, true},
                      {"neither, the fuller one", 10, 900, 3'920, 4'000, false}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Machine machine;
    machine.resident = row.resident;
    const auto put = [&](const std::string& group, std::int64_t limit, std::int64_t used) {
      machine.put(group + "/memory.max", std::to_string(limit) + "\n");
      machine.put(group + "/memory.current", std::to_string(used) + "\n");
    };
    put("/sys/fs/cgroup/a.slice/b.service", 1'000, row.own_used);
    put("/sys/fs/cgroup/a.slice", 4'000, row.above_used);
    REQUIRE(machine.read().memory.has_value());
    CHECK(machine.read().memory->limit == row.limit);
    CHECK(machine.read().memory->own == row.own);
  }
}

TEST_CASE("host: this machine can be read") {
  const std::unique_ptr<Files> files = real_files();
  const HostReading here = Host(*files).read();
  CHECK(here.resident > 100'000);
  CHECK(here.cpu.count > 0);
  CHECK(here.processors > 0);
}

}  // namespace
}  // namespace mc::sys
