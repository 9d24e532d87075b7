// Whole certificates and certificate requests (x509.h).
#include "builtin/x509.h"

namespace mc::builtin {
namespace {

constexpr std::size_t kCertificatesMax = 1'000;

tl::unexpected<Error> bad(std::string what) {
  return fail(Code::invalid, "x509: " + std::move(what));
}

// SubjectPublicKeyInfo, and the members of a certificate or request that show it.
Status insert_public_key(const X509Values& values, const Der::Element& info, Value& out) {
  Der content(info.content), identifier;
  std::string_view oid;
  std::string key;
  if (!content.read(Der::kSequence, identifier)) {
    return bad("malformed public key algorithm identifier");
  }
  if (!identifier.read(Der::kOid, oid)) return bad("malformed OID");
  Der::Element parameters;
  if (!identifier.empty() && !identifier.read(parameters)) return bad("malformed parameters");
  if (!content.read_bit_string(key)) return bad("malformed subjectPublicKey");
  MC_TRY(const Value value, values.public_key(oid, parameters.whole, key));
  term::insert(values.arena(), out, "RawSubjectPublicKeyInfo", values.bytes(info.whole));
  term::insert(values.arena(), out, "PublicKeyAlgorithm",
               Value::integer(public_key_algorithm(oid)));
  term::insert(values.arena(), out, "PublicKey", value);
  return ok();
}

// Version to serial number.
Status read_head(const X509Values& values, Der& tbs, std::int64_t& version, Value& out) {
  Der tagged;
  bool present = false;
  version = 0;
  if (!tbs.read_optional(Der::context(0), tagged, present) ||
      (present && !tagged.read_integer(version)) || version < 0 || version > 3) {
    return bad("malformed version");
  }
  if (++version > 3) return bad("invalid version");
  std::string_view serial;
  if (!tbs.read_big_integer(serial) || serial.size() > kNumberBytesMax) {
    return bad("malformed serial number");
  }
  if ((static_cast<std::uint8_t>(serial[0]) & 0x80) != 0) return bad("negative serial number");
  term::insert(values.arena(), out, "Version", Value::integer(version));
  term::insert(values.arena(), out, "SerialNumber", values.number(serial));
  return ok();
}

// Issuer to public key.
Status read_body(const X509Values& values, Der& tbs, Value& out) {
  term::Arena& arena = values.arena();
  Der::Element issuer, subject, key;
  Der validity;
  if (!tbs.read(Der::kSequence, issuer)) return bad("malformed issuer");
  MC_TRY(const Value issuer_name, name_value(values, issuer.whole));
  if (!tbs.read(Der::kSequence, validity)) return bad("malformed validity");
  MC_TRY(const std::string not_before, take_x509_time(validity));
  MC_TRY(const std::string not_after, take_x509_time(validity));
  if (!tbs.read(Der::kSequence, subject)) return bad("malformed issuer");
  MC_TRY(const Value subject_name, name_value(values, subject.whole));
  term::insert(arena, out, "RawIssuer", values.bytes(issuer.whole));
  term::insert(arena, out, "Issuer", issuer_name);
  term::insert(arena, out, "NotBefore", values.text(not_before));
  term::insert(arena, out, "NotAfter", values.text(not_after));
  term::insert(arena, out, "RawSubject", values.bytes(subject.whole));
  term::insert(arena, out, "Subject", subject_name);
  if (!tbs.read(Der::kSequence, key)) return bad("malformed spki");
  return insert_public_key(values, key, out);
}

// Unique identifiers and extensions.
Status read_tail(const X509Values& values, Der& tbs, std::int64_t version, Certificate& out) {
  Der unused, tagged, list;
  bool present = false;
  if (version > 1) {
    if (!tbs.read_optional(Der::context(1, false), unused, present)) {
      return bad("malformed issuerUniqueID");
    }
    if (!tbs.read_optional(Der::context(2, false), unused, present)) {
      return bad("malformed subjectUniqueID");
    }
  }
  if (version == 3) {
    if (!tbs.read_optional(Der::context(3), tagged, present) ||
        (present && !tagged.read(Der::kSequence, list))) {
      return bad("malformed extensions");
    }
    MC_TRY(out.extensions, read_extensions(list));
  }
  term::insert(values.arena(), out.value, "Extensions", extensions_value(values, out.extensions));
  term::insert(values.arena(), out.value, "ExtraExtensions", Value::null());
  return insert_extension_members(values, out.extensions, out.value, out.names);
}

// An attribute of a request: {"Type": ..., "Value": [[{"Type": ..., "Value": ...}]]}. Nothing for
// values of another form, as Go leaves them out.
Result<Value> request_attribute(const X509Values& values, Der attribute) {
  term::Arena& arena = values.arena();
  std::string_view oid;
  Der set;
  if (!attribute.read(Der::kOid, oid) || !attribute.read(Der::kSet, set)) return Value();
  Value sequences = term::array(arena);
  while (!set.empty()) {
    Der list;
    if (!set.read(Der::kSequence, list)) return Value();
    Value pairs = term::array(arena);
    while (!list.empty()) {
      Der pair;
      std::string_view type;
      Der::Element element;
      if (!list.read(Der::kSequence, pair) || !pair.read(Der::kOid, type) || !pair.read(element)) {
        return Value();
      }
      const Result<Value> value = attribute_value(values, element);
      if (!value) return Value();
      Value out = term::object(arena, 2);
      term::insert(arena, out, "Type", values.oid(type));
      term::insert(arena, out, "Value", *value);
      term::append(arena, pairs, out);
    }
    term::append(arena, sequences, pairs);
  }
  Value out = term::object(arena, 2);
  term::insert(arena, out, "Type", values.oid(oid));
  term::insert(arena, out, "Value", sequences);
  return out;
}

constexpr std::string_view kExtensionRequest = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e";
constexpr std::string_view kAlternativeNames = "\x55\x1d\x11";

Result<std::vector<Extension>> requested_extensions(Der attributes) {
  std::vector<Extension> out;
  while (!attributes.empty()) {
    Der attribute, set, list;
    std::string_view oid;
    if (!attributes.read(Der::kSequence, attribute) || !attribute.read(Der::kOid, oid)) {
      return fail(Code::invalid, "asn1: structure error: malformed attribute");
    }
    if (oid != kExtensionRequest) continue;
    if (!attribute.read(Der::kSet, set) || !set.read(Der::kSequence, list)) {
      return fail(Code::invalid, "asn1: structure error: malformed extension request");
    }
    MC_TRY(const std::vector<Extension> found, read_extensions(list));
    out.insert(out.end(), found.begin(), found.end());
  }
  return out;
}

Status insert_request_attributes(const X509Values& values, Der attributes, Value& out) {
  term::Arena& arena = values.arena();
  MC_TRY(const std::vector<Extension> extensions, requested_extensions(attributes));
  std::vector<Value> shown;
  for (Der attribute; attributes.read(Der::kSequence, attribute);) {
    MC_TRY(const Value value, request_attribute(values, attribute));
    if (!value.is_undefined()) shown.push_back(value);
  }
  AlternativeNames names;
  for (const Extension& extension : extensions) {
    if (extension.oid != kAlternativeNames) continue;
    MC_TRY(names, read_alternative_names(values, extension.value));
  }
  term::insert(arena, out, "Attributes", values.list(shown));
  term::insert(arena, out, "Extensions", extensions_value(values, extensions));
  term::insert(arena, out, "ExtraExtensions", Value::null());
  term::insert(arena, out, "DNSNames", values.list(names.dns));
  term::insert(arena, out, "EmailAddresses", values.list(names.emails));
  term::insert(arena, out, "IPAddresses", values.list(names.addresses));
  term::insert(arena, out, "URIs", values.list(names.urls));
  return ok();
}

}  // namespace

Result<Value> name_value(const X509Values& values, std::string_view name) {
  struct List {
    char number;
    std::string_view member;
    std::vector<Value> items;
  };
  List lists[] = {{6, "Country", {}},       {7, "Locality", {}},
                  {8, "Province", {}},      {9, "StreetAddress", {}},
                  {10, "Organization", {}}, {11, "OrganizationalUnit", {}},
                  {17, "PostalCode", {}}};
  term::Arena& arena = values.arena();
  Value common = values.text(""), serial = values.text("");
  std::vector<Value> all;
  Der der(name), sequence, set, pair;
  if (!der.read(Der::kSequence, sequence)) return bad("invalid RDNSequence");
  while (!sequence.empty()) {
    if (!sequence.read(Der::kSet, set)) return bad("invalid RDNSequence");
    while (!set.empty()) {
      std::string_view oid;
      Der::Element element;
      if (!set.read(Der::kSequence, pair)) return bad("invalid RDNSequence: invalid attribute");
      if (!pair.read(Der::kOid, oid)) return bad("invalid RDNSequence: invalid attribute type");
      Result<Value> value = fail(Code::invalid, "invalid ASN.1 element");
      if (pair.read(element)) value = attribute_value(values, element);
      if (!value) {
        return bad("invalid RDNSequence: invalid attribute value: " + value.error().what);
      }
      Value entry = term::object(arena, 2);
      term::insert(arena, entry, "Type", values.oid(oid));
      term::insert(arena, entry, "Value", *value);
      all.push_back(entry);
      if (!value->is_string() || oid.size() != 3 || !oid.starts_with("\x55\x04")) continue;
      if (oid[2] == 3) common = *value;
      if (oid[2] == 5) serial = *value;
      for (List& list : lists) {
        if (list.number == oid[2]) list.items.push_back(*value);
      }
    }
  }
  Value out = term::object(arena, 11);
  for (const List& list : lists) term::insert(arena, out, list.member, values.list(list.items));
  term::insert(arena, out, "CommonName", common);
  term::insert(arena, out, "SerialNumber", serial);
  term::insert(arena, out, "Names", values.list(all));
  term::insert(arena, out, "ExtraNames", Value::null());
  return out;
}

Result<Certificate> take_certificate(const X509Values& values, std::string_view& der) {
  Der input(der), whole, tbs;
  Der::Element certificate, signed_part, inner, outer;
  if (!input.read(Der::kSequence, certificate)) return bad("malformed certificate");
  whole = Der(certificate.content);
  if (!whole.read(Der::kSequence, signed_part)) return bad("malformed tbs certificate");
  tbs = Der(signed_part.content);
  term::Arena& arena = values.arena();
  Certificate out;
  out.der = certificate.whole;
  out.value = term::object(arena, 64);
  std::int64_t version = 0;
  MC_TRY_OK(read_head(values, tbs, version, out.value));
  if (!tbs.read(Der::kSequence, inner)) return bad("malformed signature algorithm identifier");
  if (!whole.read(Der::kSequence, outer)) return bad("malformed algorithm identifier");
  if (inner.content != outer.content) {
    return bad("inner and outer signature algorithm identifiers don't match");
  }
  term::insert(arena, out.value, "SignatureAlgorithm",
               Value::integer(signature_algorithm(Der(inner.content))));
  MC_TRY_OK(read_body(values, tbs, out.value));
  MC_TRY_OK(read_tail(values, tbs, version, out));
  std::string signature;
  if (!whole.read_bit_string(signature)) return bad("malformed signature");
  term::insert(arena, out.value, "Signature", values.bytes(signature));
  term::insert(arena, out.value, "Raw", values.bytes(out.der));
  term::insert(arena, out.value, "RawTBSCertificate", values.bytes(signed_part.whole));
  der.remove_prefix(out.der.size());
  return out;
}

Result<std::vector<Certificate>> read_certificates(const X509Values& values, std::string_view der) {
  std::vector<Certificate> out;
  while (!der.empty()) {
    if (out.size() == kCertificatesMax) return bad("more than 1000 certificates");
    if (values.arena().over_limit()) return bad("certificates are larger than the memory limit");
    MC_TRY(Certificate certificate, take_certificate(values, der));
    out.push_back(std::move(certificate));
  }
  return out;
}

Result<Value> request_value(const X509Values& values, std::string_view der) {
  const auto malformed = [](const char* part) {
    return fail(Code::invalid, std::string("asn1: structure error: malformed ") + part);
  };
  term::Arena& arena = values.arena();
  Der input(der), whole, content, attributes, algorithm;
  Der::Element request, info, subject, key;
  std::int64_t version = 0;
  std::string signature;
  if (!input.read(Der::kSequence, request)) return malformed("certificate request");
  if (!input.empty()) return fail(Code::invalid, "asn1: syntax error: trailing data");
  whole = Der(request.content);
  if (!whole.read(Der::kSequence, info)) return malformed("certification request info");
  content = Der(info.content);
  bool present = false;
  if (!content.read_integer(version) || !content.read(Der::kSequence, subject) ||
      !content.read(Der::kSequence, key) ||
      !content.read_optional(Der::context(0), attributes, present)) {
    return malformed("certification request info");
  }
  if (!whole.read(Der::kSequence, algorithm) || !whole.read_bit_string(signature)) {
    return malformed("signature");
  }
  Value out = term::object(arena, 24);
  MC_TRY(const Value name, name_value(values, subject.whole));
  MC_TRY_OK(insert_public_key(values, key, out));
  MC_TRY_OK(insert_request_attributes(values, attributes, out));
  term::insert(arena, out, "Raw", values.bytes(request.whole));
  term::insert(arena, out, "RawTBSCertificateRequest", values.bytes(info.whole));
  term::insert(arena, out, "RawSubject", values.bytes(subject.whole));
  term::insert(arena, out, "Version", Value::integer(version));
  term::insert(arena, out, "Signature", values.bytes(signature));
  term::insert(arena, out, "SignatureAlgorithm", Value::integer(signature_algorithm(algorithm)));
  term::insert(arena, out, "Subject", name);
  return out;
}

}  // namespace mc::builtin
