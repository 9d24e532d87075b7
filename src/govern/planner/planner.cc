#include "planner/planner.h"

#include <algorithm>

#include "noise/noise.h"
#include "planner/quotes.h"
#include "planner/reading.h"
#include "planner/sql_form.h"

namespace mc::planner {
namespace {

using accountant::NanoEpsilon;
using accountant::State;
using dataset::PrivateAnswer;
using dataset::PrivateCall;
using dataset::PrivateRefusal;
using dataset::PrivateResult;

constexpr int kAttemptsMax = 64;  // of one question whose charges were burned

tl::unexpected<PrivateRefusal> refusal_of(Error error, std::string code = "") {
  PrivateRefusal out;
  out.error = std::move(error);
  out.code = std::move(code);
  return tl::unexpected<PrivateRefusal>(std::move(out));
}

std::string_view query_type(const Question& question) {
  return dataset::private_name(question.aggregate);
}

std::string error_text(const Question& question, __int128 units, int more_places) {
  const bool of_values = question.aggregate == dataset::PrivateAggregate::sum ||
                         question.aggregate == dataset::PrivateAggregate::mean;
  const int places = of_values && question.grid ? question.grid->places() : 0;
  return decimal_of(units, places + more_places);
}

Error under_way() {
  return {Code::unavailable, "this very question is being answered; its answer will be there", 1};
}

// That a table was too large, say, tells of the rows.
tl::unexpected<Error> untold(Error error) {
  if (error.code == Code::unavailable) return tl::unexpected<Error>(std::move(error));
  return fail(Code::unavailable, "this answer could not be made; what it costs stays spent");
}

std::string scope_text(const accountant::AccountKey& key) {
  std::string out(accountant::name_of(key.scope));
  if (!key.purpose.empty()) out += " of purpose " + key.purpose;
  return out;
}

}  // namespace

struct Planner::Engine {
  explicit Engine(sys::Random& random) : source(random), pool(source) {}
  noise::Source source;
  noise::Pool pool;
};

// Keeps others from a question while it is answered.
class Planner::Turn {
 public:
  Turn(Planner& planner, std::string question) : planner_(planner), question_(std::move(question)) {
    const std::lock_guard lock(planner_.mutex_);
    held_ = planner_.under_way_.insert(question_).second;
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    if (!held_) return;
    const std::lock_guard lock(planner_.mutex_);
    planner_.under_way_.erase(question_);
  }
  bool held() const { return held_; }

