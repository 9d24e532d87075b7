import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../api.ts";
import type { WhatIf } from "../client.ts";
import { count, time } from "../format.ts";
import { Link } from "../link.tsx";
import { Pager, usePages } from "../list.tsx";
import { Failed } from "../load.tsx";
import { Send, useSending } from "../modal.tsx";
import { Newest } from "../newest.ts";
import { type Asked, type Chosen, NotAsked, readChosen } from "../policy/files.ts";
import { type Changed, changeText, columnsText, maskChanges, maskText, skippedText, tally } from "../policy/words.ts";
import { client, session, tenant, utc } from "../state.ts";

const TIMES = [["15 minutes", 15], ["hour", 60], ["24 hours", 1440]] as const;

const chosenOf = (files: FileList): Chosen[] => [...files].map((file) => ({ name: file.webkitRelativePath || file.name, file }));

interface ChooseProps {
  give: (chosen: Chosen[]) => void;
}

// Files are dropped anywhere on the page, so that none that misses takes its place.
function Choose({ give }: ChooseProps) {
  const [over, setOver] = useState(false);
  const latest = useRef(give);
  latest.current = give;
  useEffect(() => {
    const drag = (event: DragEvent) => {
      event.preventDefault();
      setOver(event.type === "dragover");
    };
    const drop = (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      const files = event.dataTransfer?.files;
      if (files && files.length > 0) latest.current(chosenOf(files));
    };
    for (const name of ["dragover", "dragleave"] as const) addEventListener(name, drag);
    addEventListener("drop", drop);
    return () => {
      for (const name of ["dragover", "dragleave"] as const) removeEventListener(name, drag);
      removeEventListener("drop", drop);
    };
  }, []);
  return (
    <div class={over ? "drop over" : "drop"}>
      <p>
        <label for="what-if-files">Bundle, or its files</label>
        <span class="soft" id="what-if-hint">
          One .tar.gz as it would be served, or all of its .rego, data.json and .manifest files. Drop them here, or choose.
        </span>
        <input
          id="what-if-files" type="file" multiple aria-describedby="what-if-hint"
          onClick={(event) => { event.currentTarget.value = ""; }} // the same file again is another one by then
          onChange={(event) => {
            const { files } = event.currentTarget;
            if (files && files.length > 0) give(chosenOf(files));
          }}
        />
      </p>
    </div>
  );
}

function Outcome({ allow, reasons }: Changed["before"]) {
  return (
    <>
      {allow ? "✓ allowed" : "✕ denied"}
      {reasons.length > 0 && <> <code>{reasons.join(", ")}</code></>}
    </>
  );
}

function Row({ one }: { one: Changed }) {
  const { before, after } = one;
  const masks = before.allow && after.allow ? maskChanges(before, after) : [];
  const masked = Object.keys(after.masked).length;
  const said = (mask: string) => (mask === "" ? "not masked" : maskText(mask));
  return (
    <tr class={before.allow && !after.allow ? "marked" : undefined}>
      <th scope="row" class="state">
        <Link to={`/policy/decisions/${encodeURIComponent(one.decision_id)}`}>
          {time(one.at, utc.value)}<span class="hidden">, decision {one.decision_id}</span>
        </Link>
      </th>
      <td><bdi class="long" title={one.principal}>{one.principal}</bdi></td>
      <td><bdi>{one.tenant}</bdi></td>
      <td class="wrap">{one.action} <bdi>{one.resource.name}</bdi></td>
      <td class="wrap"><Outcome {...before} /></td>
      <td class="wrap"><Outcome {...after} /></td>
      <td class="wrap">
        <b>{changeText(one)}</b>
        {!before.allow && after.allow && masked > 0 && <div>{columnsText(masked)} masked</div>}
        {masks.map((mask) => (
          <div key={mask.column}>
            <code>{mask.column}</code>: {said(mask.before)} → {said(mask.after)}
          </div>
        ))}
      </td>
    </tr>
  );
}

function Changes({ found }: { found: WhatIf }) {
  const pages = usePages(found.changed, found.revision + found.from);
  return (
    <>
      <ul>
        {tally(found.changed).map(({ what, count: many }) => (
          <li key={what}>
            {what}: {count(many)}
          </li>
        ))}
      </ul>
      <div class="scroll" tabIndex={0} role="region" aria-label="Decisions that would be others">
        <table>
          <caption>{count(found.changed.length)} decisions would be others</caption>
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Who</th>
              <th scope="col">Data of</th>
              <th scope="col">What</th>
              <th scope="col">Before</th>
              <th scope="col">After</th>
              <th scope="col">Change</th>
            </tr>
          </thead>
          <tbody>
            {pages.rows.map((one) => <Row key={one.decision_id} one={one} />)}
          </tbody>
        </table>
      </div>
      <Pager pages={pages} />
    </>
  );
}

