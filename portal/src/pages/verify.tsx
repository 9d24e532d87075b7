import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { time } from "../format.ts";
import { utc } from "../state.ts";
import type { VerifyAsked } from "../verify/messages.ts";
import { check, type Shown } from "./verify_check.ts";
import { Choose, type Given } from "./verify_choose.tsx";
import {
  forgetHead, heads, isKeyList, keepTrust, keysOf, readTrust, type Remembered, type Trust, vouchedByServer,
} from "./verify_memory.ts";
import { Result, spoken } from "./verify_result.tsx";
import { TrustForm } from "./verify_trust.tsx";

function quoted(word: string): string {
  const own = word.startsWith("-") ? `./${word}` : word;
  return /^[\w./+=@:-]+$/.test(own) ? own : `'${own.replaceAll("'", "'\\''")}'`;
}

function questionOf({ file }: Given, trust: Trust, artifact: File | null): VerifyAsked {
  const isList = isKeyList(trust.policy);
  const policy = trust.policy.trim() === "" ? null : isList ? trust.policy.trim() : trust.policy;
  const root = trust.root.trim() === "" ? null : new Blob([trust.root]);
  const publicKey = trust.pem.trim() === "" ? null : trust.pem;
  const logKeys = policy === null || isList ? keysOf(trust) : [];
  return { ask: "verify", file, policy, root, logKeys, publicKey, artifact, now: Date.now() };
}

// What `maestro verify` is given for the same check; `from` are the keys that the server's list of keys was followed
// from, if it was.
function commandOf(given: Given, subject: string, trust: Trust, artifact: File | null, from: string[] | null): string {
  const byKeys = (from ?? keysOf(trust)).flatMap((key) => ["--log-key", quoted(key)]);
  const byList = ["--trust", "keys.json", ...byKeys];
  const byPolicy = trust.policy.trim() === "" ? byKeys : isKeyList(trust.policy) ? byList : ["--trust", "policy"];
  const byLog = from === null ? byPolicy : byList;
  const trusted: Record<string, string[]> = {
    envelope: ["--key", "key.pem"], bundle: ["--trust", "trusted_root.json", "--key", "key.pem"],
    "keyless bundle": ["--trust", "trusted_root.json", "--identity", "NAME", "--issuer", "URL"],
  };
  // Others are refused when they are given one.
  const about = artifact && ["", "envelope", "bundle", "keyless bundle", "log proof"].includes(subject)
    ? ["--artifact", quoted(artifact.name)]
    : [];
  return ["maestro", "verify", quoted(given.name || "FILE"), ...(trusted[subject] ?? byLog), ...about].join(" ");
}

function KnownLogs({ known, forget }: { known: Remembered[]; forget: (key: string) => void }) {
  if (known.length === 0) return null;
  return (
    <details class="sources">
      <summary>Logs that this browser remembers: {known.length}</summary>
      <div class="scroll" tabIndex={0} role="region" aria-label="Logs that this browser remembers">
        <table>
          <thead>
            <tr>
              <th scope="col">Log</th>
              <th scope="col" class="number">Leaves</th>
              <th scope="col">Verified</th>
              <th scope="col">
                <span class="hidden">Action</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {known.map((one) => (
              <tr key={one.key}>
                <th scope="row">
                  <bdi class="long" title={one.key}>{one.origin}</bdi>
                </th>
                <td class="number">{one.size}</td>
                <td>{time(one.at, utc.value)}</td>
                <td>
                  <button type="button" onClick={() => forget(one.key)}>
                    Forget<span class="hidden"> {one.key}</span>
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

// Checks what somebody was given, without a word to anybody; nobody has to be signed in.
export default function VerifyPage() {
  const [given, setGiven] = useState<Given | null>(null);
  const [trust, setTrust] = useState(readTrust);
  const [artifact, setArtifact] = useState<File | null>(null);
  const [found, setFound] = useState<{ of: VerifyAsked; shown: Shown } | null>(null);
  const [round, setRound] = useState(0);
  const [, setForgotten] = useState("");
  const servedNow = useRef(new Set<string>()); // keys that were not kept before
  const asked = useMemo(() => given && questionOf(given, trust, artifact), [given, trust, artifact, round]);
  useEffect(() => {
    if (asked === null) return;
    let over = false;
    const kept = keysOf(trust).filter((key) => !servedNow.current.has(key));
    void check(asked, kept, () => over, (shown) => over || setFound({ of: asked, shown }));
    return () => {
      over = true;
    };
  }, [asked]);
  // What was found of another file, or with another key, says nothing of this.
  const unknown: Shown = asked === null ? { state: "empty" } : { state: "busy", steps: [] };
  const shown = found !== null && found.of === asked ? found.shown : unknown;
  const latest = useRef(trust);
  // An answer that comes late changes what stands there by then.
  function change(part: (now: Trust) => Partial<Trust>) {
    const more = part(latest.current);
    if (more.servedKey && !keysOf(latest.current).includes(more.servedKey)) servedNow.current.add(more.servedKey);
    latest.current = { ...latest.current, ...more };
    setTrust(latest.current);
    keepTrust(latest.current);
  }
  return (
    <>
      <header class="head">
        <h1 tabIndex={-1}>Verify</h1>
      </header>
      <p>Shows whether a proof holds. It is checked here, in this browser; no file leaves it.</p>
      <Choose give={setGiven} />
      <p class="hidden" role="status">{spoken(shown)}</p>
      <Result
        shown={shown} given={given} again={() => setRound(round + 1)}
        served={(verdict) => vouchedByServer(trust, verdict.subject, verdict.from)}
        line={(subject, from) => (given ? commandOf(given, subject, trust, artifact, from) : "")}
      />
      <TrustForm trust={trust} change={change} chooseArtifact={setArtifact} />
      <KnownLogs
        known={heads()}
        forget={(key) => {
          forgetHead(key);
          setForgotten(key);
        }}
      />
    </>
  );
}
