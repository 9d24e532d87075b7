#include "witness/server.h"

#include <algorithm>
#include <charconv>

namespace mc::witness {
namespace {

constexpr std::string_view kOld = "old ";

tl::unexpected<Error> bad(std::string_view why) {
  return fail(Code::invalid, "witness request: " + std::string(why));
}

Result<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size() || std::to_string(out) != text) {
    return bad("its old size is no number");
  }
  return out;
}

Answer refuse(int status, std::string why) {
  Answer out;
  out.status = status;
  out.body = std::move(why) + "\n";
  return out;
}

Answer conflict(std::uint64_t size) {
  return {409, "text/x.tlog.size", std::to_string(size) + "\n"};
}

}  // namespace

Result<Request> parse_request(std::string_view body) {
  if (body.size() > kRequestBytesMax) return bad("it is longer than 65536 bytes");
  const std::size_t blank = body.find("\n\n");
  if (blank == std::string_view::npos) return bad("it has no checkpoint");
  const std::vector<std::string_view> lines = split(body.substr(0, blank), '\n');
  if (!lines.front().starts_with(kOld)) return bad("it does not begin with its old size");
  Request out;
  MC_TRY(out.old_size, parse_size(lines.front().substr(kOld.size())));
  if (lines.size() - 1 > kProofLinesMax) return bad("its proof has more than 63 hashes");
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const Result<std::string> bytes = from_base64(lines[i]);
    tlog::Hash hash{};
    if (!bytes || bytes->size() != hash.size()) return bad("a hash is not 32 bytes in base64");
    std::copy(bytes->begin(), bytes->end(), hash.begin());
    out.proof.push_back(hash);
  }
  out.checkpoint = body.substr(blank + 2);
  return out;
}

std::string print_request(const Request& request) {
  std::string out = std::string(kOld) + std::to_string(request.old_size) + "\n";
  for (const tlog::Hash& hash : request.proof) {
    out += to_base64({reinterpret_cast<const char*>(hash.data()), hash.size()}) + "\n";
  }
  return out + "\n" + request.checkpoint;
}

Result<std::unique_ptr<Witness>> Witness::open(sys::Files& files, const std::string& folder,
                                               tlog::NoteSigner signer,
                                               std::vector<tlog::NoteKey> logs) {
  if (signer.key().type() != tlog::NoteKeyType::cosignature_v1) {
    return fail(Code::invalid, "witness: its key is not one for cosignatures");
  }
  MC_TRY_OK(files.make_folders(folder + "/evidence"));
  std::unique_ptr<Witness> out(new Witness(files, folder, std::move(signer)));
  for (tlog::NoteKey& key : logs) {
    std::vector<tlog::NoteKey>& keys = out->logs_[key.name()].keys;
    const bool twice = std::any_of(keys.begin(), keys.end(), [&](const tlog::NoteKey& each) {
      return each.print() == key.print();
    });
    if (twice) return fail(Code::invalid, "witness: the log " + key.print() + " is named twice");
    keys.push_back(std::move(key));
  }
  for (auto& [origin, log] : out->logs_) MC_TRY_OK(out->read(log));
  return out;
}

// Origins are names of any letters; a file's name is made of their hash.
std::string Witness::path_of(const std::string& origin, std::string_view ending) const {
  const crypto::Digest digest = crypto::Sha256().add(origin).finish();
  const std::string_view bytes(reinterpret_cast<const char*>(digest.data()), digest.size());
  return folder_ + (ending == ".note" ? "/" : "/evidence/") + to_hex(bytes.substr(0, 16)) +
         std::string(ending);
}

Status Witness::read(Log& log) {
  const std::string evidence = path_of(log.origin(), ".fork");
  MC_TRY(const bool forked, files_.exists(evidence));
  if (forked) log.evidence = evidence;
  const std::string path = path_of(log.origin(), ".note");
  MC_TRY(const bool there, files_.exists(path));
  if (!there) return ok();
  MC_TRY(log.note, files_.read_all(path, kRequestBytesMax));
  const auto damaged = [&] { return fail(Code::corrupt, path + ": it is not what was cosigned"); };
  const Result<tlog::Note> note = tlog::parse_note(log.note);
  if (!note) return damaged();
  const auto checked = tlog::Policy::of_logs(log.keys).check(*note);
  if (!checked) return damaged();
  log.head = checked->checkpoint.head;
  return ok();
}

