#include "gateway/mask_answer.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "gateway/json_cursor.h"
#include "json/json.h"

namespace mc::gateway {
namespace {

using graphql::kNone;
using mask::Masked;

constexpr std::size_t kUpstreamErrorsMax = 1'000;  // of one answer
constexpr std::size_t kOwnErrorsMax = 100;         // further ones are not listed
constexpr std::size_t kPlaceBytesMax = 16 << 10;   // path or locations of one error
constexpr std::size_t kLocationsMax = 100;         // of one error
constexpr std::int64_t kIndexMax = 1'000'000'000;  // in a path
constexpr int kPlaceDepthMax = 4;

// How the value at a place of the answer came out.
enum class Done : std::uint8_t {
  written,
  empty,   // nothing is left of it
  raised,  // it had to be there and is not: the place above is null
  broken   // this is no answer
};

struct Step {
  std::string_view key;
  std::size_t index = 0;  // in a list, when there is no key
};

bool whole_number(std::string_view token, std::int64_t& out) {
  const auto [end, failed] = std::from_chars(token.data(), token.data() + token.size(), out);
  return failed == std::errc() && end == token.data() + token.size();
}

bool any_number(std::string_view token, double& out) {
  const auto [end, failed] = std::from_chars(token.data(), token.data() + token.size(), out);
  return failed == std::errc() && end == token.data() + token.size();
}

// Nearly always, and found out without a branch a byte.
bool is_ascii(std::string_view text) {
  unsigned char all = 0;
  for (const char c : text) all |= static_cast<unsigned char>(c);
  return all < 0x80;
}

// One response: the answer to one operation.
class Response {
 public:
  Response(JsonCursor& in, AnswerPlan& plan, const graphql::Document& document,
           std::size_t bytes_max)
      : in_(in), plan_(plan), document_(document), bytes_max_(bytes_max) {
    constexpr std::size_t kUsualDepth = 8;
    path_.reserve(kUsualDepth);
  }

  enum class Data : std::uint8_t { wanted, never };
  bool read(Data data);
  void append_to(std::string& out) const;
  const std::string& why() const { return why_; }
  bool too_large() const { return too_large_; }

 private:
  bool bad(std::string_view why);  // false
  Done broken(std::string_view why) {
    bad(why);
    return Done::broken;
  }
  Done object(std::uint32_t node);
  Done member(std::uint32_t node, std::uint64_t object, std::uint32_t& expected);
  Done value(PlannedField& field, graphql::TypeRef type);
  Done list(PlannedField& field, graphql::TypeRef item);
  Done leaf(const PlannedField& field);
  Done masked(const PlannedField& field);
  Masked masked_text(const PlannedField& field, std::string_view text);
  Masked masked_number(const PlannedField& field, std::string_view token);
  Done show(const PlannedField& field, const Masked& value);

  bool read_data(Data data);
  bool read_errors();
  bool read_error();
  void add_path(std::string_view token);
  void add_locations(std::string_view token);
  bool leads_somewhere(const json::Array& path);
  void report(const PlannedField& field);

