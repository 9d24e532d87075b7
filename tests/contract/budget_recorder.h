// For tests: a book and a journal that are asked together, as a server does it.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "budget/book.h"
#include "budget/journal.h"
#include "budget/journal_files.h"
#include "json/json.h"
#include "sim/sim.h"

namespace mc::budget {

inline BudgetSettings journal_settings(std::string_view text) {
  const auto value = json::parse(text);
  REQUIRE(value.has_value());
  auto file = json::read<BudgetFile>(*value);
  if (!file) FAIL(file.error().what);
  return *file;
}

inline JournalHeader journal_header(std::string_view settings, std::string run = "adm_1") {
  JournalHeader out;
  out.run = std::move(run);
  out.started = from_unix_ms(1'800'000'000'000);
  out.settings = journal_settings(settings);
  out.paths = {"/graphql", "/shop"};
  return out;
}

class Recorder {
 public:
  explicit Recorder(JournalHeader header, JournalConfig config = {})
      : started(header.started), journal(files, header, config) {
    auto made = Book::make(header.settings, header.paths);
    if (!made) FAIL(made.error().what);
    book = std::move(*made);
  }

  struct Ask {
    std::string request;
    std::string tenant = "alpha", plan = "starter", user = "ana";
    std::size_t route = 0;
    Amounts amounts = Amounts().set(Dimension::requests, 1).set(Dimension::seats, 1);
    std::int64_t step = 1;
    std::string class_name = {};
    DimensionSet exempt = {};
  };
  struct Asked {
    std::int64_t seq = 0;
    Answer answer;
    Reservation held;
  };
  Moment moment(Nanos at, Nanos calendar = {}) const {
    return Moment::of(at, started + at + calendar);
  }
  Asked ask(const Ask& ask, const Moment& at) {
    Asked out;
    std::vector<Mark> against;
    const Book::Who who{ask.tenant, ask.plan, ask.user, ask.route, ask.class_name, ask.exempt};
    auto turn = journal.turn();
    out.answer = book->reserve(who, ask.amounts, at, out.held, &against);
    out.seq = turn.decided({who, ask.request, ask.step}, ask.amounts, at, out.answer, against);
    return out;
  }
  void end(Asked& asked, const Amounts& used, const Moment& at) {
    auto turn = journal.turn();
    asked.held.settle(used, at);
    turn.settled(asked.seq, used, at);
  }
  void override_limits(const std::string& tenant, const std::vector<Override>& rules,
                       const Moment& at) {
    auto turn = journal.turn();
    book->set_overrides(tenant, rules);
    turn.overridden(tenant, rules, at);
  }

  sim::SimFiles files;
  WallTime started;
  std::unique_ptr<Book> book;
  Journal journal;
};

// All of a log in memory; what is no log fails the test.
inline std::vector<JournalEvent> events_of(std::string text) {
  JournalReader reader = JournalReader::of_text(std::move(text), "log");
  std::vector<JournalEvent> out;
  while (true) {
    auto line = reader.next();
    if (!line) FAIL(line.error().what);
    if (!*line) return out;
    out.push_back(std::move((*line)->event));
  }
}

}  // namespace mc::budget
