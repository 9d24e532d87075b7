#include "dataset/guard.h"

#include <cmath>
#include <limits>

#include "dataset/core.h"

namespace mc::dataset {
namespace {

using As = MaskedColumn::As;
using mask::Strategy;

mask::Form form_of(const Column& column) {
  switch (column.type) {
    case ColumnType::int_:
    case ColumnType::long_:
      return mask::Form::integer;
    case ColumnType::float_:
      return mask::Form::real;
    case ColumnType::boolean:
      return mask::Form::boolean;
    case ColumnType::date:
      return mask::Form::date;
    case ColumnType::datetime:
      return mask::Form::datetime;
    case ColumnType::json:
      return mask::Form::json;
    case ColumnType::id:
      return column.storage == Storage::integer ? mask::Form::integer : mask::Form::text;
    case ColumnType::string:
      break;
  }
  return mask::Form::text;
}

As shown_as(const Column& column, const mask::Mask& mask) {
  if (mask.strategy == Strategy::null || mask.strategy == Strategy::drop) return As::nothing;
  const bool general = mask.strategy == Strategy::generalise;
  switch (column.type) {
    case ColumnType::id:
    case ColumnType::string:
      return As::text;
    case ColumnType::int_:
    case ColumnType::long_:
    case ColumnType::float_:
      return general ? As::number : As::nothing;
    case ColumnType::date:
    case ColumnType::datetime:
      return general ? As::text : As::nothing;
    case ColumnType::boolean:
    case ColumnType::json:
      break;
  }
  return As::nothing;
}

bool fits(const Column& column, std::int64_t value) {
  return column.type != ColumnType::int_ || (value >= std::numeric_limits<std::int32_t>::min() &&
                                             value <= std::numeric_limits<std::int32_t>::max());
}

// Of a value that is there and not nothing.
mask::Masked apply(const MaskedColumn& masked, const Cell& cell, std::string& out) {
  const mask::ColumnKey& key = masked.key;
  if (cell.kind == Cell::Kind::text) {
    return mask::apply(masked.mask, key, masked.form, cell.text, out);
  }
  if (cell.kind == Cell::Kind::integer) {
    return mask::apply_integer(masked.mask, key, cell.integer, out);
  }
  if (cell.kind == Cell::Kind::real) return mask::apply_real(masked.mask, key, cell.real, out);
  return {};
}

graphql::Datum datum_of(const Column& column, const mask::Masked& value, std::string_view text,
                        graphql::Arena& arena) {
  using graphql::Datum;
  switch (value.kind) {
    case mask::Masked::Kind::text:
      return Datum::of_text(arena.keep(text));
    case mask::Masked::Kind::integer:
      if (column.type == ColumnType::id) {
        return Datum::of_text(arena.keep(std::to_string(value.integer)));
      }
      return fits(column, value.integer) ? Datum::of_int(value.integer) : Datum{};
    case mask::Masked::Kind::real:
      return std::isfinite(value.real) ? Datum::of_real(value.real) : Datum{};
    case mask::Masked::Kind::null:
      break;
  }
  return {};
}

}  // namespace

Result<Grant> Grant::make(const Dataset& described, int index, const DatasetAccess& access) {
  Grant grant(described, index, access.may);
  const std::size_t columns = described.columns.size();
  const auto fits = [&](std::size_t size) { return size == 0 || size == columns; };
  if (!fits(access.masks.size()) || !fits(access.filterable.size())) {
    return fail(Code::denied, "the masks of " + described.name + " are not one for each column");
  }
  for (std::size_t i = 0; i < access.masks.size(); ++i) {
    if (!access.masks[i].masks()) continue;
    grant.set(static_cast<int>(i), access.masks[i],
              !access.filterable.empty() && access.filterable[i]);
  }
  return grant;
}

Grant Grant::both(const Grant& a, const Grant& b) {
  Grant grant(*a.dataset, a.index, a.may);
  for (std::size_t i = 0; i < a.dataset->columns.size(); ++i) {
    const MaskedColumn open{.usable = true};
    const MaskedColumn& one = a.columns_.empty() ? open : a.columns_[i];
    const MaskedColumn& other = b.columns_.empty() ? open : b.columns_[i];
    const mask::Mask mask = mask::stricter(one.mask, other.mask);
    if (mask.masks()) grant.set(static_cast<int>(i), mask, one.usable && other.usable);
  }
  return grant;
}

void Grant::set(int column, mask::Mask mask, bool usable) {
  if (columns_.empty()) {
    columns_.assign(dataset->columns.size(), MaskedColumn{.usable = true});
  }
  const Column& described = dataset->columns[static_cast<std::size_t>(column)];
  columns_[static_cast<std::size_t>(column)] = {.mask = mask,
                                                .usable = usable,
                                                .as = shown_as(described, mask),
                                                .form = form_of(described),
                                                .promised = never_null(described)};
}

Status Grant::usable(int column, std::string_view place) const {
  if (columns_.empty() || columns_[static_cast<std::size_t>(column)].usable) return ok();
  return fail(Code::denied,
              std::string(place) + ": is masked; nothing can be found, ordered or grouped by it");
}

graphql::Datum Session::Core::masked(Grant& grant, int column, const Cell& cell,
                                     graphql::Arena& arena) {
  using graphql::Datum;
  MaskedColumn* const masked = grant.masked(column);
  const Column& described = grant.dataset->columns[static_cast<std::size_t>(column)];
  if (masked == nullptr) return datum(described, cell, arena);
  if (masked->mask.strategy == Strategy::drop && !masked->told) {
    masked->told = true;
    std::string name = grant.dataset->name + "." + described.name;
    auto& names = report.dropped;
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      names.push_back(std::move(name));
    }
  }
  Datum out;
  if (masked->as != As::nothing && cell.kind != Cell::Kind::null) {
    if (cell.kind == Cell::Kind::bad) return datum(described, cell, arena);
    const bool keyed =
        masked->mask.strategy == Strategy::hash || masked->mask.strategy == Strategy::tokenise;
    if (keyed && masked->key.cmac == nullptr) {
      masked->key = options.gate->key(grant.index, column);
    }
    out = datum_of(described, apply(*masked, cell, mask_text), mask_text, arena);
  }
  if (out.kind != Datum::Kind::null || !masked->promised) return out;
  // A policy that hides what the model calls public: one of them has to change.
  return Datum::of_error(
      arena.keep(described.name + ": is masked, though the model says that it is public"),
      "FORBIDDEN");
}

}  // namespace mc::dataset
