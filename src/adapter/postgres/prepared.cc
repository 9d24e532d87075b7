#include "postgres/prepared.h"

#include <fmt/format.h>

#include "postgres/decode.h"

namespace mc::postgres {
namespace {

constexpr Oid kBytea = 17;

}  // namespace

void Prepared::describe(const PGresult* description) {
  for (int i = 0; i < PQnparams(description); ++i) {
    parameters.push_back(PQparamtype(description, i));
  }
  // One form for all columns of a result, so text as soon as one of them needs it.
  binary = true;
  for (int i = 0; i < PQnfields(description); ++i) {
    binary = binary && has_binary(shape_of(PQftype(description, i)));
  }
}

void PreparedNames::Drop::operator()(Prepared* statement) const {
  const std::unique_ptr<Prepared> owned(statement);
  if (owned->exists) names->dropped_.push_back(owned->name);
}

PreparedPtr PreparedNames::make() {
  auto statement = std::make_unique<Prepared>();
  statement->name = fmt::format("mc_{}", next_++);
  return PreparedPtr(statement.release(), Drop{this});
}

Result<Bound> bind_params(const Prepared& statement, std::span<const sql::Param> params) {
  const std::size_t wanted = statement.parameters.size();
  if (params.size() != wanted) {
    return fail(Code::invalid, fmt::format("the statement has {} parameters, {} were given", wanted,
                                           params.size()));
  }
  Bound bound;
  bound.numbers.resize(wanted);
  bound.values.assign(wanted, nullptr);
  bound.lengths.assign(wanted, 0);
  bound.formats.assign(wanted, 0);
  for (std::size_t i = 0; i < wanted; ++i) {
    std::string& number = bound.numbers[i];
    const std::string* bytes = &number;
    if (const auto* text = std::get_if<std::string>(&params[i])) {
      bytes = text;
      bound.formats[i] = statement.parameters[i] == kBytea ? 1 : 0;
      if (bound.formats[i] == 0 && text->find('\0') != std::string::npos) {
        return fail(Code::invalid,
                    fmt::format("parameter {}: text for PostgreSQL has no NUL byte", i + 1));
      }
    } else if (const auto* blob = std::get_if<sql::Blob>(&params[i])) {
      bytes = &blob->bytes;
      bound.formats[i] = 1;
    } else if (const auto* integer = std::get_if<std::int64_t>(&params[i])) {
      number = std::to_string(*integer);
    } else if (const auto* real = std::get_if<double>(&params[i])) {
      number = number_text(*real);
    } else if (const auto* boolean = std::get_if<bool>(&params[i])) {
      number = *boolean ? "1" : "0";
    } else {
      continue;  // NULL
    }
    bound.values[i] = bytes->c_str();
    bound.lengths[i] = static_cast<int>(bytes->size());
  }
  return bound;
}

}  // namespace mc::postgres