function Result({ found }: { found: WhatIf }) {
  const { decisions, changed, unchanged, skipped } = found;
  return (
    <section aria-labelledby="what-if-result">
      <h2 id="what-if-result" tabIndex={-1}>What would change</h2>
      <p>
        Under <bdi>{found.revision || "a bundle without a revision"}</bdi>, from {time(found.from, utc.value)} to{" "}
        {time(found.to, utc.value)}: of {count(decisions)} decisions {count(changed.length)} would be others,{" "}
        {count(unchanged)} would stay.
      </p>
      {found.sampled && (
        <p class="warn">
          ▲ The decision log is sampled, so these stand for about {count(found.estimated)} decisions, of which about{" "}
          {count(found.estimated_to_change)} would be others.
        </p>
      )}
      {!found.complete && <p class="warn">▲ There were more decisions than are made again at once: the oldest of that time were.</p>}
      {skipped.length > 0 && (
        <ul>
          {skipped.map(({ reason, count: many }) => (
            <li key={reason}>
              ▲ {count(many)} could not be made again: {skippedText(reason)}
            </li>
          ))}
        </ul>
      )}
      {decisions === 0 && (
        <section class="notice">
          <h3>Nothing to compare</h3>
          <p>No decision of that time is in the log. The policies themselves are good: they compile.</p>
        </section>
      )}
      {decisions > 0 && changed.length === 0 && (
        <section class="notice good">
          <h2>✓ No verdict would change</h2>
          <p>All that could be made again would be decided as it was, with the same reasons and masks.</p>
        </section>
      )}
      {changed.length > 0 && <Changes found={found} />}
    </section>
  );
}

// The findings of the compiler, a line each.
function BadPolicies({ problem }: { problem: Problem }) {
  return (
    <section class="notice bad" role="alert">
      <h2>✕ These policies cannot be used</h2>
      <pre dir="auto" tabIndex={0} role="region" aria-label="What is wrong">{problem.message}</pre>
    </section>
  );
}

const isAboutBody = ({ status }: Problem) => status === 400 || status === 413 || status === 422;

function Form() {
  const [asked, setAsked] = useState<Asked | null>(null);
  const [wrong, setWrong] = useState("");
  const [minutes, setMinutes] = useState(60);
  const [found, setFound] = useState<WhatIf | null>(null);
  const { problem, busy, send, clear } = useSending();
  const newest = useRef(new Newest<Asked>());
  const where = tenant.value;
  async function give(chosen: Chosen[]) {
    setAsked(null);
    setWrong("");
    setFound(null);
    clear();
    const begun = readChosen(chosen);
    const still = newest.current.put(begun);
    try {
      const next = await begun;
      if (still()) setAsked(next);
    } catch (error) {
      if (still()) setWrong(error instanceof NotAsked ? error.message : String(error));
    }
  }
  // Who is quick does not wait for large files to press the button.
  const run = () => newest.current.use(async (ready, still) => {
    if (ready === null) {
      setWrong((why) => why || "Choose a bundle or its files first.");
      return;
    }
    await send(async () => {
      setFound(null);
      const from = new Date(Date.now() - minutes * 60_000).toISOString();
      const body = ready.kind === "bundle" ? ready.body : { files: ready.files };
      const answer = await client.tryPolicy({ tenant: where, from, body });
      if (still()) setFound(answer);
    });
    if (!still()) clear(); // what went wrong is not of what is chosen now
  });
  useEffect(() => {
    if (found) document.getElementById("what-if-result")?.focus();
  }, [found]);
  return (
    <>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        <Choose give={(chosen) => void give(chosen)} />
        <p role="status">
          {asked && <span>✓ <bdi>{asked.name}</bdi>, {count(asked.bytes)} bytes</span>}
        </p>
        {wrong !== "" && <p class="warn" role="alert" dir="auto">▲ {wrong}</p>}
        <div class="filters">
          <p>
            <label for="what-if-time">Decisions of the last</label>
            <select id="what-if-time" value={minutes} onChange={(event) => setMinutes(Number(event.currentTarget.value))}>
              {TIMES.map(([name, value]) => (
                <option key={value} value={value}>{name}</option>
              ))}
            </select>
          </p>
          <p class="buttons">
            <Send busy={busy}>Show what would change</Send>
          </p>
        </div>
      </form>
      {busy && (
        <p>
          <label for="what-if-progress">
            The decisions of the log are made again by <bdi>{asked?.name}</bdi>
          </label>{" "}
          <progress id="what-if-progress" />
        </p>
      )}
      {problem && (isAboutBody(problem) ? <BadPolicies problem={problem} /> : <Failed problem={problem} retry={() => void run()} />)}
      {found && <Result found={found} />}
    </>
  );
}

export default function WhatIfPage() {
  const operator = session.value?.tenant === "system";
  return (
    <>
      <header class="head">
        <h1 tabIndex={-1}>What if</h1>
        <Link to="/policy">The policies in use</Link>
      </header>
      <p>
        Makes logged decisions{tenant.value !== "" && <> on data of <bdi>{tenant.value}</bdi></>} again by other policies, and
        shows whose verdict would change. Nothing is put into use. Whose decisions are read is told of it in its log.
      </p>
      {operator ? <Form /> : (
        <section class="notice bad">
          <h2>✕ You may not do this</h2>
          <p>It reads the decisions of all tenants, so it is for the operator's people.</p>
        </section>
      )}
    </>
  );
}
