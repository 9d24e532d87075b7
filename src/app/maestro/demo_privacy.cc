#include "maestro/demo_privacy.h"

#include "json/json.h"
#include "maestro/privacy_settings.h"
#include "maestro/settings.h"
#include "net/net.h"

namespace mc::app {
namespace {

constexpr int kCounts = 16;  // of 0.5 each, of a budget of 10
constexpr const char* kProfile = "people";
constexpr const char* kPurpose = "investigation";  // that people state in the portal

// `key`: the same again does nothing.
Result<json::Value> post(const std::string& url, const std::string& token, json::Value body,
                         const std::string& key = "") {
  const std::unique_ptr<net::Client> client = net::Client::make();
  net::ClientRequest request;
  request.method = "POST";
  request.url = url;
  request.headers = {{"Content-Type", "application/json"},
                     {"Authorization", "Bearer " + token},
                     {"X-MC-Purpose", kPurpose}};
  if (!key.empty()) request.headers.emplace_back("Idempotency-Key", key);
  request.body = json::print(body);
  request.timeout = seconds(10);
  MC_TRY(const net::Response response, client->fetch(request));
  return json::parse(response.body);
}

json::Value count_of(int risk, const char* epsilon) {
  json::Object out;
  out.set("operationName", "PeopleAtRisk");
  out.set("query", "query PeopleAtRisk { personsDP { count(where: {riskScore: {gte: " +
                       std::to_string(risk) + "}}, epsilon: \"" + epsilon +
                       "\") { verdict rows { value low high } } } }");
  return out;
}

}  // namespace

void set_demo_privacy(PrivacySettings& settings) {
  settings.other_datasets.filter = "approx";
  settings.plans["default"].window = {.epsilon = "10", .delta = "0.0001", .rho = ""};
  settings.plans["starter"].window = {.epsilon = "5", .delta = "0.0001", .rho = ""};
}

void set_demo_exports(Settings& settings, const std::string& folder) {
  using exporting::Role;
  exporting::Profile people;
  people.dataset = "person";
  people.purposes = {kPurpose};
  people.search_time = seconds(5);
  people.columns = {{"country", {Role::quasi, folder + "/country.csv", {}}},
                    {"riskScore", {Role::quasi, folder + "/risk.csv", {}}},
                    {"occupation", {Role::sensitive, "", {}}},
                    {"watchlisted", {Role::insensitive, "", {}}}};
  settings.exports.profiles[kProfile] = std::move(people);
}

Status write_demo_hierarchies(sys::Files& files, const std::string& folder) {
  MC_TRY_OK(files.write_atomic(folder + "/country.csv",
                               "CA;America;*\nDE;Europe;*\nFR;Europe;*\nSE;Europe;*\n"
                               "US;America;*\n"));
  std::string risk;
  for (int score = 0; score <= 100; ++score) {
    const auto band = [&](int width) {
      const int from = score / width * width;
      return std::to_string(from) + "-" + std::to_string(from + width - 1);
    };
    risk += std::to_string(score) + ";" + band(5) + ";" + band(25) + ";*\n";
  }
  return files.write_atomic(folder + "/risk.csv", risk);
}

PrivacyStory::PrivacyStory(std::string url, Tokens tokens)
    : url_(std::move(url)), tokens_(std::move(tokens)), thread_([this] { run(); }) {}

PrivacyStory::~PrivacyStory() {
  end_ = true;
  thread_.join();
  for (std::string* token : {&tokens_.analyst, &tokens_.dpo, &tokens_.oper}) wipe(*token);
}

// What does not come about is missing in the demo, and nothing else.
void PrivacyStory::run() {
  if (spend()) static_cast<void>(ask_for_more());
  if (!end_) static_cast<void>(export_people());
}

// The portal shows it when it is ready; nobody waits for that.
Status PrivacyStory::export_people() {
  json::Object body;
  body.set("profile", kProfile);
  body.set("purpose", kPurpose);
  MC_TRY([[maybe_unused]] const json::Value asked,
         post(url_ + "/v1/tenants/alpha/exports", tokens_.dpo, std::move(body), "demo-people"));
  return ok();
}

Status PrivacyStory::spend() {
  for (int i = 0; i < kCounts && !end_; ++i) {
    MC_TRY([[maybe_unused]] const json::Value answer,
           post(url_ + "/graphql", tokens_.analyst, count_of(80 + i, "0.5")));
  }
  // 1.8 of 10 is left; the next one wants 2.
  for (const char* epsilon : {"0.2", "2"}) {
    MC_TRY([[maybe_unused]] const json::Value answer,
           post(url_ + "/graphql", tokens_.analyst, count_of(60, epsilon)));
  }
  return ok();
}

Status PrivacyStory::ask_for_more() {
  json::Object warrant;
  warrant.set("class", "support-ticket");
  warrant.set("reference", "TKT-4711");
  warrant.set("reason", "Quarterly risk report needs three more counts");
  warrant.set("principals", "carl");  // opens nothing to the others, who are seen without one
  warrant.set("lifetime", "7d");
  MC_TRY(const json::Value made,
         post(url_ + "/v1/tenants/alpha/warrants", tokens_.oper, std::move(warrant)));
  const json::Value* const id = made.find("id");
  if (id == nullptr || id->as_string() == nullptr) return fail(Code::unavailable, "no warrant");
  json::Object more;
  more.set("dataset", "person");
  more.set("purpose", kPurpose);
  more.set("epsilon", "2");
  more.set("lifetime", "7d");
  more.set("warrant", *id);
  more.set("ticket", "TKT-4711");
  more.set("reason", "Quarterly risk report needs three more counts");
  MC_TRY([[maybe_unused]] const json::Value asked,
         post(url_ + "/v1/tenants/alpha/privacy/top-ups", tokens_.dpo, std::move(more)));
  return ok();
}

}  // namespace mc::app
