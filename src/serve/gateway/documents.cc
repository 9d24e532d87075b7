#include "gateway/documents.h"

#include <algorithm>

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

}  // namespace

std::string document_id(std::string_view query) {
  return "sha256:" + to_hex(sys::sha256(query));
}

std::shared_ptr<const Compiled> compile(std::string query, const LimitsConfig& limits,
                                        const graphql::Schema* schema) {
  auto out = std::make_shared<Compiled>();
  graphql::ParseLimits parse_limits;
  parse_limits.bytes_max = static_cast<std::uint32_t>(limits.document_bytes_max);
  parse_limits.tokens_max = static_cast<std::uint32_t>(limits.tokens_max);
  parse_limits.depth_max = static_cast<int>(limits.recursion_max);
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
  if (out->errors.empty() && schema != nullptr) {
    out->errors = graphql::validate(*schema, *out->document);
    if (out->errors.empty()) {
      for (const graphql::OperationNode& operation : out->document->operations) {
        out->prepared.push_back(
            std::make_unique<const graphql::PreparedOperation>(*schema, *out->document, operation));
      }
    }
  }
  return out;
}

DocumentCache::DocumentCache(const LimitsConfig& limits, std::uint64_t seed)
    : per_shard_max_(std::max<std::size_t>(
          1, static_cast<std::size_t>(limits.cached_documents_max) / kShards)),
      per_tenant_max_(std::max<std::size_t>(
          1, static_cast<std::size_t>(limits.cached_documents_per_tenant_max) / kShards)),
      seed_(seed) {}

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
  Shard& shard = shards_[key % kShards];
  const std::lock_guard lock(shard.mutex);
  const Entry* entry = touch(shard, key, tenant.get(), 'd', query);
  return entry == nullptr ? nullptr : entry->compiled;
}

std::optional<std::string> DocumentCache::find_by_id(const TenantId& tenant, std::string_view id) {
  const std::uint64_t key = hash(tenant.get(), 'i', id);
  Shard& shard = shards_[key % kShards];
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
  const auto count = shard.per_tenant.find(victim->tenant);
  if (--count->second == 0) shard.per_tenant.erase(count);
  shard.entries.erase(victim);
}

void DocumentCache::put(Entry entry, std::uint64_t key) {
  Shard& shard = shards_[key % kShards];
  const std::lock_guard lock(shard.mutex);
  const std::string_view text = entry.text;
  if (touch(shard, key, entry.tenant, text.front(), text.substr(1)) != nullptr) return;
  if (shard.per_tenant[entry.tenant] >= per_tenant_max_) {
    // The tenant pays with its own oldest entry, never with somebody else's.
    const auto own = std::find_if(shard.entries.rbegin(), shard.entries.rend(),
                                  [&](const Entry& held) { return held.tenant == entry.tenant; });
    evict(shard, std::prev(own.base()));
  } else if (shard.entries.size() >= per_shard_max_) {
    evict(shard, std::prev(shard.entries.end()));
  }
  ++shard.per_tenant[entry.tenant];
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
    total += shard.entries.size();
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
