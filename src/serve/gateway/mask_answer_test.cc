#include "gateway/mask_answer.h"

#include <doctest/doctest.h>

#include "gateway/masked_schema.h"
#include "json/json.h"

namespace mc::gateway {
namespace {

using masked::World;

const World& world() {
  static const World made;
  return made;
}

// {"data": ...} of one person, masked.
struct Row {
  std::string name;
  std::string document;
  std::string answer;
  World::Masks masks;
  std::string wanted;
};

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(world().mask({row.document}, row.answer, row.masks) == row.wanted);
  }
}

// What is left of `value` in a field of Person.
std::string left_of(const std::string& field, const std::string& value, const std::string& mask) {
  const std::string out =
      world().mask({"{ person { x: " + field + " } }"},
                   R"({"data":{"person":{"x":)" + value + "}}}", {{"Person." + field, mask}});
  const std::string before = R"({"data":{"person":{"x":)";
  if (!out.starts_with(before)) return out;
  return out.substr(before.size(), out.size() - before.size() - 3);
}

TEST_CASE("masked answers: a value of each type under each mask, as datasets have it") {
  struct Leaf {
    std::string field, value, partial, generalise, tokenise_form, hash;
  };
  // "text" = a text of some sort; the exact ones follow.
  const std::vector<Leaf> rows = {
      {"email", R"("ada@home.example")", R"("************mple")", R"("a*")", "text", "text"},
      {"email", R"("\u00e4bcdefgh")", R"("****efgh")", R"("ä*")", "text", "text"},
      {"email", R"("say \"hi\"\n now")", R"("********* now")", R"("s*")", "text", "text"},
      {"email", R"("")", R"("")", "null", R"("")", "text"},
      {"email", "null", "null", "null", "null", "null"},
      {"email", R"("\ud800")", "null", "null", "null", "null"},
      {"code", R"("code-1234")", R"("*****1234")", R"("c*")", "text", "text"},
      {"code", "123456", R"("***456")", R"("123450")", "text", "text"},
      {"code", "12345678901234567890", "null", "null", "null", "null"},
      {"mail", R"("ada@home.example")", R"("************mple")", R"("a*")", "text", "text"},
      {"mail", "123", "null", "120", "null", "null"},
      {"mail", "12.5", "null", "10", "null", "null"},
      {"mail", R"({"a":["deep"]})", "null", "null", "null", "null"},
      {"mail", "true", "null", "null", "null", "null"},
      {"born", R"("1984-05-06")", "null", R"("1984-05-01")", "null", "null"},
      {"born", R"("in May")", "null", "null", "null", "null"},
      {"seen", R"("1984-05-06T07:08:09.000Z")", "null", R"("1984-05-01T00:00:00.000Z")", "null",
       "null"},
      {"salary", "4711", "null", "4710", "null", "null"},
      {"salary", "-4711", "null", "-4720", "null", "null"},
      {"salary", "47.11", "null", "null", "null", "null"},
      {"salary", "3000000000", "null", "null", "null", "null"},
      {"salary", R"("4711")", "null", "null", "null", "null"},
      {"wealth", "3000000017", "null", "3000000010", "null", "null"},
      {"wealth", "99999999999999999999", "null", "null", "null", "null"},
      {"rating", "47.11", "null", "40", "null", "null"},
      {"rating", "1e2", "null", "100", "null", "null"},
      {"rating", "1e999", "null", "null", "null", "null"},
      {"grade", R"("GOLD")", "null", "null", "null", "null"},
      {"active", "true", "null", "null", "null", "null"},
      {"profile", R"({"a":1})", "null", "null", "null", "null"},
  };
  for (const Leaf& row : rows) {
    CAPTURE(row.field);
    CAPTURE(row.value);
    CHECK(left_of(row.field, row.value, "keep") == row.value);
    CHECK(left_of(row.field, row.value, "partial") == row.partial);
    CHECK(left_of(row.field, row.value, "generalise") == row.generalise);
    CHECK(left_of(row.field, row.value, "null") == "null");
    CHECK(left_of(row.field, row.value, "drop") == "null");
    for (const auto& [mask, wanted] :
         {std::pair{"tokenise", row.tokenise_form}, std::pair{"hash", row.hash}}) {
      const std::string out = left_of(row.field, row.value, mask);
      CAPTURE(mask);
      if (wanted != "text") {
        CHECK(out == wanted);
        continue;
      }
      CHECK(out.starts_with('"'));
      CHECK(out != row.value);
      CHECK(out == left_of(row.field, row.value, mask));
    }
  }
}

