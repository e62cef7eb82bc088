/** What fires now, before anything else: each alert leads to its page, which says why. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { activeAlertsQuery } from "../../api/active-alerts.ts";
import { changesQuery } from "../../api/overview.ts";
import { plural, unbroken } from "../../base/format.ts";
import { type Alert, firing, isHeard } from "../../model/alert.ts";
import { type Change, DAY_UP_TO_NOW, newVersionIn } from "../../model/changes.ts";
import { Moment } from "../../widgets/Moment.tsx";
import { SeverityMark } from "../../widgets/SeverityMark.tsx";
import { NewVersion } from "./ToPage.tsx";

/** More than these are a list, which has a page of its own. */
const SHOWN = 3;

/** Where alerts can't be read nothing stands here: their own page says so. */
export function Firing(): JSX.Element | null {
  const { data } = useQuery(activeAlertsQuery());
  const changed = useQuery({
    ...changesQuery(DAY_UP_TO_NOW, true),
    enabled: data !== undefined && firing(data.alerts).length > 0,
  });
  const alerts = data === undefined ? [] : firing(data.alerts);
  const heard = alerts.filter(isHeard);
  if (heard.length === 0) return null;
  const shown = heard.slice(0, SHOWN);
  const rest = alerts.length - shown.length;
  return (
    <section className="firing" aria-label="Alerts that fire">
      <ul>
        {shown.map(one => (
          <li key={one.id}>
            <SeverityMark severity={one.severity} />
            <Link to="/alerts/$alert" params={{ alert: one.id }}>
              {unbroken(one.summary)}
            </Link>
            <span className="firing-since">
              since <Moment at={one.since} form="minute" />
            </span>
            <WhatIsNew about={one} changes={changed.data?.changes ?? []} />
          </li>
        ))}
      </ul>
      {rest > 0 && (
        <Link className="firing-rest" to="/alerts">
          {plural(rest, "more fires", "more fire")}
        </Link>
      )}
    </section>
  );
}

interface WhatIsNewProps {
  readonly about: Alert;
  readonly changes: readonly Change[];
}

/** Where the function of an alert has a new version, that is the first to look at. */
function WhatIsNew({ about, changes }: WhatIsNewProps): JSX.Element | null {
  const name = about.labels.function;
  const version = name === undefined ? null : newVersionIn(changes, name);
  if (version === null) return null;
  return (
    <span className="firing-new">
      <NewVersion of={version} shown={DAY_UP_TO_NOW} />
    </span>
  );
}
