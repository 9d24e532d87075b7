// personsDP: arguments to a call of the planner, the rows that it may read, its answer to GraphQL.
#include "dataset/private.h"

#include <algorithm>
#include <array>

#include "dataset/core.h"

namespace mc::dataset {
namespace {

using graphql::Datum;

constexpr std::array<std::string_view, 7> kNames = {"count",     "sum",  "mean", "quantile",
                                                    "histogram", "topK", "units"};
constexpr std::size_t kDecimalBytesMax = 64;
constexpr std::size_t kIdBytesMax = 256;  // of idempotencyKey
constexpr std::size_t kQuoteBytesMax = 1'024;

std::string_view column_name(const Dataset& dataset, int column) {
  return dataset.columns[static_cast<std::size_t>(column)].name;
}

// The entry of a column that a call names; null = it may not be used.
const PrivateColumn* entry_of(const Dataset& dataset, int column) {
  const bool known = column >= 0 && static_cast<std::size_t>(column) < dataset.columns.size();
  return known ? dataset.privacy->column(column_name(dataset, column)) : nullptr;
}

bool needs_number(PrivateAggregate aggregate) {
  return aggregate == PrivateAggregate::sum || aggregate == PrivateAggregate::mean ||
         aggregate == PrivateAggregate::quantile || aggregate == PrivateAggregate::histogram;
}
bool may_group(PrivateAggregate aggregate) {
  return aggregate != PrivateAggregate::quantile && aggregate != PrivateAggregate::histogram &&
         aggregate != PrivateAggregate::top_k;
}

Status check_of(const PrivateCall& call, const Grant& grant) {
  const Dataset& dataset = *grant.dataset;
  const bool number = needs_number(call.aggregate);
  if (!number && call.aggregate != PrivateAggregate::top_k) {
    if (call.of < 0) return ok();
    return fail(Code::invalid, "of: this aggregate is of rows, not of a column");
  }
  const PrivateColumn* const entry = entry_of(dataset, call.of);
  if (entry == nullptr || !(number ? entry->number() : entry->key())) {
    return fail(Code::invalid, "of: not a column that this may be asked of");
  }
  // Values of a key leave as they are or masked; those of a number only in a sum with noise, which
  // is what such answers are for.
  return number ? ok() : grant.usable(call.of, "of " + entry->name);
}

Status check_groups(const PrivateCall& call, const Grant& grant) {
  if (!call.group_by.empty() && !may_group(call.aggregate)) {
    return fail(Code::invalid, "groupBy: this aggregate has no groups");
  }
  for (std::size_t i = 0; i < call.group_by.size(); ++i) {
    const int column = call.group_by[i];
    const PrivateColumn* const entry = entry_of(*grant.dataset, column);
    if (entry == nullptr || !entry->key()) {
      return fail(Code::invalid, "groupBy: not a column that may be grouped by");
    }
    const auto first = call.group_by.begin();
    if (std::find(first, first + static_cast<std::ptrdiff_t>(i), column) !=
        first + static_cast<std::ptrdiff_t>(i)) {
      return fail(Code::invalid, "groupBy: " + entry->name + " twice");
    }
    MC_TRY_OK(grant.usable(column, "groupBy " + entry->name));
  }
  return ok();
}

// Numbers of PostgreSQL as text: decimals keep their digits, and no cast can fail for a row.
std::string scan_expression(const TenantQuery& query, int index) {
  const Column& column = query.column(index);
  if (query.dialect() == sql::Dialect::sqlite || column.type == ColumnType::boolean ||
      column.type == ColumnType::datetime) {
    return query.names(index).read;
  }
  return "CAST(" + query.names(index).plain + " AS text)";
}

class SessionScan final : public RowScan {
 public:
  SessionScan(Session::Core& core, int dataset) : core_(core), dataset_(dataset) {}

  Status prepare() override {
    MC_TRY([[maybe_unused]] Grant* const grant, core_.enter(dataset_, Use::noised));
    MC_TRY([[maybe_unused]] const GrantedConnection on, core_.reader(dataset_, Use::noised));
    return ok();
  }

