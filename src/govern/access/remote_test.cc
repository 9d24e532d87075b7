#include "access/remote.h"

#include <deque>

#include "access/remote_answer.h"
#include "contract/access_world.h"

namespace mc::access {
namespace {

using testing::Ada;
using testing::joined;
using testing::masks_of;
using testing::people;
using testing::reading;
using Kind = RemoteEvent::Kind;

const std::string kAllowed =
    R"({"result": {"allow": true, "rules": ["r"], "reasons": [],)"
    R"( "obligations": {"mask": {"email": "hash"}}}, "decision_id": "eefb-1",)"
    R"( "provenance": {"bundles": {"b": {"revision": "2"}, "a": {"revision": "1"}}}})";
const std::string kEvaluationFailed =
    R"({"code": "internal_error", "message": "error(s) occurred while evaluating query",)"
    R"( "errors": [{"code": "eval_conflict_error", "message": "ada@alpha", "location": {}}]})";

struct Step {
  Result<net::Response> reply;
  Nanos took = millis(1);
};
Step answers(int status, std::string body, Nanos took = millis(1)) {
  return {net::Response{.status = status, .headers = {}, .body = std::move(body)}, took};
}
Step fails(Code code, std::string what) {
  return {fail(code, std::move(what)), millis(1)};
}

// The server elsewhere, as a list of what it will say.
struct Peer {
  sim::SimClock& clock;
  std::deque<Step> steps;
  std::vector<net::ClientRequest> asked;
};
class ScriptedClient final : public net::Client {
 public:
  explicit ScriptedClient(Peer& peer) : peer_(peer) {}
  Result<net::Response> fetch(const net::ClientRequest& request) override {
    peer_.asked.push_back(request);
    REQUIRE(!peer_.steps.empty());
    const Step step = std::move(peer_.steps.front());
    peer_.steps.pop_front();
    peer_.clock.advance(step.took);
    return step.reply;
  }

 private:
  Peer& peer_;
};

struct World {
  explicit World(RemoteConfig config = {}) {
    if (config.url.empty()) config.url = "http://127.0.0.1:8181";
    if (!config.token_file.empty()) {
      REQUIRE(files.write_atomic(config.token_file, "token-1\n"));
    }
    auto made =
        Remote::make({clock, files, [this] { return std::make_unique<ScriptedClient>(peer); },
                      [this](const RemoteEvent& event) { events.push_back(event); },
                      [this](Nanos time) { took.push_back(time); }},
                     std::move(config));
    REQUIRE_MESSAGE(made, made.error().what);
    remote = std::move(*made);
    gate.emplace(Gate::World{engine, clock, random, &log, remote.get()});
  }
  Verdict decide() {
    const Ada ada;
    return gate->decide(reading(ada.caller, resource));
  }
  Verdict decide(Step step) {
    peer.steps.push_back(std::move(step));
    return decide();
  }
  std::vector<Kind> kinds() const {
    std::vector<Kind> out;
    for (const RemoteEvent& event : events) out.push_back(event.kind);
    return out;
  }

