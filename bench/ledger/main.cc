// Durable appends, proofs and start of the ledger on a real disk, beside a hash chain in SQLite
// with WAL and synchronous=FULL. One JSON line. Usage: ledger_bench FOLDER RECORDS
#include <sqlite3.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "load.h"

namespace mc::bench {
namespace {

constexpr std::size_t kWriters = 1'000;
constexpr std::size_t kRounds = 9;

std::unique_ptr<ledger::Ledger> open(const Machine& machine, const std::string& folder) {
  ledger::LedgerConfig config;
  config.folder = folder + "/ledger";
  config.signed_head_file = folder + "/head";
  return must(ledger::Ledger::open(config, {*machine.files, *machine.clock, *machine.random},
                                   bench_signer()));
}

// What one fdatasync of a small write costs on this disk.
double sync_p50_ms(const Machine& machine, const std::string& folder) {
  const auto file = must(machine.files->open_random_access(folder + "/probe"));
  std::vector<Nanos> all;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const MonoTime begin = machine.clock->mono();
    if (!file->write_at(i * 1024, std::string(1024, 'x')) || !file->sync()) stop("probe");
    all.push_back(machine.clock->mono() - begin);
  }
  return percentile(all, 0.5);
}

// The peer: each record with the hash of the one before it, kWriters in a transaction.
class SqliteChain {
 public:
  explicit SqliteChain(const std::string& folder) {
    if (sqlite3_open((folder + "/chain.db").c_str(), &db_) != SQLITE_OK) stop("sqlite");
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA synchronous=FULL");
    run("CREATE TABLE chain(seq INTEGER PRIMARY KEY, tenant TEXT, hash BLOB, payload BLOB)");
    run("CREATE INDEX by_tenant ON chain(tenant, seq)");
    sqlite3_prepare_v2(db_, "INSERT INTO chain VALUES(?,?,?,?)", -1, &insert_, nullptr);
  }
  SqliteChain(const SqliteChain&) = delete;
  SqliteChain& operator=(const SqliteChain&) = delete;
  ~SqliteChain() {
    sqlite3_finalize(insert_);
    sqlite3_close(db_);
  }

  Figures append_all(const Machine& machine, std::size_t records) {
    const MonoTime begin = machine.clock->mono();
    const Nanos cpu = sys::usage().cpu;
    std::vector<Nanos> commits;
    for (std::size_t done = 0; done < records; done += kWriters) {
      const MonoTime commit = machine.clock->mono();
      run("BEGIN");
      for (std::size_t i = 0; i < std::min(kWriters, records - done); ++i) append();
      run("COMMIT");
      commits.push_back(machine.clock->mono() - commit);
    }
    const double wall = millis_of(machine.clock->mono() - begin) / 1e3;
    const double used = millis_of(sys::usage().cpu - cpu) * 1e3;
    const auto count = static_cast<double>(records);
    return {count / wall, used / count, percentile(commits, 0.5), percentile(commits, 0.99)};
  }

 private:
  void run(const char* sql) {
    if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) stop(sqlite3_errmsg(db_));
  }
  void append() {
    last_ = crypto::Sha256()
                .add(std::string_view(reinterpret_cast<const char*>(last_.data()), last_.size()))
                .add(payload_)
                .finish();
    const std::string tenant = "t" + std::to_string(seq_ % 4);
    sqlite3_bind_int64(insert_, 1, seq_++);
    sqlite3_bind_text(insert_, 2, tenant.data(), static_cast<int>(tenant.size()), SQLITE_STATIC);
    sqlite3_bind_blob(insert_, 3, last_.data(), static_cast<int>(last_.size()), SQLITE_STATIC);
    sqlite3_bind_blob(insert_, 4, payload_.data(), static_cast<int>(payload_.size()),
                      SQLITE_STATIC);
    if (sqlite3_step(insert_) != SQLITE_DONE) stop(sqlite3_errmsg(db_));
    sqlite3_reset(insert_);
  }
  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  std::string payload_ = std::string(kPayloadBytes, 'x');
  tlog::Hash last_ = {};
  sqlite3_int64 seq_ = 0;
};