 private:
  Planner& planner_;
  const std::string question_;
  bool held_ = false;
};

Planner::Planner(World world, const Settings& settings)
    : world_(std::move(world)), settings_(settings) {}
Planner::~Planner() = default;

Result<NanoEpsilon> Planner::epsilon_of(const PrivateCall& call, const accountant::Plan& plan) {
  if (call.epsilon.empty()) return plan.query_default;
  return fixed::parse_decimal(call.epsilon, {"epsilon", fixed::kNanoDigits,
                                             settings_.epsilon_min.get(), plan.query_max.get()})
      .map([](std::int64_t nano) { return NanoEpsilon(nano); });
}

Result<Planner::Asked> Planner::asked(const PrivateCall& call) {
  const dataset::Dataset& dataset = world_.model.datasets[static_cast<std::size_t>(call.dataset)];
  Asked out;
  MC_TRY(out.question, question_of(dataset, call, settings_,
                                   snapshot_at(settings_.snapshot, world_.clock.wall())));
  MC_TRY(out.charge.plan, world_.plan_of(call.tenant));
  MC_TRY(out.epsilon, epsilon_of(call, world_.accountant.settings().plan(out.charge.plan)));
  if (!call.quote.empty()) MC_TRY_OK(take_quote(call, out));
  out.charge.tenant = call.tenant;
  out.charge.dataset = dataset.name;
  out.charge.purpose = call.caller.purpose;
  out.charge.analyst = PrincipalId(call.caller.subject);
  out.charge.query_type = query_type(out.question);
  out.charge.query = out.question.digest;
  out.charge.key = out.question.digest;
  MC_TRY_OK(reprice(out, out.epsilon));
  return out;
}

Status Planner::take_quote(const PrivateCall& call, Asked& asked) {
  MC_TRY(const Promise promise, read_quote(call.quote, world_.quote_key));
  if (promise.tenant != call.tenant.get() || promise.subject != call.caller.subject) {
    return fail(Code::invalid, "quote: is none of this service");
  }
  if (promise.question != asked.question.digest) {
    return fail(Code::conflict, "quote: was given for another query, or for an earlier snapshot");
  }
  if (promise.until <= world_.clock.wall()) {
    return fail(Code::conflict, "quote: has expired at " + format_rfc3339(promise.until));
  }
  if (!call.epsilon.empty() && promise.epsilon != asked.epsilon) {
    return fail(Code::conflict, "epsilon: is not that of the quote");
  }
  asked.epsilon = promise.epsilon;
  return ok();
}

Status Planner::reprice(Asked& asked, NanoEpsilon epsilon) {
  MC_TRY(asked.priced, priced(asked.question, epsilon, settings_));
  asked.epsilon = epsilon;
  asked.charge.cost = asked.priced.cost;
  asked.charge.mechanism = dp::noise_name(asked.priced.spec.noise);
  return ok();
}

// In memory, else at the accountant: after a restart, or of another server.
std::optional<Planner::Kept> Planner::kept(const Asked& asked) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = kept_.find(asked.question.digest);
    if (found != kept_.end() && found->second.epsilon >= asked.epsilon) return found->second;
  }
  std::optional<Kept> out = stored(asked);
  return out && out->epsilon < asked.epsilon ? std::nullopt : out;
}

std::optional<Planner::Kept> Planner::stored(const Asked& asked) {
  const Result<std::optional<accountant::ChargeRecord>> found =
      world_.accountant.released(asked.charge.tenant, asked.question.digest);
  if (!found || !*found) return std::nullopt;
  const accountant::ChargeRecord& charge = **found;
  Kept out{charge.charge.cost.epsilon, charge.id.get(), charge.result};
  keep(asked, out);
  return out;
}

void Planner::keep(const Asked& asked, Kept answer) {
  if (answer.bytes.size() > kKeptBytesMax) return;
  const std::lock_guard lock(mutex_);
  const auto [at, fresh] = kept_.try_emplace(asked.question.digest);
  if (!fresh && at->second.epsilon >= answer.epsilon) return;
  at->second = std::move(answer);
  if (fresh) kept_order_.push_back(asked.question.digest);
  if (kept_order_.size() <= kAnswersKeptMax) return;
  kept_.erase(kept_order_.front());
  kept_order_.pop_front();
}

// What all tenants together have spent says nothing here: it would be told by what passes.
bool Planner::fits(Asked& asked, std::int64_t epsilon) {
  if (!reprice(asked, NanoEpsilon(epsilon))) return false;
  const Result<accountant::Quote> quote = world_.accountant.quote(asked.charge);
  return quote && (!quote->refusal || quote->refusal->account.tenant.empty());
}

// The largest epsilon below what was asked that the budgets have: what is left, as a rule; found by
// halving where budgets add up otherwise than by epsilon.
std::optional<NanoEpsilon> Planner::nearest(Asked asked, NanoEpsilon left) {
  std::int64_t least = settings_.epsilon_min.get();
  std::int64_t high = asked.epsilon.get();
  if (least >= high) return std::nullopt;
  if (left.get() >= least && left.get() < high) {
    if (fits(asked, left.get())) return left;
    high = left.get();
  }
  while (least < high && !reprice(asked, NanoEpsilon(least))) least *= 2;
  if (least >= high || !fits(asked, least)) return std::nullopt;
  std::int64_t low = least;
  while (low + 1 < high) {
    const std::int64_t middle = low + (high - low) / 2;
    (fits(asked, middle) ? low : high) = middle;
  }
  return NanoEpsilon(low);
}

