import { useEffect, useRef, useState } from "preact/hooks";
import { asProblem, Problem } from "../api.ts";
import type { QueuedQuery } from "../client.ts";
import { count, time, UNKNOWN } from "../format.ts";
import { dataOf, runGraphql } from "../graphql/run.ts";
import { Link } from "../link.tsx";
import { Failed, useLoaded, Waiting } from "../load.tsx";
import { Send } from "../modal.tsx";
import { Once } from "../once.ts";
import { PassingButton } from "../passing.tsx";
import {
  type Answer, type Asked, leftText, type Mechanism, type Outcome, outcomeOf, type Question, queuedQuery, queueQuery, quoteQuery,
  readHistory, type Refusal, refusalOfQuote, runQuery, secondsLeft, startersOf, verdictText, within, withAsked, wrongQuestion,
} from "../privacy/query.ts";
import { attempt, client, session, skewSeconds, utc } from "../state.ts";
import { Table } from "../table.tsx";
import { Refusals } from "./privacy_refusals.tsx";
import { AnswerPart } from "./query_answer.tsx";
import { Waits } from "./query_queue.tsx";

const HISTORY = "mc.private";

interface Opened {
  endpoint: string;
  starters: string[];
  purposes: string[]; // that the tenant has budgets for, as far as the caller may see them
}

async function purposesOf(tenant: string): Promise<string[]> {
  try {
    const { items } = await client.listPrivacyBudgets({ tenant });
    return [...new Set(items.flatMap(({ purpose }) => (purpose === null ? [] : [purpose])))];
  } catch (error) {
    if (error instanceof Problem && error.status !== 0 && error.status !== 401) return [];
    throw error;
  }
}

// Of the caller, though more may be seen.
async function waitsOf(tenant: string): Promise<QueuedQuery[]> {
  try {
    const { items } = await client.listQueuedQueries({ tenant });
    return items.filter(({ analyst }) => analyst === session.value?.principal);
  } catch (error) {
    if (error instanceof Problem && error.status !== 0 && error.status !== 401) return [];
    throw error;
  }
}

async function open(): Promise<Opened | null> {
  const { items } = await client.listDatasets();
  const endpoint = items.find((one) => one.endpoint)?.endpoint;
  if (!endpoint) return null;
  const { __schema: schema } = await dataOf<{ __schema: { queryType: { fields: { name: string }[] } } }>(
    endpoint, "{ __schema { queryType { fields { name } } } }");
  const starters = startersOf(schema.queryType.fields.map(({ name }) => name), items);
  return { endpoint, starters, purposes: starters.length === 0 ? [] : await purposesOf(session.value?.tenant ?? "") };
}

// What the quote was made of goes with it: what is run is exactly that.
interface Quoted {
  question: Question;
  answer: Answer;
}

function useSecondsLeft(until: string | null): number {
  const now = () => Date.now() - skewSeconds.value * 1000;
  const [left, setLeft] = useState(secondsLeft(until, now()));
  useEffect(() => {
    setLeft(secondsLeft(until, now()));
    const timer = setInterval(() => setLeft(secondsLeft(until, now())), 1000);
    return () => clearInterval(timer);
  }, [until]);
  return left;
}

interface RefusedProps {
  refusal: Refusal;
  why: string;
  take: (epsilon: string) => void;
  wait: () => void;
}

