// Extensions of certificates (x509.h), as Go's parser reads them.
#include <set>

#include "builtin/go_url.h"
#include "builtin/x509.h"

namespace mc::builtin {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kCommon = "\x55\x1d"sv;  // 2.5.29
constexpr std::string_view kAuthorityAccess = "\x2b\x06\x01\x05\x05\x07\x01\x01"sv;
constexpr std::string_view kOcsp = "\x2b\x06\x01\x05\x05\x07\x30\x01"sv;
constexpr std::string_view kIssuers = "\x2b\x06\x01\x05\x05\x07\x30\x02"sv;

struct Usage {
  std::string_view oid;
  int code;
};
constexpr Usage kUsages[] = {
    {"\x55\x1d\x25\x00"sv, 0},                           // any
    {"\x2b\x06\x01\x05\x05\x07\x03\x01"sv, 1},           // server authentication
    {"\x2b\x06\x01\x05\x05\x07\x03\x02"sv, 2},           // client authentication
    {"\x2b\x06\x01\x05\x05\x07\x03\x03"sv, 3},           // code signing
    {"\x2b\x06\x01\x05\x05\x07\x03\x04"sv, 4},           // e-mail protection
    {"\x2b\x06\x01\x05\x05\x07\x03\x05"sv, 5},           // IPsec end system
    {"\x2b\x06\x01\x05\x05\x07\x03\x06"sv, 6},           // IPsec tunnel
    {"\x2b\x06\x01\x05\x05\x07\x03\x07"sv, 7},           // IPsec user
    {"\x2b\x06\x01\x05\x05\x07\x03\x08"sv, 8},           // time stamping
    {"\x2b\x06\x01\x05\x05\x07\x03\x09"sv, 9},           // OCSP signing
    {"\x2b\x06\x01\x04\x01\x82\x37\x0a\x03\x03"sv, 10},  // Microsoft server gated crypto
    {"\x60\x86\x48\x01\x86\xf8\x42\x04\x01"sv, 11},      // Netscape server gated crypto
    {"\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x16"sv, 12},  // Microsoft commercial code signing
    {"\x2b\x06\x01\x04\x01\x82\x37\x3d\x01\x01"sv, 13},  // Microsoft kernel code signing
};

tl::unexpected<Error> bad(std::string what) {
  return fail(Code::invalid, "x509: " + std::move(what));
}

bool is_ascii(std::string_view text) {
  for (const char c : text) {
    if (static_cast<std::uint8_t>(c) >= 0x80) return false;
  }
  return true;
}

std::string dotted(std::string_view oid) {
  std::vector<std::uint64_t> numbers;
  Der::oid_numbers(oid, numbers);
  std::string out;
  for (const std::uint64_t number : numbers) {
    out += (out.empty() ? "" : ".") + std::to_string(number);
  }
  return out;
}

Value url_value(const X509Values& values, const GoUrl& url) {
  term::Arena& arena = values.arena();
  Value out = term::object(arena, 11);
  const std::pair<std::string_view, const std::string*> texts[] = {
      {"Scheme", &url.scheme},     {"Opaque", &url.opaque},           {"Host", &url.host},
      {"Path", &url.path},         {"RawPath", &url.raw_path},        {"RawQuery", &url.query},
      {"Fragment", &url.fragment}, {"RawFragment", &url.raw_fragment}};
  for (const auto& [name, text] : texts) term::insert(arena, out, name, values.text(*text));
  term::insert(arena, out, "User", url.has_user ? term::object(arena) : Value::null());
  term::insert(arena, out, "OmitHost", Value::boolean(url.omit_host));
  term::insert(arena, out, "ForceQuery", Value::boolean(url.force_query));
  return out;
}

Status add_alternative_name(const X509Values& values, const Der::Element& name,
                            AlternativeNames& out) {
  const std::string_view content = name.content;
  switch (name.tag ^ 0x80) {
    case 1:
      if (!is_ascii(content)) return bad("SAN rfc822Name is malformed");
      out.emails.push_back(values.text(content));
      break;
    case 2:
      if (!is_ascii(content)) return bad("SAN dNSName is malformed");
      out.dns.push_back(values.text(content));
      break;
    case 6: {
      if (!is_ascii(content)) return bad("SAN uniformResourceIdentifier is malformed");
      const Result<GoUrl> url = parse_go_url(content);
      if (!url) {
        return bad("cannot parse URI \"" + std::string(content) + "\": " + url.error().what);
      }
      out.urls.push_back(url_value(values, *url));
      out.url_texts.push_back(url->text);
      break;
    }
    case 7:
      if (content.size() != 4 && content.size() != 16) {
        return bad("cannot parse IP address of length " + std::to_string(content.size()));
      }
      out.addresses.push_back(values.text(address_text(content)));
      break;
    default:
      break;
  }
  return ok();
}

// What a certificate has when no extension sets it. The lists of Go are null then.
constexpr std::string_view kLists[] = {"UnhandledCriticalExtensions",
                                       "ExtKeyUsage",
                                       "UnknownExtKeyUsage",
                                       "SubjectKeyId",
                                       "AuthorityKeyId",
                                       "OCSPServer",
                                       "IssuingCertificateURL",
                                       "DNSNames",
                                       "EmailAddresses",
                                       "IPAddresses",
                                       "URIs",
                                       "PermittedDNSDomains",
                                       "ExcludedDNSDomains",
                                       "PermittedIPRanges",
                                       "ExcludedIPRanges",
                                       "PermittedEmailAddresses",
                                       "ExcludedEmailAddresses",
                                       "PermittedURIDomains",
                                       "ExcludedURIDomains",
                                       "CRLDistributionPoints",
                                       "PolicyIdentifiers",
                                       "Policies",
                                       "PolicyMappings"};
constexpr std::string_view kNumbers[] = {"KeyUsage", "MaxPathLen", "InhibitAnyPolicy",
                                         "InhibitPolicyMapping", "RequireExplicitPolicy"};
constexpr std::string_view kFlags[] = {"BasicConstraintsValid",    "IsCA",
                                       "MaxPathLenZero",           "PermittedDNSDomainsCritical",
                                       "InhibitAnyPolicyZero",     "InhibitPolicyMappingZero",
                                       "RequireExplicitPolicyZero"};

class Reader {
 public:
  Reader(const X509Values& values, Value& certificate, AlternativeNames& names)
      : values_(values), certificate_(certificate), names_(names) {}

