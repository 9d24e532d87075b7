import { Link } from "../link.tsx";

export default function MissingPage() {
  return (
    <section class="notice">
      <h1 tabIndex={-1}>No such page</h1>
      <p>
        The address may be old or mistyped. <Link to="/">Go to the overview</Link>
      </p>
    </section>
  );
}
