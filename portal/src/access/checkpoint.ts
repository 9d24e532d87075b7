// What a checkpoint says (c2sp.org/tlog-checkpoint), to be looked at; /verify checks it.
export interface Head {
  origin: string;
  size: number;
  root: string; // base64
  signers: string[]; // the log itself, and who cosigned
}

export function headOf(note: string): Head | null {
  const [text = "", signatures = ""] = note.split("\n\n");
  const [origin = "", size = "", root = ""] = text.split("\n");
  if (!/^\d{1,15}$/.test(size)) return null;
  const signers = [...signatures.matchAll(/^— (\S+) /gm)].map((one) => one[1] ?? "");
  return { origin, size: Number(size), root, signers };
}

// Whose signatures a checkpoint carries beside the log's own, by the names that they give: nobody has checked them.
export const namedIn = ({ origin, signers }: Head): string[] => [...new Set(signers.filter((name) => name !== origin))];

// Where the first tile of a log of that size is served (c2sp.org/tlog-tiles); it has no name in an empty one.
export function firstTile(size: number): string | null {
  if (size === 0) return null;
  return size < 256 ? `/ledger/tile/0/000.p/${size}` : "/ledger/tile/0/000";
}