  void defaults() {
    for (const std::string_view name : kLists) set(name, Value::null());
    for (const std::string_view name : kNumbers) set(name, Value::integer(0));
    for (const std::string_view name : kFlags) set(name, Value::boolean(false));
  }

  Status read(const std::vector<Extension>& extensions) {
    std::vector<Value> unhandled_critical;
    for (const Extension& extension : extensions) {
      bool handled = true;
      if (extension.oid.size() == 3 && extension.oid.starts_with(kCommon)) {
        MC_TRY_OK(common(extension, static_cast<std::uint8_t>(extension.oid[2]), handled));
      } else if (extension.oid == kAuthorityAccess) {
        MC_TRY_OK(authority_access(extension));
      } else {
        handled = false;
      }
      if (extension.critical && !handled) {
        unhandled_critical.push_back(values_.oid(extension.oid));
      }
    }
    set("UnhandledCriticalExtensions", values_.list(unhandled_critical));
    return ok();
  }

 private:
  void set(std::string_view name, Value value) {
    term::insert(values_.arena(), certificate_, name, value);
  }

  Status common(const Extension& extension, int number, bool& handled) {
    switch (number) {
      case 14:
        return subject_key(extension);
      case 15:
        return key_usage(extension);
      case 17:
        return alternative_names(extension, handled);
      case 19:
        return basic_constraints(extension);
      case 30:
        return name_constraints(extension, handled);
      case 31:
        return distribution_points(extension);
      case 32:
        return policies(extension);
      case 33:
        return policy_mappings(extension);
      case 35:
        return authority_key(extension);
      case 36:
        return policy_constraints(extension);
      case 37:
        return extended_usage(extension);
      case 54:
        return inhibit_any_policy(extension);
      default:
        handled = false;
        return ok();
    }
  }

