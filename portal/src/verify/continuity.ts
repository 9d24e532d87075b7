// Whether a log goes on from a head that was seen before: what a browser remembers is what shows a log that
// was rolled back, or that tells others another history.
import { fromBase64 } from "./bytes.ts";
import { Fields } from "./fields.ts";
import { parseJson } from "./json.ts";
import { checkConsistency, type TreeHead } from "./merkle.ts";
import { readPath } from "./receipt.ts";
import { Invalid, Report, type SeenHead, type Step } from "./report.ts";

const treeOf = ({ size, root }: SeenHead): TreeHead => ({ size: BigInt(size), root: fromBase64(root) });

// `answer` is {"path": [...]}, the log's own proof. What is no proof at all shows nothing: it is skipped.
export async function checkContinues(older: SeenHead, newer: SeenHead, answer: string): Promise<Step> {
  const report = new Report("log");
  let path;
  try {
    const fields = new Fields(parseJson(answer), "");
    path = readPath(fields.list("path"));
    fields.done();
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    report.skip("consistency", `What the server gave is no proof: ${error.message}.`);
    return report.steps[0]!;
  }
  const hashes = path;
  await report.step("consistency", "consistency_invalid", (see) => {
    see("Older note", older.note);
    see("Newer note", newer.note);
    checkConsistency(treeOf(older), treeOf(newer), hashes);
    return `the first ${older.size} of ${newer.size} leaves are those that were seen before`;
  });
  return report.steps[0]!;
}
