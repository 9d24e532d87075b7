#include "planner/queue.h"

#include <algorithm>
#include <array>

namespace mc::planner {
namespace {

using dataset::PrivateAggregate;

const std::string kColumns =
    "tenant_id, queue_id, same, state, subject, token, purpose, dataset, question, epsilon, delta, "
    "rho, asked_at, runs_at, expires_at, next_at, release_id, why, changed_at";
constexpr std::size_t kWhyBytesMax = 500;

constexpr std::array kStates = {QueueState::waiting, QueueState::answered,  QueueState::refused,
                                QueueState::failed,  QueueState::cancelled, QueueState::expired};

Result<QueueState> parse_state(std::string_view name) {
  for (const QueueState each : kStates) {
    if (name_of(each) == name) return each;
  }
  return fail(Code::corrupt, "a queued query has the state '" + excerpt(name) + "'");
}

Result<QueuedQuery> read_row(const sql::Rows& row) {
  QueuedQuery out;
  out.tenant = TenantId(std::string(row.text(0)));
  out.id = row.text(1);
  out.same = row.text(2);
  MC_TRY(out.state, parse_state(row.text(3)));
  out.subject = row.text(4);
  out.token = row.text(5);
  out.purpose = row.text(6);
  out.dataset = row.text(7);
  out.question = row.text(8);
  out.cost = {accountant::NanoEpsilon(row.integer(9)), accountant::AttoDelta(row.integer(10)),
              accountant::PicoRho(row.integer(11))};
  out.asked = from_unix_ms(row.integer(12));
  out.runs_at = from_unix_ms(row.integer(13));
  out.expires = from_unix_ms(row.integer(14));
  out.next = from_unix_ms(row.integer(15));
  out.release = row.text(16);
  out.why = row.text(17);
  out.changed = from_unix_ms(row.integer(18));
  return out;
}

Result<std::vector<QueuedQuery>> read_all(sql::Connection& connection, const std::string& rest,
                                          std::initializer_list<sql::Param> params) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection.query("SELECT " + kColumns + " FROM dp_queue WHERE " + rest, params));
  std::vector<QueuedQuery> out;
  for (;;) {
    MC_TRY(const bool more, rows->next());
    if (!more) return out;
    MC_TRY(QueuedQuery one, read_row(*rows));
    out.push_back(std::move(one));
  }
}

Result<std::int64_t> count_of(sql::Connection& connection, const std::string& rest,
                              std::initializer_list<sql::Param> params) {
  MC_TRY(const std::unique_ptr<sql::Rows> rows,
         connection.query("SELECT COUNT(*) FROM dp_queue WHERE " + rest, params));
  MC_TRY(const bool found, rows->next());
  return found ? rows->integer(0) : 0;
}

Result<QueuedQuery> only(std::vector<QueuedQuery> found, const std::string& id) {
  if (!found.empty()) return std::move(found.front());
  return fail(Code::not_found, "no queued query '" + excerpt(id) + "'");
}

std::string name_at(const dataset::Dataset& dataset, int column) {
  const bool known = column >= 0 && static_cast<std::size_t>(column) < dataset.columns.size();
  return known ? dataset.columns[static_cast<std::size_t>(column)].name : "";
}

std::string text_in(const json::Value& value, std::string_view name) {
  const json::Value* const member = value.find(name);
  const std::string* const text = member == nullptr ? nullptr : member->as_string();
  return text == nullptr ? "" : *text;
}

Result<int> column_in(const dataset::Dataset& dataset, const std::string& name) {
  const int column = dataset.column_index(name);
  if (column >= 0) return column;
  return fail(Code::invalid,
              "dataset " + dataset.name + " has no column '" + excerpt(name) + "' any more");
}

Result<PrivateAggregate> aggregate_in(const json::Value& value) {
  const std::string name = text_in(value, "aggregate");
  for (int i = 0; i <= static_cast<int>(PrivateAggregate::units); ++i) {
    const auto each = static_cast<PrivateAggregate>(i);
    if (dataset::private_name(each) == name) return each;
  }
  return fail(Code::corrupt, "a queued query has no aggregate");
}

