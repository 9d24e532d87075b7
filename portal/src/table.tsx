import type { ComponentChildren } from "preact";

interface Props {
  title: string;
  heads: string[]; // of numbers begin with #, those that are spoken alone with ~
  children: ComponentChildren;
}

function Head({ name }: { name: string }) {
  if (name.startsWith("~")) return <th scope="col"><span class="hidden">{name.slice(1)}</span></th>;
  if (name.startsWith("#")) return <th scope="col" class="number">{name.slice(1)}</th>;
  return <th scope="col">{name}</th>;
}

export function Table({ title, heads, children }: Props) {
  return (
    <div class="scroll below" tabIndex={0} role="region" aria-label={title}>
      <table>
        <caption>{title}</caption>
        <thead>
          <tr>{heads.map((name) => <Head key={name} name={name} />)}</tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
