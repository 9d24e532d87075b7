// CPU time of one request log line through a buffered file sink, as one JSON line.
#include <cstdio>

#include "json/json.h"
#include "log/log.h"

namespace {

// Takes everything at no cost, so that only the log is measured.
class NullFile final : public mc::sys::File {
 public:
  mc::Result<std::size_t> read(std::span<char>) override { return std::size_t{0}; }
  mc::Status write(std::string_view) override { return mc::ok(); }
  mc::Status sync() override { return mc::ok(); }
  mc::Status seek(std::int64_t) override { return mc::ok(); }
  mc::Result<std::int64_t> size() override { return std::int64_t{0}; }
};

}  // namespace

int main() {
  const auto clock = mc::sys::real_clock();
  NullFile file;
  mc::log::FileSink sink(file, *clock);
  mc::log::Log log(*clock, sink);
  constexpr int kLines = 1'000'000;
  const mc::TenantId tenant("tenant-0042");
  const mc::Nanos before = mc::sys::usage().cpu;
  for (int i = 0; i < kLines; ++i) {
    log.event("request.done", {{"request_id", "req_01hf7yat00e8x9v5k2m3n4p5q6"},
                               {"tenant", tenant},
                               {"method", "POST"},
                               {"path", "/graphql"},
                               {"status", 200},
                               {"bytes", 1432},
                               {"cost", 17},
                               {"duration_ms", 12.75},
                               {"trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"}});
  }
  const mc::Nanos spent = mc::sys::usage().cpu - before;
  std::string out;
  mc::json::Writer writer(out);
  writer.begin_object()
      .member("bench", "log.request_line")
      .member("lines", kLines)
      .member("ns_per_line", static_cast<double>(spent.count) / kLines)
      .end_object();
  std::printf("%s\n", out.c_str());
  return 0;
}
