#include <chrono>

#include "json/json.h"
#include "maestro/demo_world.h"
#include "net/net.h"

namespace mc::app {
namespace {

struct Ask {
  const char* operation;
  const char* query;
  bool needs_id;
};

// What the people of a tenant ask all day. The last one is wrong on purpose: refusals are part of
// any real picture.
constexpr Ask kAsks[] = {
    {"PersonCard",
     "query PersonCard($id: ID!) { person(id: $id) { fullName country city occupation riskScore } "
     "}",
     true},
    {"PersonGraph",
     "query PersonGraph($id: ID!) { person(id: $id) { fullName organisation { name country } "
     "assets(first: 5) { edges { node { kind value } } } "
     "events(first: 5) { edges { node { kind severity occurredAt } } } } }",
     true},
    {"RiskyPeople",
     "query RiskyPeople { persons(first: 20, filter: {riskScore: {gte: 80}}) "
     "{ edges { node { id fullName riskScore } } pageInfo { hasNextPage endCursor } } }",
     false},
    {"RecentEvents",
     "query RecentEvents { events(first: 20, filter: {severity: {gte: 4}}) "
     "{ edges { node { kind severity city occurredAt } } } }",
     false},
    {"Organisations",
     "query Organisations { organisations(first: 15) "
     "{ edges { node { name kind employees people(first: 3) { edges { node { fullName } } } } } } "
     "}",
     false},
    {"Mistyped", "query Mistyped { persons(first: 1) { edges { node { fullNam } } } }", false},
};
constexpr std::size_t kAskCount = sizeof kAsks / sizeof kAsks[0];
constexpr std::string_view kIdsQuery = "{ persons(first: 200) { edges { node { id } } } }";

net::ClientRequest make_request(const std::string& url, const std::string& token,
                                std::string body) {
  net::ClientRequest request;
  request.method = "POST";
  request.url = url + "/graphql";
  request.headers = {{"Content-Type", "application/json"}, {"Authorization", "Bearer " + token}};
  request.body = std::move(body);
  request.timeout = seconds(5);
  return request;
}

std::string to_body(std::string_view query, std::string_view operation, const std::string& id) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().member("query", query);
  if (!operation.empty()) writer.member("operationName", operation);
  if (!id.empty()) writer.key("variables").begin_object().member("id", id).end_object();
  writer.end_object();
  return out;
}

}  // namespace

Driver::Driver(std::string url, std::vector<std::string> tokens, std::uint64_t seed, int rate)
    : url_(std::move(url)),
      tokens_(std::move(tokens)),
      ids_(tokens_.size()),
      state_(seed),
      rate_(rate),
      thread_([this] { run(); }) {}

Driver::~Driver() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  for (std::string& token : tokens_) wipe(token);
}

// SplitMix64: which question comes next is for show, not for secrecy.
std::uint64_t Driver::random() {
  std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

std::vector<std::string> Driver::fetch_ids(const std::string& token) {
  std::vector<std::string> ids;
  const Result<net::Response> response =
      net::Client::make()->fetch(make_request(url_, token, to_body(kIdsQuery, "", "")));
  if (!response) return ids;
  const Result<json::Value> body = json::parse(response->body);
  const json::Value* at = body ? &*body : nullptr;
  for (const char* step : {"data", "persons", "edges"}) {
    if (at != nullptr) at = at->find(step);
  }
  if (at == nullptr || at->as_array() == nullptr) return ids;
  for (const json::Value& edge : *at->as_array()) {
    const json::Value* node = edge.find("node");
    const json::Value* id = node == nullptr ? nullptr : node->find("id");
    if (id != nullptr && id->as_string() != nullptr) ids.push_back(*id->as_string());
  }
  return ids;
}

std::string Driver::next_body(std::size_t tenant) {
  const std::vector<std::string>& ids = ids_[tenant];
  // Cards are asked most, mistakes are rare.
  const std::uint64_t dice = random() % 100;
  std::size_t ask = dice < 45   ? 0
                    : dice < 65 ? 1
                    : dice < 78 ? 2
                    : dice < 90 ? 3
                    : dice < 99 ? 4
                                : 5;
  if (kAsks[ask].needs_id && ids.empty()) ask = 2;
  const std::string id = kAsks[ask].needs_id ? ids[random() % ids.size()] : "";
  static_assert(kAskCount == 6);
  return to_body(kAsks[ask].query, kAsks[ask].operation, id);
}

void Driver::run() {
  for (std::size_t i = 0; i < tokens_.size(); ++i) ids_[i] = fetch_ids(tokens_[i]);
  const std::unique_ptr<net::Client> client = net::Client::make();
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    // alpha asks most, nimbus least.
    const std::uint64_t dice = random() % 10;
    const std::size_t tenant = std::min<std::size_t>(tokens_.size() - 1, dice < 5   ? 0
                                                                         : dice < 8 ? 1
                                                                         : dice < 9 ? 2
                                                                                    : 3);
    // A refused or failed request is part of the show; the server has logged it.
    static_cast<void>(client->fetch(make_request(url_, tokens_[tenant], next_body(tenant))));
    lock.lock();
    wake_.wait_for(lock, std::chrono::milliseconds(1000 / rate_), [this] { return stopping_; });
  }
}

}  // namespace mc::app