  Status subject_key(const Extension& extension) {
    if (extension.critical) return bad("subject key identifier incorrectly marked critical");
    Der der(extension.value);
    std::string_view id;
    if (!der.read(Der::kOctetString, id)) return bad("invalid subject key identifier");
    set("SubjectKeyId", values_.bytes(id));
    return ok();
  }

  Status key_usage(const Extension& extension) {
    Der der(extension.value);
    std::string_view bits;
    std::string checked;
    Der copy = der;
    if (!copy.read_bit_string(checked) || !der.read(Der::kBitString, bits)) {
      return bad("invalid key usage");
    }
    std::int64_t usage = 0;
    for (std::size_t bit = 0; bit < 9 && bit / 8 + 1 < bits.size(); ++bit) {
      const auto byte = static_cast<std::uint8_t>(bits[bit / 8 + 1]);
      if ((byte >> (7 - bit % 8) & 1) != 0) usage |= std::int64_t{1} << bit;
    }
    set("KeyUsage", Value::integer(usage));
    return ok();
  }

  Status alternative_names(const Extension& extension, bool& handled) {
    MC_TRY(names_, read_alternative_names(values_, extension.value));
    set("DNSNames", values_.list(names_.dns));
    set("EmailAddresses", values_.list(names_.emails));
    set("IPAddresses", values_.list(names_.addresses));
    set("URIs", values_.list(names_.urls));
    handled = names_.any();
    return ok();
  }

  Status basic_constraints(const Extension& extension) {
    Der der(extension.value), content;
    bool authority = false;
    std::int64_t path = -1;
    if (!der.read(Der::kSequence, content) ||
        (content.next_is(Der::kBoolean) && !content.read_boolean(authority)) ||
        (content.next_is(Der::kInteger) && (!content.read_integer(path) || path < 0))) {
      return bad("invalid basic constraints");
    }
    set("IsCA", Value::boolean(authority));
    set("MaxPathLen", Value::integer(path));
    set("MaxPathLenZero", Value::boolean(path == 0));
    set("BasicConstraintsValid", Value::boolean(true));
    return ok();
  }

  // GeneralSubtrees: into the members whose names start with `kind`.
  Status subtrees(Der list, const std::string& kind, bool& handled) {
    std::vector<Value> dns, ranges, emails, domains;
    while (!list.empty()) {
      Der subtree;
      Der::Element base;
      if (!list.read(Der::kSequence, subtree) || !subtree.read(base)) {
        return bad("invalid NameConstraints extension");
      }
      if (base.tag != 0x87 && !is_ascii(base.content)) return bad("invalid constraint value");
      switch (base.tag) {
        case 0x81:
          emails.push_back(values_.text(base.content));
          break;
        case 0x82:
          dns.push_back(values_.text(base.content));
          break;
        case 0x86:
          domains.push_back(values_.text(base.content));
          break;
        case 0x87: {
          const std::size_t half = base.content.size() / 2;
          if (half != 4 && half != 16) {
            return bad("IP constraint contained value of length " +
                       std::to_string(base.content.size()));
          }
          Value range = term::object(values_.arena(), 2);
          term::insert(values_.arena(), range, "IP",
                       values_.text(address_text(base.content.substr(0, half))));
          term::insert(values_.arena(), range, "Mask", values_.bytes(base.content.substr(half)));
          ranges.push_back(range);
          break;
        }
        default:
          handled = false;
          break;
      }
    }
    set(kind + "DNSDomains", values_.list(dns));
    set(kind + "IPRanges", values_.list(ranges));
    set(kind + "EmailAddresses", values_.list(emails));
    set(kind + "URIDomains", values_.list(domains));
    return ok();
  }

