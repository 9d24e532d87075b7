#include "gateway/documents.h"

#include <algorithm>
#include <set>

#include "json/json.h"

namespace mc::gateway {
namespace {

constexpr std::size_t kRegisteredBytesMax = 64 << 20;

bool selects_introspection(const graphql::Document& document) {
  return std::any_of(document.selections.begin(), document.selections.end(),
                     [&](const graphql::SelectionNode& node) {
                       if (node.kind != graphql::SelectionKind::field) return false;
                       const std::string_view name = document.name(node.name);
                       return name == "__schema" || name == "__type";
                     });
}

// What validation would find, for documents of an upstream whose schema is not known here: of two
// operations with one name, or beside a nameless one, the upstream might run the other.
std::optional<std::string> ambiguity(const graphql::Document& document) {
  std::set<std::string_view> names;
  for (const graphql::OperationNode& operation : document.operations) {
    const std::string_view name = document.name(operation.name);
    if (name.empty() && document.operations.size() > 1) {
      return "This anonymous operation must be the only defined operation.";
    }
    if (!names.insert(name).second) {
      return "There can be only one operation named \"" + excerpt(name, 200) + "\".";
    }
  }
  names.clear();
  for (const graphql::FragmentNode& fragment : document.fragments) {
    if (!names.insert(document.name(fragment.name)).second) {
      return "There can be only one fragment named \"" +
             excerpt(document.name(fragment.name), 200) + "\".";
    }
  }
  if (document.operations.empty()) return "The document has no operation.";
  return std::nullopt;
}

}  // namespace

std::string document_id(std::string_view query) {
  return "sha256:" + to_hex(sys::sha256(query));
}

const TouchedFields& Compiled::touched(std::size_t operation, const ListedFields& listed) const {
  graphql::KeptSlot& slot = touched_slots[operation];
  const graphql::Kept* kept = slot.get();
  if (kept == nullptr) {
    kept = slot.keep(std::make_unique<const TouchedFields>(
        listed.touched(*document, document->operations[operation])));
  }
  return static_cast<const TouchedFields&>(*kept);
}

std::shared_ptr<const Compiled> compile(std::string query, const LimitsConfig& limits,
                                        const graphql::Schema* schema,
                                        const cost::CostModel* costs) {
  auto out = std::make_shared<Compiled>();
  graphql::ParseLimits parse_limits;
  parse_limits.bytes_max = static_cast<std::uint32_t>(limits.document_bytes_max);
  parse_limits.tokens_max = static_cast<std::uint32_t>(limits.tokens_max);
  parse_limits.depth_max = static_cast<int>(limits.recursion_max);
  parse_limits.type_system = schema != nullptr;  // with a schema, validation refuses it by name
  graphql::ParseResult parsed = graphql::parse(std::move(query), parse_limits);
  if (!parsed) {
    out->errors.push_back(std::move(parsed).error());
    return out;
  }
  out->document = std::move(*parsed);
  out->parsed = true;
  out->introspects = selects_introspection(*out->document);
  out->measure = graphql::measure(*out->document);
  graphql::DocumentLimits document_limits;
  document_limits.depth_max = static_cast<std::uint32_t>(limits.depth_max);
  document_limits.aliases_max = static_cast<std::uint32_t>(limits.aliases_max);
  document_limits.root_fields_max = static_cast<std::uint32_t>(limits.root_fields_max);
  document_limits.directives_max = static_cast<std::uint32_t>(limits.directives_max);
  document_limits.selections_max = static_cast<std::uint64_t>(limits.selections_max);
  out->errors = graphql::check_limits(out->measure, document_limits);
  if (out->errors.empty() && schema == nullptr) {
    if (std::optional<std::string> why = ambiguity(*out->document)) {
      out->errors.push_back({std::move(*why), {}, "GRAPHQL_VALIDATION_FAILED", ""});
    }
  }
  if (out->errors.empty() && schema != nullptr) {
    out->errors = graphql::validate(*schema, *out->document);
    if (!out->errors.empty()) {
      graphql::ValidateOptions options;
      options.suggestions = graphql::Suggestions::on;
      out->suggested = graphql::validate(*schema, *out->document, options);
    } else {
      out->touched_slots = std::vector<graphql::KeptSlot>(out->document->operations.size());
      for (const graphql::OperationNode& operation : out->document->operations) {
        out->prepared.push_back(
            std::make_unique<const graphql::PreparedOperation>(*schema, *out->document, operation));
      }
      for (std::size_t i = 0; costs != nullptr && i < out->document->operations.size(); ++i) {
        out->costs.push_back(cost::CostProgram::make(*costs, *out->document, i));
      }
    }
  }
  return out;
}

DocumentCache::DocumentCache(const LimitsConfig& limits, std::uint64_t seed)
    : shard_count_(static_cast<std::size_t>(
          std::min({static_cast<std::int64_t>(kShards), limits.cached_documents_max,
                    limits.cached_documents_per_tenant_max}))),
      seed_(seed) {
  const auto share = [&](std::int64_t limit) {
    return static_cast<std::size_t>(limit) / shard_count_;
  };
  shard_max_ = {share(limits.cached_documents_max), share(limits.cached_document_bytes_max)};
  tenant_max_ = {share(limits.cached_documents_per_tenant_max),
                 share(limits.cached_document_bytes_per_tenant_max)};
}

void DocumentCache::Load::add(const Entry& entry) {
  ++entries;
  bytes += entry.bytes();
}

void DocumentCache::Load::remove(const Entry& entry) {
  --entries;
  bytes -= entry.bytes();
}

bool DocumentCache::Load::exceeds(const Load& limit) const {
  return entries > limit.entries || bytes > limit.bytes;
}

std::uint64_t DocumentCache::hash(std::string_view tenant, char kind, std::string_view text) const {
  std::uint64_t h = keyed_hash(seed_, text);
  h ^= keyed_hash(seed_ + static_cast<std::uint64_t>(kind), tenant) * 0x9e3779b97f4a7c15;
  return h;
}

// With the lock of the shard.
DocumentCache::Entry* DocumentCache::touch(Shard& shard, std::uint64_t key, std::string_view tenant,
                                           char kind, std::string_view text) {
  const auto [first, last] = shard.index.equal_range(key);
  for (auto it = first; it != last; ++it) {
    Entry& entry = *it->second;
    const std::string_view held = entry.text;
    if (entry.tenant != tenant || held.front() != kind || held.substr(1) != text) continue;
    shard.entries.splice(shard.entries.begin(), shard.entries, it->second);
    return &entry;
  }
  return nullptr;
}

std::shared_ptr<const Compiled> DocumentCache::find(const TenantId& tenant,
                                                    std::string_view query) {
  const std::uint64_t key = hash(tenant.get(), 'd', query);
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const Entry* entry = touch(shard, key, tenant.get(), 'd', query);
  return entry == nullptr ? nullptr : entry->compiled;
}

std::optional<std::string> DocumentCache::find_by_id(const TenantId& tenant, std::string_view id) {
  const std::uint64_t key = hash(tenant.get(), 'i', id);
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const Entry* entry = touch(shard, key, tenant.get(), 'i', id);
  if (entry == nullptr) return std::nullopt;
  return entry->query_of_id;
}

void DocumentCache::evict(Shard& shard, Entries::iterator victim) {
  const std::string_view text = victim->text;
  const std::uint64_t key = hash(victim->tenant, text.front(), text.substr(1));
  const auto [first, last] = shard.index.equal_range(key);
  for (auto it = first; it != last; ++it) {
    if (it->second != victim) continue;
    shard.index.erase(it);
    break;
  }
  const auto own = shard.per_tenant.find(victim->tenant);
  own->second.remove(*victim);
  if (own->second.entries == 0) shard.per_tenant.erase(own);
  shard.load.remove(*victim);
  shard.entries.erase(victim);
}

void DocumentCache::put(Entry entry, std::uint64_t key) {
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const std::string_view text = entry.text;
  if (touch(shard, key, entry.tenant, text.front(), text.substr(1)) != nullptr) return;
  const auto after = [&entry](Load load) {
    load.add(entry);
    return load;
  };
  if (after({}).exceeds(tenant_max_) || after({}).exceeds(shard_max_)) return;
  // The tenant pays with its own oldest entries, never with somebody else's.
  for (;;) {
    const auto held = shard.per_tenant.find(entry.tenant);
    if (held == shard.per_tenant.end() || !after(held->second).exceeds(tenant_max_)) break;
    const auto own = std::find_if(shard.entries.rbegin(), shard.entries.rend(),
                                  [&](const Entry& other) { return other.tenant == entry.tenant; });
    evict(shard, std::prev(own.base()));
  }
  while (after(shard.load).exceeds(shard_max_)) evict(shard, std::prev(shard.entries.end()));
  shard.per_tenant[entry.tenant].add(entry);
  shard.load.add(entry);
  shard.entries.push_front(std::move(entry));
  shard.index.emplace(key, shard.entries.begin());
}

void DocumentCache::insert(const TenantId& tenant, std::string_view query,
                           std::shared_ptr<const Compiled> compiled) {
  put(Entry{tenant.get(), "d" + std::string(query), "", std::move(compiled)},
      hash(tenant.get(), 'd', query));
}

void DocumentCache::remember_id(const TenantId& tenant, std::string_view id,
                                std::string_view query) {
  put(Entry{tenant.get(), "i" + std::string(id), std::string(query), nullptr},
      hash(tenant.get(), 'i', id));
}

std::size_t DocumentCache::size() const {
  std::size_t total = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    total += shard.load.entries;
  }
  return total;
}

std::size_t DocumentCache::bytes() const {
  std::size_t total = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    total += shard.load.bytes;
  }
  return total;
}

Result<Registered> Registered::load(sys::Files& files, const std::string& path) {
  Registered out;
  if (path.empty()) return out;
  MC_TRY(const std::string text, files.read_all(path, kRegisteredBytesMax));
  MC_TRY(const json::Value value, json::parse(text, {.bytes_max = kRegisteredBytesMax}));
  const json::Object* map = value.as_object();
  if (map == nullptr) return fail(Code::invalid, path + ": must hold a JSON object");
  for (const json::Member& member : map->members()) {
    const std::string* query = member.value.as_string();
    if (query == nullptr || document_id(*query) != member.name) {
      return fail(Code::invalid, path + ": \"" + excerpt(member.name, 80) +
                                     "\" is not the sha256: id of its document");
    }
    out.by_id_.emplace(member.name, *query);
  }
  return out;
}

const std::string* Registered::find(std::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second;
}

bool Registered::contains_text(std::string_view query) const {
  return !by_id_.empty() && by_id_.contains(document_id(query));
}

}  // namespace mc::gateway
