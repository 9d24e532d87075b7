// The smaller parts of certificates (x509.h): numbers, names, keys, algorithms.
#include <openssl/bn.h>
#include <openssl/crypto.h>

#include <cstring>
#include <memory>

#include "builtin/go_address.h"
#include "builtin/time_layout.h"
#include "builtin/x509.h"
#include "term/number.h"

namespace mc::builtin {
namespace {

using namespace std::string_view_literals;

struct Freed {
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(char* text) const { OPENSSL_free(text); }
};

struct Coded {
  std::string_view oid;  // content octets
  int code;
};

constexpr Coded kKeyAlgorithms[] = {
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"sv, 1},  // rsaEncryption
    {"\x2a\x86\x48\xce\x38\x04\x01"sv, 2},          // DSA
    {"\x2a\x86\x48\xce\x3d\x02\x01"sv, 3},          // ecPublicKey
    {"\x2b\x65\x70"sv, 4},                          // Ed25519
};

constexpr std::string_view kPss = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"sv;
constexpr Coded kSignatureAlgorithms[] = {
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x02"sv, 1},  // md2WithRSA
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04"sv, 2},  // md5WithRSA
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"sv, 3},  // sha1WithRSA
    {"\x2b\x0e\x03\x02\x1d"sv, 3},                  // the same by ISO
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"sv, 4},  // sha256WithRSA
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"sv, 5},  // sha384WithRSA
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"sv, 6},  // sha512WithRSA
    {"\x2a\x86\x48\xce\x38\x04\x03"sv, 7},          // dsaWithSHA1
    {"\x60\x86\x48\x01\x65\x03\x04\x03\x02"sv, 8},  // dsaWithSHA256
    {"\x2a\x86\x48\xce\x3d\x04\x01"sv, 9},          // ecdsaWithSHA1
    {"\x2a\x86\x48\xce\x3d\x04\x03\x02"sv, 10},     // ecdsaWithSHA256
    {"\x2a\x86\x48\xce\x3d\x04\x03\x03"sv, 11},     // ecdsaWithSHA384
    {"\x2a\x86\x48\xce\x3d\x04\x03\x04"sv, 12},     // ecdsaWithSHA512
    {"\x2b\x65\x70"sv, 16},                         // Ed25519
};
// Hashes of RSASSA-PSS, and the algorithm with a salt of their size.
constexpr Coded kPssHashes[] = {
    {"\x60\x86\x48\x01\x65\x03\x04\x02\x01"sv, 13},
    {"\x60\x86\x48\x01\x65\x03\x04\x02\x02"sv, 14},
    {"\x60\x86\x48\x01\x65\x03\x04\x02\x03"sv, 15},
};
constexpr std::string_view kMgf1 = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"sv;

struct Curve {
  std::string_view oid;
  std::size_t bytes;
};
constexpr Curve kCurves[] = {
    {"\x2b\x81\x04\x00\x21"sv, 28},              // P-224
    {"\x2a\x86\x48\xce\x3d\x03\x01\x07"sv, 32},  // P-256
    {"\x2b\x81\x04\x00\x22"sv, 48},              // P-384
    {"\x2b\x81\x04\x00\x23"sv, 66},              // P-521
};

template <std::size_t N>
int code_of(const Coded (&table)[N], std::string_view oid, int otherwise) {
  for (const Coded& row : table) {
    if (row.oid == oid) return row.code;
  }
  return otherwise;
}

// Explicit [n] SEQUENCE { OID, parameters }.
bool read_identifier(Der& der, int number, std::string_view& oid, Der& parameters) {
  Der tagged;
  return der.read(Der::context(number), tagged) && tagged.read(Der::kSequence, parameters) &&
         parameters.read(Der::kOid, oid);
}

int pss_algorithm(Der identifier) {
  Der parameters, hash_parameters, mask_parameters, mask_hash, salt;
  std::string_view hash, mask, hash_of_mask;
  std::int64_t salt_size = 0;
  if (!identifier.read(Der::kSequence, parameters) ||
      !read_identifier(parameters, 0, hash, hash_parameters) ||
      !read_identifier(parameters, 1, mask, mask_parameters) || mask != kMgf1 ||
      !mask_parameters.read(Der::kSequence, mask_hash) ||
      !mask_hash.read(Der::kOid, hash_of_mask) || hash_of_mask != hash ||
      !parameters.read(Der::context(2), salt) || !salt.read_integer(salt_size)) {
    return 0;
  }
  const int algorithm = code_of(kPssHashes, hash, 0);
  return algorithm != 0 && salt_size == 32 + 16 * (algorithm - 13) ? algorithm : 0;
}

tl::unexpected<Error> bad(std::string what) {
  return fail(Code::invalid, "x509: " + std::move(what));
}

bool is_printable(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view(" '()+,-./:=?*&").find(c) != std::string_view::npos;
}

void append_code_point(std::string& out, unsigned point) {
  if (point < 0x80) {
    out += static_cast<char>(point);
    return;
  }
  if (point < 0x800) {
    out += static_cast<char>(0xc0 | point >> 6);
  } else {
    out += static_cast<char>(0xe0 | point >> 12);
    out += static_cast<char>(0x80 | (point >> 6 & 0x3f));
  }
  out += static_cast<char>(0x80 | (point & 0x3f));
}

Result<std::string> wide_text(std::string_view bytes) {
  if (bytes.size() % 2 != 0) return fail(Code::invalid, "invalid BMPString");
  if (bytes.ends_with("\0\0"sv)) bytes.remove_suffix(2);
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    const unsigned point =
        static_cast<std::uint8_t>(bytes[i]) * 256U + static_cast<std::uint8_t>(bytes[i + 1]);
    if (point >= 0xfffe || (point >= 0xfdd0 && point <= 0xfdef) ||
        (point >= 0xd800 && point <= 0xdfff)) {
      return fail(Code::invalid, "invalid BMPString");
    }
    append_code_point(out, point);
  }
  return out;
}

template <class Good>
Result<std::string> text_of(std::string_view bytes, const char* kind, const Good& good) {
  for (const char c : bytes) {
    if (!good(c)) return fail(Code::invalid, std::string("invalid ") + kind);
  }
  return std::string(bytes);
}

// nullopt-like: not_found when the tag is no string.
Result<std::string> string_content(const Der::Element& element) {
  switch (element.tag) {
    case Der::kT61String: {  // taken as Latin-1, as everybody does
      std::string out;
      for (const char c : element.content) append_code_point(out, static_cast<std::uint8_t>(c));
      return out;
    }
    case Der::kPrintableString:
      return text_of(element.content, "PrintableString", is_printable);
    case Der::kUtf8String:
      if (!is_valid_utf8(element.content)) return fail(Code::invalid, "invalid UTF-8 string");
      return std::string(element.content);
    case Der::kBmpString:
      return wide_text(element.content);
    case Der::kIa5String:
      return text_of(element.content, "IA5String",
                     [](char c) { return static_cast<std::uint8_t>(c) < 0x80; });
    case Der::kNumericString:
      return text_of(element.content, "NumericString",
                     [](char c) { return (c >= '0' && c <= '9') || c == ' '; });
    default:
      return fail(Code::not_found, "no string");
  }
}

}  // namespace