  JsonCursor& in_;
  AnswerPlan& plan_;
  const graphql::Document& document_;
  std::size_t bytes_max_;
  bool has_data_ = false, has_errors_ = false;
  std::string data_;
  std::string errors_;  // of the upstream and ours, without brackets
  std::size_t own_errors_ = 0;
  std::vector<Step> path_;
  std::uint64_t objects_ = 0;
  int raising_ = 0;  // depth of places that will be dropped: what fails in them is not told
  std::string text_;
  std::string why_;
  bool too_large_ = false;
};

// What is wrong first counts, with the response keys that lead there.
bool Response::bad(std::string_view why) {
  if (!why_.empty()) return false;
  why_ = why;
  std::string place;
  for (const Step& step : path_) {
    if (!step.key.empty()) place.append(place.empty() ? "" : ".").append(step.key);
  }
  if (!place.empty()) why_ += " at " + place;
  return false;
}

Done Response::member(std::uint32_t node, std::uint64_t object, std::uint32_t& expected) {
  JsonCursor::Text name;
  if (!in_.text(name) || !in_.take(':')) return broken("it is no JSON");
  // As it stands: names need no escapes, and one that has them is not known.
  PlannedField* const field = plan_.find(node, name.inside(), expected);
  if (field == nullptr) return broken("it has a key that was not asked for");
  if (field->seen == object) return broken("it has a key twice");
  field->seen = object;
  data_.append(name.token).append(":");
  path_.push_back({field->key});
  const Done done = value(*field, field->type);
  path_.pop_back();
  return done;
}

Done Response::object(std::uint32_t node) {
  if (!in_.take('{')) return broken("an object is expected");
  const std::uint64_t id = ++objects_;
  std::uint32_t expected = 0;
  bool raised = false;
  data_ += '{';
  if (!in_.take('}')) {
    bool first = true;
    do {
      if (!first) data_ += ',';
      first = false;
      const Done done = member(node, id, expected);
      if (done == Done::broken) return done;
      if (done == Done::raised && !raised) {
        raised = true;
        ++raising_;
      }
    } while (in_.take(','));
    if (!in_.take('}')) return broken("it is no JSON");
  }
  data_ += '}';
  if (raised) --raising_;
  return raised ? Done::raised : Done::written;
}

Done Response::list(PlannedField& field, graphql::TypeRef item) {
  if (!in_.take('[')) return broken("a list is expected");
  bool raised = false;
  data_ += '[';
  if (!in_.take(']')) {
    path_.push_back({});
    do {
      if (path_.back().index > 0) data_ += ',';
      const Done done = value(field, item);
      if (done == Done::broken) return done;
      if (done == Done::raised && !raised) {
        raised = true;
        ++raising_;
      }
      ++path_.back().index;
    } while (in_.take(','));
    path_.pop_back();
    if (!in_.take(']')) return broken("it is no JSON");
  }
  data_ += ']';
  if (raised) --raising_;
  return raised ? Done::raised : Done::written;
}

// A place of the answer with all that is below it. Types wrap at most 15 times and documents are
// not nested deeper than their limit, so neither is this.
Done Response::value(PlannedField& field, graphql::TypeRef type) {
  const bool promised = type.is_non_null();
  const std::size_t start = data_.size();
  std::string_view token;
  Done done = Done::written;
  type = type.nullable();
  if (start > bytes_max_) {
    too_large_ = true;
    return broken("it is too large");
  }
  if (field.masked != nullptr && !can_show(field.leaf, field.masked->mask)) {
    // Nothing of it, nor whether there is anything.
    done = in_.skip(token) ? Done::empty : broken("it is no JSON");
  } else if (in_.next() == 'n') {
    if (!in_.scalar(token)) return broken("it is no JSON");
    data_ += "null";
  } else if (type.is_list()) {
    done = list(field, type.inner());
  } else if (field.below != kNone) {
    done = object(field.below);
  } else {
    done = field.masked == nullptr ? leaf(field) : masked(field);
  }
  if (done == Done::written || done == Done::broken) return done;
  data_.resize(start);
  if (promised) {
    if (done == Done::empty) report(field);
    return Done::raised;
  }
  data_ += "null";
  return Done::written;
}

Done Response::leaf(const PlannedField& field) {
  std::string_view token;
  const char first = in_.next();
  if (field.plain && (first == '{' || first == '[')) return broken("a scalar is expected");
  if (!in_.skip(token)) return broken("it is no JSON");
  data_ += token;
  return Done::written;
}

Done Response::masked(const PlannedField& field) {
  const char first = in_.next();
  if (first == '"') {
    JsonCursor::Text text;
    if (!in_.text(text)) return broken("it is no JSON");
    if (!text.escaped) return show(field, masked_text(field, text.inside()));
    const std::optional<std::string> decoded = text.decoded();
    return decoded ? show(field, masked_text(field, *decoded)) : Done::empty;
  }
  if (field.plain && (first == '{' || first == '[')) return broken("a scalar is expected");
  std::string_view token;
  if (!in_.skip(token)) return broken("it is no JSON");
  const bool number = first == '-' || (first >= '0' && first <= '9');
  return number ? show(field, masked_number(field, token)) : Done::empty;
}

Masked Response::masked_text(const PlannedField& field, std::string_view text) {
  const ColumnMask& with = *field.masked;
  switch (field.leaf) {
    case LeafKind::text:
    case LeafKind::id:
    case LeafKind::any:
      return mask::apply(with.mask, with.key, mask::Form::text, text, text_);
    case LeafKind::date:
      return mask::apply(with.mask, with.key, mask::Form::date, text, text_);
    case LeafKind::datetime:
      return mask::apply(with.mask, with.key, mask::Form::datetime, text, text_);
    default:
      return {};
  }
}

Masked Response::masked_number(const PlannedField& field, std::string_view token) {
  const ColumnMask& with = *field.masked;
  std::int64_t whole = 0;
  double real = 0;
  const bool general = with.mask.strategy == mask::Strategy::generalise;
  switch (field.leaf) {
    case LeafKind::text:
      return mask::apply(with.mask, with.key, mask::Form::text, token, text_);
    case LeafKind::id:
      if (!whole_number(token, whole)) return {};
      return mask::apply_integer(with.mask, with.key, whole, text_);
    case LeafKind::int32:
    case LeafKind::int64:
      if (!whole_number(token, whole)) return {};
      return mask::apply_integer(with.mask, with.key, whole, text_);
    case LeafKind::any:
      if (!general) return {};
      if (whole_number(token, whole)) {
        return mask::apply_integer(with.mask, with.key, whole, text_);
      }
      [[fallthrough]];
    case LeafKind::real:
      if (!any_number(token, real)) return {};
      return mask::apply_real(with.mask, with.key, real, text_);
    default:
      return {};
  }
}

Done Response::show(const PlannedField& field, const Masked& value) {
  using Int32 = std::numeric_limits<std::int32_t>;
  switch (value.kind) {
    case Masked::Kind::text:
      json::append_quoted(data_, text_);
      return Done::written;
    case Masked::Kind::integer:
      if (field.leaf == LeafKind::id) {
        data_.append("\"").append(std::to_string(value.integer)).append("\"");
        return Done::written;
      }
      if (field.leaf == LeafKind::int32 &&
          (value.integer < Int32::min() || value.integer > Int32::max())) {
        return Done::empty;
      }
      data_ += std::to_string(value.integer);
      return Done::written;
    case Masked::Kind::real:
      if (!std::isfinite(value.real)) return Done::empty;
      json::append_double(data_, value.real);
      return Done::written;
    case Masked::Kind::null:
      break;
  }
  return Done::empty;
}

void Response::report(const PlannedField& field) {
  if (raising_ > 0 || ++own_errors_ > kOwnErrorsMax) return;
  const graphql::Location where = graphql::locate(document_.source, field.at);
  if (!errors_.empty()) errors_ += ',';
  json::Writer writer(errors_);
  writer.begin_object();
  writer.member("message", std::string(field.name) +
                               ": is masked, though the schema says that it is never null");
  writer.key("locations").begin_array().begin_object();
  writer.member("line", static_cast<std::int64_t>(where.line));
  writer.member("column", static_cast<std::int64_t>(where.column));
  writer.end_object().end_array().key("path").begin_array();
  for (const Step& step : path_) {
    if (step.key.empty()) {
      writer.value(static_cast<std::int64_t>(step.index));
    } else {
      writer.value(step.key);
    }
  }
  writer.end_array().key("extensions").begin_object().member("code", "FORBIDDEN");
  writer.end_object().end_object();
}

// Does a path lead along response keys and lists that were asked for?
bool Response::leads_somewhere(const json::Array& path) {
  std::uint32_t node = AnswerPlan::kRoot;
  graphql::TypeRef type;
  for (const json::Value& step : path) {
    if (const std::string* key = step.as_string(); key != nullptr && node != kNone) {
      std::uint32_t expected = 0;
      const PlannedField* const field = plan_.find(node, *key, expected);
      if (field == nullptr) return false;
      node = field->below;
      type = field->type;
      continue;
    }
    const std::int64_t* const index = step.as_int();
    type = type.nullable();
    if (index == nullptr || *index < 0 || *index > kIndexMax || !type.is_list()) return false;
    type = type.inner();
  }
  return !path.empty();
}

// A path or a location that is none is left out.
void Response::add_path(std::string_view token) {
  const auto path = json::parse(token, {.bytes_max = kPlaceBytesMax, .depth_max = kPlaceDepthMax});
  if (!path || path->as_array() == nullptr || !leads_somewhere(*path->as_array())) return;
  errors_.append(",\"path\":").append(json::print(*path));
}

void Response::add_locations(std::string_view token) {
  const auto list = json::parse(token, {.bytes_max = kPlaceBytesMax, .depth_max = kPlaceDepthMax});
  if (!list || list->as_array() == nullptr || list->as_array()->size() > kLocationsMax) return;
  const auto at_most = static_cast<std::int64_t>(document_.source.size()) + 1;
  std::string out;
  for (const json::Value& one : *list->as_array()) {
    const json::Value* const line = one.find("line");
    const json::Value* const column = one.find("column");
    for (const json::Value* number : {line, column}) {
      const std::int64_t* const given = number == nullptr ? nullptr : number->as_int();
      if (given == nullptr || *given < 1 || *given > at_most) return;
    }
    out.append(out.empty() ? "" : ",");
    json::Writer writer(out);
    writer.begin_object().member("line", *line).member("column", *column).end_object();
  }
  errors_.append(",\"locations\":[").append(out).append("]");
}

bool Response::read_error() {
  if (!in_.take('{')) return bad("an error is no object");
  if (!errors_.empty()) errors_ += ',';
  errors_.append("{\"message\":");
  json::append_quoted(errors_, kWithheldMessage);
  bool path = false, locations = false;
  if (!in_.take('}')) {
    do {
      JsonCursor::Text name;
      std::string_view token;
      if (!in_.text(name) || !in_.take(':') || !in_.skip(token)) {
        return bad("it is no JSON");
      }
      if (name.inside() == "path" && !std::exchange(path, true)) add_path(token);
      if (name.inside() == "locations" && !std::exchange(locations, true)) add_locations(token);
    } while (in_.take(','));
    if (!in_.take('}')) return bad("it is no JSON");
  }
  errors_ += '}';
  return true;
}

bool Response::read_errors() {
  std::string_view token;
  if (in_.next() == 'n') return in_.scalar(token) || bad("it is no JSON");
  if (!in_.take('[')) return bad("its errors are no list");
  if (in_.take(']')) return true;
  std::size_t count = 0;
  do {
    if (++count > kUpstreamErrorsMax) {
      return bad("it has more than 1000 errors");
    }
    if (!read_error()) return false;
  } while (in_.take(','));
  return in_.take(']') || bad("it is no JSON");
}

bool Response::read_data(Data data) {
  if (data == Data::never) return bad("it is no batch");
  std::string_view token;
  if (in_.next() == 'n') {
    if (!in_.scalar(token)) return bad("it is no JSON");
    data_ = "null";
    return true;
  }
  const Done done = object(AnswerPlan::kRoot);
  if (done == Done::raised) data_ = "null";
  return done != Done::broken;
}

bool Response::read(Data data) {
  if (!in_.take('{')) return bad("it is no object");
  do {
    JsonCursor::Text name;
    std::string_view token;
    if (!in_.text(name) || !in_.take(':')) return bad("it is no JSON");
    const std::string_view member = name.inside();
    if (member == "data" && !std::exchange(has_data_, true)) {
      if (!read_data(data)) return false;
    } else if (member == "errors" && !std::exchange(has_errors_, true)) {
      if (!read_errors()) return false;
    } else if (member == "extensions") {
      if (!in_.skip(token)) return bad("it is no JSON");
    } else {
      return bad("it has a member that no response has, or one twice");
    }
  } while (in_.take(','));
  if (!in_.take('}')) return bad("it is no JSON");
  if (!has_data_ && errors_.empty()) {
    return bad("it has neither data nor errors");
  }
  return true;
}

void Response::append_to(std::string& out) const {
  out += '{';
  if (!errors_.empty()) out.append("\"errors\":[").append(errors_).append("]");
  if (has_data_) out.append(errors_.empty() ? "\"data\":" : ",\"data\":").append(data_);
  out += '}';
}

tl::unexpected<Error> refusal(const std::string& why) {
  return fail(Code::corrupt, "the upstream's answer cannot be masked: " + why);
}

tl::unexpected<Error> too_large(std::size_t bytes_max) {
  return fail(Code::exhausted, "the upstream's answer is larger than " + std::to_string(bytes_max) +
                                   " bytes, the limit of one that is masked");
}

}  // namespace

Result<std::string> mask_answer(std::string_view body, const MaskRequest& request) {
  if (body.size() > request.bytes_max) return too_large(request.bytes_max);
  if (!is_ascii(body) && !is_valid_utf8(body)) return refusal("it is no UTF-8");
  JsonCursor in(body);
  // A batch may be refused as a whole.
  const bool list = request.shape == Shape::batch && in.next() == '[';
  if (list) in.take('[');
  std::string out = list ? "[" : "";
  for (std::size_t i = 0; i < (list ? request.asked.size() : 1); ++i) {
    if (i > 0 && !in.take(',')) return refusal("it has fewer responses than there are operations");
    if (i > 0) out += ',';
    const AskedOperation& asked = request.asked[i];
    AnswerPlan plan(request.listed, *asked.document, *asked.operation, request.masks);
    Response response(in, plan, *asked.document, request.bytes_max);
    const bool all = request.shape == Shape::single || list;
    if (!response.read(all ? Response::Data::wanted : Response::Data::never)) {
      return response.too_large() ? too_large(request.bytes_max) : refusal(response.why());
    }
    response.append_to(out);
    if (out.size() > request.bytes_max) return too_large(request.bytes_max);
  }
  if (list && !in.take(']')) return refusal("it has more responses than there are operations");
  if (list) out += ']';
  if (!in.at_end()) return refusal("something follows it");
  return out;
}

}  // namespace mc::gateway