function Refused({ refusal, why, take, wait }: RefusedProps) {
  const { budget, requested, remaining, resetsAt, nearest, queueRunsAt } = refusal;
  return (
    <section class="notice bad" aria-labelledby="refused">
      <h2 id="refused">✕ The budget does not have that much left</h2>
      <p dir="auto">{why}</p>
      <dl class="facts">
        <dt>Budget</dt>
        <dd><bdi>{budget ?? "that of the dataset for your purpose"}</bdi></dd>
        <dt>Asked for</dt>
        <dd>epsilon {requested}</dd>
        <dt>Left</dt>
        <dd>{remaining ?? UNKNOWN}</dd>
        <dt>Resets</dt>
        <dd>{resetsAt === null ? UNKNOWN : time(resetsAt, utc.value)}</dd>
        <dt>The nearest that passes</dt>
        <dd>
          {nearest === null ? "none with this budget" : `epsilon ${nearest.epsilon}${nearest.rmse === null ? "" : `, off by ${nearest.rmse} (RMSE)`}`}
        </dd>
      </dl>
      <p class="buttons">
        {nearest && <PassingButton press={() => take(nearest.epsilon)}>Quote with epsilon {nearest.epsilon}</PassingButton>}
        {queueRunsAt !== null && <PassingButton press={wait}>Let it wait until {time(queueRunsAt, utc.value)}</PassingButton>}
        <Link to="/privacy" button>See budgets, ask for more</Link>
      </p>
    </section>
  );
}

function QuotePart({ quoted, busy, run }: { quoted: Quoted; busy: boolean; run: () => void }) {
  const { answer } = quoted;
  const { quote } = answer;
  const left = useSecondsLeft(quote?.validUntil ?? null);
  const cached = answer.verdict === "CACHED";
  if (quote === null) return <p>The server gave no quote.</p>;
  const over = quote.id === null || left === 0;
  return (
    <section class="notice" aria-labelledby="quote">
      <h2 id="quote">{verdictText(answer.verdict)}</h2>
      <dl class="facts">
        <dt>Cost</dt>
        <dd><b>{cached ? "nothing" : `epsilon ${answer.epsilon}`}</b>{answer.delta !== "0" && !cached && `, delta ${answer.delta}`}</dd>
        <dt>How exact</dt>
        <dd><b>{within(quote.halfWidth)}</b>; off by {quote.rmse} (RMSE)</dd>
        {quote.alwaysShown !== null && <><dt>Groups</dt><dd>shown for certain from {count(quote.alwaysShown)} people on</dd></>}
        <dt>Credits</dt>
        <dd>{quote.credits === null ? UNKNOWN : count(quote.credits)}</dd>
        <dt>Left now</dt>
        <dd>{leftText(quote)}</dd>
        <dt>Question</dt>
        <dd>
          <code>{quoted.question.sql}</code>{quoted.question.purpose !== "" && <>, for <bdi>{quoted.question.purpose}</bdi></>}
        </dd>
      </dl>
      <p class="buttons">
        <button type="button" class="primary" aria-disabled={over || busy} onClick={() => over || run()}>Run exactly that</button>
        <span>{over ? "" : `valid for ${left} s`}</span>
      </p>
      <p role="status">{over && "▲ The quote is over. Ask for another one."}</p>
    </section>
  );
}

