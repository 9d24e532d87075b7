import { setShortcuts, setTheme, setUtc, shortcuts, theme, utc } from "../state.ts";

interface ChoiceProps {
  name: string;
  title: string;
  value: string;
  options: [value: string, label: string][];
  choose: (value: string) => void;
}

function Choice({ name, title, value, options, choose }: ChoiceProps) {
  return (
    <fieldset>
      <legend>{title}</legend>
      {options.map(([one, label]) => (
        <label key={one} class="choice">
          <input type="radio" name={name} value={one} checked={value === one} onChange={() => choose(one)} /> {label}
        </label>
      ))}
    </fieldset>
  );
}

// Kept in this browser alone.
export default function PreferencesPage() {
  return (
    <>
      <header class="head">
        <h1 tabIndex={-1}>Preferences</h1>
      </header>
      <p>They hold in this browser, for whoever uses it.</p>
      <form class="narrow">
        <Choice
          name="theme" title="Theme" value={theme.value} choose={setTheme}
          options={[["system", "As the system"], ["light", "Light"], ["dark", "Dark"]]}
        />
        <Choice
          name="time" title="Times" value={utc.value ? "utc" : "local"} choose={(one) => setUtc(one === "utc")}
          options={[["utc", "UTC"], ["local", "Local time"]]}
        />
        <Choice
          name="shortcuts" title="Single-key shortcuts" value={shortcuts.value ? "on" : "off"}
          choose={(one) => setShortcuts(one === "on")} options={[["on", "On"], ["off", "Off"]]}
        />
      </form>
    </>
  );
}