TEST_CASE("masked answers: pseudonyms are those of the column, whatever the form of the text") {
  const std::string plain = left_of("code", R"("4711")", "hash");
  CHECK(plain.size() == 34);
  CHECK(left_of("code", "4711", "hash") == plain);
  CHECK(left_of("code", R"("4\u003711")", "hash") == plain);
  CHECK(left_of("mail", R"("4711")", "hash") != plain);
  std::string text;
  const mask::ColumnKey key = world().keys.column("alpha", "/graphql", "Person.code");
  mask::apply({mask::Strategy::hash, 0}, key, mask::Form::text, "4711", text);
  CHECK(plain == "\"" + text + "\"");
}

TEST_CASE("masked answers: aliases, fragments and lists lead to the same fields") {
  const World::Masks null = {{"Person.email", "null"}};
  check({
      {"alias", "{ p: person { e: email name } }", R"({"data":{"p":{"e":"x","name":"N"}}})", null,
       R"({"data":{"p":{"e":null,"name":"N"}}})"},
      {"a key of another field's name", "{ person { email: nick nick: email } }",
       R"({"data":{"person":{"email":"open","nick":"x"}}})", null,
       R"({"data":{"person":{"email":"open","nick":null}}})"},
      {"fragments",
       "{ ...Q } fragment Q on Query { people { ...A } } "
       "fragment A on Person { name ...B } fragment B on Node { id ... on Person { email } }",
       R"({"data":{"people":[{"name":"N","id":"1","email":"x"},)"
       R"({"name":"M","id":"2","email":"y"}]}})",
       null,
       R"({"data":{"people":[{"name":"N","id":"1","email":null},)"
       R"({"name":"M","id":"2","email":null}]}})"},
      {"a fragment in two places",
       "{ person { ...F boss { ...F } } } fragment F on Person { email }",
       R"({"data":{"person":{"email":"x","boss":{"email":"y"}}}})", null,
       R"({"data":{"person":{"email":null,"boss":{"email":null}}}})"},
      {"merged selections",
       "{ person { boss { name } boss { email } } ...F } "
       "fragment F on Query { person { boss { email boss { email } } } }",
       R"({"data":{"person":{"boss":{"name":"N","email":"x","boss":{"email":"y"}}}}})", null,
       R"({"data":{"person":{"boss":{"name":"N","email":null,"boss":{"email":null}}}}})"},
      {"directives", "query($t: Boolean!) { person { email @include(if: $t) name @skip(if: $t) } }",
       R"({"data":{"person":{"email":"x"}}})", null, R"({"data":{"person":{"email":null}}})"},
      {"mutation", "mutation { rename(id: 1) { email } }", R"({"data":{"rename":{"email":"x"}}})",
       null, R"({"data":{"rename":{"email":null}}})"},
      {"lists of lists", "{ grid { email } }",
       R"({"data":{"grid":[[{"email":"x"},null],[],null,[{"email":"y"}]]}})", null,
       R"({"data":{"grid":[[{"email":null},null],[],null,[{"email":null}]]}})"},
      {"a list of texts",
       "{ person { tags } }",
       R"({"data":{"person":{"tags":["abcdef","gh"]}}})",
       {{"Person.tags", "partial:2"}},
       R"({"data":{"person":{"tags":["****ef","*h"]}}})"},
      {"a list that cannot show it",
       "{ person { scores } }",
       R"({"data":{"person":{"scores":[1,2]}}})",
       {{"Person.scores", "hash"}},
       R"({"data":{"person":{"scores":null}}})"},
      {"a list of numbers",
       "{ person { scores } }",
       R"({"data":{"person":{"scores":[17,null,2]}}})",
       {{"Person.scores", "generalise"}},
       R"({"data":{"person":{"scores":[10,null,0]}}})"},
      {"a list under null",
       "{ person { tags } }",
       R"({"data":{"person":{"tags":["a"]}}})",
       {{"Person.tags", "null"}},
       R"({"data":{"person":{"tags":null}}})"},
      {"meta fields", "{ __typename __schema { types { name } } person { __typename email } }",
       R"({"data":{"__typename":"Query","__schema":{"types":[{"name":"Person"}]},)"
       R"("person":{"__typename":"Person","email":"x"}}})",
       null,
       R"({"data":{"__typename":"Query","__schema":{"types":[{"name":"Person"}]},)"
       R"("person":{"__typename":"Person","email":null}}})"},
  });
}

