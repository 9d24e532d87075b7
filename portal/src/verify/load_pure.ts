// Loaded where it is needed: most browsers have all of it themselves.
export const pure = () => import("./pure.ts");