  Status scan(std::span<const int> columns, const json::Value* where,
              const OnRow& on_row) override {
    MC_TRY(Grant* const grant, core_.enter(dataset_, Use::noised));
    MC_TRY_OK(check_columns(columns, *grant->dataset));
    MC_TRY(const GrantedConnection on, core_.reader(dataset_, Use::noised));
    MC_TRY(const Condition condition,
           compile_canonical(*grant, on.dialect(), where, core_.options.limits));
    TenantQuery query(core_.tenant, core_.plan(dataset_).sql(on.dialect()));
    TenantQuery::Parts parts;
    for (const int column : columns) {
      parts.list += (parts.list.empty() ? "" : ", ") + scan_expression(query, column);
    }
    parts.where = render(condition, query);
    std::vector<sql::Rows::Value> values(columns.size());
    return core_.run_unseen(on, std::move(query).select(parts), [&](const sql::Rows& row) {
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = row.value(static_cast<int>(i));
      return on_row(values);
    });
  }

 private:
  static Status check_columns(std::span<const int> columns, const Dataset& dataset) {
    if (columns.empty()) return fail(Code::invalid, "a scan needs a column");
    const int unit = dataset.column_index(dataset.privacy->unit);
    for (const int column : columns) {
      if (column == unit || entry_of(dataset, column) != nullptr) continue;
      return fail(Code::denied, "a column outside of the section privacy is not scanned");
    }
    return ok();
  }

