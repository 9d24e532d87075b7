// Takes the place of ../verify/load_pure.ts in the page of a receipt, which loads nothing later.
import { digest, verifyEd25519 } from "../verify/pure_ed25519.ts";

export const pure = () => Promise.resolve({ digest, verifyEd25519 });
