#include "export/lent.h"

#include <optional>
#include <vector>

namespace mc::exporting {
namespace {

struct Kept {
  sql::Type type = sql::Type::null;
  std::int64_t integer = 0;
  double real = 0;
  bool boolean = false;
  std::string text;
};

class KeptRows final : public sql::Rows {
 public:
  static Result<std::unique_ptr<sql::Rows>> read(sql::Rows& from) {
    auto out = std::make_unique<KeptRows>();
    for (;;) {
      MC_TRY(const bool more, from.next());
      if (!more) return std::unique_ptr<sql::Rows>(std::move(out));
      // PostgreSQL tells its columns with the first row.
      for (int i = static_cast<int>(out->names_.size()); i < from.columns(); ++i) {
        out->names_.emplace_back(from.name(i));
      }
      for (int i = 0; i < from.columns(); ++i) {
        out->cells_.push_back({from.type(i), from.integer(i), from.real(i), from.boolean(i),
                               std::string(from.text(i))});
      }
    }
  }
  Result<bool> next() override {
    const std::size_t width = names_.size();
    if (begun_) at_ += width;
    begun_ = true;
    return at_ + width <= cells_.size() && width > 0;
  }
  int columns() const override { return static_cast<int>(names_.size()); }
  std::string_view name(int column) const override {
    return names_[static_cast<std::size_t>(column)];
  }
  sql::Type type(int column) const override { return cell(column).type; }
  bool boolean(int column) const override { return cell(column).boolean; }
  std::int64_t integer(int column) const override { return cell(column).integer; }
  double real(int column) const override { return cell(column).real; }
  std::string_view text(int column) const override { return cell(column).text; }

 private:
  const Kept& cell(int column) const { return cells_[at_ + static_cast<std::size_t>(column)]; }
  std::vector<std::string> names_;
  std::vector<Kept> cells_;
  std::size_t at_ = 0;
  bool begun_ = false;
};

tl::unexpected<Error> no_transactions() {
  return fail(Code::invalid, "a connection that is lent by the statement has no transactions");
}

}  // namespace

sql::Dialect LentConnection::dialect() const {
  sql::Dialect out = sql::Dialect::sqlite;
  static_cast<void>(directory_.lend([&](sql::Connection& connection) {
    out = connection.dialect();
    return ok();
  }));
  return out;
}

Result<std::unique_ptr<sql::Rows>> LentConnection::query(std::string_view sql,
                                                         std::span<const sql::Param> params) {
  std::unique_ptr<sql::Rows> out;
  MC_TRY_OK(directory_.lend([&](sql::Connection& connection) -> Status {
    MC_TRY(const std::unique_ptr<sql::Rows> rows, connection.query(sql, params));
    MC_TRY(out, KeptRows::read(*rows));
    return ok();
  }));
  return out;
}

Result<std::int64_t> LentConnection::execute(std::string_view sql,
                                             std::span<const sql::Param> params) {
  std::int64_t out = 0;
  MC_TRY_OK(directory_.lend([&](sql::Connection& connection) -> Status {
    MC_TRY(out, connection.execute(sql, params));
    return ok();
  }));
  return out;
}

Status LentConnection::script(std::string_view) {
  return no_transactions();
}
Status LentConnection::begin() {
  return no_transactions();
}
Status LentConnection::commit() {
  return no_transactions();
}
Status LentConnection::rollback() {
  return ok();
}
Status LentConnection::insert_many(std::string_view, std::span<const std::string>,
                                   std::span<const sql::Param>) {
  return no_transactions();
}

std::string LentConnection::version() const {
  std::string out;
  static_cast<void>(directory_.lend([&](sql::Connection& connection) {
    out = connection.version();
    return ok();
  }));
  return out;
}

}  // namespace mc::exporting