Value X509Values::text(std::string_view text) const {
  if (is_valid_utf8(text)) return term::string(arena_, text);
  std::string out;
  while (!text.empty()) {
    std::size_t size = 1;
    while (size < 4 && size <= text.size() && !is_valid_utf8(text.substr(0, size))) ++size;
    const bool good = is_valid_utf8(text.substr(0, size));
    out += good ? text.substr(0, size) : "\uFFFD"sv;
    text.remove_prefix(good ? std::min(size, text.size()) : 1);
  }
  return term::string(arena_, out);
}

Value X509Values::bytes(std::string_view bytes) const {
  return bytes.empty() ? Value::null() : text(to_base64(bytes));
}

Value X509Values::number(std::string_view bytes) const {
  const bool negative = !bytes.empty() && (static_cast<std::uint8_t>(bytes[0]) & 0x80) != 0;
  if (!negative) return positive(bytes);
  // Two's complement: invert, add one.
  std::string size(bytes);
  bool carry = true;
  for (std::size_t i = size.size(); i-- > 0;) {
    const auto inverted = static_cast<std::uint8_t>(~static_cast<std::uint8_t>(size[i]));
    size[i] = static_cast<char>(inverted + (carry ? 1 : 0));
    carry = carry && inverted == 0xff;
  }
  return term::number(arena_, "-" + term::number_text(positive(size)));
}

