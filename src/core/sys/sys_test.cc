#include "sys/sys.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <map>
#include <set>

#include "sys/tree.h"

namespace mc::sys {
namespace {

// A folder of its own for one test, removed at the end.
class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mc-sys-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST_CASE("files: a file is written whole, read back, listed and removed") {
  const TempFolder folder;
  const auto files = real_files();
  CHECK(files->exists(folder / "a") == false);
  REQUIRE(files->write_atomic(folder / "a", "one").has_value());
  REQUIRE(files->write_atomic(folder / "a", "two").has_value());
  CHECK(files->read_all(folder / "a") == "two");
  CHECK(files->list(folder.path()) == std::vector<std::string>{"a"});
  CHECK(files->list(folder / "a").error().code == Code::invalid);
  CHECK(files->list(folder / "b").error().code == Code::not_found);
  CHECK(files->remove(folder / "a").has_value());
  CHECK(files->remove(folder / "a").error().code == Code::not_found);
}

TEST_CASE("files: appending keeps what is there, create_new refuses what is there") {
  const TempFolder folder;
  const auto files = real_files();
  REQUIRE((*files->open(folder / "log", OpenMode::append))->write("a").has_value());
  REQUIRE((*files->open(folder / "log", OpenMode::append))->write("b").has_value());
  CHECK(files->read_all(folder / "log") == "ab");
  CHECK(files->open(folder / "log", OpenMode::create_new).error().code == Code::conflict);
  CHECK(files->read_all(folder / "log", 1).error().code == Code::invalid);
}

TEST_CASE(
    "tree: the files that are wanted, of a folder and those in it, up to its limit of depth") {
  const TempFolder folder;
  const auto files = real_files();
  for (const char* path : {"b.json", "a/z.json", "a/c.txt", "a/deep/e.json", ".git/f.json"}) {
    std::filesystem::create_directories(std::filesystem::path(folder / path).parent_path());
    REQUIRE(files->write_atomic(folder / path, path).has_value());
  }
  const auto wanted = [](std::string_view path) { return path.ends_with(".json"); };
  const auto found = read_tree(*files, folder.path(), wanted);
  REQUIRE(found.has_value());
  const std::vector<TreeFile> all = {
      {"a/deep/e.json", "a/deep/e.json"}, {"a/z.json", "a/z.json"}, {"b.json", "b.json"}};
  CHECK(*found == all);
  CHECK(read_tree(*files, folder / "none", wanted).error().code == Code::not_found);
  std::string deep = folder / "d";
  for (int i = 0; i <= kTreeDepthMax; ++i) deep += "/d";
  std::filesystem::create_directories(deep);
  CHECK(read_tree(*files, folder.path(), wanted).error().what.find("more than 32 folders deep") !=
        std::string::npos);
}

// Files as they are, but for listing.
class OddlyListed final : public Files {
 public:
  using List = std::function<Result<std::vector<std::string>>(const std::string& folder)>;
  explicit OddlyListed(List list) : list_(std::move(list)) {}
  Result<std::vector<std::string>> list(const std::string& folder) override {
    return list_(folder);
  }
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    return files_->open(path, mode);
  }
  Result<std::unique_ptr<RandomAccessFile>> open_random_access(const std::string& path) override {
    return files_->open_random_access(path);
  }
  Result<bool> exists(const std::string& path) override { return files_->exists(path); }
  Status make_folders(const std::string& path) override { return files_->make_folders(path); }
  Status remove(const std::string& path) override { return files_->remove(path); }
  Status rename(const std::string& from, const std::string& to) override {
    return files_->rename(from, to);
  }
  Status sync_folder(const std::string& path) override { return files_->sync_folder(path); }

