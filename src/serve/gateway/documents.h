// Parsed documents: the cache of each tenant, the registered ones, automatic persisted queries.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/base.h"
#include "cost/cost.h"
#include "gateway/config.h"
#include "gateway/listed_fields.h"
#include "graphql/graphql.h"
#include "sys/sys.h"

namespace mc::gateway {

// Where a call is when its documents are known.
enum class Place : std::uint8_t { loop, parser };
// A thread of the gateway.
struct Seat {
  Place place = Place::loop;
  std::size_t index = 0;
};

// A document after parsing, limits and validation; immutable. With errors it is refused, always
// with the same text, so refusals are cached too.
struct Compiled {
  std::unique_ptr<const graphql::Document> document;  // null when it did not parse
  std::vector<graphql::GraphqlError> errors;
  // The same findings with "Did you mean", for callers who may see the schema anyway; else empty.
  std::vector<graphql::GraphqlError> suggested;
  bool parsed = false;
  bool introspects = false;  // selects __schema or __type anywhere
  graphql::Measure measure;
  // By index into document->operations; empty when there is no schema to plan against.
  std::vector<std::unique_ptr<const graphql::PreparedOperation>> prepared;
  // By the same index, or what is wrong with it; empty when there is no model of costs.
  std::vector<Result<std::unique_ptr<const cost::CostProgram>>> costs;
  // What an operation reaches of the fields that its route lists; found out when it is first asked
  // for. A document of a route with a schema.
  const TouchedFields& touched(std::size_t operation, const ListedFields& listed) const;
  // A run of it took more than the event loop may spend on one request.
  mutable std::atomic<bool> too_long_for_loop = false;
  mutable std::vector<graphql::KeptSlot> touched_slots;  // by operation
};

// `schema` may be null: then only syntax and limits are checked. `costs` is of that schema, or
// null.
std::shared_ptr<const Compiled> compile(std::string query, const LimitsConfig& limits,
                                        const graphql::Schema* schema,
                                        const cost::CostModel* costs = nullptr);

// A bounded LRU of one route. Keys hold the tenant and the whole text, so a hit is exact and one
// tenant's entries never answer another. Limits of entries and bytes, in all and of one tenant, are
// split evenly over the shards. A tenant at its limit pays with its own oldest entries.
// Thread-safe.
class DocumentCache {
 public:
  DocumentCache(const LimitsConfig& limits, std::uint64_t seed);
  std::shared_ptr<const Compiled> find(const TenantId& tenant, std::string_view query);
  void insert(const TenantId& tenant, std::string_view query,
              std::shared_ptr<const Compiled> compiled);

  // Automatic persisted queries: the text behind "sha256:<hex>" that this tenant has registered.
  std::optional<std::string> find_by_id(const TenantId& tenant, std::string_view id);
  void remember_id(const TenantId& tenant, std::string_view id, std::string_view query);
  std::size_t size() const;   // entries
  std::size_t bytes() const;  // of their texts

 private:
  struct Entry {
    std::string tenant;
    std::string text;  // "d" + document, or "i" + id
    std::string query_of_id;
    std::shared_ptr<const Compiled> compiled;
    std::size_t bytes() const { return text.size() + query_of_id.size(); }
  };
  struct Load {
    std::size_t entries = 0;
    std::size_t bytes = 0;
    void add(const Entry& entry);
    void remove(const Entry& entry);
    bool exceeds(const Load& limit) const;
  };
  using Entries = std::list<Entry>;
  struct Shard {
    mutable std::mutex mutex;
    Entries entries;  // most recently used first
    std::unordered_multimap<std::uint64_t, Entries::iterator> index;
    Load load;
    std::unordered_map<std::string, Load> per_tenant;
  };
  static constexpr std::size_t kShards = 8;

  std::uint64_t hash(std::string_view tenant, char kind, std::string_view text) const;
  Entry* touch(Shard& shard, std::uint64_t key, std::string_view tenant, char kind,
               std::string_view text);
  void put(Entry entry, std::uint64_t key);
  void evict(Shard& shard, Entries::iterator victim);
  Shard& shard_of(std::uint64_t key) { return shards_[key % shard_count_]; }

  std::size_t shard_count_;  // fewer than kShards when a limit is smaller than that
  Load shard_max_;
  Load tenant_max_;
  std::uint64_t seed_;
  std::array<Shard, kShards> shards_;
};

// Registered documents of a route, from documents_file. Immutable.
class Registered {
 public:
  static Result<Registered> load(sys::Files& files, const std::string& path);
  const std::string* find(std::string_view id) const;
  bool contains_text(std::string_view query) const;
  std::size_t size() const { return by_id_.size(); }

 private:
  std::map<std::string, std::string, std::less<>> by_id_;
};

std::string document_id(std::string_view query);  // "sha256:<hex>"

}  // namespace mc::gateway