  Session::Core& core_;
  int dataset_;
};

PrivateResult refused(Error error) {
  return tl::unexpected<PrivateRefusal>(PrivateRefusal{std::move(error), {}, {}, false});
}

// As the caller wrote it; a number that JSON reads as a double in its shortest form.
Result<std::string> decimal_text(const json::Object& arguments, std::string_view name) {
  const json::Value* const value = arguments.find(name);
  if (value == nullptr || value->is_null()) return std::string();
  std::string out;
  if (const std::string* text = value->as_string()) {
    out = *text;
  } else if (const std::int64_t* whole = value->as_int()) {
    out = std::to_string(*whole);
  } else if (const double* real = value->as_double()) {
    json::append_double(out, *real);
  } else {
    return fail(Code::invalid, std::string(name) + ": must be a decimal");
  }
  if (out.empty() || out.size() > kDecimalBytesMax) {
    return fail(Code::invalid, std::string(name) + ": must be a decimal of at most " +
                                   std::to_string(kDecimalBytesMax) + " bytes");
  }
  return out;
}

Result<std::string> short_text(const json::Object& arguments, std::string_view name) {
  const json::Value* const value = arguments.find(name);
  const std::string* const text = value == nullptr ? nullptr : value->as_string();
  if (text == nullptr) return std::string();
  if (text->empty() || text->size() > kIdBytesMax) {
    return fail(Code::invalid,
                std::string(name) + ": must have 1 to " + std::to_string(kIdBytesMax) + " bytes");
  }
  return *text;
}

// A quote carries what it promises, so it is longer than other ids.
Result<std::string> quote_text(const json::Object& arguments) {
  const json::Value* const value = arguments.find("quote");
  const std::string* const text = value == nullptr ? nullptr : value->as_string();
  if (text == nullptr) return std::string();
  if (text->empty() || text->size() > kQuoteBytesMax) {
    return fail(Code::invalid,
                "quote: must have 1 to " + std::to_string(kQuoteBytesMax) + " bytes");
  }
  return *text;
}

Result<std::int64_t> count_of(const json::Object& arguments, std::string_view name) {
  const json::Value* const value = arguments.find(name);
  const std::int64_t* const number = value == nullptr ? nullptr : value->as_int();
  if (number == nullptr) return 0;
  if (*number < 1) return fail(Code::invalid, std::string(name) + ": must be at least 1");
  return *number;
}

template <class Use>
void each_word(const json::Object& arguments, std::string_view name, Use use) {
  const json::Value* const value = arguments.find(name);
  const json::Array* const list = value == nullptr ? nullptr : value->as_array();
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    if (const std::string* word = (*list)[i].as_string()) use(*word);
  }
}

// The arguments of every form.
Status read_common(const json::Object& arguments, PrivateCall& out) {
  MC_TRY(out.epsilon, decimal_text(arguments, "epsilon"));
  MC_TRY(out.mechanism, short_text(arguments, "mechanism"));
  MC_TRY(out.idempotency_key, short_text(arguments, "idempotencyKey"));
  MC_TRY(out.quote, quote_text(arguments));
  each_word(arguments, "consent", [&](const std::string& word) {
    out.may_degrade = out.may_degrade || word == "DEGRADE";
    out.may_queue = out.may_queue || word == "QUEUE";
  });
  const json::Value* const dry = arguments.find("dryRun");
  out.dry_run = dry != nullptr && dry->as_bool() != nullptr && *dry->as_bool();
  return ok();
}

Result<PrivateCall> call_of(const Call& call) {
  const json::Object& arguments = call.field.arguments;
  const Dataset& dataset = *call.core.plan(call.plan.dataset).dataset;
  PrivateCall out;
  out.dataset = call.plan.dataset;
  out.aggregate = static_cast<PrivateAggregate>(call.plan.index);
  MC_TRY(const std::string of, short_text(arguments, "of"));
  out.of = of.empty() ? -1 : dataset.column_index(of);
  each_word(arguments, "groupBy",
            [&](const std::string& word) { out.group_by.push_back(dataset.column_index(word)); });
  out.where = arguments.find("where");
  MC_TRY(out.q, decimal_text(arguments, "q"));
  MC_TRY_OK(read_common(arguments, out));
  const bool top = out.aggregate == PrivateAggregate::top_k;
  MC_TRY(out.k, count_of(arguments, top ? "k" : "bins"));
  return out;
}

// What the planner has read of the SQL form, by the names of the model.
Result<PrivateCall> call_of(const Session::Core& core, const PrivateQuestion& question,
                            const json::Object& arguments) {
  PrivateCall out;
  const std::vector<Dataset>& datasets = core.parts.model.datasets;
  const auto found = std::find_if(datasets.begin(), datasets.end(), [&](const Dataset& dataset) {
    return dataset.privacy &&
           (dataset.plural == question.dataset || dataset.name == question.dataset);
  });
  if (found == datasets.end()) {
    return fail(Code::not_found,
                "no dataset '" + excerpt(question.dataset) + "' has private answers");
  }
  out.dataset = static_cast<int>(found - datasets.begin());
  out.aggregate = question.aggregate;
  if (question.aggregate == PrivateAggregate::units) {
    if (question.of != found->privacy->unit) {
      return fail(Code::invalid,
                  "sql: COUNT(DISTINCT ...) is of the privacy unit, " + found->privacy->unit);
    }
  } else if (!question.of.empty()) {
    out.of = found->column_index(question.of);
    if (out.of < 0) return fail(Code::invalid, "sql: no column '" + excerpt(question.of) + "'");
  }
  for (const std::string& name : question.group_by) {
    out.group_by.push_back(found->column_index(name));
    if (out.group_by.back() < 0) {
      return fail(Code::invalid, "sql: no column '" + excerpt(name) + "'");
    }
  }
  out.where = &question.where;
  out.q = question.q;
  out.k = question.k;
  MC_TRY_OK(read_common(arguments, out));
  return out;
}

Datum refusal_datum(const Call& call, PrivateRefusal refusal) {
  const Datum plain = call.core.error(refusal.error, call.field.arena);
  if (refusal.code.empty() && refusal.extensions.empty()) return plain;
  const std::string_view code =
      refusal.code.empty() ? plain.code : call.field.arena.keep(refusal.code);
  const json::Object& extensions = call.core.extensions.emplace_back(std::move(refusal.extensions));
  return Datum::of_error(plain.failure.message, code, &extensions);
}

Cell cell_of(const json::Value& value) {
  Cell cell;
  if (const std::string* text = value.as_string()) {
    cell.kind = Cell::Kind::text;
    cell.text = *text;
  } else if (const std::int64_t* whole = value.as_int()) {
    cell.kind = Cell::Kind::integer;
    cell.integer = *whole;
  } else if (const bool* flag = value.as_bool()) {
    cell.kind = Cell::Kind::boolean;
    cell.integer = *flag ? 1 : 0;
  } else if (!value.is_null()) {
    cell.kind = Cell::Kind::bad;
  }
  return cell;
}

// Keys of a masked column, which the caller may group by, are shown masked.
Datum key_datum(const Call& call, const AnsweredPrivately& answered, const PrivateRow& row) {
  if (row.key.empty()) return {};
  Datum* const items = call.field.arena.array<Datum>(row.key.size());
  for (std::size_t i = 0; i < row.key.size(); ++i) {
    const int column = i < answered.key_columns.size() ? answered.key_columns[i] : -1;
    const bool masked = column >= 0 && answered.grant->masked(column) != nullptr;
    items[i] = masked
                   ? call.core.show(*answered.grant, column, cell_of(row.key[i]), call.field.arena)
                   : Datum::of_json(&row.key[i]);
  }
  return Datum::of_list(items, static_cast<std::uint32_t>(row.key.size()));
}

Datum rows_datum(const Call& call, const AnsweredPrivately& answered) {
  const std::vector<PrivateRow>& rows = answered.answer.rows;
  Datum* const items = call.field.arena.array<Datum>(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    items[i] =
        Datum::of_object({.type = call.core.parts.private_row, .data = &answered, .index = i});
  }
  return Datum::of_list(items, static_cast<std::uint32_t>(rows.size()));
}

Datum text_or_null(const std::string& text) {
  return text.empty() ? Datum{} : Datum::of_text(text);
}
Datum optional(const std::optional<std::string>& text) {
  return text ? Datum::of_text(*text) : Datum{};
}
Datum optional(const std::optional<std::int64_t>& number) {
  return number ? Datum::of_int(*number) : Datum{};
}

Datum quote_part(const PrivateQuote& quote, PrivatePart part) {
  switch (part) {
    case PrivatePart::quote_id:
      return text_or_null(quote.id);
    case PrivatePart::valid_until:
      return text_or_null(quote.valid_until);
    case PrivatePart::rmse:
      return Datum::of_text(quote.rmse);
    case PrivatePart::half_width:
      return Datum::of_text(quote.half_width);
    case PrivatePart::always_shown:
      return optional(quote.always_shown);
    case PrivatePart::remaining:
      return optional(quote.remaining);
    case PrivatePart::resets_at:
      return optional(quote.resets_at);
    case PrivatePart::queries_left:
      return optional(quote.queries_left);
    case PrivatePart::nearest:
      return optional(quote.nearest);
    case PrivatePart::queue_runs_at:
      return optional(quote.queue_runs_at);
    default:
      return optional(quote.credits);
  }
}

Datum queued_part(const PrivateQueued& queued, PrivatePart part) {
  switch (part) {
    case PrivatePart::queued_id:
      return Datum::of_text(queued.id);
    case PrivatePart::queued_state:
      return Datum::of_text(queued.state);
    case PrivatePart::queued_runs_at:
      return Datum::of_text(queued.runs_at);
    case PrivatePart::queued_expires_at:
      return Datum::of_text(queued.expires_at);
    default:
      return text_or_null(queued.why);
  }
}

Datum part_of(const Call& call, const AnsweredPrivately& answered, std::uint64_t index) {
  const PrivateAnswer& answer = answered.answer;
  switch (static_cast<PrivatePart>(call.plan.index)) {
    case PrivatePart::release:
      return text_or_null(answer.release);
    case PrivatePart::verdict:
      return Datum::of_text(answer.verdict);
    case PrivatePart::epsilon:
      return Datum::of_text(answer.epsilon);
    case PrivatePart::delta:
      return Datum::of_text(answer.delta);
    case PrivatePart::mechanism:
      return Datum::of_text(answer.mechanism);
    case PrivatePart::snapshot:
      return Datum::of_text(answer.snapshot);
    case PrivatePart::rows:
      return rows_datum(call, answered);
    case PrivatePart::quote:
      return !answer.quote
                 ? Datum{}
                 : Datum::of_object({.type = call.core.parts.private_quote, .data = &answered});
    case PrivatePart::queued:
      return !answer.queued
                 ? Datum{}
                 : Datum::of_object({.type = call.core.parts.private_queued, .data = &answered});
    case PrivatePart::key:
      return key_datum(call, answered, answer.rows[index]);
    case PrivatePart::value:
      return Datum::of_text(answer.rows[index].value);
    case PrivatePart::low:
      return optional(answer.rows[index].low);
    case PrivatePart::high:
      return optional(answer.rows[index].high);
    default:
      break;
  }
  const auto part = static_cast<PrivatePart>(call.plan.index);
  return part >= PrivatePart::queued_id ? queued_part(*answer.queued, part)
                                        : quote_part(*answer.quote, part);
}

}  // namespace

