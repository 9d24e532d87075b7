#include "ledger_child.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>

#include "postgres/postgres.h"

namespace mc::ledger {
namespace {

constexpr int kWriters = 1'000;
constexpr int kTenants = 5;

std::string log_of(std::uint64_t tenant) {
  return "audit/t" + std::to_string(tenant);
}

tlog::NoteSigner signer() {
  return *tlog::NoteSigner::make("ledger.example.org/root", tlog::NoteKeyType::ed25519,
                                 *crypto::SigningKey::ed25519(Secret(std::string(32, 's'))));
}

// Each answer asks for the next record, so that kWriters wait at any time.
class Writers {
 public:
  Writers(Ledger& ledger, int pipe) : ledger_(ledger), pipe_(pipe) {}
  void start() {
    for (std::uint64_t i = 0; i < kWriters; ++i) append(i % kTenants);
  }
  void tell(const Told& told) const {
    // A pipe takes so few bytes at once or not at all.
    if (::write(pipe_, &told, sizeof told) != sizeof told) ::_exit(3);
  }

 private:
  void append(std::uint64_t tenant) {
    Entry entry{
        log_of(tenant),        "access", "ben", "t" + std::to_string(tenant), "read", "support", "",
        std::string(300, 'x'), {}};
    ledger_.append(std::move(entry), [this, tenant](const Result<Recorded>& done) {
      if (!done) {
        std::fprintf(stderr, "%s\n", done.error().what.c_str());
        ::_exit(4);
      }
      tell({1, tenant, done->seq, done->leaf_hash});
      append(tenant);
    });
  }
  Ledger& ledger_;
  int pipe_;
};

[[noreturn]] void be_the_child(const std::string& folder, const std::string& url, int pipe) {
  Machine machine;
  auto ledger = machine.open(folder, url);
  if (!ledger) {
    std::fprintf(stderr, "%s\n", ledger.error().what.c_str());
    ::_exit(2);
  }
  Writers writers(**ledger, pipe);
  writers.start();
  for (;;) {
    const auto checkpoint = (*ledger)->publish();
    if (!checkpoint) {
      std::fprintf(stderr, "%s\n", checkpoint.error().what.c_str());
      ::_exit(5);
    }
    const auto note = tlog::parse_note(*checkpoint);
    const auto text = tlog::parse_checkpoint(note->text);
    writers.tell({2, 0, text->head.size, text->head.root});
  }
}

}  // namespace

Result<std::unique_ptr<Ledger>> Machine::open(const std::string& folder,
                                              const std::string& url) const {
  LedgerConfig config;
  config.folder = folder;
  config.signed_head_file = folder + "/head";
  config.segment_bytes = 256 << 10;  // so that kills meet the change of segments too
  std::unique_ptr<Order> order;
  if (!url.empty()) {
    const auto driver = postgres::postgres_driver();
    MC_TRY(auto turns, driver->open(url, {}));
    MC_TRY(auto rest, driver->open(url, {}));
    const tlog::NoteKey key = signer().key();
    MC_TRY(order, SqlOrder::open(std::move(turns), std::move(rest), {&key, 1}));
  }
  return Ledger::open(config, {*files, *clock, *random}, signer(), std::move(order));
}

Child::Child(const std::string& folder, const std::string& url, std::size_t records)
    : records_(records) {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  child_ = ::fork();
  REQUIRE(child_ >= 0);
  if (child_ == 0) {
    ::close(ends[0]);
    be_the_child(folder, url, ends[1]);
  }
  ::close(ends[1]);
  pipe_ = ends[0];
}

std::vector<Told> Child::listen() {
  std::vector<Told> out;
  Told told;
  while (::read(pipe_, &told, sizeof told) == sizeof told) {
    out.push_back(told);
    if (out.size() == records_) ::kill(child_, SIGKILL);
  }
  ::close(pipe_);
  int status = 0;
  REQUIRE(::waitpid(child_, &status, 0) == child_);
  REQUIRE_MESSAGE(WIFSIGNALED(status), "it ended by itself: " << WEXITSTATUS(status));
  return out;
}

void check_told(const Ledger& ledger, const std::vector<Told>& all, tlog::TreeHead& last) {
  const Store& store = ledger.store();
  for (const Told& told : all) {
    if (told.kind == 1) {
      const auto record = store.read(log_of(told.tenant), told.seq);
      REQUIRE_MESSAGE(record.has_value(), record.error().what);
      REQUIRE(tlog::leaf_hash(record->leaf) == told.hash);
      continue;
    }
    const tlog::TreeHead head{told.seq, told.hash};
    if (head.size <= last.size) {  // of another process, or one more of the same
      if (head.size == 0) continue;
      REQUIRE(*store.root_at(kRootLog, head.size) == head.root);
      continue;
    }
    if (last.size > 0) {
      const auto path = store.prove_consistency(kRootLog, last.size, head.size);
      REQUIRE(path.has_value());
      REQUIRE(tlog::check_consistency(last, head, *path).has_value());
    }
    last = head;
  }
}

int kills_wanted() {
  const char* wanted = ::getenv("MC_LEDGER_KILLS");
  return wanted != nullptr ? std::atoi(wanted) : 20;
}

std::string temporary_folder() {
  std::string out = (std::filesystem::temp_directory_path() / "mc-ledger-XXXXXX").string();
  REQUIRE(::mkdtemp(out.data()) != nullptr);
  return out;
}

}  // namespace mc::ledger
