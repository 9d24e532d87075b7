// What a driver says of a statement that fails may quote values; this one always does.
#include <doctest/doctest.h>

#include "contract/dataset_folder.h"
#include "contract/dataset_gate.h"

namespace mc::dataset {
namespace {

using contract::Reply;

enum class Failing { nothing, query, row, execute, refused, commit };

struct Switch {
  Failing failing = Failing::nothing;
  static Error error(Code code = Code::unavailable) {
    return {code, "could not read 'canary' in column email"};
  }
};

class FailingRows final : public sql::Rows {
 public:
  Result<bool> next() override { return tl::unexpected<Error>(Switch::error()); }
  int columns() const override { return 0; }
  std::string_view name(int) const override { return {}; }
  bool boolean(int) const override { return false; }
  sql::Type type(int) const override { return sql::Type::null; }
  std::int64_t integer(int) const override { return 0; }
  double real(int) const override { return 0; }
  std::string_view text(int) const override { return {}; }
};

class FailingConnection final : public sql::Connection {
 public:
  FailingConnection(std::unique_ptr<sql::Connection> inner, std::shared_ptr<Switch> state)
      : inner_(std::move(inner)), state_(std::move(state)) {}
  sql::Dialect dialect() const override { return inner_->dialect(); }
  Result<std::unique_ptr<sql::Rows>> query(std::string_view sql,
                                           std::span<const sql::Param> params) override {
    if (state_->failing == Failing::query) return tl::unexpected<Error>(Switch::error());
    if (state_->failing == Failing::row) return std::make_unique<FailingRows>();
    return inner_->query(sql, params);
  }
  Result<std::int64_t> execute(std::string_view sql, std::span<const sql::Param> params) override {
    if (state_->failing == Failing::execute) return tl::unexpected<Error>(Switch::error());
    if (state_->failing == Failing::refused) {
      return tl::unexpected<Error>(Switch::error(Code::invalid));
    }
    return inner_->execute(sql, params);
  }
  Status script(std::string_view sql) override { return inner_->script(sql); }
  Status begin() override { return inner_->begin(); }
  Status commit() override {
    if (state_->failing == Failing::commit) return tl::unexpected<Error>(Switch::error());
    return inner_->commit();
  }
  Status rollback() override { return inner_->rollback(); }
  void interrupt() override { inner_->interrupt(); }
  void set_statement_timeout(Nanos limit) override { inner_->set_statement_timeout(limit); }
  Status insert_many(std::string_view table, std::span<const std::string> columns,
                     std::span<const sql::Param> values) override {
    return inner_->insert_many(table, columns, values);
  }
  std::string version() const override { return inner_->version(); }

 private:
  std::unique_ptr<sql::Connection> inner_;
  std::shared_ptr<Switch> state_;
};

class FailingDriver final : public sql::Driver {
 public:
  explicit FailingDriver(std::shared_ptr<Switch> state) : state_(std::move(state)) {}
  std::string_view scheme() const override { return "sqlite"; }
  Result<std::unique_ptr<sql::Connection>> open(const std::string& url,
                                                const sql::OpenOptions& options) override {
    MC_TRY(auto inner, inner_->open(url, options));
    return std::make_unique<FailingConnection>(std::move(inner), state_);
  }

 private:
  std::unique_ptr<sql::Driver> inner_ = sql::sqlite_driver();
  std::shared_ptr<Switch> state_;
};

TEST_CASE("faults: quote the driver, but not of statements over a dataset with masked columns") {
  struct Row {
    Failing failing;
    const char* query;
    const char* code;
  };
  const Row rows[] = {
      {Failing::query, "{ person(id: \"p1\") { version } }", "UNAVAILABLE"},
      {Failing::row, "{ people { nodes { email } } }", "UNAVAILABLE"},
      {Failing::row, "{ people { totalCount } }", "UNAVAILABLE"},
      {Failing::query, "{ peopleAggregate { groups(by: active) { key } } }", "UNAVAILABLE"},
      {Failing::execute, "mutation { createPerson(input: {id: \"a\", big: 1}) { id } }",
       "UNAVAILABLE"},
      {Failing::refused, "mutation { updatePerson(id: \"p1\", input: {age: 1}) { id } }",
       "BAD_USER_INPUT"},
      {Failing::execute, "mutation { deletePerson(id: \"p2\") }", "UNAVAILABLE"},
      {Failing::commit, "mutation { createPerson(input: {id: \"b\", big: 1}) { id } }",
       "UNAVAILABLE"},
  };
  const SqliteFolder folder;
  const auto state = std::make_shared<Switch>();
  contract::Backend backend = folder.backend();
  backend.driver = [&] { return std::make_unique<FailingDriver>(state); };
  contract::World world(backend, {"alpha"});
  TestGate gate(world.catalog().model());
  for (const Row& row : rows) {
    CAPTURE(std::string(row.query));
    for (const bool masks : {false, true}) {
      gate.masks.clear();
      if (masks) gate.mask("person", "email", "hash");
      state->failing = row.failing;
      const Reply reply = world.ask("alpha", row.query, {}, {.gate = &gate});
      state->failing = Failing::nothing;
      CHECK(reply.code() == row.code);
      CHECK(reply.body.find("canary") == std::string::npos);
      REQUIRE(reply.report.faults.size() == 1);
      const std::string& what = reply.report.faults[0].error.what;
      CHECK((what.find("canary") == std::string::npos) == masks);
      CHECK((what.find("a statement over person failed") == 0) == masks);
    }
  }
}

}  // namespace
}  // namespace mc::dataset