 private:
  List list_;
  std::unique_ptr<Files> files_ = real_files();
};

bool is_json(std::string_view path) {
  return path.ends_with(".json");
}

TEST_CASE("tree: a folder that cannot be listed is an error, one that is none or gone is not") {
  const TempFolder folder;
  const auto files = real_files();
  std::filesystem::create_directories(folder / "a/deny");
  for (const char* path : {"a/deny/no.json", "a/yes.json", "notes.txt"}) {
    REQUIRE(files->write_atomic(folder / path, path).has_value());
  }
  std::filesystem::create_symlink("nowhere", folder / "dangling");
  CHECK(read_tree(*files, folder.path(), is_json)->size() == 2);
  for (const char* where : {"", "/a", "/a/deny"}) {
    for (const Code code : {Code::denied, Code::unavailable, Code::not_found, Code::invalid}) {
      CAPTURE(where);
      CAPTURE(static_cast<int>(code));
      OddlyListed faulty([&](const std::string& path) -> Result<std::vector<std::string>> {
        if (path == folder.path() + where) return fail(code, "list " + path + ": injected");
        return files->list(path);
      });
      const auto found = read_tree(faulty, folder.path(), is_json);
      const bool is_absent = code == Code::not_found || code == Code::invalid;
      const bool passes = is_absent && *where != '\0';
      REQUIRE(found.has_value() == passes);
      if (passes) {
        CHECK(found->size() == (std::string_view(where) == "/a" ? 0 : 1));
      } else {
        CHECK(found.error().code == code);
        CHECK(found.error().what == "list " + folder.path() + where + ": injected");
      }
    }
  }
}

TEST_CASE("tree: the bytes of all files and the number of folders have limits, which are named") {
  const TempFolder folder;
  const auto files = real_files();
  std::filesystem::create_directories(folder / "a");
  for (const char* path : {"a/1.json", "a/2.json", "b.json", "notes.txt"}) {
    REQUIRE(files->write_atomic(folder / path, "four").has_value());
  }
  CHECK(read_tree(*files, folder.path(), is_json, 12)->size() == 3);
  for (const std::size_t bytes_max : {0U, 3U, 4U, 11U}) {
    const auto found = read_tree(*files, folder.path(), is_json, bytes_max);
    REQUIRE_FALSE(found.has_value());
    CHECK(found.error().code == Code::invalid);
    CHECK(found.error().what ==
          folder.path() + ": more than " + std::to_string(bytes_max) + " bytes of files");
  }
  std::size_t folders = kTreeFoldersMax;  // with the topmost one
  OddlyListed wide([&](const std::string& path) -> Result<std::vector<std::string>> {
    return std::vector<std::string>(path == "top" ? folders - 1 : 0, "f");
  });
  CHECK(read_tree(wide, "top", is_json)->empty());
  ++folders;
  CHECK(read_tree(wide, "top", is_json).error().what == "top: more than 20000 folders");
}

TEST_CASE("lock: a second holder is refused until the first lets go") {
  const TempFolder folder;
  auto first = lock_folder(folder.path());
  REQUIRE(first.has_value());
  const auto second = lock_folder(folder.path());
  REQUIRE(!second.has_value());
  CHECK(second.error().code == Code::conflict);
  first->reset();
  CHECK(lock_folder(folder.path()).has_value());
}

TEST_CASE("files: a random access file is written and read anywhere, and grows with zeros") {
  const auto files = real_files();
  const TempFolder folder;
  const std::string path = folder / "random";
  {
    const auto file = files->open_random_access(path);
    REQUIRE(file.has_value());
    REQUIRE((*file)->write_at(4, "efgh").has_value());
    REQUIRE((*file)->write_at(0, "ab").has_value());
    REQUIRE((*file)->sync().has_value());
    CHECK((*file)->size().value() == 8);
  }
  const auto file = files->open_random_access(path);  // what was there is kept
  std::string bytes(16, '.');
  CHECK((*file)->read_at(0, bytes).value() == 8);
  CHECK(bytes.substr(0, 8) == std::string("ab\0\0efgh", 8));
  CHECK((*file)->read_at(6, bytes).value() == 2);
  CHECK((*file)->read_at(8, bytes).value() == 0);
  CHECK((*file)->read_at(99, bytes).value() == 0);
  CHECK(files->open_random_access(folder / "no/such").error().code == Code::not_found);
}

TEST_CASE("ids: sort by time, differ, and carry version 7") {
  const auto clock = real_clock();
  const auto random = real_random();
  const std::string a = make_id("job", *clock, *random);
  const std::string b = make_id("job", *clock, *random);
  CHECK(a.size() == 4 + 26);
  CHECK(a.substr(0, 4) == "job_");
  CHECK(a != b);
  CHECK(a.substr(4, 9) <= b.substr(4, 9));
}

// The differences of the numbers in ids that are made one after another say nothing of how many
// were made between them: none that is seen once comes again, whatever the distance.
TEST_CASE("ids: of many that are made, some do not tell how many") {
  const auto clock = real_clock();
  IdMaker maker(*clock, 42);
  std::vector<std::string> all;
  for (int i = 0; i < 20'000; ++i) all.push_back(maker.make("req_"));
  CHECK(all.front().size() == 4 + 26);
  CHECK(all.front().starts_with("req_"));
  CHECK(std::set(all.begin(), all.end()).size() == all.size());
  for (std::size_t i = 1; i < all.size(); ++i) {
    CHECK(all[i - 1].substr(0, 16) <= all[i].substr(0, 16));  // in the order of their time
  }
  // Twelve characters are of the hash, five bits each: every difference comes once in 32.
  for (const std::size_t step : {1U, 2U, 7U, 64U, 4'096U}) {
    CAPTURE(step);
    for (std::size_t at = 18; at < 30; ++at) {
      CAPTURE(at);
      std::map<int, int> differences;
      int pairs = 0;
      for (std::size_t i = 0; i + step < all.size(); i += 3) {
        constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";
        const auto digit = [&](std::size_t of) {
          return static_cast<int>(kDigits.find(all[of][at]));
        };
        ++differences[(digit(i + step) - digit(i) + 32) % 32];
        ++pairs;
      }
      for (const auto& [difference, count] : differences) {
        CAPTURE(difference);
        CHECK(count < pairs / 32 + 6 * 15);  // six standard deviations of 5,000 pairs
      }
    }
  }
}

TEST_CASE("ids: another secret, other ids") {
  const auto clock = real_clock();
  IdMaker one(*clock, 1), two(*clock, 2);
  CHECK(one.make("req_").substr(18) != two.make("req_").substr(18));
}

TEST_CASE("clock: monotonic time does not go back") {
  const auto clock = real_clock();
  MonoTime last = clock->mono();
  for (int i = 0; i < 1000; ++i) {
    const MonoTime now = clock->mono();
    CHECK(now >= last);
    last = now;
  }
}

TEST_CASE("sha256: the vectors of FIPS 180-4") {
  CHECK(to_hex(sha256("abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(to_hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("usage: this process has memory, files and spent time") {
  const Usage now = usage();
  CHECK(now.resident_bytes > 100'000);
  CHECK(now.open_files >= 3);
  CHECK(now.cpu.count >= 0);
}

}  // namespace
}  // namespace mc::sys