TEST_CASE("masked answers: where several types can stand, any masked one of them masks") {
  check({
      {"the interface of a listed field",
       "{ contact { email } }",
       R"({"data":{"contact":{"email":"x"}}})",
       {{"Person.email", "null"}},
       R"({"data":{"contact":{"email":null}}})"},
      {"an object of a listed interface",
       "{ person { note } robot { note } }",
       R"({"data":{"person":{"note":"x"},"robot":{"note":"y"}}})",
       {{"Contact.note", "null"}},
       R"({"data":{"person":{"note":null},"robot":{"note":null}}})"},
      {"another object of it is not the listed one",
       "{ robot { email } }",
       R"({"data":{"robot":{"email":"open"}}})",
       {{"Person.email", "null"}},
       R"({"data":{"robot":{"email":"open"}}})"},
      {"a fragment says which",
       "{ contact { ... on Robot { email } } }",
       R"({"data":{"contact":{"email":"open"}}})",
       {{"Person.email", "null"}},
       R"({"data":{"contact":{"email":"open"}}})"},
      {"one key of two fields",
       "{ hits { ... on Person { k: email } ... on Robot { k: serial } } }",
       R"({"data":{"hits":[{"k":"x"},{"k":"y"},{}]}})",
       {{"Person.email", "null"}},
       R"({"data":{"hits":[{"k":null},{"k":null},{}]}})"},
      {"a union",
       "{ pets { ... on Dog { nick owner { email } } ... on Cat { n: nick mood } } }",
       R"({"data":{"pets":[{"nick":"x","owner":{"email":"open"}},{"n":"open","mood":"open"}]}})",
       {{"Dog.nick", "null"}},
       R"({"data":{"pets":[{"nick":null,"owner":{"email":"open"}},{"n":"open","mood":"open"}]}})"},
      {"below a key of two types",
       "{ hits { ... on Dog { o: owner { email } } ... on Person { o: boss { name } } } }",
       R"({"data":{"hits":[{"o":{"email":"x"}},{"o":{"name":"N"}}]}})",
       {{"Person.email", "null"}},
       R"({"data":{"hits":[{"o":{"email":null}},{"o":{"name":"N"}}]}})"},
      {"the strictest of two",
       "{ contact { email } }",
       R"({"data":{"contact":{"email":"abcdefgh"}}})",
       {{"Person.email", "partial"}, {"Robot.email", "null"}},
       R"({"data":{"contact":{"email":null}}})"},
      {"whichever is listed first",
       "{ contact { email } }",
       R"({"data":{"contact":{"email":"abcdefgh"}}})",
       {{"Person.email", "null"}, {"Robot.email", "partial"}},
       R"({"data":{"contact":{"email":null}}})"},
  });
}

