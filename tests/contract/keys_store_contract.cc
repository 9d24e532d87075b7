#include "contract/keys_store_contract.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "keys/store.h"
#include "sim/sim.h"

namespace mc::keys::contract {
namespace {

using envelope::ScopeKind;

const TenantId kAlpha("alpha");

struct World {
  explicit World(const Fresh& fresh) : connection(fresh()) {
    sim::SimClock clock;
    REQUIRE(sql::migrate(*connection, sql::built_in_migrations(), clock).has_value());
    REQUIRE(connection
                ->execute("INSERT INTO tenant (tenant_id, region, plan, retention_tier, "
                          "licence_class, state, created_at, version) VALUES ('alpha', 'eu', "
                          "'pro', 'standard-365d', 'MIT-OK', 'active', 0, 1)",
                          {})
                .has_value());
  }
  std::unique_ptr<sql::Connection> connection;
  Store store{
      [this](const std::function<Status(sql::Connection&)>& use) { return use(*connection); }};
};

Binding binding() {
  Binding out;
  out.tenant = kAlpha;
  out.provider = "aws";
  out.uri = "aws-kms:arn:aws:kms:eu-central-1:1:key/2";
  out.credentials = {{{"secret_key", "/run/secrets/aws"}}, {{"region", "eu-central-1"}}};
  out.standing.state = State::suspended;
  out.standing.by_tenant = true;
  out.standing.rotation = true;
  out.standing.why = "told so";
  out.standing.since = *parse_rfc3339("2026-12-01T10:00:00.123Z");
  out.standing.good.wall = *parse_rfc3339("2026-12-01T09:59:59Z");
  out.grace = seconds(60);
  out.rotate_days = 30;
  out.suite = cipher::Suite::aes_256_gcm;
  out.branch = 3;
  out.provenance.state = kms::KeyState::pending_destruction;
  out.provenance.key = "arn";
  out.provenance.version = "7";
  out.provenance.algorithm = "SYMMETRIC_DEFAULT";
  out.provenance.origin = "EXTERNAL";
  out.provenance.protection = "hsm";
  out.provenance.extractable = false;
  out.provenance.destroyed_at = *parse_rfc3339("2026-12-08T00:00:00Z");
  out.provenance.versions = {"7", "6"};
  out.provenance.attributes = {{"CKA_LOCAL", "true"}, {"quote", "a\"b"}};
  out.bound = *parse_rfc3339("2026-11-01T00:00:00Z");
  out.last_rotated = *parse_rfc3339("2026-11-02T00:00:00Z");
  return out;
}

StoredDataKey data_key(std::uint64_t id, const char* name, std::int64_t branch = 1) {
  StoredDataKey out;
  out.key.id = id;
  out.key.scope = {kAlpha, ScopeKind::dataset, name, 0};
  out.key.branch = branch;
  out.key.wrapped = std::string("\0\xff", 2) + std::string(58, 'w');
  out.key.commitment.fill(static_cast<std::uint8_t>(id));
  out.made = *parse_rfc3339("2026-12-01T10:00:00Z");
  return out;
}

StoredBranch branch(std::int64_t version, Holder holder = Holder::primary) {
  StoredBranch out;
  out.version = version;
  out.holder = holder;
  out.uri = "aws-kms:x";
  out.wrapped = {std::string("\0blob\xfe", 6), "v1"};
  out.commitment.fill(9);
  out.made = *parse_rfc3339("2026-12-01T10:00:00Z");
  return out;
}

// A binding is read as it was written.
void binding_as_written(World world) {
  CHECK(world.store.binding(kAlpha).error().code == Code::not_found);
  REQUIRE(world.store.insert(binding()).has_value());
  CHECK(*world.store.binding(kAlpha) == binding());
  CHECK(*world.store.bindings() == std::vector<Binding>{binding()});
  CHECK(world.store.insert(binding()).error().code == Code::conflict);
  CHECK(*world.store.generations() == std::map<TenantId, std::int64_t>{{kAlpha, 1}});
}

// Of two changes of one generation one is made.
void one_of_two_changes(World world) {
  REQUIRE(world.store.insert(binding()).has_value());
  Binding changed = binding();
  changed.grace = Nanos();
  changed.standing = {};
  const Result<Binding> stored = world.store.update(changed);
  REQUIRE(stored.has_value());
  CHECK(stored->generation == 2);
  CHECK(*world.store.binding(kAlpha) == *stored);
  CHECK(world.store.update(binding()).error().code == Code::conflict);
  CHECK(*world.store.binding(kAlpha) == *stored);
  CHECK(world.store.remove(binding()).error().code == Code::conflict);
  REQUIRE(world.store.remove(*stored).has_value());
  CHECK(world.store.binding(kAlpha).error().code == Code::not_found);
}

// A branch key goes when nothing is wrapped under it any more.
void branch_key_goes(World world) {
  REQUIRE(world.store.insert(binding()).has_value());
  REQUIRE(world.store.add(kAlpha, branch(1)).has_value());
  REQUIRE(world.store.add(kAlpha, branch(1, Holder::escrow)).has_value());
  REQUIRE(world.store.add(kAlpha, branch(2)).has_value());
  CHECK(world.store.add(kAlpha, branch(2)).error().code == Code::conflict);
  CHECK(*world.store.branches(kAlpha) ==
        std::vector<StoredBranch>{branch(1, Holder::escrow), branch(1), branch(2)});
  REQUIRE(world.store.add(data_key(5, "visit")).has_value());
  CHECK(world.store.remove_branch(kAlpha, 2).error().code == Code::conflict);  // it is live
  REQUIRE(world.store.retire_branch(kAlpha, 1).has_value());
  CHECK_FALSE(world.store.branches(kAlpha)->front().live);
  CHECK(world.store.add(data_key(6, "late")).error().code == Code::conflict);
  CHECK(world.store.add(data_key(6, "late", 9)).error().code == Code::conflict);
  CHECK(world.store.remove_branch(kAlpha, 1).error().code == Code::conflict);
  envelope::WrappedDataKey moved = data_key(5, "visit", 2).key;
  CHECK(*world.store.rewrap({{1, moved}}) == 1);
  REQUIRE(world.store.remove_branch(kAlpha, 1).has_value());
  CHECK(world.store.branches(kAlpha)->size() == 1);
  CHECK(world.store.retire_branch(kAlpha, 7).error().code == Code::conflict);
}

// Each scope has one live data key, and whoever is second is given it.
void one_live_key(World world) {
  REQUIRE(world.store.insert(binding()).has_value());
  REQUIRE(world.store.add(kAlpha, branch(1)).has_value());
  const std::uint64_t high = UINT64_MAX - 3;  // ids use all 64 bits
  CHECK(*world.store.add(data_key(high, "visit")) == data_key(high, "visit"));
  CHECK(*world.store.add(data_key(8, "visit")) == data_key(high, "visit"));
  CHECK(*world.store.data_key(kAlpha, high) == data_key(high, "visit"));
  CHECK(world.store.data_key(kAlpha, 8).error().code == Code::not_found);
  CHECK(world.store.data_key(TenantId("bravo"), high).error().code == Code::not_found);
  CHECK(**world.store.live_data_key(data_key(1, "visit").key.scope) == data_key(high, "visit"));
  CHECK_FALSE(world.store.live_data_key(data_key(1, "other").key.scope)->has_value());
  REQUIRE(world.store.retire_data_key(kAlpha, high).has_value());
  CHECK(*world.store.add(data_key(8, "visit")) == data_key(8, "visit"));
  CHECK_FALSE(world.store.data_key(kAlpha, high)->live);
}

// What is to be rewrapped comes in pages, and is changed where it stood.
void pages(World world) {
  REQUIRE(world.store.insert(binding()).has_value());
  REQUIRE(world.store.add(kAlpha, branch(1)).has_value());
  REQUIRE(world.store.add(kAlpha, branch(2)).has_value());
  std::vector<std::uint64_t> ids = {1, 2, UINT64_MAX, 5'000, UINT64_MAX / 2 + 7};
  for (const std::uint64_t id : ids) {
    REQUIRE(world.store.add(data_key(id, std::to_string(id).c_str())).has_value());
  }
  REQUIRE(world.store.add(data_key(77, "new", 2)).has_value());
  std::vector<std::uint64_t> seen;
  std::optional<std::uint64_t> after;
  for (;;) {
    const auto page = *world.store.to_rewrap(kAlpha, 2, after, 2);
    if (page.empty()) break;
    CHECK(page.size() <= 2);
    std::vector<Store::Rewrapped> changed;
    for (const StoredDataKey& each : page) {
      seen.push_back(each.key.id);
      changed.push_back({1, each.key});
      changed.back().now.branch = 2;
    }
    after = page.back().key.id;
    CHECK(*world.store.rewrap(changed) == static_cast<std::int64_t>(page.size()));
    CHECK(*world.store.rewrap(changed) == 0);  // it stands elsewhere by now
  }
  std::ranges::sort(seen);
  std::ranges::sort(ids);
  CHECK(seen == ids);
  CHECK(*world.store.references(kAlpha) == std::map<std::int64_t, std::int64_t>{{2, 6}});
}

}  // namespace

void run_store_cases(const Fresh& fresh) {
  binding_as_written(World(fresh));
  one_of_two_changes(World(fresh));
  branch_key_goes(World(fresh));
  one_live_key(World(fresh));
  pages(World(fresh));
}

}  // namespace mc::keys::contract
