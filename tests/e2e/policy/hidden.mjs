// Looks for planted values in bytes that left the server.
import assert from "node:assert/strict";

import { CANARIES } from "./rows.mjs";

export const HIDDEN = ["personal", "sensitive", "secret"];

// Encodings of bytes that are no cover: what they hold is looked at as well.
function layers(bytes) {
  const text = bytes.toString("latin1");
  const out = [text];
  for (const [word] of text.matchAll(/[A-Za-z0-9+/_-]{16,}={0,2}/g)) {
    out.push(Buffer.from(word, "base64").toString("latin1"));
    out.push(Buffer.from(word.slice(1), "base64").toString("latin1"));
    if (/^[0-9a-fA-F]+$/.test(word)) out.push(Buffer.from(word, "hex").toString("latin1"));
  }
  return out.join("\n").toLowerCase();
}

export function found(bytes, hidden) {
  const text = layers(Buffer.from(bytes));
  return CANARIES.filter(({ needle, sensitivity }) => hidden.includes(sensitivity) && text.includes(needle.toLowerCase()));
}

export function mustHideFrom(bytes, hidden, where) {
  const [one] = found(bytes, hidden);
  assert.equal(one, undefined, `${one?.place} is in ${where}: ${one?.needle}`);
}

// The whole of a reply: its head too.
export const bytesOf = ({ status, headers, text }) => `${status}\n${JSON.stringify(headers)}\n${text}`;
