// maestro tap sign: an order as a file, for a server that is reached in no other way.
#include <memory>

#include "maestro/cmd_tap.h"
#include "maestro/command.h"
#include "maestro/signing_files.h"
#include "tap/order.h"

namespace mc::app {
namespace {

struct Flags {
  TapFlags tap;
  std::string lift;
  std::string key;
  std::string passphrase;
  std::string out;
  std::string expires = "1h";
  std::int64_t serial = 0;  // 0 = by the clock
};

Result<tap::Order> order_of(Context& context, const Flags& flags) {
  const json::Object body = body_of(flags.tap);
  if (flags.lift.empty() == body.empty()) {
    return fail(Code::invalid, "--lift ID, or --action and what `tap set` takes: one of them");
  }
  tap::Order out;
  out.issued = whole_ms(context.machine.clock->wall());
  const Result<Nanos> lasts = parse_duration(flags.expires);
  if (!lasts) return fail(Code::invalid, "--expires: " + lasts.error().what);
  out.expires = out.issued + *lasts;
  out.serial = flags.serial == 0 ? to_unix_ms(out.issued) : flags.serial;
  out.id = flags.lift;
  if (!flags.lift.empty()) return out;
  out.id = sys::make_id("tap", *context.machine.clock, *context.machine.random);
  MC_TRY(const tap::Body wanted, json::read<tap::Body>(json::Value(body)));
  MC_TRY(out.set, tap::read_wanted(wanted, out.issued));
  return out;
}

Status sign(Context& context, const Flags& flags) {
  MC_TRY(const tap::Order order, order_of(context, flags));
  MC_TRY(const crypto::SigningKey key, read_signing_key(context, flags.key, flags.passphrase));
  MC_TRY(const std::string text, tap::sign_order(order, key));
  if (!context.dry_run) MC_TRY_OK(context.machine.files->write_atomic(flags.out, text));
  json::Object out;
  out.set("order", flags.out);
  out.set("tap", order.id);
  out.set("serial", order.serial);
  out.set("key_id", tap::key_id_of(key.public_key()));
  out.set("expires_at", format_rfc3339(order.expires));
  if (context.json) {
    print_out(json::print(out) + "\n");
  } else {
    print_out(order.id + "\n");
  }
  print_talk(context, (context.dry_run ? "dry run: " : "") + std::string("signed; copy ") +
                          flags.out + " into the folder taps of the data directory by " +
                          format_rfc3339(order.expires) + "\n");
  return ok();
}

}  // namespace

void add_tap_sign(cli::Command& noun, Context& context) {
  const auto flags = std::make_shared<Flags>();
  cli::Command& command = noun.add("sign", "Make a signed file that sets a tap, or lifts one");
  command.option("--key", flags->key, "Key file: cosign's, or PKCS #8 in PEM").required();
  command.option("--passphrase", flags->passphrase, kPassphraseHelp);
  command.option("--out", flags->out, "Where the file goes: NAME.tap").required();
  command.option("--lift", flags->lift, "The tap to lift");
  command.option("--expires", flags->expires, "How long a server takes the file: 1h");
  command.option("--serial", flags->serial, "Above that of the key's last order; by the clock")
      .between(1, tap::kSerialMax);
  add_tap_options(command, flags->tap, Needed::no);
  command.runs([&context, flags] { return sign(context, *flags); });
}

}  // namespace mc::app
