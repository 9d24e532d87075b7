#include "isolation/requests.h"

#include "contract/guarded_world.h"
#include "json/json.h"

namespace mc::isolation {

std::string RequestMaker::arguments() {
  static const std::vector<std::string> kFilters = {
      "name: {contains: \"bravo\"}",   "email: {eq: \"m3@bravo.example\"}",
      "name: {startsWith: \"alpha\"}", "age: {gt: 30}",
      "not: {id: {in: []}}",           "or: [{}, {age: {isNull: true}}]",
      "name: {ne: \"' OR 1=1 --\"}",   "tenant_id: {eq: \"bravo\"}",
      "bossId: {in: [\"p1\", \"p2\"]}"};
  std::string out = "(first: " + std::to_string(below(60));
  if (one_in(2)) out += " filter: {" + of(kFilters) + "}";
  if (one_in(3)) {
    out += one_in(2) ? " order: [{field: age}]" : " order: [{field: name, direction: DESC}]";
  }
  if (one_in(8)) out += " after: \"" + of(loot_.cursors) + "\"";
  return out + ")";
}

std::string RequestMaker::person(int depth) {
  std::string out = "{ id name";
  if (one_in(2)) out += " mail: email age";
  if (one_in(2)) out += " bossId __typename";
  if (depth > 0 && one_in(2)) out += " boss " + person(depth - 1);
  if (depth > 0 && one_in(2)) out += " reports(first: 5) { nodes " + person(depth - 1) + " }";
  if (depth > 0 && one_in(2)) out += " orders(first: 9) { totalCount nodes { id status total } }";
  return out + " }";
}

std::string RequestMaker::field(int depth) {
  switch (below(6)) {
    case 0:
      return "person(id: \"" + person_id() + "\") " + person(depth);
    case 1:
      return "order(id: \"" + std::to_string(below(130)) + "\") { id status person { name } }";
    case 2:
      return "people" + arguments() +
             " { totalCount pageInfo { hasNextPage endCursor } edges { cursor node " +
             person(depth) + " } }";
    case 3:
      return "orders(first: " + std::to_string(below(60)) +
             ") { totalCount nodes { id status personId total } }";
    case 4:
      return "peopleAggregate { count sum { age } max { name email } groups(by: name) { key count "
             "} "
             "}";
    default:
      return "ordersAggregate { count min { status total } avg { total } }";
  }
}

std::string RequestMaker::document() {
  std::string out = one_in(4) ? "query Q {" : "{";
  for (std::size_t i = 1 + below(3); i > 0; --i) out += " f" + std::to_string(i) + ": " + field(2);
  return out + " }";
}

std::string RequestMaker::mutation() {
  const std::string id = "\"" + person_id() + "\"";
  const std::string number = std::to_string(below(200));
  switch (below(5)) {
    case 0:
      return "mutation { createPerson(input: {id: " + id + ", name: \"n\", email: \"m" +
             std::to_string(below(40)) + (one_in(2) ? "@bravo" : "@alpha") +
             ".example\"}) { id email } }";
    case 1:
      return "mutation { deletePerson(id: " + id + ") }";
    case 2:
      return "mutation { createOrder(input: {id: " + number + ", personId: " + id +
             ", total: 1.5, status: \"new\"}) { id person { name } } }";
    case 3:
      return "mutation { deleteOrder(id: " + number + ") }";
    default:
      return "mutation { updatePerson(id: " + id + ", input: {bossId: \"" + person_id() +
             "\"}) { id boss { name } } }";
  }
}

// An id of the other tenant, alone, so that nothing but its registration could answer.
std::string RequestMaker::persisted() {
  const std::string& id = of(loot_.document_ids);
  if (one_in(2)) return R"({"documentId":"sha256:)" + id + "\"}";
  return R"({"extensions":{"persistedQuery":{"version":1,"sha256Hash":")" + id + "\"}}}";
}

std::string RequestMaker::malformed() {
  std::string body = guarded::body_of(document());
  switch (below(4)) {
    case 0:
      return body.substr(0, below(body.size()));
    case 1:
      body[below(body.size())] = static_cast<char>(below(256));
      return body;
    case 2:
      return R"({"query":"{ a }","query":"{ b }"})";
    default:
      return guarded::body_of("{ people { nodes { tenant_id bravo } } }");
  }
}

std::string RequestMaker::item() {
  switch (below(8)) {
    case 0:
      return persisted();
    case 1:
      return malformed();
    case 2:
      return guarded::body_of(mutation());
    default:
      return guarded::body_of(document());
  }
}

sim::FakeRequest RequestMaker::admin() {
  const std::string base = one_in(2) ? "/v1/tenants/bravo" : "/v1/tenants/alpha";
  const std::vector<std::string> paths = {"/v1/tenants",
                                          "/v1/datasets",
                                          base,
                                          base + "/principals",
                                          base + "/tokens",
                                          "/v1/tenants/alpha/../bravo",
                                          "/v1/tenants/%62ravo/tokens",
                                          "/v1/tenants/system/principals"};
  sim::FakeRequest request;
  request.headers = {{"Content-Type", "application/json"}, {"If-Match", "\"1\""}};
  request.method = "GET";
  request.target = of(paths);
  switch (below(5)) {
    case 0:
      request.method = "DELETE";
      request.target = base + "/tokens/" + loot_.token_id;
      break;
    case 1:
      request.method = "POST";
      request.target = "/v1/tenants/bravo/tokens";
      request.body = R"({"principal":"bea","scopes":"query"})";
      break;
    case 2:
      request.method = "PATCH";
      request.target = "/v1/tenants/bravo";
      request.body = R"({"state":"suspended"})";
      break;
    default:
      break;
  }
  return request;
}

sim::FakeRequest RequestMaker::next() {
  if (one_in(10)) return admin();
  sim::FakeRequest request;
  request.headers = {{"Content-Type", "application/json"}, {"X-Tenant-Id", "bravo"}};
  // Refused as a whole without a warrant, so most requests go without it.
  if (one_in(12)) request.headers.emplace_back("X-MC-Tenant", "bravo");
  if (one_in(3)) request.headers.emplace_back("Accept", "application/graphql-response+json");
  request.body = item();
  if (one_in(6)) {
    std::string batch = "[" + request.body;
    for (std::size_t i = below(4); i > 0; --i) batch += "," + item();
    request.body = batch + "]";
  }
  return request;
}

}  // namespace mc::isolation
