// Makes the list of a ledger's keys, whoever signs what.
import { canonical, headText, inclusion, leafHash, note, timeAt, treeRoot } from "./making.mjs";

const base64 = (path) => path.map((one) => one.toString("base64"));

// The log "keys", and a log "root" with its heads alone. Each event is 10 ms behind the one before it.
export class KeyLedger {
  leaves = [];
  heads = [];
  #prev = "0".repeat(64);
  #vouched = [];

  constructor(name = "ledger.example") {
    this.name = name;
  }
  // Of any change, also one that there is not.
  event(action, more = {}) {
    const seq = this.leaves.length;
    const leaf = canonical({
      action, actor: "system", log: "keys", pc: "0".repeat(64), prev: this.#prev, purpose: "key rotation", seq,
      tenant: "system", ts: timeAt(seq), type: "key-event", v: 1, warrant: "", ...more,
    });
    this.leaves.push(leaf);
    this.#prev = leafHash(leaf).toString("hex");
    this.heads.push(canonical({
      head: { log: "keys", root: treeRoot(this.leaves.map(leafHash)).toString("hex"), size: seq + 1 },
      log: "root", prev: "0".repeat(64), seq, ts: timeAt(seq), type: "head", v: 1,
    }));
    return seq;
  }
  // That record `seq` is in it, under a head as it is now that these have signed.
  #anchor(seq, signers) {
    return {
      path: base64(inclusion(this.leaves.map(leafHash).slice(0, seq + 1), seq)),
      head: { leaf: this.heads[seq], path: base64(inclusion(this.heads.map(leafHash), seq)) },
      checkpoint: note(headText(this.name, this.heads.map(leafHash)), ...signers),
    };
  }
  begin(signer) {
    return this.event(`begin ${signer.vkey}`);
  }
  // From one key to the next, which `by` vouch for.
  change(to, by) {
    const record = this.begin(to);
    this.#vouched.push({ record, ...this.#anchor(record, by) });
    this.event(`vouch ${to.vkey}`);
  }
  end(signer) {
    return this.event(`end ${signer.vkey}`);
  }
  list(...signers) {
    return {
      kind: "mc.keys/v1", events: [...this.leaves], vouched: structuredClone(this.#vouched),
      ...this.#anchor(this.leaves.length - 1, signers),
    };
  }
}
