// Non-interference: what alpha is told does not depend on whether bravo's rows exist. Two worlds,
// one without bravo, get the same generated requests; every answer must have the same bytes.
// Cursors are deterministic, so they are compared as well and used in later requests.
#include <doctest/doctest.h>

#include "contract/dataset_contract.h"

namespace mc::dataset::contract {
namespace {

class RequestMaker {
 public:
  RequestMaker(Dice& dice, const std::vector<std::string>& cursors)
      : dice_(dice), cursors_(cursors) {}

  std::string query() {
    std::string out = "{";
    for (std::size_t i = 1 + dice_.below(3); i > 0; --i)
      out += " f" + std::to_string(i) + ": " + root();
    return out + " }";
  }

  std::string mutation() {
    const std::string id = "\"" + person_id() + "\"";
    switch (dice_.below(6)) {
      case 0:
        return "mutation { createPerson(input: {id: " + id + ", big: 4, email: \"" +
               (dice_.one_in(2) ? "bravo " : "") + "m" + std::to_string(dice_.below(40)) +
               "@example.org\"}) " + person(1) + " }";
      case 1:
        return "mutation { deletePerson(id: " + id + version() + ") }";
      case 2:
        return "mutation { deleteOrder(id: " + std::to_string(dice_.below(130)) + ") }";
      case 3:
        return "mutation { createOrder(input: {id: " + std::to_string(dice_.below(200)) +
               ", personId: " + id + ", total: 3.5, status: \"open\"}) " + order(1) + " }";
      case 4:
        return "mutation { updateOrder(id: " + std::to_string(dice_.below(130)) +
               ", input: {personId: " + id + "}) " + order(1) + " }";
      default:
        return "mutation { updatePerson(id: " + id +
               ", input: {age: " + std::to_string(dice_.below(9)) + ", bossId: \"" + person_id() +
               "\"}" + version() + ") " + person(1) + " }";
    }
  }

 private:
  std::string root() {
    switch (dice_.below(6)) {
      case 0:
        return "person(id: \"" + person_id() + "\") " + person(2);
      case 1:
        return "order(id: \"" + std::to_string(dice_.below(130)) + "\") " + order(2);
      case 2:
        return "people" + arguments(true, true) + connection(true, 2);
      case 3:
        return "orders" + arguments(false, true) + connection(false, 2);
      case 4:
        return "peopleAggregate" + filter_only(true) + aggregate("age", "big", "active");
      default:
        return "ordersAggregate" + filter_only(false) + aggregate("total", "total", "status");
    }
  }

  std::string person_id() { return "p" + std::to_string(dice_.below(45)); }
  std::string version() { return dice_.one_in(3) ? ", expectedVersion: 1" : ""; }

  std::string person(int depth) {
    static const std::vector<std::string> kFields = {
        "id",  "name",  "age",    "score", "active",  "born",      "seen",
        "big", "extra", "bossId", "email", "version", "__typename"};
    std::string out = "{ id";
    for (std::size_t i = dice_.below(4); i > 0; --i) out += " " + dice_.of(kFields);
    if (depth > 0 && dice_.one_in(2)) out += " chief: boss " + person(depth - 1);
    if (depth > 0 && dice_.one_in(2)) {
      out += " team: reports" + arguments(true, false) + connection(true, depth - 1);
    }
    if (depth > 0 && dice_.one_in(2)) {
      out += " orders" + arguments(false, false) + connection(false, depth - 1);
    }
    return out + " }";
  }

  std::string order(int depth) {
    std::string out = "{ id total status personId";
    if (depth > 0 && dice_.one_in(2)) out += " person " + person(depth - 1);
    return out + " }";
  }

  std::string connection(bool people, int depth) {
    const std::string node = people ? person(depth) : order(depth);
    std::string out = " { ";
    if (dice_.one_in(2)) out += "totalCount ";
    if (dice_.one_in(2)) out += "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } ";
    return out + (dice_.one_in(2) ? "nodes " + node : "edges { cursor node " + node + " }") + " }";
  }

  std::string aggregate(const std::string& a, const std::string& b, const std::string& by) {
    return " { count sum { " + a + " } max { " + b + " } min { " + a + " } avg { " + b +
           " } groups(by: " + by + ", first: 7) { key count max { " + a + " } } }";
  }

