// Durable appends of two processes to one ledger in PostgreSQL. One JSON line.
// Usage: ledger_shared_bench URL FOLDER RECORDS
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "load.h"
#include "postgres/postgres.h"

namespace mc::bench {
namespace {

constexpr std::size_t kProcesses = 2;
constexpr std::size_t kWriters = 500;  // of each

std::unique_ptr<sql::Connection> connect(const std::string& url) {
  return must(postgres::postgres_driver()->open(url, {}));
}

std::unique_ptr<ledger::Ledger> open(const Machine& machine, const std::string& url,
                                     const std::string& folder) {
  ledger::LedgerConfig config;
  config.folder = folder;
  config.signed_head_file = folder + "/head";
  if (!machine.files->make_folders(folder)) stop("cannot make " + folder);
  const tlog::NoteSigner signer = bench_signer();
  const tlog::NoteKey key = signer.key();
  return must(
      ledger::Ledger::open(config, {*machine.files, *machine.clock, *machine.random}, signer,
                           must(ledger::SqlOrder::open(connect(url), connect(url), {&key, 1}))));
}

// Waits to be told, appends, and tells its figures.
[[noreturn]] void be_a_process(const std::string& url, const std::string& folder,
                               std::size_t records, std::array<int, 4> pipes) {
  const Machine machine;
  char byte = 0;
  {
    const auto ledger = open(machine, url, folder);
    if (::write(pipes[1], &byte, 1) != 1 || ::read(pipes[2], &byte, 1) != 1) ::_exit(2);
    const Figures figures = append_all(machine, *ledger, kWriters, records);
    if (::write(pipes[1], &figures, sizeof figures) != sizeof figures) ::_exit(3);
  }
  ::_exit(0);
}

struct Process {
  pid_t id = 0;
  int from = 0;
  int to = 0;
};

Process start(const std::string& url, const std::string& folder, std::size_t records) {
  std::array<int, 4> pipes{};
  if (::pipe(pipes.data()) != 0 || ::pipe(pipes.data() + 2) != 0) stop("pipe");
  const pid_t id = ::fork();
  if (id < 0) stop("fork");
  if (id == 0) be_a_process(url, folder, records, pipes);
  ::close(pipes[1]);
  ::close(pipes[2]);
  return {id, pipes[0], pipes[3]};
}

void read_from(const Process& process, void* into, std::size_t size) {
  if (::read(process.from, into, size) != static_cast<ssize_t>(size)) stop("a process has ended");
}

}  // namespace
}  // namespace mc::bench

int main(int argc, char** argv) {
  using namespace mc;         // NOLINT(google-build-using-namespace)
  using namespace mc::bench;  // NOLINT(google-build-using-namespace)
  if (argc != 4) stop("usage: ledger_shared_bench URL FOLDER RECORDS");
  const std::string url = argv[1];
  const std::string folder = argv[2];
  const std::size_t each = std::strtoull(argv[3], nullptr, 10) / kProcesses;
  std::array<Process, kProcesses> all;
  for (std::size_t i = 0; i < kProcesses; ++i) {
    all[i] = start(url, folder + "/" + std::to_string(i), each);
  }
  char byte = 0;
  for (const Process& process : all) read_from(process, &byte, 1);
  const Machine machine;
  const MonoTime begin = machine.clock->mono();
  for (const Process& process : all) {
    if (::write(process.to, &byte, 1) != 1) stop("a process has ended");
  }
  json::Object out;
  out.set("bench", "ledger_shared");
  out.set("processes", static_cast<std::int64_t>(kProcesses));
  out.set("writers", static_cast<std::int64_t>(kProcesses * kWriters));
  out.set("records", static_cast<std::int64_t>(kProcesses * each));
  json::Array processes;
  for (const Process& process : all) {
    Figures figures;
    read_from(process, &figures, sizeof figures);
    processes.push_back(to_json(figures));
  }
  const double seconds = millis_of(machine.clock->mono() - begin) / 1e3;
  out.set("records_s", static_cast<double>(kProcesses * each) / seconds);
  out.set("each", json::Value(std::move(processes)));
  for (const Process& process : all) ::waitpid(process.id, nullptr, 0);
  out.set("postgres", connect(url)->version());
  std::printf("%s\n", json::print(json::Value(std::move(out))).c_str());
  return 0;
}
