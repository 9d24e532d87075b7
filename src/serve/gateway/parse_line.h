// Requests with new documents wait here for a parser: fair between tenants by the time that
// parsing theirs takes, so that nobody who sends large new documents keeps others from theirs.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "admission/fair_queue.h"
#include "base/base.h"

namespace mc::gateway {

struct Call;
using CallPtr = std::shared_ptr<Call>;

class ParseLine {
 public:
  struct Limits {
    std::size_t waiting_max = 256;
    std::size_t parsers = 1;
  };
  explicit ParseLine(const Limits& limits);
  ParseLine(const ParseLine&) = delete;
  ParseLine& operator=(const ParseLine&) = delete;

  struct Pushed {
    bool wake = false;             // a parser is to be started: it calls next() until that is null
    std::uint64_t token = 0;       // for withdraw(); 0 = it was refused
    std::vector<CallPtr> refused;  // the queue is full: of this one, or of who has most in it
  };
  // Of a tenant with this weight, for so many bytes.
  Pushed push(const CallPtr& call, std::uint32_t weight, std::size_t bytes, MonoTime now);

  // Its client has left. Null when it waits no longer, and somebody else goes on with it.
  CallPtr withdraw(std::uint64_t token);

  // For a parser. Null: nothing waits, and it is to end. What has waited too long is in `late`.
  CallPtr next(MonoTime now, std::vector<CallPtr>& late);
  // What it took to parse the call's documents.
  void took(std::string_view tenant, std::size_t bytes, Nanos took);

 private:
  struct Held {
    CallPtr call;
    admission::FairQueue::Place place;
  };
  CallPtr take(std::uint64_t token);

  const Limits limits_;
  std::mutex mutex_;  // of all below
  admission::FairQueue queue_;
  std::unordered_map<std::uint64_t, Held> waiting_;
  std::uint64_t next_token_ = 1;
  std::size_t running_ = 0;  // parsers
};

}  // namespace mc::gateway