std::string_view private_name(PrivateAggregate aggregate) {
  return kNames[static_cast<std::size_t>(aggregate)];
}

Result<json::Value> Session::Core::check_private(const PrivateCall& call) {
  const bool known = call.dataset >= 0 &&
                     static_cast<std::size_t>(call.dataset) < parts.datasets.size() &&
                     plan(call.dataset).dataset->privacy.has_value();
  if (!known) return fail(Code::not_found, "the dataset has no private answers");
  MC_TRY(Grant* const grant, enter(call.dataset, Use::noised));
  if (!grant->may.noised) {
    return fail(Code::denied, "this field needs the right to private answers");
  }
  MC_TRY_OK(check_of(call, *grant));
  MC_TRY_OK(check_groups(call, *grant));
  return checked_where(*grant, call.where,
                       call.canonical ? canonical_limits(options.limits) : options.limits);
}

PrivateResult Session::Core::answer_privately(PrivateCall call) {
  if (options.brief.on()) return refused(too_long());
  if (cancelled) stop_code = "CANCELLED";
  if (stop_code.empty() && options.deadline.nanos != INT64_MAX && time_left().count <= 0) {
    stop_code = "DEADLINE_EXCEEDED";
  }
  if (!stop_code.empty()) return refused({Code::unavailable, "the request has been stopped"});
  const Result<json::Value> where = check_private(call);
  if (!where) return refused(where.error());
  if (options.private_answers == nullptr) {
    return refused({Code::not_found, "there is no differential privacy here"});
  }
  PrivateReport& told = report.private_answers;
  if (told.asked >= options.limits.private_max) {
    return refused({Code::exhausted, "the request needs more than " +
                                         std::to_string(options.limits.private_max) +
                                         " private answers"});
  }
  ++told.asked;
  touch(call.dataset);
  call.tenant = tenant;
  call.caller = options.private_caller;
  call.where = where->as_object()->empty() ? nullptr : &*where;
  SessionScan rows(*this, call.dataset);
  PrivateResult result = options.private_answers->answer(call, rows);
  if (result && result->quote && options.credits) result->quote->credits = options.credits();
  if (!result && result.error().budget) {
    const std::int64_t wait = result.error().error.retry_after_s.value_or(0);
    ++told.refused;
    told.waiting_helps = told.waiting_helps && wait > 0;
    told.retry_after_s = std::max(told.retry_after_s, wait);
  }
  return result;
}