Answer Witness::add_checkpoint(std::string_view body, WallTime now) {
  const Result<Request> request = parse_request(body);
  if (!request) return refuse(400, request.error().what);
  const Result<tlog::Note> note = tlog::parse_note(request->checkpoint);
  if (!note) return refuse(400, note.error().what);
  const Result<tlog::Checkpoint> checkpoint = tlog::parse_checkpoint(note->text);
  if (!checkpoint) return refuse(400, checkpoint.error().what);
  const std::lock_guard lock(mutex_);
  const auto found = logs_.find(checkpoint->origin);
  if (found == logs_.end()) return refuse(404, "this log is not known here");
  Log& log = found->second;
  if (const auto checked = tlog::Policy::of_logs(log.keys).check(*note); !checked) {
    return refuse(403, checked.error().what);
  }
  return cosign(log, *request, *note, now);
}

Answer Witness::cosign(Log& log, const Request& request, const tlog::Note& note, WallTime now) {
  const tlog::TreeHead head = tlog::parse_checkpoint(note.text)->head;
  if (!log.evidence.empty()) return refuse(403, "this log has signed two histories");
  // Two heads of one size need no proof: one of them is of another history.
  if (head.size == log.head.size && head.root != log.head.root) return keep_evidence(log, request);
  if (request.old_size > head.size) return refuse(400, "the old size is larger than the log");
  if (request.old_size != log.head.size) return conflict(log.head.size);
  if (request.old_size == 0) {
    if (!request.proof.empty()) return refuse(422, "from nothing there is nothing to prove");
  } else if (!tlog::check_consistency(log.head, head, request.proof)) {
    return keep_evidence(log, request);
  }
  const auto cosignature = signer_.sign(note.text, now.nanos / 1'000'000'000);
  if (!cosignature) return refuse(503, cosignature.error().what);
  if (head.size != log.head.size || log.note.empty()) {
    const Status kept = files_.write_atomic(path_of(log.origin(), ".note"), request.checkpoint);
    if (!kept) return refuse(503, kept.error().what);
    log.head = head;
    log.note = request.checkpoint;
  }
  Answer out;
  const std::string whole = tlog::print_note({note.text, {*cosignature}});
  out.body = whole.substr(note.text.size() + 1);
  return out;
}

// Two heads of one size are of two histories. Heads of two sizes say so only with a proof that
// holds for nobody; the log may give another proof, so it is refused and both notes are kept, once.
Answer Witness::keep_evidence(Log& log, const Request& request) {
  const tlog::TreeHead head =
      tlog::parse_checkpoint(tlog::parse_note(request.checkpoint)->text)->head;
  const bool certain = head.size == log.head.size;
  const std::string path = path_of(log.origin(), certain ? ".fork" : ".doubt");
  const Result<bool> there = files_.exists(path);
  Status kept = ok();
  if (!there || !*there) {
    kept = files_.write_atomic(path, log.note + "\n" + print_request(request));
  }
  if (!kept) return refuse(503, kept.error().what);
  if (certain) log.evidence = path;
  return refuse(422, certain ? "this log has signed another history of this size"
                             : "the proof does not hold");
}

std::map<std::string, std::string> Witness::known() const {
  std::map<std::string, std::string> out;
  const std::lock_guard lock(mutex_);
  for (const auto& [origin, log] : logs_) {
    if (!log.note.empty()) out[origin] = log.note;
  }
  return out;
}

std::map<std::string, std::string> Witness::forks() const {
  std::map<std::string, std::string> out;
  const std::lock_guard lock(mutex_);
  for (const auto& [origin, log] : logs_) {
    if (!log.evidence.empty()) out[origin] = log.evidence;
  }
  return out;
}

}  // namespace mc::witness
