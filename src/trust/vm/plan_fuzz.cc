// Plans are read or refused; what is read prints as the same plan again, is made into a program or
// refused, and runs within its limits.
#include <cstdint>
#include <cstring>
#include <string_view>

#include "sys/sys.h"
#include "vm/vm.h"

namespace {

using namespace mc;

class StillClock : public sys::Clock {
 public:
  WallTime wall() override { return {1'700'000'000'000'000'000}; }
  MonoTime mono() override { return {0}; }
};

class NoRandom : public sys::Random {
 public:
  void fill(std::span<std::uint8_t> out) override { std::memset(out.data(), 7, out.size()); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto policy = vm::plan::parse({reinterpret_cast<const char*>(data), size});
  if (!policy) return 0;
  const std::string text = vm::plan::to_json(*policy);
  const auto again = vm::plan::parse(text);
  MC_CHECK(again && vm::plan::to_json(*again) == text);
  const auto program = vm::Program::make(*policy);
  if (!program) return 0;
  MC_CHECK(!(*program)->disassemble().empty() || (*program)->plan_names().empty());
  StillClock clock;
  NoRandom random;
  vm::Machine machine(clock, random);
  static const term::Document input = *term::Document::parse(
      R"({"a":"x","b":[1,2.0,{"c":"y"}],"role":"admin","n":3,"o":{"k":{"a":true}}})");
  vm::Profile profile;
  std::vector<vm::TraceEvent> trace;
  for (int plan = 0; plan < static_cast<int>((*program)->plan_names().size()); ++plan) {
    vm::Query query;
    query.plan = plan;
    query.input = input.root();
    query.data = input.root();
    query.limits = {.instructions_max = 20'000,
                    .memory_bytes_max = 8 << 20,
                    .call_depth_max = 50,
                    .time_max = {}};
    machine.reset();
    const auto answer = machine.run(**program, query);
    if (answer) (void)term::hash(answer->results);
    if (!answer) MC_CHECK(!answer.error().code.empty());
    machine.reset();
    trace.clear();
    query.profile = &profile;
    query.trace = &trace;
    const auto watched = machine.run(**program, query);
    MC_CHECK(watched.has_value() == answer.has_value());
  }
  return 0;
}