Status Session::Core::run_unseen(const GrantedConnection& on, const StatementView& statement,
                                 const OnRow& on_row) {
  MC_TRY_OK(before_statement(on, statement));
  ++worked(statement.dataset).reads;
  Status status = ok();
  std::optional<Error> failed;  // of the database, or as if it were
  {
    const Result<std::unique_ptr<sql::Rows>> rows =
        on.connection_->query(statement.text, statement.params);
    if (!rows) failed = rows.error();
    for (std::int64_t read = 0; status && !failed;) {
      const Result<bool> more = (*rows)->next();
      if (!more) {
        failed = more.error();
      } else if (!*more) {
        break;
      } else if (cancelled || ++read > kPrivateRowsMax) {
        failed = Error{Code::unavailable, "the scan was ended"};
      } else {
        status = on_row(**rows);
      }
    }
  }
  {
    const std::lock_guard lock(running_mutex);
    running = nullptr;
  }
  if (failed) return tl::unexpected<Error>(after_failure(statement_of(on, Use::noised), *failed));
  return status;
}

namespace {

// Asks the planner, and gives its answer or refusal for all parents.
void answer(const Call& call, PrivateCall asked) {
  std::vector<int> key_columns = asked.group_by;
  if (asked.aggregate == PrivateAggregate::top_k) key_columns = {asked.of};
  const int dataset = asked.dataset;
  PrivateResult result = call.core.answer_privately(std::move(asked));
  if (!result) return call.all(refusal_datum(call, std::move(result).error()));
  const Result<Grant*> grant = call.core.enter(dataset, Use::noised);
  MC_CHECK(grant.has_value());  // answer_privately() has entered
  const AnsweredPrivately& answered = call.core.answered.emplace_back(
      AnsweredPrivately{std::move(*result), *grant, std::move(key_columns)});
  call.all(Datum::of_object({.type = call.core.parts.private_answer, .data = &answered}));
}

}  // namespace

