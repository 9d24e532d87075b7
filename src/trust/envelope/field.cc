#include "envelope/field.h"

#include <array>
#include <optional>

#include "envelope/parts.h"

namespace mc::envelope {
namespace {

constexpr std::string_view kDomain = "mc/field/1";
constexpr char kVersion = 1;
constexpr std::size_t kNonceBytesMax = 24;

struct Header {
  cipher::Suite suite;
  std::uint64_t key_id;
};

std::optional<Header> header_of(std::string_view sealed) {
  if (sealed.size() < kFieldHeaderBytes) return std::nullopt;
  if (sealed[0] != kVersion || sealed[2] != 0 || sealed[3] != 0) return std::nullopt;
  const auto suite = static_cast<cipher::Suite>(sealed[1]);
  if (suite != cipher::Suite::xaes_256_gcm && suite != cipher::Suite::aes_256_gcm) {
    return std::nullopt;
  }
  const std::size_t around = kFieldHeaderBytes + cipher::nonce_bytes(suite) + cipher::kTagBytes;
  if (sealed.size() < around || sealed.size() - around > kFieldBytesMax) return std::nullopt;
  const std::uint64_t key_id = get_u64(sealed.data() + 4);
  if (key_id == 0) return std::nullopt;
  return Header{suite, key_id};
}

void bind(Parts& parts, const FieldPlace& place, std::string_view header) {
  parts.add(kDomain).add(place.tenant).add(place.dataset).add(place.table).add(place.column);
  parts.add(place.row).add(place.type).add(header);
}

}  // namespace

Result<std::uint64_t> field_key_id(std::string_view sealed) {
  const std::optional<Header> header = header_of(sealed);
  if (!header) return does_not_open();
  return header->key_id;
}

Status seal_field(const FieldSealer& with, const FieldPlace& place, std::string_view value,
                  std::string& out) {
  out.clear();
  if (value.size() > kFieldBytesMax) {
    return fail(Code::invalid,
                "value: is over " + std::to_string(kFieldBytesMax) + " bytes, which is the limit");
  }
  MC_TRY_OK(check_not_wiped(with.key.fields()));
  std::array<char, kFieldHeaderBytes> header = {kVersion, static_cast<char>(with.suite), 0, 0};
  put_u64(with.key.id(), header.data() + 4);
  Parts bound;
  bind(bound, place, {header.data(), header.size()});
  if (bound.too_long()) return fail(Code::invalid, "place of a value: its names are too long");
  std::array<std::uint8_t, kNonceBytesMax> drawn;
  const auto nonce = std::span(drawn).first(cipher::nonce_bytes(with.suite));
  with.nonces.fill(nonce);
  const std::size_t before = header.size() + nonce.size();
  out.resize(before + value.size() + cipher::kTagBytes);
  char* const at = std::copy(header.begin(), header.end(), out.data());
  std::copy(nonce.begin(), nonce.end(), at);
  const Status sealed = cipher::seal({with.suite, with.key.fields(), view_of(nonce), bound.bytes()},
                                     value, out.data() + before);
  if (!sealed) out.clear();
  return sealed;
}

Status open_field(const DataKey& key, const FieldPlace& place, std::string_view sealed,
                  std::string& out) {
  out.clear();
  const std::optional<Header> header = header_of(sealed);
  if (!header || header->key_id != key.id()) return does_not_open();
  Parts bound;
  bind(bound, place, sealed.substr(0, kFieldHeaderBytes));
  if (bound.too_long()) return does_not_open();
  const std::size_t nonce_bytes = cipher::nonce_bytes(header->suite);
  const std::string_view nonce = sealed.substr(kFieldHeaderBytes, nonce_bytes);
  const std::string_view rest = sealed.substr(kFieldHeaderBytes + nonce_bytes);
  out.resize(rest.size() - cipher::kTagBytes);
  if (!cipher::open({header->suite, key.fields(), nonce, bound.bytes()}, rest, out.data())) {
    out.clear();
    return does_not_open();
  }
  return ok();
}

}  // namespace mc::envelope