TEST_CASE("masked answers: drop is stricter than null, hash, tokenise, generalise, partial, keep") {
  const std::vector<std::string> order = {"drop",       "null",    "hash", "tokenise",
                                          "generalise", "partial", "keep"};
  const auto alone = [](const std::string& column, const std::string& mask) {
    return world().mask({column == "Robot.email" ? "{ contact: robot { email } }"
                                                 : "{ contact: person { email } }"},
                        R"({"data":{"contact":{"email":"abc def 123"}}})", {{column, mask}});
  };
  for (std::size_t a = 0; a < order.size(); ++a) {
    for (std::size_t b = 0; b < order.size(); ++b) {
      CAPTURE(order[a]);
      CAPTURE(order[b]);
      const std::string both =
          world().mask({"{ contact { email } }"}, R"({"data":{"contact":{"email":"abc def 123"}}})",
                       {{"Person.email", order[a]}, {"Robot.email", order[b]}});
      CHECK(both == (b < a ? alone("Robot.email", order[b]) : alone("Person.email", order[a])));
    }
  }
  const mask::Mask drop = *mask::parse_mask("drop");
  for (const std::string& other : order) {
    CHECK(mask::stricter(*mask::parse_mask(other), drop) == drop);
  }
}

TEST_CASE("masked answers: a null where a value is promised is an error, and goes up") {
  const World::Masks masks = {{"Person.name", "null"}, {"Person.born", "generalise"}};
  const auto error = [](const std::string& field, const std::string& place,
                        const std::string& path) {
    return R"({"message":")" + field +
           R"(: is masked, though the schema says that it is never null","locations":[)" + place +
           R"(],"path":)" + path + R"(,"extensions":{"code":"FORBIDDEN"}})";
  };
  check({
      {"to the object", "{ person { id name email } }",
       R"({"data":{"person":{"id":"1","name":"x","email":"e"}}})", masks,
       R"({"errors":[)" + error("name", R"({"line":1,"column":15})", R"(["person","name"])") +
           R"(],"data":{"person":null}})"},
      {"through what is promised", "{ count person { self { self { n: name } } } }",
       R"({"data":{"count":1,"person":{"self":{"self":{"n":"x"}}}}})", masks,
       R"({"errors":[)" +
           error("name", R"({"line":1,"column":32})", R"(["person","self","self","n"])") +
           R"(],"data":{"count":1,"person":null}})"},
      {"to the root", "{ strict { name } count }", R"({"data":{"strict":{"name":"x"},"count":1}})",
       masks,
       R"({"errors":[)" + error("name", R"({"line":1,"column":12})", R"(["strict","name"])") +
           R"(],"data":null})"},
      {"out of a list, told once", "{ people { name id } }",
       R"({"data":{"people":[{"name":"x","id":1},{"name":"y","id":2}]}})", masks,
       R"({"errors":[)" + error("name", R"({"line":1,"column":12})", R"(["people",0,"name"])") +
           R"(],"data":{"people":null}})"},
      {"each place of a list that may be null", "{ grid { name } }",
       R"({"data":{"grid":[[{"name":"x"},{"name":"y"}]]}})", masks,
       R"({"errors":[)" + error("name", R"({"line":1,"column":10})", R"(["grid",0,0,"name"])") +
           "," + error("name", R"({"line":1,"column":10})", R"(["grid",0,1,"name"])") +
           R"(],"data":{"grid":[[null,null]]}})"},
      {"what is beside it is checked", "{ person { name boss { id } } }",
       R"({"data":{"person":{"name":"x","boss":{"id":"1","evil":1}}}})", masks,
       "!the upstream's answer cannot be masked: it has a key that was not asked for at "
       "person.boss"},
      {"a value that cannot be shown, in a list of promises",
       "{ person { id tags } }",
       R"({"data":{"person":{"id":"1","tags":["\ud800","open"]}}})",
       {{"Person.tags", "hash"}},
       R"({"errors":[)" + error("tags", R"({"line":1,"column":15})", R"(["person","tags",0])") +
           R"(],"data":{"person":{"id":"1","tags":null}}})"},
  });
  // Whether there was a value cannot be told from the answer.
  const auto out = [&](const std::string& value) {
    return world().mask({"{ person { name } }"}, R"({"data":{"person":{"name":)" + value + "}}}",
                        masks);
  };
  CHECK(out("null") == out("\"x\""));
}