// One field is one answer, however many parents: personsDP has one.
void resolve_private(const Call& call) {
  Result<PrivateCall> asked = call_of(call);
  if (!asked) return call.all(call.core.error(asked.error(), call.field.arena));
  answer(call, std::move(*asked));
}

void resolve_private_sql(const Call& call) {
  const auto failed = [&](const Error& error) {
    call.all(call.core.error(error, call.field.arena));
  };
  const PrivateAnswers* const planner = call.core.options.private_answers;
  const json::Value* const sql = call.field.arguments.find("sql");
  const std::string* const text = sql == nullptr ? nullptr : sql->as_string();
  if (planner == nullptr || text == nullptr) {
    return failed({Code::not_found, "there is no differential privacy here"});
  }
  const Result<PrivateQuestion> question = planner->read_sql(*text);
  if (!question) return failed(question.error());
  Result<PrivateCall> asked = call_of(call.core, *question, call.field.arguments);
  if (!asked) return failed(asked.error());
  answer(call, std::move(*asked));
}

void resolve_private_queued(const Call& call) {
  const auto failed = [&](const Error& error) {
    call.all(call.core.error(error, call.field.arena));
  };
  PrivateAnswers* const planner = call.core.options.private_answers;
  const Result<std::string> id = short_text(call.field.arguments, "id");
  if (!id) return failed(id.error());
  if (planner == nullptr) {
    return failed({Code::not_found, "there is no differential privacy here"});
  }
  // It is looked up in a database, and so has no place on a thread that others wait for.
  if (call.core.options.brief.on()) {
    return call.all(refusal_datum(call, call.core.answer_privately({}).error()));
  }
  Result<PrivateKept> kept =
      planner->queued_call(call.core.tenant, call.core.options.private_caller, *id);
  if (!kept) return failed(kept.error());
  kept->call.queued = *id;
  kept->call.where = &kept->where;
  answer(call, std::move(kept->call));
}

void resolve_private_part(const Call& call) {
  for (std::size_t i = 0; i < call.parents.size(); ++i) {
    const auto& answered = *static_cast<const AnsweredPrivately*>(call.parents[i].data);
    call.out[i] = part_of(call, answered, call.parents[i].index);
  }
}

}  // namespace mc::dataset