  sim::SimClock clock;
  sim::SimRandom random;
  sim::SimFiles files;
  policy::Engine engine;  // of this process: asked for nothing here
  DecisionLog log{files, "decisions", {}};
  Resource resource = people();
  Peer peer{clock, {}, {}};
  std::vector<RemoteEvent> events;
  std::vector<Nanos> took;
  std::unique_ptr<Remote> remote;
  std::optional<Gate> gate;
};

bool is_policy_error(const Verdict& verdict) {
  return !verdict.allow && verdict.reasons == std::vector<std::string>{"policy-error"} &&
         verdict.rule_ids.empty() && verdict.obligations == Obligations{} &&
         verdict.decision_id.starts_with("dec_");
}

TEST_CASE("remote: an answer becomes a verdict, with the revisions and the id of the server") {
  World world;
  const Verdict verdict = world.decide(answers(200, kAllowed));
  CHECK(verdict.allow);
  CHECK(joined(verdict.rule_ids) == "r");
  CHECK(masks_of(verdict) == "keep keep hash keep keep");
  CHECK(verdict.revision == "a@1,b@2");
  CHECK(verdict.opa_decision_id == "eefb-1");
  CHECK(verdict.decision_id.starts_with("dec_"));
  const Verdict denied = world.decide(
      answers(200, R"({"result": {"allow": false, "rules": [], "reasons": ["purpose-missing"]}})"));
  CHECK(!denied.allow);
  CHECK(joined(denied.reasons) == "purpose-missing");
  CHECK(denied.revision == "opa");
  CHECK(denied.opa_decision_id.empty());
  CHECK(world.remote->counters().answered == 2);
  CHECK(world.remote->revision() == "opa");
  CHECK(world.events.empty());
  CHECK(world.took == std::vector<Nanos>{millis(1), millis(1)});
}

TEST_CASE("remote: the request is the input that policies of this process would see") {
  World world({.url = "http://localhost:8181/", .timeout = millis(70), .token_file = "opa.token"});
  REQUIRE(world.decide(answers(200, kAllowed)).allow);
  const net::ClientRequest& request = world.peer.asked.at(0);
  CHECK(request.method == "POST");
  CHECK(request.url == "http://localhost:8181/v1/data/mc/access/decision?provenance=true");
  CHECK(request.headers ==
        net::Headers{{"Content-Type", "application/json"}, {"Authorization", "Bearer token-1"}});
  CHECK(request.timeout <= millis(70));
  CHECK(request.timeout > millis(0));
  CHECK(request.response_bytes_max == std::int64_t{kRemoteAnswerBytesMax});
  term::Arena arena;
  const auto body = term::parse_json(arena, request.body);
  REQUIRE(body.has_value());
  CHECK(body->size() == 1);

  // The same request, decided by policies that show their input.
  policy::Engine engine;
  const std::string sent = term::to_json(body->find("input"));
  engine.activate(testing::rules_of(
      R"(decision := {"allow": input == data.mc.expected, "rules": [], "reasons": []})", "r1",
      sent));
  const Ada ada;
  sim::SimClock at_the_same_time;
  Gate own({engine, at_the_same_time, world.random});
  CHECK(own.decide(reading(ada.caller, world.resource)).allow);
  at_the_same_time.advance(millis(1));
  CHECK(!own.decide(reading(ada.caller, world.resource)).allow);
}

TEST_CASE("remote: a path of its own is taken as it is") {
  World world({.url = "https://opa.example:8443/team/v1/data/acme/decision", .ca_file = "ca.pem"});
  REQUIRE(world.decide(answers(200, kAllowed)).allow);
  CHECK(world.peer.asked.at(0).url ==
        "https://opa.example:8443/team/v1/data/acme/decision?provenance=true");
  CHECK(world.peer.asked.at(0).ca_file == "ca.pem");
}

TEST_CASE("remote: whatever goes wrong denies, is counted, and is told without the input") {
  struct Row {
    const char* name;
    Step step;
    std::uint64_t RemoteCounters::* counted;
    const char* told;
  };
  const std::string deep = "{\"result\":" + std::string(40, '[') + std::string(40, ']') + "}";
  const auto failed = &RemoteCounters::failed;
  const Row rows[] = {
      {"refused", fails(Code::unavailable, "Connection refused"), failed, "Connection refused"},
      {"timed out", fails(Code::unavailable, "Operation timed out"), failed, "timed out"},
      {"too large", fails(Code::exhausted, "larger than 1048576 bytes"), failed, "1048576"},
      {"unauthorized", answers(401, R"({"code": "unauthorized"})"), failed, "status 401"},
      {"not found", answers(404, "{}"), failed, "status 404"},
      {"a redirect", answers(302, kAllowed), failed, "status 302"},
      {"busy", answers(429, "{}"), failed, "status 429"},
      {"unavailable", answers(503, kAllowed), failed, "status 503"},
      {"an error that is not of the policies",
       answers(500, R"({"code": "internal_error", "errors": [{"code": "storage_error"}]})"), failed,
       "status 500"},
      {"an error without a code", answers(500, "ada@alpha"), failed, "status 500"},
      {"another success", answers(201, kAllowed), failed, "status 201"},
      {"empty", answers(200, ""), failed, "no JSON"},
      {"a page", answers(200, "<html>ada@alpha</html>"), failed, "no JSON"},
      {"cut short", answers(200, kAllowed.substr(0, kAllowed.size() - 1)), failed, "no JSON"},
      {"two answers", answers(200, kAllowed + kAllowed), failed, "no JSON"},
      {"a list", answers(200, "[" + kAllowed + "]"), failed, "no object"},
      {"too deep", answers(200, deep), failed, "deeper than 32"},
      {"undefined", answers(200, R"({"decision_id": "1"})"), &RemoteCounters::undefined,
       "no answer"},
      {"a failed evaluation", answers(500, kEvaluationFailed), &RemoteCounters::error,
       "eval_conflict_error"},
      {"null", answers(200, R"({"result": null})"), &RemoteCounters::error, "decision is null"},
      {"the whole package", answers(200, R"({"result": {"decision": {"allow": true}}})"),
       &RemoteCounters::error, "allow"},
      {"an unknown obligation",
       answers(200, R"({"result": {"allow": true, "rules": [], "reasons": [],)"
                    R"( "obligations": {"hide": ["id"]}}})"),
       &RemoteCounters::error, "'hide'"}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    World world;
    const Verdict verdict = world.decide(row.step);
    CHECK(is_policy_error(verdict));
    CHECK(verdict.revision == "opa");
    CHECK(world.remote->counters().*row.counted == 1);
    CHECK(world.remote->counters().answered == 0);
    REQUIRE(world.events.size() == 1);
    CHECK(world.events[0].kind == Kind::failed);
    CAPTURE(world.events[0].why);
    CHECK(world.events[0].why.find(row.told) != std::string::npos);
    CHECK(world.events[0].why.find("ada") == std::string::npos);
    CHECK(world.decide(answers(200, kAllowed)).allow);
  }
}

TEST_CASE("remote: names that are long or no line are left out") {
  struct Row {
    const char* name;
    std::string more;
    std::string revision, id;
  };
  const std::string wide(257, 'x');
  const Row rows[] = {
      {"none", "", "opa", ""},
      {"of another type", R"(, "decision_id": 7, "provenance": [])", "opa", ""},
      {"bundles of another type", R"(, "provenance": {"bundles": ["a"]})", "opa", ""},
      {"a revision of another type", R"(, "provenance": {"bundles": {"a": {"revision": 7}}})",
       "opa", ""},
      {"no revision", R"(, "provenance": {"bundles": {"a": {}, "b": {"revision": "2"}}})", "b@2",
       ""},
      {"a line feed",
       R"(, "decision_id": "a\nb", "provenance": {"bundles": {"a": {"revision": "1\n2"}}})", "opa",
       ""},
      {"long",
       R"(, "decision_id": ")" + wide + R"(", "provenance": {"bundles": {"a": {"revision": ")" +
           wide + R"("}}})",
       "opa", ""},
      {"long together",
       R"(, "decision_id": "i", "provenance": {"bundles": {"a": {"revision": ")" + wide.substr(2) +
           R"("}}})",
       "opa", "i"}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    World world;
    const Verdict verdict = world.decide(
        answers(200, R"({"result": {"allow": true, "rules": [], "reasons": []})" + row.more + "}"));
    CHECK(verdict.allow);
    CHECK(verdict.revision == row.revision);
    CHECK(verdict.opa_decision_id == row.id);
  }
}

