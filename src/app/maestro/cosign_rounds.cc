#include "maestro/cosign_rounds.h"

#include <algorithm>
#include <chrono>

namespace mc::app {
namespace {

constexpr std::chrono::milliseconds kLookEvery{100};
constexpr std::chrono::seconds kAgainAfter{10};  // when the quorum was not met
constexpr Nanos kTimeout = seconds(5);

Result<witness::Answer> post(net::Client& client, const std::string& url, const std::string& body) {
  net::ClientRequest request;
  request.method = "POST";
  request.url = url;
  request.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
  request.body = body;
  request.timeout = kTimeout;
  MC_TRY(net::Response response, client.fetch(request));
  witness::Answer out;
  out.status = response.status;
  out.body = std::move(response.body);
  return out;
}

}  // namespace

CosignRounds::CosignRounds(ledger::Ledger& ledger, log::Log& log, tlog::Policy policy)
    : ledger_(ledger),
      log_(log),
      client_(net::Client::make()),
      cosigner_(
          std::move(policy),
          [this](std::uint64_t older, std::uint64_t newer) {
            return ledger_.store().prove_consistency(ledger::kRootLog, older, newer);
          },
          [this](const std::string& url, const std::string& body) {
            return post(*client_, url, body);
          }) {}

Result<std::unique_ptr<CosignRounds>> CosignRounds::start(ledger::Ledger& ledger, log::Log& log,
                                                          std::string_view policy_text) {
  Result<tlog::Policy> policy = tlog::Policy::parse(policy_text);
  if (!policy) return fail(Code::invalid, "ledger.policy_file: " + policy.error().what);
  const auto& logs = policy->logs();
  const std::vector<tlog::NoteKey> keys = ledger.keys();
  const bool own = std::any_of(logs.begin(), logs.end(), [&](const tlog::NoteKey& each) {
    return std::any_of(keys.begin(), keys.end(),
                       [&](const tlog::NoteKey& key) { return key.print() == each.print(); });
  });
  if (!own) {
    return fail(Code::invalid,
                "ledger.policy_file: it has no line 'log " + ledger.key().print() + "'");
  }
  std::unique_ptr<CosignRounds> out(new CosignRounds(ledger, log, std::move(*policy)));
  out->thread_ = std::thread([rounds = out.get()] { rounds->run(); });
  return out;
}

CosignRounds::~CosignRounds() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  ended_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void CosignRounds::run() {
  std::string asked;
  auto again = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, kLookEvery, [this] { return end_; })) {
    const std::string checkpoint = ledger_.checkpoint();
    const auto now = std::chrono::steady_clock::now();
    if (checkpoint == asked && (quorum_ || now < again)) continue;
    asked = checkpoint;
    again = now + kAgainAfter;
    lock.unlock();
    ask(checkpoint);
    lock.lock();
  }
}

void CosignRounds::ask(const std::string& checkpoint) {
  const Result<witness::Cosigner::Cosigned> cosigned = cosigner_.cosign(checkpoint);
  if (!cosigned) {
    log_.warn("ledger.cosign_failed", {{"why", cosigned.error().what}});
    return;
  }
  for (const auto& [name, why] : cosigned->missing) {
    log_.warn("ledger.witness_missing", {{"witness", name}, {"why", why}});
  }
  missing_ = static_cast<std::int64_t>(cosigned->missing.size());
  quorum_ = cosigned->quorum;
  if (cosigned->quorum) ledger_.keep_cosigned(cosigned->checkpoint);
}

void CosignRounds::add_metrics(metric::Registry& metrics) const {
  metrics.collect_gauge({.name = "mc_ledger_witnesses_missing",
                         .help = "Witnesses that did not cosign the newest checkpoint."},
                        [this] { return static_cast<double>(missing_.load()); });
  metrics.collect_gauge(
      {.name = "mc_ledger_quorum", .help = "1 when the quorum has cosigned the newest checkpoint."},
      [this] { return quorum_ ? 1.0 : 0.0; });
}

}  // namespace mc::app
