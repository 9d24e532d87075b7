// A ledger under 1,000 waiting writers is killed at random points. Every record that was
// acknowledged is there afterwards, under the same hash; every checkpoint that was given out is
// consistent with the one before and with what is found.
#include <doctest/doctest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <random>

#include "ledger/ledger.h"

namespace mc::ledger {
namespace {

constexpr int kWriters = 1'000;
constexpr int kTenants = 5;

// What the child says when a record is durable, and when a checkpoint was signed.
struct Told {
  std::uint64_t kind = 0;  // 1 a record, 2 a checkpoint
  std::uint64_t tenant = 0;
  std::uint64_t seq = 0;
  tlog::Hash hash = {};  // of the leaf; the root
};

std::string log_of(std::uint64_t tenant) {
  return "audit/t" + std::to_string(tenant);
}

tlog::NoteSigner signer() {
  return *tlog::NoteSigner::make("ledger.example.org/root", tlog::NoteKeyType::ed25519,
                                 *crypto::SigningKey::ed25519(Secret(std::string(32, 's'))));
}

struct Machine {
  std::unique_ptr<sys::Files> files = sys::real_files();
  std::unique_ptr<sys::Clock> clock = sys::real_clock();
  std::unique_ptr<sys::Random> random = sys::real_random();

  Result<std::unique_ptr<Ledger>> open(const std::string& folder) {
    LedgerConfig config;
    config.folder = folder;
    config.signed_head_file = folder + "/head";
    config.segment_bytes = 256 << 10;  // so that kills meet the change of segments too
    return Ledger::open(config, {*files, *clock, *random}, signer());
  }
};

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
      if (!done) ::_exit(4);
      tell({1, tenant, done->seq, done->leaf_hash});
      append(tenant);
    });
  }
  Ledger& ledger_;
  int pipe_;
};

[[noreturn]] void be_the_child(const std::string& folder, int pipe) {
  Machine machine;
  auto ledger = machine.open(folder);
  if (!ledger) ::_exit(2);
  Writers writers(**ledger, pipe);
  writers.start();
  for (;;) {
    const auto checkpoint = (*ledger)->publish();
    if (!checkpoint) ::_exit(5);
    const auto note = tlog::parse_note(*checkpoint);
    const auto text = tlog::parse_checkpoint(note->text);
    writers.tell({2, 0, text->head.size, text->head.root});
  }
}

// Runs a child until it has told `records` times, kills it, and gives all that it told.
std::vector<Told> run_and_kill(const std::string& folder, std::size_t records) {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(ends[0]);
    be_the_child(folder, ends[1]);
  }
  ::close(ends[1]);
  std::vector<Told> out;
  Told told;
  while (::read(ends[0], &told, sizeof told) == sizeof told) {
    out.push_back(told);
    if (out.size() == records) ::kill(child, SIGKILL);
  }
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  return out;
}

// What one round was told, checked against the ledger as it is found.
void check_round(const Ledger& ledger, const std::vector<Told>& all, tlog::TreeHead& last) {
  const Store& store = ledger.store();
  for (const Told& told : all) {
    if (told.kind == 1) {
      const auto record = store.read(log_of(told.tenant), told.seq);
      REQUIRE_MESSAGE(record.has_value(), record.error().what);
      REQUIRE(tlog::leaf_hash(record->leaf) == told.hash);
      continue;
    }
    const tlog::TreeHead head{told.seq, told.hash};
    REQUIRE(head.size >= last.size);
    if (last.size > 0) {
      const auto path = store.prove_consistency(kRootLog, last.size, head.size);
      REQUIRE(path.has_value());
      REQUIRE(tlog::check_consistency(last, head, *path).has_value());
    }
    last = head;
  }
}

TEST_CASE("ledger: killed at random points, it keeps every record it has acknowledged") {
  std::string folder = (std::filesystem::temp_directory_path() / "mc-ledger-XXXXXX").string();
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  const char* wanted = ::getenv("MC_LEDGER_KILLS");
  const int kills = wanted != nullptr ? std::atoi(wanted) : 20;
  std::mt19937_64 random(1);
  tlog::TreeHead last;
  std::size_t records = 0;
  std::size_t checkpoints = 0;
  std::uint64_t torn = 0;
  for (int round = 0; round < kills; ++round) {
    CAPTURE(round);
    const auto told = run_and_kill(folder, 1 + random() % 6'000);
    for (const Told& each : told) ++(each.kind == 1 ? records : checkpoints);
    Machine machine;
    const auto ledger = machine.open(folder);
    REQUIRE_MESSAGE(ledger.has_value(), ledger.error().what);
    torn += (*ledger)->store().torn() > 0 ? 1 : 0;
    check_round(**ledger, told, last);
  }
  std::filesystem::remove_all(folder);
  MESSAGE(kills << " kills: " << records << " records and " << checkpoints
                << " checkpoints found again, " << torn << " torn ends left behind");
  CHECK(records > 0);
}

}  // namespace
}  // namespace mc::ledger