TEST_CASE("remote: after failures in a row nothing is asked but one trial a pause") {
  World world({.failures = 3, .pause = seconds(5)});
  CHECK(world.remote->paused().empty());
  for (int i = 0; i < 3; ++i) {
    CHECK(is_policy_error(world.decide(fails(Code::unavailable, "refused"))));
  }
  CHECK(world.remote->paused() == "refused");
  CHECK(world.kinds() == std::vector{Kind::failed, Kind::failed, Kind::failed, Kind::paused});
  CHECK(world.events.back().why == "refused");
  for (int i = 0; i < 4; ++i) CHECK(is_policy_error(world.decide()));
  CHECK(world.peer.asked.size() == 3);
  CHECK(world.remote->counters().unasked == 4);

  world.clock.advance(seconds(5));
  CHECK(is_policy_error(world.decide(answers(502, ""))));
  CHECK(is_policy_error(world.decide()));
  CHECK(world.peer.asked.size() == 4);
  CHECK(world.remote->paused().find("status 502") != std::string::npos);

  world.clock.advance(seconds(5));
  CHECK(world.decide(answers(200, kAllowed)).allow);
  CHECK(world.remote->paused().empty());
  CHECK(world.kinds() == std::vector{Kind::failed, Kind::failed, Kind::failed, Kind::paused,
                                     Kind::failed, Kind::resumed});
  CHECK(world.decide(answers(200, kAllowed)).allow);
  CHECK(world.remote->counters().failed == 4);
  CHECK(world.remote->counters().unasked == 5);
}

TEST_CASE("remote: what the policies answer, were it an error, never begins a pause") {
  World world({.failures = 2});
  const std::string bodies[] = {R"({"decision_id": "1"})", R"({"result": 1})"};
  for (int i = 0; i < 10; ++i) {
    CHECK(is_policy_error(world.decide(answers(500, kEvaluationFailed))));
    for (const std::string& body : bodies) {
      CHECK(is_policy_error(world.decide(answers(200, body))));
    }
    // One failure between answers is no row of them.
    CHECK(is_policy_error(world.decide(answers(503, ""))));
  }
  CHECK(world.remote->paused().empty());
  CHECK(world.peer.asked.size() == 40);
}