Value X509Values::positive(std::string_view bytes) const {
  if (bytes.size() > kNumberBytesMax) return Value::null();  // decimals take quadratic time
  const std::unique_ptr<BIGNUM, Freed> number(
      BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                static_cast<int>(bytes.size()), nullptr));
  const std::unique_ptr<char, Freed> digits(number ? BN_bn2dec(number.get()) : nullptr);
  return digits ? term::number(arena_, digits.get()) : Value::null();
}

Value X509Values::oid(std::string_view oid) const {
  std::vector<std::uint64_t> numbers;
  Der::oid_numbers(oid, numbers);
  Value out = term::array(arena_, numbers.size());
  for (const std::uint64_t number : numbers) {
    term::append(arena_, out, Value::integer(static_cast<std::int64_t>(number)));
  }
  return out;
}

Value X509Values::list(const std::vector<Value>& items) const {
  return items.empty() ? Value::null() : term::array(arena_, items);
}

Value X509Values::texts(const std::vector<std::string>& items) const {
  std::vector<Value> out;
  out.reserve(items.size());
  for (const std::string& item : items) out.push_back(text(item));
  return list(out);
}

int public_key_algorithm(std::string_view oid) {
  return code_of(kKeyAlgorithms, oid, 0);
}

int signature_algorithm(Der identifier) {
  std::string_view oid;
  if (!identifier.read(Der::kOid, oid)) return 0;
  if (oid == kPss) return pss_algorithm(identifier);
  const int algorithm = code_of(kSignatureAlgorithms, oid, 0);
  return algorithm == 16 && !identifier.empty() ? 0 : algorithm;
}

Result<Value> X509Values::public_key(std::string_view algorithm, std::string_view parameters,
                                     std::string_view key) const {
  Value out = term::object(arena_, 4);
  Der der(key);
  switch (public_key_algorithm(algorithm)) {
    case 1: {
      Der content;
      std::string_view modulus;
      std::int64_t exponent = 0;
      if (parameters != "\x05\x00"sv) return bad("RSA key missing NULL parameters");
      if (!der.read(Der::kSequence, content)) return bad("invalid RSA public key");
      if (!content.read_big_integer(modulus)) return bad("invalid RSA modulus");
      if (!content.read_integer(exponent)) return bad("invalid RSA public exponent");
      if ((static_cast<std::uint8_t>(modulus[0]) & 0x80) != 0 || modulus == "\0"sv) {
        return bad("RSA modulus is not a positive number");
      }
      if (modulus.size() > kNumberBytesMax) return bad("RSA modulus too large");
      if (exponent <= 0) return bad("RSA public exponent is not a positive number");
      term::insert(arena_, out, "N", number(modulus));
      term::insert(arena_, out, "E", Value::integer(exponent));
      return out;
    }
    case 2: {
      Der content(parameters);
      std::string_view y, numbers[3];
      if (!der.read_big_integer(y)) return bad("invalid DSA public key");
      if (!content.read(Der::kSequence, content)) return bad("invalid DSA parameters");
      constexpr std::string_view kParameters[] = {"P", "Q", "G"};
      for (std::size_t i = 0; i < 3; ++i) {
        if (!content.read_big_integer(numbers[i])) return bad("invalid DSA parameters");
        term::insert(arena_, out, kParameters[i], number(numbers[i]));
      }
      term::insert(arena_, out, "Y", number(y));
      return out;
    }
    case 3: {
      Der content(parameters);
      std::string_view curve;
      if (!content.read(Der::kOid, curve)) return bad("invalid ECDSA parameters");
      for (const Curve& known : kCurves) {
        if (known.oid != curve) continue;
        if (key.size() != 1 + 2 * known.bytes || key[0] != 4) {
          return bad("failed to unmarshal elliptic curve point");
        }
        term::insert(arena_, out, "Curve", term::object(arena_));
        term::insert(arena_, out, "X", positive(key.substr(1, known.bytes)));
        term::insert(arena_, out, "Y", positive(key.substr(1 + known.bytes)));
        return out;
      }
      return bad("unsupported elliptic curve");
    }
    case 4:
      if (!parameters.empty()) return bad("Ed25519 key encoded with illegal parameters");
      if (key.size() != 32) return bad("wrong Ed25519 public key size");
      return bytes(key);
    default:
      return Value::null();
  }
}