TEST_CASE("masked answers: at most a hundred of the errors that masks make are listed") {
  std::string answer = R"({"data":{"grid":[[)";
  for (int i = 0; i < 150; ++i) answer += (i > 0 ? "," : "") + std::string(R"({"name":"x"})");
  const std::string out =
      world().mask({"{ grid { name } }"}, answer + "]]}}", {{"Person.name", "null"}});
  const auto value = json::parse(out);
  REQUIRE(value);
  CHECK(value->find("errors")->as_array()->size() == 100);
  CHECK((*value->find("data")->find("grid")->as_array())[0].as_array()->size() == 150);
}

TEST_CASE("masked answers: what is not masked keeps its text, to the digit") {
  const World::Masks null = {{"Person.email", "null"}};
  const std::string document =
      "{ person { salary wealth rating profile nick email tags boss { id } } }";
  const std::string kept =
      R"("salary":-0,"wealth":123456789012345678901234567890,"rating":1.50e+03,)"
      R"("profile":{"a" : [1.0, {"b":"\u0041"}],"a":2},"nick":"\u00e4\/ä\n","email":)";
  const std::string rest = R"(,"tags":["x","\t"],"boss":null}}})";
  CHECK(world().mask({document}, R"({"data":{"person":{)" + kept + R"("x")" + rest, null) ==
        R"({"data":{"person":{)" + kept + "null" + rest);
  CHECK(world().mask({"{ person { id email nick } }"},
                     " {\n\"data\" :\t{ \"person\" : { \"nick\" : \"a b\" , \"id\" : 7 ,"
                     "\r\n \"email\" : \"x\" } } } \n",
                     null) == R"({"data":{"person":{"nick":"a b","id":7,"email":null}}})");
}

struct Bad {
  std::string answer, why;
};

void check_refused(const std::vector<Bad>& rows) {
  const std::string document = "{ person { id email mail tags boss { email } } people { email } }";
  for (const Bad& row : rows) {
    CAPTURE(row.answer);
    const std::string out = world().mask({document}, row.answer, {{"Person.email", "null"}});
    CHECK(out.starts_with("!the upstream's answer cannot be masked: " + row.why));
    CHECK(out.find("CANARY") == std::string::npos);
  }
}

TEST_CASE("masked answers: what is no JSON is refused, and not quoted") {
  check_refused({
      {"", "it is no object"},
      {"CANARY", "it is no object"},
      {"[]", "it is no object"},
      {"{}", "it is no JSON"},
      {R"({"data":{"person":{"id":"CANARY)", "it is no JSON"},
      {R"({"data":{"person":null}} {"data":"CANARY"})", "something follows it"},
      {R"({"data":{"person":null}}])", "something follows it"},
      {R"({"data":{"person":null,}})", "it is no JSON"},
      {R"({"data":{"person":nul}})", "it is no JSON"},
      {R"({"data":{"person":null}},)", "something follows it"},
      {"{\"data\":{\"person\":{\"id\":\"\xff\"}}}", "it is no UTF-8"},
  });
}

