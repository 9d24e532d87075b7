// What a what-if is asked with: a bundle as it is, or files of one by their paths.

export interface Chosen {
  name: string;
  file: Blob;
}

export interface Bundle {
  kind: "bundle";
  name: string;
  body: Blob;
  bytes: number;
}
export interface Files {
  kind: "files";
  name: string; // of the only one, or how many there are
  files: Record<string, string>;
  bytes: number;
}
export type Asked = Bundle | Files;

// What was chosen is nothing to ask with; the text says why.
export class NotAsked extends Error {}

export const BYTES_MAX = 64 << 20; // unpacked, as the server's
const FILES_MAX = 1000;

const isBundle = (name: string) => /\.(tar\.gz|tgz)$/i.test(name);
const isOfBundle = (name: string) => /\.rego$|(^|\/)(data\.(json|ya?ml)|\.manifest)$/.test(name);

// Here and now: what is sent later is what was chosen, whatever becomes of the file.
async function bytesOf({ name, file }: Chosen): Promise<ArrayBuffer> {
  try {
    return await file.arrayBuffer();
  } catch {
    throw new NotAsked(`${name} cannot be read here. Of a folder make a bundle: maestro policy build`);
  }
}

async function textOf(one: Chosen): Promise<string> {
  const bytes = await bytesOf(one);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new NotAsked(`${one.name} is not text in UTF-8.`);
  }
}

async function bundleOf(one: Chosen): Promise<Bundle> {
  const bytes = await bytesOf(one);
  const [first, second] = new Uint8Array(bytes);
  if (first !== 0x1f || second !== 0x8b) throw new NotAsked(`${one.name} is not packed by gzip, so it is no bundle.`);
  return { kind: "bundle", name: one.name, body: new Blob([bytes], { type: "application/gzip" }), bytes: bytes.byteLength };
}

async function filesOf(chosen: Chosen[]): Promise<Files> {
  const files = new Map<string, string>();
  for (const one of chosen) {
    if (!isOfBundle(one.name)) {
      throw new NotAsked(`${one.name} is no part of a bundle: those are *.rego, data.json, data.yaml and .manifest.`);
    }
    if (files.has(one.name)) throw new NotAsked(`Two files are called ${one.name}.`);
    files.set(one.name, await textOf(one));
  }
  const bytes = chosen.reduce((sum, { file }) => sum + file.size, 0);
  return {
    kind: "files", name: chosen.length === 1 ? chosen[0]!.name : `${chosen.length} files`,
    files: Object.fromEntries(files), bytes,
  };
}

// Throws NotAsked.
export async function readChosen(chosen: Chosen[]): Promise<Asked> {
  const [only] = chosen;
  if (only === undefined) throw new NotAsked("Nothing was chosen.");
  if (chosen.length > FILES_MAX) throw new NotAsked(`${chosen.length} files are more than ${FILES_MAX}: make a bundle of them.`);
  const bytes = chosen.reduce((sum, { file }) => sum + file.size, 0);
  if (bytes > BYTES_MAX) throw new NotAsked(`${bytes} bytes are more than the ${BYTES_MAX} that the server takes.`);
  const bundle = chosen.find(({ name }) => isBundle(name));
  if (bundle && chosen.length > 1) throw new NotAsked("One bundle, or files of one: not a bundle with other files.");
  return bundle ? bundleOf(bundle) : filesOf(chosen);
}
