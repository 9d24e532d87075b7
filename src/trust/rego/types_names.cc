// The names OPA gives to the results of builtins. They show in messages only.
#include <unordered_map>

#include "rego/types_check.h"

namespace mc::rego::types {

namespace {

struct Group {
  std::string_view result;
  std::string_view functions;  // each followed by a space
};
constexpr Group kGroups[] = {
    {"result",
     "eq equal neq lt lte gt gte assign regex.match regex.is_valid regex.template_match "
     "regex.globs_match strings.any_prefix_match strings.any_suffix_match contains startswith "
     "endswith is_number is_string is_boolean is_array is_set is_object is_null json.is_valid "
     "base64.is_valid yaml.is_valid semver.is_valid semver.compare net.cidr_is_valid "
     "net.cidr_contains net.cidr_intersects io.jwt.verify_rs256 io.jwt.verify_rs384 "
     "io.jwt.verify_rs512 io.jwt.verify_ps256 io.jwt.verify_ps384 io.jwt.verify_ps512 "
     "io.jwt.verify_es256 io.jwt.verify_es384 io.jwt.verify_es512 io.jwt.verify_eddsa "
     "io.jwt.verify_hs256 io.jwt.verify_hs384 io.jwt.verify_hs512 crypto.hmac.equal "
     "strings.render_template uuid.parse object.subset glob.match trace "},
    {"z",
     "plus minus mul div rem bits.or bits.and bits.negate bits.xor bits.lsh bits.rsh and or "
     "array.concat "},
    {"y",
     "round ceil floor abs intersection union lower upper replace strings.reverse rand.intn "
     "units.parse units.parse_bytes json.marshal json.marshal_with_options json.unmarshal "
     "base64.encode base64.decode base64url.encode base64url.encode_no_pad base64url.decode "
     "urlquery.decode urlquery.encode urlquery.encode_object yaml.marshal yaml.unmarshal "
     "hex.encode hex.decode crypto.md5 crypto.sha1 crypto.sha256 crypto.hmac.md5 "
     "crypto.hmac.sha1 crypto.hmac.sha256 crypto.hmac.sha512 "},
    {"n", "count sum product max min sort "},
    {"output",
     "regex.find_all_string_submatch_n regex.split regex.find_n regex.replace concat format_int "
     "indexof indexof_n substring strings.count strings.replace_n trim trim_left trim_prefix "
     "trim_right trim_suffix trim_space sprintf uuid.rfc4122 json.remove json.patch "
     "object.union object.union_n object.remove io.jwt.decode io.jwt.decode_verify "
     "io.jwt.encode_sign io.jwt.encode_sign_raw time.clock time.add_date time.diff "
     "crypto.x509.parse_certificates crypto.x509.parse_and_verify_certificates "
     "crypto.x509.parse_and_verify_certificates_with_options "
     "crypto.x509.parse_certificate_request crypto.x509.parse_keypair "
     "crypto.x509.parse_rsa_private_key crypto.parse_private_keys walk graph.reachable "
     "graph.reachable_paths graphql.parse graphql.parse_and_verify graphql.parse_query "
     "graphql.parse_schema graphql.is_valid graphql.schema_is_valid json.verify_schema "
     "json.match_schema rego.parse_module rego.metadata.rule opa.runtime net.cidr_merge "
     "net.cidr_contains_matches glob.quote_meta "},
    {"range", "numbers.range numbers.range_step "},
    {"filtered", "json.filter object.filter "},
    {"value", "object.get object.keys "},
    {"ns", "time.parse_ns time.parse_rfc3339_ns time.parse_duration_ns "},
    {"slice", "array.slice "},
    {"rev", "array.reverse "},
    {"num", "to_number "},
    {"ys", "split "},
    {"object", "urlquery.decode_object "},
    {"now", "time.now_ns "},
    {"formatted timestamp", "time.format "},
    {"date", "time.date "},
    {"day", "time.weekday "},
    {"type", "type_name "},
    {"response", "http.send "},
    {"signed_request", "providers.aws.sign_req "},
    {"chain", "rego.metadata.chain "},
    {"hosts", "net.cidr_expand "},
    {"addrs", "net.lookup_ip_addr "},
};

}  // namespace

std::string_view result_name(std::string_view function) {
  static const auto names = [] {
    std::unordered_map<std::string_view, std::string_view> made;
    for (const Group& group : kGroups) {
      for (std::size_t at = 0; at < group.functions.size();) {
        const std::size_t end = group.functions.find(' ', at);
        made[group.functions.substr(at, end - at)] = group.result;
        at = end + 1;
      }
    }
    return made;
  }();
  const auto at = names.find(function);
  return at == names.end() ? std::string_view() : at->second;
}

}  // namespace mc::rego::types