TEST_CASE("masked answers: what is no answer to what was asked is refused, and not quoted") {
  check_refused({
      {R"({"data":)", "an object is expected"},
      {R"({"data":null,"data":null})", "it has a member that no response has, or one twice"},
      {R"({"errors":[{}],"errors":[{}]})", "it has a member that no response has, or one twice"},
      {R"({"data":null,"CANARY":1})", "it has a member that no response has, or one twice"},
      {R"({"d\u0061ta":{"CANARY":1}})", "it has a member that no response has, or one twice"},
      {R"({"data":null,"hasNext":true})", "it has a member that no response has, or one twice"},
      {R"({"incremental":[{"data":{"email":"CANARY"}}]})",
       "it has a member that no response has, or one twice"},
      {R"({"extensions":{"a":"CANARY"}})", "it has neither data nor errors"},
      {R"({"errors":[]})", "it has neither data nor errors"},
      {R"({"errors":"CANARY"})", "its errors are no list"},
      {R"({"errors":["CANARY"]})", "an error is no object"},
      {R"({"data":"CANARY"})", "an object is expected"},
      {R"({"data":[{"person":null}]})", "an object is expected"},
      {R"({"data":{"CANARY":1}})", "it has a key that was not asked for"},
      {R"({"data":{"person":{"CANARY":1}}})", "it has a key that was not asked for at person"},
      {R"({"data":{"person":{"em\u0061il":"CANARY"}}})",
       "it has a key that was not asked for at person"},
      {R"({"data":{"person":{"email":"a","email":"CANARY"}}})", "it has a key twice at person"},
      {R"({"data":{"person":"CANARY"}})", "an object is expected at person"},
      {R"({"data":{"person":[{"id":"CANARY"}]}})", "an object is expected at person"},
      {R"({"data":{"person":{"id":{"CANARY":1}}}})", "a scalar is expected at person.id"},
      {R"({"data":{"person":{"id":["CANARY"]}}})", "a scalar is expected at person.id"},
      {R"({"data":{"person":{"tags":"CANARY"}}})", "a list is expected at person.tags"},
      {R"({"data":{"person":{"tags":{"CANARY":1}}}})", "a list is expected at person.tags"},
      {R"({"data":{"person":{"boss":true}}})", "an object is expected at person.boss"},
      {R"({"data":{"people":{"email":"CANARY"}}})", "a list is expected at people"},
      {R"({"data":{"people":[[{"email":"CANARY"}]]}})", "an object is expected at people"},
      {R"({"data":{"people":[{"email":"a"},{"CANARY":1}]}})",
       "it has a key that was not asked for at people"},
      {R"({"data":{"person":{"email":tru}}})", "it is no JSON at person.email"},
      {R"({"data":{"person":{"email":{"a":}}}})", "it is no JSON at person.email"},
      {R"({"data":{"person":{"id":"a\q"}}})", "it is no JSON at person.id"},
      {R"({"data":{"person":{"id":"\u12G4"}}})", "it is no JSON at person.id"},
      {"{\"data\":{\"person\":{\"id\":\"a\nb\"}}}", "it is no JSON at person.id"},
      {R"({"data":{"person":{"id":01}}})", "it is no JSON at person"},
      {R"({"data":{"person":{"id":1.}}})", "it is no JSON at person.id"},
      {R"({"data":{"person":{"id":-}}})", "it is no JSON at person.id"},
      {R"({"data":{"person":{"id":1e}}})", "it is no JSON at person.id"},
      {R"({"data":{"person":{"id":NaN}}})", "it is no JSON at person.id"},
      {R"({"data":{"person":{"mail":)" + std::string(200, '[') + std::string(200, ']') + "}}}",
       "it is no JSON at person.mail"},
  });
}