TEST_CASE("remote: the token is read again after ten seconds; without one nothing is sent") {
  World world({.token_file = "opa.token"});
  const auto sent = [&] { return world.peer.asked.back().headers.back().second; };
  REQUIRE(world.decide(answers(200, kAllowed)).allow);
  REQUIRE(world.files.write_atomic("opa.token", "  token-2  \nmore\n"));
  REQUIRE(world.decide(answers(200, kAllowed)).allow);
  CHECK(sent() == "Bearer token-1");
  world.clock.advance(seconds(10));
  REQUIRE(world.decide(answers(200, kAllowed)).allow);
  CHECK(sent() == "Bearer token-2");
  CHECK(world.peer.asked.size() == 3);

  world.clock.advance(seconds(10));
  REQUIRE(world.files.write_atomic("opa.token", "\n"));
  CHECK(is_policy_error(world.decide()));
  CHECK(world.events.back().why == "policy.opa.token_file: its first line is empty");
  REQUIRE(world.files.remove("opa.token"));
  CHECK(is_policy_error(world.decide()));
  CHECK(world.peer.asked.size() == 3);
  CHECK(world.remote->counters().failed == 2);
}

TEST_CASE("remote: without its token file it does not start") {
  sim::SimClock clock;
  sim::SimFiles files;
  const auto made = Remote::make({clock, files, nullptr, nullptr},
                                 {.url = "https://opa.example", .token_file = "none"});
  REQUIRE(!made);
  CHECK(made.error().what.find("none") != std::string::npos);
}

TEST_CASE("remote: a logged decision has the server's id, and can be made again") {
  World world;
  const Verdict verdict = world.decide(answers(200, kAllowed));
  const auto logged = world.log.find(verdict.decision_id);
  REQUIRE((logged && *logged));
  const std::string& line = (*logged)->json;
  CHECK(line.find(R"("revision":"a@1,b@2","opa_decision_id":"eefb-1","at_ms":)") !=
        std::string::npos);
  const auto refused = world.log.find(world.decide(answers(503, "")).decision_id);
  REQUIRE((refused && *refused));
  CHECK((*refused)->json.find("opa_decision_id") == std::string::npos);
  CHECK((*refused)->json.find(R"("reasons":["policy-error"])") != std::string::npos);
  term::Arena arena;
  CHECK(input_of(arena, **logged, [&](auto, auto) { return &world.resource; }).is_object());
}

TEST_CASE("remote: a configuration that would send inputs or tokens astray is refused") {
  struct Row {
    RemoteConfig config;
    const char* named;  // "" = it is good
  };
  const Row rows[] = {
      {{}, ""},
      {{.url = "http://127.0.0.1:8181"}, ""},
      {{.url = "http://localhost"}, ""},
      {{.url = "http://[::1]:8181/v1/data/a"}, ""},
      {{.url = "https://opa.example"}, ""},
      {{.url = "https://opa.example/v1/data/a", .token_file = "t", .ca_file = "c"}, ""},
      {{.token_file = "t"}, "policy.opa.url is needed"},
      {{.ca_file = "c"}, "policy.opa.url is needed"},
      {{.url = "http://opa.example:8181"}, "policy.opa.url must be https://"},
      {{.url = "http://127.0.0.1.example"}, "policy.opa.url must be https://"},
      {{.url = "opa.example"}, "policy.opa.url must be https://"},
      {{.url = "unix:///run/opa.sock"}, "policy.opa.url must be https://"},
      {{.url = "https://ada:secret@opa.example"}, "user name"},
      {{.url = "https://opa.example/v1/data/a?pretty"}, "policy.opa.url has a query"},
      {{.url = "https://opa.example/#a"}, "fragment"},
      {{.url = "https://opa.example/a b"}, "character"},
      {{.url = "http://127.0.0.1:8181", .ca_file = "c"}, "policy.opa.ca_file"}};
  for (const Row& row : rows) {
    CAPTURE(row.config.url);
    const Status checked = row.config.check();
    CHECK(checked.has_value() == std::string(row.named).empty());
    if (!checked) CHECK(checked.error().what.find(row.named) != std::string::npos);
  }
}

}  // namespace
}  // namespace mc::access
