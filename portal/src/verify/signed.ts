// The step of a signed head, which receipts, checkpoints and log proofs have.
import { toBase64, toHex } from "./bytes.ts";
import type { TreeHead } from "./merkle.ts";
import { parseNote } from "./note.ts";
import { describe, type Policy } from "./policy.ts";
import type { Report } from "./report.ts";

// The head, when it is signed as the policy wants. `at` is asked for a time of what is in the tree, which a key that
// signed must have reached.
export async function checkSigned(
  read: () => string, policy: Policy, report: Report, at?: () => number,
): Promise<TreeHead | undefined> {
  let head: TreeHead | undefined;
  await report.step("checkpoint", "checkpoint_invalid", async (see) => {
    const text = read();
    see("Note", text);
    const checked = await policy.check(parseNote(text));
    head = checked.checkpoint.head;
    const signers = checked.logs.map(({ printed }) => printed);
    see("Signed by", signers.join("\n"));
    see("Root", toHex(head.root));
    if (checked.witnesses.length > 0) see("Cosigned by", checked.witnesses.join(", "));
    if (at) policy.checkTime(checked, at());
    report.from = policy.from ?? signers;
    report.head = {
      key: signers[0]!, origin: checked.checkpoint.origin, size: String(head.size), root: toBase64(head.root),
      note: text,
    };
    return describe(checked);
  });
  return head;
}
