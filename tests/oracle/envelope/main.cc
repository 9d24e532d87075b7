// envelope_oracle: one JSON request a line on standard input, one line of JSON back for each. Bytes
// are hexadecimal. All requests have "branch_key"; all but the first "data_key":
//   {"op": "make_data_key", "data_key": {tenant, kind, name, epoch, branch}}   {"data_key": {...}}
//   {"op": "open_data_key"}                                {"commitment"}, of the branch key
//   {"op": "rewrap", "to_key", "to_branch"}                                    {"data_key": {...}}
//   {"op": "seal_field", "suite", "place": {...}, "value"}                     {"sealed"}
//   {"op": "open_field", "place": {...}, "sealed"}                             {"value"}
//   {"op": "seal_object", "object": {...}, "shift", "value"}                   {"sealed"}
//   {"op": "open_object", "object": {...}, "sealed"}                           {"value"}
//   {"op": "index", "column": {...}, "value"}                                  {"index"}
// or {"error": "corrupt"}, the name of a code. What is random comes from a fixed seed.
#include <algorithm>
#include <iostream>
#include <memory>
#include <string>

#include "base/base.h"
#include "envelope/envelope.h"
#include "json/json.h"
#include "sim/sim.h"

namespace {

using namespace mc;            // NOLINT(google-build-using-namespace)
using namespace mc::envelope;  // NOLINT(google-build-using-namespace)

constexpr std::size_t kLineBytesMax = 16 << 20;

struct World {
  sim::SimRandom random{9};
  cipher::Nonces nonces{random};
  std::unique_ptr<cipher::KeyArena> arena = std::move(*cipher::KeyArena::make(64));
};

std::string text_of(const json::Value& request, std::string_view name) {
  const json::Value* value = request.find(name);
  const std::string* text = value == nullptr ? nullptr : value->as_string();
  return text == nullptr ? std::string() : *text;
}
std::int64_t int_of(const json::Value& request, std::string_view name) {
  const json::Value* value = request.find(name);
  const std::int64_t* number = value == nullptr ? nullptr : value->as_int();
  return number == nullptr ? 0 : *number;
}
const json::Value& member_of(const json::Value& request, std::string_view name) {
  static const json::Value none;
  const json::Value* value = request.find(name);
  return value == nullptr ? none : *value;
}
Result<std::string> bytes_of(const json::Value& request, std::string_view name) {
  return from_hex(text_of(request, name));
}
std::string hex_of(std::span<const std::uint8_t> bytes) {
  return to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

template <std::size_t kBytes>
Result<std::array<std::uint8_t, kBytes>> array_of(const json::Value& request,
                                                  std::string_view name) {
  MC_TRY(const std::string bytes, bytes_of(request, name));
  if (bytes.size() != kBytes) return fail(Code::corrupt, std::string(name) + ": wrong length");
  std::array<std::uint8_t, kBytes> out;
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

Result<BranchKey> branch_of(World& world, const json::Value& request, std::string_view name) {
  MC_TRY(const auto root, array_of<cipher::kKeyBytes>(request, name));
  return BranchKey::make(root, *world.arena);
}

Result<Scope> scope_of(const json::Value& of) {
  Scope out = {.tenant = TenantId(text_of(of, "tenant")),
               .kind = ScopeKind::dataset,
               .name = text_of(of, "name"),
               .epoch = int_of(of, "epoch")};
  for (int i = 1; i <= 5; ++i) {
    out.kind = static_cast<ScopeKind>(i);
    if (name_of(out.kind) == text_of(of, "kind")) return out;
  }
  return fail(Code::invalid, "kind: is unknown");
}

Result<WrappedDataKey> row_of(const json::Value& request) {
  const json::Value& of = member_of(request, "data_key");
  WrappedDataKey out;
  MC_TRY(out.scope, scope_of(of));
  for (const char digit : text_of(of, "id")) {
    out.id = out.id * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  out.branch = int_of(of, "branch");
  MC_TRY(out.wrapped, bytes_of(of, "wrapped"));
  MC_TRY(out.commitment, array_of<32>(of, "commitment"));
  return out;
}

void write(json::Writer& writer, const WrappedDataKey& row) {
  writer.key("data_key").begin_object();
  writer.member("tenant", row.scope.tenant.get()).member("kind", name_of(row.scope.kind));
  writer.member("name", row.scope.name).member("epoch", row.scope.epoch);
  writer.member("id", std::to_string(row.id)).member("branch", row.branch);
  writer.member("wrapped", to_hex(row.wrapped)).member("commitment", hex_of(row.commitment));
  writer.end_object();
}

Status run_field(World& world, const DataKey& key, const json::Value& request,
                 json::Writer& writer) {
  const json::Value& of = member_of(request, "place");
  const std::string tenant = text_of(of, "tenant"), dataset = text_of(of, "dataset");
  const std::string table = text_of(of, "table"), column = text_of(of, "column");
  const std::string row = text_of(of, "row"), type = text_of(of, "type");
  const FieldPlace place = {tenant, dataset, table, column, row, type};
  const bool seals = text_of(request, "op") == "seal_field";
  MC_TRY(const std::string given, bytes_of(request, seals ? "value" : "sealed"));
  std::string out;
  if (seals) {
    const auto suite = static_cast<cipher::Suite>(int_of(request, "suite"));
    MC_TRY_OK(seal_field({key, world.nonces, suite}, place, given, out));
    writer.member("sealed", to_hex(out));
  } else {
    MC_TRY_OK(open_field(key, place, given, out));
    writer.member("value", to_hex(out));
  }
  return ok();
}

Status seal_object(World& world, const DataKey& key, const json::Value& request,
                   const ObjectName& name, json::Writer& writer) {
  MC_TRY(const std::string plaintext, bytes_of(request, "value"));
  const ObjectOptions options = {.chunk_bytes = std::uint32_t{1} << int_of(request, "shift")};
  std::string sealed;
  const auto sink = [&](std::string_view bytes) {
    sealed += bytes;
    return ok();
  };
  MC_TRY(ObjectWriter object, ObjectWriter::make(key, name, options, world.random, sink));
  // In pieces that are not the chunks.
  constexpr std::size_t kPiece = 50'000;
  for (std::size_t at = 0; at < plaintext.size(); at += kPiece) {
    MC_TRY_OK(object.write(std::string_view(plaintext).substr(at, kPiece)));
  }
  MC_TRY_OK(object.finish());
  writer.member("sealed", to_hex(sealed));
  return ok();
}

Status run_object(World& world, const DataKey& key, const json::Value& request,
                  json::Writer& writer) {
  const json::Value& of = member_of(request, "object");
  const std::string tenant = text_of(of, "tenant"), kind = text_of(of, "kind");
  const std::string id = text_of(of, "id");
  const ObjectName name = {tenant, kind, id};
  if (text_of(request, "op") == "seal_object") {
    return seal_object(world, key, request, name, writer);
  }
  MC_TRY(const std::string sealed, bytes_of(request, "sealed"));
  MC_TRY(const ObjectReader reader, ObjectReader::make(key, name, sealed, sealed.size()));
  std::string all, chunk;
  for (std::uint64_t i = 0; i < reader.chunks(); ++i) {
    const ObjectReader::Place place = reader.place_of(i);
    MC_TRY_OK(reader.open(i, std::string_view(sealed).substr(place.offset, place.bytes), chunk));
    all += chunk;
  }
  writer.member("value", to_hex(all));
  return ok();
}

Status run_index(const DataKey& key, const json::Value& request, json::Writer& writer) {
  const json::Value& of = member_of(request, "column");
  const std::string tenant = text_of(of, "tenant"), dataset = text_of(of, "dataset");
  const std::string column = text_of(of, "column");
  MC_TRY(const Normal form, parse_normal(text_of(of, "form")));
  MC_TRY(const std::string value, bytes_of(request, "value"));
  const IndexedColumn indexed = {tenant, dataset, column, form,
                                 static_cast<int>(int_of(of, "bytes"))};
  writer.member("index", to_hex(blind_index(key, indexed, value)));
  return ok();
}

Status run(World& world, const std::string& line, json::Writer& writer) {
  MC_TRY(const json::Value request, json::parse(line, {.bytes_max = kLineBytesMax}));
  const std::string what = text_of(request, "op");
  MC_TRY(const BranchKey branch, branch_of(world, request, "branch_key"));
  if (what == "make_data_key") {
    const json::Value& of = member_of(request, "data_key");
    MC_TRY(Scope scope, scope_of(of));
    MC_TRY(const WrappedDataKey row,
           make_data_key(branch, int_of(of, "branch"), std::move(scope), world.random));
    write(writer, row);
    return ok();
  }
  MC_TRY(const WrappedDataKey row, row_of(request));
  if (what == "rewrap") {
    MC_TRY(const BranchKey next, branch_of(world, request, "to_key"));
    MC_TRY(const WrappedDataKey moved,
           rewrap_data_key(branch, next, int_of(request, "to_branch"), row, world.random));
    write(writer, moved);
    return ok();
  }
  MC_TRY(const DataKey key, open_data_key(branch, row, *world.arena));
  if (what == "open_data_key") {
    writer.member("commitment", hex_of(branch.commitment()));
    return ok();
  }
  if (what == "index") return run_index(key, request, writer);
  if (what.ends_with("_field")) return run_field(world, key, request, writer);
  if (what.ends_with("_object")) return run_object(world, key, request, writer);
  return fail(Code::invalid, "op: is unknown");
}

std::string answer_line(World& world, const std::string& line) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  const Status done = run(world, line, writer);
  if (!done) writer.member("error", code_name(done.error().code));
  writer.end_object();
  out += '\n';
  return out;
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  World world;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::cout << answer_line(world, line);
    // The peer may wait for this answer before it asks again.
    if (std::cin.rdbuf()->in_avail() <= 0) std::cout.flush();
  }
  return 0;
}