  Status name_constraints(const Extension& extension, bool& handled) {
    Der outer(extension.value), top, permitted, excluded;
    bool has_permitted = false, has_excluded = false;
    if (!outer.read(Der::kSequence, top) || !outer.empty() ||
        !top.read_optional(Der::context(0), permitted, has_permitted) ||
        !top.read_optional(Der::context(1), excluded, has_excluded) || !top.empty()) {
      return bad("invalid NameConstraints extension");
    }
    if (!has_permitted && !has_excluded) return bad("empty name constraints extension");
    MC_TRY_OK(subtrees(permitted, "Permitted", handled));
    MC_TRY_OK(subtrees(excluded, "Excluded", handled));
    set("PermittedDNSDomainsCritical", Value::boolean(extension.critical));
    return ok();
  }

  Status distribution_points(const Extension& extension) {
    Der der(extension.value), list, point, name;
    std::vector<Value> urls;
    if (!der.read(Der::kSequence, list)) return bad("invalid CRL distribution points");
    while (!list.empty()) {
      bool present = false;
      if (!list.read(Der::kSequence, point) ||
          !point.read_optional(Der::context(0), name, present)) {
        return bad("invalid CRL distribution point");
      }
      if (!present) continue;
      if (!name.read(Der::context(0), name)) return bad("invalid CRL distribution point");
      std::string_view url;
      while (name.read(Der::context(6, false), url)) urls.push_back(values_.text(url));
    }
    set("CRLDistributionPoints", values_.list(urls));
    return ok();
  }

  Status policies(const Extension& extension) {
    Der der(extension.value), list, policy;
    std::set<std::string_view> seen;
    if (!der.read(Der::kSequence, list)) return bad("invalid certificate policies");
    Value identifiers = term::array(values_.arena());
    std::vector<Value> texts;
    while (!list.empty()) {
      std::string_view oid;
      if (!list.read(Der::kSequence, policy) || !policy.read(Der::kOid, oid) ||
          !seen.insert(oid).second) {
        return bad("invalid certificate policies");
      }
      term::append(values_.arena(), identifiers, values_.oid(oid));
      texts.push_back(values_.text(dotted(oid)));
    }
    set("PolicyIdentifiers", identifiers);
    set("Policies", values_.list(texts));
    return ok();
  }

  Status policy_mappings(const Extension& extension) {
    Der der(extension.value), list, pair;
    std::vector<Value> mappings;
    if (!der.read(Der::kSequence, list)) return bad("invalid policy mappings extension");
    while (!list.empty()) {
      std::string_view issuer, subject;
      if (!list.read(Der::kSequence, pair) || !pair.read(Der::kOid, issuer) ||
          !pair.read(Der::kOid, subject)) {
        return bad("invalid policy mappings extension");
      }
      Value mapping = term::object(values_.arena(), 2);
      term::insert(values_.arena(), mapping, "IssuerDomainPolicy", values_.text(dotted(issuer)));
      term::insert(values_.arena(), mapping, "SubjectDomainPolicy", values_.text(dotted(subject)));
      mappings.push_back(mapping);
    }
    set("PolicyMappings", values_.list(mappings));
    return ok();
  }

  Status authority_key(const Extension& extension) {
    if (extension.critical) return bad("authority key identifier incorrectly marked critical");
    Der der(extension.value), content;
    std::string_view id;
    if (!der.read(Der::kSequence, content)) return bad("invalid authority key identifier");
    if (content.read(Der::context(0, false), id)) set("AuthorityKeyId", values_.bytes(id));
    return ok();
  }

  // A number, and whether it is there and zero.
  void set_number(const std::string& name, std::int64_t number) {
    set(name, Value::integer(number));
    set(name + "Zero", Value::boolean(number == 0));
  }

  Status policy_constraints(const Extension& extension) {
    Der der(extension.value), content;
    if (!der.read(Der::kSequence, content)) return bad("invalid policy constraints extension");
    const std::pair<int, const char*> parts[] = {{0, "RequireExplicitPolicy"},
                                                 {1, "InhibitPolicyMapping"}};
    for (const auto& [number, name] : parts) {
      std::string_view bytes;
      if (!content.read(Der::context(number, false), bytes)) continue;
      std::int64_t count = 0;
      if (bytes.empty() || bytes.size() > 8) return bad("invalid policy constraints extension");
      for (const char c : bytes) count = count * 256 + static_cast<std::uint8_t>(c);
      set_number(name, count);
    }
    return ok();
  }

