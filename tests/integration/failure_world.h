// A whole data path in one process, on real SQLite files in a folder of its own: directory,
// datasets, gateway and server on a free loopback port, driven by the real client. What can fail
// in it is the machine below: statements (FaultyConnection), the disk's size, the wall clock.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/gateway.h"
#include "json/json.h"
#include "sim/faulty_sql.h"

namespace mc::failure {

// The real clock, whose wall time can be moved. Thread-safe.
class JumpClock final : public sys::Clock {
 public:
  WallTime wall() override { return real_->wall() + Nanos{offset_.load()}; }
  MonoTime mono() override { return real_->mono(); }
  void jump(Nanos by) { offset_.fetch_add(by.count); }

 private:
  std::unique_ptr<sys::Clock> real_ = sys::real_clock();
  std::atomic<std::int64_t> offset_ = 0;
};

class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// What connections do before their next statement; one plan for readers, one for writers.
class Plan {
 public:
  void fail_at(std::int64_t n, sim::FaultyConnection::Fault fault);
  void run_first(std::string script);  // a PRAGMA of the connection itself
  void apply(sim::FaultyConnection& connection);
  std::int64_t counted() const { return counted_.load(); }  // statements since the last plan
  void count() { counted_.fetch_add(1); }

 private:
  std::mutex mutex_;
  std::int64_t n_ = 0;
  sim::FaultyConnection::Fault fault_ = sim::FaultyConnection::Fault::not_run;
  std::string script_;
  std::atomic<std::int64_t> counted_ = 0;
};

// SQLite with a short wait for locks and with planned failures.
class PlannedDriver final : public sql::Driver {
 public:
  explicit PlannedDriver(Nanos busy_timeout) : busy_timeout_(busy_timeout) {}
  std::string_view scheme() const override { return "sqlite"; }
  Result<std::unique_ptr<sql::Connection>> open(const std::string& url,
                                                const sql::OpenOptions& options) override;
  Plan readers;
  Plan writers;

 private:
  std::unique_ptr<sql::Driver> inner_ = sql::sqlite_driver();
  Nanos busy_timeout_;
};

struct Reply {
  int status = 0;  // 0 = no usable reply: refused, reset, cut off
  std::string body;
  std::string request_id;
  std::string retry_after;
  std::string date;
  json::Value json;
  Nanos took;

  std::string code() const;  // of the first error, "" = none
  const json::Value* at(std::initializer_list<std::string_view> path) const;
  std::string text(std::initializer_list<std::string_view> path) const;  // printed; "" = absent
};

struct WorldOptions {
  gateway::GatewayConfig gateway;
  Nanos busy_timeout = millis(150);
  Nanos token_lifetime = seconds(3600);
};

// Tenant alpha with people p1 ... p5 and three orders each, and `slow`, a view that never ends.
class World {
 public:
  explicit World(const WorldOptions& options = {});
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Reply ask(std::string_view query, const std::string& path = "/graphql");
  // The same on a connection of its own; from any thread.
  Reply ask_apart(std::string_view query, const std::string& path = "/graphql") const;
  Reply ask_with(const std::string& token, std::string_view query);
  std::uint16_t port() const { return server_->port(); }
  std::string raw_request(std::string_view query, const std::string& path = "/graphql") const;
  // The people as another program sees them in the file, "p1=Ada Lindqvist,...".
  std::string stored() const;
  std::string database() const { return folder_ / "people/people.db"; }
  std::string database_folder() const { return folder_ / "people"; }
  // Waits until every worker is free again, or ten seconds.
  bool workers_free();
  std::int64_t log_lines(std::string_view event, std::string_view part) const;
  // A line with all parts is there, or comes within ten seconds: it is written behind the reply.
  bool logged(std::string_view event, const std::vector<std::string>& parts) const;

  TempFolder folder_;
  JumpClock clock_;
  std::unique_ptr<sys::Random> random_ = sys::real_random();
  std::unique_ptr<sys::Files> files_ = sys::real_files();
  PlannedDriver* data_driver_ = nullptr;   // of the datasets
  PlannedDriver* state_driver_ = nullptr;  // of the directory
  std::unique_ptr<identity::Directory> directory_;
  std::unique_ptr<gateway::Gateway> gateway_;
  std::unique_ptr<net::Server> server_;
  std::string token_;
  identity::Token token_info_;

 private:
  void open_state(const WorldOptions& options);
  void make_catalog();

  log::MemorySink sink_;
  std::unique_ptr<log::Log> log_;
  metric::Registry metrics_;
  sql::Drivers data_drivers_;
  sql::Drivers state_drivers_;
  std::unique_ptr<const dataset::Catalog> catalog_;
  std::unique_ptr<net::Client> client_;
  std::int64_t workers_ = 0;
};

// Asks again and again, for ten seconds at most.
bool eventually(const std::function<bool()>& holds);

// A second program at the file: its own driver, so that nothing is shared but the disk.
std::unique_ptr<sql::Connection> outsider(const std::string& path);

extern const char* const kRead;  // five people with their orders, two statements
extern const char* const kCreate;
extern const char* const kUpdate;
extern const char* const kDelete;
extern const char* const kStoredAtFirst;

// Status, code, request id in header and log; and nothing of the machine in the text.
void check_failure(const World& world, const Reply& reply, int status, std::string_view code);
void check_works(World& world);

}  // namespace mc::failure
