#include "tlog/note.h"

#include <doctest/doctest.h>

namespace mc::tlog {
namespace {

// The example of the Go package golang.org/x/mod/sumdb/note.
constexpr std::string_view kKnownKey =
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr std::string_view kKnownNote =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\xE2\x80\x94 PeterNeumann "
    "x08go/ZJkuBS9UG/"
    "SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

crypto::SigningKey secret(char fill) {
  return std::move(*crypto::SigningKey::ed25519(Secret(std::string(32, fill))));
}
NoteSigner signer(const std::string& name, char fill, NoteKeyType type = NoteKeyType::ed25519) {
  return std::move(*NoteSigner::make(name, type, secret(fill)));
}

const std::string kText = "log.example\n3\n" + std::string(43, 'A') + "=\n";

TEST_CASE("note: the key and the note of the Go package") {
  const auto key = NoteKey::parse(kKnownKey);
  REQUIRE(key.has_value());
  CHECK(key->print() == kKnownKey);
  const auto note = parse_note(kKnownNote);
  REQUIRE(note.has_value());
  CHECK(print_note(*note) == kKnownNote);
  const auto seals = check_note(*note, std::vector{*key});
  REQUIRE(seals.has_value());
  CHECK(seals->size() == 1);
}

TEST_CASE("note: no bit of it can be changed") {
  const auto key = NoteKey::parse(kKnownKey);
  for (std::size_t bit = 0; bit < kKnownNote.size() * 8; ++bit) {
    std::string bytes(kKnownNote);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
    const auto note = parse_note(bytes);
    if (!note) continue;
    const auto seals = check_note(*note, std::vector{*key});
    CAPTURE(bit);
    CHECK((!seals || seals->empty()));
  }
}

TEST_CASE("note: keys that are not known are passed by, a known one must hold") {
  const NoteSigner log = signer("log.example", 'l');
  const NoteSigner witness = signer("witness.example", 'w', NoteKeyType::cosignature_v1);
  Note note{kText, {*log.sign(kText), *witness.sign(kText, 1'700'000'000)}};
  note.signatures.push_back({"someone.else", 7, std::string(2'420, 'x')});
  const auto again = parse_note(print_note(note));
  REQUIRE(again.has_value());
  CHECK(again->text == note.text);
  CHECK(again->signatures == note.signatures);
  const std::vector keys{signer("third", 't').key(), witness.key(), log.key()};
  const auto seals = check_note(*again, keys);
  REQUIRE(seals.has_value());
  REQUIRE(seals->size() == 2);
  CHECK((*seals)[0].key == 1);
  CHECK((*seals)[0].unix_seconds == 1'700'000'000);
  CHECK((*seals)[1].key == 2);

  Note spoiled = note;
  spoiled.signatures[1].bytes[7] ^= 1;  // of the time
  CHECK_FALSE(check_note(spoiled, keys).has_value());
  spoiled = note;
  spoiled.signatures[0].bytes.pop_back();
  CHECK_FALSE(check_note(spoiled, keys).has_value());
  // The same key under another name, and another key under the same name, are other keys.
  CHECK(check_note(note, std::vector{signer("log.examplf", 'l').key()})->empty());
  CHECK(check_note(note, std::vector{signer("log.example", 'm').key()})->empty());
  CHECK(check_note(note, std::vector{signer("log.example", 'l', NoteKeyType::cosignature_v1).key()})
            ->empty());
  // A second signature of a key must hold as well.
  spoiled = note;
  spoiled.signatures.push_back(spoiled.signatures[0]);
  CHECK(check_note(spoiled, keys)->size() == 2);
  spoiled.signatures.back().bytes[0] ^= 1;
  CHECK_FALSE(check_note(spoiled, keys).has_value());
}

TEST_CASE("note: what is not one is refused") {
  const std::string line = "\xE2\x80\x94 a AAAAAAA=\n";
  const std::string good = "text\n\n" + line;
  REQUIRE(parse_note(good).has_value());
  const std::string bad[] = {"",
                             "text\n",
                             "text\n\n",
                             "text\n" + line,
                             "text\n\n" + line.substr(0, line.size() - 1),
                             "text\n\n" + line + "\n",
                             "text\n\n- a AAAAAAA=\n",
                             "text\n\n\xE2\x80\x94 a\n",
                             "text\n\n\xE2\x80\x94 a b AAAAAAA=\n",
                             "text\n\n\xE2\x80\x94 a+b AAAAAAA=\n",
                             "text\n\n\xE2\x80\x94  AAAAAAA=\n",
                             "text\n\n\xE2\x80\x94 a AAAAAA==\n",  // an id and nothing else
                             "text\n\n\xE2\x80\x94 a AAAAAAB=\n",  // bits behind the end
                             "text\n\n\xE2\x80\x94 a AAAAAA-_\n",
                             "te\rxt\n\n" + line,
                             "te\x1b[1mxt\n\n" + line,
                             "te\xffxt\n\n" + line};
  for (const std::string& bytes : bad) {
    CAPTURE(bytes);
    CHECK_FALSE(parse_note(bytes).has_value());
  }
  // What stands before the last empty line is text.
  CHECK(parse_note("a\n\nb\n\n" + line)->text == "a\n\nb\n");
  std::string many = "text\n\n";
  for (std::size_t i = 0; i < kNoteSignaturesMax; ++i) many += line;
  CHECK(parse_note(many).has_value());
  CHECK_FALSE(parse_note(many + line).has_value());
  CHECK_FALSE(parse_note(std::string(kNoteBytesMax, 'a') + good).has_value());
}

TEST_CASE("note: verifier keys are read strictly") {
  const std::string good = signer("log.example", 'l').key().print();
  REQUIRE(NoteKey::parse(good).has_value());
  const std::size_t id = good.find('+') + 1;
  std::string other = good;
  other[id] = other[id] == '0' ? '1' : '0';
  const std::string bad[] = {"",
                             "a",
                             "a+b",
                             "+" + good.substr(id),
                             good + "A",
                             other,
                             good.substr(0, good.size() - 4),
                             "log example" + good.substr(id - 1),
                             good.substr(0, id) + "+" + good.substr(id)};
  for (const std::string& vkey : bad) {
    CAPTURE(vkey);
    CHECK_FALSE(NoteKey::parse(vkey).has_value());
  }
  CHECK_FALSE(NoteSigner::make("a+b", NoteKeyType::ed25519, secret('x')).has_value());
  CHECK_FALSE(NoteSigner::make("a", NoteKeyType::ed25519,
                               *crypto::SigningKey::generate(crypto::Algorithm::es256))
                  .has_value());
  CHECK_FALSE(signer("a", 'a').sign("no end").has_value());
  CHECK_FALSE(signer("a", 'a').sign("bell\a\n").has_value());
  CHECK_FALSE(signer("a", 'a', NoteKeyType::cosignature_v1).sign("a\n", -1).has_value());
}

TEST_CASE("note: checkpoints") {
  const auto read = parse_checkpoint(kText + "more\n");
  REQUIRE(read.has_value());
  CHECK(read->origin == "log.example");
  CHECK(read->head.size == 3);
  CHECK(read->head.root == Hash{});
  CHECK(read->extensions == std::vector<std::string>{"more"});
  CHECK(print_checkpoint(*read) == kText + "more\n");
  const std::string root = std::string(43, 'A') + "=\n";
  const std::string bad[] = {"",
                             "log\n3\n",
                             "\n3\n" + root,
                             "log\n03\n" + root,
                             "log\n-3\n" + root,
                             "log\n+3\n" + root,
                             "log\n3 \n" + root,
                             "log\n\n" + root,
                             "log\n18446744073709551616\n" + root,
                             "log\n3\nAAAA\n",
                             "log\n3\n" + std::string(43, 'A') + "\n",
                             "log\n3\n" + root + "\n",
                             ("log\n3\n" + root).substr(0, 40)};
  for (const std::string& text : bad) {
    CAPTURE(text);
    CHECK_FALSE(parse_checkpoint(text).has_value());
  }
  CHECK(parse_checkpoint("log\n18446744073709551615\n" + root)->head.size == UINT64_MAX);
}

}  // namespace
}  // namespace mc::tlog