  Status extended_usage(const Extension& extension) {
    Der der(extension.value), list;
    std::vector<Value> known, unknown;
    if (!der.read(Der::kSequence, list)) return bad("invalid extended key usages");
    while (!list.empty()) {
      std::string_view oid;
      if (!list.read(Der::kOid, oid)) return bad("invalid extended key usages");
      const int usage = extended_key_usage(oid);
      if (usage >= 0) {
        known.push_back(Value::integer(usage));
      } else {
        unknown.push_back(values_.oid(oid));
      }
    }
    set("ExtKeyUsage", values_.list(known));
    set("UnknownExtKeyUsage", values_.list(unknown));
    return ok();
  }

  Status inhibit_any_policy(const Extension& extension) {
    Der der(extension.value);
    std::int64_t count = 0;
    if (!der.read_integer(count)) return bad("invalid inhibit any policy extension");
    set_number("InhibitAnyPolicy", count);
    return ok();
  }

  Status authority_access(const Extension& extension) {
    if (extension.critical) return bad("authority info access incorrectly marked critical");
    Der der(extension.value), list, access;
    std::vector<Value> ocsp, issuers;
    if (!der.read(Der::kSequence, list)) return bad("invalid authority info access");
    while (!list.empty()) {
      std::string_view method, url;
      if (!list.read(Der::kSequence, access) || !access.read(Der::kOid, method)) {
        return bad("invalid authority info access");
      }
      if (!access.read(Der::context(6, false), url)) continue;
      if (method == kOcsp) ocsp.push_back(values_.text(url));
      if (method == kIssuers) issuers.push_back(values_.text(url));
    }
    set("OCSPServer", values_.list(ocsp));
    set("IssuingCertificateURL", values_.list(issuers));
    return ok();
  }

  const X509Values& values_;
  Value& certificate_;
  AlternativeNames& names_;
};

}  // namespace

int extended_key_usage(std::string_view oid) {
  for (const Usage& usage : kUsages) {
    if (usage.oid == oid) return usage.code;
  }
  return -1;
}

Result<AlternativeNames> read_alternative_names(const X509Values& values, std::string_view value) {
  AlternativeNames out;
  Der der(value), list;
  if (!der.read(Der::kSequence, list)) return bad("invalid subject alternative names");
  while (!list.empty()) {
    Der::Element name;
    if (!list.read(name)) return bad("invalid subject alternative name");
    MC_TRY_OK(add_alternative_name(values, name, out));
  }
  return out;
}

Result<std::vector<Extension>> read_extensions(Der list) {
  std::vector<Extension> out;
  std::set<std::string_view> seen;
  while (!list.empty()) {
    Der der;
    Extension extension;
    if (!list.read(Der::kSequence, der)) return bad("malformed extension");
    if (!der.read(Der::kOid, extension.oid)) return bad("malformed extension OID field");
    if (der.next_is(Der::kBoolean) && !der.read_boolean(extension.critical)) {
      return bad("malformed extension critical field");
    }
    if (!der.read(Der::kOctetString, extension.value)) {
      return bad("malformed extension value field");
    }
    if (!seen.insert(extension.oid).second) {
      return bad("certificate contains duplicate extension with OID \"" + dotted(extension.oid) +
                 "\"");
    }
    out.push_back(extension);
  }
  return out;
}

Value extensions_value(const X509Values& values, const std::vector<Extension>& extensions) {
  std::vector<Value> out;
  out.reserve(extensions.size());
  for (const Extension& extension : extensions) {
    Value value = term::object(values.arena(), 3);
    term::insert(values.arena(), value, "Id", values.oid(extension.oid));
    term::insert(values.arena(), value, "Critical", Value::boolean(extension.critical));
    term::insert(values.arena(), value, "Value", values.bytes(extension.value));
    out.push_back(value);
  }
  return values.list(out);
}

Status insert_extension_members(const X509Values& values, const std::vector<Extension>& extensions,
                                Value& certificate, AlternativeNames& names) {
  Reader reader(values, certificate, names);
  reader.defaults();
  return reader.read(extensions);
}

}  // namespace mc::builtin