function History({ all, take }: { all: Asked[]; take: (one: Question) => void }) {
  return (
    <section aria-labelledby="history">
      <h2 id="history">Asked in this session</h2>
      {all.length === 0 && <p>Nothing yet. This browser keeps what you ask until its tab is closed, and not the answers.</p>}
      {all.length > 0 && (
        <Table title="Answers of this session, newest first" heads={["Question", "When", "#Epsilon", "Verdict", "#Groups", "~Again"]}>
          {all.map((one, i) => (
            <tr key={`${one.at} ${i}`}>
              <th scope="row" class="wrap"><code>{one.sql}</code></th>
              <td class="state">{time(one.at, utc.value)}</td>
              <td class="number">{one.cost}</td>
              <td>{one.verdict}</td>
              <td class="number">{count(one.rows)}</td>
              <td><button type="button" onClick={() => take(one)}>Take over<span class="hidden"> question {all.length - i}</span></button></td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}

interface FormProps {
  draft: Question;
  change: (part: Partial<Question>) => void;
  starters: string[];
  purposes: string[];
  busy: boolean;
  quote: () => void;
}

function Form({ draft, change, starters, purposes, busy, quote }: FormProps) {
  const [told, setTold] = useState("");
  const wrong = wrongQuestion(draft);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        setTold(wrong);
        if (wrong === "") quote();
      }}
    >
      <p>
        <label for="sql">Question, in SQL</label>
        <textarea
          id="sql" rows={4} spellcheck={false} autocomplete="off" autocapitalize="off" value={draft.sql} aria-describedby="sql-hint"
          onInput={(event) => change({ sql: event.currentTarget.value })}
        />
        <span class="soft" id="sql-hint">
          <code>SELECT country, COUNT(*) FROM person WHERE riskScore &gt;= 80 GROUP BY country</code>; also SUM, AVG and QUANTILE.
        </span>
      </p>
      {starters.length > 1 && (
        <p>
          <label for="starter">Begin with</label>
          <select id="starter" value="" onChange={(event) => event.currentTarget.value && change({ sql: event.currentTarget.value })}>
            <option value="">a dataset</option>
            {starters.map((one) => <option key={one} value={one}>{one}</option>)}
          </select>
        </p>
      )}
      <p>
        <label for="epsilon">Epsilon: more is more exact, and costs more</label>
        <input
          id="epsilon" inputMode="decimal" autocomplete="off" maxLength={20} value={draft.epsilon}
          onInput={(event) => change({ epsilon: event.currentTarget.value })}
        />
      </p>
      <p>
        <label for="mechanism">Noise</label>
        <select id="mechanism" value={draft.mechanism} onChange={(event) => change({ mechanism: event.currentTarget.value as Mechanism })}>
          <option value="LAPLACE">discrete Laplace</option>
          <option value="GAUSSIAN">discrete Gaussian, which costs a delta</option>
        </select>
      </p>
      {purposes.length > 1 && (
        <p>
          <label for="purpose">Purpose</label>
          <select id="purpose" value={draft.purpose} onChange={(event) => change({ purpose: event.currentTarget.value })}>
            <option value="">that of the session</option>
            {purposes.map((one) => <option key={one} value={one}>{one}</option>)}
          </select>
        </p>
      )}
      <p class="warn" role="status">{told !== "" && wrong !== "" && `▲ ${wrong}`}</p>
      <p class="actions"><Send busy={busy}>Quote</Send></p>
    </form>
  );
}

function Asking({ opened }: { opened: Opened }) {
  const [draft, setDraft] = useState<Question>({ sql: opened.starters[0] ?? "", epsilon: "0.5", mechanism: "LAPLACE", purpose: "" });
  const [quoted, setQuoted] = useState<Quoted | null>(null);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const [history, setHistory] = useState(() => readHistory(sessionStorage.getItem(HISTORY)));
  const once = useRef(new Once());
  const [waited, setWaited] = useState<Question | null>(null); // what the refusal is of
  const who = session.value;
  const waits = useLoaded("queue", () => waitsOf(who?.tenant ?? ""));

  async function send(query: string, variables: Record<string, unknown>, purpose: string): Promise<Outcome | null> {
    setProblem(null);
    setOutcome(null);
    try {
      const ran = await runGraphql(opened.endpoint, query, variables, purpose);
      if (ran.status === 401) await attempt(client.getSession);
      return outcomeOf(ran.body, ran.status);
    } catch (error) {
      setProblem(asProblem(error));
      return null;
    }
  }
  function ask(query: string, question: Question, more: Record<string, unknown>): Promise<Outcome | null> {
    const { sql, epsilon, mechanism, purpose } = question;
    setWaited(question);
    return send(query, { sql, epsilon: epsilon.trim(), mechanism, ...more }, purpose);
  }
  const wait = (question: Question) => void once.current.run(async () => {
    setOutcome(await ask(queueQuery, question, {}));
    waits.reload();
  }, setBusy);
  const show = (id: string, purpose: string) => void once.current.run(async () => {
    setOutcome(await send(queuedQuery, { id }, purpose));
    document.getElementById("answer")?.scrollIntoView();
  }, setBusy);
  const quote = (question: Question) => void once.current.run(async () => {
    setQuoted(null);
    const found = await ask(quoteQuery, question, {});
    if (found?.state === "answer" && found.answer.verdict !== "DENY") setQuoted({ question, answer: found.answer });
    else if (found?.state === "answer") {
      setOutcome({ state: "refused", refusal: refusalOfQuote(found.answer), why: "Nothing was asked yet, and nothing was spent." });
    } else setOutcome(found);
  }, setBusy);
  const run = ({ question, answer: { quote: of } }: Quoted) => void once.current.run(async () => {
    const found = await ask(runQuery, question, { quote: of?.id });
    setOutcome(found);
    if (found?.state !== "answer") return;
    setQuoted(null); // it is used up
    const { verdict, epsilon, rows } = found.answer;
    const cost = verdict === "CACHED" ? "0" : epsilon;
    const kept = withAsked(history, { ...question, at: new Date().toISOString(), cost, verdict, rows: rows.length });
    sessionStorage.setItem(HISTORY, JSON.stringify(kept));
    setHistory(kept);
    document.getElementById("answer")?.scrollIntoView();
  }, setBusy);
  return (
    <>
      <div class="console">
        <Form
          draft={draft} change={(part) => setDraft({ ...draft, ...part })} starters={opened.starters}
          purposes={opened.purposes} busy={busy} quote={() => quote(draft)}
        />
        <div>
          {problem && <Failed problem={problem} retry={() => quote(draft)} />}
          {!quoted && !outcome && !problem && (
            <section class="notice">
              <h2>{busy ? "Asking" : "A quote costs nothing"}</h2>
              <p>It says what an answer costs, how exact it is, and what is left. It holds for 60 s, and then you run exactly that.</p>
            </section>
          )}
          {quoted && <QuotePart quoted={quoted} busy={busy} run={() => run(quoted)} />}
          {outcome?.state === "refused" && (
            <Refused
              refusal={outcome.refusal} why={outcome.why} wait={() => waited && wait(waited)}
              take={(epsilon) => {
                setDraft({ ...draft, epsilon });
                quote({ ...draft, epsilon });
              }}
            />
          )}
          {outcome?.state === "wrong" && (
            <section class="notice bad" role="alert">
              <h2>✕ This was not answered</h2>
              <p><b>{outcome.code}</b> <span dir="auto">{outcome.why}</span></p>
            </section>
          )}
          {outcome?.state === "answer" && outcome.answer.queued?.state !== "waiting" && <AnswerPart answer={outcome.answer} />}
          {outcome?.state === "answer" && outcome.answer.queued?.state === "waiting" && (
            <section class="notice" aria-labelledby="queued">
              <h2 id="queued">{verdictText("QUEUE")}</h2>
              <p role="status">It runs {time(outcome.answer.queued.runsAt, utc.value)}, and costs nothing until then.</p>
            </section>
          )}
        </div>
      </div>
      {who && <Waits tenant={who.tenant} all={waits.value ?? []} reload={waits.reload} show={show} />}
      <History all={history} take={({ sql, epsilon, mechanism, purpose }) => setDraft({ sql, epsilon, mechanism, purpose })} />
      {who && <Refusals tenant={who.tenant} of={{ actor: `${who.principal}@${who.tenant}` }} />}
    </>
  );
}

export default function QueryPage() {
  const loaded = useLoaded("query", open);
  const { value, problem, at } = loaded;
  return (
    <>
      <header class="head"><h1 tabIndex={-1}>Query</h1></header>
      <p>Answers about everybody, with noise, so that nobody is shown. Each costs of the budget of your purpose.</p>
      {problem && <Failed problem={problem} retry={loaded.reload} />}
      {at === 0 && !problem && <Waiting />}
      {at > 0 && (value?.starters.length ?? 0) === 0 && (
        <section class="notice">
          <h2>Nothing to ask</h2>
          <p>No dataset of this server gives private answers: one does when its model has a section <code>privacy</code>.</p>
        </section>
      )}
      {value && value.starters.length > 0 && <Asking opened={value} />}
    </>
  );
}