PrivateRefusal Planner::refused(const Asked& asked, const accountant::Refusal& refusal) {
  PrivateRefusal out;
  out.error = refusal.error();
  out.code = "DP_BUDGET_EXHAUSTED";
  out.budget = true;
  json::Object& more = out.extensions;
  more.set("verdict", "DENY");
  more.set("budget", scope_text(refusal.account));
  more.set("requested", accountant::to_decimal(refusal.requested));
  const bool own = !refusal.account.tenant.empty();
  if (own) more.set("remaining", accountant::to_decimal(refusal.epsilon_left));
  if (refusal.resets_at) {
    more.set("windowReset", format_rfc3339(*refusal.resets_at));
    const Nanos wait = *refusal.resets_at - world_.clock.wall();
    out.error.retry_after_s = std::max<std::int64_t>(1, (to_millis(wait) + 999) / 1'000);
  }
  if (!world_.override_url.empty()) more.set("overrideUrl", world_.override_url);
  if (!own) return out;
  const std::optional<NanoEpsilon> less = nearest(asked, refusal.epsilon_left);
  Asked cheaper = asked;
  if (less && reprice(cheaper, *less)) {
    json::Object near;
    near.set("epsilon", accountant::to_decimal(*less));
    near.set("rmse", error_text(asked.question, cheaper.priced.quote.value.rmse_milli, 3));
    more.set("nearest", std::move(near));
  }
  return out;
}

tl::expected<Offer, PrivateRefusal> Planner::offer(const PrivateCall& call) {
  const Result<Asked> made = asked(call);
  if (!made) return refusal_of(made.error());
  Offer out;
  out.cost = made->priced.cost;
  out.snapshot = made->question.snapshot;
  out.noise = dp::noise_name(made->priced.spec.noise);
  const dp::Quote& quote = made->priced.quote;
  out.rmse = error_text(made->question, quote.value.rmse_milli, 3);
  out.half_width = error_text(made->question, quote.value.half_width, 0);
  out.always_shown = quote.always_shown;
  const Result<accountant::Quote> budget = world_.accountant.quote(made->charge);
  if (!budget) return refusal_of(budget.error());
  out.accounts = budget->accounts;
  out.charges_left = budget->charges_left;
  out.verdict = "ALLOW";
  if (kept(*made)) {
    out.verdict = "CACHED";
    out.cost = {};
  } else if (budget->refusal) {
    Asked met = *made;
    met.short_of = *budget->refusal;
    out.refusal = refused(met, met.short_of);
    out.queue_runs_at = queue_time(call, met);
    out.verdict = call.may_queue && out.queue_runs_at ? "QUEUE" : "DENY";
    return out;
  }
  out.valid_until = whole_ms(world_.clock.wall() + settings_.quote_valid);
  out.id = print_quote({.tenant = call.tenant.get(),
                        .subject = call.caller.subject,
                        .question = made->question.digest,
                        .epsilon = made->epsilon,
                        .until = out.valid_until},
                       world_.quote_key);
  return out;
}

Result<dataset::PrivateQuestion> Planner::read_sql(std::string_view sql) const {
  return parse_sql(sql);
}

PrivateResult Planner::quoted(const PrivateCall& call) {
  tl::expected<Offer, PrivateRefusal> offer = this->offer(call);
  if (!offer) return tl::unexpected<PrivateRefusal>(std::move(offer).error());
  PrivateAnswer out;
  out.verdict = offer->verdict;
  out.epsilon = accountant::to_decimal(offer->cost.epsilon);
  out.delta = accountant::to_decimal(offer->cost.delta);
  out.mechanism = offer->noise;
  out.snapshot = offer->snapshot;
  dataset::PrivateQuote& quote = out.quote.emplace();
  quote.id = offer->id;
  if (!offer->id.empty()) quote.valid_until = format_rfc3339(offer->valid_until);
  quote.rmse = offer->rmse;
  quote.half_width = offer->half_width;
  quote.always_shown = offer->always_shown;
  // What all tenants together have spent is nobody's business.
  const accountant::Standing* least = nullptr;
  for (const accountant::Standing& each : offer->accounts) {
    const bool own = each.key.tenant == call.tenant.get();
    if (!own || !each.epsilon_left) continue;
    if (least == nullptr || *each.epsilon_left < *least->epsilon_left) least = &each;
  }
  if (least != nullptr) {
    quote.remaining = accountant::to_decimal(*least->epsilon_left);
    if (least->resets_at) quote.resets_at = format_rfc3339(*least->resets_at);
    const std::int64_t each = offer->cost.epsilon.get();
    if (each > 0) quote.queries_left = least->epsilon_left->get() / each;
  }
  if (offer->queue_runs_at) quote.queue_runs_at = format_rfc3339(*offer->queue_runs_at);
  if (offer->refusal) {
    const json::Value* const near = offer->refusal->extensions.find("nearest");
    const json::Value* const epsilon = near == nullptr ? nullptr : near->find("epsilon");
    if (epsilon != nullptr && epsilon->as_string() != nullptr)
      quote.nearest = *epsilon->as_string();
  }
  return out;
}

PrivateResult Planner::answer(const PrivateCall& call, dataset::RowScan& rows) {
  if (!call.queued.empty()) return of_queue(call);
  if (call.dry_run) return quoted(call);
  Result<Asked> made = asked(call);
  if (!made) {
    const bool expired = made.error().code == Code::conflict && !call.quote.empty();
    return refusal_of(made.error(), expired ? "DP_QUOTE_EXPIRED" : "");
  }
  if (const std::optional<Kept> found = kept(*made)) return again(*made, *found);
  const Turn turn(*this, made->question.digest);
  if (!turn.held()) return refusal_of(under_way());
  // What fails by now is no failure of a row: nothing is spent.
  if (const Status ready = rows.prepare(); !ready) return refusal_of(ready.error());
  return run(call, *made, rows);
}

PrivateResult Planner::run(const PrivateCall& call, Asked& asked, dataset::RowScan& rows) {
  if (const std::optional<Kept> found = kept(asked)) return again(asked, *found);
  PrivateResult done = attempt(call, asked, rows);
  if (done || !done.error().budget) return done;
  if (call.may_degrade) {
    if (std::optional<PrivateResult> less = degraded(call, asked, rows)) return std::move(*less);
  }
  done = queue(call, asked, std::move(done).error());
  if (!done && done.error().budget && world_.refused) {
    world_.refused(asked.charge, asked.short_of, done.error());
  }
  return done;
}

// A less exact answer that is there costs nothing; else one for what is left.
std::optional<PrivateResult> Planner::degraded(const PrivateCall& call, Asked asked,
                                               dataset::RowScan& rows) {
  if (const std::optional<Kept> found = stored(asked)) return again(asked, *found);
  const std::optional<NanoEpsilon> less = nearest(asked, asked.short_of.epsilon_left);
  if (!less || !reprice(asked, *less)) return std::nullopt;
  PrivateResult done = attempt(call, asked, rows);
  if (done) done->verdict = "DEGRADE";
  if (!done && done.error().budget) return std::nullopt;  // somebody was faster
  return done;
}

PrivateResult Planner::again(const Asked& asked, const Kept& kept) {
  Result<KeptAnswer> answer = read_answer(kept.bytes);
  if (!answer) return refusal_of(answer.error());
  return answer_with(asked.question, std::move(*answer), "CACHED", kept.release);
}

// A question's charges have keys of their own, so that its answer is found again after a restart;
// one that was burned is followed by the next.
PrivateResult Planner::attempt(const PrivateCall& call, Asked& asked, dataset::RowScan& rows) {
  const std::string key = !call.due.empty()              ? queue_key(call.due)
                          : call.idempotency_key.empty() ? ""
                                                         : "client:" + call.idempotency_key;
  const std::string question =
      asked.question.digest + ":" + accountant::to_decimal(asked.epsilon) + ":";
  for (int number = 0; number < kAttemptsMax; ++number) {
    asked.charge.key = key.empty() ? question + std::to_string(number) : key;
    const Result<accountant::Reply> reply =
        world_.accountant.reserve(asked.charge, accountant::Then::execute);
    if (!reply) return refusal_of(reply.error());
    if (const auto* refusal = std::get_if<accountant::Refusal>(&*reply)) {
      asked.short_of = *refusal;
      return tl::unexpected<PrivateRefusal>(refused(asked, *refusal));
    }
    const auto& reservation = std::get<accountant::Reservation>(*reply);
    if (!reservation.earlier) return execute(call, asked, reservation.charge, rows);
    if (reservation.state == State::committed) return earlier(asked, reservation);
    if (reservation.state == State::reserved || reservation.state == State::executing) {
      return refusal_of(under_way());
    }
    if (!key.empty()) {
      return refusal_of({Code::conflict,
                         "idempotencyKey: its query failed, and is not repeated "
                         "under it; another key asks anew"});
    }
  }
  return refusal_of({Code::conflict, "this query has failed too often in this snapshot"});
}

PrivateResult Planner::earlier(const Asked& asked, const accountant::Reservation& reservation) {
  const Result<KeptAnswer> answer = read_answer(reservation.result);
  if (!answer) return refusal_of(answer.error());
  const Kept found{answer->cost.epsilon, reservation.charge.id.get(), reservation.result};
  keep(asked, found);
  return again(asked, found);
}

// Of a charge that is executing, by this call alone.
PrivateResult Planner::execute(const PrivateCall& call, const Asked& asked,
                               const accountant::ChargeRef& charge, dataset::RowScan& rows) {
  Result<KeptAnswer> answer = read(call, asked, rows);
  Status ended = ok();
  std::string bytes = answer ? print_answer(*answer) : "";
  if (bytes.size() > accountant::kResultBytesMax) {
    answer = untold({Code::exhausted, "too large", std::nullopt});
  }
  if (answer) {
    // With an unknown outcome it is given to the next one who asks, or burned by a restart.
    const Result<accountant::ReleasedResult> stored =
        world_.accountant.commit(charge, std::move(bytes));
    if (stored) keep(asked, {asked.epsilon, charge.id.get(), stored->bytes});
    if (!stored) ended = tl::unexpected<Error>(stored.error());
  } else {
    // Burned. When even that cannot be written now, a restart will do it.
    static_cast<void>(world_.accountant.abandon(charge));
    ended = tl::unexpected<Error>(answer.error());
  }
  world_.settled(call.tenant, asked.charge.dataset, asked.charge.purpose);
  if (!ended) return refusal_of(ended.error());
  return answer_with(asked.question, std::move(*answer), "ALLOW", charge.id.get());
}

Result<KeptAnswer> Planner::read(const PrivateCall& call, const Asked& asked,
                                 dataset::RowScan& rows) {
  MC_TRY(const dp::PrivacyUnit unit,
         dp::PrivacyUnit::declare(asked.question.dataset->privacy->unit,
                                  world_.unit_secret(call.tenant, asked.charge.dataset)));
  std::unique_ptr<Engine> engine;
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      engine = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (engine == nullptr) engine = std::make_unique<Engine>(world_.random);
  Result<dp::Release> release = release_of(
      asked.question, asked.priced.spec, {call.where, rows, unit}, {engine->pool, engine->source});
  engine->pool.top_up();
  {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(engine));
  }
  if (!release) return untold(std::move(release).error());
  return answer_of(asked.question, asked.priced, *release);
}

}  // namespace mc::planner