// What it asked but for its filter, which is long and may name people.
std::string without_filter(const QueuedQuery& query) {
  Result<json::Value> value = json::parse(query.question);
  json::Object* const asked = value ? value->as_object() : nullptr;
  if (asked == nullptr) return "";
  asked->set("where", json::Value());
  return json::print(*value);
}

}  // namespace

std::string_view name_of(QueueState state) {
  constexpr std::array<std::string_view, 6> kNames = {"waiting", "answered",  "refused",
                                                      "failed",  "cancelled", "expired"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string queue_key(const std::string& id) {
  return "queue:" + id;
}

std::string print_queued(const dataset::Dataset& dataset, const dataset::PrivateCall& call) {
  json::Object out;
  out.set("aggregate", dataset::private_name(call.aggregate));
  out.set("of", name_at(dataset, call.of));
  json::Array groups;
  for (const int column : call.group_by) groups.emplace_back(name_at(dataset, column));
  out.set("group_by", std::move(groups));
  out.set("where", call.where == nullptr ? json::Value() : *call.where);
  out.set("epsilon", call.epsilon);
  out.set("mechanism", call.mechanism);
  out.set("q", call.q);
  out.set("k", call.k);
  return json::print(json::Value(std::move(out)));
}

Result<dataset::PrivateKept> read_queued(const dataset::Model& model, const QueuedQuery& query) {
  dataset::PrivateKept out;
  out.call.canonical = true;
  MC_TRY(const json::Value value, json::parse(query.question));
  out.call.dataset = model.dataset_index(query.dataset);
  if (out.call.dataset < 0) {
    return fail(Code::invalid, "there is no dataset '" + excerpt(query.dataset) + "' any more");
  }
  const dataset::Dataset& dataset = model.datasets[static_cast<std::size_t>(out.call.dataset)];
  MC_TRY(out.call.aggregate, aggregate_in(value));
  if (const std::string of = text_in(value, "of"); !of.empty()) {
    MC_TRY(out.call.of, column_in(dataset, of));
  }
  const json::Value* const groups = value.find("group_by");
  const json::Array* const list = groups == nullptr ? nullptr : groups->as_array();
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const std::string* const name = (*list)[i].as_string();
    MC_TRY(const int column, column_in(dataset, name == nullptr ? "" : *name));
    out.call.group_by.push_back(column);
  }
  if (const json::Value* const where = value.find("where")) out.where = *where;
  out.call.epsilon = text_in(value, "epsilon");
  out.call.mechanism = text_in(value, "mechanism");
  out.call.q = text_in(value, "q");
  const json::Value* const k = value.find("k");
  if (k != nullptr && k->as_int() != nullptr) out.call.k = *k->as_int();
  return out;
}

Result<QueuedQuery> Queue::add_on(sql::Connection& connection, QueuedQuery wanted) {
  MC_TRY(sql::Transaction transaction, sql::Transaction::begin(connection));
  const std::string& tenant = wanted.tenant.get();
  MC_TRY(std::vector<QueuedQuery> there,
         read_all(connection, "tenant_id = ?1 AND same = ?2 AND state = 'waiting'",
                  {tenant, wanted.same}));
  if (!there.empty()) return std::move(there.front());
  MC_TRY(const std::int64_t waiting,
         count_of(connection, "tenant_id = ?1 AND state = 'waiting'", {tenant}));
  if (waiting >= settings_.queue_max) {
    return fail(Code::exhausted, "more than " + std::to_string(settings_.queue_max) +
                                     " queries of this tenant would wait for a window");
  }
  MC_TRY([[maybe_unused]] const std::int64_t gone,
         connection.execute(
             "DELETE FROM dp_queue WHERE tenant_id = ?1 AND state <> 'waiting' AND changed_at < ?2",
             {tenant, to_unix_ms(wanted.changed - kEndedKept)}));
  MC_TRY(
      [[maybe_unused]] const std::int64_t older,
      connection.execute("DELETE FROM dp_queue WHERE tenant_id = ?1 AND state NOT IN ('waiting', "
                         "'answered') AND queue_id NOT IN (SELECT queue_id FROM dp_queue WHERE "
                         "tenant_id = ?1 AND state NOT IN ('waiting', 'answered') ORDER BY "
                         "changed_at DESC, queue_id DESC LIMIT ?2)",
                         {tenant, kEndedEach * settings_.queue_max}));
  MC_TRY([[maybe_unused]] const std::int64_t rows,
         connection.execute(
             "INSERT INTO dp_queue (" + kColumns +
                 ") VALUES (?1, ?2, ?3, 'waiting', ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
                 "?14, ?13, '', '', ?12)",
             {tenant, wanted.id, wanted.same, wanted.subject, wanted.token, wanted.purpose,
              wanted.dataset, wanted.question, wanted.cost.epsilon.get(), wanted.cost.delta.get(),
              wanted.cost.rho.get(), to_unix_ms(wanted.asked), to_unix_ms(wanted.runs_at),
              to_unix_ms(wanted.expires)}));
  MC_TRY_OK(transaction.commit());
  return wanted;
}

Result<QueuedQuery> Queue::add(QueuedQuery wanted) {
  if (wanted.question.size() > kQueuedBytesMax) {
    return fail(Code::exhausted, "a query of more than " + std::to_string(kQueuedBytesMax) +
                                     " bytes does not wait for a window");
  }
  wanted.id = sys::make_id("dpq", world_.clock, world_.random);
  wanted.state = QueueState::waiting;
  wanted.asked = wanted.changed = whole_ms(world_.clock.wall());
  wanted.next = wanted.runs_at;
  wanted.expires = wanted.runs_at + settings_.queue_valid;
  Result<QueuedQuery> out = fail(Code::unavailable, "the queue is not there");
  const auto add = [&](sql::Connection& connection) -> Status {
    out = add_on(connection, wanted);
    // Another server has queued it at the same moment.
    if (!out && out.error().code == Code::conflict) out = add_on(connection, wanted);
    if (!out) return tl::unexpected<Error>(out.error());
    return ok();
  };
  MC_TRY_OK(world_.lend(add));
  return out;
}

Result<std::vector<QueuedQuery>> Queue::select(const std::string& rest,
                                               std::initializer_list<sql::Param> params) {
  std::vector<QueuedQuery> out;
  MC_TRY_OK(world_.lend([&](sql::Connection& connection) -> Status {
    MC_TRY(out, read_all(connection, rest, params));
    return ok();
  }));
  return out;
}

Result<QueuedQuery> Queue::find(const TenantId& tenant, const std::string& id,
                                const std::string& subject) {
  MC_TRY(std::vector<QueuedQuery> found,
         select("tenant_id = ?1 AND queue_id = ?2 AND (?3 = '' OR subject = ?3)",
                {tenant.get(), id, subject}));
  return only(std::move(found), id);
}

Result<std::vector<QueuedQuery>> Queue::list(const TenantId& tenant, const std::string& subject) {
  return select(
      "tenant_id = ?1 AND (?2 = '' OR subject = ?2) ORDER BY asked_at DESC, queue_id DESC LIMIT ?3",
      {tenant.get(), subject, static_cast<std::int64_t>(kQueueShownMax)});
}

Result<std::vector<Queue::Waiting>> Queue::waiting(const TenantId& tenant,
                                                   const std::string& dataset) {
  std::vector<Waiting> out;
  MC_TRY_OK(world_.lend([&](sql::Connection& connection) -> Status {
    MC_TRY(const std::unique_ptr<sql::Rows> rows,
           connection.query("SELECT same, purpose, epsilon, delta, rho, runs_at FROM dp_queue "
                            "WHERE tenant_id = ?1 AND dataset = ?2 AND state = 'waiting' "
                            "ORDER BY asked_at, queue_id",
                            {tenant.get(), dataset}));
    for (;;) {
      MC_TRY(const bool more, rows->next());
      if (!more) return ok();
      out.push_back(
          {std::string(rows->text(0)),
           std::string(rows->text(1)),
           {accountant::NanoEpsilon(rows->integer(2)), accountant::AttoDelta(rows->integer(3)),
            accountant::PicoRho(rows->integer(4))},
           from_unix_ms(rows->integer(5))});
    }
  }));
  return out;
}

Result<QueuedQuery> Queue::cancel(const TenantId& tenant, const std::string& id,
                                  const std::string& subject) {
  MC_TRY(QueuedQuery found, find(tenant, id, subject));
  if (found.state == QueueState::waiting) {
    MC_TRY([[maybe_unused]] const bool ended,
           end(found, {.state = QueueState::cancelled, .release = "", .why = ""}));
    MC_TRY(found, find(tenant, id, subject));
  }
  if (found.state == QueueState::cancelled) return found;
  return fail(Code::conflict, "it does not wait any more: " + std::string(name_of(found.state)));
}

// Ids are in the order in which they were made (sys::make_id).
Result<std::vector<Queue::Due>> Queue::due() {
  std::vector<Due> out;
  MC_TRY_OK(world_.lend([&](sql::Connection& connection) -> Status {
    MC_TRY(const std::unique_ptr<sql::Rows> rows,
           connection.query("SELECT tenant_id, MIN(queue_id) FROM dp_queue WHERE state = 'waiting' "
                            "AND next_at <= ?1 GROUP BY tenant_id ORDER BY 2",
                            {to_unix_ms(world_.clock.wall())}));
    for (;;) {
      MC_TRY(const bool more, rows->next());
      if (!more) return ok();
      out.push_back({TenantId(std::string(rows->text(0))), std::string(rows->text(1))});
    }
  }));
  return out;
}

WallTime Queue::ended_at(const QueuedQuery& query, QueueState state) const {
  const WallTime now = world_.clock.wall();
  if (state == QueueState::cancelled) return now;
  if (state == QueueState::expired) return query.expires;
  const Nanos late = std::max(Nanos(), now - query.next);
  return query.next + Nanos{late.count / kTriedAgain.count * kTriedAgain.count};
}

Result<bool> Queue::end(const QueuedQuery& query, const End& how) {
  const bool answered = how.state == QueueState::answered;
  std::int64_t rows = 0;
  MC_TRY_OK(world_.lend([&](sql::Connection& connection) -> Status {
    MC_TRY(rows,
           connection.execute(
               "UPDATE dp_queue SET state = ?3, release_id = ?4, why = ?5, changed_at = ?6, "
               "question = ?7 WHERE tenant_id = ?1 AND queue_id = ?2 AND (state = 'waiting' "
               "OR (?3 = 'answered' AND state <> 'answered'))",
               {query.tenant.get(), query.id, std::string(name_of(how.state)), how.release,
                std::string(excerpt(how.why, kWhyBytesMax)), to_unix_ms(ended_at(query, how.state)),
                answered ? query.question : without_filter(query)}));
    return ok();
  }));
  return rows > 0;
}

Status Queue::sweep() {
  return world_.lend([&](sql::Connection& connection) -> Status {
    MC_TRY([[maybe_unused]] const std::int64_t rows,
           connection.execute("DELETE FROM dp_queue WHERE state <> 'waiting' AND changed_at < ?1",
                              {to_unix_ms(world_.clock.wall() - kEndedKept)}));
    return ok();
  });
}

Status Queue::put_off(const QueuedQuery& query) {
  const Nanos late = std::max(Nanos(), world_.clock.wall() - query.next);
  const WallTime next =
      query.next + Nanos{(late.count / kTriedAgain.count + 1) * kTriedAgain.count};
  return world_.lend([&](sql::Connection& connection) -> Status {
    MC_TRY([[maybe_unused]] const std::int64_t rows,
           connection.execute("UPDATE dp_queue SET next_at = ?3 WHERE tenant_id = ?1 AND queue_id "
                              "= ?2 AND state = 'waiting'",
                              {query.tenant.get(), query.id, to_unix_ms(next)}));
    return ok();
  });
}

Result<std::int64_t> Queue::count() {
  std::int64_t out = 0;
  MC_TRY_OK(world_.lend([&](sql::Connection& connection) -> Status {
    MC_TRY(out, count_of(connection, "state = 'waiting'", {}));
    return ok();
  }));
  return out;
}

}  // namespace mc::planner