Result<Value> attribute_value(const X509Values& values, const Der::Element& element) {
  const Result<std::string> text = string_content(element);
  if (text) return values.text(*text);
  if (text.error().code == Code::invalid) return fail(Code::invalid, text.error().what);
  Der whole(element.whole);
  switch (element.tag) {
    case Der::kInteger: {
      std::int64_t number = 0;
      if (!whole.read_integer(number)) return fail(Code::invalid, "invalid ASN.1 integer");
      return Value::integer(number);
    }
    case Der::kOctetString:
      return values.text(to_base64(element.content));
    case Der::kOid:
      return values.oid(element.content);
    case Der::kBoolean: {
      bool flag = false;
      if (!whole.read_boolean(flag)) return fail(Code::invalid, "invalid ASN.1 BOOLEAN");
      return Value::boolean(flag);
    }
    case Der::kUtcTime:
    case Der::kGeneralizedTime: {
      MC_TRY(const std::string time, take_x509_time(whole));
      return values.text(time);
    }
    case Der::kNull:
      return Value::null();
    default:
      break;
  }
  term::Arena& arena = values.arena();
  Value raw = term::object(arena, 5);
  term::insert(arena, raw, "Class", Value::integer(element.tag >> 6));
  term::insert(arena, raw, "Tag", Value::integer(element.tag & 0x1f));
  term::insert(arena, raw, "IsCompound", Value::boolean((element.tag & 0x20) != 0));
  term::insert(arena, raw, "Bytes", values.bytes(element.content));
  term::insert(arena, raw, "FullBytes", values.bytes(element.whole));
  return raw;
}

Result<std::string> take_x509_time(Der& der) {
  std::string_view content;
  Result<LocalTime> time = fail(Code::invalid, "");
  if (der.next_is(Der::kUtcTime)) {
    der.read(Der::kUtcTime, content);
    time = parse_time(content.size() < 13 ? "0601021504Z0700" : "060102150405Z0700", content);
    if (!time) return bad("malformed UTCTime");
    if (time->year >= 2050) time->year -= 100;
  } else if (der.read(Der::kGeneralizedTime, content)) {
    time = parse_time("20060102150405Z0700", content);
    if (!time) return bad("malformed GeneralizedTime");
  } else {
    return bad("unsupported time format");
  }
  std::string out;
  append_time(out, *time, kRfc3339Nano);
  return out;
}

std::string address_text(std::string_view bytes) {
  Address address;
  if (bytes.size() == 4) address.bytes[10] = address.bytes[11] = 0xff;
  std::memcpy(address.bytes.data() + (16 - bytes.size()), bytes.data(), bytes.size());
  return address.text();
}

}  // namespace mc::builtin
