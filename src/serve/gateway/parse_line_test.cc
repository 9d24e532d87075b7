#include "gateway/parse_line.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <thread>

#include "gateway/call.h"

namespace mc::gateway {
namespace {

CallPtr call_of(const std::string& tenant, MonoTime deadline = MonoTime{INT64_MAX}) {
  auto caller = std::make_shared<identity::Caller>();
  caller->tenant = TenantId(tenant);
  auto call = std::make_shared<Call>();
  call->caller = std::move(caller);
  call->deadline = deadline;
  return call;
}

TEST_CASE("parse line: tenants take turns by the time that their documents take") {
  ParseLine line({.waiting_max = 1'000, .parsers = 1});
  MonoTime now{1'000'000'000};
  for (int i = 0; i < 100; ++i) line.push(call_of("elephant"), 1, 17'000, now);
  std::map<std::string, int> parsed;
  std::vector<CallPtr> late;
  // A mouse has one small document at a time; the elephant's take a hundred times as long.
  line.push(call_of("mouse"), 1, 100, now);
  for (int i = 0; i < 60; ++i) {
    const CallPtr call = line.next(now, late);
    REQUIRE(call != nullptr);
    const std::string tenant = call->caller->tenant.get();
    ++parsed[tenant];
    const bool is_mouse = tenant == "mouse";
    const Nanos took{is_mouse ? 20'000 : 2'000'000};
    line.took(tenant, is_mouse ? 100 : 17'000, took);
    now = now + took;
    if (is_mouse) line.push(call_of("mouse"), 1, 100, now);
  }
  CHECK(parsed["mouse"] >= 55);
  CHECK(late.empty());
}

TEST_CASE("parse line: when it is full the one with the most to parse gives way") {
  ParseLine line({.waiting_max = 4, .parsers = 1});
  const MonoTime now{1'000'000'000};
  std::vector<CallPtr> refused;
  for (int i = 0; i < 5; ++i) {
    for (CallPtr& call : line.push(call_of("elephant"), 1, 1'000, now).refused) {
      refused.push_back(std::move(call));
    }
  }
  CHECK(refused.size() == 3);  // half of the line is a tenant's
  line.push(call_of("mouse"), 1, 100, now);
  line.push(call_of("mouse"), 1, 100, now);
  const ParseLine::Pushed third = line.push(call_of("cat"), 1, 100, now);
  REQUIRE(third.refused.size() == 1);
  CHECK(third.refused.front()->caller->tenant.get() == "elephant");
}

TEST_CASE("parse line: what has waited too long is given back") {
  ParseLine line({.waiting_max = 10, .parsers = 1});
  const MonoTime now{1'000'000'000};
  const CallPtr soon = call_of("alpha", now + millis(10)), whenever = call_of("bravo");
  line.push(soon, 1, 100, now);
  line.push(whenever, 1, 100, now);
  std::vector<CallPtr> late;
  CHECK(line.next(now + millis(20), late) == whenever);
  CHECK(line.next(now + millis(20), late) == nullptr);
  REQUIRE(late.size() == 1);
  CHECK(late.front() == soon);
}

TEST_CASE("parse line: threads that push and parse lose nothing, and no parser is forgotten") {
  constexpr int kEach = 3'000;
  ParseLine line({.waiting_max = 100'000, .parsers = 2});
  const MonoTime now{1'000'000'000};
  std::atomic<int> parsed = 0, refused = 0;
  const auto parse = [&] {
    std::vector<CallPtr> late;
    while (true) {
      const CallPtr call = line.next(now, late);
      if (call == nullptr) break;
      ++parsed;
      line.took(call->caller->tenant.get(), 100, Nanos{10'000});
    }
  };
  std::vector<std::thread> threads;
  threads.reserve(3);
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const ParseLine::Pushed pushed = line.push(call_of("t" + std::to_string(t)), 1, 100, now);
        refused += static_cast<int>(pushed.refused.size());
        if (pushed.wake) parse();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(parsed + refused == 3 * kEach);
  CHECK(parsed > 0);
}

}  // namespace
}  // namespace mc::gateway