TEST_CASE("masked answers: an error keeps its place; its text and what is beside it go") {
  const std::string gone = R"({"message":")" + std::string(kWithheldMessage) + "\"";
  const World::Masks null = {{"Person.email", "null"}};
  const std::string document = "{ person { id email tags } grid { e: email } }";
  struct Error {
    std::string error, left;  // behind the message
  };
  const std::vector<Error> rows = {
      {R"({"message":"CANARY"})", "}"},
      {"{}", "}"},
      {R"({"message":"CANARY","extensions":{"code":"CANARY"},"CANARY":[1]})", "}"},
      {R"({"path":["person","email"],"message":"CANARY"})", R"(,"path":["person","email"]})"},
      {R"({"path":["grid",0,12,"e"]})", R"(,"path":["grid",0,12,"e"]})"},
      {R"({"path":["person","tags",3]})", R"(,"path":["person","tags",3]})"},
      {R"({"path":["grid"]})", R"(,"path":["grid"]})"},
      {R"({"path":["CANARY"]})", "}"},
      {R"({"path":["person","CANARY"]})", "}"},
      {R"({"path":["person","email",4711]})", "}"},
      {R"({"path":["person",4711,"email"]})", "}"},
      {R"({"path":["grid",0,1,2]})", "}"},
      {R"({"path":["grid",-1]})", "}"},
      {R"({"path":["grid",4711471147]})", "}"},
      {R"({"path":["grid",1.5]})", "}"},
      {R"({"path":["person","email","id"]})", "}"},
      {R"({"path":[]})", "}"},
      {R"({"path":"CANARY"})", "}"},
      {R"({"path":[{"CANARY":1}]})", "}"},
      {R"({"path":["grid"],"path":["CANARY"]})", R"(,"path":["grid"]})"},
      {R"({"locations":[{"line":1,"column":2,"CANARY":3},{"column":1,"line":4}]})",
       R"(,"locations":[{"line":1,"column":2},{"line":4,"column":1}]})"},
      {R"({"locations":[{"line":"CANARY","column":1}]})", "}"},
      {R"({"locations":[{"line":1}]})", "}"},
      {R"({"locations":[{"line":0,"column":1}]})", "}"},
      {R"({"locations":[{"line":4711471,"column":1}]})", "}"},
      {R"({"locations":["CANARY"]})", "}"},
      {R"({"locations":"CANARY"})", "}"},
  };
  for (const Error& row : rows) {
    CAPTURE(row.error);
    CHECK(world().mask({document}, R"({"errors":[)" + row.error + R"(],"data":{"person":null}})",
                       null) ==
          R"({"errors":[)" + gone + row.left + R"(],"data":{"person":null}})");
  }
  const std::vector<Row> whole = {
      {"no data", document, R"({"errors":[{"message":"CANARY"},{}]})", null,
       R"({"errors":[)" + gone + "}," + gone + "}]}"},
      {"data first, extensions gone", document,
       R"({"data":null,"extensions":{"trace":"CANARY"},"errors":[{}]})", null,
       R"({"errors":[)" + gone + R"(}],"data":null})"},
      {"none", document, R"({"errors":null,"data":{"person":null}})", null,
       R"({"data":{"person":null}})"},
      {"an empty list", document, R"({"errors":[],"data":{"person":null}})", null,
       R"({"data":{"person":null}})"},
  };
  check(whole);
  std::string many = R"({"errors":[{})";
  for (int i = 0; i < 999; ++i) many += ",{}";
  CHECK(world().mask({document}, many + "]}", null).starts_with("{"));
  CHECK(world().mask({document}, many + ",{}]}", null).ends_with("it has more than 1000 errors"));
}

TEST_CASE("masked answers: a batch has a response for each operation, each masked by its own") {
  const World::Masks null = {{"Person.email", "null"}};
  const std::vector<std::string> documents = {"{ a: person { x: email } }",
                                              "{ a: person { x: nick } }"};
  const auto out = [&](const std::string& answer) { return world().mask(documents, answer, null); };
  CHECK(out(R"( [ {"data":{"a":{"x":"s"}}} , {"data":{"a":{"x":"open"}}} ] )") ==
        R"([{"data":{"a":{"x":null}}},{"data":{"a":{"x":"open"}}}])");
  CHECK(out(R"([{"data":{"a":{"x":"s"}}}])").starts_with("!"));
  CHECK(out(R"([{"data":null},{"data":null},{"data":{"a":{"x":"s"}}}])").starts_with("!"));
  CHECK(out(R"({"data":{"a":{"x":"s"}}})").ends_with("it is no batch"));
  CHECK(out("[]").starts_with("!"));
  // Refused as a whole.
  CHECK(out(R"({"errors":[{"message":"s"}]})") ==
        R"({"errors":[{"message":")" + std::string(kWithheldMessage) + "\"}]}");
  CHECK(world().mask({documents[0]}, R"([{"data":null}])", null).starts_with("!"));
}

TEST_CASE("masked answers: a size that is too large is told, before and after masks") {
  const World::Masks hash = {{"Person.tags", "hash"}};
  const std::string document = "{ person { tags } }";
  std::string answer = R"({"data":{"person":{"tags":["a")";
  for (int i = 0; i < 20; ++i) answer += R"(,"a")";
  answer += "]}}}";
  const std::string large = "!the upstream's answer is larger than ";
  CHECK(world().mask({document}, answer, hash, answer.size() - 1).starts_with(large));
  CHECK(world().mask({document}, answer, hash, answer.size()).starts_with(large));
  const std::size_t grown = answer.size() + 21 * 31;
  CHECK(world().mask({document}, answer, hash, grown - 1).starts_with(large));
  CHECK(world().mask({document}, answer, hash, grown).starts_with("{"));
}

}  // namespace
}  // namespace mc::gateway
