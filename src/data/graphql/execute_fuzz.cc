// Input: a document, a NUL byte, then variables as JSON. Executes it, valid or not, against a fixed
// schema with the random resolver; the response must be JSON within its limits, and the same with a
// prepared operation.
#include "graphql/graphql.h"
#include "graphql/random_resolver.h"

namespace {

using namespace mc;
using namespace mc::graphql;

constexpr const char* kSdl = R"(
  scalar Any
  enum Color { RED GREEN BLUE }
  input In { a: Int! = 1 b: [String!] c: In color: Color = RED any: Any }
  input One @oneOf { x: Int y: In }
  interface Named { name(upper: Boolean = false): String friends(first: Int = 2): [Named!] }
  union Pet = Dog | Cat
  type Dog implements Named { name(upper: Boolean = false): String
    friends(first: Int = 2): [Named!] barks: Boolean! }
  type Cat implements Named { name(upper: Boolean = false): String
    friends(first: Int = 2): [Named!] lives: [[Int!]]! }
  type Query { named(in: In, one: One, ids: [ID!]): Named pets: [Pet]! any(x: Any): Any f: Float
    color: Color! self: Query! id: ID! }
  type Mutation { a(in: [In!]!): Query b: Pet! }
  type Subscription { tick: Int! }
)";

class StillClock final : public sys::Clock {
 public:
  WallTime wall() override { return {}; }
  MonoTime mono() override { return {}; }
};

void run(const Schema& schema, const Document& document, const json::Object& variables) {
  RandomResolver resolver(schema, document.token_count);
  StillClock clock;
  for (const OperationNode& operation : document.operations) {
    ExecuteRequest request{document, document.name(operation.name), variables};
    request.limits = {.response_bytes_max = 100'000,
                      .errors_max = 20,
                      .objects_max = 3'000,
                      .levels_max = 40,
                      .input_bytes_max = 100'000};
    request.subscriptions = Subscriptions::one_event;
    const ExecuteResult result = execute(schema, request, resolver, clock);
    const auto body = json::parse(result.body, {.bytes_max = 1 << 24, .depth_max = 2000});
    MC_CHECK(body.has_value());
    MC_CHECK((body->find("errors") == nullptr) == (result.errors == 0));
    MC_CHECK((body->find("data") == nullptr) == result.request_error);
    if (result.request_error) continue;
    const PreparedOperation prepared(schema, document, operation);
    request.prepared = &prepared;
    const auto chosen = choose_operation(document, request.operation_name);
    if (!chosen || *chosen != &operation) continue;  // two of the same name
    MC_CHECK(execute(schema, request, resolver, clock).body == result.body);
    MC_CHECK(execute(schema, request, resolver, clock).body == result.body);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::unique_ptr<Schema> schema = *Schema::build({kSdl});
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = input.find('\0');
  const ParseResult document = parse(std::string(input.substr(0, end)));
  if (!document) return 0;
  json::Object variables;
  if (end != input.npos) {
    const Result<json::Value> given = json::parse(input.substr(end + 1));
    if (given && given->as_object() != nullptr) variables = *given->as_object();
  }
  run(*schema, **document, variables);
  return 0;
}