Figures median(const std::vector<Figures>& rounds) {
  Figures out;
  for (double Figures::* field :
       {&Figures::per_second, &Figures::cpu_us, &Figures::p50_ms, &Figures::p99_ms}) {
    std::vector<double> values;
    for (const Figures& each : rounds) values.push_back(each.*field);
    std::sort(values.begin(), values.end());
    out.*field = values[values.size() / 2];
  }
  return out;
}

// Microseconds of one inclusion proof, at places spread over the log.
double proof_us(const Machine& machine, const ledger::Store& store, const std::string& log) {
  constexpr std::uint64_t kProofs = 20'000;
  const tlog::TreeHead head = must(store.head(log));
  std::uint64_t seq = 1;
  const auto round = [&](std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      seq = (seq * 6364136223846793005 + 1442695040888963407) % head.size;
      must(store.prove_inclusion(log, seq, head.size));
    }
  };
  round(kProofs / 10);
  const MonoTime begin = machine.clock->mono();
  round(kProofs);
  return millis_of(machine.clock->mono() - begin) * 1e3 / kProofs;
}

// A receipt as c2sp.org/tlog-proof: of a record in the middle of its log.
std::size_t log_proof_bytes(ledger::Ledger& ledger, const std::string& log) {
  const ledger::LogCheckpoint checkpoint =
      must(ledger.publish_log(log, must(ledger.signers_of(log))));
  tlog::ProofFile file;
  file.index = checkpoint.head.size / 2;
  file.path = must(ledger.store().prove_inclusion(log, file.index, checkpoint.head.size));
  file.checkpoint = checkpoint.note;
  return tlog::print_proof_file(file).size();
}

}  // namespace
}  // namespace mc::bench

int main(int argc, char** argv) {
  using namespace mc;         // NOLINT(google-build-using-namespace)
  using namespace mc::bench;  // NOLINT(google-build-using-namespace)
  if (argc != 3) stop("usage: ledger_bench FOLDER RECORDS");
  const std::string folder = argv[1];
  const auto records = static_cast<std::size_t>(std::strtoull(argv[2], nullptr, 10));
  const Machine machine;
  json::Object out;
  out.set("bench", "ledger");
  out.set("payload_bytes", static_cast<std::int64_t>(kPayloadBytes));
  out.set("fdatasync_p50_ms", sync_p50_ms(machine, folder));
  auto ledger = open(machine, folder);
  out.set("alone", to_json(append_all(machine, *ledger, 1, 300)));
  out.set("writers", static_cast<std::int64_t>(kWriters));
  out.set("rounds", static_cast<std::int64_t>(kRounds));
  SqliteChain chain(folder);
  std::vector<Figures> ours;
  std::vector<Figures> theirs;
  for (std::size_t i = 0; i < kRounds; ++i) {  // in turns, as disk and processor have their moods
    ours.push_back(append_all(machine, *ledger, kWriters, records / kRounds));
    theirs.push_back(chain.append_all(machine, records / kRounds));
  }
  out.set("waiting", to_json(median(ours)));
  out.set("sqlite", to_json(median(theirs)));
  out.set("to_sqlite", median(ours).per_second / median(theirs).per_second);
  out.set("records", static_cast<std::int64_t>(must(ledger->store().head("audit/t0")).size * 4));
  out.set("proof_us", proof_us(machine, ledger->store(), "audit/t0"));
  out.set("log_proof_bytes", static_cast<std::int64_t>(log_proof_bytes(*ledger, "audit/t0")));
  out.set("resident_mb", static_cast<double>(sys::usage().resident_bytes) / 1e6);
  ledger.reset();
  const MonoTime begin = machine.clock->mono();
  ledger = open(machine, folder);
  out.set("start_ms", millis_of(machine.clock->mono() - begin));
  const MonoTime check = machine.clock->mono();
  const Nanos cpu = sys::usage().cpu;
  const auto report = must(ledger::verify(*machine.files, folder + "/ledger", {2, nullptr, {}}));
  const double seconds = millis_of(machine.clock->mono() - check) / 1e3;
  const double used = millis_of(sys::usage().cpu - cpu) * 1e3;
  out.set("verify_records_s", static_cast<double>(report.records) / seconds);
  out.set("verify_cpu_us", used / static_cast<double>(report.records));
  std::printf("%s\n", json::print(json::Value(std::move(out))).c_str());
  return 0;
}