  std::string filter_text(bool people) {
    static const std::vector<std::string> kPeople = {
        "age: {gt: 2}",
        "age: {isNull: true}",
        "name: {contains: \"a\"}",
        "name: {startsWith: \"bravo\"}",
        "not: {active: {eq: true}}",
        "score: {lte: 0.2}",
        "or: [{age: {lt: 0}}, {big: {gt: 9007199254740993}}]",
        "bossId: {in: [\"p1\", \"p2\"]}",
        "not: {id: {in: []}}",
        "or: []",
        "born: {gte: \"1974-01-01\"}",
        "name: {ne: \"' OR 1=1 --\"}",
        "not: {not: {id: {ne: \"p1\"}}}"};
    static const std::vector<std::string> kOrders = {"status: {eq: \"paid\"}",
                                                     "status: {startsWith: \"bravo\"}",
                                                     "total: {gt: 10}",
                                                     "id: {in: [1, 2, 3]}",
                                                     "not: {status: {eq: \"open\"}}",
                                                     "or: [{}, {total: {lt: 3}}]",
                                                     "personId: {notIn: [\"p1\"]}"};
    return "filter: {" + dice_.of(people ? kPeople : kOrders) + "}";
  }
  std::string filter_only(bool people) {
    return dice_.one_in(2) ? "(" + filter_text(people) + ")" : std::string();
  }

  std::string arguments(bool people, bool backward) {
    static const std::vector<std::string> kPeople = {"age", "name", "score", "born", "bossId"};
    static const std::vector<std::string> kOrders = {"total", "status", "personId"};
    std::string out = "(";
    const bool last = backward && dice_.one_in(3);
    out += (last ? "last: " : "first: ") + std::to_string(dice_.below(12));
    if (dice_.one_in(2)) out += " " + filter_text(people);
    if (dice_.one_in(2)) {
      out += " order: [{field: " + dice_.of(people ? kPeople : kOrders) +
             (dice_.one_in(2) ? ", direction: DESC}]" : "}]");
    }
    if (!cursors_.empty() && dice_.one_in(3)) {
      out += std::string(last ? " before: \"" : " after: \"") + dice_.of(cursors_) + "\"";
    }
    return out + ")";
  }

  Dice& dice_;
  const std::vector<std::string>& cursors_;
};

void collect_cursors(const json::Value& value, std::vector<std::string>& out) {
  if (const json::Array* items = value.as_array()) {
    for (const json::Value& item : *items) collect_cursors(item, out);
  }
  const json::Object* object = value.as_object();
  if (object == nullptr) return;
  for (const json::Member& member : object->members()) {
    const bool cursor = member.name == "cursor" || member.name == "endCursor";
    if (cursor && member.value.as_string() != nullptr) out.push_back(*member.value.as_string());
    collect_cursors(member.value, out);
  }
}

}  // namespace

void run_isolation(const Backend& backend, int requests) {
  World alone(backend, {"alpha"});
  World together(backend, {"bravo", "alpha"});
  const std::string bravo = together.dump("bravo");
  std::vector<std::string> cursors;
  // Cursors of the other tenant are tried as well; they must be refused alike.
  collect_cursors(together.ask("bravo", "{ people(first: 9) { edges { cursor } } }").json, cursors);
  int answered = 0;
  for (int i = 0; i < requests; ++i) {
    Dice dice(static_cast<std::uint64_t>(i) * 977 + 3);
    RequestMaker maker(dice, cursors);
    const std::string text = dice.one_in(8) ? maker.mutation() : maker.query();
    CAPTURE(text);
    const Reply expected = alone.ask("alpha", text);
    const Reply reply = together.ask("alpha", text);
    CHECK(reply.body == expected.body);
    CHECK(reply.body.find("bravo-paid") == std::string::npos);
    if (reply.code().empty()) ++answered;
    if (cursors.size() < 200) collect_cursors(reply.json, cursors);
  }
  CHECK(answered > requests / 2);
  CHECK(together.dump("bravo") == bravo);
}

}  // namespace mc::dataset::contract
