// vectors/envelope/v1.jsonl: one of each format from fixed keys and fixed randomness, for those who
// write a reader. Another program reads it too (tests/oracle/envelope).
#include <doctest/doctest.h>

#include "envelope/made_keys.h"
#include "sim/sim.h"

using namespace mc;            // NOLINT(google-build-using-namespace)
using namespace mc::envelope;  // NOLINT(google-build-using-namespace)

namespace {

constexpr const char* kPath = "vectors/envelope/v1.jsonl";

// Names in here need no escapes.
std::string member(std::string_view name, std::string_view text) {
  return "\"" + std::string(name) + "\": \"" + std::string(text) + "\"";
}
std::string member(std::string_view name, std::int64_t number) {
  return "\"" + std::string(name) + "\": " + std::to_string(number);
}

struct Golden {
  sim::SimRandom random{8};
  MadeKeys made{random};
  std::string text;

  std::string keys(const WrappedDataKey& row) const {
    return member("branch_key", to_hex(view_of(counted_key(1)))) + ", \"data_key\": {" +
           member("tenant", row.scope.tenant.get()) + ", " +
           member("kind", name_of(row.scope.kind)) + ", " + member("name", row.scope.name) + ", " +
           member("epoch", row.scope.epoch) + ", " + member("id", std::to_string(row.id)) + ", " +
           member("branch", row.branch) + ", " +
           member("commitment", to_hex(view_of(row.commitment))) + ", " +
           member("wrapped", to_hex(row.wrapped)) + "}";
  }
  void line(std::string_view what, const std::string& rest) {
    text += "{" + member("what", what) + ", " + rest + "}\n";
  }

  void data_keys() {
    for (const ScopeKind kind :
         {ScopeKind::dataset, ScopeKind::subject, ScopeKind::object, ScopeKind::record}) {
      const auto row = must(make_data_key(made.branch, 1'000'000'007,
                                          {.tenant = TenantId("beta"),
                                           .kind = kind,
                                           .name = "of-" + std::string(name_of(kind)),
                                           .epoch = 52},
                                          random));
      line("data_key", keys(row) + ", " +
                           member("branch_commitment", to_hex(view_of(made.branch.commitment()))));
    }
  }
  void fields() {
    const FieldPlace place = {.tenant = "alpha",
                              .dataset = "people",
                              .table = "person",
                              .column = "mail",
                              .row = "17|b",
                              .type = "string"};
    int count = 0;
    for (const auto suite : {cipher::Suite::xaes_256_gcm, cipher::Suite::aes_256_gcm}) {
      for (const std::size_t size : {0U, 1U, 16U, 100U}) {
        const std::string value(size, 'v');
        OneByte byte(static_cast<std::uint8_t>(++count));
        cipher::Nonces nonces(byte);
        std::string sealed;
        MC_CHECK(seal_field({made.key, nonces, suite}, place, value, sealed).has_value());
        line("field", keys(made.row) + ", \"place\": {" + member("tenant", place.tenant) + ", " +
                          member("dataset", place.dataset) + ", " + member("table", place.table) +
                          ", " + member("column", place.column) + ", " + member("row", place.row) +
                          ", " + member("type", place.type) + "}, " +
                          member("value", to_hex(value)) + ", " + member("sealed", to_hex(sealed)));
      }
    }
  }
  // Byte i of the plaintext is i modulo 251.
  void objects() {
    const ObjectName name = {.tenant = "alpha", .kind = "export", .id = "exp_1"};
    for (const std::size_t size : {0U, 1U, 65'536U, 65'537U, 200'000U}) {
      std::string plaintext(size, '\0'), sealed;
      for (std::size_t i = 0; i < size; ++i) plaintext[i] = static_cast<char>(i % 251);
      auto writer = must(ObjectWriter::make(made.key, name, {}, random, [&](auto bytes) {
        sealed += bytes;
        return ok();
      }));
      MC_CHECK(writer.write(plaintext).has_value() && writer.finish().has_value());
      line("object", keys(made.row) + ", \"object\": {" + member("tenant", name.tenant) + ", " +
                         member("kind", name.kind) + ", " + member("id", name.id) + "}, " +
                         member("plaintext_bytes", static_cast<std::int64_t>(size)) + ", " +
                         member("header", to_hex(sealed.substr(0, kObjectHeaderBytes))) + ", " +
                         member("sealed_sha256", to_hex(sys::sha256(sealed))));
    }
  }
  // Their data key is made here, behind all else, so that it takes no randomness from the others.
  void indexes() {
    const auto row = must(make_data_key(
        made.branch, 3,
        {.tenant = TenantId("alpha"), .kind = ScopeKind::index, .name = "people", .epoch = 0},
        random));
    const DataKey key = must(open_data_key(made.branch, row, *made.arena));
    struct Form {
      const char* name;
      int bytes;
    };
    for (const Form& form : {Form{"exact", 32}, Form{"lower", 16}, Form{"digits", 4}}) {
      const IndexedColumn column = {.tenant = "alpha",
                                    .dataset = "people",
                                    .column = "phone",
                                    .form = must(parse_normal(form.name)),
                                    .bytes = form.bytes};
      const std::string value = "Tel. +49 30 1234";
      line("index", keys(row) + ", \"column\": {" + member("tenant", column.tenant) + ", " +
                        member("dataset", column.dataset) + ", " + member("column", column.column) +
                        ", " + member("form", form.name) + ", " + member("bytes", form.bytes) +
                        "}, " + member("value", to_hex(value)) + ", " +
                        member("index", to_hex(blind_index(key, column, value))));
    }
  }
};

}  // namespace

TEST_CASE("envelope: its formats are those of the golden file") {
  Golden golden;
  golden.data_keys();
  golden.fields();
  golden.objects();
  golden.indexes();
  const auto files = sys::real_files();
  if (sys::environment("MC_UPDATE_GOLDEN") == "1") {
    REQUIRE(files->write_atomic(kPath, golden.text).has_value());
  }
  const auto kept = files->read_all(kPath);
  REQUIRE(kept.has_value());
  CHECK(golden.text == *kept);
}
