/** How pages look in this browser. */

import type { JSX } from "react";

import { formatClock, formatDay } from "../../base/format.ts";
import { zoneName } from "../../base/zone.ts";
import { Choice } from "../../widgets/Choice.tsx";
import { useNow } from "../../widgets/now.ts";
import { chooseTheme, type Theme, useTheme } from "../../widgets/theme.ts";
import { chooseTimeForm, chooseZone, useTimes } from "../../widgets/times.ts";

const THEME_OPTIONS: readonly { readonly value: Theme; readonly label: string }[] = [
  { value: "system", label: "as the system" },
  { value: "dark", label: "dark" },
  { value: "light", label: "light" },
];

export function Display(): JSX.Element {
  const { zone, form } = useTimes();
  const now = useNow();
  return (
    <section className="panel setting" aria-labelledby="display-title">
      <h2 id="display-title">Display</h2>
      <p>Kept in this browser alone.</p>
      <dl className="display">
        <div>
          <dt>Theme</dt>
          <dd>
            <Choice label="Theme" value={useTheme()} options={THEME_OPTIONS} onChange={chooseTheme} /> <kbd>t</kbd>
          </dd>
        </div>
        <div>
          <dt>Times by the clock of</dt>
          <dd>
            <Choice
              label="Times by the clock of"
              value={zone}
              options={[
                { value: "local", label: `here (${zoneName("local")})` },
                { value: "utc", label: "UTC" },
              ]}
              onChange={chooseZone}
            />{" "}
            <kbd>U</kbd>
            <span className="note">
              now {formatDay(now)} {formatClock(now).slice(0, 5)}
            </span>
          </dd>
        </div>
        <div>
          <dt>Times of late as</dt>
          <dd>
            <Choice
              label="Times of late as"
              value={form}
              options={[
                { value: "relative", label: "how long ago" },
                { value: "absolute", label: "date and time" },
              ]}
              onChange={chooseTimeForm}
            />{" "}
            <kbd>A</kbd>
            <span className="note">the other form stands in the hint</span>
          </dd>
        </div>
      </dl>
    </section>
  );
}
