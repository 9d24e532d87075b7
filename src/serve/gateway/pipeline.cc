// From the head of a request to the thread or upstream that answers it.
#include <algorithm>

#include "gateway/call.h"

namespace mc::gateway {
namespace {

constexpr std::string_view kBearer = "Bearer ";
constexpr std::size_t kPurposeMax = 64;
constexpr std::size_t kTenantMax = 63;
constexpr std::size_t kWarrantMax = 64;

// Of documents that are to be parsed.
std::size_t new_bytes(const Call& call) {
  std::size_t out = 0;
  for (std::size_t i = 0; i < call.documents.size(); ++i) {
    if (call.documents[i] == nullptr) out += call.graphql.items[i].query.size();
  }
  return out;
}

bool is_get_or_post(std::string_view method) {
  return method == "GET" || method == "POST";
}

}  // namespace

void Gateway::Core::begin(const CallPtr& call) {
  const net::Request& request = call->exchange->request();
  call->request_id = request_ids.make("req_");
  call->route = find_route(request.path);
  call->deadline =
      request.received + (call->route == nullptr ? seconds(1) : call->route->config.timeout);
  const ReadFields fields(request);
  const std::optional<std::string_view> media = negotiate(fields.accept);
  if (media) call->media_type = *media;
  if (call->route == nullptr) return refuse(call, {404, "NOT_FOUND", "no such endpoint"});
  if (!attached.load(std::memory_order_acquire)) {
    return refuse(call, {503, "STARTING", "the server is starting"}, {{"Retry-After", "1"}});
  }
  if (!is_get_or_post(request.method)) {
    return refuse(call, {405, "METHOD_NOT_ALLOWED", "use GET or POST for GraphQL"},
                  {{"Allow", "GET, POST"}});
  }
  if (!media) {
    return refuse(call, {406, "NOT_ACCEPTABLE",
                         "the answer is application/json or application/graphql-response+json"});
  }
  if (world.taps != nullptr) call->taps.begin(*world.taps);
  if (!passes_taps(call, tap::Stage::head)) return;
  if (!admit(call, fields) || !passes_taps(call, tap::Stage::caller)) return;
  if (call->route->config.kind == RouteKind::datasets && call->route->schema == nullptr) {
    return refuse(call, {404, "NO_DATASETS", "no datasets are configured; set datasets_file"});
  }
  // One operation is paid for before anything of it is read. Of a batch it must be known how many
  // there are, and what a tap holds back is paid by nobody.
  const bool pays_first = !may_be_batch(request) && !call->taps.is_tested(tap::Stage::read);
  if (pays_first && !take_budget(call, 1, &Core::read_paid)) return;
  if (!read_operations(call, fields)) return;
  const std::size_t operations = call->graphql.items.size();
  if (!pays_first && !take_budget(call, operations, &Core::find_documents)) return;
  find_documents(call, {Place::loop, call->exchange->loop()});
}

// False when the call was answered.
bool Gateway::Core::read_operations(const CallPtr& call, const ReadFields& fields) {
  tl::expected<GraphqlRequest, HttpError> graphql =
      read_graphql_request(call->exchange->request(), fields, config.limits);
  if (!graphql) {
    refuse(call, graphql.error());
    return false;
  }
  call->graphql = std::move(*graphql);
  return passes_taps(call, tap::Stage::read);
}

void Gateway::Core::read_paid(const CallPtr& call, Seat seat) {
  if (read_operations(call, ReadFields(call->exchange->request()))) find_documents(call, seat);
}

void Gateway::Core::find_documents(const CallPtr& call, Seat seat) {
  if (resolve_documents(call)) dispatch(call, seat);
}

// Identity and tracing. False when the call was answered.
bool Gateway::Core::admit(const CallPtr& call, const ReadFields& fields) {
  call->parent = trace::extract(fields.traceparent, fields.tracestate);
  if (world.tracer != nullptr) {
    call->span = world.tracer->start("graphql.request", trace::Kind::server, call->parent);
    call->span->set("mc.request_id", std::string_view(call->request_id));
    call->span->set("http.route", std::string_view(call->route->config.path));
  }
  const std::string_view authorization = fields.authorization;
  const bool bearer = authorization.size() > kBearer.size() &&
                      equals_ignoring_case(authorization.substr(0, kBearer.size()), kBearer);
  if (bearer) call->caller = world.directory.check(trim(authorization.substr(kBearer.size())));
  if (authorization.empty() && find_browser) {
    Result<std::shared_ptr<const identity::Caller>> found = find_browser(call->exchange->request());
    if (!found) {
      refuse(call, {403, "FORBIDDEN", found.error().what});
      return false;
    }
    call->caller = std::move(*found);
  }
  if (call->caller == nullptr) {
    refuse(call,
           {401, "UNAUTHENTICATED",
            bearer ? "the token is unknown, expired or revoked"
                   : "a bearer token or session is required"},
           {{"WWW-Authenticate", bearer ? "Bearer error=\"invalid_token\"" : "Bearer"}});
    return false;
  }
  if ((fields.repeated & ReadFields::kPurposeBit) != 0) {
    refuse(call, {400, "BAD_REQUEST", "X-MC-Purpose: once at most"});
    return false;
  }
  // What policies deny is denied with a decision; what cannot be a purpose does not get so far.
  if (fields.purpose.size() > kPurposeMax || !is_one_line(fields.purpose)) {
    refuse(call, {400, "BAD_REQUEST", "X-MC-Purpose: at most 64 bytes of text"});
    return false;
  }
  call->purpose = fields.purpose.empty() ? call->caller->purpose : std::string(fields.purpose);
  if ((fields.repeated & ReadFields::kCostBit) != 0 ||
      !(fields.cost.empty() || fields.cost == "include")) {
    refuse(call, {400, "BAD_REQUEST", "X-MC-Cost: include, or nothing; once at most"});
    return false;
  }
  call->tells_cost = !fields.cost.empty();
  if (!call->caller->may(identity::Scope::query)) {
    refuse(call, {403, "FORBIDDEN", "the token lacks the scope 'query'"});
    return false;
  }
  return admit_reach(call, fields);
}

// The caller pays, also for another tenant's data.
Payer Gateway::Core::payer_of(const Call& call) const {
  const auto route = std::find_if(routes.begin(), routes.end(),
                                  [&](const auto& one) { return one.get() == call.route; });
  Payer out{{call.caller->tenant.get(), call.caller->plan, call.caller->principal.get(),
             static_cast<std::size_t>(route - routes.begin())},
            call.request_id};
  if (const access::Terms* const terms = call.budget.terms.get()) {
    out.who.class_name = terms->class_name;
    out.who.exempt = terms->exempt;
  }
  return out;
}

// False when the call was answered.
bool Gateway::Core::take_budget(const CallPtr& call, std::size_t operations, Then then) {
  find_terms(*call);
  Budgets::Verdict verdict =
      budgets.take(payer_of(*call), static_cast<std::int64_t>(operations), call->budget,
                   [this, call, then](auto denial) { go_on(call, std::move(denial), then); });
  if (verdict.denial) refuse(call, verdict.denial->error, std::move(verdict.denial->headers));
  return !verdict.waits && !verdict.denial;
}

void Gateway::Core::go_on(const CallPtr& call, std::optional<Budgets::Denial> denial, Then then) {
  const auto work = [this, call, denial = std::move(denial), then](Seat seat) {
    if (call->exchange->cancelled()) return finish(call, 499, "");
    if (denial) return refuse(call, denial->error, denial->headers);
    (this->*then)(call, seat);
  };
  // Bodies are read on their own loops: the resumer is one thread for all.
  if (then == &Core::read_paid) {
    const Seat loop{Place::loop, call->exchange->loop()};
    return call->exchange->after_turn([work, loop] { work(loop); });
  }
  const Seat last{Place::parser, static_cast<std::size_t>(config.parsers)};
  if (!resumer->submit([work, last](int) { work(last); })) overloaded(call);
}

// What can be said at once of a request for another tenant's data. An upstream has nothing but the
// caller's own: there the headers are what others are that a client may not set.
bool Gateway::Core::admit_reach(const CallPtr& call, const ReadFields& fields) {
  if (call->route->config.kind != RouteKind::datasets) return true;
  constexpr unsigned kBoth = ReadFields::kTenantBit | ReadFields::kWarrantBit;
  if ((fields.repeated & kBoth) != 0) {
    refuse(call, {400, "BAD_REQUEST", "X-MC-Tenant and X-Maestro-Warrant: each once at most"});
    return false;
  }
  const bool other = !fields.tenant.empty() && fields.tenant != call->caller->tenant.get();
  if (!other) {
    if (fields.warrant.empty()) return true;
    refuse(call, {400, "BAD_REQUEST",
                  "X-Maestro-Warrant: a warrant opens another tenant; name it in X-MC-Tenant"});
    return false;
  }
  if (fields.tenant.size() > kTenantMax || !is_one_line(fields.tenant)) {
    refuse(call, {400, "BAD_REQUEST", "X-MC-Tenant: at most 63 bytes, the name of a tenant"});
    return false;
  }
  if (fields.warrant.size() > kWarrantMax || !is_one_line(fields.warrant)) {
    refuse(call, {400, "BAD_REQUEST", "X-Maestro-Warrant: at most 64 bytes, the id of a warrant"});
    return false;
  }
  call->reach = std::make_unique<Reach>();
  call->reach->tenant = TenantId(std::string(fields.tenant));
  call->reach->named = fields.warrant;
  return true;
}

// The document text of one item, by itself or by id.
tl::expected<std::monostate, HttpError> Gateway::Core::find_text(Call& call, Params& params) {
  constexpr std::monostate kFound;
  Route& route = *call.route;
  if (params.document_id.empty()) {
    if (route.config.documents == DocumentMode::open) return kFound;
    const bool known = route.registered.contains_text(params.query);
    if (!known) meters.documents.at({route.config.path, "unregistered"}).add();
    if (known || route.config.documents == DocumentMode::audit) return kFound;
    return tl::unexpected<HttpError>(
        HttpError{403, "PERSISTED_QUERY_ONLY", "only registered documents run here"});
  }
  if (!params.query.empty() && document_id(params.query) != params.document_id) {
    return tl::unexpected<HttpError>(
        HttpError{400, "PERSISTED_QUERY_HASH_MISMATCH", "provided sha does not match query"});
  }
  if (const std::string* text = route.registered.find(params.document_id)) {
    params.query = *text;
    return kFound;
  }
  const bool closed = route.config.documents == DocumentMode::allow_list;
  if (!closed && !params.query.empty()) {
    if (route.config.documents == DocumentMode::audit) {
      meters.documents.at({route.config.path, "unregistered"}).add();
    }
    if (params.apq) route.cache->remember_id(call.caller->tenant, params.document_id, params.query);
    return kFound;
  }
  if (!closed && params.apq) {
    std::optional<std::string> text =
        route.cache->find_by_id(call.caller->tenant, params.document_id);
    if (text) {
      params.query = std::move(*text);
      return kFound;
    }
  }
  // Status and wording are what clients of automatic persisted queries wait for.
  return tl::unexpected<HttpError>(HttpError{
      closed || !params.apq ? 404 : 200, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound"});
}

// True when every document is at hand; otherwise the call was answered or sent to the parsers.
bool Gateway::Core::resolve_documents(const CallPtr& call) {
  for (Params& params : call->graphql.items) {
    if (const auto found = find_text(*call, params); !found) {
      refuse(call, found.error());
      return false;
    }
  }
  if (!passes_taps(call, tap::Stage::text)) return false;
  bool missing = false;
  for (const Params& params : call->graphql.items) {
    call->documents.push_back(call->route->cache->find(call->caller->tenant, params.query));
    missing = missing || call->documents.back() == nullptr;
  }
  (missing ? call->route->meters->novel : call->route->meters->known).add();
  if (!missing) return true;
  call->cache_hit = false;
  parse_elsewhere(call);
  return false;
}

void Gateway::Core::parse_elsewhere(const CallPtr& call) {
  ParseLine::Pushed pushed =
      parse_line.push(call, share_of(*call).weight, new_bytes(*call), world.clock.mono());
  if (pushed.wake && !parsers->submit([this](int parser) { parse_in_turn(parser); })) {
    // The server is stopping.
    while (CallPtr waiting = parse_line.next(world.clock.mono(), pushed.refused)) {
      pushed.refused.push_back(std::move(waiting));
    }
  }
  for (const CallPtr& refused : pushed.refused) {
    turn_away(refused, admission::Why::queue_full);
  }
  if (pushed.token == 0) return;
  Leaving::tell(call, Leaving::Step::parser, [this, token = pushed.token](const CallPtr&) {
    if (const CallPtr waited = parse_line.withdraw(token)) drop_waiting(waited);
  });
}

void Gateway::Core::parse_in_turn(int parser) {
  while (true) {
    std::vector<CallPtr> late;
    const CallPtr next = parse_line.next(world.clock.mono(), late);
    for (const CallPtr& call : late) turn_away(call, admission::Why::expired);
    if (next == nullptr) return;
    parse_documents(next, static_cast<std::size_t>(parser));
  }
}

void Gateway::Core::parse_documents(const CallPtr& call, std::size_t parser) {
  const MonoTime begin = world.clock.mono();
  const std::size_t bytes = new_bytes(*call);
  if (call->exchange->cancelled()) return finish(call, 499, "");
  DocumentCache& cache = *call->route->cache;
  for (std::size_t i = 0; i < call->documents.size(); ++i) {
    if (call->documents[i] != nullptr) continue;
    const std::string& query = call->graphql.items[i].query;
    // Another request may have brought it meanwhile.
    call->documents[i] = cache.find(call->caller->tenant, query);
    if (call->documents[i] != nullptr) continue;
    call->documents[i] =
        compile(query, config.limits, call->route->schema, call->route->costs.get());
    cache.insert(call->caller->tenant, query, call->documents[i]);
  }
  parse_line.took(call->caller->tenant.get(), bytes, world.clock.mono() - begin);
  dispatch(call, {Place::parser, parser});
}

// On the loop for known documents, on a parser thread for new ones.
void Gateway::Core::dispatch(const CallPtr& call, Seat seat) {
  if (!check_operations(call) || !passes_taps(call, tap::Stage::operation)) return;
  if (take_costs(call)) run_paid(call, seat);
}

void Gateway::Core::run_paid(const CallPtr& call, Seat seat) {
  if (call->route->config.kind == RouteKind::datasets) {
    if (take_seat(call)) run_on_datasets(call, seat.place);
    return;
  }
  if (decisions_block()) {
    if (take_seat(call)) forward_from_worker(call);
    return;
  }
  // Decided before it waits: what is forwarded then needs nothing of a thread (start_waited()).
  if (world.policy != nullptr) {
    Decider& decider = *(seat.place == Place::loop ? loop_deciders : parser_deciders)[seat.index];
    if (!may_forward(call, decider)) return;
  }
  if (take_seat(call)) forward(call);
}

bool Gateway::Core::may_forward(const CallPtr& call, Decider& decider) {
  const access::Verdict& verdict =
      decider.decide(*call, *call->route->resource, access::Action::forward);
  if (verdict.allow && !verdict.obligations.step_up) return prepare_masks(call, decider, verdict);
  refuse(call, denial_of(verdict),
         verdict.allow ? step_up_challenge(world.policy->step_up) : net::Headers());
  return false;
}

void Gateway::Core::forward_from_worker(const CallPtr& call) {
  const bool queued = workers->submit([this, call](int worker) {
    if (call->exchange->cancelled()) return finish(call, 499, "");
    if (may_forward(call, *deciders[static_cast<std::size_t>(worker)])) forward(call);
  });
  if (!queued) overloaded(call);
}

// Rules that need the parsed document: it is valid, the operation exists, the caller may run it.
bool Gateway::Core::check_operations(const CallPtr& call) {
  for (std::size_t i = 0; i < call->documents.size(); ++i) {
    const Compiled& compiled = *call->documents[i];
    if (!compiled.errors.empty()) {
      const bool knows_schema = call->caller->may(identity::Scope::introspect);
      refuse(call, compiled.parsed ? Stage::validate : Stage::parse,
             knows_schema && !compiled.suggested.empty() ? compiled.suggested : compiled.errors);
      return false;
    }
    const Result<const graphql::OperationNode*> chosen =
        graphql::choose_operation(*compiled.document, call->graphql.items[i].operation_name);
    if (!chosen) {
      refuse(call, Stage::prepare, {{chosen.error().what, {}, "OPERATION_RESOLUTION_FAILURE", ""}});
      return false;
    }
    if (i == 0) call->operation = *chosen;
    const graphql::OperationKind kind = (*chosen)->kind;
    if (kind != graphql::OperationKind::query && call->graphql.get) {
      refuse(call, {405, "METHOD_NOT_ALLOWED", "only queries may be sent with GET"},
             {{"Allow", "POST"}});
      return false;
    }
    if (kind == graphql::OperationKind::subscription) {
      refuse(call, {400, "SUBSCRIPTIONS_UNSUPPORTED", "subscriptions are not served here"});
      return false;
    }
    if (kind == graphql::OperationKind::mutation && !call->caller->may(identity::Scope::mutate)) {
      refuse(call, {403, "FORBIDDEN", "the token lacks the scope 'mutate'"});
      return false;
    }
    call->mutates = call->mutates || kind == graphql::OperationKind::mutation;
    if (compiled.introspects && !call->caller->may(identity::Scope::introspect)) {
      refuse(call, {403, "INTROSPECTION_DISABLED", "the token lacks the scope 'introspect'"});
      return false;
    }
  }
  return true;
}

}  // namespace mc::gateway
